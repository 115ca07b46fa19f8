"""What happens in a world, drawn from its seed: postings, returns, people's wishes, and the marketplace's own moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from shipby.application.ports.writes import SaveSettings
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.sellers.settings import SellerSettings
from shipby_local.simulator import words
from shipby_local.simulator.generate import LineSpec
from tests.simulation.market import SELLER, minor
from tests.simulation.people import (
    Ask,
    Command,
    answer_buyer,
    ask,
    decide,
    later_cut_off,
    second_word,
    ship,
    track,
    verdict,
    wish_for,
)
from tests.simulation.watch import took_effect
from tests.simulation.workers import poll_now
from tests.simulation.world import World

Script = list[tuple[datetime, int, Callable[[], object]]]
Later = Callable[[float, Callable[[], object]], None]

PEOPLE = ("key:anna", "key:boris", "key:erp")
MACHINE = "system:harness"
SPLIT = 0.4
"""Share of new postings that somebody splits."""
BUSY = (25.0, 25.0, 120.0, 600.0)
"""Seconds within which all wishes come: in some worlds everybody wants everything at once."""


def draw(world: World, later: Later) -> None:
    """Make the postings and put all that will happen on the script."""
    rng = world.rng
    world.busy = rng.choice(BUSY)
    for serial in range(rng.choice((1, 2, 2, 3))):
        _draw_posting(world, serial, later)
    _draw_goods(world, later)
    duels = world.duels
    if duels.random() < 0.2:
        began = duels.uniform(10, world.busy)
        later(began, lambda: _restrict(world))
        later(began + duels.uniform(1, 300), lambda: _switch(world, on=False))
    if rng.random() < 0.25:
        later(rng.uniform(10, world.busy), lambda: _switch(world, on=True))
        if rng.random() < 0.7:
            later(world.busy + rng.uniform(0, 300), lambda: _switch(world, on=False))


def _draw_goods(world: World, later: Later) -> None:
    """The shop keeps some of what was ordered, and more of it comes while people work."""
    goods, skus = world.goods, sorted({sku for lines in world.market.ordered.values() for sku in lines})
    goods.opens(skus)
    for _ in range(goods.rng.choice((0, 1, 2, 4)) if goods.keeps else 0):
        later(goods.rng.uniform(5, world.busy), partial(_goods_come, world, goods.rng.choice(skus)))


def _goods_come(world: World, sku: str) -> None:
    count = world.goods.rng.choice((1, 2, 5))
    world.note(f"{count} of {sku} come")
    world.published(world.goods.come(sku, count))


def _draw_posting(world: World, serial: int, later: Later) -> None:
    rng, market = world.rng, world.market
    number = f"{24219500 + serial}-{1000 + world.seed % 9000}-1"
    own_delivery = rng.random() < 0.9
    lines = tuple(
        LineSpec(sku=827_000_100 + serial * 10 + n, quantity=rng.choice((1, 1, 2, 3)), price=_price(world))
        for n in range(rng.choice((1, 2, 2, 3)))
    )
    market.order(number, own_delivery=own_delivery, lines=lines, ship_in=rng.choice((1800.0, 86_400.0, 86_400.0)))
    world.numbers.append(number)
    kind = rng.choice(("delivered", "delivered", "delivered", "under way", "new", "new")) if own_delivery else "new"
    if kind == "new":
        _draw_new(world, number, later)
        return
    market.send_off(number)
    if kind == "delivered":
        market.deliver(number)
    elif rng.random() < 0.5:
        later(rng.uniform(5, world.busy), lambda: market.marketplace_cancels(number))
    else:
        later(rng.uniform(5, world.busy), lambda: market.deliver(number))
    for _ in range(rng.choice((0, 1, 2) if kind == "under way" else (1, 2, 3, 3))):
        # Often the first line again: what is left of one line is another matter than what is left of the posting.
        line, quantity = rng.choice((0, 0, rng.randrange(len(lines)))), rng.choice((1, 2, 3))
        later(rng.uniform(0, 20), partial(_return, world, number, line, quantity, later))
    if world.duels.random() < 0.5:
        later(world.duels.uniform(20, world.busy), lambda: _decide_all(world, number, later))
    if kind == "under way":
        if rng.random() < 0.6:
            later(rng.uniform(1, world.busy), lambda: _buyer_asks(world, number, later))
        for _ in range(rng.choice((0, 1, 2))):
            later(rng.uniform(5, world.busy), lambda: _tracking(world, number, later))


def _buyer_asks(world: World, number: str, later: Later) -> None:
    """The buyer of a parcel that is on its way wants to cancel: somebody has to answer."""
    told = world.market.buyer_cancels(number)
    world.note(f"buyer of {number} wants to cancel: {told}")
    if not told.startswith("requested"):
        return
    request_id = told.rpartition(" ")[2]
    rng = world.rng
    later(rng.uniform(1, 10), lambda: poll_now(world))
    for _ in range(rng.choice((0, 1, 2))):
        later(rng.uniform(10, 200), lambda: _answer(world, request_id, later))


def _answer(world: World, request_id: str, later: Later) -> None:
    decision = world.rng.choice(("approve", "reject"))
    command = answer_buyer(request_id, decision, actor=world.rng.choice(PEOPLE))
    send(world, f"{decision} wish {request_id}", command, later)


def _price(world: World) -> Decimal:
    return Decimal(world.rng.choice(("100", "990.50", "1250", "3490.99")))


def _return(world: World, number: str, line: int, quantity: int, later: Later) -> None:
    return_id = world.market.open_return(number, line, quantity)
    if not return_id:
        return
    world.note(f"return {return_id} of {number} is opened")
    world.returns.append(return_id)
    rng = world.rng
    later(rng.uniform(1, 10), lambda: poll_now(world))
    for _ in range(rng.choice((1, 2, 3, 4))):
        later(rng.uniform(10, world.busy), lambda: _decide(world, return_id, later))


def _decide(world: World, return_id: str, later: Later, patience: int = 4) -> None:
    """Somebody decides a return as soon as their screen shows it; at times two do, or one twice."""
    case = world.raw.return_case(SELLER, return_id)
    if case is None and patience:
        later(20, lambda: _decide(world, return_id, later, patience - 1))
    if case is None or not case.actions:
        return
    rng = world.rng
    automatic = rng.random() < 0.3
    actor = MACHINE if automatic else rng.choice(PEOPLE)
    action = rng.choice([offered.id for offered in case.actions])
    if rng.random() < 0.5:
        # Most of the time it is about money.
        action = rng.choice(sorted(words.REFUND_ACTIONS & {offered.id for offered in case.actions}) or [action])
    refunds = action in words.REFUND_ACTIONS
    amount = None
    if action == words.COMPENSATE:
        item = world.market.return_of(return_id)
        most = minor(item.line.total)
        amount = Money(rng.choice((100, most // 2, most, most)), "RUB")
    postage = Money(rng.choice((100, 25_000)), "RUB") if refunds and rng.random() < 0.25 else None
    command = decide(
        return_id, action, refund=refunds, amount=amount, postage=postage, actor=actor, automatic=automatic
    )
    send(world, f"decide {return_id} {action}", command, later)
    if rng.random() < 0.3:
        later(rng.uniform(0, 2), lambda: poll_now(world))
    if world.watch.settings.approve_above and refunds:
        for _ in range(rng.choice((1, 1, 2))):
            later(rng.uniform(1, 90), lambda: _second_word(world, return_id, later))


def _decide_all(world: World, number: str, later: Later) -> None:
    """Several people sit before the returns of one posting, and all decide at the same moment."""
    waiting = [each for each in world.returns if world.market.return_of(each).posting_number == number]
    world.note(f"all of {', '.join(waiting) or 'no return'} are decided at once")
    for return_id in waiting:
        later(0, partial(_decide, world, return_id, later, 0))


def _duel(world: World, intent_id: str, later: Later) -> None:
    """Two people say yes and no to one refund at the same moment."""
    people = world.duels.sample(PEOPLE, 2)
    for approves, actor in zip((True, False), people, strict=True):
        world.marks += 1
        command = second_word(intent_id, approves=approves, actor=actor)
        wish = Ask(f"duel{world.marks}", f"{'approve' if approves else 'reject'} {intent_id}", command)
        later(0, partial(ask, world, wish, later))


def _second_word(world: World, return_id: str, later: Later) -> None:
    """Whoever sees a refund that waits says yes or no to it; at times it is the one who asked for it."""
    case = world.raw.return_case(SELLER, return_id)
    intent = world.raw.intent(SELLER, case.open_intent) if case and case.open_intent else None
    if intent is None or intent.state is not IntentState.PROPOSED:
        return
    if world.duels.random() < 0.4:
        _duel(world, intent.id, later)
    approves = world.rng.random() < 0.8
    command = second_word(intent.id, approves=approves, actor=world.rng.choice(PEOPLE))
    send(world, f"{'approve' if approves else 'reject'} {intent.id}", command, later)


def _draw_new(world: World, number: str, later: Later) -> None:
    rng, market = world.rng, world.market
    if world.splits.random() < SPLIT:
        later(world.splits.uniform(1, 40), lambda: _split(world, number, later))
    if rng.random() < 0.6:
        market.arm(rng.choice(("ship_fails", "ship_fails", "cancel_races_ship")), number)
    for _ in range(rng.choice((2, 3, 4, 5))):
        later(rng.uniform(5, world.busy), lambda: _work(world, number, later))
    moves: tuple[Callable[[], object], ...] = (
        lambda: market.buyer_cancels(number),
        lambda: market.marketplace_cancels(number),
        lambda: market.hand_over(number),
        lambda: market.move_cut_off(number, timedelta(hours=rng.choice((-1, 5)))),
    )
    for _ in range(rng.choice((0, 0, 1, 2))):
        later(rng.uniform(5, world.busy), rng.choice(moves))


def _split(world: World, number: str, later: Later) -> None:
    """An order is split, delivered in its parts, and given back in parts; at times a part is split once more."""
    rng, market = world.splits, world.market
    parts = market.split(number, rng)
    if not parts:
        return
    world.note(f"{number} is split into {parts}")
    world.seen["splits"] += 1
    world.numbers += parts
    if rng.random() < 0.2:
        later(rng.uniform(1, 60), lambda: _split(world, parts[0], later))
    for part in (number, *parts):
        if rng.random() < 0.15:
            later(rng.uniform(1, world.busy), partial(market.marketplace_cancels, part))
        later(rng.uniform(30, 120), partial(market.bring, part))
        for _ in range(rng.choice((1, 2, 2))):
            line, quantity = rng.choice((0, 0, 1)), rng.choice((1, 2))
            later(rng.uniform(121, 200), partial(_return, world, part, line, quantity, later))


def _work(world: World, number: str, later: Later) -> None:
    """Somebody wants something done to a posting."""
    rng = world.rng
    automatic = rng.random() < 0.3
    actor = MACHINE if automatic else rng.choice(PEOPLE)
    kind = rng.choice(("cancel", "cancel items", "ship", "ship", "tracking", "cut-off"))
    if kind == "cancel":
        whole: dict[str, Json] = {"reason_id": rng.choice((352, 400, 402)), "message": "нет в наличии"}
        command = wish_for(number, IntentAction.CANCEL, whole, actor=actor, automatic=automatic)
    elif kind == "cancel items":
        line = rng.choice(world.market.posting(number).lines)
        items: dict[str, Json] = {str(line.sku): rng.randint(1, line.quantity)}
        some: dict[str, Json] = {"reason_id": 352, "message": "не хватает", "items": items}
        command = wish_for(number, IntentAction.CANCEL_ITEMS, some, actor=actor, automatic=automatic)
    elif kind == "ship":
        command = ship(number, actor=rng.choice(PEOPLE))
    elif kind == "tracking":
        _tracking(world, number, later)
        return
    else:
        request = later_cut_off(world, number, rng.choice((2, 24)))
        command = wish_for(number, IntentAction.SET_CUT_OFF, request, actor=actor, automatic=automatic)
    send(world, f"{kind} {number}", command, later)


def _tracking(world: World, number: str, later: Later) -> None:
    value = f"RB{world.rng.randrange(10**8, 10**9)}RU"
    send(world, f"tracking {number} {value}", track(number, value, actor=world.rng.choice(PEOPLE)), later)


def send(world: World, what: str, command: Command, later: Later) -> None:
    """Ask once, or twice at once: the same key (a client that repeats) or another (a second operator)."""
    rng = world.rng
    world.marks += 1
    key = f"k{world.marks}"
    wish = Ask(key, what, command)
    later(0, lambda: ask(world, wish, later))
    dice = rng.random()
    if dice < 0.35:
        later(rng.choice((0, 0, 1, 60, 400)), lambda: ask(world, wish, later))
    elif dice < 0.6:
        other = Ask(f"{key}-second", what, command)
        later(rng.choice((0, 0, 1)), lambda: ask(world, other, later))


def _switch(world: World, *, on: bool) -> None:
    """Somebody throws the kill switch; it is in force from this moment."""
    stored = world.raw.settings(SELLER)
    assert stored is not None
    _change(world, replace(stored, version=stored.version + 1, kill_switch=on))
    world.note(f"kill switch {'on' if on else 'off'}")


def _restrict(world: World) -> None:
    """Somebody lowers the caps and throws the kill switch in one change."""
    stored = world.raw.settings(SELLER)
    assert stored is not None
    caps = dict.fromkeys(stored.caps, 1)
    _change(world, replace(stored, version=stored.version + 1, kill_switch=True, caps=caps))
    world.note("caps of 1, and the kill switch on")


def _change(world: World, settings: SellerSettings) -> None:
    world.raw.commit([SaveSettings(settings)])
    world.watch.policies[settings.version] = settings
    world.watch.kill_switch = settings.kill_switch


def people_settle(world: World, later: Later) -> None:
    """People look into the cabinet and end what nobody else can: they say what is true."""
    for intent in list(world.watch.intents.values()):
        if intent.state is IntentState.PROPOSED:
            no = Ask(
                f"hand-{intent.id}", f"reject {intent.id}", second_word(intent.id, approves=False, actor=PEOPLE[0])
            )
            later(0, partial(ask, world, no, later))
        elif intent.open:
            happened = any(took_effect(call, intent) for call in world.watch.calls[intent.id])
            wish = Ask(
                f"hand-{intent.id}", f"settle {intent.id}", verdict(intent.id, happened=happened, actor=PEOPLE[0])
            )
            later(0, partial(ask, world, wish, later))
