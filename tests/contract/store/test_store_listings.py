"""Listings: order, pages, cursors, and what belongs to whom."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipby.application.ports.pages import Page
from shipby.application.ports.store import Store
from shipby.application.ports.writes import (
    SaveDetail,
    SaveEvidencePack,
    SaveIntent,
    SavePosting,
    SavePrintJob,
    SaveReturn,
)
from shipby.domain.alarm import AlarmRef
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import AggregateKind, posting_ref, return_ref
from shipby.domain.evidence.pieces import EvidencePack, PackState
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.posting import Alarm, RungKind, Stage
from shipby.domain.returns.return_case import ReturnStage
from tests.contract.store.paging_support import Lister, hours, walk
from tests.support import builders as a

TODAY = a.NOW.date()


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_a_board_shows_a_stage_by_cut_off_and_those_without_last(store: Store, seller: str, limit: int) -> None:
    cut_offs = {
        "p5": None,
        "p1": hours(5),
        "p2": hours(1),
        "p3": hours(1),
        "p4": hours(0.5),
        "p6": None,
        "p7": hours(9),
    }
    for number, cut_off in cut_offs.items():
        store.commit([SavePosting(a.posting(seller=seller, number=number, shipment_date=cut_off))])
    store.commit([SavePosting(a.posting(seller=seller, number="other", stage=Stage.CONFIRMED))])
    store.commit([SavePosting(a.posting(seller=f"{seller}x", number="foreign"))])

    def board(**page: Any) -> Page[Any]:
        return store.worklist(seller, Stage.RECEIVED, **page)

    items = walk(board, limit)
    assert [item.number for item in items] == ["p4", "p2", "p3", "p1", "p7", "p5", "p6"]
    assert [item.cut_off for item in items] == [hours(0.5), hours(1), hours(1), hours(5), hours(9), None, None]


def test_a_board_row_has_the_columns_people_see(store: Store, seller: str) -> None:
    posting = a.full_posting(seller=seller, version=1)
    store.commit([SavePosting(posting)])
    (item,) = store.worklist(seller, posting.stage).items
    assert (
        item.number,
        item.stage,
        item.status,
        item.substatus,
        item.scheme,
        item.cut_off,
        item.late,
    ) == (
        posting.number,
        posting.stage,
        posting.status,
        posting.substatus,
        "FBS",
        posting.cut_off,
        True,
    )


def test_a_board_can_end_before_a_time(store: Store, seller: str) -> None:
    for number, cut_off in {"p1": hours(1), "p2": hours(2), "p3": hours(3), "p4": None}.items():
        store.commit([SavePosting(a.posting(seller=seller, number=number, shipment_date=cut_off))])

    def due(**page: Any) -> Page[Any]:
        return store.worklist(seller, Stage.RECEIVED, due_before=hours(3), **page)

    assert [item.number for item in walk(due, 1)] == ["p1", "p2"]


def test_a_posting_stands_on_one_board_at_a_time(store: Store, seller: str) -> None:
    store.commit([SavePosting(a.posting(seller=seller))])
    store.commit([SavePosting(a.posting(seller=seller, version=2, stage=Stage.CONFIRMED))])
    moved = a.posting(seller=seller, version=3, stage=Stage.CONFIRMED, shipment_date=hours(2))
    store.commit([SavePosting(moved)])
    assert store.worklist(seller, Stage.RECEIVED).items == ()
    (item,) = store.worklist(seller, Stage.CONFIRMED).items
    assert item.cut_off == hours(2)
    assert item.version == 3


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_postings_are_listed_by_the_day_they_were_first_seen(store: Store, seller: str, limit: int) -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    received = {
        "p1": midnight,
        "p2": midnight + timedelta(days=1) - timedelta(microseconds=1),
        "p3": midnight + timedelta(hours=3),
        "early": midnight - timedelta(microseconds=1),
        "late": midnight + timedelta(days=1),
    }
    for number, at in received.items():
        store.commit([SavePosting(a.posting(seller=seller, number=number, received_at=at))])
    # Closing or moving a posting changes nothing about when it was seen.
    closed = a.posting(seller=seller, number="p1", received_at=midnight, version=2, stage=Stage.CLOSED, next_alarm=None)
    store.commit([SavePosting(closed)])

    def seen(**page: Any) -> Page[Any]:
        return store.received_on(seller, TODAY, **page)

    assert walk(seen, limit) == ["p1", "p2", "p3"]
    assert store.received_on(seller, TODAY - timedelta(days=1)).items == ("early",)
    assert store.returns_opened_on(seller, TODAY).items == ()


def test_returns_are_listed_by_the_day_they_were_opened(store: Store, seller: str) -> None:
    for number in range(5):
        store.commit([SaveReturn(a.return_case(seller=seller, id=f"r{number}", opened_at=hours(number)))])
    store.commit([SaveReturn(a.return_case(seller=seller, id="old", opened_at=hours(-24)))])

    def opened(**page: Any) -> Page[Any]:
        return store.returns_opened_on(seller, TODAY, **page)

    assert walk(opened, 2) == ["r0", "r1", "r2", "r3", "r4"]
    assert store.received_on(seller, TODAY).items == ()


def test_open_intents_are_listed_oldest_first_whatever_their_state(store: Store, seller: str) -> None:
    intents = [a.intent(seller=seller, sequence=n, created_at=hours(-n)) for n in range(1, 6)]
    for intent in intents:
        store.commit([SaveIntent(intent)])
    store.commit([SaveIntent(intents[2].move(IntentState.SENT, at=a.NOW))])
    store.commit([SaveIntent(intents[4].move(IntentState.REJECTED, at=a.NOW))])

    def opened(**page: Any) -> Page[Any]:
        return store.open_intents(seller, **page)

    assert walk(opened, 2) == [intents[n].id for n in (3, 2, 1, 0)]

    def recent(**page: Any) -> Page[Any]:
        return store.open_intents(seller, since=intents[2].created_at, **page)

    assert walk(recent, 2) == [intents[n].id for n in (2, 1, 0)]
    assert store.open_intents(seller, since=hours(0)).items == ()
    assert store.open_intents(f"{seller}x").items == ()


def test_settled_intents_are_listed_by_state_oldest_first(store: Store, seller: str) -> None:
    intents = [a.intent(seller=seller, action=action, created_at=hours(-n)) for n, action in enumerate(IntentAction)]
    for intent in intents:
        store.commit([SaveIntent(intent)])
        store.commit([SaveIntent(intent.move(IntentState.CONFIRMED, at=a.NOW))])

    def confirmed(**page: Any) -> Page[Any]:
        return store.intents_in(seller, IntentState.CONFIRMED, **page)

    assert walk(confirmed, 2) == [intent.id for intent in reversed(intents)]

    def recent(**page: Any) -> Page[Any]:
        return store.intents_in(seller, IntentState.CONFIRMED, since=intents[1].created_at, **page)

    assert walk(recent, 2) == [intents[1].id, intents[0].id]
    assert store.intents_in(seller, IntentState.REJECTED).items == ()
    assert store.open_intents(seller).items == ()


def test_open_returns_are_listed_by_decision_date_and_the_others_apart(store: Store, seller: str) -> None:
    for identifier, decide_by in {"r1": hours(4), "r2": hours(1), "r3": None}.items():
        store.commit([SaveReturn(a.return_case(seller=seller, id=identifier, decide_by=decide_by))])
    for identifier, stage in {"r4": ReturnStage.DECIDED, "r5": ReturnStage.CLOSED}.items():
        store.commit([SaveReturn(a.return_case(seller=seller, id=identifier, stage=stage))])

    def waiting(**page: Any) -> Page[Any]:
        return store.returns_in(seller, **page)

    assert walk(waiting, 1) == ["r2", "r1", "r3"]
    assert sorted(store.returns_in(seller, open_only=False).items) == ["r4", "r5"]


def test_closed_returns_can_be_listed_from_a_date_on_with_those_that_have_none(store: Store, seller: str) -> None:
    for identifier, decide_by in {"r1": hours(4), "r2": hours(1), "r3": None, "r4": hours(-9)}.items():
        case = a.return_case(seller=seller, id=identifier, decide_by=decide_by, stage=ReturnStage.CLOSED)
        store.commit([SaveReturn(case)])

    def closed(**page: Any) -> Page[Any]:
        return store.returns_in(seller, open_only=False, since=hours(1), **page)

    assert walk(closed, 1) == ["r2", "r1", "r3"]
    assert store.returns_in(seller, since=hours(1)).items == ()


@pytest.mark.parametrize("kind", [AggregateKind.PRINT_JOB, AggregateKind.EVIDENCE_PACK])
def test_what_stands_on_no_board_is_listed_by_the_day_it_was_asked_for(
    store: Store, seller: str, kind: AggregateKind
) -> None:
    for number in range(5):
        at = hours(number)
        job = a.print_job(seller=seller, id=f"j{number}", version=1, asked_at=at)
        pack = EvidencePack(
            seller=seller,
            id=f"j{number}",
            version=1,
            posting_number="p",
            state=PackState.WAITING,
            asked_at=at,
            asked_by="key:k",
        )
        store.commit([SavePrintJob(job) if kind is AggregateKind.PRINT_JOB else SaveEvidencePack(pack)])

    def asked(**page: Any) -> Page[Any]:
        return store.asked_on(seller, kind, TODAY, **page)

    assert walk(asked, 2) == ["j0", "j1", "j2", "j3", "j4"]
    other = AggregateKind.EVIDENCE_PACK if kind is AggregateKind.PRINT_JOB else AggregateKind.PRINT_JOB
    assert store.asked_on(seller, other, TODAY).items == ()
    assert store.asked_on(seller, kind, (hours(-24)).date()).items == ()


# Alarms ------------------------------------------------------------------------------------------------------------


def alarms(store: Store, seller: str, until: datetime, limit: int = 3) -> list[AlarmRef]:
    """This seller's due alarms of all shards; other tests' alarms share the index."""
    found: list[AlarmRef] = []
    for shard in range(store.alarm_shards):

        def due(shard: int = shard, **page: Any) -> Page[AlarmRef]:
            return store.due_alarms(shard, until=until, **page)

        in_shard = walk(due, limit)
        assert in_shard == sorted(in_shard, key=lambda alarm: alarm.due)
        found += [alarm for alarm in in_shard if alarm.seller == seller]
    return sorted(found, key=lambda alarm: (alarm.due, alarm.ref.id))


def test_alarms_are_found_when_they_are_due_and_not_before(store: Store, seller: str) -> None:
    due = datetime(2025, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
    alarm = Alarm(due=due, kind=RungKind.CONFIRM_BY)
    intent = a.intent(seller=seller, next_alarm=replace(alarm, due=due + timedelta(microseconds=1)))
    store.commit([SavePosting(a.posting(seller=seller, next_alarm=alarm))])
    store.commit([SaveReturn(a.return_case(seller=seller, next_alarm=replace(alarm, due=due + timedelta(seconds=1))))])
    store.commit([SaveIntent(intent)])
    store.commit([SavePosting(a.posting(seller=seller, number="quiet", next_alarm=None))])

    expected = [
        AlarmRef(seller=seller, ref=posting_ref(a.NUMBER), intent_id="", due=due),
        AlarmRef(seller=seller, ref=posting_ref(a.NUMBER), intent_id=intent.id, due=due + timedelta(microseconds=1)),
        AlarmRef(seller=seller, ref=return_ref(a.RETURN_ID), intent_id="", due=due + timedelta(seconds=1)),
    ]
    assert alarms(store, seller, due - timedelta(microseconds=1)) == []
    assert alarms(store, seller, due) == expected[:1]
    assert alarms(store, seller, due + timedelta(microseconds=1)) == expected[:2]
    assert alarms(store, seller, due + timedelta(days=400)) == expected


def test_a_fired_or_moved_alarm_leaves_its_old_place(store: Store, seller: str) -> None:
    early = datetime(2024, 1, 1, tzinfo=UTC)
    store.commit([SavePosting(a.posting(seller=seller, next_alarm=a.alarm(early)))])
    later = early + timedelta(hours=1)
    store.commit([SavePosting(a.posting(seller=seller, version=2, next_alarm=a.alarm(later)))])
    assert [alarm.due for alarm in alarms(store, seller, later)] == [later]
    store.commit([SavePosting(a.posting(seller=seller, version=3, next_alarm=None))])
    assert alarms(store, seller, later) == []


def test_alarms_spread_over_the_shards_and_each_is_in_one(store: Store, seller: str) -> None:
    due = datetime(2023, 1, 1, tzinfo=UTC)
    numbers = {f"{n:08d}-0001-1" for n in range(40)}
    for number in sorted(numbers):
        store.commit([SavePosting(a.posting(seller=seller, number=number, next_alarm=a.alarm(due)))])
    found = alarms(store, seller, due, limit=4)
    assert len(found) == 40
    assert {alarm.ref for alarm in found} == {posting_ref(number) for number in numbers}
    used = [
        s for s in range(store.alarm_shards) if any(r.seller == seller for r in store.due_alarms(s, until=due).items)
    ]
    assert used == [0, 1, 2, 3]


# Cursors -----------------------------------------------------------------------------------------------------------


def listings(store: Store, seller: str) -> dict[str, Lister]:
    """Every listing that has pages."""
    return {
        "worklist": lambda **page: store.worklist(seller, Stage.RECEIVED, **page),
        "worklist of another stage": lambda **page: store.worklist(seller, Stage.CONFIRMED, **page),
        "worklist of another seller": lambda **page: store.worklist(f"{seller}x", Stage.RECEIVED, **page),
        "received_on": lambda **page: store.received_on(seller, TODAY, **page),
        "received_on another day": lambda **page: store.received_on(seller, TODAY + timedelta(days=1), **page),
        "returns_opened_on": lambda **page: store.returns_opened_on(seller, TODAY, **page),
        "open_intents": lambda **page: store.open_intents(seller, **page),
        "intents_in": lambda **page: store.intents_in(seller, IntentState.REJECTED, **page),
        "returns_in": lambda **page: store.returns_in(seller, **page),
        "closed returns": lambda **page: store.returns_in(seller, open_only=False, **page),
        "due_alarms": lambda **page: store.due_alarms(0, until=a.NOW, **page),
        "alarms_aside": store.alarms_aside,
        "cases_in": lambda **page: store.cases_in(seller, **page),
        "outcomes_on": lambda **page: store.outcomes_on(seller, TODAY, **page),
        "pushes_on": lambda **page: store.pushes_on(seller, TODAY, **page),
    }


def test_a_cursor_continues_only_the_listing_it_came_from(store: Store, seller: str) -> None:
    for number in ("p1", "p2"):
        store.commit([SavePosting(a.posting(seller=seller, number=number))])
    cursor = store.worklist(seller, Stage.RECEIVED, limit=1).cursor
    assert cursor is not None
    assert cursor.isascii()
    for name, lister in listings(store, seller).items():
        if name == "worklist":
            assert [item.number for item in lister(cursor=cursor).items] == ["p2"]
            continue
        with pytest.raises(InvalidInputError):
            lister(cursor=cursor)


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


BROKEN = (
    "",
    "x",
    "чай",
    "!!!!",
    "A" * 5000,
    _encoded(None),
    _encoded([]),
    _encoded({"a": 1}),
    _encoded(["worklist", {}]),
    _encoded("[" * 900),
    base64.urlsafe_b64encode(b"[" * 2900).decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
)


@pytest.mark.parametrize("cursor", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_cursor_is_the_callers_mistake(store: Store, seller: str, cursor: str) -> None:
    for lister in listings(store, seller).values():
        with pytest.raises(InvalidInputError):
            lister(cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_out_of_range_is_the_callers_mistake(store: Store, seller: str, limit: int) -> None:
    for lister in listings(store, seller).values():
        with pytest.raises(InvalidInputError):
            lister(limit=limit)


def test_a_tampered_cursor_never_leaves_its_listing(store: Store, seller: str) -> None:
    for owner in (seller, f"{seller}x"):
        for number in ("p1", "p2"):
            store.commit([SavePosting(a.posting(seller=owner, number=number))])
    cursor = store.worklist(seller, Stage.RECEIVED, limit=1).cursor
    assert cursor is not None
    name, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for tampered in (
        [name, key | {"PK": key["PK"].replace(seller, f"{seller}x")}],
        [name, key | {"PK": ""}],
        [name, key | {"extra": "1"}],
        [name, {}],
        [name, dict.fromkeys(key, 1)],
    ):
        try:
            items = store.worklist(seller, Stage.RECEIVED, cursor=_encoded(tampered)).items
        except InvalidInputError:
            continue
        assert {item.number for item in items} <= {"p1", "p2"}
        assert len(items) <= 2


def test_postings_are_read_together_with_their_details(store: Store, seller: str) -> None:
    numbers = [f"{n}-1-1" for n in range(60)]
    for number in numbers[:-1]:
        store.commit([SavePosting(a.posting(seller=seller, number=number))])
    store.commit([SaveDetail(seller, a.detail(number=numbers[3]))])
    store.commit([SavePosting(a.posting(seller=f"{seller}x", number=numbers[-1]))])
    asked = [numbers[3], *reversed(numbers), numbers[3]]
    found = store.postings_with_details(seller, asked)
    assert list(found) == [numbers[3], *(number for number in reversed(numbers[:-1]) if number != numbers[3])]
    assert [number for number, (_, detail) in found.items() if detail is not None] == [numbers[3]]
    assert all(posting == store.posting(seller, number) for number, (posting, _) in found.items())
    assert found[numbers[3]][1] == store.detail(seller, numbers[3])
    assert store.postings_with_details(seller, []) == {}
