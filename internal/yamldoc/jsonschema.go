package yamldoc

import (
	"encoding/json"
	"slices"
)

// JSONSchema returns the shape as a JSON schema for editors, of draft 7, which all of
// them understand. It accepts whatever Conform accepts; what only code can tell (a mean shorter than
// a bound, a name that is given twice) it lets pass.
func (s *Shape) JSONSchema(title string) []byte {
	g := &generator{defs: object{}}
	root := object{"$schema": "http://json-schema.org/draft-07/schema#", "title": title}
	for k, v := range g.body(s) {
		root[k] = v
	}
	if len(g.defs) > 0 {
		root["definitions"] = g.defs
	}
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic("yamldoc: a schema is made of strings and numbers: " + err.Error()) // unreachable: no channel, function or cycle is ever put in
	}
	return append(out, '\n')
}

type object = map[string]any

type generator struct{ defs object }

// schema is a reference to a named shape, or the shape itself.
func (g *generator) schema(s *Shape) object {
	if s.Name == "" {
		return g.body(s)
	}
	if _, done := g.defs[s.Name]; !done {
		g.defs[s.Name] = object{} // before its body, so that a shape may hold itself
		g.defs[s.Name] = g.body(s)
	}
	return object{"$ref": "#/definitions/" + s.Name}
}

func (g *generator) body(s *Shape) object {
	out := object{}
	if s.Doc != "" {
		out["description"] = s.Doc
	}
	if s.OneOf != nil {
		var all []object
		for _, o := range s.OneOf {
			all = append(all, g.schema(o))
		}
		out["anyOf"] = all
		return out
	}
	switch s.Kind {
	case Text:
		out["type"] = "string"
		switch {
		case s.Words != nil:
			out["enum"] = s.Words
		case s.Pattern != "":
			out["pattern"] = s.Pattern
		case s.Check == nil:
			out["minLength"] = 1
		}
	case Bool:
		out["type"] = "boolean"
		if s.Words != nil {
			var allowed []bool
			for _, w := range s.Words {
				allowed = append(allowed, w == "true")
			}
			out["enum"] = allowed
		}
	case Integer, Decimal:
		out["type"] = map[Kind]string{Integer: "integer", Decimal: "number"}[s.Kind]
		if s.Min != nil {
			out["minimum"] = *s.Min
		}
		if s.Max != nil {
			out["maximum"] = *s.Max
		}
	case List:
		out["type"], out["items"] = "array", g.schema(s.Elem)
		if s.Least > 0 {
			out["minItems"] = s.Least
		}
		if s.Set {
			out["uniqueItems"] = true
		}
	case Map:
		g.mapping(s, out)
	}
	return out
}

func (g *generator) mapping(s *Shape, out object) {
	out["type"] = "object"
	if s.Least > 0 {
		out["minProperties"] = s.Least
	}
	if s.Elem != nil {
		out["additionalProperties"] = g.schema(s.Elem)
		return
	}
	properties, required, rules := object{}, []string{}, []object{}
	for _, f := range s.Fields {
		p := g.schema(f.Shape)
		if f.Doc != "" {
			p["description"] = f.Doc
		}
		properties[f.Key] = p
		switch {
		case f.Required && f.Unless != "":
			rules = append(rules, object{"anyOf": []object{{"required": []string{f.Key}}, {"required": []string{f.Unless}}}})
		case f.Required:
			required = append(required, f.Key)
		}
		for _, other := range f.Without {
			rules = append(rules, object{"not": object{"required": []string{f.Key, other}}})
		}
	}
	out["properties"], out["additionalProperties"] = properties, false
	if len(required) > 0 {
		out["required"] = required
	}
	if s.Cases != nil {
		rules = append(rules, s.Cases.rules()...)
	}
	if len(rules) > 0 {
		out["allOf"] = rules
	}
}

// rules are the cases as a schema says them.
func (c *Cases) rules() (all []object) {
	for _, o := range c.Of {
		keys := slices.Concat([]string{c.By}, c.Always, o.Required, o.Optional)
		then := object{"propertyNames": object{"enum": keys}}
		if len(o.Required) > 0 {
			then["required"] = o.Required
		}
		all = append(all, object{
			"if":   object{"properties": object{c.By: object{"const": o.Value}}, "required": []string{c.By}},
			"then": then,
		})
	}
	return all
}
