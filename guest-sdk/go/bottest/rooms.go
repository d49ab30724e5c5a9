package bottest

import "the-mesh.dev/bot"

// room is the room of this name, which is made if it is not there.
func (w *world) room(name string) bot.Room {
	defer w.lock()()
	for _, room := range w.rooms {
		if room.Name == name {
			return *room
		}
	}
	return w.newRoom(bot.NewRoom{Name: name, Slug: name, JoinRule: "public"}, "participant")
}

func (w *world) newRoom(wanted bot.NewRoom, role string) bot.Room {
	slug := wanted.Slug
	if slug == "" {
		slug = wanted.Name
	}
	room := &bot.Room{
		ID:          w.id("room"),
		MeshID:      "mesh_1",
		Name:        wanted.Name,
		Slug:        slug,
		Purpose:     wanted.Purpose,
		Kind:        "chat",
		JoinRule:    wanted.JoinRule,
		MyRole:      role,
		MemberCount: 2,
	}
	w.rooms = append(w.rooms, room)
	return *room
}

func (w *world) findRoom(id string) (*bot.Room, error) {
	for _, room := range w.rooms {
		if room.ID == id {
			return room, nil
		}
	}
	return nil, &bot.NotFoundError{What: id}
}

// inside is a room that the bot is in.
func (w *world) inside(id string) (*bot.Room, error) {
	room, err := w.findRoom(id)
	if err == nil && room.MyRole == "" {
		return nil, &bot.NotFoundError{What: id}
	}
	return room, err
}

func (w *world) RoomList(page bot.PageRequest) (bot.Page[bot.Room], error) {
	defer w.lock()()
	if err := w.permit("room.read"); err != nil {
		return bot.Page[bot.Room]{}, err
	}
	var rooms []bot.Room
	for _, room := range w.rooms {
		rooms = append(rooms, *room)
	}
	return paged(rooms, page)
}

func (w *world) RoomGet(id string) (bot.Room, error) {
	defer w.lock()()
	if err := w.permit("room.read"); err != nil {
		return bot.Room{}, err
	}
	room, err := w.findRoom(id)
	if err != nil {
		return bot.Room{}, err
	}
	return *room, nil
}

func (w *world) RoomCreate(room bot.NewRoom) (bot.Room, error) {
	defer w.lock()()
	if err := w.permit("room.create"); err != nil {
		return bot.Room{}, err
	}
	return w.newRoom(room, "owner"), nil
}

func (w *world) RoomJoin(id string) error { return w.enter("room.join", id, "participant") }

func (w *world) RoomLeave(id string) error { return w.enter("room.read", id, "") }

// enter gives the bot a role in a room, or none.
func (w *world) enter(permission, id, role string) error {
	defer w.lock()()
	if err := w.permit(permission); err != nil {
		return err
	}
	room, err := w.findRoom(id)
	if err != nil {
		return err
	}
	room.MyRole = role
	return nil
}

// RoomMemberList says that everybody is in every room.
func (w *world) RoomMemberList(id string, page bot.PageRequest) (bot.Page[bot.RoomMember], error) {
	defer w.lock()()
	if err := w.permit("room.read"); err != nil {
		return bot.Page[bot.RoomMember]{}, err
	}
	if _, err := w.findRoom(id); err != nil {
		return bot.Page[bot.RoomMember]{}, err
	}
	var members []bot.RoomMember
	for _, member := range w.members {
		members = append(members, bot.RoomMember{RoomID: id, Member: member, RoomRole: "participant"})
	}
	return paged(members, page)
}

func (w *world) RoomMemberAdd(id, member string) (bot.RoomMember, error) {
	defer w.lock()()
	if err := w.permit("room.invite"); err != nil {
		return bot.RoomMember{}, err
	}
	if _, err := w.findRoom(id); err != nil {
		return bot.RoomMember{}, err
	}
	for _, known := range w.members {
		if known.ID == member {
			return bot.RoomMember{RoomID: id, Member: known, RoomRole: "participant"}, nil
		}
	}
	return bot.RoomMember{}, &bot.NotFoundError{What: member}
}

func (w *world) RoomMemberRemove(id, member string) error {
	defer w.lock()()
	if err := w.permit("room.moderate"); err != nil {
		return err
	}
	_, err := w.findRoom(id)
	return err
}
