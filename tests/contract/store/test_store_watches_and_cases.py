"""What belongs to the whole seller (watches, cases, outcomes, digests), and what a board knows of money and clocks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipby.application.ports.pages import Page
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AddDigestEntry, SaveCase, SaveOutcome, SavePosting, SaveWatch
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.watch import Watch
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.errors import InvalidInputError, VersionConflictError
from shipby.domain.events import AggregateKind, Ref, StoredEvent, case_ref, posting_ref, watch_ref
from shipby.domain.notices.digest_entry import DigestEntry
from shipby.domain.postings.posting import Alarm, RungKind
from tests.contract.store.paging_support import hours, walk
from tests.support import builders as a


def watch(seller: str, **changes: Any) -> Watch:
    base = Watch(
        seller=seller,
        id="push-health",
        version=1,
        checked_at=a.NOW,
        state="YELLOW",
        data={"urls": ["/ozon/push"], "slow": 3, "reason": None},
        next_alarm=Alarm(due=hours(6), kind=RungKind.PUSH_UNHEALTHY),
    )
    return replace(base, **changes)


def case(seller: str, **changes: Any) -> Case:
    base = Case(
        seller=seller,
        id="c1",
        version=1,
        kind=CaseKind.OPEN_ORDER,
        subject=a.NUMBER,
        reason="has no next time",
        opened_at=a.NOW,
        owner="warehouse",
        next_alarm=Alarm(due=hours(24), kind=RungKind.CASE_DUE),
    )
    return replace(base, **changes)


def outcome(seller: str, **changes: Any) -> Outcome:
    base = Outcome(
        seller=seller,
        posting_number=a.NUMBER,
        shipped_at=a.NOW,
        warehouse_id="22",
        packed_at=hours(-1),
        cut_off=hours(2),
        late=True,
        reminded_at=hours(-2),
        lost=a.rub("10.00"),
        saved=a.rub("12.50"),
        cost_at=hours(3),
    )
    return replace(base, **changes)


def entry(seller: str, recipient: str, at: datetime, number: str = a.NUMBER, index: int = 0) -> DigestEntry:
    stored = StoredEvent(seller=seller, ref=posting_ref(number), version=3, index=index, event=a.event(at=at), count=2)
    return DigestEntry(seller=seller, recipient=recipient, stored=stored)


def due_now(store: Store, seller: str, until: datetime) -> list[AlarmRef]:
    found: list[AlarmRef] = []
    for shard in range(store.alarm_shards):
        found += walk(lambda shard=shard, **page: store.due_alarms(shard, until=until, **page), 1000)
    return [alarm for alarm in found if alarm.seller == seller]


def test_a_watch_comes_back_and_is_changed_one_version_at_a_time(store: Store, seller: str) -> None:
    assert store.watch(seller, "push-health") is None
    first = watch(seller)
    store.commit([SaveWatch(first)])
    assert store.watch(seller, "push-health") == first
    second = replace(first, version=2, state="GREEN", next_alarm=None)
    store.commit([SaveWatch(second)])
    with pytest.raises(VersionConflictError):
        store.commit([SaveWatch(replace(first, version=2, state="RED"))])
    assert store.watch(seller, "push-health") == second
    assert store.watch(f"{seller}x", "push-health") is None


def test_watches_and_cases_have_alarms_like_everything_else(store: Store, seller: str) -> None:
    store.commit([SaveWatch(watch(seller)), SaveCase(case(seller))])
    assert due_now(store, seller, hours(6)) == [
        AlarmRef(seller=seller, ref=watch_ref("push-health"), intent_id="", due=hours(6))
    ]
    assert {alarm.ref for alarm in due_now(store, seller, hours(24))} == {watch_ref("push-health"), case_ref("c1")}
    store.commit([SaveWatch(watch(seller, version=2, next_alarm=None))])
    assert [alarm.ref for alarm in due_now(store, seller, hours(24))] == [case_ref("c1")]


def test_a_case_comes_back_and_is_changed_one_version_at_a_time(store: Store, seller: str) -> None:
    assert store.case(seller, "c1") is None
    opened = case(seller)
    store.commit([SaveCase(opened)])
    assert store.case(seller, "c1") == opened
    with pytest.raises(VersionConflictError):
        store.commit([SaveCase(opened)])
    done = replace(opened, version=2, closed_at=hours(3), closed_by="key:k1", resolution="mended", next_alarm=None)
    store.commit([SaveCase(done)])
    assert store.case(seller, "c1") == done


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_open_cases_are_listed_oldest_first_and_the_closed_ones_apart(store: Store, seller: str, limit: int) -> None:
    for number in (3, 1, 2, 4):
        store.commit([SaveCase(case(seller, id=f"c{number}", opened_at=hours(number)))])
    store.commit([SaveCase(case(f"{seller}x", id="foreign"))])
    store.commit([SaveCase(case(seller, id="c2", opened_at=hours(2), version=2, closed_at=hours(5), next_alarm=None))])

    def listed(*, open_only: bool) -> list[str]:
        def page(**more: Any) -> Page[str]:
            return store.cases_in(seller, open_only=open_only, **more)

        return walk(page, limit)

    assert listed(open_only=True) == ["c1", "c3", "c4"]
    assert listed(open_only=False) == ["c2"]


@pytest.mark.parametrize("limit", [1, 2, 500])
def test_outcomes_are_listed_by_the_day_of_leaving_and_a_later_word_replaces_one(
    store: Store, seller: str, limit: int
) -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    last = midnight + timedelta(days=1) - timedelta(microseconds=1)
    for number, at in {"p2": midnight, "p1": last, "p3": midnight + timedelta(days=1)}.items():
        store.commit([SaveOutcome(outcome(seller, posting_number=number, shipped_at=at))])
    store.commit([SaveOutcome(outcome(f"{seller}x", posting_number="foreign", shipped_at=midnight))])
    again = outcome(seller, posting_number="p2", shipped_at=midnight, late=False, lost=None, saved=None, cost_at=None)
    store.commit([SaveOutcome(again)])

    def on_the_day(**page: Any) -> Page[Outcome]:
        return store.outcomes_on(seller, midnight.date(), **page)

    found = walk(on_the_day, limit)
    assert found == [outcome(seller, posting_number="p1", shipped_at=last), again]
    cursor = store.outcomes_on(seller, midnight.date(), limit=1).cursor
    with pytest.raises(InvalidInputError):
        store.outcomes_on(f"{seller}x", midnight.date(), cursor=cursor)


def test_a_digest_holds_each_event_once_oldest_first_until_it_was_told(store: Store, seller: str) -> None:
    late, early = entry(seller, "anna", hours(2)), entry(seller, "anna", hours(1), index=1)
    same_time = entry(seller, "anna", hours(1), number="24219509-0020-9")
    store.commit([AddDigestEntry(late), AddDigestEntry(early)])
    store.commit([AddDigestEntry(late), AddDigestEntry(same_time)])
    store.commit([AddDigestEntry(entry(seller, "boris", hours(1)))])
    assert store.digest_entries(seller, "anna") == [early, same_time, late]
    assert store.digest_entries(f"{seller}x", "anna") == []

    store.drop_digest_entries([early, same_time])
    store.drop_digest_entries([early])
    assert store.digest_entries(seller, "anna") == [late]
    assert len(store.digest_entries(seller, "boris")) == 1


def test_a_digest_may_hold_events_of_any_kind_of_item(store: Store, seller: str) -> None:
    for kind in AggregateKind:
        stored = StoredEvent(seller=seller, ref=Ref(kind, "x1"), version=1, index=0, event=a.event())
        store.commit([AddDigestEntry(DigestEntry(seller=seller, recipient="anna", stored=stored))])
    assert {found.stored.ref.kind for found in store.digest_entries(seller, "anna")} == set(AggregateKind)


def test_a_board_row_knows_the_money_the_next_clock_and_the_warehouse(store: Store, seller: str) -> None:
    posting = a.posting(
        seller=seller,
        warehouse_id="22",
        at_risk=a.rub("12.50"),
        next_alarm=Alarm(due=hours(3), kind=RungKind.TARIFF_STEP),
    )
    store.commit([SavePosting(posting)])
    (item,) = store.worklist(seller, posting.stage).items
    assert (item.warehouse_id, item.at_risk) == ("22", a.rub("12.50"))
    assert item.next_due == hours(3)

    store.commit([SavePosting(replace(posting, version=2, warehouse_id="", at_risk=None, next_alarm=None))])
    (item,) = store.worklist(seller, posting.stage).items
    assert (item.warehouse_id, item.at_risk, item.next_due) == ("", None, None)
