"""Tracking numbers with a trace: judged, agreed to by two, one at a time, many at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.route_events import route_event
from shipby.application.ports.writes import SaveAccess
from shipby.application.postings.queries import PostingFilter, list_postings
from shipby.application.postings.tracking_history import tracking_numbers
from shipby.application.settling.second_word import SecondWord
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.approve_number import approve_number, reject_number
from shipby.application.tracking.import_numbers import import_numbers
from shipby.application.tracking.support_ticket import TicketWish, support_ticket
from shipby.domain import pointers
from shipby.domain.carriers.check_digits import expected
from shipby.domain.carriers.s10 import s10
from shipby.domain.errors import (
    ActionNotOfferedError,
    AlreadyExistsError,
    InvalidInputError,
    NotFoundError,
    PreconditionFailedError,
)
from shipby.domain.events import EventType
from shipby.domain.intents import IntentState
from shipby.domain.postings.tracking import ChangeReason
from shipby.domain.sellers.keys import ApiKey, Role
from shipby.domain.sellers.settings import NumberApproval
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS, Fault
from tests.unit.world_support import World, forget

OLD, NEW = s10("RB", 1, "CN"), s10("RB", 2, "CN")
_SERIAL = "8008798765432"
RIGHT = _SERIAL + expected("mod10", _SERIAL, (3, 1, 0))
DOUBTFUL = _SERIAL + str((int(RIGHT[-1]) + 1) % 10)
"""Fourteen digits with a wrong check digit: Russian Post's, or of a carrier that publishes no format."""


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives(status="awaiting_deliver", actions=ASSEMBLED_ACTIONS)
    return world


def said(
    world: World,
    word: Callable[..., Answer],
    intent: str,
    actor: str = "key:k2",
    reason: str = "seen the waybill",
) -> Answer:
    told = SecondWord(seller=a.SELLER, intent_id=intent, actor=actor, reason=reason)
    return word(told, forget, store=world.store, clock=world.clock)


def key(world: World, identifier: str, name: str) -> None:
    made = ApiKey(id=identifier, seller=a.SELLER, role=Role.MANAGER, sha256="x", created_at=a.NOW, name=name)
    world.store.commit([SaveAccess(made)])


def history(world: World) -> list[Any]:
    items: Any = tracking_numbers(a.SELLER, a.NUMBER, store=world.store)["items"]
    return list(items)


# Refused, doubtful, good


