from typing import ClassVar, final

from ..evidence import Fault

@final
class FaultRecord:
    SIZE: ClassVar[int]
    def __new__(cls, file: int = -1, offset: int = 0) -> FaultRecord: ...
    def watch(self) -> None: ...
    def found(self) -> Fault | None: ...
