"""Modules in Python: subclass `Module`, define the callbacks you want."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias, TypedDict, Unpack

from .bridge.values import Message
from .checks import as_bytes, as_text, as_word, check_callable
from .errors import Error
from .types import HttpState, MessageFields

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from .bridge.module import LoadedModule


class HttpOptions(TypedDict, total=False):
    """The options of a request (header: module_http_option_t). Times in seconds; what is left out
    is the host's default."""

    proxy: str
    content_type: str
    extra_header: str
    user_agent: str
    referrer: str
    origin: str
    cookie: str
    encoding: str
    cache_control: str
    accept: str
    etag: str
    ims: int
    maxredirects: int
    conn_timeout: int
    header_timeout: int
    body_timeout: int
    total_timeout: int
    retries: int


_TEXTS = frozenset(list(HttpOptions.__annotations__)[:11])


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer. `error` says why there is none (then `status` is 0 and the body empty);
    any status that a server gives is an answer. Header names are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    error: str | None = None

    def header(self, name: str, default: str | None = None) -> str | None:
        """The first header of that name, in any case."""
        return next((value for key, value in self.headers if key == name.lower()), default)


OnResponse: TypeAlias = Callable[[HttpAnswer], object]
OnData: TypeAlias = Callable[[HttpState, int, bytes], object]


class Module:
    """The base class of modules in Python.

    A host makes one instance a load (or takes the instance it is given) and puts it into the chain
    as a real module struct. Define any of these; what is not defined stays NULL in the struct:

        def on_message(self, message: Message) -> Result: ...
        def on_message_status(self, message: Message, status: int) -> Result | None: ...
        def on_call(self) -> Result | None: ...
        def on_call_status(self) -> Result | None: ...
        def on_login(self, user: User) -> Result | None: ...
        def on_config(self, type: int, data: bytes | None) -> Result | None: ...

    They run one at a time for a host (unless it was loaded with `thread_safe`), on the thread of
    the event, and must not block. An exception counts as MESIBO_RESULT_FAIL and comes out where the
    event came from; SystemExit and the like as the cause of a ModuleError.
    """

    flags: ClassVar[int] = 0
    """The word `flags` of the struct."""
    name: str
    """The name in the host; set before `init`."""
    config: Mapping[str, str]
    """The items of the configuration; set before `init`."""
    _loaded: LoadedModule | None = None
    _let_go: Callable[[], object] | None = None  # the host calls it when the module is closed

    def init(self) -> int | None:
        """Called once, first. Anything but 0 or None refuses the load, and so does an exception."""
        return None

    def cleanup(self) -> int | None:
        """Called once, last, when the module is closed."""
        return None

    def send(self, payload: Message | str | bytes, **fields: Unpack[MessageFields]) -> int:
        """Sends a message, as `mod->send_message`: a `Message`, or a payload and its fields.

        0: accepted. -1: refused, the reason is in the log; or what the host's send handler said.
        From any thread.
        """
        if isinstance(payload, Message) and fields:
            raise TypeError(
                f"send got a Message and fields beside it: expected one or the other, got "
                f"{', '.join(fields)} as well; pass message.replace(...)"
            )
        message = payload if isinstance(payload, Message) else Message(payload, **fields)
        return self._host_functions()._send(message)

    def rewrite(self, payload: bytes) -> None:
        """Inside `on_message`: puts these bytes in place of the message's, for the modules behind
        this one and the recipient. There must be as many. Raises ValueError otherwise."""
        if not isinstance(payload, bytes):
            raise TypeError(
                f"rewrite payload is of the wrong type: expected bytes, got {payload!r}; pass bytes"
            )
        if not self._host_functions()._rewrite(payload):
            raise ValueError(
                f"the message cannot be rewritten with {len(payload)} bytes: expected as many as "
                "it has, inside on_message; the length of a message never changes"
            )

    def log(self, text: str, level: int = 0) -> int:
        """Logs a line, as `mod->log`; levels above the item `log` are suppressed. Any thread."""
        return self._host_functions()._log(as_word("log level", level), as_text("log text", text))

    def http(
        self,
        url: str,
        post: str | Buffer | None = None,
        *,
        on_response: OnResponse | None = None,
        on_data: OnData | None = None,
        **options: Unpack[HttpOptions],
    ) -> int:
        """Starts a request, as `mod->http`, and returns at once: 0, or -1 when it is refused and no
        callback will come. A GET, or with `post` a POST. From any thread.

        `on_response` gets the whole `HttpAnswer`, also of a failure, once. `on_data` gets
        (state, progress, data) as it streams: RESPHEADER with the header bytes, RESPBODY with
        progress 1 to 99 and a last one with 100, or progress -1 for a failure; a true return value
        cancels. Both run on the host's dispatcher thread, one callback of the host at a time.
        """
        module = self._host_functions()
        if "\0" in as_text("http url", url):
            raise ValueError(f"http url has a NUL in it: got {url!r}; take it out")
        check_callable("http on_response", on_response)
        check_callable("http on_data", on_data)
        body = None if post is None else as_bytes("http post", post)
        receiver = _Receiver(on_response, on_data)
        return module._http(url, body, _checked(options), receiver)

    def _host_functions(self) -> LoadedModule:
        if self._loaded is None:
            raise Error(
                f"{type(self).__name__} called a host function before it was loaded",
                detail="expected to be in a host, it is in none yet",
                hint="do in `init` what needs the host, not in `__init__`",
            )
        return self._loaded

    def _attach(self, loaded: LoadedModule) -> int | None:
        """By the bridge, for init: from now on there are host functions."""
        self._loaded = loaded
        return self.init()


