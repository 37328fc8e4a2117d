// Package scenarios holds the scenarios that firedrill ships with, one YAML file
// each, and carries them inside its programs.
//
//	scenarios/*.yaml ─▶ FS ─▶ scenario.Find
//
// The language is described in docs/scenarios.md; docs/scenario.schema.json
// completes and checks it in an editor.
package scenarios
