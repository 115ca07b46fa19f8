"""Sweep and alarm worker: every alarm rings once, at its second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.deadline_sweep.handler import handler as sweep
from functions.deadline_sweep.worker import handler as worker
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.dynamodb.alarms.store import AlarmStore
from shipby.adapters.dynamodb.client import dynamodb_client
from shipby.adapters.dynamodb.rows import postings as posting_rows
from shipby.adapters.dynamodb.store import DynamoDBStore
from shipby.application.alarms.set_aside import TRIES, bring_back, list_aside
from shipby.application.ports.writes import AppendEvents, SaveCase, SavePosting, SaveWatch
from shipby.application.shared.alarm_messages import alarm_message
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.matter import Matter, opened
from shipby.domain.cases.watch import Watch
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import StoreUnavailableError
from shipby.domain.events import EventType, case_ref, posting_ref, watch_ref
from shipby.domain.postings.posting import Alarm, Posting, Rung, RungKind, Stage
from tests.functions.conftest import forget_processes
from tests.functions.shop_support import LambdaContext, Shop, event, failed_ids, sqs_event
from tests.support import builders as a

CONTEXT = LambdaContext()


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the machine takes, the workers' clock stands at one second."""
    moment = datetime.now(UTC).replace(microsecond=0)
    monkeypatch.setattr(SystemClock, "now", lambda _: moment)


def received(shop: Shop, number: str, *due_in: float) -> Posting:
    """A confirmed posting whose cut-off (and then its overdue time) lie this many seconds ahead."""
    now = SystemClock().now()
    kinds = (RungKind.SHIPMENT_DATE, RungKind.WITHOUT_DELAY)
    rungs = tuple(Rung(kind=kind, due=now + timedelta(seconds=s)) for kind, s in zip(kinds, due_in, strict=False))
    posting = rewind(a.posting(number=number, stage=Stage.CONFIRMED, rungs=rungs, received_at=now))
    shop.store.commit([SavePosting(posting), AppendEvents(a.SELLER, posting_ref(number), 1, (a.event(),))])
    return posting


def happened(shop: Shop, number: str) -> list[EventType]:
    return [stored.event.type for stored in shop.store.events(a.SELLER, posting_ref(number))]


def ref(posting: Posting) -> AlarmRef:
    assert posting.next_alarm is not None
    return AlarmRef(seller=a.SELLER, ref=posting_ref(posting.number), intent_id="", due=posting.next_alarm.due)


def test_the_sweep_sends_what_is_due_soon_each_held_back_to_its_second(shop: Shop) -> None:
    received(shop, "1-0001-1", -5)
    received(shop, "2-0001-1", 30)
    received(shop, "3-0001-1", 3600)
    assert sweep(event("schedule"), CONTEXT) == {"sent": 2}
    delays = dict(zip([body["id"] for body in shop.bodies("alarm")], shop.delays("alarm"), strict=True))
    assert delays["1-0001-1"] <= 0
    assert delays["2-0001-1"] == 30


def test_an_alarm_rings_once_however_often_its_message_comes(shop: Shop) -> None:
    received(shop, a.NUMBER, -5)
    sweep(event("schedule"), CONTEXT)
    # Another container does not know what the first has sent.
    forget_processes()
    sweep(event("schedule"), CONTEXT)
    assert len(shop.bodies("alarm")) == 2
    assert shop.deliver("alarm", worker) == []
    assert happened(shop, a.NUMBER).count(EventType.POSTING_LATE) == 1
    assert [line["outcome"] for line in shop.logged() if "outcome" in line] == ["alarm_fired", "alarm_gone"]


def test_an_alarm_that_comes_too_early_is_sent_again(shop: Shop) -> None:
    posting = received(shop, a.NUMBER, 40)
    body = alarm_message(ref(posting), SystemClock().now()).body
    assert failed_ids(worker(sqs_event(body), CONTEXT)) == []
    assert shop.bodies("alarm") == [body]
    assert shop.delays("alarm") == [40]
    assert happened(shop, a.NUMBER) == [EventType.POSTING_RECEIVED]


def test_the_next_rung_is_sent_at_once_if_it_is_near(shop: Shop) -> None:
    received(shop, a.NUMBER, -5, 600)
    sweep(event("schedule"), CONTEXT)
    shop.deliver("alarm", worker)
    (body,) = shop.bodies("alarm")
    following = shop.store.posting(a.SELLER, a.NUMBER)
    assert following is not None
    assert following.next_alarm is not None
    assert body["due"] == following.next_alarm.due.isoformat()
    assert shop.delays("alarm") == [600]


