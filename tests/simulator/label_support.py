"""What the tests of labels and hand-over share."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pypdfium2
import zxingcpp

from shipby_local.simulator import Simulator
from tests.simulator.sim_support import Caller, eventually


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page says to a scanner and to a reader."""

    codes: list[str]
    kinds: list[str]
    text: str


def pages_of(data: bytes, scale: float = 203 / 72 * 2) -> list[Seen]:
    """All pages of a PDF, top to bottom."""
    document = pypdfium2.PdfDocument(io.BytesIO(data))
    try:
        seen = []
        for page in document:
            found = zxingcpp.read_barcodes(page.render(scale=scale).to_pil())
            found.sort(key=lambda code: code.position.top_left.y)
            text = page.get_textpage().get_text_range()
            seen.append(Seen([code.text for code in found], [str(code.format) for code in found], text))
        return seen
    finally:
        document.close()


def ready(simulator: Simulator, call: Caller, count: int, **spec: object) -> list[str]:
    """Shipped postings whose labels can be had."""
    numbers = [simulator.add_posting(call.seller.client_id, **spec) for _ in range(count)]
    for number in numbers:
        call.ship(number)
    for number in numbers:
        call.wait_for(number, "awaiting_deliver")
    eventually(lambda: not call.labels(*numbers)["status"]["unprinted_postings"])
    return numbers


def label_url(call: Caller, numbers: list[str], size: str = "big_label") -> str:
    """The `file_url` of a finished job."""
    tasks = call("/v3/posting/fbs/package-label/create", {"posting_numbers": numbers})["tasks"]
    task = next(task["task_id"] for task in tasks if task["task_type"] == size)
    found: dict[str, str] = {}

    def done() -> bool:
        found.update(call("/v2/posting/fbs/package-label/get", {"task_id": task}))
        return bool(found["file_url"])

    eventually(done)
    return found["file_url"]


def file_pages(call: Caller, numbers: list[str], size: str = "big_label") -> list[Seen]:
    """The pages of a fresh job."""
    status, data = call.file(label_url(call, numbers, size))
    assert status == 200
    return pages_of(data)
