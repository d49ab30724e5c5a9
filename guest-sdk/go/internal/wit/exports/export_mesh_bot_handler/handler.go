// Package export_mesh_bot_handler is what the generated exports call. It hands everything on to package bot, which
// cannot be imported from here.
package export_mesh_bot_handler

import (
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_handler"
	witTypes "the-mesh.dev/bot/third_party/go-pkg/wit/types"
)

// Bot is set by package bot before the first call.
var Bot interface {
	Start() error
	OnEvent(mesh_bot_handler.Event) (mesh_bot_handler.Outcome, error)
}

// Start is the export start.
func Start() witTypes.Result[witTypes.Unit, string] {
	if err := Bot.Start(); err != nil {
		return witTypes.Err[witTypes.Unit](err.Error())
	}
	return witTypes.Ok[witTypes.Unit, string](witTypes.Unit{})
}

// OnEvent is the export on-event.
func OnEvent(event mesh_bot_handler.Event) witTypes.Result[mesh_bot_handler.Outcome, string] {
	outcome, err := Bot.OnEvent(event)
	if err != nil {
		return witTypes.Err[mesh_bot_handler.Outcome](err.Error())
	}
	return witTypes.Ok[mesh_bot_handler.Outcome, string](outcome)
}
