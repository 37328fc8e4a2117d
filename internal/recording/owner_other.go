//go:build !unix

package recording

import "io/fs"

// ownedByUser reports true: temporary folders are a user's own here.
func ownedByUser(fs.FileInfo) bool { return true }
