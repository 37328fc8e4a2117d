#!/usr/bin/env bash
# What a pipeline runs after the deploy to staging:
#
#   wait for the target ─▶ replayer ─▶ the run ─▶ analyze ─▶ reports, summary, annotations ─▶ exit code
#
# Whatever happens, the folder of reports says it, and the exit code is firedrill's.
# It needs bash 3.2 or later and the usual small tools; Go where firedrill is not
# built yet; curl to wait for the target. docs/ci.md says how to wire it.
{ set +x; } 2>/dev/null # a trace would print the accounts
set -uo pipefail

usage() {
  cat <<'HELP'
usage: ci/smoke.sh [flags] [ENVIRONMENT]

Runs the smoke scenario against a system that was just deployed, and leaves the
run, its report (JSON, JUnit, Markdown, HTML) and a history of both in a folder.
Run it in the folder that holds firedrill.yaml.

  --env NAME          environment of firedrill.yaml        FIREDRILL_ENV        local
  --target URL        [name=]URL instead of its targets    FIREDRILL_TARGET
                      (repeatable; in the variable, separated by blanks)
  --scenario NAME     scenario by name or file             FIREDRILL_SCENARIO   smoke
  --duration TIME     shorten or lengthen it               FIREDRILL_DURATION
  --recording FILE    recording to replay                  FIREDRILL_RECORDING
  --accounts FILE     CSV: persona, login, password, …     FIREDRILL_ACCOUNTS
  --baselines HOW     on, off (only thresholds decide),    FIREDRILL_BASELINES  on
                      or a file of baselines
  --out FOLDER        where the reports go                 FIREDRILL_OUT        firedrill-report
  --wait TIME         longest wait for the target: 60s,    FIREDRILL_WAIT       60s
                      2m; 0 = none
  --ready URL         ask here whether the target is up,   FIREDRILL_READY
                      instead of at the targets
  --commit ID         what was deployed, for the history   FIREDRILL_COMMIT     the pipeline's
  --yes               confirm targets outside this         FIREDRILL_YES=true
                      machine that firedrill.yaml does not allow
  --help              this
  -- FLAGS            further flags for replayer

A flag wins over its variable. Secrets come as variables, never as flags:

  FIREDRILL_ACCOUNTS_CSV   the text of the accounts' CSV: kept in a file that only
                           this user can read, and removed at the end
  FIREDRILL_BIN            folder with replayer and analyze; otherwise they are
                           taken from PATH, or built from this repository

In the folder, afterwards: report.json, junit.xml, report.md, report.html (of a run
that was made, or saying why none was), replayer.log, result.json, and in history/
the run and its report.json, named DATE-SCENARIO-COMMIT.

On GitHub the Markdown goes into the job's summary, the worst findings become
annotations, and these outputs are set: name, status, exit-code, summary, folder,
report, run.

Exit status: that of replayer and of `analyze report --gate`
  2    wrong usage or file
  1    an error of firedrill, of this script or of this machine
  130  interrupted
  3    the run is not valid: target unreachable, log-ins refused, starved, …
  99   a threshold or baseline was broken, or had no data
  0    passed
HELP
}

say() { printf 'smoke: %s\n' "$*" >&2; }

