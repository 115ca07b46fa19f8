"""Scanning parcels into the hand-over: what must not leave is refused in plain words, the rest is handed over."""

from __future__ import annotations

from dataclasses import replace

from shipby.application.carriages.rows import carriage_writes, load_carriage
from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import LabelReads
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting, step_writes, with_goods
from shipby.application.printing.copies import newest_label
from shipby.application.printing.scan_label import scan_label
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain.carriages import Carriage, CarriageState, box_in, scan_in
from shipby.domain.deadlines.workflow import Command, carry_out
from shipby.domain.errors import ActionNotOfferedError, StageMismatchError
from shipby.domain.events import Event, EventType
from shipby.domain.json_types import Json
from shipby.domain.labels.copies import NextStep, shown_time
from shipby.domain.labels.page_proof import codes_of_boxes
from shipby.domain.postings.posting import MarketplacePosting, Posting, Stage

_NEVER = frozenset({NextStep.STOP, NextStep.USE_CURRENT, NextStep.PRINT_AGAIN})


def scan_parcel(
    seller: str, identifier: str, code: str, actor: str, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """Record a parcel's hand-over into a carriage, in one transaction.

    Raises NotFoundError (no such code), StageMismatchError and ActionNotOfferedError with the reason why it must not
    leave (cancelled, expired, blocked, not packed, another delivery method, void label, scanned twice).
    """

    def once() -> Answer:
        carriage = load_carriage(store, seller, identifier)
        label = scan_label(seller, code, store=store)
        posting = load_posting(store, seller, str(label["posting_number"]))
        scan_in(carriage, posting.number)
        if label["next"] in _NEVER:
            raise ActionNotOfferedError(f"{posting.number} must not leave: {label['why_not']}")
        detail = store.detail(posting.seller, posting.number, of=posting)
        _check_method(carriage, posting, detail)
        if posting.handed_over_at is not None and posting.stage not in (Stage.CANCELLED, Stage.PACKED):
            raise StageMismatchError(
                f"{posting.number} was handed over already at {shown_time(posting.handed_over_at)}: take it aside"
            )
        step = carry_out(posting, Command.HAND_OVER, at=clock.now(), actor=actor)
        scanned, missing = _scanned(carriage, posting, detail, str(label["read_as"]), store)
        changed = replace(scanned, version=carriage.version + 1)
        step, goods = with_goods(posting, step, store=store)
        data: dict[str, Json] = {"posting": posting.number, "copy": label["copy"], "parcel": len(changed.scanned)}
        if detail is not None and detail.boxes:
            data |= {"box": detail.boxes - missing, "boxes": detail.boxes}
        event = Event(type=EventType.CARRIAGE_SCANNED, at=clock.now(), actor=actor, data=data)
        answer = Answer(200, _view(changed, posting.number, missing))
        if missing:
            # It leaves with its last box.
            store.commit([*carriage_writes(changed, event), *remember(answer)])
            return answer
        store.commit([*carriage_writes(changed, event), *step_writes(posting, step), *goods, *remember(answer)])
        return answer

    return decide_anew(once)


def _scanned(
    carriage: Carriage, posting: Posting, detail: MarketplacePosting | None, code: str, store: LabelReads
) -> tuple[Carriage, int]:
    """The carriage with what was scanned, and how many boxes of the parcel are missing."""
    if detail is None or not detail.boxes:
        return scan_in(carriage, posting.number), 0
    label = newest_label(store.documents(posting.seller, posting.number))
    codes = codes_of_boxes(label.barcodes if label else (), detail.codes, detail.boxes)
    return box_in(carriage, posting.number, code, detail.boxes, codes)


def _check_method(carriage: Carriage, posting: Posting, detail: MarketplacePosting | None) -> None:
    method = detail.delivery_method_id if detail else ""
    if method and method != carriage.delivery_method_id:
        raise StageMismatchError(
            f"{posting.number} leaves with delivery method {method}, this hand-over is of {carriage.delivery_method_id}"
        )


def _view(carriage: Carriage, number: str, boxes_missing: int) -> dict[str, Json]:
    known = carriage.state is not CarriageState.REQUESTED
    named = number in carriage.numbers or number in carriage.wanted
    return {
        "carriage": carriage.id,
        "version": carriage.version,
        "posting_number": number,
        "scanned": len(carriage.scanned),
        "postings": len(carriage.numbers),
        "missing": len(set(carriage.numbers) - set(carriage.scanned)),
        "boxes_missing": boxes_missing,
        "warning": None
        if named or not known
        else "the marketplace's carriage does not hold it: approve with use_scans",
    }
