"""Pushes that a wrong clock dated, and reads by a wrong clock that seem to cover them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from shipby.application.alarms.repair import repair
from shipby.application.alarms.route_events import Routed, route_event, route_push
from shipby.application.intake.receive_push import TOKEN_CACHE, TokenCache, receive_push
from shipby.application.intake.sync_posting import Synced, sync_posting
from shipby.application.sellers.register import create_push_token
from shipby.domain.events import EventType, StoredEvent, posting_ref
from shipby.domain.postings.inbox import PushRow, PushState
from tests.support import builders as a
from tests.unit.clock.wrong_clock_support import DAY, MINUTE, STEPS, clock_findings, off_by
from tests.unit.world_support import World


@pytest.fixture
def world() -> World:
    return World()


# Pushes


@dataclass
class Webhook:
    """Takes pushes and hands them on as the router does."""

    world: World
    token: str = field(init=False)

    def __post_init__(self) -> None:
        self.token = create_push_token(a.SELLER, store=self.world.store, clock=self.world.clock).text

    def take(self) -> str:
        body = f'{{"message_type":"TYPE_STATE_CHANGED","posting_number":"{a.NUMBER}","seller_id":"{a.SELLER}"}}'
        now = self.world.clock.now()
        return receive_push(self.token, body.encode(), inbox=self.world.store, tokens=TokenCache({}), now=now).outcome

    def rows(self, day: datetime) -> list[PushRow]:
        return list(self.world.store.pushes_on(a.SELLER, day.date()).items)

    def read_for(self, push: PushRow) -> Synced:
        world = self.world
        (routed,) = route_push(push)
        hinted = datetime.fromisoformat(str(routed.message.body["hinted_at"]))
        return sync_posting(
            a.SELLER, a.NUMBER, hinted_at=hinted, store=world.store, marketplace=world.market, clock=world.clock
        )


@pytest.fixture
def webhook(world: World) -> Webhook:
    world.arrives()
    world.clock.advance(MINUTE)
    return Webhook(world)


@pytest.mark.parametrize("step", STEPS)
def test_a_push_dated_by_a_wrong_clock_is_read_for(webhook: Webhook, step: timedelta) -> None:
    world = webhook.world
    with off_by(world, step):
        assert webhook.take() == "received"
        (push,) = webhook.rows(world.clock.now())
    world.market.change(a.NUMBER, status="awaiting_deliver")
    assert webhook.read_for(push).outcome == "changed"
    assert world.proof().green


def test_a_push_dated_ahead_is_a_finding_until_it_was_read_for(webhook: Webhook) -> None:
    world = webhook.world
    with off_by(world, DAY):
        webhook.take()
        (push,) = webhook.rows(world.clock.now())
    (finding,) = clock_findings(world)
    assert (finding.id, "received_at" in finding.problem) == (a.NUMBER, True)
    published: list[Routed] = []
    repair(a.SELLER, since=a.NOW, until=world.clock.now(), store=world.store, publish=published.extend)
    assert [routed.message.body["posting"] for routed in published if "posting" in routed.message.body] == [a.NUMBER]
    webhook.read_for(push)
    assert world.proof().green
    (kept,) = webhook.rows(push.received_at)
    assert (kept.state, "lay ahead" in kept.problem) == (PushState.QUARANTINED, True)


@pytest.mark.parametrize("step", STEPS)
def test_a_read_by_a_wrong_clock_covers_no_push(webhook: Webhook, step: timedelta) -> None:
    world = webhook.world
    with off_by(world, step):
        world.sync()
    world.clock.advance(MINUTE)
    webhook.take()
    (push,) = webhook.rows(world.clock.now())
    world.market.change(a.NUMBER, status="awaiting_deliver")
    assert webhook.read_for(push).outcome == "changed"


def test_a_push_that_a_read_by_a_wrong_clock_came_after_is_not_called_applied(webhook: Webhook) -> None:
    world = webhook.world
    webhook.take()
    with off_by(world, DAY):
        world.sync()
    world.clock.advance(timedelta(minutes=30))
    assert world.red() == {"clock", "push_unapplied"}
    world.sync()
    assert world.proof().green


def test_a_worker_that_stands_behind_quarantines_no_push(webhook: Webhook) -> None:
    world = webhook.world
    webhook.take()
    (push,) = webhook.rows(world.clock.now())
    with off_by(world, -DAY):
        world.market.change(a.NUMBER, status="awaiting_deliver")
        assert webhook.read_for(push).outcome == "changed"
    (kept,) = webhook.rows(world.clock.now())
    assert kept.state is PushState.RECEIVED


def test_a_push_at_the_moment_of_the_last_read_is_read_for(webhook: Webhook) -> None:
    world = webhook.world
    world.sync()
    webhook.take()
    (push,) = webhook.rows(world.clock.now())
    world.market.change(a.NUMBER, status="awaiting_deliver")
    assert webhook.read_for(push).outcome == "changed"
    published: list[Routed] = []
    repair(a.SELLER, since=world.clock.now(), until=world.clock.now(), store=world.store, publish=published.extend)
    assert [routed.message.body.get("why") for routed in published].count("TYPE_STATE_CHANGED") == 1


@pytest.mark.parametrize("step", STEPS)
def test_the_same_body_is_news_after_the_clock_has_stepped(webhook: Webhook, step: timedelta) -> None:
    with off_by(webhook.world, step):
        assert webhook.take() == "received"
        assert webhook.take() == "repeated"
    assert webhook.take() == "received"
    assert webhook.take() == "repeated"


def test_the_router_dates_a_hint_by_the_later_of_two_clocks(webhook: Webhook) -> None:
    push, later = a.push(received_at=a.NOW), a.NOW + MINUTE
    for now, hint in ((later, later), (a.NOW - DAY, a.NOW), (None, a.NOW)):
        (routed,) = route_push(push, now=now)
        assert routed.message.body["hinted_at"] == hint.isoformat()
        (told,) = [one for one in route_event(_late(), label_delay_seconds=0, now=now) if one.message.body.get("why")]
        assert told.message.body["hinted_at"] == hint.isoformat()


def _late() -> StoredEvent:
    event = a.event(type=EventType.POSTING_LATE, at=a.NOW)
    return StoredEvent(seller=a.SELLER, ref=posting_ref(a.NUMBER), version=2, index=0, event=event)


def test_a_token_is_looked_up_again_after_the_clock_was_set_back(world: World) -> None:
    webhook, cache = Webhook(world), TokenCache({})
    secret = webhook.token.partition(".")[2]
    asked = 0

    class Inbox:
        def put_push(self, push: PushRow) -> bool:
            return world.store.put_push(push)

        def push_token(self, sha256: str) -> object:
            nonlocal asked
            asked += 1
            return world.store.push_token(sha256)

    for at in (a.NOW + DAY, a.NOW, a.NOW + TOKEN_CACHE / 2):
        cache.look_up(secret, Inbox(), at)  # type: ignore[arg-type]  # counts
    assert asked == 2
