"""People and programs at our API: they ask under an Idempotency-Key, and ask again when no answer came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from shipby.application.cancels.decide import CancelRequestDecision, decide_cancel_request
from shipby.application.intents.replace_tracking import NewTracking, replace_tracking
from shipby.application.intents.request_intent import Wish, request_intent
from shipby.application.intents.ship_posting import ShipWish, ship_posting
from shipby.application.refunds.approvals import approve_refund, reject_refund
from shipby.application.returns.decisions import decide_return
from shipby.application.returns.refund_money import ReturnDecision
from shipby.application.settling.by_hand import Verdict, settle_by_hand
from shipby.application.settling.second_word import SecondWord
from shipby.application.shared import idempotency
from shipby.application.shared.idempotency import Answer, Remember
from shipby.domain.errors import RetryableError
from shipby.domain.intents import IntentAction
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from tests.simulation.baton import Task
from tests.simulation.clocks import SkewedClock
from tests.simulation.errors import Crash, Violation
from tests.simulation.market import SELLER
from tests.simulation.world import Job, World

Command = Callable[[World, SkewedClock, Remember], Answer]


@dataclass(slots=True)
class Ask:
    """One wish under one key. `answers` is all that was ever answered to it."""

    key: str
    what: str
    command: Command
    patience: int = 4
    answers: list[Answer] = field(default_factory=list)


def ask(world: World, wish: Ask, later: Callable[[float, Callable[[], object]], None]) -> None:
    """Send it once; without an answer it is sent again under the same key after some seconds, as clients do."""
    worker = world.rng.randrange(len(world.skews))
    clock = world.clock(worker)

    def work() -> Answer:
        return idempotency.idempotently(
            SELLER,
            wish.key,
            {"what": wish.what},
            lambda remember: wish.command(world, clock, remember),
            store=world.store,
            clock=clock,
        )

    def done(task: Task) -> None:
        if isinstance(task.result, Answer):
            world.note(f"{wish.what} under {wish.key}: {task.result.status} {task.result.location}")
            wish.answers.append(task.result)
            if any(answer.location != wish.answers[0].location for answer in wish.answers):
                places = [answer.location for answer in wish.answers]
                raise Violation("one answer per key", f"key {wish.key} was answered {places}")
        elif not isinstance(task.error, Crash | RetryableError):
            made = world.watch.made_by_key.get(wish.key)
            if made is not None:
                raise Violation(
                    "one answer per key", f"key {wish.key} made {made}, then it was answered {task.error!r}"
                )
        elif wish.patience > 0:
            wish.patience -= 1
            later(world.rng.choice((1.0, 5.0, 30.0)), lambda: ask(world, wish, later))

    world.begin(Job(f"ask {wish.what}", worker, key=wish.key), work, done)


def decide(
    return_id: str,
    action_id: int,
    *,
    refund: bool,
    amount: Money | None = None,
    postage: Money | None = None,
    actor: str,
    automatic: bool = False,
) -> Command:
    """Decide a return."""

    def command(world: World, clock: SkewedClock, remember: Remember) -> Answer:
        rejects = action_id in {-1, -10}
        decision = ReturnDecision(
            seller=SELLER,
            return_id=return_id,
            action_id=action_id,
            actor=actor,
            refund=refund,
            amount=amount,
            postage=postage,
            rejection_reason_id=1 if rejects else None,
            comment="не тот товар" if rejects else "",
            automatic=automatic,
        )
        return decide_return(decision, remember, store=world.store, clock=clock)

    return command


def wish_for(
    number: str, action: IntentAction, request: dict[str, Json], *, actor: str, automatic: bool = False
) -> Command:
    """A cancel or a later cut-off."""

    def command(world: World, clock: SkewedClock, remember: Remember) -> Answer:
        wish = Wish(seller=SELLER, number=number, action=action, request=request, actor=actor, automatic=automatic)
        return request_intent(wish, remember, store=world.store, clock=clock)

    return command


def ship(number: str, *, actor: str) -> Command:
    """Assemble a posting whole."""

    def command(world: World, clock: SkewedClock, remember: Remember) -> Answer:
        return ship_posting(
            ShipWish(seller=SELLER, number=number, actor=actor, reason="it is packed"),
            remember,
            store=world.store,
            clock=clock,
        )

    return command


def track(number: str, tracking: str, *, actor: str) -> Command:
    """Set or replace a tracking number."""

    def command(world: World, clock: SkewedClock, remember: Remember) -> Answer:
        new = NewTracking(seller=SELLER, number=number, tracking_number=tracking, actor=actor, reason="new parcel")
        return replace_tracking(new, remember, store=world.store, clock=clock)

    return command


def verdict(intent_id: str, *, happened: bool, actor: str) -> Command:
    """A person who has looked into the cabinet ends an intent."""

    def command(world: World, clock: SkewedClock, remember: Remember) -> Answer:
        said = Verdict(seller=SELLER, intent_id=intent_id, happened=happened, actor=actor, reason="seen in the cabinet")
        return settle_by_hand(said, remember, store=world.store, clock=clock)

    return command


def second_word(intent_id: str, *, approves: bool, actor: str) -> Command:
    """A second person approves or rejects a refund above the seller's limit."""

    def command(world: World, clock: SkewedClock, remember: Remember) -> Answer:
        word = SecondWord(seller=SELLER, intent_id=intent_id, actor=actor, reason="looked at it")
        decide_it = approve_refund if approves else reject_refund
        return decide_it(word, remember, store=world.store, clock=clock)

    return command


def answer_buyer(request_id: str, decision: str, *, actor: str) -> Command:
    """Answer a buyer's wish to cancel."""

    def command(world: World, clock: SkewedClock, remember: Remember) -> Answer:
        said = CancelRequestDecision(
            seller=SELLER, request_id=request_id, decision=decision, actor=actor, comment="уже отправлено"
        )
        return decide_cancel_request(said, remember, store=world.store, clock=clock)

    return command


def later_cut_off(world: World, number: str, hours: int) -> dict[str, Json]:
    """The request of a later date."""
    posting = world.market.posting(number)
    return {"cut_off": (posting.shipment_date + timedelta(hours=hours)).isoformat()}