def _checked(options: Mapping[str, object]) -> dict[str, object]:
    for name, value in options.items():
        if name not in HttpOptions.__annotations__:
            raise TypeError(
                f"http has no option {name!r}: expected one of "
                f"{', '.join(HttpOptions.__annotations__)}; take it out"
            )
        wanted = str if name in _TEXTS else int
        if not isinstance(value, wanted):
            raise TypeError(
                f"http option {name!r} is of the wrong type: expected {wanted.__name__}, got "
                f"{value!r}; pass the right type"
            )
        if isinstance(value, int) and not 0 <= value < 1 << 64:
            raise OverflowError(
                f"http option {name!r} does not fit: expected 0 to 2**64 - 1, got {value}; pass a "
                "number of seconds, redirects or retries"
            )
        if isinstance(value, str) and "\0" in value:
            raise ValueError(f"http option {name!r} has a NUL in it: got {value!r}; take it out")
    return dict(options)


class _Receiver:
    """Takes the answers of one request as the bridge gives them, on the dispatcher thread."""

    # The kinds of csrc/interface/services.h: mh_answer_kind.
    _STATES = (HttpState.REQUEST, HttpState.REQBODY, HttpState.RESPHEADER, HttpState.RESPBODY)
    _HEADERS, _BODY, _FAILED = 2, 3, 4

    def __init__(self, on_response: OnResponse | None, on_data: OnData | None) -> None:
        self._on_response = on_response
        self._on_data = on_data
        self._status = 0
        self._headers: tuple[tuple[str, str], ...] = ()
        self._body: list[bytes] = []

    def __call__(self, kind: int, progress: int, status: int, data: bytes) -> object:
        if kind > self._FAILED:  # cancelled by on_data itself: it knows
            return False
        if kind == self._FAILED:
            return self._fail(data)
        if kind == self._HEADERS:
            self._status = status
            self._headers = _parse_headers(data)
        elif kind == self._BODY and self._on_response is not None:
            self._body.append(data)
        if self._on_data is not None and self._on_data(self._STATES[kind], progress, data):
            return True
        if kind == self._BODY and progress == 100 and self._on_response is not None:
            self._on_response(HttpAnswer(self._status, self._headers, b"".join(self._body)))
        return False

    def _fail(self, reason: bytes) -> bool:
        try:
            if self._on_data is not None:
                self._on_data(HttpState.RESPBODY, -1, b"")
        finally:
            if self._on_response is not None:
                error = reason.decode("utf-8", "replace") or "the module was closed"
                self._on_response(HttpAnswer(0, (), b"", error))
        return False


def _parse_headers(raw: bytes) -> tuple[tuple[str, str], ...]:
    lines = raw.decode("utf-8", "surrogateescape").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if line)
    return tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
