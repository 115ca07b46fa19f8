"""From a push to the record: what is stored, what is read, what is coalesced; and commands that come twice."""

import json
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.route_events import Destination, route_event, route_push
from shipby.application.intake.receive_push import PushAnswer, TokenCache, receive_push
from shipby.application.intake.sync_posting import sync_posting
from shipby.application.postings.work_posting import WorkCommand, work_posting
from shipby.application.sellers.authenticate import authenticate
from shipby.application.sellers.register import create_api_key, create_push_token, register_seller
from shipby.application.shared.idempotency import Answer, Remember, idempotently
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import (
    IdempotencyMismatchError,
    InvalidInputError,
    NotFoundError,
    PreconditionFailedError,
    StageMismatchError,
    VersionConflictError,
)
from shipby.domain.events import EventType
from shipby.domain.postings.inbox import PushState
from shipby.domain.postings.posting import Stage
from shipby.domain.postings.push import MAX_BODY
from shipby.domain.refunds.ledger import CostBorneBy, ExecutedBy
from shipby.domain.sellers.keys import Role
from shipby.domain.sellers.settings import SellerSettings
from tests.support import builders as a
from tests.unit.world_support import World, forget

SURROGATE = (
    b'{"message_type":"TYPE_STATE_CHANGED","posting_number":"1","seller_id":"seller-1","new_state":"\xed\xa0\x80"}'
)
"""Half a character, as bytes that Python's JSON reader lets through."""


@pytest.fixture
def world() -> World:
    return World()


def push(world: World, token: str, body: Any) -> PushAnswer:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return receive_push(token, raw, inbox=world.store, tokens=TokenCache({}), now=world.clock.now())


def message(**changes: Any) -> dict[str, Any]:
    base = {"message_type": "TYPE_STATE_CHANGED", "posting_number": a.NUMBER, "new_state": "x", "seller_id": a.SELLER}
    return {**base, **changes}


def rows(world: World) -> list[tuple[PushState, str]]:
    page = world.store.pushes_on(a.SELLER, world.clock.now().date())
    return [(row.state, row.problem) for row in page.items]


def test_a_push_is_stored_once_in_its_window_and_again_as_news_later(world: World) -> None:
    token = create_push_token(a.SELLER, store=world.store, clock=world.clock).text
    outcomes = [push(world, token, message()).outcome for _ in range(3)]
    world.clock.advance(timedelta(seconds=11))
    outcomes.append(push(world, token, message()).outcome)
    assert outcomes == ["received", "repeated", "repeated", "received"]


@pytest.mark.parametrize("token", ["", "x", f"{a.SELLER}.{'0' * 43}", "..", f"{a.SELLER}."])
def test_a_wrong_token_is_answered_404_with_one_body(world: World, token: str) -> None:
    assert push(world, token, message()).status == 404
    assert push(world, token, message()).body == push(world, "other.00000000000000000", message()).body


def test_a_revoked_token_stops_working(world: World) -> None:
    secret = create_push_token(a.SELLER, store=world.store, clock=world.clock)
    kept = world.store.push_token(secret.id)
    assert kept is not None
    world.store.save_push_token(a.push_token(sha256=secret.id, revoked_at=a.NOW))
    assert push(world, secret.text, message()).status == 404


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (b"\xff\xfe not json", PushState.QUARANTINED),
        (b"[]", PushState.QUARANTINED),
        (b"[" * 60_000, PushState.QUARANTINED),
        (message(posting_number=""), PushState.QUARANTINED),
        (message(posting_number="1\u200b2"), PushState.QUARANTINED),
        (message(message_type="TYPE_NEW_THING"), PushState.QUARANTINED),
        (message(message_type=["x"]), PushState.QUARANTINED),
        (message(seller_id="other"), PushState.QUARANTINED),
        (message(message_type="TYPE_NEW_MESSAGE", user={"type": "Сustomer", "id": "7"}), PushState.NOTED),
        (message(new_state="\ud800", warehouse_id=10**40), PushState.RECEIVED),
        (SURROGATE, PushState.RECEIVED),
    ],
)
def test_whatever_comes_with_a_good_token_is_answered_200_and_kept_in_a_form_that_can_be_stored(
    world: World, body: Any, state: PushState
) -> None:
    token = create_push_token(a.SELLER, store=world.store, clock=world.clock).text
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = push(world, token, raw)
    assert (answer.status, answer.body) == (200, {"result": True})
    (row,) = world.store.pushes_on(a.SELLER, world.clock.now().date()).items
    assert row.state is state
    json.dumps(dict(row.payload), ensure_ascii=False).encode()
    assert all(not isinstance(value, int) or abs(value) < 2**63 for value in row.payload.values())
    assert [r.destination for r in route_push(row)] == ([Destination.SYNC] if state is PushState.RECEIVED else [])