# die CODE MESSAGE [HINT]: before there is a folder to leave anything in.
die() {
  say "$2"
  if [ $# -gt 2 ]; then printf '  hint: %s\n' "$3" >&2; fi
  exit "$1"
}

# ---- what was asked for ------------------------------------------------------

env_name=${FIREDRILL_ENV:-}
scenario=${FIREDRILL_SCENARIO:-smoke}
duration=${FIREDRILL_DURATION:-}
recording=${FIREDRILL_RECORDING:-}
accounts=${FIREDRILL_ACCOUNTS:-}
accounts_csv=${FIREDRILL_ACCOUNTS_CSV:-}
baselines=${FIREDRILL_BASELINES:-on}
out=${FIREDRILL_OUT:-firedrill-report}
wait_for=${FIREDRILL_WAIT:-60s}
ready=${FIREDRILL_READY:-}
commit=${FIREDRILL_COMMIT:-${GITHUB_SHA:-${CI_COMMIT_SHA:-}}}
confirmed=${FIREDRILL_YES:-false}
targets=()
extra=()
unset FIREDRILL_ACCOUNTS_CSV # no child needs it

# value FLAG REST…: the flag's value must be there.
value() { if [ $# -lt 2 ]; then die 2 "$1 needs a value" "ci/smoke.sh --help"; fi; }

while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --) shift; extra=("$@"); break ;;
    --yes) confirmed=true; shift; continue ;;
    --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
  esac
  case $1 in
    --env) value "$@"; env_name=$2; shift 2 ;;
    --target) value "$@"; targets+=("$2"); shift 2 ;;
    --scenario) value "$@"; scenario=$2; shift 2 ;;
    --duration) value "$@"; duration=$2; shift 2 ;;
    --recording) value "$@"; recording=$2; shift 2 ;;
    --accounts) value "$@"; accounts=$2; shift 2 ;;
    --baselines) value "$@"; baselines=$2; shift 2 ;;
    --out) value "$@"; out=$2; shift 2 ;;
    --wait) value "$@"; wait_for=$2; shift 2 ;;
    --ready) value "$@"; ready=$2; shift 2 ;;
    --commit) value "$@"; commit=$2; shift 2 ;;
    -*) die 2 "unknown flag: $1" "ci/smoke.sh --help" ;;
    *) env_name=$1; shift ;;
  esac
done

# seconds TIME: "90", "90s", "2m" as a number of seconds.
seconds() {
  local n=${1%[sm]}
  case $n in '' | *[!0-9]* | ??????*) return 1 ;; esac
  case $1 in *m) echo $((10#$n * 60)) ;; *) echo $((10#$n)) ;; esac
}
patience=$(seconds "$wait_for") || die 2 "--wait $wait_for: not a time" "60s, 2m, or 0 for no wait"
case $confirmed in true | false) ;; *) die 2 "FIREDRILL_YES is $confirmed" "true or false" ;; esac
case $baselines in
  on | off) ;;
  *) [ -f "$baselines" ] || die 2 "--baselines $baselines: there is no such file" "on, off, or a file of baselines" ;;
esac
case $ready in '' | http://* | https://*) ;; *) die 2 "--ready $ready: must begin with http:// or https://" ;; esac
if [ ${#targets[@]} -eq 0 ] && [ -n "${FIREDRILL_TARGET:-}" ]; then
  read -r -a targets <<<"$(printf '%s' "$FIREDRILL_TARGET" | tr '\n' ' ')"
fi

# ---- a place for everything --------------------------------------------------

scratch=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/firedrill.XXXXXX") || die 1 "no folder for temporary files"
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$out/history" || die 2 "--out $out: cannot be made"
rm -f "$out/report.json" "$out/junit.xml" "$out/report.md" "$out/report.html" "$out/result.json"
log=$out/replayer.log
: >"$log" || die 2 "--out $out: cannot be written to"

# clean TEXT: what may stand in the name of a file or an artifact.
clean() { printf '%s' "$1" | tr -c 'A-Za-z0-9._-' '-' | cut -c 1-60; }

begun=$(date -u +%Y-%m-%dT%H:%M:%SZ)
[ -n "$commit" ] || commit=$(git rev-parse HEAD 2>/dev/null) || commit=none
short=$(clean "$commit" | cut -c 1-12)
title=${scenario##*/}
title=$(clean "${title%.yaml}")
stem=$(date -u +%Y-%m-%d-%H%M%S)-$title-$short
name=$stem
n=1
while [ -e "$out/history/$name.db" ] || [ -e "$out/history/$name.json" ]; do # two in one second
  n=$((n + 1))
  name=$stem.$n
done
run=$out/history/$name.db

# ---- what is left behind -----------------------------------------------------

json_text() { # as the inside of a JSON string
  printf '%s' "$1" | tr '\n\t\r' '   ' | tr -d '\000-\037\177' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g'
}

xml_text() {
  printf '%s' "$1" | tr -d '\000-\010\013\014\016-\037' | sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's/"/\&quot;/g'
}

status_of() {
  case $1 in 0) echo pass ;; 99) echo fail ;; 3) echo invalid ;; 130) echo interrupted ;; *) echo error ;; esac
}

