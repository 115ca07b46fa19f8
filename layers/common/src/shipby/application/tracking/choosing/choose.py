"""Which carrier a posting goes with, where that is the seller's choice: every carrier scored, a person's choice kept.

The choice is an event of the posting: who, which, why, what was best then and of what both scores were made. The
number that follows names the carrier; the marketplace has no field for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shipby.application.carriers.directory import carriers_of
from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import BenchReads, CarrierReads
from shipby.application.ports.postings import HistoryReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.application.postings.work_posting import check_version, load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import money_view, time_text
from shipby.application.tracking.choosing.kept import learned_tracks
from shipby.application.tracking.choosing.parcels import weighed
from shipby.domain.carriers.directory import find
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.postings.lines import quantities
from shipby.domain.postings.posting import BEFORE_HAND_OVER, MarketplacePosting, Posting, Stage
from shipby.domain.tracking.choice import Need, Scored, score


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelAsked:
    """Whose card. What is None is taken from the scale or the product cards; `lane` such as CN-RU picks price lists."""

    seller: str
    number: str
    grams: int | None = None
    lane: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierChosen:
    """A person's choice; without a carrier the best one. Another than the best needs a reason."""

    parcel: ParcelAsked
    actor: str
    carrier: str = ""
    reason: str = ""
    if_match: int | None = None


@dataclass(frozen=True, slots=True)
class _Card:
    posting: Posting
    need: Need
    grams_from: str
    scored: Sequence[Scored]
    learned_at: str | None

    @property
    def best(self) -> Scored | None:
        return next((one for one in self.scored if one.offered), None)


def carrier_choice(parcel: ParcelAsked, *, store: Store, clock: Clock) -> dict[str, Json]:
    """Every carrier with its score, the best first, and what was chosen.

    Raises NotFoundError, ActionNotOfferedError where the carrier is not the seller's to choose.
    """
    return _view(_card(parcel, store, clock.now()), _chosen_before(parcel, store))


