from typing import final

@final
class Exchange:
    # Which of these it has is for its kind to say: "http", "fastcgi" or "socket".
    @property
    def kind(self) -> str: ...
    here: bool
    host: str
    port: int
    keepalive: bool
    params: dict[str, str]
    stdin: bytes
    number: int
    ws_protocol: str | None
    verify_host: bool
    url: str
    post: bytes | None
    proxy: str | None
    content_type: str | None
    extra_header: str | None
    user_agent: str | None
    referrer: str | None
    origin: str | None
    cookie: str | None
    encoding: str | None
    cache_control: str | None
    accept: str | None
    etag: str | None
    ims: int
    maxredirects: int
    conn_timeout: int
    header_timeout: int
    body_timeout: int
    total_timeout: int
    retries: int
    synchronous: bool
    @property
    def cancelled(self) -> bool: ...
    def sent(self, body: bool) -> bool: ...
    def headers(self, status: int, content_type: str, raw: bytes) -> bool: ...
    def body(self, data: bytes, progress: int) -> bool: ...
    def fail(self, reason: str) -> bool: ...
    def backlog(self) -> int: ...
    def pause(self, size: int) -> bool: ...
    def done(self, body: bytes) -> bool: ...
    def connected(self, fd: int) -> bool: ...
    def written(self) -> bool: ...
    def data(self, chunk: bytes) -> bool: ...
    def closed(self, kind: int) -> bool: ...
