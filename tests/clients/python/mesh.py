"""A server of its own for each test: the program itself, on a free port, with an empty data folder."""

import asyncio
import os
import re
import shutil
import signal
import socket
import tempfile

import aiohttp

PROGRAM = os.environ.get("MESH_PROGRAM", "target/debug/mesh")
PASSWORD = "correct horse battery staple"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Mesh:
    async def __aenter__(self):
        self.data = tempfile.mkdtemp(prefix="mesh-clients-")
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        self.http = aiohttp.ClientSession()
        self.token = None
        code = await self.run(r"\bmic_[\w-]+")
        who = {"email": "ada@example.org", "password": PASSWORD, "name": "Ada", "invite_code": code}
        self.token = (await self.call("POST", "/auth/register", who))["access_token"]
        home = await self.call("POST", "/meshes", {"name": "Home"})
        self.room = (await self.call("POST", f"/meshes/{home['id']}/rooms", {"name": "General"}))["id"]
        self.stream = f"room:{self.room}"
        return self

    async def __aexit__(self, *_):
        await self.http.close()
        await self.end(signal.SIGKILL)
        shutil.rmtree(self.data)

    async def run(self, says=r"http://"):
        """Starts the program and waits until it says this."""
        self.program = await asyncio.create_subprocess_exec(
            PROGRAM,
            "serve",
            "--listen",
            self.address,
            env={**os.environ, "MESH_DATA": self.data},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async for line in self.program.stdout:
            if said := re.search(says, line.decode()):
                return said[0]
        raise RuntimeError("the server ended early")

    async def end(self, number):
        self.program.send_signal(number)
        await self.program.wait()

    async def call(self, method, path, body=None):
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.http.request(method, f"{self.url}/api/v1{path}", json=body, headers=headers) as answer:
            assert answer.status < 300, f"{method} {path}: {answer.status} {await answer.text()}"
            return None if answer.status == 204 else await answer.json()

    async def post(self, text):
        return await self.call("POST", f"/rooms/{self.room}/messages", {"text": text})
