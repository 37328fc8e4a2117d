package load

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// machineCPU is the processor time of everybody so far, and with idle time: the
// first line of /proc/stat, in ticks. What the host took away (steal) was busy.
func machineCPU() (busy, total uint64) {
	f, err := os.Open("/proc/stat")
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	var b [512]byte
	n, _ := f.Read(b[:])
	return parseStat(b[:n])
}

// parseStat reads "cpu user nice system idle iowait irq softirq steal guest guest_nice";
// guests are part of user and nice.
func parseStat(text []byte) (busy, total uint64) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 5 || string(fields[0]) != "cpu" {
		return 0, 0
	}
	for i, f := range fields[1:min(len(fields), 9)] {
		n, err := strconv.ParseUint(string(f), 10, 64)
		if err != nil {
			return 0, 0
		}
		total += n
		if i != 3 && i != 4 {
			busy += n
		}
	}
	return busy, total
}

// descriptors is how many are open, and how many may be; 0, 0: not known. Since
// Linux 6.2 the size of the directory is their number; before that they are counted.
func descriptors() (open, limit int) {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return 0, 0
	}
	const most = 1 << 30 // "unlimited"
	limit = int(min(l.Cur, most))
	if st, err := os.Stat("/proc/self/fd"); err == nil && st.Size() > 0 {
		return int(st.Size()), limit
	}
	d, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0, 0
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return 0, 0
	}
	return len(names) - 1, limit // without the directory's own
}

// raiseLimit allows as many open descriptors as the process may allow itself.
func raiseLimit() {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) == nil && l.Cur < l.Max {
		l.Cur = l.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l) // if not, the lower limit is the one that is watched
	}
}
