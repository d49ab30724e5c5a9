package bot

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_auth"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_files"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_handler"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_messages"
	"the-mesh.dev/bot/internal/wit/imports/mesh_bot_types"
	wit "the-mesh.dev/bot/third_party/go-pkg/wit/types"
)

// same gives an answer as it is.
func same[T any](answer wit.Result[T, mesh_bot_types.Error]) (T, error) {
	if answer.IsErr() {
		var none T
		return none, errorOf(answer.Err())
	}
	return answer.Ok(), nil
}

// converted gives an answer as a type of this package.
func converted[A, B any](answer wit.Result[A, mesh_bot_types.Error], convert func(A) B) (B, error) {
	if answer.IsErr() {
		var none B
		return none, errorOf(answer.Err())
	}
	return convert(answer.Ok()), nil
}

// failure is the error of a call that answers nothing else.
func failure(answer wit.Result[wit.Unit, mesh_bot_types.Error]) error {
	_, err := same(answer)
	return err
}

func errorOf(err mesh_bot_types.Error) error {
	switch err.Tag() {
	case mesh_bot_types.Error_Denied:
		denial := err.Denied()
		return &DeniedError{denial.Reason, denial.Detail}
	case mesh_bot_types.Error_NotFound:
		return &NotFoundError{err.NotFound()}
	case mesh_bot_types.Error_Invalid:
		return &InvalidError{err.Invalid()}
	case mesh_bot_types.Error_Conflict:
		return &ConflictError{err.Conflict()}
	case mesh_bot_types.Error_RateLimited:
		return &RateLimitedError{time.Duration(err.RateLimited()) * time.Millisecond}
	case mesh_bot_types.Error_Pending:
		return &PendingError{err.Pending()}
	default:
		return &UnavailableError{err.Unavailable()}
	}
}

func each[A, B any](items []A, convert func(A) B) []B {
	converted := make([]B, len(items))
	for i, item := range items {
		converted[i] = convert(item)
	}
	return converted
}

func pageOf[A, B any](items []A, next wit.Option[string], convert func(A) B) Page[B] {
	return Page[B]{each(items, convert), next.SomeOr("")}
}

func (p PageRequest) wit() mesh_bot_types.PageRequest {
	limit := wit.None[uint32]()
	if p.Limit != 0 {
		limit = wit.Some(uint32(p.Limit))
	}
	return mesh_bot_types.PageRequest{Cursor: some(p.Cursor), Limit: limit}
}

// some is a text that may be absent, which this package says as an empty one.
func some(text string) wit.Option[string] {
	if text == "" {
		return wit.None[string]()
	}
	return wit.Some(text)
}

func someList(list []string) wit.Option[[]string] {
	if list == nil {
		return wit.None[[]string]()
	}
	return wit.Some(list)
}

func timeOf(milliseconds uint64) time.Time { return time.UnixMilli(int64(milliseconds)).UTC() }

func optionalTimeOf(milliseconds wit.Option[uint64]) time.Time {
	if milliseconds.IsNone() {
		return time.Time{}
	}
	return timeOf(milliseconds.Some())
}

func actorOf(actor mesh_bot_types.Actor) Actor { return Actor{actor.Id, actor.Kind, actor.Name} }

func identityOf(identity mesh_bot_auth.Identity) Identity {
	return Identity{actorOf(identity.Actor), identity.MemberId, identity.MeshId, identity.Role}
}

func messageOf(message mesh_bot_types.Message) Message {
	return Message{
		ID:         message.Id,
		RoomID:     message.RoomId,
		ThreadID:   message.ThreadId.SomeOr(""),
		ReplyTo:    message.ReplyTo.SomeOr(""),
		Author:     actorOf(message.Author),
		Text:       message.Text,
		CreatedAt:  timeOf(message.CreatedAt),
		EditedAt:   optionalTimeOf(message.EditedAt),
		Revision:   message.Revision,
		Seq:        message.Seq,
		Trust:      message.Trust,
		Hops:       int(message.Hops),
		MentionsMe: message.MentionsMe,
		Redacted:   message.Redacted,
		Reactions: each(message.Reactions, func(count mesh_bot_types.ReactionCount) ReactionCount {
			return ReactionCount{count.Emoji, int(count.Count), count.Mine}
		}),
		Files:     each(message.Files, attachmentOf),
		Streaming: message.Streaming,
		Actions:   each(message.Actions, actionOf),
	}
}

