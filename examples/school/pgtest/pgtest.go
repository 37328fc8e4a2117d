package pgtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Require is the environment variable whose comma list names what tests must not skip; here "postgres".
const Require = "FIREDRILL_REQUIRE"

// Start gives the address of an empty database: "postgres://school@127.0.0.1:PORT/postgres?sslmode=disable". Without
// PostgreSQL it skips the test, naming the package to install, or fails it when Require names "postgres".
func Start(t testing.TB) string {
	t.Helper()
	bin, ok := programs()
	if !ok {
		if slices.Contains(strings.Split(os.Getenv(Require), ","), "postgres") {
			t.Fatalf("%s wants postgres, but initdb and pg_ctl are not here: install the package postgresql", Require)
		}
		t.Skip("no initdb and pg_ctl: install the package postgresql")
	}
	dir := t.TempDir()
	if os.Geteuid() == 0 {
		give(t, dir)
	}
	data := filepath.Join(dir, "data")
	command(t, dir, filepath.Join(bin, "initdb"), "-D", data, "-U", "school", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	t.Cleanup(func() {
		if out, err := as(dir, filepath.Join(bin, "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop").CombinedOutput(); err != nil {
			t.Logf("stopping PostgreSQL: %v\n%s", err, out)
		}
	})
	for try := 1; ; try++ {
		port := freePort(t)
		options := fmt.Sprintf("-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c full_page_writes=off -c shared_buffers=32MB", port)
		out, err := as(dir, filepath.Join(bin, "pg_ctl"), "-D", data, "-l", filepath.Join(dir, "log"), "-w", "-o", options, "start").CombinedOutput()
		if err == nil {
			return "postgres://school@127.0.0.1:" + strconv.Itoa(port) + "/postgres?sslmode=disable"
		}
		if try == 3 { // another program may have taken the port in between
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("starting PostgreSQL: %v\n%s%s", err, out, log)
		}
	}
}

// programs finds the directory of initdb and pg_ctl, the newest if there are several.
func programs() (bin string, ok bool) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append([]string{filepath.Dir(path)}, dirs...)
	}
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "pg_ctl")); err == nil {
			return dir, true
		}
	}
	return "", false
}

// version of /usr/lib/postgresql/17/bin is 17.
func version(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

// give makes user postgres the owner of dir: PostgreSQL does not run as root.
func give(t testing.TB, dir string) {
	t.Helper()
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatalf("running as root, PostgreSQL needs its user: %v", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	for up := filepath.Dir(dir); up != os.TempDir() && len(up) > len(os.TempDir()); up = filepath.Dir(up) {
		if err := os.Chmod(up, 0o755); err != nil { // ours: made by t.TempDir
			t.Fatal(err)
		}
	}
}

// as is a command of the right user.
func as(dir, name string, args ...string) *exec.Cmd {
	if os.Geteuid() == 0 {
		args = append([]string{"-u", "postgres", "--", name}, args...)
		name = "runuser"
	}
	c := exec.Command(name, args...)
	c.Dir = dir
	return c
}

func command(t testing.TB, dir, name string, args ...string) {
	t.Helper()
	if out, err := as(dir, name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(name), err, out)
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
