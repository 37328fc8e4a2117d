package arch_test

// layer is a floor of the house: packages by their path in the module, "x/..."
// with everything inside. A package belongs to the first layer that names it.
type layer struct {
	name     string
	packages []string
	may      []string // layers that it may import
	inside   bool     // a package may import what is in the same top package ("internal/load/...")
	why      string
}

func layers() []layer {
	everything := []string{"values", "pure", "stores", "wings", "edge", "built-in scenarios"}
	return []layer{
		{"test support", []string{"internal/yamldoc/langtest", "internal/runs/runstest", "internal/load/responder"}, []string{"values", "pure", "stores"}, false,
			"it is imported by tests alone"},
		{"values", []string{"internal/exchange", "internal/plan", "internal/scenario", "internal/account", "internal/environment", "internal/sample", "internal/queryfact", "internal/verdict", "internal/yamldoc"},
			[]string{"values"}, false, "values flow between the wings: what they drag along, everybody drags along"},
		{"pure", []string{"internal/message", "internal/redact", "internal/metric", "internal/dbheader"}, []string{"values", "pure"}, false,
			"pure packages are functions of their input, on which recorder and replayer agree"},
		{"stores", []string{"internal/recording", "internal/runs", "internal/planfile"}, []string{"values", "pure"}, false,
			"a store keeps values and knows nobody who makes or reads them"},
		{"wings", []string{"internal/capture/...", "internal/journey/...", "internal/load/...", "internal/dbwatch/...", "internal/analysis/...", "internal/report/..."},
			[]string{"values", "pure", "stores"}, true, "wings meet in drill alone: each can be understood, tested and replaced without the others"},
		{"edge", []string{"internal/cli"}, nil, false, "exit codes, signals and the error printer know nothing of what is run"},
		{"built-in scenarios", []string{"scenarios"}, nil, false, "they are files"},
		{"use cases", []string{"internal/drill"}, everything, false, "drill is the one place where wings meet; commands are above it"},
		{"arch", []string{"internal/arch"}, nil, false, "it reads source files"},
		{"commands", []string{"cmd/..."}, []string{"use cases", "edge", "values"}, true, "a command turns flags into options, which are made of values, and makes one call into drill"},
		{"examples", []string{"examples/...", "tests/...", "tools/..."}, append([]string{"examples", "use cases", "commands"}, everything...), false,
			"examples and tools use the house; nothing in the house uses them"},
	}
}

// ban is something that some packages may not import or call.
type ban struct {
	in      []string // packages
	imports []string // import paths; those of this module by their path in it
	calls   []string // "time.Now": any use of the name
	why     string
}

func bans() []ban {
	quiet := []string{"internal/message", "internal/redact", "internal/metric", "internal/dbheader", "internal/journey/...", "internal/analysis/..."}
	return []ban{
		{in: quiet, imports: []string{"net", "net/http", "os", "os/exec"}, why: "it gets values and sequences, so that it can be tested without a machine around it"},
		{in: quiet, calls: []string{"time.Now", "time.Sleep", "time.After", "time.Since", "time.Until", "time.Tick", "time.NewTimer", "time.NewTicker", "time.AfterFunc"},
			why: "the same input gives the same output at any time"},
		{in: []string{"internal/load/...", "internal/report/..."}, imports: []string{"internal/exchange"}, why: "what is sent and shown comes from the plan and the samples: recorded people stay in the recording"},
		{in: []string{"internal/journey/...", "internal/load/..."}, imports: []string{"internal/recording", "internal/runs", "internal/planfile"}, why: "it takes sequences and gives samples to a sink; drill joins both to files"},
	}
}

// The lengths that are kept, in lines.
const (
	longestFunction = 79
	longestMain     = 29
	longestFile     = 449
	longestTestFile = 800
)

// pardon allows one thing that a rule forbids.
type pardon struct {
	rule string // "layers", "ban", "length", "doc"
	at   string // package, or file for a length
	what string // imported package, banned name, or function; "file" for a file's length
	why  string
}

func pardons() []pardon {
	return []pardon{}
}
