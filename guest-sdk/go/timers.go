package bot

import (
	"encoding/json"
	"iter"
	"time"
)

// Timers of the bot; see [Mesh]. They outlive every instance, and fire [Handlers.OnTimer]. All of it needs bot.state.
type Timers struct{ host host }

// NewTimer is a timer to be made, with At or with Cron.
type NewTimer struct {
	// At is when it fires, once. It fires at once when that is over.
	At time.Time
	// Cron says when it fires, again and again: minute, hour, day of the month, month and day of the week.
	Cron string
	// Zone is the IANA time zone of Cron, such as Europe/Berlin; empty means UTC.
	Zone string
	// RoomID is the room that it is about, whose events it keeps its place among; empty for none.
	RoomID string
	// Data comes back with the firing: anything that can be written as JSON, at most 16 KiB.
	Data any
}

// Timer is a timer that has still to fire.
type Timer struct {
	ID string `json:"id"`
	// RoomID is the room that it is about; empty for none.
	RoomID string `json:"room_id"`
	// Cron and Zone are empty for one that fires once.
	Cron string `json:"cron"`
	Zone string `json:"zone"`
	// Data is what it was made with.
	Data json.RawMessage `json:"data"`
	// DueAt is when it fires next.
	DueAt     time.Time `json:"due_at"`
	CreatedAt time.Time `json:"created_at"`
}

// List gives the timers that have still to fire, the oldest first.
func (s Timers) List(size ...PageSize) iter.Seq2[Timer, error] {
	return jsonPages[Timer](size, "the timers", s.host.TimerList)
}

// Create makes a timer.
func (s Timers) Create(timer NewTimer) (Timer, error) {
	data, err := json.Marshal(timer.Data)
	if err != nil {
		return Timer{}, &MalformedError{What: "the timer's data", Err: err}
	}
	made, err := s.host.TimerCreate(timer, string(data))
	return answer[Timer]("the timer", made, err)
}

// Cancel ends a timer. What it fired and the bot was not handed yet does not come any more.
func (s Timers) Cancel(timer string) error { return s.host.TimerCancel(timer) }
