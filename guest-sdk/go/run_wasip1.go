package bot

import (
	"errors"
	"log/slog"
	_ "unsafe" // for go:linkname

	export "the-mesh.dev/bot/internal/wit/exports/export_mesh_bot_handler"
	_ "the-mesh.dev/bot/internal/wit/exports/wit_exports"
	handler "the-mesh.dev/bot/internal/wit/imports/mesh_bot_handler"
)

// Run says what the bot does. Call it once, from main. In a component the mesh then calls the handlers; on any other
// system there is no mesh, and it says so and ends the program.
//
// What is written with the default logger of package log/slog, or with package log, ends in the bot's log from then on.
func Run(handlers Handlers) {
	instance.handlers = &handlers
	slog.SetDefault(instance.mesh.Log)
}

// instance is the bot of this component.
var instance = exported{mesh: newMesh(host{})}

func init() { export.Bot = &instance }

type exported struct {
	mesh *Mesh
	// handlers is nil until main has called [Run].
	handlers *Handlers
}

// Start runs main, which a component does not do by itself, and then the bot's own Start.
func (e *exported) Start() (err error) {
	defer recovered(e.mesh, &err)
	programMain()
	if e.handlers == nil {
		return errors.New("main has not called bot.Run")
	}
	return e.handlers.Begin(e.mesh)
}

//go:linkname programMain main.main
func programMain()

// OnEvent gives an event to the bot, and tells the mesh what becomes of it.
func (e *exported) OnEvent(event handler.Event) (handler.Outcome, error) {
	err := e.handlers.Handle(e.mesh, eventOf(event))
	switch outcome := OutcomeOf(err); outcome.Kind {
	case RetryAfter:
		return handler.MakeOutcomeRetryAfter(uint64(max(0, outcome.Wait.Milliseconds()))), nil
	case Rejected:
		return handler.MakeOutcomeReject(outcome.Why), nil
	case Failed:
		return handler.Outcome{}, err
	default:
		return handler.MakeOutcomeAck(), nil
	}
}
