"""Telling a shop's numbers: claimed first, told a hundred pairs a call, settled pair by pair.

A worker that dies between claim and answer leaves the pair untold and claimed: it is told again after the marketplace's
30 seconds. Of two workers one has the claim, so that an older number never follows a newer one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from shipby.application.availability.wishes import resting, waking
from shipby.application.cases.opening import close_open_case, open_case
from shipby.application.ports.availability.market import PAIRS_A_CALL, Stocks, Told
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import Cases
from shipby.application.ports.store import Store
from shipby.application.ports.writes import Commits, SaveOffer
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors
from shipby.domain.availability import offers as o
from shipby.domain.availability.offers import Offer, OfferState
from shipby.domain.availability.places import Place, Refusal
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import (
    CredentialsRejectedError,
    OutcomeUnknownError,
    PermanentError,
    RateLimitedError,
    ShipbyError,
    VersionConflictError,
)

CALLS_A_STEP = 10
STEP_AGAIN = timedelta(seconds=8)
"""With CALLS_A_STEP calls each: 75 a minute, where the marketplace takes 80."""
_MOST_PLACES = 2000
"""That one step looks at."""
_SETTLED_TOGETHER = 40
_BAD_KEY_WAIT = timedelta(minutes=10)
_ABSENT = frozenset({"offer_id_not_found", "NOT_FOUND_ERROR"})
"""Codes of an article that the shop does not have."""
_WAREHOUSE = "WAREHOUSE_NOT_FOUND"

Outcome = Callable[[Offer], Offer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step did, and what is left."""

    told: int = 0
    refused: int = 0
    left: int = 0
    next_at: datetime | None = None

    @property
    def state(self) -> str:
        return "waits" if self.left else "told"


def tell_offers(shop: str, *, store: Store, stocks: Stocks, clock: Clock) -> Step:
    """Tell what may be told now. What is left is told by itself later: the shop is woken for it.

    Trouble of the marketplace is kept with each pair and waited out. Raises VersionConflictError and
    StoreUnavailableError.
    """
    settings = store.settings(shop)
    if settings is None or settings.kill_switch:
        return _rest(shop, store, clock, Step(), wait=timedelta(minutes=5))
    waiting = list(store.offers_at(shop, store.untold_offers(shop, limit=_MOST_PLACES)).values())
    calls = o.in_calls(waiting, clock.now(), pairs=PAIRS_A_CALL)
    told = refused = 0
    for call in calls[:CALLS_A_STEP]:
        outcomes, stop = _tell(call, store, stocks, clock)
        settled = _settle(shop, outcomes, store, clock)
        told += sum(one.state is OfferState.TOLD for one in settled)
        refused += sum(one.state in (OfferState.REFUSED, OfferState.ABSENT) for one in settled)
        if stop:
            break
    more = len(calls) > CALLS_A_STEP
    return _rest(shop, store, clock, Step(told=told, refused=refused), wait=STEP_AGAIN if more else timedelta())


def _tell(call: Sequence[Offer], store: Commits, stocks: Stocks, clock: Clock) -> tuple[Mapping[Place, Outcome], bool]:
    """What became of each pair of a call; whether to call no more for now."""
    sending = [o.claimed(offer, at=clock.now()) for offer in call]
    try:
        store.commit([SaveOffer(offer, marks=False) for offer in sending])
    except VersionConflictError:
        # Somebody has a newer number, or tells this one: the next step sees which.
        return {}, False
    amounts = {offer.place: offer.wanted for offer in sending}
    return _outcomes(stocks, amounts, clock)


def _outcomes(stocks: Stocks, amounts: Mapping[Place, int], clock: Clock) -> tuple[dict[Place, Outcome], bool]:
    try:
        found = stocks.tell(amounts)
    except OutcomeUnknownError as error:
        return _all(amounts, _unsure(str(error), clock)), False
    except CredentialsRejectedError as error:
        return _all(amounts, _not_sent(error, _BAD_KEY_WAIT, clock)), True
    except RateLimitedError as error:
        return _all(amounts, _not_sent(error, timedelta(seconds=error.retry_after or 1), clock)), True
    except PermanentError as error:
        return _one_by_one(stocks, amounts, error, clock)
    except ShipbyError as error:
        return _all(amounts, _not_sent(error, None, clock)), True
    return {told.place: _of(told, amounts[told.place], clock) for told in found}, False