func actionOf(action mesh_bot_types.Action) Action {
	style := Style(action.Style)
	if style == "plain" {
		style = Plain
	}
	return Action{action.Id, action.Label, style, action.Value.SomeOr("")}
}

func (action Action) wit() mesh_bot_types.Action {
	style := string(action.Style)
	if action.Style == Plain {
		style = "plain"
	}
	return mesh_bot_types.Action{Id: action.ID, Label: action.Label, Style: style, Value: some(action.Value)}
}

func attachmentOf(file mesh_bot_types.Attachment) Attachment {
	return Attachment{file.Id, file.Name, file.MediaType, int64(file.Size)}
}

func messagePageOf(page mesh_bot_messages.MessagePage) Page[Message] {
	return pageOf(page.Messages, page.NextCursor, messageOf)
}

func memberOf(member mesh_bot_types.Member) Member {
	return Member{member.Id, actorOf(member.Actor), member.Handle, member.Role, timeOf(member.JoinedAt)}
}

func roomOf(room mesh_bot_types.Room) Room {
	return Room{
		ID:          room.Id,
		MeshID:      room.MeshId,
		Name:        room.Name,
		Slug:        room.Slug,
		Purpose:     room.Purpose,
		Kind:        room.Kind,
		JoinRule:    room.JoinRule,
		Archived:    room.Archived,
		MyRole:      room.MyRole.SomeOr(""),
		MemberCount: int(room.MemberCount),
	}
}

func roomMemberOf(member mesh_bot_types.RoomMember) RoomMember {
	return RoomMember{member.RoomId, memberOf(member.Member), member.RoomRole}
}

func threadOf(thread mesh_bot_types.Thread) Thread {
	return Thread{
		ID:          thread.Id,
		RoomID:      thread.RoomId,
		RootID:      thread.RootId,
		Title:       thread.Title,
		Resolved:    thread.Resolved,
		Locked:      thread.Locked,
		ReplyCount:  int(thread.ReplyCount),
		LastReplyAt: optionalTimeOf(thread.LastReplyAt),
	}
}

func fileOf(file mesh_bot_files.File) File {
	return File{file.Id, file.RoomId, file.Name, file.MediaType, int64(file.Size), timeOf(file.CreatedAt)}
}

// fieldsOf orders the fields, so that the same header is always the same request.
func fieldsOf(header Header) []wit.Tuple2[string, string] {
	var fields []wit.Tuple2[string, string]
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			fields = append(fields, wit.Tuple2[string, string]{F0: name, F1: value})
		}
	}
	return fields
}

func headerOf(fields []wit.Tuple2[string, string]) Header {
	header := make(Header, len(fields))
	for _, field := range fields {
		header[field.F0] = append(header[field.F0], field.F1)
	}
	return header
}

func eventOf(event mesh_bot_handler.Event) Event {
	return Event{event.Stream, event.Seq, timeOf(event.At), actorOf(event.Actor), payloadOf(event.Payload)}
}

