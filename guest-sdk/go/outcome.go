package bot

import (
	"errors"
	"time"
)

// Outcome is what the mesh does with an event after a handler had it.
type Outcome struct {
	// Kind says which of the outcomes it is.
	Kind OutcomeKind
	// Wait is how long until the event comes again, for [RetryAfter].
	Wait time.Duration
	// Why is the reason, for [Rejected] and [Failed].
	Why string
}

// OutcomeKind is one of the things that can become of an event.
type OutcomeKind int

const (
	// Done: the next event of the room comes.
	Done OutcomeKind = iota
	// RetryAfter: the event comes again after a time.
	RetryAfter
	// Rejected: the event goes to the dead letters at once.
	Rejected
	// Failed: logged, tried again a few times, then dead letters.
	Failed
)

// OutcomeOf says what the mesh does when a handler gives this error, which may be wrapped:
//
//   - nothing: the event is done;
//   - [Retry] or a [*RateLimitedError]: the event comes again after that time;
//   - a [*PendingError]: the event is done, since the mesh makes the call itself once a person agrees;
//   - [Reject]: the event goes to the dead letters;
//   - anything else: a failure.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return Outcome{}
	}
	if reject, is := errors.AsType[*rejectError](err); is {
		return Outcome{Kind: Rejected, Why: reject.why}
	}
	if retry, is := errors.AsType[*retryError](err); is {
		return Outcome{Kind: RetryAfter, Wait: retry.wait}
	}
	if limited, is := errors.AsType[*RateLimitedError](err); is {
		return Outcome{Kind: RetryAfter, Wait: limited.Wait}
	}
	if errors.Is(err, ErrPending) {
		return Outcome{}
	}
	return Outcome{Kind: Failed, Why: err.Error()}
}
