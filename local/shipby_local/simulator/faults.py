"""Faults on request: armed by the control API, fired by the code they break."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shipby_local.simulator.model import Fault
from shipby_local.simulator.world import World

KINDS: Final = {
    "http_error": "answers `status` (429 with Retry-After, 5xx, ...) and does nothing",
    "timeout_after_success": "does the work, waits `seconds`, then closes the connection without an answer",
    "timeout_before": "does nothing, waits `seconds`, then closes the connection without an answer",
    "slow": "waits `seconds`, then answers",
    "label_never_ready": "the posting's label stays unready",
    "label_bad_posting": "the posting fails in every label batch, the others print",
    "label_refused_as_error": "creating labels of unready postings answers 400 instead of listing them as unprinted",
    "label_task_error": "the label job ends with status error",
    "ship_fails": "an accepted assembly ends as substatus ship_failed",
    "cancel_races_ship": "the buyer cancels between an accepted assembly and its effect",
}


@dataclass(slots=True)
class FaultBook:
    """All armed faults. Call it inside `world.change()`."""

    world: World

    def arm(self, fault: Fault) -> Fault:
        """Arms a fault. Raises ValueError for an unknown kind."""
        if fault.kind not in KINDS:
            raise ValueError(f"unknown fault kind {fault.kind!r}; known: {', '.join(sorted(KINDS))}")
        return self.world.faults.put(fault)

    def take(self, kinds: set[str], *, method: str = "", client_id: str = "", text: str = "") -> Fault | None:
        """The first armed fault that matches; it is used up by one. `text` is searched for its posting number."""
        for fault in self.world.faults.all():
            if fault.kind not in kinds or fault.left == 0:
                continue
            if fault.method and fault.method != method:
                continue
            if fault.client_id and fault.client_id != client_id:
                continue
            if fault.posting_number and fault.posting_number not in text:
                continue
            if fault.left > 0:
                fault.left -= 1
            fault.fired += 1
            return self.world.faults.put(fault)
        return None

    def fires(self, kind: str, *, posting: str, client_id: str) -> bool:
        """Whether a fault of this kind hits this posting now."""
        return self.take({kind}, client_id=client_id, text=posting) is not None
