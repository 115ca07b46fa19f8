"""Label jobs and their files: which postings print, which faults their pages have, what `file_url` answers."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shipby_local.simulator import words
from shipby_local.simulator.labels.pages import PageSpec, draw, style_of
from shipby_local.simulator.market import Market
from shipby_local.simulator.model import LabelTask, Posting
from shipby_local.simulator.world import World

PAGE_FAULTS: Final = (
    "label_missing_page",
    "label_unreadable_page",
    "label_mismatch_page",
    "label_double_page",
    "label_foreign_page",
)
FILE_FAULTS: Final = frozenset(
    {"label_swapped_pages", "label_not_a_pdf", "label_broken_pdf", "label_scripted_pdf", "label_file_not_ready"}
)
_NEED_ANOTHER: Final = frozenset({"label_mismatch_page", "label_foreign_page"})
"""They stay armed while the seller has no other posting whose page or codes could be shown."""
_GONE: Final = frozenset({403, 404, 410})


@dataclass(frozen=True, slots=True)
class LabelFile:
    """What `file_url` answers."""

    status: int
    body: bytes
    content_type: str = "application/pdf"


NO_FILE: Final = LabelFile(404, b'{"code": 5, "message": "Not Found", "details": []}', "application/json")


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
    """Ends a label job: decides for each posting whether and how it prints. Its twin of the other size follows it."""
    world = market.world
    task = world.label_tasks.get(key)
    if task is None or task.finished_at is not None:
        return
    task.finished_at = world.now()
    twin = world.label_tasks.get(str(task.id - 1)) if task.type == "small_label" else None
    if twin is not None:
        task.code, task.error = twin.code, twin.error
        task.printed, task.unprinted = list(twin.printed), dict(twin.unprinted)
        task.bends, task.file_bend = dict(twin.bends), twin.file_bend
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
        _bend(market, task)
    world.label_tasks.put(task)


def _bend(market: Market, task: LabelTask) -> None:
    """Notes the armed faults that hit this job's pages and file."""
    faults, client = market.faults, task.client_id
    for number in task.printed:
        posting = market.world.postings.get(number)
        lonely = posting is None or _another(market.world.postings.all(), posting) is None
        possible = [kind for kind in PAGE_FAULTS if not (lonely and kind in _NEED_ANOTHER)]
        hit = [kind for kind in possible if faults.fires(kind, posting=number, client_id=client)]
        if hit:
            task.bends[number] = hit
    fault = faults.take(set(FILE_FAULTS), client_id=client, text=" ".join(task.printed)) if task.printed else None
    task.file_bend = fault.kind if fault is not None else ""


def file_of(market: Market, task_id: str) -> LabelFile:
    """What a job's `file_url` answers now."""
    world = market.world
    with world.change():
        task = world.label_tasks.get(task_id)
        if task is None or task.finished_at is None or not task.printed:
            return NO_FILE
        expired = market.faults.take({"label_file_expired"}, client_id=task.client_id, text=" ".join(task.printed))
        if expired is not None:
            status = expired.status if expired.status in _GONE else NO_FILE.status
            return LabelFile(status, NO_FILE.body, NO_FILE.content_type)
        if world.now() > task.finished_at + timedelta(seconds=world.settings.label_file_lifetime):
            return NO_FILE
        pages = _pages(world, task)
        kind, bend, first = task.type, task.file_bend, task.printed[0]
    if bend == "label_not_a_pdf":
        return LabelFile(200, b"<!DOCTYPE html><title>Oops</title><h1>Something went wrong</h1>\n", "text/html")
    if bend == "label_file_not_ready":
        refusal = {"code": 9, "message": f"{words.NOT_READY}: {first}", "details": []}
        return LabelFile(200, json.dumps(refusal).encode(), "application/json")
    data = draw(kind, pages[::-1] if bend == "label_swapped_pages" else pages)
    if bend == "label_broken_pdf":
        data = data[:9] + data[len(data) // 3 : len(data) // 2].replace(b"obj", b"???")
    return LabelFile(200, _scripted(data) if bend == "label_scripted_pdf" else data)


def _pages(world: World, task: LabelTask) -> list[PageSpec]:
    """The pages in the order of the request, one for each box, with the faults that the job noted."""
    pages: list[PageSpec] = []
    wanted = world.settings.label_style
    for number in task.printed:
        posting = world.postings.get(number)
        if posting is None:
            continue
        bends = task.bends.get(number, ())
        if "label_missing_page" not in bends:
            other = _another(world.postings.all(), posting) if "label_mismatch_page" in bends else None
            unreadable = "label_unreadable_page" in bends
            style = style_of(posting, wanted)
            boxes = range(1, posting.multi_box_qty + 1)
            own = [PageSpec(posting, box, other, unreadable, style) for box in boxes]
            pages += own * (2 if "label_double_page" in bends else 1)
        if "label_foreign_page" in bends:
            stranger = _another((p for p in world.postings.all() if p.number not in task.printed), posting)
            found = stranger or _another(world.postings.all(), posting)
            pages += [PageSpec(found, style=style_of(found, wanted))] if found is not None else []
    return pages


def _another(postings: Iterable[Posting], posting: Posting) -> Posting | None:
    """The first other posting of the same seller."""
    return next((p for p in postings if p.client_id == posting.client_id and p.number != posting.number), None)


def _scripted(data: bytes) -> bytes:
    """The same pages with everything in them that a printed file must never carry."""
    import pikepdf

    with pikepdf.open(io.BytesIO(data)) as pdf:
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert('label')"))
        pdf.Root.OpenAction = script
        names = pikepdf.Array([pikepdf.String("label"), pdf.make_indirect(script)])
        pdf.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=names))
        pdf.pages[0].obj.AA = pikepdf.Dictionary(O=script)
        pdf.attachments["readme.exe"] = b"MZ"
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
    return out.getvalue()
