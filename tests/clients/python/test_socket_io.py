"""The reference client of Socket.IO in Python, with what its users do."""

import asyncio
import signal
import unittest

import socketio
from mesh import Mesh

WAYS = [["polling"], ["websocket"], None]


class Follower:
    """Follows one room by the rule of the guide and remembers what it saw."""

    def __init__(self, mesh):
        self.mesh, self.last, self.seen = mesh, 0, []
        self.grew, self.ready, self.notice = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.client = socketio.AsyncClient(reconnection_delay=0.05, reconnection_delay_max=0.2)
        self.client.on("*", self.hear)
        self.client.on("ready", self.be_ready)
        self.client.on("server.notice", self.be_warned)
        self.client.on("replay", self.replay)

    async def connect(self, transports):
        def auth():
            return {"token": self.mesh.token, "protocol": 1, "streams": {self.mesh.stream: self.last}}

        await self.client.connect(self.mesh.url, auth=auth, transports=transports)
        await asyncio.wait_for(self.ready.wait(), 10)

    async def be_ready(self, _):
        self.ready.set()

    async def be_warned(self, problem):
        assert problem["code"] == "maintenance"
        self.notice.set()

    async def hear(self, _, event):
        self.handle(event)

    async def replay(self, stretch):
        for event in stretch["events"]:
            self.handle(event)
        return "done"

    def handle(self, event):
        if event["stream"] != self.mesh.stream or event["seq"] is None or event["seq"] <= self.last:
            return
        assert event["seq"] == self.last + 1, "nothing is skipped"
        self.last = event["seq"]
        self.seen.append(event)
        self.grew.set()

    async def until(self, seq):
        while self.last < seq:
            self.grew.clear()
            await asyncio.wait_for(self.grew.wait(), 20)


class SocketIo(unittest.IsolatedAsyncioTestCase):
    async def test_asks_and_hears(self):
        async with Mesh() as mesh:
            for transports in WAYS:
                with self.subTest(transports):
                    follower = Follower(mesh)
                    await follower.connect(transports)
                    fields = {"room_id": mesh.room, "text": f"by {transports}"}
                    answer = await follower.client.call("message.post", fields, timeout=5)
                    self.assertEqual((answer["ok"], answer["status"]), (True, 201))
                    await follower.until(answer["data"]["seq"])
                    self.assertEqual(follower.seen[-1]["data"], answer["data"])
                    for name, fields, code in [
                        ("message.post", {"room_id": mesh.room, "text": ""}, "validation_failed"),
                        ("no.such", {}, "not_found"),
                        ("message.post", {"room_id": mesh.room, "text": b"bytes"}, "bad_request"),
                    ]:
                        answer = await follower.client.call(name, fields, timeout=5)
                        self.assertEqual((answer["ok"], answer["error"]["code"]), (False, code))
                    await follower.client.disconnect()

    async def test_who_proves_nothing_is_told_why(self):
        async with Mesh() as mesh:
            refused = asyncio.get_running_loop().create_future()
            client = socketio.AsyncClient(reconnection=False)
            client.on("connect_error", lambda problem: refused.set_result(problem))
            with self.assertRaises(socketio.exceptions.ConnectionError):
                await client.connect(mesh.url, auth={"token": "mst_nobody"})
            problem = await asyncio.wait_for(refused, 5)
            self.assertEqual(problem["data"]["code"], "unauthenticated")

    async def test_goes_on_where_it_was(self):
        async with Mesh() as mesh:
            for number in [signal.SIGKILL, signal.SIGTERM]:
                for transports in WAYS:
                    with self.subTest(f"{number!r} {transports}"):
                        follower = Follower(mesh)
                        await follower.connect(transports)
                        for n in range(120):
                            await mesh.post(str(n))
                        await mesh.end(number)
                        if number == signal.SIGTERM:
                            await asyncio.wait_for(follower.notice.wait(), 5)
                        await mesh.run()
                        for n in range(10):
                            await mesh.post(f"after {n}")
                        events = await mesh.call("GET", f"/rooms/{mesh.room}/events?limit=1")
                        await follower.until(events["head_seq"])
                        self.assertEqual([one["seq"] for one in follower.seen], list(range(1, events["head_seq"] + 1)))
                        await follower.client.disconnect()


if __name__ == "__main__":
    unittest.main()
