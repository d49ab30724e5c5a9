// Package toml reads the TOML that manifests are written in. That is all of TOML 1.0 but dates and times, which no key
// of a manifest has. It is here so that a bot's tests need nothing but Go.
package toml

import (
	"fmt"
	"strings"
)

// Table is a TOML table. Its values are string, int64, float64, bool, []any and Table.
type Table = map[string]any

// Parse reads a document. The error names the line that it is about.
func Parse(text string) (Table, error) {
	r := &reader{text: strings.ReplaceAll(text, "\r\n", "\n"), root: Table{}}
	r.state = map[string]definition{}
	if err := r.document(); err != nil {
		return nil, fmt.Errorf("line %d: %w", 1+strings.Count(r.text[:r.at], "\n"), err)
	}
	return r.root, nil
}

// definition is how a table came to be, and so what may still be added to it.
type definition int

const (
	// implied by the name of a table or a key further down; a header may still define it.
	implied definition = iota
	// byHeader, so no other header may define it again.
	byHeader
	// byDots of keys: no header may define it, and only keys of its own table add to it.
	byDots
	// closed by braces: nothing may be added.
	closed
	// array of tables.
	array
)

type reader struct {
	text string
	at   int
	root Table
	// state of each table, by its whole name; elements of arrays have their number in it.
	state map[string]definition
}

func (r *reader) document() error {
	table, name := r.root, ""
	for {
		r.skipLines()
		if r.at == len(r.text) {
			return nil
		}
		var err error
		if r.next() == '[' {
			table, name, err = r.header()
		} else {
			err = r.pair(table, name)
		}
		if err == nil {
			err = r.endOfLine()
		}
		if err != nil {
			return err
		}
	}
}

// header reads [name] or [[name]], and gives the table that the lines after it are about.
func (r *reader) header() (Table, string, error) {
	many := strings.HasPrefix(r.text[r.at:], "[[")
	brackets := 1
	if many {
		brackets = 2
	}
	r.at += brackets
	keys, err := r.keys()
	if err != nil {
		return nil, "", err
	}
	if !strings.HasPrefix(r.text[r.at:], strings.Repeat("]", brackets)) {
		return nil, "", fmt.Errorf("`]` is missing")
	}
	r.at += brackets
	last := len(keys) - 1
	table, name, err := r.descend(r.root, "", keys[:last], implied)
	if err != nil {
		return nil, "", err
	}
	key := keys[last]
	name += "\x00" + key
	found, known := table[key]
	if many {
		return r.element(table, key, name, found, known)
	}
	if known && (r.state[name] != implied || !isTable(found)) {
		return nil, "", fmt.Errorf("`%s` is there twice", key)
	}
	if !known {
		found = Table{}
		table[key] = found
	}
	r.state[name] = byHeader
	return found.(Table), name, nil
}

// element adds one table to an array of tables.
func (r *reader) element(table Table, key, name string, found any, known bool) (Table, string, error) {
	if known && r.state[name] != array {
		return nil, "", fmt.Errorf("`%s` is there already, and no array of tables", key)
	}
	elements, _ := found.([]any)
	added := Table{}
	table[key] = append(elements, added)
	r.state[name] = array
	return added, fmt.Sprintf("%s\x00%d", name, len(elements)), nil
}

// descend goes into the tables of these names, and makes those that are missing.
func (r *reader) descend(table Table, name string, keys []string, made definition) (Table, string, error) {
	for _, key := range keys {
		name += "\x00" + key
		found, known := table[key]
		if !known {
			inner := Table{}
			table[key] = inner
			r.state[name] = made
			table = inner
			continue
		}
		switch inner := found.(type) {
		case Table:
			if state := r.state[name]; state == closed || made == byDots && state != byDots {
				return nil, "", fmt.Errorf("`%s` cannot be extended here", key)
			}
			table = inner
		case []any:
			if r.state[name] != array || made == byDots {
				return nil, "", fmt.Errorf("`%s` is a list, not a table", key)
			}
			table = inner[len(inner)-1].(Table)
			name = fmt.Sprintf("%s\x00%d", name, len(inner)-1)
		default:
			return nil, "", fmt.Errorf("`%s` is a value, not a table", key)
		}
	}
	return table, name, nil
}

// pair reads key = value into a table.
func (r *reader) pair(table Table, name string) error {
	keys, err := r.keys()
	if err != nil {
		return err
	}
	if r.next() != '=' {
		return fmt.Errorf("`=` is missing after `%s`", strings.Join(keys, "."))
	}
	r.at++
	r.skipSpace()
	last := len(keys) - 1
	table, name, err = r.descend(table, name, keys[:last], byDots)
	if err != nil {
		return err
	}
	key := keys[last]
	if _, known := table[key]; known {
		return fmt.Errorf("`%s` is there twice", key)
	}
	value, err := r.value()
	if err != nil {
		return err
	}
	table[key] = value
	if isTable(value) {
		r.state[name+"\x00"+key] = closed
	}
	return nil
}

// keys reads a name of parts with dots between them, and the space around it.
func (r *reader) keys() ([]string, error) {
	var keys []string
	for {
		r.skipSpace()
		key, err := r.key()
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
		r.skipSpace()
		if r.next() != '.' {
			return keys, nil
		}
		r.at++
	}
}

func (r *reader) key() (string, error) {
	if quote := r.next(); quote == '"' || quote == '\'' {
		return r.quoted(quote)
	}
	rest := r.text[r.at:]
	length := len(rest) - len(strings.TrimLeftFunc(rest, isBare))
	if length == 0 {
		return "", fmt.Errorf("a key is missing")
	}
	r.at += length
	return rest[:length], nil
}

func isBare(letter rune) bool {
	return 'a' <= letter && letter <= 'z' || 'A' <= letter && letter <= 'Z' || '0' <= letter && letter <= '9' ||
		letter == '_' || letter == '-'
}

func isTable(value any) bool {
	_, is := value.(Table)
	return is
}

// next is the byte that comes next; 0 at the end.
func (r *reader) next() byte {
	if r.at == len(r.text) {
		return 0
	}
	return r.text[r.at]
}

func (r *reader) skipSpace() {
	for r.next() == ' ' || r.next() == '\t' {
		r.at++
	}
}

func (r *reader) skipComment() {
	if r.next() == '#' {
		for r.at < len(r.text) && r.next() != '\n' {
			r.at++
		}
	}
}

// skipLines goes on to the next thing that is no space, comment or end of a line.
func (r *reader) skipLines() {
	for {
		r.skipSpace()
		r.skipComment()
		if r.next() != '\n' {
			return
		}
		r.at++
	}
}

func (r *reader) endOfLine() error {
	r.skipSpace()
	r.skipComment()
	if r.at < len(r.text) && r.next() != '\n' {
		return fmt.Errorf("the line should end before `%c`", r.next())
	}
	return nil
}
