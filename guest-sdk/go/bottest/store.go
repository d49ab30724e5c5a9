package bottest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"the-mesh.dev/bot"
)

// mostValue is how many bytes a value in the store may have.
const mostValue = 256 * 1024

func (w *world) stored(key string) ([]byte, bool) {
	defer w.lock()()
	value, found := w.kv[key]
	return value.Value, found
}

func (w *world) store(key string, value []byte) {
	defer w.lock()()
	w.kv[key] = bot.Versioned[[]byte]{Value: value, Version: w.next()}
}

func (w *world) KVGet(key string) (bot.Versioned[[]byte], bool, error) {
	defer w.lock()()
	if err := w.permit("bot.state"); err != nil {
		return bot.Versioned[[]byte]{}, false, err
	}
	value, found := w.kv[key]
	value.Value = slices.Clone(value.Value)
	return value, found, nil
}

func (w *world) KVPut(key string, value []byte, expected *uint64) (uint64, error) {
	defer w.lock()()
	if err := w.permit("bot.state"); err != nil {
		return 0, err
	}
	if len(value) > mostValue {
		return 0, &bot.InvalidError{Why: "a value has at most 256 KiB"}
	}
	version := w.kv[key].Version
	if expected != nil && *expected != version {
		return 0, &bot.ConflictError{Why: fmt.Sprintf("`%s` is at version %d", key, version)}
	}
	w.kv[key] = bot.Versioned[[]byte]{Value: slices.Clone(value), Version: version + 1}
	return version + 1, nil
}

func (w *world) KVDelete(key string) (bool, error) {
	defer w.lock()()
	if err := w.permit("bot.state"); err != nil {
		return false, err
	}
	_, found := w.kv[key]
	delete(w.kv, key)
	return found, nil
}

func (w *world) KVList(prefix string, page bot.PageRequest) (bot.Page[bot.Entry], error) {
	defer w.lock()()
	if err := w.permit("bot.state"); err != nil {
		return bot.Page[bot.Entry]{}, err
	}
	var entries []bot.Entry
	for _, key := range slices.Sorted(maps.Keys(w.kv)) {
		if strings.HasPrefix(key, prefix) {
			value := w.kv[key]
			entries = append(entries, bot.Entry{Key: key, Size: len(value.Value), Version: value.Version})
		}
	}
	return paged(entries, page)
}
