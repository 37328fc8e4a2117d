package report

import (
	"fmt"
	"io"
	"strings"

	"firedrill/internal/verdict"
)

// worst is how many annotations are written: GitHub shows ten errors and ten
// warnings of a step and drops the others without a word.
const worst = 10

// annotated is how many bytes of a text are shown; what is longer is cut.
const annotated = 1000

// GitHub writes the verdict as workflow commands, which GitHub Actions shows as
// annotations: the worst ten as ::error or ::warning lines, what broke first
// first, and behind them one ::notice with the summary. Of a run that does not count
// only the reasons are written. Lines are shown only when a step prints them; names
// in them cannot begin another command.
func GitHub(w io.Writer, r *verdict.Report) error {
	scenario := or(r.Run.Scenario, "recording")
	var lines []string
	for _, reason := range r.Invalid {
		lines = append(lines, annotation("error", scenario+" is not valid", reason))
	}
	findings := r.Findings
	if len(r.Invalid) > 0 {
		findings = nil // they say nothing about the target
	}
	for _, f := range findings {
		if f.Status == verdict.Fail || f.Status == verdict.NoData {
			lines = append(lines, annotation("error", scenario+": "+or(f.Where, "the run"), sentences(f)))
		}
	}
	for _, f := range findings {
		if f.Status == verdict.Info {
			lines = append(lines, annotation("warning", scenario+": "+or(f.Where, "the run"), sentences(f)))
		}
	}
	more := ""
	if left := len(lines) - worst; left > 0 {
		more = fmt.Sprintf(" %s not shown here; the report has all.", verdict.Were(left, "finding"))
		lines = lines[:worst]
	}
	lines = append(lines, annotation("notice", "firedrill "+scenario+": "+string(r.Status), r.Summary+more))
	_, err := io.WriteString(w, strings.Join(lines, ""))
	return err
}

// sentences say what was found, when, and what to do.
func sentences(f verdict.Finding) string {
	text := f.What + " (" + atMoment(f.When)
	if f.Load != "" {
		text += ", " + f.Load
	}
	text += ")."
	if f.Advice != "" {
		text += " " + strings.ToUpper(f.Advice[:1]) + f.Advice[1:] + "."
	}
	return text
}

// annotation is one workflow command with its line end. level is error, warning
// or notice. Anything may be in title and message.
func annotation(level, title, message string) string {
	return "::" + level + " title=" + escapeProperty(title) + "::" + escapeData(message) + "\n"
}

// escapeData escapes a command's message as GitHub's runner reads it.
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(shorten(s, annotated))
}

// escapeProperty escapes the value of a command's property.
func escapeProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(escapeData(s))
}

// shorten keeps line ends, replaces other control characters and what is not
// UTF-8, and cuts behind most bytes at the beginning of a character.
func shorten(s string, most int) string {
	s = strings.ToValidUTF8(s, "�")
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	s = strings.Join(lines, "\n")
	if len(s) <= most {
		return s
	}
	cut := 0
	for i := range s {
		if i > most-len("…") {
			break
		}
		cut = i
	}
	return s[:cut] + "…"
}
