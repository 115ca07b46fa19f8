"""Alarms that are set aside: gone from the due ones, in sight, and back when a person or a change says so."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shipby.adapters.dynamodb.rows import postings as posting_rows
from shipby.application.ports.pages import Page
from shipby.application.ports.store import Store
from shipby.application.ports.writes import SaveIntent, SavePosting, SaveReturn, SaveWatch
from shipby.domain.alarm import AlarmRef, AsideAlarm
from shipby.domain.cases.watch import Watch
from shipby.domain.errors import UnreadableItemError
from shipby.domain.events import posting_ref, return_ref, watch_ref
from shipby.domain.postings.posting import Alarm, RungKind, Stage
from tests.contract.store.conftest import TABLES, Table
from tests.contract.store.paging_support import walk
from tests.support import builders as a

DUE = a.NOW - timedelta(minutes=3)
ALARM = Alarm(due=DUE, kind=RungKind.CONFIRM_BY)
REASON = "KeyError codec.py:80 decode"


def ref(seller: str, number: str = a.NUMBER, due: datetime = DUE) -> AlarmRef:
    return AlarmRef(seller=seller, ref=posting_ref(number), intent_id="", due=due)


def due_now(store: Store, seller: str) -> list[AlarmRef]:
    found: list[AlarmRef] = []
    for shard in range(store.alarm_shards):
        found += store.due_alarms(shard, until=a.NOW, limit=1000).items
    return [alarm for alarm in found if alarm.seller == seller]


def aside(store: Store, seller: str, limit: int = 200) -> list[AsideAlarm]:
    def pages(**page: Any) -> Page[AsideAlarm]:
        return store.alarms_aside(**page)

    return [found for found in walk(pages, limit) if found.alarm.seller == seller]


def test_an_alarm_that_is_set_aside_is_no_longer_due_and_in_sight(store: Store, seller: str) -> None:
    posting = a.posting(seller=seller, next_alarm=ALARM)
    store.commit([SavePosting(posting)])
    assert due_now(store, seller) == [ref(seller)]
    assert store.set_alarm_aside(ref(seller), REASON, a.NOW) is True
    assert due_now(store, seller) == []
    assert aside(store, seller) == [AsideAlarm(alarm=ref(seller), reason=REASON, at=a.NOW)]
    # The item itself, its version and its place on the board are as they were.
    assert store.posting(seller, a.NUMBER) == posting
    assert [item.number for item in store.worklist(seller, Stage.RECEIVED).items] == [a.NUMBER]
    assert store.set_alarm_aside(ref(seller), REASON, a.NOW) is False


def test_an_alarm_is_brought_back_once(store: Store, seller: str) -> None:
    store.commit([SavePosting(a.posting(seller=seller, next_alarm=ALARM))])
    assert store.bring_alarm_back(ref(seller)) is False
    store.set_alarm_aside(ref(seller), REASON, a.NOW)
    assert store.bring_alarm_back(ref(seller)) is True
    assert due_now(store, seller) == [ref(seller)]
    assert aside(store, seller) == []
    assert store.bring_alarm_back(ref(seller)) is False
    assert store.set_alarm_aside(ref(seller), "again", a.NOW) is True


def test_an_item_that_moved_on_keeps_its_new_alarm(store: Store, seller: str) -> None:
    store.commit([SavePosting(a.posting(seller=seller, next_alarm=ALARM))])
    later = Alarm(due=DUE + timedelta(minutes=1), kind=RungKind.REMIND_AT)
    store.commit([SavePosting(a.posting(seller=seller, version=2, next_alarm=later))])
    assert store.set_alarm_aside(ref(seller), REASON, a.NOW) is False
    assert due_now(store, seller) == [ref(seller, due=later.due)]
    store.set_alarm_aside(ref(seller, due=later.due), REASON, a.NOW)
    assert store.bring_alarm_back(ref(seller)) is False
    assert store.set_alarm_aside(ref(seller, number="nobody"), REASON, a.NOW) is False
    assert store.bring_alarm_back(ref(seller, number="nobody")) is False


def test_the_next_change_of_an_item_brings_its_alarm_back(store: Store, seller: str) -> None:
    posting = a.posting(seller=seller, next_alarm=ALARM)
    store.commit([SavePosting(posting)])
    store.set_alarm_aside(ref(seller), REASON, a.NOW)
    store.commit([SavePosting(replace(posting, version=2, stage=Stage.CONFIRMED))])
    assert due_now(store, seller) == [ref(seller)]
    assert aside(store, seller) == []


def test_the_next_change_of_an_item_may_also_end_its_alarm(store: Store, seller: str) -> None:
    posting = a.posting(seller=seller, next_alarm=ALARM)
    store.commit([SavePosting(posting)])
    store.set_alarm_aside(ref(seller), REASON, a.NOW)
    store.commit([SavePosting(replace(posting, version=2, stage=Stage.CANCELLED, next_alarm=None))])
    assert (due_now(store, seller), aside(store, seller)) == ([], [])


def test_marking_a_read_leaves_an_alarm_aside(store: Store, seller: str) -> None:
    store.commit([SavePosting(a.posting(seller=seller, next_alarm=ALARM))])
    store.set_alarm_aside(ref(seller), REASON, a.NOW)
    store.mark_synced(seller, a.NUMBER, a.NOW + timedelta(minutes=5))
    assert due_now(store, seller) == []
    assert [found.alarm for found in aside(store, seller)] == [ref(seller)]


def test_every_kind_of_item_with_an_alarm_can_be_set_aside(store: Store, seller: str) -> None:
    intent = a.intent(seller=seller, next_alarm=ALARM)
    watch = Watch(seller=seller, id="push-health", version=1, checked_at=a.NOW, next_alarm=ALARM)
    store.commit([SaveReturn(a.return_case(seller=seller, next_alarm=ALARM)), SaveIntent(intent), SaveWatch(watch)])
    alarms = [
        AlarmRef(seller=seller, ref=return_ref(a.RETURN_ID), intent_id="", due=DUE),
        AlarmRef(seller=seller, ref=intent.ref, intent_id=intent.id, due=DUE),
        AlarmRef(seller=seller, ref=watch_ref("push-health"), intent_id="", due=DUE),
    ]
    for alarm in alarms:
        assert store.set_alarm_aside(alarm, REASON, a.NOW) is True
    assert due_now(store, seller) == []
    assert {repr(found.alarm) for found in aside(store, seller)} == {repr(alarm) for alarm in alarms}


@pytest.mark.parametrize("limit", [1, 2])
def test_alarms_set_aside_are_listed_in_pages_earliest_due_first(store: Store, seller: str, limit: int) -> None:
    for index in (2, 0, 1):
        due = DUE + timedelta(seconds=index)
        number = f"p{index}"
        alarm = Alarm(due=due, kind=RungKind.CONFIRM_BY)
        store.commit([SavePosting(a.posting(seller=seller, number=number, next_alarm=alarm))])
        store.set_alarm_aside(ref(seller, number, due), REASON, a.NOW)
    assert [found.alarm.ref.id for found in aside(store, seller, limit)] == ["p0", "p1", "p2"]
    for index in range(3):
        store.bring_alarm_back(ref(seller, f"p{index}", DUE + timedelta(seconds=index)))


@pytest.mark.parametrize("engine", TABLES, indirect=True)
def test_an_item_of_a_newer_release_can_be_set_aside_and_brought_back(
    store: Store, engine: str, tables: Callable[[str], Table], seller: str
) -> None:
    item = posting_rows.posting_item(a.posting(seller=seller, next_alarm=ALARM), 4)
    newer = item | {"schema": {"N": "99"}, "rungs": {"S": "in another form"}}
    tables(engine).put(newer)
    with pytest.raises(UnreadableItemError):
        store.posting(seller, a.NUMBER)
    assert store.set_alarm_aside(ref(seller), REASON, a.NOW) is True
    assert due_now(store, seller) == []
    assert [found.reason for found in aside(store, seller)] == [REASON]
    assert store.bring_alarm_back(ref(seller)) is True
    assert due_now(store, seller) == [ref(seller)]
    (stands,) = [found for found in tables(engine).all_items() if found["PK"] == item["PK"]]
    assert stands == newer
