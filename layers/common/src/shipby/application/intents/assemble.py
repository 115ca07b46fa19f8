"""Assembly by policy: a wave that a person ships in one call, and single postings that ship themselves.

With `assemble_at: wave` a posting ships when it is confirmed, so that its label is fetched ahead; with `packed`
once it is packed. `auto_assemble` says whether that happens by itself, is only told, or waits for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shipby.application.cases.held import SHIP, commit, hold_posting, let_go, waits_on
from shipby.application.intents.request_intent import Wish, check_ship, prepare_intent
from shipby.application.intents.ship_posting import ShipWish, ship_posting
from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.shadowing import shadow_writes, under_policy
from shipby.domain import actors
from shipby.domain.cases.case import Case
from shipby.domain.cases.held import Became, wait_of
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import (
    ActionNotOfferedError,
    CapReachedError,
    InvalidInputError,
    KillSwitchOnError,
    PermanentError,
)
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.intents import IntentAction, IntentState, open_of
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import BEFORE_HAND_OVER, MarketplacePosting, Posting, Stage
from shipby.domain.sellers.overrides import policy_for
from shipby.domain.sellers.settings import AssembleAt, Automation, SellerSettings

MAX_WAVE = 300
"""Postings in one wave: each is a transaction, and the call has half a minute."""
_AT: Mapping[AssembleAt, frozenset[Stage]] = {
    AssembleAt.WAVE: BEFORE_HAND_OVER - {Stage.RECEIVED},
    AssembleAt.PACKED: frozenset({Stage.PACKED}),
}
"""Stages at which a posting ships itself."""
_TOLD = frozenset({EventType.AUTOMATION_SHADOWED, EventType.AUTOMATION_HELD})


def assemble_posting(seller: str, number: str, *, store: Store, clock: Clock, again: Case | None = None) -> Became:
    """Ship a posting by itself, as far as the seller's policy wants that and the marketplace offers it.

    `again`: the case of a decision that was held back, which is taken once more. Answers what became of it: assembled
    (the call is on its way), shadowed, held, not_now or off. Safe to repeat.
    """

    def once() -> Became:
        settings = store.settings(seller) or SellerSettings(seller=seller)
        if settings.auto_assemble is Automation.OFF and not settings.overrides:
            return Became.OFF
        posting, detail = store.posting(seller, number), store.detail(seller, number)
        if posting is not None:
            settings = policy_for(posting, settings)
        if settings.auto_assemble is Automation.OFF:
            return Became.OFF
        if posting is None or detail is None or not _due(posting, detail, settings, store):
            return Became.NOT_NOW
        now = clock.now()
        wish = Wish(
            seller=seller,
            number=number,
            action=IntentAction.SHIP,
            request={"packages": [_everything(detail)]},
            actor=actors.LABEL_GENERATION,
            reason=f"assembled by policy ({settings.assemble_at})",
            automatic=True,
        )
        if settings.auto_assemble is Automation.SHADOW:
            event = Event(
                type=EventType.AUTOMATION_SHADOWED, at=now, actor=actors.LABEL_GENERATION, data={"action": SHIP}
            )
            return _tell(posting, event, settings, store, Became.SHADOWED)
        noted, _, event, writes = prepare_intent(posting, wish, settings, store=store, now=now)
        noted = rewind(replace(noted, version=posting.version + 1))
        appended = AppendEvents(seller, posting_ref(number), noted.version, (event,))
        ref = posting_ref(number)
        done = (
            let_go(seller, ref, SHIP, "it was decided after all", store=store, now=now, actor=actors.LABEL_GENERATION)
            if again
            else []
        )
        try:
            store.commit([SavePosting(noted), appended, *writes, *done])
        except (CapReachedError, KillSwitchOnError) as error:
            if again is not None:
                commit(store, waits_on(again, wait_of(error), str(error), now=now, actor=actors.LABEL_GENERATION))
                return Became.HELD
            data: dict[str, Json] = {"action": SHIP, "waits_for": wait_of(error)}
            held = Event(
                type=EventType.AUTOMATION_HELD, at=now, actor=actors.LABEL_GENERATION, reason=str(error), data=data
            )
            return _tell(posting, held, settings, store, Became.HELD)
        return Became.ASSEMBLED

    return decide_anew(once)


def _due(posting: Posting, detail: MarketplacePosting, settings: SellerSettings, store: BenchReads) -> bool:
    if posting.stage not in _AT[settings.assemble_at] or posting.assembled_at is not None:
        return False
    try:
        check_ship(posting, detail, store=store)
    except ActionNotOfferedError:
        return False
    return bool(detail.lines)


def _everything(detail: MarketplacePosting) -> dict[str, Json]:
    """All that was ordered, in one package: SKU -> quantity."""
    packed: dict[str, int] = {}
    for line in detail.lines:
        packed[line.sku] = packed.get(line.sku, 0) + line.quantity
    return dict(packed)


def _tell(posting: Posting, event: Event, settings: SellerSettings, store: Store, outcome: Became) -> Became:
    """Say once per posting what was not done; a repeated message says it no second time."""
    held = hold_posting([event], posting, settings, store=store)
    history = store.events(posting.seller, posting_ref(posting.number))
    if any(stored.event.type in _TOLD and stored.event.data.get("action") == SHIP for stored in history):
        if held:
            commit(store, held)
        return outcome
    told = rewind(replace(posting, version=posting.version + 1))
    decided = under_policy(event, settings.version)
    appended = AppendEvents(posting.seller, posting_ref(posting.number), told.version, (decided,))
    noted = shadow_writes(appended, posting_number=posting.number, policy_version=settings.version)
    commit(store, [SavePosting(told), appended, *noted, *held])
    return outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveWish:
    """Postings that a person ships in one call."""

    seller: str
    numbers: Sequence[str]
    actor: str


def ship_wave(wish: WaveWish, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """One intent per posting, each in its own transaction; one that cannot be shipped is named and delays no other.

    A wave that is sent again goes on where it stopped: a posting whose call is under way answers that call.
    Raises InvalidInputError for no posting or too many.
    """
    numbers = tuple(dict.fromkeys(wish.numbers))
    if not 1 <= len(numbers) <= MAX_WAVE:
        problem = f"{len(numbers)} given"
        raise InvalidInputError(f"a wave takes 1 to {MAX_WAVE} postings", errors=[("posting_numbers", problem)])
    items: list[Json] = []
    for number in numbers:
        intent, why_not = _ship_one(wish, number, store, clock)
        items.append({"posting_number": number, "intent": intent or None, "problem": why_not or None})
    accepted = sum(isinstance(item, dict) and item["problem"] is None for item in items)
    body: dict[str, Json] = {"accepted": accepted, "left_out": len(items) - accepted, "items": items}
    answer = Answer(202, body, f"/v1/intents?state={IntentState.PENDING}")
    if writes := remember(answer):
        store.commit(writes)
    return answer


def _ship_one(wish: WaveWish, number: str, store: Store, clock: Clock) -> tuple[str, str]:
    """The intent of a posting, or why there is none."""
    posting = store.posting(wish.seller, number)
    if posting is not None:
        if under_way := open_of(posting, IntentAction.SHIP):
            return under_way[-1], ""
        if posting.assembled_at is not None:
            return "", "it is assembled already"
    try:
        done = ship_posting(
            ShipWish(seller=wish.seller, number=number, actor=wish.actor),
            lambda _answer: [],
            store=store,
            clock=clock,
        )
    except PermanentError as error:
        return "", str(error)
    return str(done.body["id"]), ""
