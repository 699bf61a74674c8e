from typing import final

from ..evidence import Fault

@final
class FaultRecord:
    def watch(self) -> None: ...
    def found(self) -> Fault | None: ...