# no_report: there was no run to judge; the same files say why.
no_report() {
  local tail
  tail=$(tail -n 20 "$log" | tr -d '\000-\010\013\014\016-\037')
  {
    printf '### NO RUN: %s\n\n%s\n\n' "$title" "The smoke could not be run (exit status $code)."
    printf '~~~~text\n%s\n~~~~\n' "$(printf '%s' "$tail" | sed 's/^~~~/ ~~~/')"
  } >"$out/report.md"
  {
    printf '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="firedrill" tests="1" failures="0" errors="1" time="0">\n'
    printf '  <testsuite name="firedrill %s" tests="1" failures="0" errors="1" skipped="0" time="0" timestamp="%s">\n' "$title" "${begun%Z}"
    printf '    <testcase classname="%s" name="the run is valid" time="0"><error message="%s" type="no run">%s</error></testcase>\n' \
      "$title" "$(xml_text "$summary")" "$(xml_text "$tail")"
    printf '  </testsuite>\n</testsuites>\n'
  } >"$out/junit.xml"
  printf '<!doctype html><html lang="en"><meta charset="utf-8"><title>%s: no run</title><h1>%s: no run</h1><pre>%s</pre></html>\n' \
    "$title" "$title" "$(xml_text "$tail")" >"$out/report.html"
}

# quoted TEXT: a JSON string, or null for nothing.
quoted() { if [ -n "$1" ]; then printf '"%s"' "$(json_text "$1")"; else printf null; fi; }

write_result() {
  local pipeline=${CI_JOB_URL:-}
  if [ -n "${GITHUB_RUN_ID:-}" ]; then pipeline=${GITHUB_SERVER_URL:-https://github.com}/${GITHUB_REPOSITORY:-}/actions/runs/$GITHUB_RUN_ID; fi
  {
    printf '{\n  "version": 1,\n  "name": %s,\n  "scenario": %s,\n' "$(quoted "$name")" "$(quoted "$scenario")"
    printf '  "environment": %s,\n  "commit": %s,\n' "$(quoted "${env_name:-local}")" "$(quoted "$commit")"
    printf '  "started": %s,\n  "ended": "%s",\n' "$(quoted "$begun")" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    printf '  "exit_code": %d,\n  "status": "%s",\n  "summary": %s,\n' "$code" "$(status_of "$code")" "$(quoted "$summary")"
    printf '  "report": %s,\n  "run": %s,\n  "pipeline": %s\n}\n' \
      "$(quoted "${kept_report#"$out/"}")" "$(quoted "${kept_run#"$out/"}")" "$(quoted "$pipeline")"
  } >"$out/result.json"
}

# tell_github: the summary, the annotations, the outputs.
tell_github() {
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    if [ "$(wc -c <"$out/report.md")" -lt 1000000 ]; then # GitHub refuses more than 1024 KiB
      { cat "$out/report.md"; echo; } >>"$GITHUB_STEP_SUMMARY"
    else
      printf '### %s\n\n%s\n\nThe report is too long for this page: it is in the artifact.\n' "$title" "$summary" >>"$GITHUB_STEP_SUMMARY"
    fi
  fi
  if [ "${GITHUB_ACTIONS:-}" = true ]; then
    if [ -n "$kept_report" ]; then
      judge --format github || say "the annotations could not be made"
    elif [ "$code" != 0 ]; then
      printf '::error title=%s%%3A no run::%s\n' "$title" "$(printf '%s' "$summary" | sed 's/%/%25/g' | tr '\r\n' '  ')"
    fi
  fi
  if [ -n "${GITHUB_OUTPUT:-}" ]; then
    {
      printf 'name=%s\nstatus=%s\nexit-code=%d\n' "$name" "$(status_of "$code")" "$code"
      printf 'summary=%s\n' "$(printf '%s' "$summary" | tr '\r\n' '  ')"
      printf 'folder=%s\nreport=%s\nrun=%s\n' "$out" "$kept_report" "$kept_run"
    } >>"$GITHUB_OUTPUT"
  fi
}

code=1 summary='' kept_report='' kept_run=''

# finish: leaves the reports and ends with $code.
finish() {
  if [ -e "$run" ]; then kept_run=$run; fi
  if [ -z "$summary" ]; then summary=$(sed -n 's/^replayer: //p' "$log" | head -n 1); fi
  if [ -z "$kept_report" ]; then no_report; fi
  write_result
  tell_github
  {
    printf '\n%s\n  reports  %s\n' "${summary:-no run was made}" "$out: report.html, report.md, junit.xml, result.json${kept_report:+, report.json}"
    if [ -n "$kept_run" ]; then printf '  history  %s\n' "$kept_run"; fi
    printf '  exit     %d (%s)\n' "$code" "$(status_of "$code")"
  } >&2
  exit "$code"
}

# stop CODE MESSAGE: ends here, reports included.
stop() {
  code=$1 summary=$2
  printf 'smoke: %s\n' "$2" >>"$log"
  say "$2"
  finish
}

# ---- the tools ---------------------------------------------------------------

home=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

# ours FOLDER: it has a replayer and an analyze that are firedrill's.
ours() {
  local c
  for c in replayer analyze; do
    if [ ! -x "$1/$c" ]; then return 1; fi
    case $("$1/$c" --help 2>/dev/null) in *firedrill*) ;; *) return 1 ;; esac
  done
}