def test_the_next_rung_is_left_to_the_sweep_if_it_is_far(shop: Shop) -> None:
    received(shop, a.NUMBER, -5, 3600)
    sweep(event("schedule"), CONTEXT)
    shop.deliver("alarm", worker)
    assert shop.bodies("alarm") == []


def test_an_alarm_whose_posting_moved_on_does_not_ring(shop: Shop) -> None:
    posting = received(shop, a.NUMBER, -5)
    moved = rewind(replace(posting, version=2, stage=Stage.CANCELLED))
    shop.store.commit([SavePosting(moved), AppendEvents(a.SELLER, posting_ref(a.NUMBER), 2, (a.event(),))])
    worker(sqs_event(alarm_message(ref(posting), SystemClock().now()).body), CONTEXT)
    assert EventType.POSTING_LATE not in happened(shop, a.NUMBER)


def test_a_foreign_message_fails_alone(shop: Shop) -> None:
    received(shop, a.NUMBER, -5)
    sweep(event("schedule"), CONTEXT)
    (body,) = shop.bodies("alarm")
    bad = [{"seller": "1"}, {**body, "due": "soon"}, {**body, "kind": "PIGEON"}]
    assert failed_ids(worker(sqs_event(*bad, body), CONTEXT)) == ["m0", "m1", "m2"]
    assert EventType.POSTING_LATE in happened(shop, a.NUMBER)


def test_a_backlog_is_sent_once_by_a_container_that_lives_on(shop: Shop) -> None:
    for number in range(25):
        received(shop, f"{number}-0001-1", -5)
    assert [sweep(event("schedule"), CONTEXT) for _ in range(2)] == [{"sent": 25}, {"sent": 0}]
    assert len(shop.bodies("alarm")) == 25
    (first, second) = [line for line in shop.logged() if line["message"] == "swept"]
    assert (first["sent"], first["waiting"]) == (25, 0)
    assert (second["sent"], second["waiting"]) == (0, 25)
    assert 5 <= second["lag_seconds"] <= 60


