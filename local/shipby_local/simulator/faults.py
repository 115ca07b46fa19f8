"""Faults on request: armed by the control API, fired by the code they break."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from shipby_local.simulator.model import Fault
from shipby_local.simulator.words import Json
from shipby_local.simulator.world import World

KINDS: Final = {
    "http_error": "answers `status` (429 with Retry-After, 5xx, ...) and does nothing",
    "timeout_after_success": "does the work, waits `seconds`, then closes the connection without an answer",
    "timeout_before": "does nothing, waits `seconds`, then closes the connection without an answer",
    "odd_entry": "the entry of the answer that names the posting (without one: the first entry of a list) has {} where"
    " its field `message` should be (default: status)",
    "slow": "waits `seconds`, then answers",
    "label_never_ready": "the posting's label stays unready",
    "label_bad_posting": "the posting fails in every label batch, the others print",
    "label_refused_as_error": "creating labels of unready postings answers 400 instead of listing them as unprinted;"
    " 409 with `status` 409",
    "label_task_error": "the label job ends with status error",
    "label_foreign_page": "a page of another posting of the seller follows the posting's pages",
    "label_double_page": "the posting's pages come twice",
    "label_swapped_pages": "the file's pages come in the opposite order",
    "label_mismatch_page": "the page shows the posting's number and the barcodes of another posting",
    "label_unreadable_page": "a page of a new layout: blurred codes, no text; it names nobody",
    "label_missing_page": "the posting counts as printed, its pages are not in the file",
    "label_not_a_pdf": "the file is a page of HTML, with 200",
    "label_broken_pdf": "the file begins like a PDF and is none",
    "label_scripted_pdf": "the PDF carries JavaScript, an action on opening and an attachment",
    "label_file_not_ready": "`file_url` answers 200 with the JSON of a refusal",
    "label_file_expired": "`file_url` answers 404, or `status` 403 or 410",
    "carriage_approve_timeout_after_success": "`timeout_after_success` of /v1/carriage/approve",
    "carriage_document_not_ready": "the carriage's documents and barcode are still being made",
    "carriage_document_as_json": "a carriage's PDF or PNG comes as JSON with base64, as its schema draws it",
    "posting_dropped_from_carriage": "the posting is left out of its carriage when that is approved",
    "ship_fails": "an accepted assembly ends as substatus ship_failed",
    "cancel_races_ship": "the buyer cancels between an accepted assembly and its effect",
}
_SHORT: Final = {"carriage_approve_timeout_after_success": ("timeout_after_success", "/v1/carriage/approve")}
"""Names for a general fault of one method."""


@dataclass(slots=True)
class FaultBook:
    """All armed faults. Call it inside `world.change()`."""

    world: World

    def arm(self, fault: Fault) -> Fault:
        """Arms a fault. Raises ValueError for an unknown kind."""
        if fault.kind not in KINDS:
            raise ValueError(f"unknown fault kind {fault.kind!r}; known: {', '.join(sorted(KINDS))}")
        fault.kind, fault.method = _SHORT.get(fault.kind, (fault.kind, fault.method))
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

    def spoil(self, answer: Json, *, method: str, client_id: str) -> Json:
        """The answer as an armed `odd_entry` has it, which is used up by one; as it is where none is armed."""
        if not self.armed("odd_entry", client_id=client_id):
            return answer
        text = json.dumps(answer, ensure_ascii=False)
        fault = self.take({"odd_entry"}, method=method, client_id=client_id, text=text)
        changed: Json = json.loads(text)
        if fault is not None and (entry := _entry(changed, fault.posting_number)) is not None:
            entry[fault.message or "status"] = {}
        return changed

    def armed(self, kind: str, *, client_id: str) -> bool:
        """Whether a fault of this kind waits for this seller; it is not used up."""
        return any(
            fault.kind == kind and fault.left and fault.client_id in {"", client_id}
            for fault in self.world.faults.all()
        )


def _entry(value: Any, number: str, *, listed: bool = False) -> dict[str, Any] | None:
    """The first object that names the posting, or without one the first that stands in a list."""
    if isinstance(value, dict):
        if value.get("posting_number") == number if number else listed:
            return value
        inner = [(item, False) for item in value.values()]
    else:
        inner = [(item, True) for item in value] if isinstance(value, list) else []
    return next((found for item, of_list in inner if (found := _entry(item, number, listed=of_list))), None)
