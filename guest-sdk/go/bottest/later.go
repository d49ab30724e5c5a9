package bottest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"the-mesh.dev/bot"
)

// mostData is how many bytes a timer's data may have.
const mostData = 16 * 1024

// timer is one that has still to fire.
type timer struct{ bot.Timer }

func (w *world) pendingTimers() []bot.Timer {
	defer w.lock()()
	return w.pending()
}

func (w *world) pending() []bot.Timer {
	var timers []bot.Timer
	for _, pending := range w.timers {
		timers = append(timers, pending.Timer)
	}
	return timers
}

// due is the timer that is due first, if there is one.
func (w *world) due() (string, bool) {
	defer w.lock()()
	var first *timer
	for _, pending := range w.timers {
		if pending.Cron == "" && !pending.DueAt.After(w.now()) && (first == nil || pending.DueAt.Before(first.DueAt)) {
			first = pending
		}
	}
	if first == nil {
		return "", false
	}
	return first.ID, true
}

// fire takes a timer out, unless it fires again and again.
func (w *world) fire(id string) (bot.Firing, error) {
	defer w.lock()()
	pending, err := w.findTimer(id)
	if err != nil {
		return bot.Firing{}, err
	}
	if pending.Cron == "" {
		w.timers = slices.DeleteFunc(w.timers, func(other *timer) bool { return other == pending })
	}
	return bot.Firing{TimerID: id, RoomID: pending.RoomID, DueAt: pending.DueAt, Data: pending.Data}, nil
}

func (w *world) findTimer(id string) (*timer, error) {
	for _, pending := range w.timers {
		if pending.ID == id {
			return pending, nil
		}
	}
	return nil, &bot.NotFoundError{What: id}
}

func (w *world) TimerList(request bot.PageRequest) (string, error) {
	defer w.lock()()
	if err := w.permit("bot.state"); err != nil {
		return "", err
	}
	made, err := paged(w.pending(), request)
	if err != nil {
		return "", err
	}
	return encoded(page[bot.Timer]{made.Items, made.Next})
}

func (w *world) TimerCreate(wanted bot.NewTimer, data string) (string, error) {
	defer w.lock()()
	if err := w.permit("bot.state"); err != nil {
		return "", err
	}
	if wanted.At.IsZero() == (wanted.Cron == "") {
		return "", &bot.InvalidError{Why: "a timer has either `at` or `cron`"}
	}
	if wanted.Zone != "" && wanted.Cron == "" {
		return "", &bot.InvalidError{Why: "`zone` belongs to `cron`"}
	}
	if len(data) > mostData {
		return "", &bot.InvalidError{Why: "a timer's data has at most 16 KiB"}
	}
	if wanted.RoomID != "" {
		if _, err := w.inside(wanted.RoomID); err != nil {
			return "", &bot.InvalidError{Why: "`room` is not a room that the bot is in"}
		}
	}
	made := &timer{bot.Timer{
		ID:        w.id("timer"),
		RoomID:    wanted.RoomID,
		Cron:      wanted.Cron,
		Zone:      wanted.Zone,
		Data:      json.RawMessage(data),
		DueAt:     wanted.At.UTC(),
		CreatedAt: w.now(),
	}}
	w.timers = append(w.timers, made)
	return encoded(made.Timer)
}

func (w *world) TimerCancel(id string) error {
	defer w.lock()()
	if err := w.permit("bot.state"); err != nil {
		return err
	}
	pending, err := w.findTimer(id)
	if err != nil {
		return err
	}
	w.timers = slices.DeleteFunc(w.timers, func(other *timer) bool { return other == pending })
	return nil
}

// approval is a question to people.
type approval struct {
	bot.Approval
	operation string
}

func (w *world) asked() []bot.Approval {
	defer w.lock()()
	var open []bot.Approval
	for _, question := range w.approvals {
		if question.State == "pending" {
			open = append(open, question.Approval)
		}
	}
	return open
}

func (w *world) decide(id, state, choice string) (bot.Decision, error) {
	defer w.lock()()
	question, err := w.close(id, state)
	if err != nil {
		return bot.Decision{}, err
	}
	question.Choice = choice
	decision := bot.Decision{
		ApprovalID: id,
		RoomID:     question.RoomID,
		Operation:  question.operation,
		State:      state,
		Choice:     choice,
	}
	if state == "approved" && question.operation != "" {
		decision.Status = 200
	}
	return decision, nil
}

// close ends a question that is open.
func (w *world) close(id, state string) (*approval, error) {
	question, err := w.findApproval(id)
	if err != nil {
		return nil, err
	}
	if question.State != "pending" {
		return nil, &bot.ConflictError{Why: fmt.Sprintf("`%s` is %s", id, question.State)}
	}
	question.State = state
	question.DecidedAt = w.now()
	return question, nil
}

func (w *world) findApproval(id string) (*approval, error) {
	for _, question := range w.approvals {
		if question.ID == id {
			return question, nil
		}
	}
	return nil, &bot.NotFoundError{What: id}
}

func (w *world) ApprovalList(state string, request bot.PageRequest) (string, error) {
	defer w.lock()()
	if err := w.permit("approval.read"); err != nil {
		return "", err
	}
	var found []bot.Approval
	for _, question := range slices.Backward(w.approvals) {
		if state == "" || question.State == state {
			found = append(found, question.Approval)
		}
	}
	made, err := paged(found, request)
	if err != nil {
		return "", err
	}
	return encoded(page[bot.Approval]{made.Items, made.Next})
}

func (w *world) ApprovalRequest(request bot.ApprovalRequest, input string) (string, error) {
	defer w.lock()()
	if err := w.permit("approval.request"); err != nil {
		return "", err
	}
	if request.Question == "" && request.Operation == "" {
		return "", &bot.InvalidError{Why: "there is neither a question nor an operation"}
	}
	if count := len(request.Choices); count == 1 || count > 10 {
		return "", &bot.InvalidError{Why: "there are 2 to 10 choices, or none"}
	}
	expires := request.ExpiresIn
	if expires == 0 {
		expires = 24 * time.Hour
	}
	question := &approval{operation: request.Operation, Approval: bot.Approval{
		ID:        w.id("approval"),
		Question:  request.Question,
		Choices:   slices.Clone(request.Choices),
		RoomID:    request.RoomID,
		State:     "pending",
		CreatedAt: w.now(),
		ExpiresAt: w.now().Add(expires),
	}}
	if request.Operation != "" {
		if input == "" {
			input = "{}"
		}
		question.Held = json.RawMessage(fmt.Sprintf(`{"operation":%q,"input":%s}`, request.Operation, input))
	}
	w.approvals = append(w.approvals, question)
	return encoded(question.Approval)
}

func (w *world) ApprovalGet(id string) (string, error) {
	defer w.lock()()
	if err := w.permit("approval.read"); err != nil {
		return "", err
	}
	question, err := w.findApproval(id)
	if err != nil {
		return "", err
	}
	return encoded(question.Approval)
}

func (w *world) ApprovalCancel(id string) (string, error) {
	defer w.lock()()
	if err := w.permit("approval.request"); err != nil {
		return "", err
	}
	question, err := w.close(id, "cancelled")
	if err != nil {
		return "", err
	}
	return encoded(question.Approval)
}

// page is a page of a list as the mesh writes it.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next_cursor,omitempty"`
}

func encoded(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}