def test_the_sweep_publishes_how_much_and_how_late(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    received(shop, "1-0001-1", -300)
    received(shop, "2-0001-1", 30)
    sweep(event("schedule"), CONTEXT)
    printed = capsys.readouterr().out
    assert '"alarms_sent":2' in printed
    assert '"alarm_lag_seconds":30' in printed


def test_watches_and_cases_ring_through_the_same_queue(shop: Shop) -> None:
    now = SystemClock().now()
    digest = Watch(
        seller=a.SELLER,
        id="digest.anna",
        version=1,
        checked_at=now,
        next_alarm=Alarm(due=now - timedelta(seconds=1), kind=RungKind.DIGEST_DUE),
    )
    matter = Matter(seller=a.SELLER, kind=CaseKind.OPEN_ORDER, subject="p.1.cancel.1")
    case, _ = opened(matter, identifier="c1", reason="unknown", owner="", at=now - timedelta(days=2), actor="system:x")
    shop.store.commit([SaveWatch(digest), SaveCase(case)])
    assert sweep(event("schedule"), CONTEXT) == {"sent": 2}
    assert shop.deliver("alarm", worker) == []
    told = [stored.event.type for stored in shop.store.events(a.SELLER, watch_ref("digest.anna"))]
    assert told == [EventType.DIGEST_DUE]
    told = [stored.event.type for stored in shop.store.events(a.SELLER, case_ref("c1"))]
    assert told == [EventType.CASE_REMINDED]
    reminded = shop.store.case(a.SELLER, "c1")
    assert reminded is not None
    assert reminded.next_alarm is not None
    assert reminded.next_alarm.due > now + timedelta(hours=23)


# Poison


def newer(shop: Shop, number: str) -> Posting:
    """A due posting that a newer release has written."""
    posting = received(shop, number, -5)
    item: Mapping[str, Any] = posting_rows.posting_item(posting, 4) | {"schema": {"N": "99"}}
    dynamodb_client().put_item(TableName=shop.table, Item=item)
    return posting


def try_again(posting: Posting, attempt: int) -> list[str]:
    body = alarm_message(ref(posting), SystemClock().now()).body
    return failed_ids(worker(sqs_event(body, attempt=attempt), CONTEXT))


def test_an_alarm_that_this_release_cannot_read_is_set_aside_on_its_last_try(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    posting, healthy = newer(shop, a.NUMBER), received(shop, "2-0001-1", -5)
    assert [try_again(posting, attempt) for attempt in range(1, TRIES)] == [["m0"]] * (TRIES - 1)
    assert list_aside(store=shop.store) == []
    assert try_again(posting, TRIES) == []
    (found,) = list_aside(store=shop.store)
    assert found.alarm == ref(posting)
    assert "schema 99" in found.reason
    assert '"alarms_set_aside":1' in capsys.readouterr().out
    (case,) = shop.store.cases_in(a.SELLER).items
    told = [stored.event.type for stored in shop.store.events(a.SELLER, case_ref(case))]
    assert told == [EventType.CASE_OPENED, EventType.ALARM_SET_ASIDE]
    (line,) = [line for line in shop.logged() if line["message"] == "alarm set aside"]
    assert (line["level"], line["id"], line["attempt"]) == ("ERROR", a.NUMBER, TRIES)

    # The others go on, it is not queued again, and a later message of the same alarm changes nothing.
    assert sweep(event("schedule"), CONTEXT) == {"sent": 1}
    assert shop.deliver("alarm", worker) == []
    assert EventType.POSTING_LATE in happened(shop, healthy.number)
    assert try_again(posting, TRIES) == []
    assert len(shop.store.cases_in(a.SELLER).items) == 1


def test_an_alarm_that_was_brought_back_fires_as_soon_as_it_can_be_read(shop: Shop) -> None:
    posting = newer(shop, a.NUMBER)
    try_again(posting, TRIES)
    bring_back(store=shop.store, now=SystemClock().now(), actor="key:k1")
    item = dict(posting_rows.posting_item(posting, 4))
    dynamodb_client().put_item(TableName=shop.table, Item=item)
    assert sweep(event("schedule"), CONTEXT)["sent"] == 1
    shop.deliver("alarm", worker)
    assert happened(shop, a.NUMBER).count(EventType.POSTING_LATE) == 1


def test_an_outage_sets_nothing_aside_however_often_an_alarm_fails(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    posting = received(shop, a.NUMBER, -5)

    def away(*_: object) -> None:
        raise StoreUnavailableError("the database is overloaded (ThrottlingException); try again")

    with monkeypatch.context() as patch:
        patch.setattr(AlarmStore, "posting", away)
        assert [try_again(posting, attempt) for attempt in range(1, 20)] == [["m0"]] * 19
    assert list_aside(store=shop.store) == []
    assert try_again(posting, TRIES) == []
    assert EventType.POSTING_LATE in happened(shop, a.NUMBER)


def test_a_release_that_can_ring_nothing_does_not_set_everything_aside(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    postings = [received(shop, f"{number}-0001-1", -5) for number in range(25)]

    def broken(*_: object, **__: object) -> None:
        raise KeyError("a mistake in this release")

    monkeypatch.setattr("shipby.application.alarms.ringing.ring_posting", broken)
    outcomes = [try_again(posting, TRIES) for posting in postings]
    assert outcomes == [[]] * 20 + [["m0"]] * 5
    assert len(list_aside(store=shop.store)) == 20


@pytest.mark.parametrize(
    "problem",
    [
        StoreUnavailableError("the database did not answer in time (ReadTimeoutError); try again"),
        ClientError({"Error": {"Code": "AccessDeniedException"}}, "BatchGetItem"),
    ],
)
def test_while_batches_cannot_be_read_each_item_is_read_for_itself(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    bodies = [alarm_message(ref(received(shop, f"{n}-0001-1", -5)), SystemClock().now()).body for n in range(3)]

    def away(*_: object) -> None:
        raise problem

    monkeypatch.setattr(AlarmStore, "read_ahead", away)
    assert failed_ids(worker(sqs_event(*bodies), CONTEXT)) == []
    assert [happened(shop, f"{n}-0001-1").count(EventType.POSTING_LATE) for n in range(3)] == [1, 1, 1]
    assert [line["level"] for line in shop.logged() if line["message"] == "nothing read ahead"] == ["WARNING"]


def test_two_workers_with_the_same_messages_ring_each_alarm_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second worker runs between the first one's read of the batch and its writes."""
    postings = [received(shop, f"{n}-0001-1", -5) for n in range(5)]
    batch = sqs_event(*(alarm_message(ref(posting), SystemClock().now()).body for posting in postings))
    other = DynamoDBStore(table_name=shop.table)
    original = AlarmStore.read_ahead
    inside: list[bool] = []

    def interrupted(self: AlarmStore, alarms: Any) -> None:
        original(self, alarms)
        if not inside:
            inside.append(True)
            forget_processes()
            assert failed_ids(worker(batch, CONTEXT)) == []

    monkeypatch.setattr(AlarmStore, "read_ahead", interrupted)
    assert failed_ids(worker(batch, CONTEXT)) == []
    for posting in postings:
        kinds = [stored.event.type for stored in other.events(a.SELLER, posting_ref(posting.number))]
        assert kinds.count(EventType.POSTING_LATE) == 1
