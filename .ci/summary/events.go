package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is a line of `go test -json`; `go doc test2json` and `go help buildjson` explain the fields.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
	ImportPath, FailedBuild       string
}

// result is what is known of one test of a package, or, under the empty name, of the package itself.
type result struct {
	name   string
	state  string // "" while it runs, then pass, fail or skip
	parent bool   // it has subtests, which are counted in its place
	output []string
}

// group is a package under test.
type group struct {
	name    string
	order   []string
	results map[string]*result
	done    bool
}

func (g *group) get(test string) *result {
	r := g.results[test]
	if r == nil {
		r = &result{name: test}
		g.results[test] = r
		g.order = append(g.order, test)
		for i := strings.LastIndexByte(test, '/'); i > 0; i = strings.LastIndexByte(test[:i], '/') {
			if p := g.results[test[:i]]; p != nil {
				p.parent = true
				break
			}
		}
	}
	return r
}

// readEvents reads the whole stream. Lines that are no events are shown as they are. The error is the reader's.
func (r *report) readEvents(in io.Reader) error {
	groups := map[string]*group{}
	builds := map[string][]string{}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil || e.Action == "" {
				fmt.Fprintf(r.out, "%s\n", bytes.TrimRight(line, "\n"))
			} else {
				r.take(groups, builds, e)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	var names []string
	for name, g := range groups {
		if !g.done {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(r.out, "%s did not finish\n", name)
		r.finish(groups[name], event{Action: "fail", Package: name}, nil)
	}
	return nil
}

func (r *report) take(groups map[string]*group, builds map[string][]string, e event) {
	if strings.HasPrefix(e.Action, "build-") {
		if e.Action == "build-output" {
			builds[e.ImportPath] = append(builds[e.ImportPath], e.Output)
		}
		return
	}
	g := groups[e.Package]
	if g == nil {
		g = &group{name: e.Package, results: map[string]*result{}}
		groups[e.Package] = g
	}
	switch e.Action {
	case "output":
		t := g.get(e.Test)
		t.output = append(t.output, e.Output)
	case "run":
		g.get(e.Test)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.finish(g, e, builds[e.FailedBuild])
			return
		}
		t := g.get(e.Test)
		t.state = e.Action
		if e.Action == "pass" {
			t.output = nil
		}
	}
}

// finish counts a package's tests and shows it.
func (r *report) finish(g *group, e event, build []string) {
	g.done = true
	var passed, skipped int
	var failed []*result
	failedBelow := map[string]bool{}
	for _, name := range g.order {
		t := g.results[name]
		if name == "" || t.state == "pass" || t.state == "skip" {
			continue
		}
		for i := strings.LastIndexByte(name, '/'); i > 0; i = strings.LastIndexByte(name[:i], '/') {
			failedBelow[name[:i]] = true
		}
	}
	for _, name := range g.order {
		t := g.results[name]
		switch {
		case name == "":
		case t.state == "skip":
			skipped++
			r.skipped(g.name, t)
		case t.state == "pass":
			if !t.parent {
				passed++
			}
		default:
			failed = append(failed, t)
			if !failedBelow[name] {
				r.fail(g.name + " " + name)
			}
		}
	}
	r.passed += passed
	r.tests += passed + len(failed)
	if e.Action == "fail" {
		r.showFailure(g, failed, build)
		if len(failed) == 0 {
			r.fail(g.name)
		}
		return
	}
	if len(failed) > 0 {
		// The package says that it passed although a test of it never ended.
		r.showFailure(g, failed, build)
		return
	}
	if passed+skipped == 0 {
		return
	}
	note := ""
	if skipped > 0 {
		note = fmt.Sprintf(", %d skipped", skipped)
	}
	fmt.Fprintf(r.out, "ok    %-60s %6.1fs  %d passed%s\n", g.name, e.Elapsed, passed, note)
}

func (r *report) showFailure(g *group, failed []*result, build []string) {
	fmt.Fprintf(r.out, "FAIL  %s\n", g.name)
	for _, t := range failed {
		if t.state == "" {
			fmt.Fprintf(r.out, "    %s did not finish\n", t.name)
		}
		show(r.out, t.output)
	}
	show(r.out, build)
	if p := g.results[""]; p != nil {
		show(r.out, p.output)
	}
}

func show(w io.Writer, output []string) {
	for _, line := range strings.SplitAfter(strings.Join(output, ""), "\n") {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "=== ") {
			continue
		}
		fmt.Fprintf(w, "    %s\n", strings.TrimRight(line, "\n"))
	}
}
