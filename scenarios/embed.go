package scenarios

import "embed"

// FS holds the scenario files at its top.
//
//go:embed *.yaml
var FS embed.FS