def choose_carrier(chosen: CarrierChosen, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Keep the choice in the posting's history. Nothing is sent: the carrier is named with the number.

    Raises what `carrier_choice` raises, PreconditionFailedError, InvalidInputError for a carrier that nobody knows or
    that cannot take the parcel, and where another than the best is chosen without a reason.
    """

    def once() -> Answer:
        now = clock.now()
        card = _card(chosen.parcel, store, now)
        posting = card.posting
        check_version(posting, chosen.if_match)
        if posting.stage not in BEFORE_HAND_OVER and posting.stage is not Stage.BLOCKED:
            raise ActionNotOfferedError(f"posting {posting.number} is {posting.stage}: its parcel has left the house")
        picked = _picked(card, chosen, store)
        best = card.best
        override = best is not None and picked.carrier != best.carrier
        if override and not chosen.reason.strip():
            raise InvalidInputError(
                f"{best.carrier if best else ''} is the best for posting {posting.number}: another one needs a reason",
                errors=[("reason", "say why another carrier is better")],
            )
        data: dict[str, Json] = {
            "carrier": picked.carrier,
            "override": override,
            "chosen": _parts(picked),
            "best": _parts(best) if best is not None and override else None,
        }
        reason = chosen.reason.strip() or _why(picked)
        event = Event(type=EventType.POSTING_CARRIER_CHOSEN, at=now, actor=chosen.actor, reason=reason, data=data)
        noted = rewind(replace(posting, version=posting.version + 1))
        told = _told(event)
        answer = Answer(200, _view(replace(card, posting=noted), told))
        appended = AppendEvents(posting.seller, posting_ref(posting.number), noted.version, (event,))
        store.commit([SavePosting(noted), appended, *remember(answer)])
        return answer

    return decide_anew(once)


def _picked(card: _Card, chosen: CarrierChosen, store: CarrierReads) -> Scored:
    if not chosen.carrier.strip():
        if card.best is None:
            raise InvalidInputError(
                "no carrier of the directory can take this parcel",
                errors=[("carrier", "add one with PUT /v1/carriers/{code}, or name the parcel's weight")],
            )
        return card.best
    found = find(chosen.carrier, carriers_of(chosen.parcel.seller, store))
    picked = next((one for one in card.scored if found is not None and one.carrier == found.code), None)
    if picked is None:
        problem = "not in the directory: GET /v1/carriers shows it, PUT /v1/carriers/{code} adds one"
        raise InvalidInputError(f"nobody knows the carrier {chosen.carrier[:40]!r}", errors=[("carrier", problem)])
    if not picked.offered:
        raise InvalidInputError(
            f"{picked.carrier} cannot take posting {card.posting.number}",
            errors=[("carrier", problem) for problem in picked.why_not],
        )
    return picked


def _card(parcel: ParcelAsked, store: Store, now: datetime) -> _Card:
    posting = load_posting(store, parcel.seller, parcel.number)
    if not posting.own_carrier:
        raise ActionNotOfferedError(
            f"posting {posting.number} goes by {posting.integration}: the marketplace chooses its carrier; what you "
            "choose there is the drop-off point or the courier's slot, in your account"
        )
    detail = store.detail(parcel.seller, parcel.number, of=posting)
    grams, grams_from, sides = _size(parcel, posting, detail, store)
    leaves = max(now, posting.cut_off) if posting.cut_off is not None else now
    promised = posting.delivery_by or (detail.delivery_by if detail else None)
    need = Need(
        on=now.date(),
        grams=grams,
        sides_mm=sides,
        lane=detail.delivery_method_id if detail else posting.delivery_method_id,
        price_lane=parcel.lane,
        time_left=promised - leaves if promised is not None else None,
        worth=detail.paid if detail else None,
    )
    found, learned_at = learned_tracks(parcel.seller, store=store, now=now)
    return _Card(posting, need, grams_from, score(carriers_of(parcel.seller, store), found, need), learned_at)


def _size(
    parcel: ParcelAsked, posting: Posting, detail: MarketplacePosting | None, store: Store
) -> tuple[int | None, str, tuple[int, ...]]:
    """Grams, who says so, and the sides of a parcel of one piece: of several nobody knows how they lie."""
    pieces = quantities(detail) if detail else {}
    by_cards, sides = _by_cards(posting.seller, pieces, store)
    if parcel.grams is not None:
        return parcel.grams, "asked", sides
    if (told := weighed(posting, store)) is not None:
        return told, "scale", sides
    return by_cards, "product_cards" if by_cards is not None else "", sides


def _by_cards(seller: str, pieces: Mapping[str, int], store: BenchReads) -> tuple[int | None, tuple[int, ...]]:
    cards = store.product_cards_of(seller, list(pieces))
    known = len(cards) == len(pieces) and bool(pieces) and all(card.weight_g for card in cards.values())
    grams = sum(cards[sku].weight_g * count for sku, count in pieces.items()) if known else None
    single = sum(pieces.values()) == 1
    sides = next((tuple(card.sides_mm) for card in cards.values()), ()) if single else ()
    return grams, sides


def _chosen_before(parcel: ParcelAsked, store: HistoryReads) -> dict[str, Json] | None:
    events = store.events(parcel.seller, posting_ref(parcel.number))
    chosen = [one.event for one in events if one.event.type == EventType.POSTING_CARRIER_CHOSEN]
    return _told(chosen[-1]) if chosen else None


def _told(event: Event) -> dict[str, Json]:
    return {
        "carrier": event.data["carrier"],
        "override": event.data["override"],
        "by": event.actor,
        "at": time_text(event.at),
        "reason": event.reason,
    }


def _why(picked: Scored) -> str:
    parts = [f"expected cost {picked.expected}"] if picked.expected is not None else []
    parts += [f"in time {picked.in_time:.0%}"] if picked.in_time is not None else []
    return f"best of the directory: {', '.join([*parts, f'lost {picked.lost:.1%}', f'{picked.samples} parcels known'])}"


def _parts(one: Scored) -> dict[str, Json]:
    low, high = one.in_time_interval or (None, None)
    return {
        "carrier": one.carrier,
        "why_not": list(one.why_not),
        "expected_cost": money_view(one.expected),
        "price": money_view(one.price),
        "in_time": _text(one.in_time),
        "in_time_interval": {"low": _text(low), "high": _text(high)},
        "lost": _text(one.lost),
        "samples": one.samples,
        "samples_of_lane": one.of_lane,
    }


def _text(share: float | None) -> str | None:
    return None if share is None else f"{share:.4f}"


def _view(card: _Card, chosen: dict[str, Json] | None) -> dict[str, Json]:
    posting, need = card.posting, card.need
    best = card.best
    return {
        "posting_number": posting.number,
        "version": posting.version,
        "grams": need.grams,
        "grams_from": card.grams_from or None,
        "lane": need.lane or None,
        "hours_left": f"{need.time_left.total_seconds() / 3600:.1f}" if need.time_left is not None else None,
        "learned_at": card.learned_at,
        "best": best.carrier if best else None,
        "carriers": [_parts(one) for one in card.scored],
        "chosen": chosen,
    }
