"""Accepting a wish to print: what is asked, what the seller's settings add, and what must be said why."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import LabelReads
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePrintJob
from shipby.application.printing.copies import newest_label
from shipby.application.printing.parts import gets_own_label
from shipby.application.printing.views import print_job_view
from shipby.application.shared.idempotency import Answer, Remember
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import Event, EventType, print_job_ref
from shipby.domain.json_types import Json
from shipby.domain.labels.copies import shown_time
from shipby.domain.labels.options import LabelForm, LabelFormat, LabelSize, MatrixCode, Sheet
from shipby.domain.labels.prints import LabelSource, PrintContent, PrintJob, PrintOrder, PrintState, PrintStyle
from shipby.domain.packing.picking import ladder_key
from shipby.domain.postings.posting import Posting
from shipby.domain.sellers.settings import SellerSettings

MAX_POSTINGS = 1000
"""Postings in one print job."""
MAX_OWN = 300
"""Own labels in one print job: each asks the marketplace for its recipient, four a second, and nothing of that is kept
for a second try."""
DPIS = (203, 300)
ORDERS = tuple(PrintOrder)
_ON_PAPER = frozenset({PrintContent.PICK_LIST, PrintContent.PACKING_SLIPS})
"""Papers that go on whole A4 sheets unless a label size is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintWish:
    """Papers to print. What is None comes from the seller's settings.

    `order` is given (as listed), ladder (earliest cut-off first) or pick (by bin, then ladder). Pick lists and packing
    slips go on A4 unless a `size` is given without a `sheet`.
    """

    seller: str
    numbers: tuple[str, ...]
    actor: str
    order: PrintOrder = PrintOrder.GIVEN
    content: PrintContent = PrintContent.LABELS
    source: LabelSource = LabelSource.AUTO
    form: LabelForm | None = None
    size: LabelSize | None = None
    sheet: Sheet | None = None
    format: LabelFormat | None = None
    dpi: int | None = None
    matrix: MatrixCode | None = None
    slips: bool = False
    language: str | None = None
    reason: str = ""
    """Why it is printed again; needed where a label was printed before."""


def style_of(wish: PrintWish, settings: SellerSettings) -> PrintStyle:
    """The wish with the seller's settings filled in.

    Raises InvalidInputError for what does not go together.
    """
    policy = settings.own_label
    on_paper = wish.content in _ON_PAPER
    sheet = wish.sheet
    if sheet is None:
        sheet = Sheet.A4_4UP if on_paper and wish.size is None else Sheet.NONE
    form = wish.format
    if form is None:
        # A seller with label printers still gets sheets as PDF.
        zpl = policy.format is LabelFormat.ZPL and not on_paper and sheet is Sheet.NONE
        form = LabelFormat.ZPL if zpl else LabelFormat.PDF
    style = PrintStyle(
        content=wish.content,
        source=wish.source,
        form=wish.form or settings.label_form,
        size=wish.size or policy.size,
        sheet=sheet,
        format=form,
        dpi=wish.dpi or policy.dpi,
        matrix=wish.matrix or policy.matrix,
        slips=wish.slips,
        language=wish.language or settings.language,
        order=wish.order,
    )
    errors: list[tuple[str, str]] = []
    if style.format is LabelFormat.ZPL and style.sheet is not Sheet.NONE:
        errors.append(("sheet", "ZPL goes to a label printer, which has no sheets: leave it out, or take pdf"))
    if style.slips and style.content is not PrintContent.LABELS:
        errors.append(("slips", "slips go with labels: leave them out, or ask for content packing_slips"))
    if style.dpi not in DPIS:
        errors.append(("dpi", f"one of {', '.join(map(str, DPIS))}"))
    if style.order not in ORDERS:
        errors.append(("order", f"one of {', '.join(ORDERS)}"))
    if errors:
        raise InvalidInputError("this cannot be printed as asked", errors=errors)
    return style


