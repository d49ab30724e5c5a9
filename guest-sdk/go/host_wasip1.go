package bot

import (
	"log/slog"
	"time"

	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_approvals"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_auth"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_bots"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_calls"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_config"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_docs"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_events"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_files"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_http"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_kv"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_log"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_members"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_meshes"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_messages"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_rooms"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_secrets"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_timers"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_types"
	wit "the-mesh.dev/bot/third_party/go-pkg/wit/types"
)

// host is the mesh that runs this component. It never becomes an interface: so the linker leaves out the methods that a
// bot does not use, and with them their imports.
type host struct{}

func (host) Log(level slog.Level, text string) {
	switch {
	case level < slog.LevelDebug:
		mesh_bot_log.Write(mesh_bot_log.Level_Trace, text)
	case level < slog.LevelInfo:
		mesh_bot_log.Write(mesh_bot_log.Level_Debug, text)
	case level < slog.LevelWarn:
		mesh_bot_log.Write(mesh_bot_log.Level_Info, text)
	case level < slog.LevelError:
		mesh_bot_log.Write(mesh_bot_log.Level_Warn, text)
	default:
		mesh_bot_log.Write(mesh_bot_log.Level_Error, text)
	}
}

func (host) ConfigGet() (string, error) { return same(mesh_bot_config.Get()) }

func (host) Whoami() (Identity, error) { return converted(mesh_bot_auth.Whoami(), identityOf) }

func (host) SecretRead(name string) (string, error) { return same(mesh_bot_secrets.Read(name)) }

func (host) MeshGet() (MeshInfo, error) {
	return converted(mesh_bot_meshes.Get(), func(mesh mesh_bot_meshes.Mesh) MeshInfo {
		return MeshInfo{mesh.Id, mesh.Name, mesh.Slug, mesh.Description}
	})
}

func (host) RoleList() (string, error) { return same(mesh_bot_meshes.RoleList()) }

func (host) PermissionCheck(questions []PermissionQuestion) ([]bool, error) {
	return same(mesh_bot_meshes.PermissionCheck(each(questions, func(question PermissionQuestion) mesh_bot_meshes.PermissionQuestion {
		return mesh_bot_meshes.PermissionQuestion(question)
	})))
}

func (host) RoomList(page PageRequest) (Page[Room], error) {
	return converted(mesh_bot_rooms.List(page.wit()), func(page mesh_bot_rooms.RoomPage) Page[Room] {
		return pageOf(page.Rooms, page.NextCursor, roomOf)
	})
}

func (host) RoomGet(room string) (Room, error) { return converted(mesh_bot_rooms.Get(room), roomOf) }

func (host) RoomCreate(room NewRoom) (Room, error) {
	return converted(mesh_bot_rooms.Create(mesh_bot_rooms.NewRoom{
		Name:     room.Name,
		Slug:     some(room.Slug),
		Purpose:  some(room.Purpose),
		JoinRule: room.JoinRule,
	}), roomOf)
}

func (host) RoomJoin(room string) error { return failure(mesh_bot_rooms.Join(room)) }

func (host) RoomLeave(room string) error { return failure(mesh_bot_rooms.Leave(room)) }

func (host) RoomMemberList(room string, page PageRequest) (Page[RoomMember], error) {
	return converted(mesh_bot_rooms.RoomMemberList(room, page.wit()), func(page mesh_bot_rooms.RoomMemberPage) Page[RoomMember] {
		return pageOf(page.Members, page.NextCursor, roomMemberOf)
	})
}

func (host) RoomMemberAdd(room, member string) (RoomMember, error) {
	return converted(mesh_bot_rooms.RoomMemberAdd(room, member), roomMemberOf)
}

func (host) RoomMemberRemove(room, member string) error {
	return failure(mesh_bot_rooms.RoomMemberRemove(room, member))
}

func (host) MessagePost(draft Draft, streaming bool) (Message, error) {
	return converted(mesh_bot_messages.Post(mesh_bot_messages.NewMessage{
		Room:      draft.RoomID,
		Text:      draft.Text,
		Thread:    some(draft.ThreadID),
		ReplyTo:   some(draft.ReplyTo),
		Files:     draft.Files,
		Streaming: streaming,
		Actions:   each(draft.Actions, Action.wit),
	}), messageOf)
}

func (host) MessageGet(message string) (Message, error) {
	return converted(mesh_bot_messages.Get(message), messageOf)
}

func (host) MessageList(room string, page PageRequest) (Page[Message], error) {
	return converted(mesh_bot_messages.List(room, page.wit()), messagePageOf)
}

