package plan

// Overlay is what a person decided about a plan. It is a YAML file of its own
// beside the recording (x.db → x.overlay.yaml), is never written by planning,
// and is applied to each plan that is made. Names that match nothing are errors.
type Overlay struct {
	Version    int                        `yaml:"version"`
	Journeys   map[string]JourneyOverlay  `yaml:"journeys,omitempty"`  // by Journey.Name
	Endpoints  map[string]EndpointOverlay `yaml:"endpoints,omitempty"` // by Endpoint.Name
	Links      []LinkOverlay              `yaml:"links,omitempty"`
	Categories []CategoryOverlay          `yaml:"categories,omitempty"` // first match wins
}

// JourneyOverlay changes one journey. Zero fields change nothing.
type JourneyOverlay struct {
	Rename   string `yaml:"rename,omitempty"`
	Persona  string `yaml:"persona,omitempty"`
	Weight   int    `yaml:"weight,omitempty"` // replaces the recorded number of sessions
	LeaveOut bool   `yaml:"leave_out,omitempty"`
}

// EndpointOverlay changes one endpoint.
type EndpointOverlay struct {
	Category Category `yaml:"category,omitempty"`
	Class    Class    `yaml:"class,omitempty"`
	LeaveOut bool     `yaml:"leave_out,omitempty"`
	Think    string   `yaml:"think,omitempty"` // a think expression, e.g. "uniform(3s, 8s)"
}

// LinkOverlay forces or forbids where one value comes from.
type LinkOverlay struct {
	Journey string  `yaml:"journey,omitempty"` // empty: all journeys
	Step    string  `yaml:"step"`              // Step.ID or Endpoint.Name
	At      string  `yaml:"at"`                // message ref in the request
	From    *Source `yaml:"from,omitempty"`    // force
	Forbid  bool    `yaml:"forbid,omitempty"`  // the best source is wrong: take the next, or stay literal
	Found   string  `yaml:"found,omitempty"`   // how a tool found it, e.g. "check 2026-11-23: runner-up answered as recorded"
}

// CategoryOverlay sets the category of the endpoints that match a pattern such
// as "GET /api/v1/courses/*/gradebook" ("*" stands for one path segment, "**" for any rest).
type CategoryOverlay struct {
	Match    string   `yaml:"match"`
	Category Category `yaml:"category"`
	Class    Class    `yaml:"class,omitempty"`
}
