"""What a posting has of the stock, what may be done where it lacks pieces, and pieces that turn out missing or bad."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shipby.application.intake.goods import short_case
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.application.postings.work_posting import check_version, load_posting
from shipby.application.rating.views import get_cancel_forecast
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew, or_decide_anew
from shipby.application.shared.views import time_text
from shipby.application.stock.losing import Loss, lose_pieces
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import StageMismatchError
from shipby.domain.events import posting_ref
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import BEFORE_HAND_OVER, Posting, Stage, StockMark
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.stock.item import MovementKind
from shipby.domain.stock.reservation import HeldLine, Reservation


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Pieces that are reserved for a posting and cannot be sent: not there, or bad."""

    seller: str
    number: str
    kind: MovementKind
    sku: str
    quantity: int
    actor: str
    reason: str
    if_match: int | None = None


def get_posting_goods(seller: str, number: str, *, store: Store, clock: Clock) -> dict[str, Json]:
    """Raises NotFoundError."""
    posting = load_posting(store, seller, number)
    held = store.reservation(seller, number) if posting.stock is not None else None
    return _view(posting, held, store, clock)


def report_missing(wish: Missing, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Take pieces away from a posting and give it others that are free, in one transaction; without any it is short.

    Raises NotFoundError, PreconditionFailedError, StageMismatchError (its goods are not reserved, or have left),
    InvalidInputError (it holds fewer).
    """

    def once() -> Answer:
        posting = load_posting(store, wish.seller, wish.number)
        check_version(posting, wish.if_match)
        held = store.reservation(wish.seller, wish.number) if posting.stock is not None else None
        if held is None or posting.stage not in BEFORE_HAND_OVER | {Stage.BLOCKED, Stage.EXPIRED}:
            raise StageMismatchError(
                f"posting {posting.number} is {posting.stage} and has nothing reserved that could be missing; see "
                f"GET /v1/postings/{posting.number}/stock"
            )
        now = clock.now()
        loss = Loss(kind=wish.kind, sku=wish.sku, quantity=wish.quantity, at=now, actor=wish.actor, reason=wish.reason)
        lost, event, writes = lose_pieces(held, loss, store=store)
        mark = StockMark.SHORT if lost.short else posting.stock
        changed = rewind(replace(posting, version=posting.version + 1, stock=mark))
        settings = store.settings(wish.seller) or SellerSettings(seller=wish.seller)
        lacking = {line.sku: line.short for line in lost.lines if line.short}
        case = short_case(changed, posting, lacking, settings, store=store, now=now, actor=wish.actor)
        answer = Answer(200, _view(changed, lost, store, clock))
        told = AppendEvents(wish.seller, posting_ref(wish.number), changed.version, (event,))
        with or_decide_anew(f"a case about {wish.number} was opened meanwhile: read it again"):
            store.commit([SavePosting(changed), told, *writes, *case, *remember(answer)])
        return answer

    return decide_anew(once)


def _view(posting: Posting, held: Reservation | None, store: Store, clock: Clock) -> dict[str, Json]:
    return {
        "posting_number": posting.number,
        "version": posting.version,
        "stock": posting.stock,
        "pool": held.pool_ref.text if held else None,
        "lines": [_line_view(line) for line in held.lines] if held else [],
        "choices": _choices(posting, held, store, clock) if held and posting.stock is StockMark.SHORT else [],
    }


def _line_view(line: HeldLine) -> Json:
    return {
        "sku": line.sku,
        "wanted": line.wanted,
        "reserved": line.held,
        "picked": line.picked,
        "sent": line.gone,
        "short": line.short,
        "parts": dict(line.parts),
    }


def _choices(posting: Posting, held: Reservation, store: Store, clock: Clock) -> list[Json]:
    forecast = get_cancel_forecast(posting.seller, posting.number, store=store, now=clock.now())
    here = any(line.held for line in held.lines)
    address = f"/v1/postings/{posting.number}"
    cancel = bool(forecast["cancel_offered"])
    return [
        {
            "move": "send_part",
            "offered": here and cancel,
            "how": f"POST {address}/cancel-items for what is missing, then send the rest",
            "costs": forecast["fee"],
            "until": time_text(posting.cut_off),
            "note": None if here else "nothing of it is here",
        },
        {
            "move": "wait",
            "offered": True,
            "how": "receive goods: what is free is reserved by itself, for the posting that leaves first",
            "costs": forecast["at_risk"],
            "until": time_text(posting.cut_off),
            "note": "what being late costs, if they do not come in time",
        },
        {
            "move": "cancel",
            "offered": cancel,
            "how": f"POST {address}/cancel",
            "costs": forecast["fee"],
            "until": None,
            "note": str(forecast["in_words"]),
        },
    ]
