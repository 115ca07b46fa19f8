"""Sweep and alarm worker: every alarm rings once, at its second."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from functions.deadline_sweep.handler import handler as sweep
from functions.deadline_sweep.worker import handler as worker
from shipby.application.alarms import alarm_message
from shipby.application.ports import AppendEvents, SavePosting
from shipby.domain.events import EventType, posting_ref
from shipby.domain.ladder import rewind
from shipby.domain.posting import Posting, Rung, RungKind, Stage
from shipby.domain.records import AlarmRef
from tests.functions.shop_support import LambdaContext, Shop, event, failed_ids, sqs_event
from tests.support import builders as a

CONTEXT = LambdaContext()


def received(shop: Shop, number: str, *due_in: float) -> Posting:
    """A confirmed posting whose cut-off (and then its overdue time) lie this many seconds ahead."""
    now = datetime.now(UTC)
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
    assert 28 <= delays["2-0001-1"] <= 30


def test_an_alarm_rings_once_however_often_its_message_comes(shop: Shop) -> None:
    received(shop, a.NUMBER, -5)
    sweep(event("schedule"), CONTEXT)
    sweep(event("schedule"), CONTEXT)
    assert len(shop.bodies("alarm")) == 2
    assert shop.deliver("alarm", worker) == []
    assert happened(shop, a.NUMBER).count(EventType.POSTING_LATE) == 1
    assert [line["outcome"] for line in shop.logged() if "outcome" in line] == ["alarm_fired", "alarm_gone"]


def test_an_alarm_that_comes_too_early_is_sent_again(shop: Shop) -> None:
    posting = received(shop, a.NUMBER, 40)
    body = alarm_message(ref(posting), datetime.now(UTC)).body
    assert failed_ids(worker(sqs_event(body), CONTEXT)) == []
    assert shop.bodies("alarm") == [body]
    assert 37 <= shop.delays("alarm")[0] <= 40
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
    assert 597 <= shop.delays("alarm")[0] <= 600


def test_the_next_rung_is_left_to_the_sweep_if_it_is_far(shop: Shop) -> None:
    received(shop, a.NUMBER, -5, 3600)
    sweep(event("schedule"), CONTEXT)
    shop.deliver("alarm", worker)
    assert shop.bodies("alarm") == []


def test_an_alarm_whose_posting_moved_on_does_not_ring(shop: Shop) -> None:
    posting = received(shop, a.NUMBER, -5)
    moved = rewind(replace(posting, version=2, stage=Stage.CANCELLED))
    shop.store.commit([SavePosting(moved), AppendEvents(a.SELLER, posting_ref(a.NUMBER), 2, (a.event(),))])
    worker(sqs_event(alarm_message(ref(posting), datetime.now(UTC)).body), CONTEXT)
    assert EventType.POSTING_LATE not in happened(shop, a.NUMBER)


def test_a_foreign_message_fails_alone(shop: Shop) -> None:
    received(shop, a.NUMBER, -5)
    sweep(event("schedule"), CONTEXT)
    (body,) = shop.bodies("alarm")
    bad = [{"seller": "1"}, {**body, "due": "soon"}, {**body, "kind": "PIGEON"}]
    assert failed_ids(worker(sqs_event(*bad, body), CONTEXT)) == ["m0", "m1", "m2"]
    assert EventType.POSTING_LATE in happened(shop, a.NUMBER)
