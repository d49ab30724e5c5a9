package bot

import (
	"errors"
	"fmt"
	"time"
)

// The kinds of errors, for [errors.Is]. What an error says besides is in the type of the same name, for [errors.As].
var (
	// ErrDenied: the mesh refuses. Nothing happened and nothing was spent. See [DeniedError].
	ErrDenied = errors.New("denied")
	// ErrNotFound: absent, or not visible to this bot. See [NotFoundError].
	ErrNotFound = errors.New("not found")
	// ErrInvalid: the input is wrong; asking again changes nothing. See [InvalidError].
	ErrInvalid = errors.New("invalid")
	// ErrConflict: the thing is in another state than the call needs. See [ConflictError].
	ErrConflict = errors.New("conflict")
	// ErrRateLimited: ask again later. See [RateLimitedError].
	ErrRateLimited = errors.New("rate limited")
	// ErrPending: held for a person to decide. See [PendingError].
	ErrPending = errors.New("pending")
	// ErrUnavailable: the mesh could not do it now. See [UnavailableError].
	ErrUnavailable = errors.New("unavailable")
	// ErrMalformed: not of the shape that the bot expects. See [MalformedError].
	ErrMalformed = errors.New("malformed")
	// ErrFailed: another bot was asked and failed. See [FailedError].
	ErrFailed = errors.New("failed")
)

// DeniedError says that the mesh refuses. Nothing happened and nothing was spent.
type DeniedError struct {
	// Reason is role, room_role, override, rank, ownership, policy, grant, scope, ucan or human_only.
	Reason string
	// Detail is a sentence for people: what was refused and what would have to change.
	Detail string
}

func (e *DeniedError) Error() string {
	if e.Detail == "" {
		return "denied by " + e.Reason
	}
	return "denied by " + e.Reason + ": " + e.Detail
}

// Is makes it an [ErrDenied].
func (e *DeniedError) Is(target error) bool { return target == ErrDenied }

// NotFoundError says that something is absent, or not visible to this bot.
type NotFoundError struct {
	// What is not there.
	What string
}

func (e *NotFoundError) Error() string { return "not found: " + e.What }

// Is makes it an [ErrNotFound].
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// InvalidError says that the input is wrong; asking again changes nothing.
type InvalidError struct {
	// Why it is wrong.
	Why string
}

func (e *InvalidError) Error() string { return "invalid: " + e.Why }

// Is makes it an [ErrInvalid].
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// ConflictError says that the thing is in another state than the call needs.
type ConflictError struct {
	// Why: which state it is in.
	Why string
}

func (e *ConflictError) Error() string { return "conflict: " + e.Why }

// Is makes it an [ErrConflict].
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// RateLimitedError asks for patience.
type RateLimitedError struct {
	// Wait is how long to wait before asking again.
	Wait time.Duration
}

func (e *RateLimitedError) Error() string {
	return fmt.Sprintf("too many calls, ask again in %d ms", e.Wait.Milliseconds())
}

// Is makes it an [ErrRateLimited].
func (e *RateLimitedError) Is(target error) bool { return target == ErrRateLimited }

// PendingError says that the call is held for a person to decide. The mesh makes it itself once somebody agrees, and
// tells [Handlers.OnDecision] what came of it.
type PendingError struct {
	// ApprovalID is the question's id.
	ApprovalID string
}

func (e *PendingError) Error() string {
	return "waiting for a person to decide (" + e.ApprovalID + ")"
}

// Is makes it an [ErrPending].
func (e *PendingError) Is(target error) bool { return target == ErrPending }

// UnavailableError says that the mesh could not do it now.
type UnavailableError struct {
	// Why it could not.
	Why string
}

func (e *UnavailableError) Error() string { return "not available now: " + e.Why }

// Is makes it an [ErrUnavailable].
func (e *UnavailableError) Is(target error) bool { return target == ErrUnavailable }

// MalformedError says that a stored value, a setting or an answer does not have the shape that the bot expects.
type MalformedError struct {
	// What it is.
	What string
	// Err is what reading it gave.
	Err error
}

func (e *MalformedError) Error() string {
	return "unexpected shape of " + e.What + ": " + e.Err.Error()
}

// Is makes it an [ErrMalformed].
func (e *MalformedError) Is(target error) bool { return target == ErrMalformed }

// Unwrap gives what reading it gave.
func (e *MalformedError) Unwrap() error { return e.Err }

// FailedError is what another bot says in place of an answer; see [Mesh.Call].
type FailedError struct {
	// Why, in the words of that bot.
	Why string
}

func (e *FailedError) Error() string { return e.Why }

// Is makes it an [ErrFailed].
func (e *FailedError) Is(target error) bool { return target == ErrFailed }

// Retry is the error with which a handler asks for this event again, after wait.
func Retry(wait time.Duration) error { return &retryError{wait} }

type retryError struct{ wait time.Duration }

func (e *retryError) Error() string {
	return fmt.Sprintf("to be tried again in %d ms", e.wait.Milliseconds())
}

// Reject is the error with which a handler refuses this event for good: it goes to the dead letters at once.
func Reject(why string) error { return &rejectError{why} }

type rejectError struct{ why string }

func (e *rejectError) Error() string { return "rejected: " + e.why }
