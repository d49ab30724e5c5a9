"""Many listeners in several rooms, while people post, come and go, and the server is killed again and again: at the
end each listener has seen each event of the log exactly once and in order.

MESH_STORM is for how many seconds; `make soak` takes minutes."""

import asyncio
import contextlib
import logging
import os
import random
import signal
import time
import unittest
import uuid

import aiohttp
import socketio
from mesh import PASSWORD, Mesh

SECONDS = float(os.environ.get("MESH_STORM", "12"))
# Errors that pass by themselves.
PASSING = {"maintenance", "overloaded", "rate_limited"}
ROOMS, PEOPLE, PLAIN, SOCKET_IO = 3, 3, 8, 3


# The clients say a lot about every lost connection.
logging.getLogger("asyncio").setLevel(logging.CRITICAL)


class Listener:
    """Keeps what it saw and goes on from there, by the rule of the guide."""

    def __init__(self, mesh, token):
        self.mesh, self.token, self.last, self.seen = mesh, token, {}, {}

    def handle(self, event):
        stream, seq = event["stream"], event["seq"]
        if seq is None or seq <= self.last.get(stream, 0):
            return
        assert seq == self.last.get(stream, 0) + 1, f"{stream} {seq} after {self.last.get(stream, 0)}"
        self.last[stream] = seq
        self.seen.setdefault(stream, []).append((seq, event["type"], event["request_id"]))

    def positions(self):
        return {stream: self.last.get(stream, 0) for stream in self.mesh.streams}


class Plain(Listener):
    async def listen(self):
        while True:
            with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                url = f"{self.mesh.url}/api/v1/socket"
                async with self.mesh.http.ws_connect(url, protocols=["mesh.v1.json"]) as socket:
                    await socket.send_json({"frame": "hello", "protocol": 1, "token": self.token})
                    async for message in socket:
                        frame = message.json()
                        if frame["frame"] == "hello":
                            await socket.send_json({"frame": "resume", "streams": self.positions()})
                        elif frame["frame"] == "error":
                            assert frame["problem"]["code"] in PASSING, frame
                        elif frame["frame"] == "event" and frame["stream"] in self.mesh.streams:
                            self.handle(frame)
                        elif frame["frame"] == "resume":
                            assert not frame["expired"] and not frame["forbidden"], frame
                        elif frame["frame"] == "ping":
                            await socket.send_json({"frame": "pong"})
            await asyncio.sleep(random.uniform(0.02, 0.2))  # Reconnects back off.


class SocketIo(Listener):
    async def listen(self):
        client = socketio.AsyncClient(reconnection_delay=0.05, reconnection_delay_max=0.3)
        client.on("*", lambda _, event: self.take([event]))
        client.on("replay", lambda stretch: self.take(stretch["events"]))
        auth = lambda: {"token": self.token, "protocol": 1, "streams": self.positions()}  # noqa: E731
        await client.connect(self.mesh.url, auth=auth, retry=True)
        try:
            await client.wait()
        finally:
            await client.disconnect()

    def take(self, events):
        for event in events:
            if event.get("stream") in self.mesh.streams:
                self.handle(event)


async def repeat(call):
    """Until the server is there and answers. The key makes it one call however often it is sent."""
    while True:
        try:
            return await call()
        except (aiohttp.ClientError, ConnectionError):
            await asyncio.sleep(0.05)


async def post(mesh, token, room, text):
    headers = {"authorization": f"Bearer {token}", "idempotency-key": uuid.uuid4().hex}

    async def send():
        path = f"{mesh.url}/api/v1/rooms/{room}/messages"
        async with mesh.http.post(path, json={"text": text}, headers=headers) as answer:
            if answer.status == 429 or answer.status >= 500:
                raise aiohttp.ClientError
            assert answer.status == 201, await answer.text()

    await repeat(send)


async def come_and_go(mesh, token):
    """In and out of a room, again and again."""
    headers = {"authorization": f"Bearer {token}"}
    while True:
        for verb in ["join", "leave"]:

            async def ask(verb=verb):
                async with mesh.http.post(f"{mesh.url}/api/v1/rooms/{mesh.room}/{verb}", json={}, headers=headers) as answer:
                    if answer.status == 429 or answer.status >= 500:
                        raise aiohttp.ClientError

            await repeat(ask)


class Storm(unittest.IsolatedAsyncioTestCase):
    async def test_everybody_sees_everything_once(self):
        async with Mesh() as mesh:
            home = (await mesh.call("GET", "/meshes"))["items"][0]["id"]
            rooms = [mesh.room]
            for n in range(ROOMS - 1):
                rooms.append((await mesh.call("POST", f"/meshes/{home}/rooms", {"name": f"Room {n}"}))["id"])
            mesh.streams = {f"room:{room}" for room in rooms}
            tokens = [mesh.token]
            for n in range(PEOPLE):
                code = (await mesh.call("POST", f"/meshes/{home}/invites", {"role": "member"}))["code"]
                who = {"email": f"p{n}@example.org", "password": PASSWORD, "name": f"P{n}", "invite_code": code}
                async with mesh.http.post(f"{mesh.url}/api/v1/auth/register", json=who) as answer:
                    tokens.append((await answer.json())["access_token"])
            comer = tokens.pop()
            for token in tokens[1:]:
                headers = {"authorization": f"Bearer {token}"}
                for room in rooms:
                    async with mesh.http.post(f"{mesh.url}/api/v1/rooms/{room}/join", json={}, headers=headers) as answer:
                        assert answer.status == 200, await answer.text()
            listeners = [kind(mesh, token) for token in tokens for kind in [Plain] * PLAIN + [SocketIo] * SOCKET_IO]
            tasks = [asyncio.create_task(listener.listen()) for listener in listeners]
            tasks.append(asyncio.create_task(come_and_go(mesh, comer)))
            ends, posted, kills = time.monotonic() + SECONDS, 0, 0

            async def write(token):
                nonlocal posted
                while time.monotonic() < ends:
                    await post(mesh, token, random.choice(rooms), f"{posted}")
                    posted += 1

            async def strike():
                nonlocal kills
                while time.monotonic() < ends - 2:
                    await asyncio.sleep(random.uniform(0.5, 2.5))
                    await mesh.end(random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
                    await mesh.run()
                    kills += 1

            await asyncio.gather(strike(), *(write(token) for token in tokens))
            tasks.pop().cancel()
            log = {}
            for room in rooms:
                events, after = [], 0
                while page := (await mesh.call("GET", f"/rooms/{room}/events?after={after}&limit=200"))["items"]:
                    events += [(one["seq"], one["type"], one["request_id"]) for one in page]
                    after = events[-1][0]
                log[f"room:{room}"] = events
            deadline = time.monotonic() + 60
            while any(one.seen.get(stream) != events for one in listeners for stream, events in log.items()):
                broken = [task.exception() for task in tasks if task.done() and not task.cancelled()]
                self.assertEqual(broken, [])
                self.assertLess(time.monotonic(), deadline, "somebody misses something")
                await asyncio.sleep(0.1)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.assertGreater(kills, 2)
            count = sum(len(events) for events in log.values())
            print(f"{len(listeners)} listeners saw {count} events each over {kills} ends of the server; {posted} posts")


if __name__ == "__main__":
    unittest.main()