find_tools() {
  local found
  if [ -n "${FIREDRILL_BIN:-}" ]; then
    ours "$FIREDRILL_BIN" || stop 2 "FIREDRILL_BIN=$FIREDRILL_BIN has no replayer and analyze of firedrill"
    bin=$FIREDRILL_BIN
    return
  fi
  if found=$(command -v replayer) && ours "$(dirname -- "$found")"; then
    bin=$(dirname -- "$found")
    return
  fi
  command -v go >/dev/null || stop 1 "neither firedrill nor Go is here: set FIREDRILL_BIN, or install Go"
  bin=$scratch/bin
  say "building firedrill from $home"
  mkdir -p "$bin"
  (cd -- "$home" && CGO_ENABLED=0 go build -o "$bin/" ./cmd/replayer ./cmd/analyze) >>"$log" 2>&1 || {
    cat "$log" >&2
    stop 1 "firedrill could not be built from $home"
  }
}

# keep_accounts: the CSV of the variable becomes a file of this user alone.
keep_accounts() {
  local header
  if [ -n "$accounts_csv" ]; then
    accounts=$scratch/accounts.csv
    (umask 077 && printf '%s\n' "$accounts_csv" >"$accounts") || stop 1 "the accounts could not be kept"
    accounts_csv=
  fi
  if [ -z "$accounts" ]; then return; fi
  [ -r "$accounts" ] || stop 2 "the file of accounts, $accounts, cannot be read"
  IFS= read -r header <"$accounts" || :
  case ,$(printf '%s' "$header" | tr -d ' "\r' | tr ';' ','), in
    *persona,*) ;;
    *) stop 2 "the accounts do not begin with a line that names their columns: persona,login,password" ;; # said without a word of theirs
  esac
}

# ---- the work ----------------------------------------------------------------

signalled='' child='' phase=before

# on_signal: a run ends in good order and is reported; the second signal ends at once.
# shellcheck disable=SC2317 # called by the trap
on_signal() {
  if [ -n "$signalled" ]; then exit 130; fi
  signalled=yes
  if [ -n "$child" ]; then
    kill -TERM "$child" 2>/dev/null
  elif [ "$phase" = before ]; then
    stop 130 "interrupted before the run"
  fi
}
trap on_signal INT TERM

# watched COMMAND…: runs it, shows and keeps what it says, hands signals on to it
# once (it ends its run in good order), and returns its status.
watched() {
  local pipe=$scratch/talk got printer status token=''
  if [ "${GITHUB_ACTIONS:-}" = true ]; then # nothing that it prints is a command to the pipeline
    token=firedrill-$$-${RANDOM}${RANDOM}${RANDOM}
    printf '::stop-commands::%s\n' "$token"
  fi
  mkfifo "$pipe" || stop 1 "no pipe for the output"
  set -m # groups of their own: Ctrl-C reaches this script alone
  tee -a "$log" <"$pipe" &
  printer=$!
  "$@" </dev/null >"$pipe" 2>&1 &
  child=$!
  set +m
  while :; do
    got=$signalled
    wait "$child"
    status=$?
    if [ "$got" = "$signalled" ]; then break; fi # else it was the signal that ended the wait
  done
  child=''
  wait "$printer"
  rm -f "$pipe"
  if [ -n "$token" ]; then printf '::%s::\n' "$token"; fi
  return "$status"
}