func (host) MessageEdit(message string, change Change) (Message, error) {
	actions := wit.None[[]mesh_bot_types.Action]()
	if change.Actions != nil {
		actions = wit.Some(each(change.Actions, Action.wit))
	}
	return converted(mesh_bot_messages.Edit(message, mesh_bot_messages.Change{
		Text:    some(change.Text),
		Actions: actions,
	}), messageOf)
}

func (host) MessageAppend(message string, offset uint64, text string, last bool) (uint64, error) {
	return same(mesh_bot_messages.Append(message, offset, text, last))
}

func (host) MessageAct(message, action, values string) error {
	return failure(mesh_bot_messages.Act(message, action, some(values)))
}

func (host) MessageDelete(message string) error { return failure(mesh_bot_messages.Delete(message)) }

func (host) ThreadList(room string, page PageRequest) (Page[Thread], error) {
	return converted(mesh_bot_messages.ThreadList(room, page.wit()), func(page mesh_bot_messages.ThreadPage) Page[Thread] {
		return pageOf(page.Threads, page.NextCursor, threadOf)
	})
}

func (host) ThreadGet(thread string) (Thread, error) {
	return converted(mesh_bot_messages.ThreadGet(thread), threadOf)
}

func (host) ThreadReplies(thread string, page PageRequest) (Page[Message], error) {
	return converted(mesh_bot_messages.ThreadReplies(thread, page.wit()), messagePageOf)
}

func (host) ReactionAdd(message, emoji string) error {
	return failure(mesh_bot_messages.ReactionAdd(message, emoji))
}

func (host) ReactionRemove(message, emoji string) error {
	return failure(mesh_bot_messages.ReactionRemove(message, emoji))
}

func (host) MemberList(page PageRequest) (Page[Member], error) {
	return converted(mesh_bot_members.List(page.wit()), func(page mesh_bot_members.MemberPage) Page[Member] {
		return pageOf(page.Members, page.NextCursor, memberOf)
	})
}

func (host) MemberGet(member string) (Member, error) {
	return converted(mesh_bot_members.Get(member), memberOf)
}

func (host) BotList(page PageRequest) (string, error) { return same(mesh_bot_bots.List(page.wit())) }

func (host) BotGet(bot string) (string, error) { return same(mesh_bot_bots.Get(bot)) }

func (host) BotStatus() (string, error) { return same(mesh_bot_bots.Status()) }

func (host) BotExplain(operation, resource string) (string, error) {
	return same(mesh_bot_bots.Explain(operation, resource))
}

func (host) BotGrantList() (string, error) { return same(mesh_bot_bots.BotGrantList()) }

func (host) BotLimitGet() (string, error) { return same(mesh_bot_bots.BotLimitGet()) }

func (host) BotSubscriptionGet() (string, error) { return same(mesh_bot_bots.BotSubscriptionGet()) }

func (host) BotSubscriptionPut(events, rooms []string) (string, error) {
	return same(mesh_bot_bots.BotSubscriptionPut(someList(events), someList(rooms)))
}

func (host) BotCall(bot, method, input string, timeout time.Duration) (string, error) {
	most := wit.None[uint32]()
	if timeout != 0 {
		most = wit.Some(uint32(max(0, timeout.Milliseconds())))
	}
	answer, err := same(mesh_bot_calls.Call(bot, method, input, most))
	switch {
	case err != nil:
		return "", err
	case answer.IsErr():
		return "", &FailedError{answer.Err()}
	}
	return answer.Ok(), nil
}

func (host) BotCallAnswer(call, answer string, failed error) error {
	if failed != nil {
		return failure(mesh_bot_calls.Answer(call, wit.Err[string](failed.Error())))
	}
	return failure(mesh_bot_calls.Answer(call, wit.Ok[string, string](answer)))
}

func (host) EventSync(cursor string) (string, error) { return same(mesh_bot_events.Sync(some(cursor))) }

func (host) RoomEventList(room string, after uint64, limit int) (string, error) {
	return same(mesh_bot_events.RoomEventList(room, after, uint32(limit)))
}

func (host) KVGet(key string) (Versioned[[]byte], bool, error) {
	found, err := same(mesh_bot_kv.Get(key))
	if err != nil || found.IsNone() {
		return Versioned[[]byte]{}, false, err
	}
	value := found.Some()
	return Versioned[[]byte]{value.Bytes, value.Version}, true, nil
}

func (host) KVPut(key string, value []byte, expected *uint64) (uint64, error) {
	version := wit.None[uint64]()
	if expected != nil {
		version = wit.Some(*expected)
	}
	return same(mesh_bot_kv.Put(key, value, version))
}

