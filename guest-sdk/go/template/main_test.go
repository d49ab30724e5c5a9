package main

import (
	"slices"
	"testing"

	"the-mesh.dev/bot/bottest"
)

func TestAnswersAndCounts(t *testing.T) {
	test := bottest.New(t, newBot)
	if err := test.Mention("good morning"); err != nil {
		t.Fatal(err)
	}
	test.Restart()
	if err := test.By("Bob").Mention("hi"); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Hello Ada, you said: good morning (question 1)",
		"Hello Bob, you said: hi (question 2)",
	}
	if got := test.Replies(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
