"""A real HTTP server for tests, in a process of its own, well-behaved or not as the path says.

with http_server() as url:
    ...  # url is http://127.0.0.1:PORT

/echo                the request as JSON: method, path, headers (pairs), body, peer (its port)
/bytes/N             N bytes, with Content-Length
/chunked/N/SIZE      N chunks of SIZE bytes, without
/slow/N/MS           N chunks "chunk 0\\n"..., one each MS milliseconds, without Content-Length
/status/N            that status, its number as the body
/redirect/N          N redirects, then /echo; /redirect/N/STATUS with that status
/redirect-to?url=U   one redirect to U
/gzip/N /deflate/N /raw-deflate/N    N bytes, encoded
/claims/ENCODING     plain bytes under that Content-Encoding
/cut/SENT/OF         Content-Length OF, SENT bytes, and the connection closes
/gather/N            answers when N such requests are there
/stall-headers       reads the request and never answers
/stall-body/N        headers, N bytes of more, and nothing further
/flaky/KEY/N         closes the connection without an answer N times, then "attempt N+1"
/stats               JSON: the most requests it ever served at once
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import os
import socket
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from aiohttp import web

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

PATTERN = bytes(range(256))


def pattern(size: int) -> bytes:
    """The bytes that /bytes, /gzip and their like send."""
    return (PATTERN * (size // len(PATTERN) + 1))[:size]


@contextmanager
def http_server() -> Iterator[str]:
    """The server; gives its base URL, without a slash at the end."""
    with subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()  # the server ends with its input, so also with a killed parent
            process.wait(60)


routes = web.RouteTableDef()
attempts: Counter[str] = Counter()


@dataclass
class Load:
    now: int = 0
    most: int = 0


load = Load()


def number(request: web.Request, name: str) -> int:
    return int(request.match_info[name])


def transport(request: web.Request) -> asyncio.Transport:
    assert isinstance(request.transport, asyncio.Transport)
    return request.transport


@routes.route("*", "/echo")
async def echo(request: web.Request) -> web.Response:
    body = await request.read()
    return web.json_response(
        {
            "method": request.method,
            "path": request.raw_path,
            "headers": [[name, value] for name, value in request.headers.items()],
            "body": body.decode("latin-1"),
            "peer": transport(request).get_extra_info("peername")[1],
        },
        headers={"X-Server": "tests"},
    )


@routes.get("/bytes/{size}")
async def sized(request: web.Request) -> web.Response:
    return web.Response(body=pattern(number(request, "size")))


@routes.get("/chunked/{count}/{size}")
async def chunked(request: web.Request) -> web.StreamResponse:
    return await stream(request, [b"x" * number(request, "size")] * number(request, "count"), 0)


@routes.get("/slow/{count}/{pause}")
async def slow(request: web.Request) -> web.StreamResponse:
    chunks = [b"chunk %d\n" % i for i in range(number(request, "count"))]
    return await stream(request, chunks, number(request, "pause") / 1000)


async def stream(request: web.Request, chunks: list[bytes], pause: float) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for chunk in chunks:
        await response.write(chunk)
        await asyncio.sleep(pause)
    await response.write_eof()
    return response


@routes.route("*", "/status/{status}")
async def status(request: web.Request) -> web.Response:
    code = number(request, "status")
    return web.Response(status=code, text=None if code in (204, 304) else str(code))


@routes.route("*", "/redirect/{count}")
@routes.route("*", "/redirect/{count}/{status}")
async def redirect(request: web.Request) -> web.Response:
    left = number(request, "count")
    code = request.match_info.get("status", "302")
    target = "/echo" if left <= 1 else f"/redirect/{left - 1}/{code}"
    return web.Response(status=int(code), headers={"Location": target}, text="elsewhere")


@routes.get("/redirect-to")
async def redirect_to(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": request.query["url"]})


@routes.get("/gzip/{size}")
async def gzipped(request: web.Request) -> web.Response:
    body = gzip.compress(pattern(number(request, "size")))
    return web.Response(body=body, headers={"Content-Encoding": "gzip"})


@routes.get("/deflate/{size}")
async def deflated(request: web.Request) -> web.Response:
    body = zlib.compress(pattern(number(request, "size")))
    return web.Response(body=body, headers={"Content-Encoding": "deflate"})


@routes.get("/raw-deflate/{size}")
async def deflated_raw(request: web.Request) -> web.Response:
    body = zlib.compress(pattern(number(request, "size")), wbits=-zlib.MAX_WBITS)
    return web.Response(body=body, headers={"Content-Encoding": "deflate"})


@routes.get("/claims/{encoding}")
async def claims(request: web.Request) -> web.Response:
    encoding = request.match_info["encoding"]
    return web.Response(body=b"plain bytes", headers={"Content-Encoding": encoding})


@routes.get("/cut/{sent}/{size}")
async def cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": request.match_info["size"]})
    await response.prepare(request)
    await response.write(pattern(number(request, "sent")))
    return hang_up(request)


gathered: list[asyncio.Future[None]] = []


@routes.get("/gather/{count}")
async def gather(request: web.Request) -> web.Response:
    mine = asyncio.get_running_loop().create_future()
    gathered.append(mine)
    if len(gathered) == number(request, "count"):
        for waiting in gathered:
            waiting.set_result(None)
        gathered.clear()
    await mine
    return web.Response(text="all are there")


@routes.route("*", "/stall-headers")
async def stall_headers(request: web.Request) -> NoReturn:
    await request.read()
    await stall()


@routes.get("/stall-body/{sent}")
async def stall_body(request: web.Request) -> NoReturn:
    size = number(request, "sent")
    response = web.StreamResponse(headers={"Content-Length": str(size + 1)})
    await response.prepare(request)
    await response.write(pattern(size))
    await stall()


async def stall() -> NoReturn:
    await asyncio.sleep(3600)
    raise AssertionError("nobody waits for an hour")


@routes.route("*", "/flaky/{key}/{count}")
async def flaky(request: web.Request) -> web.Response:
    await request.read()
    key = request.match_info["key"]
    attempts[key] += 1
    if attempts[key] <= number(request, "count"):
        hang_up(request)
    return web.Response(text=f"attempt {attempts[key]}")


@routes.get("/stats")
async def stats(request: web.Request) -> web.Response:
    return web.json_response({"most": load.most})


def hang_up(request: web.Request) -> NoReturn:
    transport(request).close()
    raise asyncio.CancelledError


@web.middleware
async def counting(request: web.Request, handler: Handler) -> web.StreamResponse:
    load.now += 1
    load.most = max(load.most, load.now)
    try:
        return await handler(request)
    finally:
        load.now -= 1


async def main() -> None:
    logging.disable()  # clients that go away are what is tested
    app = web.Application(middlewares=[counting], client_max_size=1 << 30)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    await web.SockSite(runner, listener, backlog=4096).start()
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)  # at once, with requests in the middle


if __name__ == "__main__":
    asyncio.run(main())
