"""Requests answered by a Python callable in place of the network."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
from collections.abc import Mapping
from http import HTTPStatus

from .http_request import Plan
from .http_types import HttpHandler, HttpRequest, HttpResponse
from .transfer import Failure, Transfer

_log = logging.getLogger("mesibo_abi")
_TOKEN = re.compile(r"[!#$%&'*+\-.^`|~\w]+", re.ASCII)
_BREAKS = re.compile(r"[\r\n\0]")


class Handling:
    """Gives every request to one handler."""

    def __init__(self, handler: HttpHandler) -> None:
        self._handler = handler

    async def answer(self, transfer: Transfer, plan: Plan) -> None:
        """Asks the handler and passes its answer on. Raises Failure, or NobodyListens."""
        transfer.sent(body=True)
        response = await self._ask(plan.request)
        headers = {name.lower(): value for name, value in response.headers.items()}
        transfer.headers(response.status, headers.get("content-type", ""), _raw(response))
        transfer.body(response.body, 100)

    async def close(self) -> None:
        """There is nothing to close."""

    async def _ask(self, request: HttpRequest) -> HttpResponse:
        try:
            answer = self._handler(request)
            response = await answer if inspect.isawaitable(answer) else answer
        except BaseException as error:  # a SystemExit, too, must not end the thread of all
            if _is_cancelled(error):
                raise
            _log.error("the handler of HTTP requests failed on %s", request.url, exc_info=error)
            raise Failure(f"the handler raised {type(error).__name__}: {error}") from error
        return _checked(response)


def _is_cancelled(error: BaseException) -> bool:
    """Whether this task is being cancelled, as against a handler that raised CancelledError."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


def _checked(response: object) -> HttpResponse:
    if not isinstance(response, HttpResponse):
        found = type(response).__name__
        raise Failure(f"the handler returned {found}; expected mesibo_abi.HttpResponse")
    if not isinstance(response.body, bytes):
        found = type(response.body).__name__
        raise Failure(f"the handler's response has a body of type {found}; expected bytes")
    status: object = response.status
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 999:
        raise Failure(f"the handler's response has the status {status!r}; expected 100 to 999")
    if not isinstance(response.headers, Mapping):
        found = type(response.headers).__name__
        raise Failure(f"the handler's response has headers of type {found}; expected a mapping")
    for name, value in response.headers.items():
        _check_header(name, value)
    return response


def _check_header(name: object, value: object) -> None:
    if not isinstance(name, str) or not isinstance(value, str):
        raise Failure(f"the handler's response has a header {name!r}: {value!r}; expected str: str")
    if _TOKEN.fullmatch(name) is None:
        raise Failure(f"the handler's response has a header named {name!r}; expected a word")
    if _BREAKS.search(value) is not None:
        raise Failure(
            f"the handler's response has a header {name!r} of several lines or with a NUL: "
            f"{value!r}; expected one line"
        )


def _raw(response: HttpResponse) -> bytes:
    known = response.status in HTTPStatus.__members__.values()
    reason = HTTPStatus(response.status).phrase if known else ""
    lines = [f"HTTP/1.1 {response.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")
