package bot

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestEachErrorHasItsOutcome(t *testing.T) {
	for _, one := range []struct {
		err  error
		want Outcome
	}{
		{nil, Outcome{Kind: Done}},
		{Retry(2 * time.Second), Outcome{Kind: RetryAfter, Wait: 2 * time.Second}},
		{&RateLimitedError{70 * time.Millisecond}, Outcome{Kind: RetryAfter, Wait: 70 * time.Millisecond}},
		{Reject("not mine"), Outcome{Kind: Rejected, Why: "not mine"}},
		{&PendingError{"approval_1"}, Outcome{Kind: Done}},
		{errors.New("it broke"), Outcome{Kind: Failed, Why: "it broke"}},
		{&DeniedError{"grant", "no"}, Outcome{Kind: Failed, Why: "denied by grant: no"}},
		{&NotFoundError{"room_1"}, Outcome{Kind: Failed, Why: "not found: room_1"}},
	} {
		for _, err := range []error{one.err, wrapped(one.err)} {
			got := OutcomeOf(err)
			if got.Kind == Failed && err != one.err {
				got.Why = got.Why[len("while asking: "):]
			}
			if got != one.want {
				t.Errorf("%v: got %+v, want %+v", err, got, one.want)
			}
		}
	}
}

func wrapped(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("while asking: %w", err)
}

func TestErrorsAreOfTheirKindOnly(t *testing.T) {
	kinds := []error{
		ErrDenied, ErrNotFound, ErrInvalid, ErrConflict, ErrRateLimited, ErrPending, ErrUnavailable, ErrMalformed,
		ErrFailed,
	}
	cause := errors.New("cause")
	all := []error{
		&DeniedError{Reason: "role"}, &NotFoundError{"x"}, &InvalidError{"x"}, &ConflictError{"x"}, &RateLimitedError{1},
		&PendingError{"x"}, &UnavailableError{"x"}, &MalformedError{"x", cause}, &FailedError{"x"},
	}
	for i, err := range all {
		for j, kind := range kinds {
			if errors.Is(wrapped(err), kind) != (i == j) {
				t.Errorf("is %v of kind %v?", err, kind)
			}
		}
	}
	if denied, is := errors.AsType[*DeniedError](wrapped(all[0])); !is || denied.Reason != "role" {
		t.Errorf("got %v", denied)
	}
	if !errors.Is(all[7], cause) {
		t.Error("the cause is lost")
	}
}
