"""Rows as the release before wrote them, read and moved on by this one; and rows of this one as that one reads them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.adapters.dynamodb import DynamoDBStore, index_keys, keys
from shipby.adapters.dynamodb.rows import events as event_rows
from shipby.adapters.dynamodb.rows import intents as intent_rows
from shipby.adapters.dynamodb.values import item_from_wire, to_wire
from shipby.application.ports.writes import AppendEvents, SaveDetail, SaveIntent, SavePosting
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.intents import OPEN_STATES, IntentAction, IntentState
from shipby.domain.postings.posting import Alarm, RungKind
from tests.contract.store.conftest import TABLES, Table
from tests.contract.store.paging_support import hours, walk
from tests.support import builders as a

REF = posting_ref(a.NUMBER)


@pytest.fixture(params=TABLES)
def table(request: pytest.FixtureRequest, tables: Callable[[str], Table]) -> Table:
    return tables(request.param)


@pytest.fixture
def store(table: Table) -> DynamoDBStore:
    return table.store(a.FixedClock())


def old_intent(table: Table, seller: str, state: IntentState, sequence: int) -> str:
    """In the partition of its state, as every intent was."""
    alarm = Alarm(due=hours(-1), kind=RungKind.SETTLE_INTENT)
    intent = a.intent(
        seller=seller, action=IntentAction.SHIP, sequence=sequence, state=state, version=2, next_alarm=alarm
    )
    row = intent_rows.intent_item(intent, 4) | {"WK": to_wire(index_keys.intents_partition(seller, state))}
    table.put(row | {"WS": to_wire(f"{keys.sortable(intent.created_at)}#{intent.id}")})
    return intent.id


def test_open_intents_of_the_release_before_are_listed_and_ring_and_move(
    store: DynamoDBStore, table: Table, seller: str
) -> None:
    new = a.intent(seller=seller, action=IntentAction.SHIP, sequence=9)
    store.commit([SaveIntent(new)])
    states = (IntentState.PENDING, IntentState.SENT, IntentState.UNKNOWN, IntentState.PROPOSED)
    old = [old_intent(table, seller, state, number) for number, state in enumerate(states, 1)]

    assert {index_keys.OPEN_INTENTS, *index_keys.OLDER_OPEN_INTENTS} == OPEN_STATES
    for limit in (1, 2, 3, 5, 50):
        listed = walk(lambda **page: store.open_intents(seller, **page), limit)
        assert sorted(listed) == sorted([new.id, *old])
    due = [one for shard in range(4) for one in store.due_alarms(shard, until=a.NOW, limit=1000).items]
    assert {one.intent_id for one in due if one.seller == seller} == set(old)

    known = store.intent(seller, old[1])
    assert known is not None
    assert not known.untold
    store.commit([SaveIntent(known.move(IntentState.CONFIRMED, at=a.NOW, next_alarm=None))])
    assert old[1] not in store.open_intents(seller).items


def test_a_release_before_finds_every_open_intent_where_it_looks_for_those_that_wait(
    store: DynamoDBStore, seller: str
) -> None:
    intent = a.intent(seller=seller, action=IntentAction.SHIP)
    store.commit([SaveIntent(intent)])
    store.commit([SaveIntent(intent.move(IntentState.SENT, at=a.NOW))])
    # Its listing of PENDING was this partition, and it read each row for its state.
    assert store.intents_in(seller, IntentState.PENDING).items == (intent.id,)


@pytest.mark.parametrize("cursor", ["9.", "x", "-1.", "1", ".", "0.x"])
def test_a_broken_cursor_of_open_intents_is_refused(store: DynamoDBStore, seller: str, cursor: str) -> None:
    with pytest.raises(InvalidInputError):
        store.open_intents(seller, cursor=cursor)


def test_facts_of_a_posting_without_offers_are_those_of_their_own_row(store: DynamoDBStore, seller: str) -> None:
    detail = a.detail(status="awaiting_deliver", actions=("cancel", "label_download"))
    store.commit([SavePosting(a.posting(seller=seller, status="awaiting_deliver")), SaveDetail(seller, detail)])
    assert store.detail(seller, a.NUMBER) == detail
    assert store.posting_story(seller, a.NUMBER).detail == detail
    assert store.postings_with_details(seller, [a.NUMBER])[a.NUMBER][1] == detail


def test_what_moves_at_every_step_is_told_as_the_posting_has_it(store: DynamoDBStore, seller: str) -> None:
    detail = a.detail(status="awaiting_packaging", actions=("cancel", "ship"))
    posting = a.posting(seller=seller, status="delivering", substatus="s", offered="ch =some_new_action")
    posting = replace(posting, synced_at=a.NOW + timedelta(minutes=3))
    store.commit([SavePosting(posting), SaveDetail(seller, detail)])
    wanted = replace(
        detail,
        status="delivering",
        substatus="s",
        actions=("can_create_chat", "some_new_action"),
        read_at=posting.synced_at,
    )
    assert store.detail(seller, a.NUMBER) == wanted
    assert store.detail(seller, a.NUMBER, of=posting) == wanted
    assert store.posting_story(seller, a.NUMBER).detail == wanted
    assert store.postings_with_details(seller, [a.NUMBER])[a.NUMBER][1] == wanted


def test_quiet_events_stand_in_the_row_before_them_and_the_release_before_counts_rows(
    store: DynamoDBStore, table: Table, seller: str
) -> None:
    kinds = (
        EventType.LABEL_VOIDED,
        EventType.POSTING_ASSEMBLED,
        EventType.INTENT_SENT,
        EventType.INTENT_CONFIRMED,
    )
    told = tuple(a.event(type=kind, data={"n": number}) for number, kind in enumerate(kinds))
    store.commit([SavePosting(a.posting(seller=seller)), AppendEvents(seller, REF, 1, told)])

    rows = [item for item in table.all_items() if item["PK"]["S"] == keys.posting_pk(seller, a.NUMBER)]
    rows = sorted((row for row in rows if event_rows.is_event(row["SK"]["S"])), key=lambda row: row["SK"]["S"])
    assert [(item_from_wire(row)["type"], item_from_wire(row)["count"]) for row in rows] == [
        (EventType.LABEL_VOIDED, 2),
        (EventType.POSTING_ASSEMBLED, 2),
    ]
    found = store.events(seller, REF)
    assert [(one.event, one.index, one.count) for one in found] == [
        (event, number, 4) for number, event in enumerate(told)
    ]
    assert store.posting_story(seller, a.NUMBER).events == found


def test_rows_of_single_events_are_read_as_ever(store: DynamoDBStore, table: Table, seller: str) -> None:
    told = [a.event(type=EventType.INTENT_SENT), a.event(type=EventType.INTENT_CONFIRMED)]
    for index, event in enumerate(told):
        table.put(event_rows.event_item(seller, REF, 1, index, event, count=2))
    found = store.events(seller, REF)
    assert [(one.event, one.index, one.count) for one in found] == [(told[0], 0, 2), (told[1], 1, 2)]
