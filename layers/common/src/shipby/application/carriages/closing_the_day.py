"""Closing the day: what people ask of a carriage. The label worker carries it out; here only rows and events change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from shipby.application.carriages.check import known_sights, our_scans, summary
from shipby.application.carriages.rows import carriage_writes, claim_day, day_name, load_carriage
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.papers import CarriageReads
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import Commits, Write
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import time_text
from shipby.domain import pointers
from shipby.domain.carriages import (
    CHANGEABLE,
    FIXED,
    MAX_CONTAINERS,
    Carriage,
    CarriageCall,
    Differences,
    ask,
    compare,
    fingerprint,
    new_carriage,
)
from shipby.domain.errors import POINTER_TAKEN, AlreadyExistsError, InvalidInputError, StageMismatchError
from shipby.domain.events import Event, EventType
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.settings import SellerSettings

LINK_SECONDS = 300
MAX_METHODS = 25
"""Carriages that one close-day begins: they go into one transaction."""
_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A person closes a carriage: as it is, or with exactly what was scanned."""

    seller: str
    id: str
    actor: str
    accept_difference: bool = False
    reason: str = ""
    use_scans: bool = False


def request_carriage(
    seller: str,
    delivery_method_id: str,
    departure: date,
    numbers: Sequence[str],
    actor: str,
    remember: Remember,
    *,
    store: Store,
    clock: Clock,
) -> Answer:
    """Begin a carriage: 202 with its place.

    Raises StageMismatchError (one is open for the same method and day), InvalidInputError (unknown postings).
    """
    unknown = [(f"posting_numbers/{one}", "no such posting") for one in numbers if store.posting(seller, one) is None]
    if unknown:
        raise InvalidInputError("some postings do not exist; nothing was begun", errors=unknown[:50])
    now = clock.now()
    carriage = new_carriage(
        seller=seller,
        delivery_method_id=delivery_method_id,
        departure=departure.isoformat(),
        wanted=numbers,
        at=now,
        actor=actor,
    )
    if open_one := _open_of_day(store, carriage):
        raise StageMismatchError(_taken(open_one))
    answer = Answer(202, carriage_view(carriage), f"/v1/carriages/{carriage.id}")
    try:
        store.commit([*_request_writes(carriage, now, actor), *remember(answer)])
    except AlreadyExistsError as error:
        if error.what != POINTER_TAKEN:
            raise
        raise StageMismatchError(_taken(_open_of_day(store, carriage) or "another one")) from error
    return answer


