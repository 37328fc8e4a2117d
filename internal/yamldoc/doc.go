// Package yamldoc reads a small YAML file that a person wrote, strictly, so that
// whatever is wrong with it is said with file, line and column, why, and what to do.
//
//	text ─▶ Parse ─▶ Node ─▶ Shape.Check ─▶ scenario, environment
//	                         Shape.JSONSchema ─▶ docs/*.schema.json
//
// A language is a table of Shapes. The table is what a file is checked against
// and what the JSON schema for editors is made from, so the two cannot differ.
//
// The YAML is a plain part of YAML 1.2: one document, keys that are text, no
// tags, no directives, no tabs in indentation, no control characters. Anchors,
// aliases and merge keys are understood and bounded.
//
// Lines and columns count from 1; a column counts characters, not bytes. A
// position is always inside the file, or just behind the end of one of its lines.
// Everything is plain data, safe to read from several goroutines.
//
// Hazard: the file is held as a whole; larger ones than MaxSize are refused.
package yamldoc
