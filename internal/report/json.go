package report

import (
	"encoding/json"
	"io"

	"firedrill/internal/verdict"
)

// JSON writes the machine-readable report, indented, with a final newline.
func JSON(w io.Writer, r *verdict.Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
