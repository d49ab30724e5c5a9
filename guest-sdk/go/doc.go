// Package bot is for writing bots for The Mesh in Go.
//
// A bot is a program whose main calls [Run] with what it does:
//
//	func main() {
//		bot.Run(bot.Handlers{
//			OnMention: func(m *bot.Mesh, msg bot.Message) error {
//				_, err := m.Reply(msg, "echo: "+msg.TextWithoutMention())
//				return err
//			},
//		})
//	}
//
// It compiles to a WebAssembly component, and its tests run natively on a mesh in memory; see package
// [the-mesh.dev/bot/bottest].
//
// # What a bot may rely on
//
//   - Events of one room come one at a time and in order.
//   - Memory is a cache. The mesh may drop an instance whenever no event is being handled; what must last goes to
//     [Mesh.KV].
//   - An event may come twice, after a crash for instance. A call that writes takes effect once for each event, counted
//     in the order of the calls: let what a handler writes follow from the event.
//   - A refusal is an answer: it is a [*DeniedError], and says what would have to change.
//   - A panic in a handler is a failure like any other, and the instance lives on. One in a goroutine that the handler
//     started ends the instance, as it ends any program.
package bot