def test_a_body_that_is_too_large_is_413_and_a_ping_is_answered(world: World) -> None:
    token = create_push_token(a.SELLER, store=world.store, clock=world.clock).text
    assert push(world, token, b"x" * (MAX_BODY + 1)).status == 413
    ping = push(world, token, {"message_type": "TYPE_PING", "time": "x"})
    assert ping.outcome == "ping"
    assert str(ping.body["time"]).endswith("Z")
    assert rows(world) == []


# Sync


def hinted(world: World, seconds: float) -> str:
    when = world.clock.now() + timedelta(seconds=seconds)
    return sync_posting(
        a.SELLER, a.NUMBER, hinted_at=when, store=world.store, marketplace=world.market, clock=world.clock
    ).outcome


def test_a_thousand_hints_cost_one_read(world: World) -> None:
    world.arrives()
    reads = world.market.calls["posting"]
    outcomes = {hinted(world, -5) for _ in range(1_000)}
    assert outcomes == {"coalesced"}
    assert world.market.calls["posting"] == reads
    assert hinted(world, 0) == "unchanged"


def test_an_unchanged_read_counts_as_read_and_writes_no_version(world: World) -> None:
    world.arrives()
    world.clock.advance(timedelta(minutes=1))
    assert world.sync().outcome == "unchanged"
    assert world.posting().synced_at == world.clock.now()
    assert world.posting().version == 1


def test_a_number_the_marketplace_does_not_know_quarantines_its_push(world: World) -> None:
    world.store.put_push(a.push(received_at=world.clock.now()))
    assert hinted(world, 0) == "unknown"
    assert rows(world) == [(PushState.QUARANTINED, "the marketplace does not know this posting number")]


def test_a_known_posting_that_vanishes_is_an_error_and_not_forgotten(world: World) -> None:
    world.arrives()
    world.market.book.clear()
    with pytest.raises(NotFoundError):
        world.sync()
    assert world.posting().version == 1


def test_a_cancel_books_once_what_the_marketplace_pays_back_itself(world: World) -> None:
    world.arrives()
    world.market.cancel_by(a.NUMBER, "client")
    for _ in range(3):
        world.clock.advance(timedelta(minutes=1))
        world.market.change(a.NUMBER, substatus=f"x{world.clock.now()}")
        world.read()
    ((_, entry),) = world.ledger().entries.items()
    assert (entry.minor, entry.executed_by, entry.cost_borne_by) == (
        25_000,
        ExecutedBy.MARKETPLACE,
        CostBorneBy.UNCERTAIN,
    )
    assert world.market.calls["act_on_return"] == 0


def test_a_posting_first_seen_cancelled_books_it_in_its_first_version(world: World) -> None:
    world.arrives(status="cancelled", actions=())
    assert (world.ledger().refunded, world.ledger().version) == (25_000, 1)


def test_a_split_parent_gives_nothing_back_and_its_parts_are_read(world: World) -> None:
    world.arrives()
    world.market.change(a.NUMBER, status="cancelled_from_split_pending", related_numbers=("x-1", "x-2"), actions=())
    synced = world.sync()
    assert synced.related == ("x-1", "x-2")
    assert world.ledger().refunded == 0
    routed = route_event(world.history()[-1], label_delay_seconds=0)
    assert [r.message.body["posting"] for r in routed if r.destination is Destination.SYNC] == ["x-1", "x-2"]


def test_products_that_come_with_a_later_read_open_the_ledger_then(world: World) -> None:
    world.arrives(lines=())
    assert world.store.money(a.SELLER, a.NUMBER) is None
    world.market.change(a.NUMBER, lines=(a.line(),))
    world.clock.advance(timedelta(minutes=1))
    world.read()
    assert world.ledger().paid == 25_000


def test_a_read_that_only_changes_what_is_offered_is_kept_and_told(world: World) -> None:
    world.arrives()
    world.market.change(a.NUMBER, actions=("cancel",))
    world.read()
    detail = world.store.detail(a.SELLER, a.NUMBER)
    assert detail is not None
    assert detail.actions == ("cancel",)
    assert world.types() == [EventType.POSTING_RECEIVED, EventType.POSTING_CHANGED]
    assert world.sync().outcome == "unchanged"


# Commands that come twice


