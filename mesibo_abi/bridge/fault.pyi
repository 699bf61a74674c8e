from typing import ClassVar, final

from ..evidence import Fault

@final
class FaultRecord:
    SIZE: ClassVar[int]
    def __init__(self, file: int = -1, offset: int = 0) -> None: ...
    def watch(self) -> None: ...
    def found(self) -> Fault | None: ...
