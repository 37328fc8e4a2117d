// Package planfile keeps a plan, with its large bodies, in a file beside the
// recording it was made from, so that it need not be made at each replay.
//
//	journey ─▶ plan.Plan ─▶ ‖ recordings/x.plan ‖ ─▶ load
//
// The file is a cache, written whole and read whole: a line that names the
// format, the digest of its Key, the digest of what follows, and the plan as
// zstd-compressed JSON. It is used when everything fits and made again
// otherwise; nothing is lost by deleting it. Several processes may Load and Save
// at the same time: a file is replaced as a whole.
package planfile
