package web

// Source is the template of a page.
func Source(name string) ([]byte, error) { return files.ReadFile("templates/" + name + ".html") }
