package arch_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// pkg is one folder of Go files.
type pkg struct {
	path    string // in the module, with slashes: "internal/load/wire"; "." for the top
	name    string // "main", "wire"
	files   []file
	hasDoc  bool // there is a doc.go
	comment bool // one of its files has a package comment
}

type file struct {
	path      string // in the module
	test      bool
	lines     int
	imports   []use // those of this module by their path in it
	selectors []use // "time.Now": package path and name
	funcs     []function
}

type use struct {
	name string
	line int
}

type function struct {
	name  string
	lines int
	line  int
}

// scan reads the module whose go.mod stands in root. Folders named testdata, and
// those that begin with a dot or an underscore, are not part of it.
func scan(root string) ([]pkg, error) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	module, ok := bytes.CutPrefix(bytes.SplitN(mod, []byte("\n"), 2)[0], []byte("module "))
	if !ok {
		return nil, fmt.Errorf("%s/go.mod does not begin with its module", root)
	}
	byPath := map[string]*pkg{}
	err = filepath.WalkDir(root, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if at != root && (name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, at)
		if err != nil {
			return err
		}
		return scanFile(byPath, at, filepath.ToSlash(rel), strings.TrimSpace(string(module)))
	})
	all := make([]pkg, 0, len(byPath))
	for _, p := range byPath {
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b pkg) int { return strings.Compare(a.path, b.path) })
	return all, err
}

func scanFile(byPath map[string]*pkg, at, rel, module string) error {
	src, err := os.ReadFile(at)
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, rel, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	f := file{path: rel, test: strings.HasSuffix(rel, "_test.go"), lines: bytes.Count(src, []byte("\n"))}
	line := func(pos token.Pos) int { return set.Position(pos).Line }
	local := map[string]string{} // name in the file → import path
	for _, spec := range tree.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		inside, ours := strings.CutPrefix(imported, module+"/")
		f.imports = append(f.imports, use{inside, line(spec.Pos())})
		name := path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if !ours {
			local[name] = imported
		}
		if name == "." { // its names cannot be told from others: everything of it counts as used
			f.selectors = append(f.selectors, use{imported + ".*", line(spec.Pos())})
		}
	}
	for _, decl := range tree.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok {
			f.funcs = append(f.funcs, function{fn.Name.Name, line(fn.End()) - line(fn.Pos()) + 1, line(fn.Pos())})
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && local[x.Name] != "" {
				f.selectors = append(f.selectors, use{local[x.Name] + "." + s.Sel.Name, line(s.Pos())})
			}
		}
		return true
	})
	folder := path.Dir(rel)
	p := byPath[folder]
	if p == nil {
		p = &pkg{path: folder}
		byPath[folder] = p
	}
	if !f.test {
		p.name = tree.Name.Name
		p.comment = p.comment || tree.Doc != nil
		p.hasDoc = p.hasDoc || path.Base(rel) == "doc.go" && tree.Doc != nil
	}
	p.files = append(p.files, f)
	return nil
}