@pytest.mark.parametrize(
    ("number", "carrier"),
    [("RB000000001CN", ""), (DOUBTFUL, "Почта России"), ("8,00880E+13", ""), ("'" + RIGHT, ""), ("RВ123456785CN", "")],
)
def test_what_can_only_be_wrong_is_refused_and_nothing_is_claimed(world: World, number: str, carrier: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        world.ask_tracking(number, carrier=carrier)
    assert refused.value.errors[0][0] == "tracking_number"
    assert world.posting().open_intents == ()
    assert world.store.find(a.SELLER, pointers.TRACKING, number) is None


def test_a_doubtful_number_waits_for_a_second_person_and_goes_out_once(world: World) -> None:
    intent = world.ask_tracking(DOUBTFUL)
    assert world.state(intent) is IntentState.PROPOSED
    [event] = [stored for stored in world.history() if stored.event.type is EventType.INTENT_PROPOSED]
    assert "tracking" not in {routed.destination for routed in route_event(event, label_delay_seconds=0)}
    world.settle(intent)
    world.ring_next(intent_id=intent)
    assert world.market.calls["set_tracking_numbers"] == 0, "no clock sends it"
    with pytest.raises(ActionNotOfferedError, match="same person"):
        said(world, approve_number, intent, "key:k1")
    said(world, approve_number, intent)
    with pytest.raises(ActionNotOfferedError, match="nobody's word"):
        said(world, approve_number, intent, "key:k3")
    assert world.settle(intent).intent.state is IntentState.CONFIRMED
    [row] = history(world)
    assert (row["asked_by"], row["approved_by"], row["new"]) == ("key:k1", "key:k2", DOUBTFUL)
    assert "check digit" in row["doubts"][0]


def test_two_keys_of_one_person_are_one_person(world: World) -> None:
    key(world, "k1", "Иван Петров")
    key(world, "k2", "иван петров")
    key(world, "k3", "Anna Li")
    intent = world.ask_tracking(DOUBTFUL)
    with pytest.raises(ActionNotOfferedError, match="same person"):
        said(world, approve_number, intent, "key:k2")
    said(world, approve_number, intent, "key:k3")
    world.settle(intent)
    [row] = history(world)
    assert (row["asked_by_name"], row["approved_by_name"]) == ("Иван Петров", "Anna Li")


def test_a_rejected_number_is_free_and_the_posting_takes_another(world: World) -> None:
    intent = world.ask_tracking(DOUBTFUL)
    with pytest.raises(ActionNotOfferedError):
        world.ask_tracking(NEW)
    with pytest.raises(InvalidInputError):
        said(world, reject_number, intent, reason=" ")
    said(world, reject_number, intent)
    assert world.store.find(a.SELLER, pointers.TRACKING, DOUBTFUL) is None
    assert world.state(world.ask_tracking(NEW)) is IntentState.PENDING
    for unknown in ("p.nobody.set_tracking.1", "p.24219509-0020-2.ship.1"):
        with pytest.raises(NotFoundError):
            said(world, approve_number, unknown)


def test_an_approval_comes_too_late_for_what_is_over(world: World) -> None:
    intent = world.ask_tracking(DOUBTFUL)
    world.market.cancel_by(a.NUMBER, "client")
    world.read()
    with pytest.raises(ActionNotOfferedError, match="reject it"):
        said(world, approve_number, intent)


@pytest.mark.parametrize(
    ("policy", "first", "replacement", "doubtful"),
    [
        (NumberApproval.NEVER, "PENDING", "PENDING", "PENDING"),
        (NumberApproval.DOUBTFUL, "PENDING", "PENDING", "PROPOSED"),
        (NumberApproval.REPLACEMENTS, "PENDING", "PROPOSED", "PROPOSED"),
    ],
)
def test_the_sellers_policy_says_when_two_people_are_needed(
    world: World, policy: NumberApproval, first: str, replacement: str, doubtful: str
) -> None:
    world.policy(approve_numbers=policy)
    intent = world.ask_tracking(OLD)
    assert world.state(intent) == first
    world.settle(intent)
    assert world.state(world.ask_tracking(NEW)) == replacement
    world.arrives("n-2", status="awaiting_deliver", actions=ASSEMBLED_ACTIONS)
    assert world.state(world.ask_tracking(DOUBTFUL, "n-2")) == doubtful


def test_a_posting_may_take_its_own_former_number_back_with_a_second_word(world: World) -> None:
    for number in (OLD, NEW):
        world.settle(world.ask_tracking(number))
    intent = world.ask_tracking(OLD)
    assert world.state(intent) is IntentState.PROPOSED
    said(world, approve_number, intent)
    world.settle(intent)
    assert world.posting().tracking_number == OLD
    assert [row["new"] for row in history(world)] == [OLD, NEW, OLD]


def found(world: World, text: str) -> list[str]:
    listed: Any = list_postings(a.SELLER, PostingFilter(q=text), limit=50, cursor=None, store=world.store)
    return [item["posting_number"] for item in listed["items"]]


def test_former_numbers_are_found_whoever_replaced_them(world: World) -> None:
    for number in (OLD, NEW):
        world.settle(world.ask_tracking(number))
    world.market.change(a.NUMBER, tracking_number=s10("RB", 3, "CN"))
    world.read()
    typed = OLD[:2].lower() + " " + OLD[2:]
    assert [found(world, text) for text in (typed, NEW, s10("RB", 3, "CN"))] == [[a.NUMBER]] * 3
    assert found(world, s10("RB", 4, "CN")) == []


def test_a_number_that_was_replaced_in_the_cabinet_comes_back_with_a_second_word_only(world: World) -> None:
    world.settle(world.ask_tracking(OLD))
    world.market.change(a.NUMBER, tracking_number=NEW)
    world.read()
    assert world.state(world.ask_tracking(OLD)) is IntentState.PROPOSED
    world.arrives("n-2", status="awaiting_deliver", actions=ASSEMBLED_ACTIONS)
    with pytest.raises(AlreadyExistsError, match=a.NUMBER):
        world.ask_tracking(OLD, "n-2")


# One at a time


def test_of_two_people_at_one_moment_one_wins(world: World) -> None:
    world.settle(world.ask_tracking(OLD, actor="key:k1"))
    with pytest.raises(PreconditionFailedError, match="just got"):
        world.ask_tracking(NEW, actor="key:k2")
    world.settle(world.ask_tracking(NEW, actor="key:k2", replaces=OLD.lower()))
    with pytest.raises(PreconditionFailedError, match=NEW):
        world.ask_tracking(s10("RB", 3, "CN"), actor="key:k1", replaces=OLD)
    world.clock.advance(timedelta(minutes=2))
    world.settle(world.ask_tracking(s10("RB", 3, "CN"), actor="key:k1"))
    assert len(history(world)) == 3


def test_a_loser_in_the_middle_of_the_winners_call_is_told(world: World) -> None:
    world.settle(world.ask_tracking(OLD))
    winner = world.ask_tracking(NEW)
    refused: list[str] = []

    def meanwhile(name: str) -> None:
        if name == "set_tracking_numbers":
            with pytest.raises(ActionNotOfferedError, match="open set_tracking"):
                world.ask_tracking(s10("RB", 3, "CN"))
            refused.append(name)

    world.market.on_call = meanwhile
    world.settle(winner)
    assert refused
    assert world.market.books.tracking[a.NUMBER] == [OLD, NEW]
    changed = [stored for stored in world.history() if stored.event.type is EventType.TRACKING_CHANGED]
    assert [stored.event.data["new"] for stored in changed] == [OLD, NEW]


def test_a_number_that_moves_from_present_to_former_meanwhile_is_refused_for_another(world: World) -> None:
    world.settle(world.ask_tracking(OLD))
    world.arrives("n-2", status="awaiting_deliver", actions=ASSEMBLED_ACTIONS)
    find, moved = world.store.find, list[bool]()

    def replaced_meanwhile(seller: str, kind: str, value: str) -> str | None:
        if kind == pointers.TRACKING and value == OLD and not moved:
            moved.append(True)
            world.settle(world.ask_tracking(NEW))
        return find(seller, kind, value)

    world.store.find = replaced_meanwhile  # type: ignore[method-assign]  # what happens in the middle of the read
    with pytest.raises(AlreadyExistsError, match="before"):
        world.ask_tracking(OLD, "n-2")


def test_two_postings_of_one_parcel_give_the_same_number_up_one_after_the_other(world: World) -> None:
    world.settle(world.ask_tracking(OLD))
    world.arrives("n-2", status="awaiting_deliver", actions=ASSEMBLED_ACTIONS, tracking_number=OLD)
    world.settle(world.ask_tracking(NEW))
    assert world.settle(world.ask_tracking(s10("RB", 3, "CN"), "n-2")).intent.state is IntentState.CONFIRMED
    assert world.store.find(a.SELLER, pointers.FORMER_TRACKING, OLD) == a.NUMBER


def test_the_history_says_who_why_and_with_what_proof(world: World) -> None:
    world.settle(world.ask_tracking(OLD))
    asked_at = world.clock.now()
    intent = world.ask_tracking(
        NEW, kind=ChangeReason.RELABELLED, reason="torn label", evidence=("e-1",), seen_again=True, carrier="China Post"
    )
    world.market.fail("set_tracking_numbers", Fault.TIMEOUT_AFTER)
    world.settle(intent)
    world.clock.advance(timedelta(minutes=1))
    world.settle(intent)
    first, second = history(world)
    assert first["kind"] == ChangeReason.FIRST_NUMBER
    assert (second["old"], second["new"], second["kind"], second["reason"]) == (OLD, NEW, "relabelled", "torn label")
    assert (second["evidence"], second["seen_again"], second["buyer"]) == (["e-1"], True, None)
    assert second["asked_at"] == asked_at.isoformat().replace("+00:00", "Z")
    assert second["at"] > second["asked_at"]


# A ticket where the marketplace refuses


def ticket(world: World, **more: str) -> Any:
    return support_ticket(TicketWish(seller=a.SELLER, number=a.NUMBER, **more), store=world.store)


def test_what_the_marketplace_refuses_becomes_a_ticket_with_its_answer(world: World) -> None:
    world.settle(world.ask_tracking(OLD))
    world.market.refused_tracking[NEW] = "TRACK_NUMBER_IS_LOCKED"
    intent = world.ask_tracking(NEW, kind=ChangeReason.RELABELLED, reason="torn label", evidence=("e-1",))
    with pytest.raises(InvalidInputError):
        ticket(world)
    world.settle(intent)
    made = ticket(world, language="ru")
    assert made["intent"] == intent
    for part in (OLD, NEW, "переклеил", "torn label", "TRACK_NUMBER_IS_LOCKED", "e-1", a.NUMBER):
        assert part in made["text"], part
    assert "更换货件" in ticket(world, language="zh")["subject"]
    with pytest.raises(ActionNotOfferedError, match="set it"):
        ticket(world, tracking_number=s10("RB", 3, "CN"))


def test_where_no_change_is_offered_the_ticket_says_so(world: World) -> None:
    world.market.change(a.NUMBER, actions=("cancel",))
    world.read()
    made = ticket(world, tracking_number=NEW.lower(), reason="first", language="en")
    assert "is not offered" in made["text"]
    assert f"none → {NEW}" in made["text"]


# Many at once


def table(*rows: str, heading: str = "posting_number;tracking_number;carrier;reason") -> str:
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + "\r\n".join([heading, *rows]) + "\r\n"


def imported(world: World, text: str, *, dry_run: bool = False) -> Any:
    return import_numbers(a.SELLER, text, "key:k1", forget, dry_run=dry_run, store=world.store, clock=world.clock).body


def test_every_row_has_its_verdict_and_a_dry_run_changes_nothing(world: World) -> None:
    for number in ("n-2", "n-3", "n-4", "n-5"):
        world.arrives(number, status="awaiting_deliver", actions=ASSEMBLED_ACTIONS)
    world.arrives("n-6", status="delivered", actions=())
    text = table(
        f"{a.NUMBER};{OLD};China Post;first",
        f"n-2;{DOUBTFUL};;first",
        "n-3;8,00880E+13;;first",
        f"n-4;{OLD};;first",
        f"nobody;{NEW};;first",
        "n-5;=HYPERLINK(1);;first",
        f"n-6;{s10('RB', 6, 'CN')};;late",
        f"{a.NUMBER};{NEW};;again",
        f"n-5;{s10('RB', 5, 'CN')};;",
        f'n-5;"=""{RIGHT}""";Russian Post;first',
    )
    dry = imported(world, text, dry_run=True)
    wanted = ["good", "doubtful"] + ["refused"] * 7 + ["good"]
    assert [item["verdict"] for item in dry["items"]] == wanted
    assert world.posting().open_intents == ()
    done = imported(world, text)
    assert [item["verdict"] for item in done["items"]] == wanted
    assert (done["good"], done["doubtful"], done["refused"]) == (2, 1, 7)
    assert all(item["problem"] for item in done["items"] if item["verdict"] == "refused")
    assert [item["row"] for item in done["items"]] == list(range(2, 12))
    assert world.state(done["items"][0]["intent"]) is IntentState.PENDING
    again = imported(world, text)
    assert [item["verdict"] for item in again["items"]][:2] == ["under_way", "under_way"]
    assert again["items"][0]["intent"] == done["items"][0]["intent"]
    world.settle(done["items"][0]["intent"])
    assert imported(world, text)["items"][0]["verdict"] == "unchanged"


def test_a_file_may_name_the_number_that_is_replaced(world: World) -> None:
    world.settle(world.ask_tracking(OLD))
    heading = "old_number,tracking_number,reason,kind"
    gone = s10("RB", 9, "CN")
    done = imported(
        world, table(f"{OLD},{NEW},torn,relabelled", f"{gone},{s10('RB', 4, 'CN')},torn,other", heading=heading)
    )
    assert [item["verdict"] for item in done["items"]] == ["good", "refused"]
    world.settle(done["items"][0]["intent"])
    stale = imported(world, table(f"{OLD},{s10('RB', 5, 'CN')},again,other", heading=heading))
    assert "read it again" in stale["items"][0]["problem"]


@pytest.mark.parametrize(
    "text",
    [
        "tracking_number\nX12345",
        "posting_number,tracking_number,reason,surprise\nn,X12345,y,z",
        "posting_number,tracking_number,reason\n",
        "posting_number,tracking_number,reason\n" + "n,X12345,y\n" * 201,
        'posting_number,tracking_number,reason\n"n,X',
    ],
)
def test_a_file_that_is_no_such_table_is_refused_whole(world: World, text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        imported(world, text)
    assert refused.value.errors[0][0] == "csv"