def confirm(world: World, key: str = "k", request: str = "a", **more: Any) -> Answer:
    command = WorkCommand(
        **{"seller": a.SELLER, "number": a.NUMBER, "command": Command.CONFIRM, "actor": "key:k1", **more}
    )

    def run(remember: Remember) -> Answer:
        return work_posting(command, remember, store=world.store, clock=world.clock)

    return idempotently(a.SELLER, key, {"r": request}, run, store=world.store, clock=world.clock)


def test_the_same_key_answers_the_same_and_works_once(world: World) -> None:
    world.arrives()
    first, second = confirm(world), confirm(world)
    assert (first.status, dict(first.body)) == (second.status, dict(second.body))
    assert world.posting().version == 2


def test_the_same_key_with_another_request_is_refused(world: World) -> None:
    world.arrives()
    confirm(world)
    with pytest.raises(IdempotencyMismatchError):
        confirm(world, request="b")


def test_a_command_that_failed_may_be_tried_again_with_its_key(world: World) -> None:
    with pytest.raises(NotFoundError):
        confirm(world)
    world.arrives()
    assert confirm(world).status == 200


def test_a_key_is_forgotten_after_its_time_and_a_bad_one_is_refused(world: World) -> None:
    world.arrives()
    confirm(world)
    world.clock.advance(timedelta(days=31))
    with pytest.raises(StageMismatchError):
        confirm(world)
    for key in ("a b", "ключ", "x" * 129):
        with pytest.raises(InvalidInputError):
            confirm(world, key=key)
    with pytest.raises(StageMismatchError):
        confirm(world, key="")


def test_an_older_version_in_if_match_is_refused(world: World) -> None:
    world.arrives()
    with pytest.raises(PreconditionFailedError):
        confirm(world, if_match=7)
    assert confirm(world, if_match=1).body["stage"] == Stage.CONFIRMED


def test_a_command_lives_through_a_sync_that_comes_between(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.arrives()
    stale, commit = world.posting(), type(world.store).commit
    world.market.change(a.NUMBER, substatus="posting_in_carriage")
    world.read()
    reads = iter([stale])
    fresh = type(world.store).posting
    monkeypatch.setattr(type(world.store), "posting", lambda self, *key: next(reads, None) or fresh(self, *key))
    assert world.do(Command.CONFIRM).body["version"] == 3
    monkeypatch.setattr(type(world.store), "posting", lambda *_: stale)
    with pytest.raises(VersionConflictError):
        work_posting(
            WorkCommand(seller=a.SELLER, number=a.NUMBER, command=Command.CONFIRM, actor="k"),
            forget,
            store=world.store,
            clock=world.clock,
        )
    assert commit is type(world.store).commit


# Sellers and keys


def test_a_seller_registers_once_and_a_key_opens_until_it_expires(world: World) -> None:
    with pytest.raises(VersionConflictError):
        register_seller(SellerSettings(seller=a.SELLER, version=1), store=world.store)
    with pytest.raises(InvalidInputError):
        register_seller(SellerSettings(seller="a b", version=1), store=world.store)
    key = create_api_key(a.SELLER, Role.PACKER, store=world.store, clock=world.clock)
    found = authenticate(f"Bearer {key.text}", store=world.store, now=a.NOW)
    assert found is not None
    assert (found.seller, found.role) == (a.SELLER, Role.PACKER)
    wrong = key.text[:-1] + ("a" if key.text[-1] != "a" else "b")
    later = a.NOW + timedelta(days=366)
    assert authenticate(f"Bearer {wrong}", store=world.store, now=a.NOW) is None
    assert authenticate(f"Basic {key.text}", store=world.store, now=a.NOW) is None
    assert authenticate(f"Bearer {key.text}", store=world.store, now=later) is None
    assert authenticate("", store=world.store, now=a.NOW) is None


def test_what_only_a_list_tells_stays_and_makes_no_version_by_itself_again(world: World) -> None:
    world.arrives()
    told: Any = {"hinted_at": None, "store": world.store, "marketplace": world.market, "clock": world.clock}
    first = sync_posting(a.SELLER, a.NUMBER, schema="Crossborder", **told)
    assert (first.outcome, world.posting().delivery_schema) == ("changed", "Crossborder")
    for schema in ("", "Crossborder", ""):
        world.clock.advance(timedelta(minutes=1))
        again = sync_posting(a.SELLER, a.NUMBER, schema=schema, **told)
        assert (again.outcome, world.posting().delivery_schema) == ("unchanged", "Crossborder")
