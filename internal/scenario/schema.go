package scenario

//go:generate go test -run TestSchema -update .

// Schema is the JSON schema of scenario files for editors: docs/scenario.schema.json.
func Schema() []byte { return language().JSONSchema("firedrill scenario") }