def close_day(
    seller: str, departure: date | None, actor: str, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """Begin a carriage for every delivery method that has packed postings, with exactly those in it.

    Methods whose carriage of the day is open are left as they are. Raises InvalidInputError (too many methods).
    """
    now = clock.now()
    day = departure or today(store.settings(seller), now)
    methods, without = _packed_by_method(store, seller)
    begun: list[Carriage] = []
    standing: list[str] = []
    for method_id, numbers in sorted(methods.items()):
        carriage = new_carriage(
            seller=seller,
            delivery_method_id=method_id,
            departure=day.isoformat(),
            wanted=sorted(numbers),
            at=now,
            actor=actor,
        )
        open_one = _open_of_day(store, carriage)
        if open_one:
            standing.append(open_one)
        else:
            begun.append(carriage)
    if len(begun) > MAX_METHODS:
        raise InvalidInputError(
            f"{len(begun)} delivery methods have packed postings, one call takes {MAX_METHODS}",
            errors=[("departure", "begin carriages one by one with POST /v1/carriages")],
        )
    views: list[Json] = [carriage_view(one) for one in begun]
    body: dict[str, Json] = {
        "departure": day.isoformat(),
        "begun": views,
        "open": list(standing),
        "without_method": list(without),
    }
    answer = Answer(202, body, "/v1/carriages")
    writes = [write for one in begun for write in _request_writes(one, now, actor)]
    last = remember(answer)
    if writes or last:
        store.commit([*writes, *last])
    return answer


def approve_carriage(wish: Approval, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Ask for approval, which cannot be taken back. 202: the worker does it if nothing changes meanwhile.

    Raises InvalidInputError with the differences between scans and carriage, unless they are accepted with a reason;
    StageMismatchError where it is not open.
    """

    def once() -> Answer:
        carriage = load_carriage(store, wish.seller, wish.id)
        wanted = carriage.scanned if wish.use_scans else ()
        if wish.use_scans and not wanted:
            raise InvalidInputError("nothing was scanned into it yet", errors=[("use_scans", "scan parcels first")])
        numbers = wanted or carriage.numbers
        asked = ask(carriage, CarriageCall.APPROVE, agreed=fingerprint(numbers))
        found = before_leaving(store, carriage, numbers)
        if found and not (wish.accept_difference and wish.reason.strip()):
            raise InvalidInputError(
                f"scans and carriage differ in {len(found.items)} postings; put it right, or accept it with a reason",
                errors=[
                    ("accept_difference", "say true, and give a reason"),
                    *((one.number, one.advice) for one in found.items[:49]),
                ],
            )
        changed = replace(asked, version=carriage.version + 1, wanted=wanted or carriage.wanted)
        data: dict[str, Json] = {"wish": "approve", "differences": len(found.items), "postings": len(numbers)}
        return _asked(store, changed, wish.actor, wish.reason, data, remember, clock)

    return decide_anew(once)


def cancel_carriage(
    seller: str, identifier: str, reason: str, actor: str, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """Ask for a carriage to be deleted; only before it is approved. Raises StageMismatchError."""

    def once() -> Answer:
        carriage = load_carriage(store, seller, identifier)
        changed = replace(ask(carriage, CarriageCall.CANCEL), version=carriage.version + 1)
        return _asked(store, changed, actor, reason, {"wish": "cancel"}, remember, clock)

    return decide_anew(once)


def set_containers(
    seller: str, identifier: str, count: int, actor: str, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """Hand it over in so many cargo places; their labels come with its papers after approval.

    Raises StageMismatchError (approved already), InvalidInputError (count).
    """
    if not 0 <= count <= MAX_CONTAINERS:
        raise InvalidInputError(f"0 to {MAX_CONTAINERS} cargo places", errors=[("count", f"{count} given")])

    def once() -> Answer:
        carriage = load_carriage(store, seller, identifier)
        if carriage.state not in CHANGEABLE or carriage.asked or carriage.sent == CarriageCall.APPROVE:
            raise StageMismatchError(
                f"carriage {carriage.id} is {carriage.asked or carriage.state}: its cargo places are fixed at approval"
            )
        changed = replace(carriage, version=carriage.version + 1, containers=count)
        event = Event(type=EventType.CARRIAGE_CHANGED, at=clock.now(), actor=actor, data={"containers": count})
        answer = Answer(200, carriage_view(changed))
        store.commit([*carriage_writes(changed, event), *remember(answer)])
        return answer

    return decide_anew(once)


def before_leaving(store: PostingReads, carriage: Carriage, numbers: Sequence[str]) -> Differences:
    """Our scans against what the carriage holds (or shall hold), before the carrier has seen anything."""
    ours = our_scans(store, carriage, numbers)
    return compare(ours, numbers, known_sights(store, carriage.seller, ours | set(numbers)), left=False)


def get_difference(seller: str, identifier: str, *, store: Store) -> dict[str, Json]:
    """The three-way difference as our records have it now; the worker's checks ask the marketplace. Raises
    NotFoundError."""
    carriage = load_carriage(store, seller, identifier)
    left = carriage.state in FIXED
    if left:
        ours = our_scans(store, carriage, carriage.numbers)
        found = compare(ours, carriage.numbers, known_sights(store, seller, ours | set(carriage.numbers)))
    else:
        found = before_leaving(store, carriage, carriage.numbers)
    items: list[Json] = [
        {"posting_number": one.number, "kind": one.kind, "what_to_do": one.advice} for one in found.items
    ]
    return {
        "carriage": carriage.id,
        "state": carriage.state,
        "left": left,
        "scanned": found.ours,
        "in_act": found.act,
        "taken": found.taken,
        "agrees": not found,
        "summary": summary(found) or None,
        "items": items,
        "compared_at": time_text(carriage.compared_at),
        "compared_next": time_text(carriage.next_alarm.due) if left and carriage.next_alarm else None,
    }


def list_carriages(
    seller: str, *, open_only: bool, limit: int, cursor: str | None, store: CarriageReads
) -> dict[str, Json]:
    """Carriages with something left to do, or the others; oldest first."""
    page = store.carriages_in(seller, open_only=open_only, limit=limit, cursor=cursor)
    found = (store.carriage(seller, identifier) for identifier in page.items)
    # The index lags: one may have been closed since.
    views: list[Json] = [carriage_view(one) for one in found if one and one.open is open_only]
    return {"items": views, "next_cursor": page.cursor}


def get_carriage(seller: str, identifier: str, *, store: CarriageReads, documents: DocumentStore) -> dict[str, Json]:
    """One carriage with its postings and links to its papers. Raises NotFoundError."""
    carriage = load_carriage(store, seller, identifier)
    papers: list[Json] = [
        {"name": name, "link": documents.link(key, seconds=LINK_SECONDS)}
        for name, key in sorted(carriage.documents.items())
    ]
    return {
        **carriage_view(carriage),
        "posting_numbers": list(carriage.numbers),
        "scanned_numbers": list(carriage.scanned),
        "refused": dict(carriage.refused),
        "documents": papers,
    }


def carriage_view(carriage: Carriage) -> dict[str, Json]:
    """As API clients see it in lists."""
    return {
        "id": carriage.id,
        "version": carriage.version,
        "state": carriage.state,
        "open": carriage.open,
        "delivery_method_id": carriage.delivery_method_id,
        "departure": carriage.departure,
        "marketplace_id": carriage.marketplace_id or None,
        "postings": len(carriage.numbers),
        "scanned": len(carriage.scanned),
        "containers": carriage.containers,
        "barcode": carriage.barcode or None,
        "asked": carriage.asked or None,
        "waiting_for": carriage.sent or None,
        "problem": carriage.problem or None,
        "asked_at": time_text(carriage.asked_at),
        "asked_by": carriage.asked_by,
        "approved_at": time_text(carriage.approved_at),
        "compared_at": time_text(carriage.compared_at),
        "differences": carriage.differences if carriage.compared_at else None,
        "closed_at": time_text(carriage.closed_at),
    }


def today(settings: SellerSettings | None, now: datetime) -> date:
    """The day it is where the seller's warehouse is."""
    zone = settings.time_zone if settings else "Europe/Moscow"
    return now.astimezone(ZoneInfo(zone)).date()


def _asked(
    store: Commits,
    changed: Carriage,
    actor: str,
    reason: str,
    data: Mapping[str, Json],
    remember: Remember,
    clock: Clock,
) -> Answer:
    event = Event(type=EventType.CARRIAGE_REQUESTED, at=clock.now(), actor=actor, reason=reason, data=data)
    answer = Answer(202, carriage_view(changed), f"/v1/carriages/{changed.id}")
    store.commit([*carriage_writes(changed, event), *remember(answer)])
    return answer


def _request_writes(carriage: Carriage, at: datetime, actor: str) -> list[Write]:
    data: dict[str, Json] = {
        "wish": "begin",
        "delivery_method_id": carriage.delivery_method_id,
        "departure": carriage.departure,
        "postings": len(carriage.wanted),
    }
    event = Event(type=EventType.CARRIAGE_REQUESTED, at=at, actor=actor, data=data)
    return [*carriage_writes(carriage, event), claim_day(carriage)]


def _open_of_day(store: Store, carriage: Carriage) -> str:
    """The carriage of the same method and day that is still open to changes, or ""."""
    name = day_name(carriage.delivery_method_id, carriage.departure)
    known = store.find(carriage.seller, pointers.CARRIAGE_DAY, name)
    found = store.carriage(carriage.seller, known) if known else None
    return found.id if found is not None and found.state in CHANGEABLE else ""


def _taken(identifier: str) -> str:
    return (
        f"carriage {identifier} is open for this delivery method and day: scan into it, approve it or cancel it first"
    )


def _packed_by_method(store: PostingReads, seller: str) -> tuple[dict[str, list[str]], list[str]]:
    """Packed and assembled postings by delivery method, and those of no known method."""
    methods: dict[str, list[str]] = {}
    without: list[str] = []
    cursor: str | None = None
    while True:
        page = store.worklist(seller, Stage.PACKED, limit=_PAGE, cursor=cursor)
        for item in page.items:
            detail = store.detail(seller, item.number)
            if detail is None or detail.status != "awaiting_deliver":
                continue
            if detail.delivery_method_id:
                methods.setdefault(detail.delivery_method_id, []).append(item.number)
            else:
                without.append(item.number)
        cursor = page.cursor
        if cursor is None:
            return methods, without
