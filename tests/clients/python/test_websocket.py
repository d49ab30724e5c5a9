"""The cases of the Autobahn test suite against the WebSockets of this server."""

import asyncio
import os
import unittest

from kosoku import FailureError, run_fuzzingclient

ECHO = os.environ.get("MESH_ECHO", "target/debug/examples/echo")
# Messages and frames beyond the 256 KiB that this server takes, and compression, which it does not offer.
BEYOND = ["9.1.3", "9.1.4", "9.1.5", "9.1.6", "9.2.3", "9.2.4", "9.2.5", "9.2.6", "9.3.*", "9.4.*"]
BEYOND += ["9.5.*", "9.6.*", "12.*", "13.*"]


class WebSocket(unittest.IsolatedAsyncioTestCase):
    async def test_autobahn(self):
        echo = await asyncio.create_subprocess_exec(ECHO, stdout=asyncio.subprocess.PIPE)
        try:
            address = (await echo.stdout.readline()).decode().strip()
            try:
                results = await run_fuzzingclient(f"ws://{address}/", exclude_cases=BEYOND, concurrency=8)
            except FailureError as failure:
                self.fail("\n".join(f"{one}" for one in failure.results))
            self.assertGreater(len(results), 200)
        finally:
            echo.kill()
            await echo.wait()


if __name__ == "__main__":
    unittest.main()