func payloadOf(payload mesh_bot_handler.Payload) Payload {
	switch payload.Tag() {
	case mesh_bot_handler.Payload_MessageCreated:
		return MessageCreated{messageOf(payload.MessageCreated())}
	case mesh_bot_handler.Payload_MessageCompleted:
		return MessageCompleted{messageOf(payload.MessageCompleted())}
	case mesh_bot_handler.Payload_MessageActed:
		return MessageActed{pressOf(payload.MessageActed())}
	case mesh_bot_handler.Payload_MessageEdited:
		return MessageEdited{messageOf(payload.MessageEdited())}
	case mesh_bot_handler.Payload_MessageDeleted:
		deletion := payload.MessageDeleted()
		return MessageDeleted{deletion.RoomId, deletion.MessageIds}
	case mesh_bot_handler.Payload_ReactionAdded:
		reaction := payload.ReactionAdded()
		return ReactionAdded{reaction.RoomId, reaction.MessageId, reaction.Emoji}
	case mesh_bot_handler.Payload_ReactionRemoved:
		reaction := payload.ReactionRemoved()
		return ReactionRemoved{reaction.RoomId, reaction.MessageId, reaction.Emoji}
	case mesh_bot_handler.Payload_ThreadChanged:
		return ThreadChanged{threadOf(payload.ThreadChanged())}
	case mesh_bot_handler.Payload_RoomMemberJoined:
		return RoomMemberJoined{roomMemberOf(payload.RoomMemberJoined())}
	case mesh_bot_handler.Payload_RoomMemberLeft:
		departure := payload.RoomMemberLeft()
		return RoomMemberLeft{departure.RoomId, departure.MemberId, departure.Reason}
	case mesh_bot_handler.Payload_RoomOpened:
		return RoomOpened{roomOf(payload.RoomOpened())}
	case mesh_bot_handler.Payload_RoomClosed:
		closing := payload.RoomClosed()
		return RoomClosed{closing.RoomId, closing.Reason}
	case mesh_bot_handler.Payload_CommandInvoked:
		return CommandInvoked{commandOf(payload.CommandInvoked())}
	case mesh_bot_handler.Payload_ApprovalDecided:
		return ApprovalDecided{decisionOf(payload.ApprovalDecided())}
	case mesh_bot_handler.Payload_TimerFired:
		firing := payload.TimerFired()
		return TimerFired{Firing{
			TimerID: firing.TimerId,
			RoomID:  firing.RoomId.SomeOr(""),
			DueAt:   timeOf(firing.DueAt),
			Data:    json.RawMessage(firing.Data),
		}}
	case mesh_bot_handler.Payload_BotCalled:
		question := payload.BotCalled()
		return BotCalled{Call{
			ID:       question.CallId,
			Method:   question.Method,
			Input:    json.RawMessage(question.Input),
			Hops:     int(question.Hops),
			Deadline: timeOf(question.Deadline),
		}}
	case mesh_bot_handler.Payload_BotConfigChanged:
		return ConfigChanged{}
	case mesh_bot_handler.Payload_BotGrantsChanged:
		return GrantsChanged{}
	case mesh_bot_handler.Payload_Gap:
		gap := payload.Gap()
		return Gap{gap.Stream, gap.FromSeq, gap.ToSeq}
	default:
		other := payload.Other()
		return Other{other.Name, json.RawMessage(other.Data)}
	}
}

func pressOf(press mesh_bot_handler.Press) Press {
	pressed := Press{
		Message: messageOf(press.Message),
		Action:  press.ActionId,
		Value:   press.Value.SomeOr(""),
		Hops:    int(press.Hops),
	}
	if press.Values.IsSome() {
		pressed.Values = json.RawMessage(press.Values.Some())
	}
	return pressed
}

func commandOf(invocation mesh_bot_handler.Invocation) Command {
	command := Command{
		Name:        invocation.Command,
		Text:        invocation.Text,
		RoomID:      invocation.RoomId,
		ReplyHandle: invocation.ReplyHandle,
		Hops:        int(invocation.Hops),
	}
	if invocation.Arguments.IsSome() {
		command.Arguments = json.RawMessage(invocation.Arguments.Some())
	}
	return command
}

func decisionOf(decision mesh_bot_handler.Decision) Decision {
	return Decision{
		ApprovalID: decision.ApprovalId,
		RoomID:     decision.RoomId.SomeOr(""),
		Operation:  decision.Operation.SomeOr(""),
		State:      decision.State,
		Choice:     decision.Choice.SomeOr(""),
		Status:     int(decision.Status.SomeOr(0)),
	}
}
