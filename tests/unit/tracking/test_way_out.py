"""No number to be had: the card with prices and clocks, and what a person's choice leads to."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from shipby.application.alarms.ringing import ring
from shipby.application.cases.opening import find_open_case
from shipby.application.evidence.pieces import PieceWish, add_piece
from shipby.application.ports.writes import SaveCarrier
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.number_options import CardWish, Chosen, choose_way, number_options
from shipby.domain.alarm import AlarmRef
from shipby.domain.carriers.carrier import Carrier, PriceBand, PriceList
from shipby.domain.carriers.s10 import s10
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.matter import Matter
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, NotFoundError, PreconditionFailedError
from shipby.domain.events import EventType, case_ref
from shipby.domain.evidence.pieces import EvidenceKind
from shipby.domain.intents import IntentAction
from shipby.domain.postings.posting import Rung, RungKind, Stage
from shipby.domain.tracking.way_out import CancelTold, Quote, WayOut, last_moment, options
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS
from tests.support.fakes import MemoryDocuments
from tests.unit.world_support import World, forget, money

NEW = s10("RB", 2, "CN")


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives(status="awaiting_deliver", actions=(*ASSEMBLED_ACTIONS, "cancel"), integration="non_integrated")
    return world


def own(world: World, code: str, *prices: tuple[int, str], retired_on: date | None = None) -> None:
    bands = tuple(PriceBand(up_to_grams=grams, price=a.rub(price)) for grams, price in prices)
    lists = (PriceList(valid_from=date(2026, 1, 1), announced_on=date(2026, 1, 1), source="contract", bands=bands),)
    names = {"en": code.title()}
    carrier = Carrier(code=code, names=names, seller=a.SELLER, prices=lists, retired_on=retired_on, version=1)
    world.write(SaveCarrier(replace(carrier, contacts={"phone": "1"})))


def card(world: World, **more: Any) -> dict[str, Any]:
    wish = CardWish(seller=a.SELLER, number=a.NUMBER, **more)
    found: Any = number_options(wish, store=world.store, clock=world.clock)
    return {option["way"]: option for option in found["options"]} | {"whole": found}


def choose(world: World, way: WayOut, **more: Any) -> Answer:
    chosen = Chosen(card=CardWish(seller=a.SELLER, number=a.NUMBER), way=way, actor="key:k1", reason="no label", **more)
    return choose_way(chosen, forget, store=world.store, clock=world.clock)


def case(world: World) -> Case | None:
    return find_open_case(world.store, Matter(seller=a.SELLER, kind=CaseKind.NO_NUMBER, subject=a.NUMBER))


# The card


def test_each_way_has_its_price_and_its_clock(world: World) -> None:
    own(world, "dear", (1000, "500.00"), (5000, "900.00"))
    own(world, "cheap", (1000, "300.00"), (5000, "700.00"))
    own(world, "gone", (1000, "1.00"), retired_on=date(2026, 1, 1))
    told = card(world, grams=800)
    wait, other, cancel = (told[way] for way in WayOut)
    assert (wait["offered"], other["offered"], cancel["offered"]) == (True, True, True)
    end = last_moment(world.posting(), world.clock.now())
    assert end is not None
    assert wait["until"] == cancel["until"] == end[0].isoformat().replace("+00:00", "Z")
    assert wait["until_is"] == end[1]
    assert other["price"] == {"amount": "300.00", "currency": "RUB"}
    assert other["until_is"] == RungKind.SHIPMENT_DATE
    assert [quote["carrier"] for quote in other["carriers"]][:2] == ["cheap", "dear"]
    assert "gone" not in [quote["carrier"] for quote in other["carriers"]]
    assert other["carriers"][0]["contacts"] == {"phone": "1"}
    assert card(world, grams=4000)[WayOut.OTHER_CARRIER]["price"]["amount"] == "700.00"
    assert card(world)[WayOut.OTHER_CARRIER]["price"] is None, "nobody weighed it"


def test_the_scales_last_word_prices_it(world: World) -> None:
    own(world, "cheap", (1000, "300.00"), (5000, "700.00"))
    for grams in (400, 1200):
        wish = PieceWish(seller=a.SELLER, number=a.NUMBER, kind=EvidenceKind.WEIGHT, actor="key:k1", grams=grams)
        add_piece(wish, forget, store=world.store, documents=MemoryDocuments(), clock=world.clock)
    told = card(world)
    assert told["whole"]["grams"] == 1200
    assert told[WayOut.OTHER_CARRIER]["price"]["amount"] == "700.00"


def test_the_present_carrier_is_not_another_one(world: World) -> None:
    world.settle(world.ask_tracking(NEW, carrier="China Post"))
    quoted = [quote["carrier"] for quote in card(world)[WayOut.OTHER_CARRIER]["carriers"]]
    assert "china_post" not in quoted
    assert "cdek" in quoted


def test_a_way_that_is_none_says_why(world: World) -> None:
    world.arrives("n-2", status="awaiting_deliver", actions=("set_track_number",), integration="aggregator")
    found: Any = number_options(CardWish(seller=a.SELLER, number="n-2"), store=world.store, clock=world.clock)
    wait, other, cancel = found["options"]
    assert (wait["offered"], other["offered"], cancel["offered"]) == (True, False, False)
    assert "marketplace's choice" in other["why_not"]
    assert "does not offer" in cancel["why_not"]
    world.market.cancel_by(a.NUMBER, "client")
    world.read()
    told = card(world)
    assert [told[way]["offered"] for way in WayOut] == [False] * 3
    with pytest.raises(NotFoundError):
        number_options(CardWish(seller=a.SELLER, number="nobody"), store=world.store, clock=world.clock)


def test_prices_of_two_currencies_are_shown_and_not_compared() -> None:
    posting = a.posting(integration="non_integrated")
    quotes = [
        Quote(carrier="b", price=a.rub("1.00"), contacts={}),
        Quote(carrier="a", price=replace(money(5), currency="CNY"), contacts={}),
    ]
    _, other, _ = options(posting, quotes, CancelTold(offered=True), at=a.NOW)
    assert (other.price, [quote.carrier for quote in other.quotes]) == (None, ["a", "b"])


def test_the_last_moment_is_the_end_of_a_clock_and_not_its_warning() -> None:
    def at(hours: int) -> Any:
        return a.NOW + timedelta(hours=hours)

    rungs = (
        Rung(kind=RungKind.ANSWER_TRACKING_BY, due=at(2)),
        Rung(kind=RungKind.REMIND_AT, due=at(1)),
        Rung(kind=RungKind.AUTO_CANCEL_ESTIMATE, due=at(5)),
        Rung(kind=RungKind.ANSWER_TRACKING_BY, due=at(3)),
        Rung(kind=RungKind.TARIFF_STEP, due=at(2), price=money(700)),
    )
    posting = a.posting(rungs=rungs, late_price=money(300))
    assert last_moment(posting, a.NOW) == (at(3), RungKind.ANSWER_TRACKING_BY)
    assert last_moment(posting, at(3)) == (at(5), RungKind.AUTO_CANCEL_ESTIMATE)
    assert last_moment(posting, at(5)) is None
    wait, _, _ = options(posting, (), CancelTold(offered=False), at=a.NOW)
    assert (wait.price, wait.next_price, wait.next_at) == (money(300), money(700), at(2))


# The choice


def test_waiting_has_a_clock_that_tells_again(world: World) -> None:
    until = world.clock.now() + timedelta(hours=5)
    answer = choose(world, WayOut.WAIT, until=until)
    found = case(world)
    assert found is not None
    assert (answer.body["case"], found.next_alarm and found.next_alarm.due) == (found.id, until)
    event = world.history()[-1].event
    assert (event.type, event.data["way"], event.reason) == (EventType.POSTING_WAY_OUT, "wait", "no label")
    later = until + timedelta(hours=1)
    choose(world, WayOut.WAIT, until=later)
    again = case(world)
    assert again is not None
    assert (again.id, again.version, again.next_alarm and again.next_alarm.due) == (found.id, 2, later)
    world.settle(world.ask_tracking(NEW))
    assert case(world) is None


def test_nobody_waits_longer_than_the_marketplace(world: World) -> None:
    end = last_moment(world.posting(), world.clock.now())
    assert end is not None
    for wrong in (end[0] + timedelta(seconds=1), world.clock.now()):
        with pytest.raises(InvalidInputError) as refused:
            choose(world, WayOut.WAIT, until=wrong)
        assert refused.value.errors[0][0] == "until"
    assert case(world) is None
    choose(world, WayOut.WAIT, until=end[0])
    with pytest.raises(PreconditionFailedError):
        choose(world, WayOut.WAIT, if_match=1)


def test_another_carrier_is_one_that_may_take_it(world: World) -> None:
    own(world, "gone", retired_on=date(2026, 1, 1))
    for wrong in ("", "nobody", "gone"):
        with pytest.raises(InvalidInputError) as refused:
            choose(world, WayOut.OTHER_CARRIER, carrier=wrong)
        assert refused.value.errors[0][0] == "carrier"
    choose(world, WayOut.OTHER_CARRIER, carrier="СДЭК")
    found = case(world)
    assert found is not None
    assert "CDEK" in found.reason


def test_a_cancel_is_asked_for_and_ends_the_case_in_one_transaction(world: World) -> None:
    choose(world, WayOut.WAIT)
    with pytest.raises(InvalidInputError):
        choose(world, WayOut.CANCEL)
    assert case(world) is not None
    answer = choose(world, WayOut.CANCEL, reason_id=352)
    intent = world.intent(str(answer.body["intent"]))
    assert (intent.action, intent.request["reason_id"]) == (IntentAction.CANCEL, 352)
    assert "no label" in intent.reason
    assert case(world) is None
    with pytest.raises(ActionNotOfferedError, match="open"):
        choose(world, WayOut.CANCEL, reason_id=352)


def test_a_way_that_is_none_is_not_chosen(world: World) -> None:
    world.market.change(a.NUMBER, actions=("set_track_number",))
    world.read()
    with pytest.raises(ActionNotOfferedError, match="does not offer") as refused:
        choose(world, WayOut.CANCEL, reason_id=352)
    assert list(refused.value.offered) == ["wait", "other_carrier"]
    assert world.posting().open_intents == ()


def test_the_case_of_a_posting_that_is_over_closes_itself(world: World) -> None:
    choose(world, WayOut.WAIT)
    found = case(world)
    assert found is not None
    assert found.next_alarm is not None
    world.market.cancel_by(a.NUMBER, "client")
    assert world.read().stage is Stage.CANCELLED
    world.clock.time = found.next_alarm.due
    alarm = AlarmRef(seller=a.SELLER, ref=case_ref(found.id), intent_id="", due=found.next_alarm.due)
    assert ring(alarm, store=world.store, clock=world.clock).outcome == "fired"
    assert case(world) is None
    closed = world.store.case(a.SELLER, found.id)
    assert closed is not None
    assert "needs no number" in closed.resolution
