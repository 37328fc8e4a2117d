package environment

//go:generate go test -run TestSchema -update .

// Schema is the JSON schema of firedrill.yaml for editors: docs/environment.schema.json.
func Schema() []byte { return language().JSONSchema("firedrill environments") }
