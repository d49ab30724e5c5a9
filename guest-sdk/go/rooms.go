package bot

import "iter"

// NewRoom is a room to be made.
type NewRoom struct {
	Name string
	// Slug and Purpose may be empty.
	Slug, Purpose string
	// JoinRule is public, request or private.
	JoinRule string
}

// Rooms of the mesh, and who is in them; see [Mesh].
type Rooms struct{ host host }

// List gives the rooms that this bot can see. Needs room.read.
func (s Rooms) List(size ...PageSize) iter.Seq2[Room, error] { return pages(size, s.host.RoomList) }

// Get gives one room. Needs room.read.
func (s Rooms) Get(room string) (Room, error) { return s.host.RoomGet(room) }

// Create makes a room, which the bot then owns. Needs room.create.
func (s Rooms) Create(room NewRoom) (Room, error) { return s.host.RoomCreate(room) }

// Join goes into a room. Needs room.join.
func (s Rooms) Join(room string) error { return s.host.RoomJoin(room) }

// Leave leaves a room. Needs room.read.
func (s Rooms) Leave(room string) error { return s.host.RoomLeave(room) }

// Members says who is in a room. Needs room.read.
func (s Rooms) Members(room string, size ...PageSize) iter.Seq2[RoomMember, error] {
	return pages(size, func(page PageRequest) (Page[RoomMember], error) { return s.host.RoomMemberList(room, page) })
}

// AddMember brings a member of the mesh into a room. Needs room.invite.
func (s Rooms) AddMember(room, member string) (RoomMember, error) {
	return s.host.RoomMemberAdd(room, member)
}

// RemoveMember takes a member out of a room. Needs room.moderate.
func (s Rooms) RemoveMember(room, member string) error { return s.host.RoomMemberRemove(room, member) }

// Events gives the events of a room after a position, oldest first, as the operation room_event.list answers. Needs
// message.read.
func (s Rooms) Events[T any](room string, after uint64, limit int) (T, error) {
	events, err := s.host.RoomEventList(room, after, limit)
	return answer[T]("room_event.list", events, err)
}

// Members are the people and bots of the mesh; see [Mesh]. All of it needs member.read.
type Members struct{ host host }

// List gives everyone whom this bot can see.
func (s Members) List(size ...PageSize) iter.Seq2[Member, error] {
	return pages(size, s.host.MemberList)
}

// Get gives one member.
func (s Members) Get(member string) (Member, error) { return s.host.MemberGet(member) }