# answer URL: the status of an answer, or 000.
answer() { curl --silent --insecure --output /dev/null --max-time 5 --write-out '%{http_code}' -- "$1" || :; }

# await_target: after a deploy the target may need a moment. Any answer below 500
# is enough; whether it is the right one, replayer finds out.
await_target() {
  local urls url got until=$((SECONDS + patience))
  if [ "$patience" -eq 0 ]; then return; fi
  if [ -n "$ready" ]; then
    urls=$ready
  else
    # every target that is reached directly; what goes through a proxy or to a chosen address only replayer reaches
    urls=$(sed -n 's/^\(target\|      \)  *[A-Za-z0-9_.-]* = \(http[^ ,]*\)$/\2/p' "$1")
  fi
  if ! command -v curl >/dev/null; then
    say "curl is not here: the target is not waited for"
    return
  fi
  for url in $urls; do
    while :; do
      got=$(answer "$url")
      case $got in [1-4]??) break ;; esac
      if [ "$SECONDS" -ge "$until" ]; then
        say "$url is not ready after $wait_for (last answer: ${got/000/none}): trying all the same"
        return
      fi
      sleep 1
    done
  done
}

# judge FLAGS…: analyze report of the run, by the baselines that were asked for.
judge() {
  case $baselines in
    on) ;;
    off) set -- "$@" --baselines "$scratch/none.yaml" ;;
    *) set -- "$@" --baselines "$baselines" ;;
  esac
  "$bin/analyze" report "$run" "$@"
}

# no_baselines: a file with which only the scenario's thresholds decide.
no_baselines() {
  local c
  echo 'latency:'
  for c in auth list detail write gradebook analytics ai search upload stream other; do echo "  $c: none"; done
  echo 'concurrency:'
  for c in 'normal school day' 'concurrent quiz' 'grading rush' 'opening day' 'AI at once'; do echo "  $c: none"; done
}

find_tools
keep_accounts

set -- --scenario "$scenario"
if [ -n "$env_name" ]; then set -- "$@" --env "$env_name"; fi
if [ -n "$recording" ]; then set -- "$@" --recording "$recording"; fi
if [ -n "$accounts" ]; then set -- "$@" --accounts "$accounts"; fi
if [ -n "$duration" ]; then set -- "$@" --duration "$duration"; fi
if [ "$confirmed" = true ]; then set -- "$@" --yes; fi
for t in ${targets[@]+"${targets[@]}"}; do set -- "$@" --target "$t"; done
set -- "$@" ${extra[@]+"${extra[@]}"}

# What is wrong in a file or a flag is said at once, before any waiting.
if ! "$bin/replayer" "$@" --dry-run >/dev/null 2>"$scratch/plan"; then
  watched "$bin/replayer" "$@" --dry-run
  code=$?
  finish
fi
await_target "$scratch/plan"

watched "$bin/replayer" "$@" --out "$run"
code=$?
phase=after

if [ -e "$run" ]; then
  no_baselines >"$scratch/none.yaml"
  judge --format json --out "$out/report.json" --gate 2>"$scratch/verdict"
  gate=$?
  if [ -e "$out/report.json" ]; then
    summary=$(head -n 1 "$scratch/verdict")
    kept_report=$out/history/$name.json
    cp "$out/report.json" "$kept_report"
    for made in md:report.md html:report.html junit:junit.xml; do
      judge --format "${made%%:*}" --out "$out/${made#*:}" 2>>"$scratch/verdict" || say "$out/${made#*:} could not be made"
    done
  else
    cat "$scratch/verdict" >>"$log"
    cat "$scratch/verdict" >&2
    summary=$(sed -n 's/^analyze: //p' "$scratch/verdict" | head -n 1)
  fi
  case $code in 0 | 99) code=$gate ;; esac # of a run that was made the gate is the verdict
fi
finish
