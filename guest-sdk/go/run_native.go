//go:build !wasip1

package bot

import (
	"fmt"
	"os"
)

// Run says what the bot does. Call it once, from main. In a component the mesh then calls the handlers; on any other
// system there is no mesh, and it says so and ends the program.
func Run(Handlers) {
	fmt.Fprintln(os.Stderr, "This is a bot for The Mesh. Build it with `mesh bot build`, or test it with `go test`.")
	os.Exit(2)
}
