package bottest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"the-mesh.dev/bot/internal/toml"
)

// Manifest is a bot.toml.
type Manifest struct {
	// Schema is the version of the format: 1.
	Schema       int            `json:"schema"`
	Bot          About          `json:"bot"`
	Runtime      Runtime        `json:"runtime"`
	Events       Events         `json:"events"`
	Commands     []Command      `json:"commands"`
	Capabilities []Capability   `json:"capabilities"`
	Egress       Egress         `json:"egress"`
	Secrets      []Secret       `json:"secrets"`
	Limits       map[string]any `json:"limits"`
	// Config is the JSON Schema of the bot's settings.
	Config map[string]any `json:"config"`
}

// About is who a bot is.
type About struct {
	Name        string `json:"name"`
	Version     string `json:"version"`
	Description string `json:"description"`
	Publisher   string `json:"publisher"`
	License     string `json:"license"`
}

// Runtime is how a bot runs.
type Runtime struct {
	Backend   string `json:"backend"`
	Instances int    `json:"instances"`
	Ordering  string `json:"ordering"`
}

// Events is what a bot gets to hear.
type Events struct {
	// Hears is mentions, commands or all.
	Hears     string   `json:"hears"`
	Subscribe []string `json:"subscribe"`
	FromBots  bool     `json:"from_bots"`
}

// Command is a slash command that a bot answers.
type Command struct {
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Arguments   map[string]any `json:"arguments"`
	ActsFor     string         `json:"acts_for"`
}

// Capability is one thing that a bot wants to do.
type Capability struct {
	Permission string `json:"permission"`
	On         string `json:"on"`
	Reason     string `json:"reason"`
	Required   bool   `json:"required"`
}

// Egress is whom a bot wants to reach over HTTP.
type Egress struct {
	// Hosts are names, or *. and one for everything below it.
	Hosts []string `json:"hosts"`
}

// Secret is something that a bot has to be told in secret.
type Secret struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
	// Hosts that the mesh may send it to. The bot itself cannot read one that has hosts.
	Hosts []string `json:"hosts"`
}

// ParseManifest reads a manifest strictly: a key that no mesh knows is an error.
func ParseManifest(text string) (*Manifest, error) {
	table, err := toml.Parse(text)
	if err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(table)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(encoded)))
	decoder.DisallowUnknownFields()
	manifest := &Manifest{}
	if err := decoder.Decode(manifest); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return manifest, manifest.check()
}

func (m *Manifest) check() error {
	if m.Schema != 1 {
		return fmt.Errorf("schema is %d, and only 1 is known", m.Schema)
	}
	if m.Bot.Name == "" {
		return errors.New("bot.name is missing")
	}
	if m.Runtime.Backend != "" && m.Runtime.Backend != "wasm" {
		return fmt.Errorf("runtime.backend of a component is wasm, not %s", m.Runtime.Backend)
	}
	if hears := m.Events.Hears; hears != "" && !slices.Contains([]string{"mentions", "commands", "all"}, hears) {
		return fmt.Errorf("events.hears is %s, and only mentions, commands and all are known", hears)
	}
	for _, capability := range m.Capabilities {
		if capability.Permission == "" {
			return errors.New("a capability has no permission")
		}
	}
	return nil
}

func (m *Manifest) secret(name string) (Secret, bool) {
	at := slices.IndexFunc(m.Secrets, func(secret Secret) bool { return secret.Name == name })
	if at < 0 {
		return Secret{}, false
	}
	return m.Secrets[at], true
}

// reaches says whether a list of patterns speaks of a host. *.example.org speaks of a.example.org, not of example.org.
func reaches(patterns []string, host string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if parent, below := strings.CutPrefix(pattern, "*"); below {
			return len(host) > len(parent) && strings.HasSuffix(host, parent)
		}
		return pattern == host
	})
}
