"""Whose number it is: the right contacts, and a carrier that was named wrongly is corrected with a trace."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from shipby.application.ports.writes import SaveCarrier
from shipby.application.postings.tracking_history import tracking_numbers
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.posting_carrier import CarrierCorrection, correct_carrier, posting_carrier
from shipby.application.tracking.ways import posting_way
from shipby.domain.carriers.carrier import Carrier
from shipby.domain.carriers.s10 import s10
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, NotFoundError, PreconditionFailedError
from shipby.domain.events import EventType
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS
from tests.unit.tracking.test_numbers import DOUBTFUL
from tests.unit.world_support import World, forget

NEW = s10("RB", 2, "CN")


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives(status="awaiting_deliver", actions=ASSEMBLED_ACTIONS, carrier="")
    return world


def own(world: World, **more: Any) -> None:
    carrier = Carrier(code="vans", names={"en": "Our vans"}, seller=a.SELLER, contacts={"phone": "+7 900"}, version=1)
    world.write(SaveCarrier(replace(carrier, **more)))


def shown(world: World) -> dict[str, Any]:
    found: Any = posting_carrier(a.SELLER, a.NUMBER, store=world.store, clock=world.clock)
    return dict(found)


def correct(world: World, carrier: str, **more: Any) -> Answer:
    wish = {"seller": a.SELLER, "number": a.NUMBER, "carrier": carrier, "actor": "key:k2", "reason": "its waybill"}
    return correct_carrier(CarrierCorrection(**{**wish, **more}), forget, store=world.store, clock=world.clock)


def test_the_right_carrier_brings_its_contacts_and_its_page(world: World) -> None:
    own(world, tracking_url="https://vans.example/{number}")
    world.settle(world.ask_tracking(NEW, carrier="China Post"))
    assert (shown(world)["carrier"], shown(world)["known_by"]) == ("china_post", "named")
    version = world.posting().version
    told = correct(world, "our VANS", evidence=("e-1",)).body
    assert (told["carrier"], told["contacts"]) == ("vans", {"phone": "+7 900"})
    assert told["tracking_page"] == f"https://vans.example/{NEW}"
    assert told == shown(world)
    assert world.market.calls["set_tracking_numbers"] == 1, "the marketplace knows no carrier's name"
    assert world.posting().version == version + 1
    rows: Any = tracking_numbers(a.SELLER, a.NUMBER, store=world.store)["items"]
    assert [(row["carrier"], row["kind"]) for row in rows] == [
        ("China Post", "first_number"),
        ("vans", "other_carrier"),
    ]
    assert (rows[1]["old"], rows[1]["new"], rows[1]["asked_by"]) == (NEW, NEW, "key:k2")
    event = world.history()[-1].event
    assert (event.type, event.data["before"]) == (EventType.TRACKING_CARRIER_CORRECTED, "China Post")
    way: Any = posting_way(a.SELLER, a.NUMBER, store=world.store, clock=world.clock)
    assert [one["carrier"] for one in way["numbers"]] == ["vans"]


def test_without_a_name_the_format_or_the_marketplace_says_whose_it_is(world: World) -> None:
    assert (shown(world)["carrier"], shown(world)["tracking_number"]) == (None, None)
    world.market.change(a.NUMBER, tracking_number=NEW)
    world.read()
    assert (shown(world)["carrier"], shown(world)["known_by"]) == ("china_post", "format")
    world.market.change(a.NUMBER, carrier="CDEK")
    world.read()
    told = shown(world)
    assert (told["carrier"], told["known_by"]) == ("cdek", "marketplace")
    assert any("china_post" in problem for problem in told["problems"]), "and it does not look like one of theirs"


def test_a_correction_that_cannot_be_right_changes_nothing(world: World) -> None:
    with pytest.raises(ActionNotOfferedError, match="no tracking number"):
        correct(world, "cdek")
    world.policy(approve_numbers="never")
    world.settle(world.ask_tracking(DOUBTFUL, carrier="vans"))
    before = world.posting().version
    for wrong, why in (("nobody", "nobody knows"), (" ", "nobody knows"), ("Почта России", "check digit")):
        with pytest.raises(InvalidInputError, match=why) as refused:
            correct(world, wrong)
        assert refused.value.errors[0][0] == "carrier"
    with pytest.raises(PreconditionFailedError):
        correct(world, "cdek", if_match=before - 1)
    with pytest.raises(NotFoundError):
        correct(world, "cdek", number="nobody")
    assert world.posting().version == before
    correct(world, "cdek", if_match=before)
    with pytest.raises(ActionNotOfferedError, match="already"):
        correct(world, "СДЭК")


def test_while_the_number_changes_its_carrier_waits(world: World) -> None:
    world.settle(world.ask_tracking(NEW))
    world.ask_tracking(s10("RB", 3, "CN"))
    with pytest.raises(ActionNotOfferedError, match="settled"):
        correct(world, "cdek")


def test_a_carrier_that_has_retired_since_may_have_the_parcel_all_the_same(world: World) -> None:
    own(world, retired_on=date(2026, 1, 1))
    world.settle(world.ask_tracking(NEW))
    assert correct(world, "vans").body["carrier"] == "vans"
    assert any("retired" in problem for problem in shown(world)["problems"])


def test_what_goes_on_afterwards_knows_the_corrected_carrier(world: World) -> None:
    world.settle(world.ask_tracking(NEW))
    correct(world, "cdek")
    world.settle(world.ask_tracking(s10("RB", 3, "CN"), actor="key:k2"))
    rows: Any = tracking_numbers(a.SELLER, a.NUMBER, store=world.store)["items"]
    assert [(row["sequence"], row["old"], row["new"]) for row in rows] == [
        (1, None, NEW),
        (2, NEW, NEW),
        (3, NEW, s10("RB", 3, "CN")),
    ]
