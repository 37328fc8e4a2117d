// Package truth holds what virtual users measure against what the target knows: a
// target over real sockets that stalls, takes times that it chose, and drops
// connections, and that keeps a log of when it got and answered each request. It
// has tests only.
//
// Generator and target are one process and read one clock, so the log is the
// truth. What stands between both is the machine: a run in which the generator
// itself says that it was late is run again, three times at most, and after that
// its own word on how late it was is added to what may differ.
package truth
