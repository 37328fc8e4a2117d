//go:build !linux

package load

func machineCPU() (busy, total uint64) { return 0, 0 }

func descriptors() (open, limit int) { return 0, 0 }

func raiseLimit() {}