def _one_by_one(
    stocks: Stocks, amounts: Mapping[Place, int], error: PermanentError, clock: Clock
) -> tuple[dict[Place, Outcome], bool]:
    """A call is refused as a whole for one of its pairs, and nothing of it was done: halves find which."""
    places = list(amounts)
    if len(places) == 1:
        told = Told(place=places[0], refusal=Refusal.PERSON, code=type(error).__name__, text=str(error))
        return {places[0]: _of(told, amounts[places[0]], clock)}, False
    half = len(places) // 2
    found: dict[Place, Outcome] = {}
    for part in (places[:half], places[half:]):
        outcomes, stop = _outcomes(stocks, {place: amounts[place] for place in part}, clock)
        found |= outcomes
        if stop:
            left = [place for place in places if place not in found]
            return found | _all(left, _not_sent(error, None, clock)), True
    return found, False


def _all(places: Mapping[Place, int] | Sequence[Place], outcome: Outcome) -> dict[Place, Outcome]:
    return dict.fromkeys(places, outcome)


def _not_sent(error: ShipbyError, wait: timedelta | None, clock: Clock) -> Outcome:
    return lambda offer: o.not_sent(offer, at=clock.now(), wait=wait, problem=str(error))


def _unsure(why: str, clock: Clock) -> Outcome:
    return lambda offer: o.unsure(offer, at=clock.now(), problem=why)


def _of(told: Told, sent: int, clock: Clock) -> Outcome:
    def outcome(offer: Offer) -> Offer:
        now = clock.now()
        if told.unknown:
            return _unsure("the marketplace's answer does not say what became of it", clock)(offer)
        if told.refusal is None:
            return o.taken(offer, sent, at=now)
        absent = told.code in _ABSENT
        return o.refused(offer, told.refusal, sent, at=now, code=told.code, problem=told.text, absent=absent)

    return outcome


def _settle(shop: str, outcomes: Mapping[Place, Outcome], store: Store, clock: Clock) -> list[Offer]:
    settled: list[Offer] = []
    places = list(outcomes)
    for start in range(0, len(places), _SETTLED_TOGETHER):
        part = places[start : start + _SETTLED_TOGETHER]
        settled += decide_anew(partial(_settle_part, shop, part, outcomes, store, clock))
    return settled


def _settle_part(
    shop: str, part: Sequence[Place], outcomes: Mapping[Place, Outcome], store: Store, clock: Clock
) -> list[Offer]:
    stand = store.offers_at(shop, part)
    after = {place: outcomes[place](offer) for place, offer in stand.items()}
    store.commit([SaveOffer(offer, marks=offer.state is not stand[place].state) for place, offer in after.items()])
    for place, offer in after.items():
        if offer.state is OfferState.REFUSED:
            _matter(shop, offer, store, clock)
        elif stand[place].code and not offer.code:
            _over(shop, stand[place], store, clock)
    return list(after.values())


def subject_of(offer: Offer) -> str:
    """What a case of a refused number is about: a warehouse that is refused with all that is in it is one matter."""
    house = f"warehouse {offer.warehouse}"
    return house if offer.code == _WAREHOUSE else f"{offer.offer} in {house}"


def _matter(shop: str, offer: Offer, store: Cases, clock: Clock) -> None:
    open_case(
        store,
        seller=shop,
        kind=CaseKind.STOCK_UNTOLD,
        subject=subject_of(offer),
        reason=f"the marketplace refuses that {offer.wanted} are for sale: {offer.problem}",
        now=clock.now(),
        actor=actors.STOCK,
    )


def _over(shop: str, before: Offer, store: Cases, clock: Clock) -> None:
    close_open_case(
        store,
        seller=shop,
        kind=CaseKind.STOCK_UNTOLD,
        subject=subject_of(before),
        resolution="the marketplace takes its number now",
        now=clock.now(),
        actor=actors.STOCK,
    )


def _rest(shop: str, store: Store, clock: Clock, done: Step, *, wait: timedelta) -> Step:
    """Wake the shop when the next pair may be told, or let its watch rest."""

    def once() -> Step:
        now = clock.now()
        left = list(store.offers_at(shop, store.untold_offers(shop, limit=_MOST_PLACES)).values())
        due = min((offer.may_be_told for offer in left), default=None)
        at = max(due, now + wait) if due is not None else None
        writes = resting(shop, store, now=now) if at is None else waking(shop, store, now=now, due=at)
        if writes:
            store.commit(writes)
        return Step(told=done.told, refused=done.refused, left=len(left), next_at=at)

    return decide_anew(once)
