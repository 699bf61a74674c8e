"""The server of the trial `http`, run as a file: the least that speaks HTTP/1.1.

It prints its URL, and ends with its input.
"""

from __future__ import annotations

import asyncio
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n16 bytes of text"


class Answering(asyncio.Protocol):
    """Answers each request, which have no bodies."""

    def __init__(self) -> None:
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers as many requests as have ended."""
        *ended, self.rest = (self.rest + data).split(b"\r\n\r\n")
        if ended:
            self.transport.write(ANSWER * len(ended))


async def serve() -> None:
    """Until the input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answering, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