def request_print(wish: PrintWish, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Accept a print job: 202 with its place.

    Raises InvalidInputError (none, too many, unknown postings, what does not go together, and labels that were printed
    before without a reason: each named in `errors`).
    """
    numbers = tuple(dict.fromkeys(wish.numbers))
    if not 1 <= len(numbers) <= MAX_POSTINGS:
        raise InvalidInputError(
            f"a print job takes 1 to {MAX_POSTINGS} postings", errors=[("posting_numbers", f"{len(numbers)} given")]
        )
    settings = store.settings(wish.seller) or SellerSettings(seller=wish.seller, version=0)
    style = style_of(wish, settings)
    postings = _known(store, wish.seller, numbers)
    own = [number for number, posting in postings.items() if gets_own_label(posting, style.source)]
    if style.content is PrintContent.LABELS and len(own) > MAX_OWN:
        told = f"{len(own)} of them get your own label, and a job takes {MAX_OWN} of these: ask for several jobs"
        raise InvalidInputError("too many labels of your own in one job", errors=[("posting_numbers", told)])
    if counts(style) and not wish.reason:
        _refuse_reprints(store, wish.seller, postings)
    if wish.order is PrintOrder.LADDER:
        numbers = tuple(sorted(numbers, key=lambda number: ladder_key(postings[number])))
    now = clock.now()
    job = PrintJob(
        seller=wish.seller,
        id=_identifier(replace(wish, numbers=numbers), style, now.isoformat()),
        version=1,
        state=PrintState.WAITING,
        numbers=numbers,
        asked_at=now,
        asked_by=wish.actor,
        style=style,
        reason=wish.reason,
    )
    data: dict[str, Json] = {"postings": list(numbers), "content": style.content}
    event = Event(type=EventType.PRINT_REQUESTED, at=now, actor=wish.actor, reason=wish.reason, data=data)
    answer = Answer(202, print_job_view(job), f"/v1/labels/{job.id}")
    appended = AppendEvents(wish.seller, print_job_ref(job.id), 1, (event,))
    store.commit([SavePrintJob(job), appended, *remember(answer)])
    return answer


def counts(style: PrintStyle) -> bool:
    """Whether what comes out are copies of labels that void the ones before; a picture is a preview only."""
    return style.content is PrintContent.LABELS and style.format is not LabelFormat.PNG


def _identifier(wish: PrintWish, style: PrintStyle, now: str) -> str:
    look = [f"{name}={value}" for name, value in sorted(asdict(style).items())]
    seed = "\n".join([wish.seller, wish.actor, now, wish.reason, *look, *wish.numbers])
    return hashlib.sha256(seed.encode()).hexdigest()[:20]


def _known(store: PostingReads, seller: str, numbers: Sequence[str]) -> Mapping[str, Posting]:
    found = {number: store.posting(seller, number) for number in numbers}
    unknown = [(f"posting_numbers/{number}", "no such posting") for number in numbers if found[number] is None]
    if unknown:
        raise InvalidInputError("some postings do not exist; nothing was started", errors=unknown)
    return {number: posting for number, posting in found.items() if posting is not None}


def _refuse_reprints(store: LabelReads, seller: str, postings: Mapping[str, Posting]) -> None:
    errors: list[tuple[str, str]] = []
    for number, posting in postings.items():
        if posting.printed_at is None:
            continue
        paper = newest_label(store.documents(seller, number))
        copy, when, who = (
            (paper.printed_count, paper.printed_at, paper.printed_by) if paper else (1, posting.printed_at, "")
        )
        told = f"copy {copy} was printed at {shown_time(when or posting.printed_at)}" + (f" by {who}" if who else "")
        errors.append((f"posting_numbers/{number}", told))
    if errors:
        errors.insert(0, ("reason", "say why they are printed again; the copies before become void"))
        raise InvalidInputError("some labels were printed before; nothing was started", errors=errors)