func (host) KVDelete(key string) (bool, error) { return same(mesh_bot_kv.Delete(key)) }

func (host) KVList(prefix string, page PageRequest) (Page[Entry], error) {
	return converted(mesh_bot_kv.List(prefix, page.wit()), func(page mesh_bot_kv.EntryPage) Page[Entry] {
		return pageOf(page.Entries, page.NextCursor, func(entry mesh_bot_kv.Entry) Entry {
			return Entry{entry.Key, int(entry.Size), entry.Version}
		})
	})
}

func (host) FileList(room string, page PageRequest) (Page[File], error) {
	return converted(mesh_bot_files.List(room, page.wit()), func(page mesh_bot_files.FilePage) Page[File] {
		return pageOf(page.Files, page.NextCursor, fileOf)
	})
}

func (host) FileGet(file string) (File, error) { return converted(mesh_bot_files.Get(file), fileOf) }

func (host) FileDelete(file string) error { return failure(mesh_bot_files.Delete(file)) }

func (host) FileDownload(file string) (fileSource, error) {
	return converted(mesh_bot_files.Download(file), func(reader *mesh_bot_files.Reader) fileSource {
		return &meshReader{reader}
	})
}

func (host) FileUpload(room, name string) (fileTarget, error) {
	return converted(mesh_bot_files.Upload(room, name), func(writer *mesh_bot_files.Writer) fileTarget {
		return &meshWriter{writer}
	})
}

type (
	fileSource = *meshReader
	fileTarget = *meshWriter
)

type meshReader struct{ reader *mesh_bot_files.Reader }

func (r *meshReader) Read(most int) ([]byte, error) { return same(r.reader.Read(uint32(most))) }

func (r *meshReader) Drop() { r.reader.Drop() }

type meshWriter struct{ writer *mesh_bot_files.Writer }

func (w *meshWriter) Write(bytes []byte) error { return failure(w.writer.Write(bytes)) }

func (w *meshWriter) Finish() (File, error) { return converted(w.writer.Finish(), fileOf) }

func (w *meshWriter) Drop() { w.writer.Drop() }

func (host) TimerList(page PageRequest) (string, error) {
	return same(mesh_bot_timers.List(page.wit()))
}

func (host) TimerCreate(timer NewTimer, data string) (string, error) {
	at := wit.None[uint64]()
	if !timer.At.IsZero() {
		at = wit.Some(uint64(max(0, timer.At.UnixMilli())))
	}
	return same(mesh_bot_timers.Create(mesh_bot_timers.NewTimer{
		At:   at,
		Cron: some(timer.Cron),
		Zone: some(timer.Zone),
		Room: some(timer.RoomID),
		Data: data,
	}))
}

func (host) TimerCancel(timer string) error { return failure(mesh_bot_timers.Cancel(timer)) }

func (host) HTTPFetch(request Request) (Response, error) {
	timeout := wit.None[uint32]()
	if request.Timeout != 0 {
		timeout = wit.Some(uint32(request.Timeout.Milliseconds()))
	}
	return converted(mesh_bot_http.Fetch(mesh_bot_http.Request{
		Method:  request.Method,
		Url:     request.URL,
		Headers: fieldsOf(request.Header),
		Secrets: each(request.Secrets, func(header SecretHeader) mesh_bot_http.SecretHeader {
			return mesh_bot_http.SecretHeader(header)
		}),
		Body:      request.Body,
		TimeoutMs: timeout,
	}), func(response mesh_bot_http.Response) Response {
		return Response{int(response.Status), headerOf(response.Headers), response.Body}
	})
}

func (host) ApprovalList(state string, page PageRequest) (string, error) {
	return same(mesh_bot_approvals.List(some(state), page.wit()))
}

func (host) ApprovalRequest(request ApprovalRequest, input string) (string, error) {
	expires := wit.None[uint64]()
	if request.ExpiresIn != 0 {
		expires = wit.Some(uint64(max(0, request.ExpiresIn/time.Second)))
	}
	return same(mesh_bot_approvals.Request(mesh_bot_approvals.NewRequest{
		Question:   request.Question,
		Choices:    request.Choices,
		Room:       some(request.RoomID),
		Operation:  some(request.Operation),
		Input:      some(input),
		ExpiresInS: expires,
	}))
}

func (host) ApprovalGet(approval string) (string, error) {
	return same(mesh_bot_approvals.Get(approval))
}

func (host) ApprovalCancel(approval string) (string, error) {
	return same(mesh_bot_approvals.Cancel(approval))
}

func (host) DocsOps() (string, error) { return same(mesh_bot_docs.Ops()) }
