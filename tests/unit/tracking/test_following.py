"""Numbers that a service follows: who is registered, what a push may change, what is never asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from shipby.adapters.seventeentrack import contract
from shipby.application.tracking.following.follow import follow_all, follow_settled, poll_numbers
from shipby.application.tracking.following.receive import PushTaken, TrackingPush, receive_tracking
from shipby.application.tracking.ways import posting_way
from shipby.domain.carriers.s10 import s10
from shipby.domain.errors import InvalidInputError, StoreUnavailableError
from shipby.domain.intents import IntentAction
from shipby.domain.postings.posting import Scheme
from shipby.domain.tracking.scans import Scan, ScanStatus
from shipby_local.simulator.seventeentrack.account import SeventeenTrackSimulator
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS
from tests.unit.world_support import World

NUMBER, STRANGER = s10("RB", 1, "CN"), s10("RB", 2, "CN")
KEY = "k-1"


@dataclass
class Service:
    """Both ports at once: one account, of one seller."""

    pushing: bool = True
    heard: dict[str, list[Scan]] = field(default_factory=dict)
    calls: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def of(self, seller: str) -> Service | None:
        return self if seller == a.SELLER else None

    def pushes(self, seller: str) -> bool:
        return self.pushing

    def signed(self, seller: str, raw: bytes, signature: str) -> bool:
        return seller == a.SELLER and contract.is_signed(raw, KEY, signature)

    def register(self, numbers: Sequence[str]) -> Mapping[str, str]:
        self.calls.append(("register", tuple(numbers)))
        return dict.fromkeys(numbers, "")

    def read(self, numbers: Sequence[str]) -> Mapping[str, Sequence[Scan]]:
        self.calls.append(("read", tuple(numbers)))
        return {number: self.heard[number] for number in numbers if number in self.heard}


@pytest.fixture
def world() -> World:
    world = World()
    own = {"scheme": Scheme.RFBS, "integration": "non_integrated"}
    world.arrives(status="awaiting_deliver", actions=ASSEMBLED_ACTIONS, **own)
    world.settle(world.ask_tracking(NUMBER, carrier="China Post"))
    world.read()
    return world


@pytest.fixture
def theirs() -> SeventeenTrackSimulator:
    account = SeventeenTrackSimulator(key=KEY)
    account.happens(NUMBER, a.NOW - timedelta(days=2), "InTransit_PickedUp", "已揽收", "深圳")
    account.happens(NUMBER, a.NOW - timedelta(days=1), "InTransit_Departure", "离开")
    return account


def pushed(world: World, raw: bytes, sign: str, seller: str = a.SELLER, **more: Any) -> PushTaken:
    push = TrackingPush(seller=seller, raw=raw, signature=sign)
    return receive_tracking(
        push,
        contract.read_push,
        most=more.pop("most", contract.MAX_PUSH),
        store=world.store,
        services=Service(),
        now=world.clock.now(),
    )


def scans(world: World, number: str = NUMBER) -> list[Scan]:
    return list(world.store.scans(a.SELLER, number).items)


def test_a_push_is_kept_as_scans_and_moves_the_way(world: World, theirs: SeventeenTrackSimulator) -> None:
    assert pushed(world, *theirs.push(NUMBER, eta=a.NOW + timedelta(days=5))) == PushTaken(200, "stored", 2)
    way: Any = posting_way(a.SELLER, a.NUMBER, store=world.store, clock=world.clock)
    assert way["numbers"][0]["journeys"][0]["status"] == ScanStatus.IN_TRANSIT
    assert [one.words for one in scans(world)] == ["已揽收", "离开"], "in the carrier's own words"
    assert {one.source for one in scans(world)} == {"17track"}


def test_the_same_push_again_changes_nothing_and_says_so(world: World, theirs: SeventeenTrackSimulator) -> None:
    raw, sign = theirs.push(NUMBER)
    pushed(world, raw, sign)
    before = scans(world)
    theirs.happens(NUMBER, a.NOW, "OutForDelivery_Other", "派送")
    newer = theirs.push(NUMBER)
    assert pushed(world, *newer) == PushTaken(200, "stored", 1), "only what is new is written"
    after = scans(world)
    for _ in range(3):
        assert pushed(world, raw, sign).outcome == "repeated", "an older one that is played again"
    assert scans(world) == after
    assert len(after) == len(before) + 1


def test_a_new_eta_of_a_known_scan_is_kept(world: World, theirs: SeventeenTrackSimulator) -> None:
    pushed(world, *theirs.push(NUMBER, eta=a.NOW + timedelta(days=5)))
    moved = a.NOW + timedelta(days=8)
    assert pushed(world, *theirs.push(NUMBER, eta=moved)) == PushTaken(200, "stored", 1)
    assert scans(world)[-1].eta == moved
    assert pushed(world, *theirs.push(NUMBER)).outcome == "repeated", "no ETA takes none away"


def test_whatever_is_not_signed_for_this_seller_is_answered_alike(
    world: World, theirs: SeventeenTrackSimulator
) -> None:
    raw, sign = theirs.push(NUMBER)
    other = SeventeenTrackSimulator(key="k-2", registered=theirs.registered)
    forged = [
        pushed(world, raw, ""),
        pushed(world, raw, sign[:-1] + ("0" if sign[-1] != "0" else "1")),
        pushed(world, raw.replace("离开".encode(), "签收".encode()), sign),
        pushed(world, *other.push(NUMBER)),
        pushed(world, raw, sign, seller="another"),
        pushed(world, raw, sign, seller="../x"),
        pushed(world, raw, sign, seller=""),
    ]
    assert set(forged) == {PushTaken(404, "forged")}
    assert scans(world) == []


def test_a_signed_push_of_a_number_that_nobody_has_is_left(world: World, theirs: SeventeenTrackSimulator) -> None:
    theirs.happens(STRANGER, a.NOW, "Delivered_Other", "签收")
    assert pushed(world, *theirs.push(STRANGER)) == PushTaken(200, "unknown_number", 0, 1)
    assert scans(world, STRANGER) == []
    assert pushed(world, b"[]", contract.signature(b"[]", KEY)) == PushTaken(200, "senseless")
    assert pushed(world, b"x" * 11, "", most=10).status == 413


def test_a_late_or_early_word_is_judged_by_its_own_time(world: World, theirs: SeventeenTrackSimulator) -> None:
    theirs.happens(NUMBER, a.NOW + timedelta(days=3), "Delivered_Other", "from tomorrow")
    theirs.happens(NUMBER, a.NOW - timedelta(days=900), "Delivered_Other", "from another life")
    assert pushed(world, *theirs.push(NUMBER)) == PushTaken(200, "stored", 2)
    assert {one.status for one in scans(world)} == {ScanStatus.ACCEPTED, ScanStatus.IN_TRANSIT}


def test_what_the_store_does_not_take_is_not_answered_as_stored(
    world: World, theirs: SeventeenTrackSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: object) -> None:
        raise StoreUnavailableError("down")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.store), "commit", lambda *_: down(None))
        with pytest.raises(StoreUnavailableError):
            pushed(world, *theirs.push(NUMBER))
    assert pushed(world, *theirs.push(NUMBER)).outcome == "stored", "and it is stored when it comes again"


def settled(world: World) -> list[Any]:
    found = [world.store.intent(a.SELLER, one) for one in world.store.intents_in(a.SELLER, "CONFIRMED").items]  # type: ignore[arg-type]  # the state's word
    return [one for one in found if one is not None and one.action is IntentAction.SET_TRACKING]


def test_a_number_is_registered_once_the_marketplace_shows_it(world: World) -> None:
    service = Service()
    assert follow_settled(a.SELLER, settled(world), store=world.store, services=service) == {}
    assert service.calls == [("register", (NUMBER,))]
    assert follow_settled("other", settled(world), store=world.store, services=service) == {}
    assert follow_settled(a.SELLER, [], store=world.store, services=service) == {}
    assert len(service.calls) == 1, "no account, no number: no call"


def test_parcels_of_the_marketplaces_carriers_are_not_followed(world: World) -> None:
    world.market.change(a.NUMBER, integration="3pl_tracking")
    world.clock.advance(timedelta(minutes=1))
    world.read()
    service = Service()
    follow_settled(a.SELLER, settled(world), store=world.store, services=service)
    assert service.calls == []


def test_where_there_are_pushes_a_million_numbers_cost_no_poll(world: World) -> None:
    service = Service()
    million = [f"N{index:07d}" for index in range(1_000_000)]
    assert poll_numbers(a.SELLER, million, store=world.store, services=service, clock=world.clock) == 0
    assert service.calls == []
    service.pushing = False
    service.heard[NUMBER] = [Scan(at=a.NOW, status=ScanStatus.ACCEPTED, words="принято", source="17track")]
    assert poll_numbers(a.SELLER, [NUMBER], store=world.store, services=service, clock=world.clock) == 1
    assert poll_numbers(a.SELLER, [NUMBER], store=world.store, services=service, clock=world.clock) == 0
    assert [name for name, _ in service.calls] == ["read", "read"]


def test_what_is_under_way_is_registered_when_an_account_comes_late(world: World) -> None:
    world.market.change(a.NUMBER, status="delivering", delivering_date=world.clock.now())
    world.clock.advance(timedelta(minutes=1))
    world.read()
    world.arrives("39219509-0001-1", status="delivering", delivering_date=world.clock.now(), tracking_number="X")
    service = Service(pushing=False, heard={NUMBER: [Scan(at=a.NOW, status=ScanStatus.ACCEPTED, source="17track")]})
    done = follow_all(a.SELLER, store=world.store, services=service, clock=world.clock)
    assert (done.numbers, done.refused, done.kept) == (1, {}, 1)
    assert service.calls == [("register", (NUMBER,)), ("read", (NUMBER,))]
    with pytest.raises(InvalidInputError, match="no account"):
        follow_all("other", store=world.store, services=service, clock=world.clock)
