from pathlib import Path
from typing import final

from ..evidence import Area, Layout, Spill
from ..faults import Damage
from ..types import LogRecord, User
from .values import Message

def layouts(revision: str) -> tuple[Layout, ...]: ...

@final
class Trial:
    def __init__(
        self,
        *,
        label: str,
        path: Path,
        entry: str,
        revision: str,
        items: dict[str, str],
        keep_mapped: bool,
        has_synchronous: bool,
        place: int,
    ) -> None: ...
    @property
    def code(self) -> int | None: ...
    def init(self, *, version: int = 0, signature: int = 0, size: int = 0) -> int: ...
    def slots(self) -> dict[str, tuple[int, bool]]: ...
    def changes(self) -> list[Damage]: ...
    def place(
        self,
        callback: str,
        message: Message | None,
        *,
        status: int = 0,
        user: User | None = None,
        type: int = 0,
        config: bytes | None = None,
        message_at: int = 0,
        params_at: int = 0,
        addresses_at: int = 0,
        read_only: bool = False,
    ) -> None: ...
    def call(self) -> int | None: ...
    def seal(self) -> None: ...
    def areas(self, most: int = 64) -> list[Area]: ...
    def spill(self, *, of_struct: bool = False) -> Spill | None: ...
    def cleanup(self) -> int: ...
    def close(self) -> bool: ...
    def logs(self) -> list[LogRecord]: ...
    def sent(self) -> list[Message]: ...
