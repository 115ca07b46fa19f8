"""Pages that are proven wrong are kept with the reason, told on their posting, and never printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shipby.application.cases.opening import open_case
from shipby.application.labels.asks import Tools, commit_label
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.press import LabelPage
from shipby.application.ports.writes import SaveRefusedPage
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors
from shipby.domain.cases.case import CaseKind
from shipby.domain.events import Event, EventType
from shipby.domain.json_types import Json
from shipby.domain.labels.options import LabelForm
from shipby.domain.labels.page_proof import Finding, PageSaid, Proof
from shipby.domain.labels.pages import PageVerdict, RefusedPage
from shipby.domain.labels.rules import shows_person
from shipby.domain.postings.posting import Posting

MOST_KEPT = 50
"""Pages of one file that are kept; the case says how many there were."""
MOST_NAMED = 20
"""Postings that a kept page says it was asked for."""
UNREADABLE_SUBJECT = "labels that cannot be read"
"""One open case for them all: a new layout of the marketplace is one matter, however many labels have it."""
_REFUSED = (PageVerdict.MISMATCH, PageVerdict.FOREIGN, PageVerdict.DOUBLE)
_ID = 20
"""Characters of a page's hash that name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFile:
    """A file of labels as it came: what it was asked for, and its pages."""

    seller: str
    numbers: Sequence[str]
    form: LabelForm
    digest: str
    pages: Sequence[LabelPage]
    said: Sequence[PageSaid]
    lacking: int
    """How many postings have no page in it that names them."""


def set_aside(file: LabelFile, proof: Proof, tools: Tools) -> None:
    """Keep refused pages, and unreadable ones of a file for several postings. The same file again changes nothing.

    One case per file tells a person. Raises StoreUnavailableError.
    """
    refused = [index for verdict in _REFUSED for index in proof.of(verdict)]
    # In a file for one posting an unreadable page becomes that posting's unproven label.
    unread = list(proof.of(PageVerdict.UNREADABLE)) if len(file.numbers) > 1 else []
    now = tools.clock.now()
    for index in [*refused, *unread][:MOST_KEPT]:
        _keep(file, index, proof.findings[index], tools, now)
    too_many = len(unread) - file.lacking if len(unread) > file.lacking else 0
    if not refused and not too_many:
        return
    parts = [f"{len(proof.of(verdict))} {verdict}" for verdict in _REFUSED if proof.of(verdict)]
    reasons = dict.fromkeys(proof.findings[index].reason for index in refused)
    text = f"{', '.join(parts)} of {len(proof.findings)} pages set aside and not printed" if refused else ""
    if too_many:
        text += (
            f"{'; ' if text else ''}{too_many} pages more could not be read than postings lack a label: a parcel of "
        )
        text += "several boxes may lack a page"
    examples = "; ".join(list(reasons)[:3])
    open_case(
        tools.store,
        seller=file.seller,
        kind=CaseKind.LABEL_PAGE,
        subject=f"label file {file.digest[:12]}",
        reason=f"{text}{f' ({examples})' if examples else ''}. See GET /v1/labels/refused-pages?date={now:%Y-%m-%d}",
        now=now,
        actor=actors.LABEL_GENERATION,
    )


def open_unreadable_case(seller: str, reason: str, form: LabelForm, tools: Tools) -> None:
    """Tell a person once that labels cannot be read back, however many they are."""
    open_case(
        tools.store,
        seller=seller,
        kind=CaseKind.LABEL_PAGE,
        subject=UNREADABLE_SUBJECT,
        reason=f"a {form} label came whose barcodes cannot be compared: {reason}. The marketplace may have changed its "
        "layout. Such labels wait for an override with a reason; each is told on its posting",
        now=tools.clock.now(),
        actor=actors.LABEL_GENERATION,
    )


def _keep(file: LabelFile, index: int, finding: Finding, tools: Tools, now: datetime) -> None:
    said = file.said[index]
    identifier = said.sha256[:_ID]
    if tools.store.refused_page(file.seller, now.date(), identifier) is not None:
        return
    prefix = "personal/" if _is_personal(file, finding, tools.store) else ""
    key = f"{prefix}aside/{file.seller}/{said.sha256}.pdf"
    tools.documents.put(key, file.pages[index].pdf, content_type="application/pdf")
    page = RefusedPage(
        seller=file.seller,
        id=identifier,
        at=now,
        verdict=finding.verdict,
        reason=finding.reason,
        page=index + 1,
        asked_for=tuple(file.numbers[:MOST_NAMED]),
        names=finding.names[:MOST_NAMED],
        barcodes=said.barcodes[:MOST_NAMED],
        form=file.form,
        sha256=said.sha256,
        key=key,
    )
    _save(file.seller, page, _whose(file, finding), tools)


def _save(seller: str, page: RefusedPage, number: str, tools: Tools) -> None:
    """The row, and in the same transaction the event on the posting that the page was asked for, if there is one."""

    def once() -> None:
        posting = tools.store.posting(seller, number) if number else None
        if posting is None:
            tools.store.commit([SaveRefusedPage(page)])
            return
        data: dict[str, Json] = {
            "page": page.id,
            "date": f"{page.at:%Y-%m-%d}",
            "verdict": page.verdict,
            "names": list(page.names),
            "form": page.form,
        }
        event = Event(
            type=EventType.LABEL_PAGE_REFUSED, at=page.at, actor=actors.LABEL_GENERATION, reason=page.reason, data=data
        )
        commit_label(tools.store, posting, [event], [SaveRefusedPage(page)])

    decide_anew(once)


def _whose(file: LabelFile, finding: Finding) -> str:
    """The one posting that a refused page was asked for; empty where that cannot be said."""
    if finding.verdict is PageVerdict.UNREADABLE:
        return ""
    if len(file.numbers) == 1:
        return file.numbers[0]
    asked = [number for number in finding.names if number in file.numbers]
    return asked[0] if len(asked) == 1 else ""


def _is_personal(file: LabelFile, finding: Finding, store: PostingReads) -> bool:
    """Whether the page may show a person: whose label it is may be unknown, then all of the file count."""
    known = [posting for number in finding.names if (posting := store.posting(file.seller, number))]
    postings: list[Posting] = known or [
        posting for number in file.numbers if (posting := store.posting(file.seller, number))
    ]
    return any(shows_person(posting) for posting in postings)
