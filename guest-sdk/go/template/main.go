// Command my-bot answers whoever mentions it, and remembers how often it was asked.
package main

import (
	"fmt"

	"the-mesh.dev/bot"
)

func main() { bot.Run(newBot()) }

// newBot makes a fresh bot. State that it closes over lives as long as its instance: treat it as a cache.
func newBot() bot.Handlers {
	return bot.Handlers{OnMention: onMention}
}

func onMention(m *bot.Mesh, mention bot.Message) error {
	asked, err := m.KV.Update("asked", func(asked int) int { return asked + 1 })
	if err != nil {
		return err
	}
	m.Log.Info("asked", "room", mention.RoomID, "times", asked)
	text := fmt.Sprintf("Hello %s, you said: %s (question %d)", mention.Author.Name, mention.TextWithoutMention(), asked)
	_, err = m.Reply(mention, text)
	return err
}
