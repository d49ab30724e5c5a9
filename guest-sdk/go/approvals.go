package bot

import (
	"encoding/json"
	"iter"
	"time"
)

// Approvals are questions to people; see [Mesh]. What the bot has to ask about is asked by itself: the call gives a
// [*PendingError]. Either way [Handlers.OnDecision] is told what came of it.
type Approvals struct{ host host }

// ApprovalRequest is a question to people.
type ApprovalRequest struct {
	// Question in a sentence; may be empty beside an operation.
	Question string
	// Choices are answers to choose from; without any it is yes or no.
	Choices []string
	// RoomID is the room that it is about; empty for none.
	RoomID string
	// Operation is to be called when somebody approves, such as message.post; empty for a plain question.
	Operation string
	// Input is what the operation is called with: anything that becomes a JSON object.
	Input any
	// ExpiresIn is how long it can be decided, in whole seconds; 0 means a day.
	ExpiresIn time.Duration
}

// Approval is a question to people, and how far it has come.
type Approval struct {
	ID       string   `json:"id"`
	Question string   `json:"question"`
	Choices  []string `json:"choices"`
	// RoomID is the room that it is about; empty for none.
	RoomID string `json:"room_id"`
	// State is pending, approved, rejected, cancelled or expired.
	State string `json:"state"`
	// Choice is the answer that was chosen.
	Choice string `json:"choice"`
	// Reason why it was rejected; empty when nothing was said.
	Reason    string    `json:"reason"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	// DecidedAt is zero until somebody decides.
	DecidedAt time.Time `json:"decided_at"`
	// Held is the call that waits, if one does: operation, input, and result once it was made.
	Held json.RawMessage `json:"held"`
}

// List gives what this bot asked, newest first; only what is in this state, if it is not empty. Needs approval.read.
func (s Approvals) List(state string, size ...PageSize) iter.Seq2[Approval, error] {
	return jsonPages[Approval](size, "the approvals", func(page PageRequest) (string, error) {
		return s.host.ApprovalList(state, page)
	})
}

// Request asks. Needs approval.request.
func (s Approvals) Request(request ApprovalRequest) (Approval, error) {
	var input string
	if request.Input != nil {
		encoded, err := json.Marshal(request.Input)
		if err != nil {
			return Approval{}, &MalformedError{What: "the operation's input", Err: err}
		}
		input = string(encoded)
	}
	asked, err := s.host.ApprovalRequest(request, input)
	return answer[Approval]("the approval", asked, err)
}

// Get gives one question. Needs approval.read.
func (s Approvals) Get(approval string) (Approval, error) {
	found, err := s.host.ApprovalGet(approval)
	return answer[Approval]("the approval", found, err)
}

// Cancel takes a question back. Needs approval.request.
func (s Approvals) Cancel(approval string) (Approval, error) {
	cancelled, err := s.host.ApprovalCancel(approval)
	return answer[Approval]("the approval", cancelled, err)
}
