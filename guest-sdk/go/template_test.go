package bot_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The template is a project once the SDK lies in it, as `mesh bot new` puts it there.
func TestTheTemplateIsAProject(t *testing.T) {
	if _, err := os.Stat("template"); err != nil {
		t.Skip("this is a project's copy of the SDK, which has no template")
	}
	project := t.TempDir()
	copyFolder(t, "template", project)
	for _, folder := range []string{"bottest", "internal", "third_party"} {
		copyFolder(t, folder, filepath.Join(project, "sdk", folder))
	}
	files, err := filepath.Glob("*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			copyFile(t, file, filepath.Join(project, "sdk", file))
		}
	}
	run(t, project, nil, "vet", "./...")
	run(t, project, nil, "test", "./...")
	wasm := []string{"GOOS=wasip1", "GOARCH=wasm"}
	run(t, project, wasm, "build", "-buildmode=c-shared", "-ldflags=-s -w -checklinkname=0", "-o", "core.wasm", ".")
	core, err := os.ReadFile(filepath.Join(project, "core.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	for name, used := range map[string]bool{"kv": true, "messages": true, "log": true, "calls": true, "files": false, "rooms": false, "http": false} {
		if strings.Contains(string(core), "mesh:bot/"+name+"@") != used {
			t.Errorf("is %s imported? it should be: %t", name, used)
		}
	}
}

func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, folder string, environment []string, arguments ...string) {
	t.Helper()
	command := exec.Command("go", arguments...)
	command.Dir = folder
	command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOTOOLCHAIN=local", "GOWORK=off")
	command.Env = append(command.Env, environment...)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
}
