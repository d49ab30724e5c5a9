package toml

import (
	"reflect"
	"strings"
	"testing"
)

func TestDocuments(t *testing.T) {
	for text, want := range map[string]Table{
		"":                                   {},
		"a = 1 # one\n\n# none\nb = -2_0":    {"a": int64(1), "b": int64(-20)},
		"a = 0x1f\nb=1.5e3\nc = true":        {"a": int64(31), "b": 1500.0, "c": true},
		`a = "x\t\"\u00e4\\"` + "\r\n":       {"a": "x\t\"ä\\"},
		`a = 'C:\x'`:                         {"a": `C:\x`},
		"a = \"\"\"\nx\n  y\\\n   z\"\"\"\"": {"a": "x\n  yz\""},
		"a = '''x\n\\'''":                    {"a": "x\n\\"},
		"a = [1, [2, 'x'],\n # c\n 3,\n]":    {"a": []any{int64(1), []any{int64(2), "x"}, int64(3)}},
		"a = { b = 1, c.d = {} }":            {"a": Table{"b": int64(1), "c": Table{"d": Table{}}}},
		"a.b.\"c d\" = 1\na.e = 2":           {"a": Table{"b": Table{"c d": int64(1)}, "e": int64(2)}},
		"[a]\nb.c = 1\n[a.b.d]":              {"a": Table{"b": Table{"c": int64(1), "d": Table{}}}},
		"[a.b]\nc = 1\n[a]\nd = 2":           {"a": Table{"b": Table{"c": int64(1)}, "d": int64(2)}},
		"[[a]]\nx = 1\n[a.b]\ny = 2\n[[a]]\n[a.b]\ny = 3": {"a": []any{
			Table{"x": int64(1), "b": Table{"y": int64(2)}}, Table{"b": Table{"y": int64(3)}},
		}},
	} {
		if got, err := Parse(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestSlipsAreFound(t *testing.T) {
	for _, text := range []string{
		"a", "a =", "= 1", "a = 1 b = 2", "a = 1\na = 2", "[a]\n[a]", "a = 1\n[a]", "a = 1\na.b = 2", "[a", "[[a]]\n[a]",
		"[a]\n[[a]]", "a = [1]\n[[a]]", "a = {}\n[a]", "a = {}\na.b = 1", "a = {}\n[a.b]", "a.b = 1\n[a]", "[a.b]\n[a]\nb.c = 1",
		`a = "x`, "a = \"x\ny\"", `a = "\x"`, `a = "\ud800"`, `a = "\u12"`, "a = '''x", "a = [1 2]", "a = [1", "a = {b = 1",
		"a = {b = 1 c = 2}", "a = 01", "a = 1_", "a = 99999999999999999999", "a = 2020-01-01", "a = yes", "a = \"\"\"x",
	} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%q: got %v, and no error", text, got)
		}
	}
	_, err := Parse("a = 1\n\nb = ?")
	if err == nil || !strings.HasPrefix(err.Error(), "line 3: ") {
		t.Errorf("the line is not named: %v", err)
	}
}
