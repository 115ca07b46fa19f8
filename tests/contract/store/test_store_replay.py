"""What each version changed in its item: kept with the events, whole where the version before was not known."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.adapters.dynamodb import DynamoDBStore, keys
from shipby.adapters.dynamodb.rows import events as event_rows
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePosting, SaveReturn, Write
from shipby.domain.events import Ref, posting_ref, return_ref
from shipby.domain.postings.posting import Posting, Stage
from shipby.domain.proof.replay import Rebuilt, differences, rebuild
from tests.contract.store.conftest import TABLES, Table
from tests.support import builders as a

REF = posting_ref(a.NUMBER)


def save(store: Store, posting: Posting, *, events: int = 1) -> Posting:
    told = tuple(a.event(reason=f"because {posting.version}") for _ in range(events))
    store.commit(
        [SavePosting(posting), AppendEvents(posting.seller, posting_ref(posting.number), posting.version, told)]
    )
    return posting


def rebuilt(store: Store, seller: str, ref: Ref = REF) -> Rebuilt:
    history = store.events(seller, ref)
    return rebuild(store.item_changes(seller, ref), [stored.version for stored in history])


def test_an_item_is_rebuilt_from_its_changes_with_every_attribute_that_came_and_went(store: Store, seller: str) -> None:
    first = save(store, a.posting(seller=seller))
    store.posting(seller, a.NUMBER)
    second = save(store, replace(first, version=2, stage=Stage.CONFIRMED, blocked_reason="wait", next_alarm=None))
    save(store, replace(second, version=3, blocked_reason="", late=True, at_risk=a.rub("12.50")), events=3)

    stored, found = store.stored_item(seller, REF), rebuilt(store, seller)

    assert stored is not None
    assert found.item == stored
    assert all(step.intact for step in found.steps)
    assert found.missing == ()
    changes = store.item_changes(seller, REF)
    assert [change.whole for change in changes] == [True, False, False]
    assert changes[1].gone == ("alarm_at", "alarm_kind")
    assert set(changes[2].values) == {"version", "synced_at", "late", "at_risk"}
    assert found.steps[2].changed["blocked_reason"] == ("wait", None)


def test_a_return_is_rebuilt_like_a_posting(store: Store, seller: str) -> None:
    case = a.return_case(seller=seller)
    ref = return_ref(case.id)
    store.commit([SaveReturn(case), AppendEvents(seller, ref, 1, (a.event(),))])
    later = replace(case, version=2, suggestion="refund", next_alarm=None)
    store.commit([SaveReturn(later), AppendEvents(seller, ref, 2, (a.event(),))])

    assert rebuilt(store, seller, ref).item == store.stored_item(seller, ref)
    assert store.item_changes(seller, ref)[1].values["suggestion"] == "refund"


def test_a_store_that_never_read_the_item_keeps_it_whole(
    make_store: Callable[[Clock], Store], store: Store, clock: a.FixedClock, engine: str, seller: str
) -> None:
    if engine == "memory":
        pytest.skip("it holds the items itself, so it always knows the one before")
    first = save(store, a.posting(seller=seller))

    save(make_store(clock), replace(first, version=2, stage=Stage.CONFIRMED))

    assert [change.whole for change in store.item_changes(seller, REF)] == [True, True]
    assert rebuilt(store, seller).item == store.stored_item(seller, REF)


def test_a_read_that_changed_nothing_is_no_difference_and_the_next_version_tells_it(store: Store, seller: str) -> None:
    first = save(store, a.posting(seller=seller))
    read_at = first.synced_at + timedelta(minutes=5)
    store.mark_synced(seller, a.NUMBER, read_at)

    found, stored = rebuilt(store, seller), store.stored_item(seller, REF)
    assert found.item is not None
    assert stored is not None
    assert found.item != stored
    assert differences(found.item, stored) == {}
    assert differences(stored, found.item).keys() == {"synced_at"}, "never later than the stored one"

    known = store.posting(seller, a.NUMBER)
    assert known is not None
    save(store, replace(known, version=2, late=True))
    assert rebuilt(store, seller).item == store.stored_item(seller, REF)


def test_an_alarm_that_was_set_aside_changes_nothing_that_is_replayed(store: Store, seller: str) -> None:
    posting = save(store, a.posting(seller=seller))
    (alarm,) = (
        each
        for shard in range(store.alarm_shards)
        for each in store.due_alarms(shard, until=a.CUT_OFF, limit=1000).items
        if each.seller == seller
    )
    assert store.set_alarm_aside(alarm, "it cannot be read", a.NOW)
    store.posting(seller, a.NUMBER)

    assert rebuilt(store, seller).item == store.stored_item(seller, REF)
    save(store, replace(posting, version=2, late=True))
    assert rebuilt(store, seller).item == store.stored_item(seller, REF)
    assert store.item_changes(seller, REF)[1].gone == ()


def test_events_read_back_are_without_the_change(store: Store, seller: str) -> None:
    save(store, a.posting(seller=seller), events=2)

    assert [stored.event for stored in store.events(seller, REF)] == [a.event(reason="because 1")] * 2


def test_versions_without_an_item_keep_no_change(store: Store, seller: str) -> None:
    store.commit([AppendEvents(seller, REF, 1, (a.event(),))])

    assert store.item_changes(seller, REF) == []
    assert store.stored_item(seller, REF) is None


def test_a_change_with_a_token_may_be_repeated_although_the_item_was_seen_anew(
    store: Store, engine: str, seller: str
) -> None:
    if engine == "moto":
        pytest.skip("moto ignores ClientRequestToken")
    first = save(store, a.posting(seller=seller))
    later = replace(first, version=2, late=True)
    writes: list[Write] = [SavePosting(later), AppendEvents(seller, REF, 2, (a.event(),))]
    for _ in range(2):
        store.commit(writes, token=f"t-{seller}")
        store.posting(seller, a.NUMBER)

    assert rebuilt(store, seller).item == store.stored_item(seller, REF)


# Rows as they are ------------------------------------------------------------------------------------------------


def test_the_change_stays_in_its_row_and_never_comes_to_the_bus(table: Table, seller: str) -> None:
    store = table.store(a.FixedClock())
    save(store, a.posting(seller=seller), events=2)

    first, second = event_row(table, seller, 1), event_row(table, seller, 1, 1)

    assert ("change" in first, "change" in second) == (True, False)
    image = event_rows.read_event(first)
    assert image == store.events(seller, REF)[0]
    assert "change" not in image.event.data


# What was edited behind the store's back -------------------------------------------------------------------------


@pytest.fixture(params=TABLES)
def table(request: pytest.FixtureRequest, tables: Callable[[str], Table]) -> Table:
    return tables(request.param)


def three_versions(table: Table, seller: str) -> DynamoDBStore:
    store = table.store(a.FixedClock())
    first = save(store, a.posting(seller=seller), events=2)
    second = save(store, replace(first, version=2, warehouse_id="2"))
    save(store, replace(second, version=3, warehouse_id="3"))
    return store


def event_row(table: Table, seller: str, version: int, index: int = 0) -> dict[str, Any]:
    key = keys.event(seller, REF, version, index)
    item: dict[str, Any] = table.get(key)
    return item


def test_rows_of_an_older_release_are_named_and_the_rest_is_rebuilt_from_the_next_whole_item(
    table: Table, seller: str
) -> None:
    store = three_versions(table, seller)
    for version in (1, 2):
        row = event_row(table, seller, version)
        del row["change"]
        table.put(row)
    found = rebuilt(store, seller)
    assert (found.item, found.missing) == (None, (1, 2, 3))

    other = table.store(a.FixedClock())
    save(other, a.posting(seller=seller, version=4))

    found = rebuilt(store, seller)
    assert found.missing == (1, 2, 3)
    assert found.item == store.stored_item(seller, REF)


def test_an_edited_change_shows_even_where_a_later_version_wrote_over_it(table: Table, seller: str) -> None:
    store = three_versions(table, seller)
    row = event_row(table, seller, 2)
    row["change"]["M"]["set"]["M"]["warehouse_id"] = {"S": "9"}
    table.put(row)

    found = rebuilt(store, seller)

    assert found.item == store.stored_item(seller, REF)
    assert [step.version for step in found.steps if not step.intact] == [2]


@pytest.mark.parametrize("name", ["reason", "actor", "at"])
def test_an_edited_event_shows_although_it_changes_no_attribute(table: Table, seller: str, name: str) -> None:
    store = three_versions(table, seller)
    row = event_row(table, seller, 1, 1)
    row[name] = {"N": "1"} if name == "at" else {"S": "nobody"}
    table.put(row)

    assert [step.version for step in rebuilt(store, seller).steps if not step.intact] == [1]


def test_an_edited_item_differs_by_name(table: Table, seller: str) -> None:
    store = three_versions(table, seller)
    item = table.get(keys.posting(seller, a.NUMBER))
    table.put({**item, "late": {"BOOL": True}})

    found, stored = rebuilt(store, seller), store.stored_item(seller, REF)

    assert found.item is not None
    assert stored is not None
    assert differences(found.item, stored) == {"late": (None, True)}
