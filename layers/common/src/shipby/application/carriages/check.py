"""The three-way comparison of a carriage that has left: our scans, the act, the carrier's first scans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from shipby.application.carriages.papers import DISCREPANCY, keep
from shipby.application.carriages.rows import CarriageContext
from shipby.application.cases.opening import close_open_case, report_case
from shipby.application.intake.sync_posting import sync_posting
from shipby.application.ports.postings import PostingReads
from shipby.domain import actors
from shipby.domain.carriages import (
    Carriage,
    CarriageState,
    CarrierSight,
    DifferenceKind,
    Differences,
    carrier_sight,
    check_at,
    compare,
    ended,
    next_comparison,
)
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import (
    ActionNotOfferedError,
    CredentialsRejectedError,
    MarketplaceRefusedError,
    NotFoundError,
    NotReadyYetError,
)
from shipby.domain.events import EventType
from shipby.domain.json_types import Json

LOOKS = 60
"""Postings that are read from the marketplace in one comparison; the others stand as our records have them."""
SHOWN = 100
"""Differences that the event names; the count is of all."""
NAMED = 5
"""Posting numbers that a case names per kind of difference."""
CANCELLED = "cancelled"
CLOSED = "closed"
"""The carriage's status once its acceptance is over: only then is there an act of discrepancies."""


def compare_scans(desk: CarriageContext, carriage: Carriage, compare_after: timedelta) -> str:
    """Compare if it is due; differences become an event and a case, which is closed when they vanish."""
    due = next_comparison(carriage, compare_after)
    now = desk.clock.now()
    if due is not None and now < due:
        return _wake(desk, carriage, compare_after)
    status = desk.marketplace.carriages.get(carriage.marketplace_id).status
    if status == CANCELLED:
        told = "it was cancelled at the marketplace after its approval"
        desk.note(lambda row: ended(row, CarriageState.CANCELLED, at=now, problem=told), EventType.CARRIAGE_CANCELLED)
        return "carriage_cancelled"
    act = {one.number: one.status for one in desk.marketplace.carriages.postings(carriage.marketplace_id)}
    ours = our_scans(desk.store, carriage, act)
    found = compare(ours, act, _sights(desk, act, ours | set(act)))
    extra = _discrepancy(desk, carriage) if found and status == CLOSED else {}
    _tell(desk, carriage, found)

    def noted(row: Carriage) -> Carriage | None:
        if row.comparisons != carriage.comparisons:
            return None
        compared = replace(
            row,
            numbers=tuple(sorted(act)),
            documents={**row.documents, **extra},
            compared_at=now,
            comparisons=row.comparisons + 1,
            differences=len(found.items),
        )
        again = next_comparison(compared, compare_after)
        return replace(compared, next_alarm=check_at(again) if again else None, closed_at=None if again else now)

    desk.note(noted, EventType.CARRIAGE_COMPARED, data=differences_data(found))
    return "carriage_differs" if found else "carriage_agrees"


def our_scans(store: PostingReads, carriage: Carriage, act: Iterable[str]) -> set[str]:
    """Parcels scanned into it, and those of its act whose hand-over was recorded otherwise (by an ERP, say)."""
    ours = set(carriage.scanned)
    for number in act:
        if number not in ours:
            posting = store.posting(carriage.seller, number)
            if posting is not None and posting.handed_over_at is not None:
                ours.add(number)
    return ours


def known_sights(store: PostingReads, seller: str, numbers: Iterable[str]) -> dict[str, CarrierSight]:
    """What our own records say of the carrier's first scans; the marketplace is not asked."""
    return {number: _sight(store, seller, number) for number in numbers}


def differences_data(found: Differences) -> dict[str, Json]:
    """As the event keeps them."""
    items: list[Json] = [{"posting": one.number, "kind": one.kind} for one in found.items[:SHOWN]]
    return {
        "ours": found.ours,
        "act": found.act,
        "taken": found.taken,
        "differences": items,
        "count": len(found.items),
    }


def _sights(desk: CarriageContext, act: Mapping[str, str], numbers: Iterable[str]) -> dict[str, CarrierSight]:
    """What our records do not know as taken is read again, as long as that does not take ages; then the act's own
    status counts."""

    def in_act(number: str) -> CarrierSight:
        return carrier_sight(act.get(number, ""))

    found = known_sights(desk.store, desk.seller, numbers)
    doubtful = sorted(number for number, sight in found.items() if sight is not CarrierSight.TAKEN)
    # Those that the act does not show as taken are the ones that a fresh read may clear.
    doubtful.sort(key=lambda number: in_act(number) is CarrierSight.TAKEN)
    for number in doubtful[:LOOKS]:
        sync_posting(
            desk.seller, number, hinted_at=None, store=desk.store, marketplace=desk.marketplace, clock=desk.clock
        )
        found[number] = _sight(desk.store, desk.seller, number)
    return found | {number: in_act(number) for number in doubtful[LOOKS:] if number in act}


def _sight(store: PostingReads, seller: str, number: str) -> CarrierSight:
    posting = store.posting(seller, number)
    if posting is None:
        return CarrierSight.WAITING
    sight = carrier_sight(posting.status)
    if sight is CarrierSight.GONE:
        detail = store.detail(seller, number)
        # Cancelled on its way: the carrier had it, so it was handed over rightly.
        if detail is not None and detail.delivering_date is not None:
            return CarrierSight.TAKEN
    return sight


def _wake(desk: CarriageContext, carriage: Carriage, compare_after: timedelta) -> str:
    due = next_comparison(carriage, compare_after)
    if carriage.next_alarm is None and due is not None:
        alarm = check_at(due)
        desk.note(
            lambda row: replace(row, next_alarm=alarm) if row.next_alarm is None and row.open else None,
            EventType.CARRIAGE_CHANGED,
            data={"compared_next": due.isoformat()},
        )
    return "carriage_waiting"


def _tell(desk: CarriageContext, carriage: Carriage, found: Differences) -> None:
    now = desk.clock.now()
    if not found:
        close_open_case(
            desk.store,
            seller=desk.seller,
            kind=CaseKind.CARRIAGE,
            subject=carriage.id,
            resolution="our scans, the act and the carrier's first scans agree",
            now=now,
            actor=actors.LABEL_GENERATION,
        )
        return
    report_case(
        desk.store,
        seller=desk.seller,
        kind=CaseKind.CARRIAGE,
        subject=carriage.id,
        reason=summary(found),
        now=now,
        actor=actors.LABEL_GENERATION,
    )


def summary(found: Differences) -> str:
    """One sentence per kind of difference, with the first few posting numbers."""
    told = []
    for kind in DifferenceKind:
        numbers = [one.number for one in found.items if one.kind is kind]
        if numbers:
            more = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
            advice = next(one.advice for one in found.items if one.kind is kind)
            told.append(f"{', '.join(numbers[:NAMED])}{more}: {advice}")
    return ". ".join(told)


def _discrepancy(desk: CarriageContext, carriage: Carriage) -> dict[str, str]:
    """The marketplace's own act of discrepancies, where it makes one (closed carriages of sellers outside Russia)."""
    api = desk.marketplace.carriages
    if DISCREPANCY in carriage.documents:
        return {}
    try:
        return {DISCREPANCY: keep(desk, DISCREPANCY, api.discrepancy_act(carriage.marketplace_id))}
    except (ActionNotOfferedError, CredentialsRejectedError, MarketplaceRefusedError, NotFoundError, NotReadyYetError):
        # Sellers in Russia have none, and a 403 says so; the calls before this one have proved the key.
        return {}
