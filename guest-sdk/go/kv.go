package bot

import (
	"encoding/json"
	"errors"
	"iter"
)

// attempts is how often [KV.Update] tries when other writers are faster.
const attempts = 8

// KV is the bot's own store: 10 MiB in total, 256 KiB a value. All of it needs bot.state.
//
// Values are stored as JSON; [KV.GetBytes] and [KV.PutBytes] take them as they are.
type KV struct{ host host }

// Versioned is a value and the version it was read at, which rises with every write.
type Versioned[T any] struct {
	Value   T
	Version uint64
}

// Entry is a key with size and version of its value.
type Entry struct {
	Key     string
	Size    int
	Version uint64
}

// Get gives the value at a key, and whether there is one.
//
//	count, found, err := m.KV.Get[int]("count")
func (kv KV) Get[T any](key string) (value T, found bool, err error) {
	read, found, err := kv.GetVersioned[T](key)
	return read.Value, found, err
}

// GetVersioned gives the value at a key together with its version, and whether there is one.
func (kv KV) GetVersioned[T any](key string) (value Versioned[T], found bool, err error) {
	stored, found, err := kv.host.KVGet(key)
	if err != nil || !found {
		return value, false, err
	}
	value.Version = stored.Version
	value.Value, err = parse[T]("the value stored at "+key, stored.Value)
	return value, err == nil, err
}

// Put writes a value, whatever was there.
func (kv KV) Put(key string, value any) error {
	_, err := kv.put(key, value, nil)
	return err
}

// PutIfAbsent writes a value only where there is none; otherwise it gives a [*ConflictError].
func (kv KV) PutIfAbsent(key string, value any) error {
	_, err := kv.PutIfUnchanged(key, value, 0)
	return err
}

// PutIfUnchanged writes a value only if the one stored still has this version, 0 meaning that there is none; otherwise it
// gives a [*ConflictError]. It answers the new version.
func (kv KV) PutIfUnchanged(key string, value any, version uint64) (uint64, error) {
	return kv.put(key, value, &version)
}

func (kv KV) put(key string, value any, expected *uint64) (uint64, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return 0, &MalformedError{What: "the value for " + key, Err: err}
	}
	return kv.host.KVPut(key, encoded, expected)
}

// Update changes a value, starting from the zero value where there is none, and gives the new one. It begins again when
// another writer was faster, so change may run more than once.
//
//	count, err := m.KV.Update("count", func(count int) int { return count + 1 })
func (kv KV) Update[T any](key string, change func(T) T) (T, error) {
	for attempt := 1; ; attempt++ {
		read, _, err := kv.GetVersioned[T](key)
		if err != nil {
			return read.Value, err
		}
		changed := change(read.Value)
		_, err = kv.PutIfUnchanged(key, changed, read.Version)
		if err == nil || !errors.Is(err, ErrConflict) || attempt == attempts {
			return changed, err
		}
	}
}

// Delete deletes a key, and says whether it was there.
func (kv KV) Delete(key string) (bool, error) { return kv.host.KVDelete(key) }

// List gives the keys with this beginning, in order.
func (kv KV) List(prefix string, size ...PageSize) iter.Seq2[Entry, error] {
	return pages(size, func(page PageRequest) (Page[Entry], error) { return kv.host.KVList(prefix, page) })
}

// GetBytes gives the bytes at a key and their version, and whether there are any.
func (kv KV) GetBytes(key string) (value Versioned[[]byte], found bool, err error) {
	return kv.host.KVGet(key)
}

// PutBytes writes bytes, whatever was there.
func (kv KV) PutBytes(key string, bytes []byte) error {
	_, err := kv.host.KVPut(key, bytes, nil)
	return err
}
