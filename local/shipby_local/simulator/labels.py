"""Label jobs and their PDF: one page per posting, Code 128 of its upper barcode, its number readable."""

from __future__ import annotations

import io
from datetime import timedelta

from shipby_local.simulator import words
from shipby_local.simulator.market import Market
from shipby_local.simulator.model import LabelTask, Posting

_SIZES_MM = {"big_label": (75, 120), "small_label": (58, 40)}
"""Page sizes; the API documents only the two names."""


def why_not(market: Market, posting: Posting) -> str:
    """Why a posting cannot be printed now; empty if it can."""
    faults, names = market.faults, {"posting": posting.number, "client_id": posting.client_id}
    if faults.fires("label_bad_posting", **names):
        return "INVALID_ARGUMENT"
    if posting.status == words.DELIVERED:
        return "label not allowed for delivered postings"
    if posting.status != words.AWAITING_DELIVER:
        return "NO_POSTINGS_FOR_BATCH_DOWNLOAD"
    ready_at = posting.label_ready_at
    if ready_at is None or market.world.now() < ready_at or faults.fires("label_never_ready", **names):
        return f"{words.NOT_READY}: {posting.number}"
    return ""


def finish_task(market: Market, key: str) -> None:
    """Ends a label job: decides for each posting whether it prints. Its twin of the other size gets the same answer."""
    world = market.world
    task = world.label_tasks.get(key)
    if task is None or task.finished_at is not None:
        return
    task.finished_at = world.now()
    twin = world.label_tasks.get(str(task.id - 1)) if task.type == "small_label" else None
    if twin is not None:
        task.code, task.error = twin.code, twin.error
        task.printed, task.unprinted = list(twin.printed), dict(twin.unprinted)
        world.label_tasks.put(task)
        return
    if market.faults.take({"label_task_error"}, client_id=task.client_id, text=" ".join(task.postings)):
        task.code, task.error = "error", "Internal error"
        task.unprinted = dict.fromkeys(task.postings, "Internal error")
    else:
        for number in task.postings:
            posting = world.postings.get(number)
            reason = "POSTING_NOT_FOUND" if posting is None else why_not(market, posting)
            if reason or posting is None:
                task.unprinted[number] = reason
                continue
            task.printed.append(number)
            posting.label_printed += 1
            world.postings.put(posting)
        task.code = "completed"
    world.label_tasks.put(task)


def file_of(market: Market, task_id: str) -> bytes | None:
    """The PDF behind a job's `file_url`; None if there is none or it is too old."""
    world = market.world
    with world.change():
        task = world.label_tasks.get(task_id)
        if task is None or task.finished_at is None or not task.printed:
            return None
        if world.now() > task.finished_at + timedelta(seconds=world.settings.label_file_lifetime):
            return None
        found = [world.postings.get(number) for number in task.printed]
    return draw(task, [posting for posting in found if posting is not None])


def draw(task: LabelTask, postings: list[Posting]) -> bytes:
    """Draws the pages in the order of the request."""
    from reportlab.graphics.barcode.code128 import Code128
    from reportlab.lib.units import mm
    from reportlab.pdfgen.canvas import Canvas

    width, height = (side * mm for side in _SIZES_MM[task.type])
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(width, height), invariant=1)
    for posting in postings:
        bars = Code128(posting.upper_barcode, barWidth=0.33 * mm, barHeight=height * 0.4, quiet=True)
        if bars.width > width:
            bars = Code128(posting.upper_barcode, barWidth=0.33 * mm * width / bars.width, barHeight=height * 0.4)
        bars.drawOn(canvas, (width - bars.width) / 2, height * 0.45)
        canvas.setFont("Helvetica", 9)
        canvas.drawCentredString(width / 2, height * 0.36, posting.upper_barcode)
        canvas.setFont("Helvetica-Bold", 12)
        canvas.drawCentredString(width / 2, height * 0.18, posting.number)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()
