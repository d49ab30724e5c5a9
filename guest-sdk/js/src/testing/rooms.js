import { paged } from "./paged.js";

export function rooms(state) {
  return {
    list: state.gated("room.read", "room.list", (page) => {
      const { items, nextCursor } = paged(state.rooms, page);
      return { rooms: items, nextCursor };
    }),
    get: state.gated("room.read", "room.get", (id) => state.find(state.rooms, id)),
    create: state.gated("room.create", "room.create", (room) => state.newRoom({ ...room, myRole: "owner" })),
    join: state.gated("room.join", "room.join", (id) => {
      state.find(state.rooms, id).myRole ??= "participant";
    }),
    leave: state.gated("room.read", "room.leave", (id) => {
      state.find(state.rooms, id).myRole = null;
    }),
    // Everybody is in every room.
    roomMemberList: state.gated("room.read", "room_member.list", (id, page) => {
      const { id: roomId } = state.find(state.rooms, id);
      const { items, nextCursor } = paged(state.members, page);
      return { members: items.map((member) => inRoom(roomId, member)), nextCursor };
    }),
    roomMemberAdd: state.gated("room.invite", "room_member.add", (id, member) =>
      inRoom(state.find(state.rooms, id).id, state.find(state.members, member)),
    ),
    roomMemberRemove: state.gated("room.moderate", "room_member.remove", (id, member) => {
      state.find(state.rooms, id);
      state.find(state.members, member);
    }),
  };
}

function inRoom(roomId, member) {
  return { roomId, member, roomRole: "participant" };
}
