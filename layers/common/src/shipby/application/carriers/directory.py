"""The directory of carriers: presets beside the seller's own ones, and the judging of numbers by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import CarrierReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveCarrier
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.paging import every
from shipby.application.shared.retry import decide_anew
from shipby.domain.carriers.carrier import Carrier, PriceList
from shipby.domain.carriers.directory import directory, formats_of
from shipby.domain.carriers.numbers import Judged, judge
from shipby.domain.errors import InvalidInputError, NotFoundError, PreconditionFailedError
from shipby.domain.events import Event, EventType, carrier_ref
from shipby.domain.json_types import Json

MAX_OWN = 100
"""Own carriers of a seller."""
MAX_JUDGED = 200


def carriers_of(seller: str, store: CarrierReads) -> dict[str, Carrier]:
    """Every carrier that the seller may name, by code."""
    return directory(every(lambda cursor: store.carriers(seller, limit=MAX_OWN, cursor=cursor)))


def list_carriers(seller: str, *, store: CarrierReads) -> dict[str, Json]:
    """The whole directory, own ones and presets, by code."""
    found = carriers_of(seller, store)
    return {"items": [carrier_view(found[code]) for code in sorted(found)], "next_cursor": None}


def get_carrier(seller: str, code: str, *, store: CarrierReads) -> dict[str, Json]:
    """Raises NotFoundError."""
    carrier = carriers_of(seller, store).get(code)
    if carrier is None:
        raise NotFoundError(f"there is no carrier {code}; create it with PUT and If-Match: 0")
    return carrier_view(carrier)


def put_carrier(
    carrier: Carrier, if_match: int, actor: str, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """Create (`if_match` 0) or replace an own carrier; one with a preset's code stands instead of it.

    Raises PreconditionFailedError unless `if_match` is the stored version, InvalidInputError for one too many.
    """

    def once() -> Answer:
        current = store.carrier(carrier.seller, carrier.code)
        version = current.version if current else 0
        if version != if_match:
            raise PreconditionFailedError(
                f"carrier {carrier.code} is at version {version}, you have {if_match}: read it again"
            )
        if current is None and len(store.carriers(carrier.seller, limit=MAX_OWN).items) >= MAX_OWN:
            raise InvalidInputError(f"{MAX_OWN} own carriers are the most", errors=[("code", "retire one first")])
        changed = replace(carrier, version=version + 1)
        answer = Answer(200, carrier_view(changed))
        data: dict[str, Json] = {"code": carrier.code, "new_prices": _new_prices(current, changed)}
        event = Event(type=EventType.CARRIER_CHANGED, at=clock.now(), actor=actor, data=data)
        appended = AppendEvents(carrier.seller, carrier_ref(carrier.code), changed.version, (event,))
        store.commit([SaveCarrier(changed), appended, *remember(answer)])
        return answer

    return decide_anew(once)


def _new_prices(before: Carrier | None, after: Carrier) -> list[Json]:
    known = before.prices if before else ()
    return [
        {"valid_from": one.valid_from.isoformat(), "lane": one.lane, "retroactive": one.retroactive}
        for one in after.prices
        if one not in known
    ]


def carrier_view(carrier: Carrier) -> dict[str, Json]:
    return {
        "code": carrier.code,
        "own": bool(carrier.seller),
        "version": carrier.version if carrier.seller else 0,
        "names": dict(carrier.names),
        "aliases": list(carrier.aliases),
        "services": list(carrier.services),
        "contacts": dict(carrier.contacts),
        "tracking_url": carrier.tracking_url or None,
        "patterns": list(carrier.patterns),
        "formats": [
            {"id": one.id, "check_digit": one.algorithm or None, "certain": one.certain, "source": one.source}
            for one in formats_of(carrier)
        ],
        "pickup_times": list(carrier.pickup_times),
        "prices": [_prices_view(one) for one in carrier.prices],
        "max_grams": carrier.max_grams,
        "max_sides_mm": list(carrier.max_sides_mm),
        "source": carrier.source or None,
        "retired_on": carrier.retired_on.isoformat() if carrier.retired_on else None,
    }


def _prices_view(prices: PriceList) -> dict[str, Json]:
    return {
        "valid_from": prices.valid_from.isoformat(),
        "announced_on": prices.announced_on.isoformat(),
        "retroactive": prices.retroactive,
        "source": prices.source,
        "lane": prices.lane,
        "bands": [
            {"up_to_grams": band.up_to_grams, "price": {"amount": band.price.amount, "currency": band.price.currency}}
            for band in prices.bands
        ],
    }


def judge_numbers(
    seller: str, numbers: Sequence[str], named: str, *, store: CarrierReads, clock: Clock
) -> dict[str, Json]:
    """What is to be thought of each number; nothing is changed by it."""
    carriers = carriers_of(seller, store)
    today = clock.now().date()
    judged = [(text, judge(text, carriers, named=named, on=today)) for text in numbers]
    return {"items": [judged_view(text, one, carriers) for text, one in judged]}


def judged_view(text: str, judged: Judged, carriers: Mapping[str, Carrier]) -> dict[str, Json]:
    carrier = carriers.get(judged.carrier)
    return {
        "sent": text,
        "number": judged.number if not judged.refused else None,
        "verdict": "refused" if judged.refused else "doubtful" if judged.doubtful else "good",
        "carrier": judged.carrier or None,
        "format": judged.format or None,
        "check_digit": judged.check,
        "problems": [{"kind": kind, "text": told} for kind, told in (*judged.refused, *judged.doubtful)],
        "others": list(judged.others),
        "tracking_page": (carrier.link(judged.number) or None) if carrier else None,
    }
