"""The alarm worker's store: it reads ahead, remembers policies and writes differences, and stays the same store."""

from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import moto.dynamodb.parsing
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shipby.adapters.dynamodb import DynamoDBStore, changes, keys
from shipby.adapters.dynamodb.alarms.store import PLAIN_NAMES, AlarmStore, posting_update
from shipby.adapters.dynamodb.rows import events as event_rows
from shipby.adapters.dynamodb.rows import postings as posting_rows
from shipby.application.ports.writes import (
    AppendEvents,
    RequireAutomation,
    SaveIntent,
    SavePosting,
    SaveSettings,
    SpendCap,
)
from shipby.domain.alarm import AlarmRef
from shipby.domain.errors import AlreadyExistsError, InvalidInputError, KillSwitchOnError, VersionConflictError
from shipby.domain.events import posting_ref
from shipby.domain.postings.posting import Alarm, Posting, RungKind, Stage
from shipby.domain.proof.replay import rebuild
from tests.contract.store.conftest import Table
from tests.support import builders as a
from tests.support import strategies as some

TABLES = ("moto", pytest.param("ministack", marks=pytest.mark.ministack))
DUE = a.NOW - timedelta(minutes=1)
LATER = a.NOW + timedelta(hours=1)


class Seconds:
    """A clock for the age of policies."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=TABLES)
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def table(engine: str, tables: Callable[[str], Table]) -> Table:
    return tables(engine)


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def store(table: Table, clock: a.FixedClock, seconds: Seconds) -> AlarmStore:
    return AlarmStore(table.client, table.name, clock=clock, seconds=seconds)


@pytest.fixture
def calls(table: Table, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the table was asked what."""
    counted: Counter[str] = Counter()
    for name in ("get_item", "batch_get_item", "put_item", "update_item", "transact_write_items"):
        original = getattr(table.client, name)

        def counting(*, _name: str = name, _original: Callable[..., Any] = original, **arguments: Any) -> Any:
            counted[_name] += 1
            return _original(**arguments)

        monkeypatch.setattr(table.client, name, counting)
    return counted


def due_posting(seller: str, number: str = a.NUMBER, **changes: Any) -> Posting:
    return a.posting(
        seller=seller, number=number, next_alarm=Alarm(due=DUE, kind=RungKind.CONFIRM_BY), late=False, **changes
    )


def ref(posting: Posting) -> AlarmRef:
    return AlarmRef(seller=posting.seller, ref=posting_ref(posting.number), intent_id="", due=DUE)


def fired(posting: Posting, **changes: Any) -> Posting:
    return replace(
        posting,
        version=posting.version + 1,
        fired={**posting.fired, RungKind.CONFIRM_BY: DUE},
        next_alarm=Alarm(due=LATER, kind=RungKind.SHIPMENT_DATE),
        **changes,
    )


def event_row(posting: Posting) -> AppendEvents:
    return AppendEvents(posting.seller, posting_ref(posting.number), posting.version, (a.event(),))


def stands(table: Table, posting: Posting) -> dict[str, Any]:
    key = keys.posting(posting.seller, posting.number)
    return dict(table.client.get_item(TableName=table.name, Key=key.wire, ConsistentRead=True)["Item"])


def applied(update: Any, item: dict[str, Any]) -> dict[str, Any]:
    """What DynamoDB makes of an item by an expression of the form SET … REMOVE …."""
    body = update.body
    names = body.get("ExpressionAttributeNames", {})
    sets, removes = body["UpdateExpression"].removeprefix("SET ").split(" REMOVE ")
    changed = dict(item)
    for part in sets.split(", "):
        name, value = part.split(" = ")
        changed[names.get(name, name)] = body["ExpressionAttributeValues"][value]
    places = {int(part[len("rungs[") : -1]) for part in removes.split(", ") if part.startswith("rungs[")}
    if places:
        kept = [rung for index, rung in enumerate(changed["rungs"]["L"]) if index not in places]
        changed["rungs"] = {"L": kept}
    for name in removes.split(", "):
        changed.pop(names.get(name, name), None)
    return changed


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(before=some.postings, after=some.postings)
def test_a_difference_makes_exactly_the_item_that_writing_all_of_it_makes(before: Posting, after: Posting) -> None:
    after = replace(
        after,
        version=before.version + 1,
        seller=before.seller,
        number=before.number,
        received_at=before.received_at,
    )
    key = keys.posting(before.seller, before.number)
    aside = {"AK": {"S": keys.ASIDE}, "aside_reason": {"S": "why"}, "aside_at": {"N": "1"}}
    update = posting_update(key, before, after, shards=4)
    assert applied(update, posting_rows.posting_item(before, 4) | aside) == posting_rows.posting_item(after, 4)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=some.postings, data=st.data())
def test_rungs_that_have_passed_are_taken_out_one_by_one(before: Posting, data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.booleans(), min_size=len(before.rungs), max_size=len(before.rungs)))
    rungs = tuple(rung for rung, stays in zip(before.rungs, kept, strict=True) if stays)
    after = replace(before, version=before.version + 1, rungs=rungs)
    update = posting_update(keys.posting(before.seller, before.number), before, after, shards=4)
    assert applied(update, dict(posting_rows.posting_item(before, 4))) == posting_rows.posting_item(after, 4)
    if rungs and rungs != before.rungs:
        assert "rungs[" in update.body["UpdateExpression"]


def test_no_reserved_word_is_named_without_a_placeholder() -> None:
    path = Path(moto.dynamodb.parsing.__file__).with_name("reserved_keywords.txt")
    reserved = set(path.read_text("utf-8").split())
    assert {"STATUS", "AS"} <= reserved
    assert {name.upper() for name in PLAIN_NAMES} & reserved == set()


@pytest.mark.parametrize("stay", [(), (0,), (2, 5), (1, 3, 4, 6, 7), tuple(range(8))])
def test_an_engine_takes_out_the_rungs_that_have_passed(
    store: AlarmStore, table: Table, seller: str, stay: tuple[int, ...]
) -> None:
    before = a.full_posting(seller=seller, version=1)
    store.commit([SavePosting(before)])
    assert len(before.rungs) == 8
    assert store.posting(seller, a.NUMBER) == before
    after = fired(before, rungs=tuple(before.rungs[index] for index in stay))
    store.commit([SavePosting(after)])
    assert stands(table, after) == posting_rows.posting_item(after, 4)


def test_the_day_of_receipt_never_moves(store: AlarmStore, seller: str) -> None:
    store.commit([SavePosting(due_posting(seller))])
    read = store.posting(seller, a.NUMBER)
    assert read is not None
    with pytest.raises(VersionConflictError):
        store.commit([SavePosting(fired(read, received_at=read.received_at + timedelta(days=1)))])


def test_what_a_worker_writes_is_what_any_store_would_write(store: AlarmStore, table: Table, seller: str) -> None:
    before = due_posting(seller)
    store.commit([SavePosting(before)])
    read = store.posting(seller, a.NUMBER)
    assert read == before
    after = fired(read, late=True, late_price=a.rub("12.50"), stage=Stage.CONFIRMED, shipment_date=LATER)
    store.commit([SavePosting(after), event_row(after)])
    assert store.posting(seller, a.NUMBER) == after
    assert stands(table, after) == posting_rows.posting_item(after, 4)
    assert [item.number for item in store.worklist(seller, Stage.CONFIRMED).items] == [a.NUMBER]
    assert store.worklist(seller, Stage.RECEIVED).items == ()


def test_only_one_of_two_workers_claims_an_alarm(
    store: AlarmStore, table: Table, clock: a.FixedClock, seller: str
) -> None:
    other = AlarmStore(table.client, table.name, clock=clock)
    store.commit([SavePosting(due_posting(seller))])
    first, second = store.posting(seller, a.NUMBER), other.posting(seller, a.NUMBER)
    assert first is not None
    assert second is not None
    store.commit([SavePosting(fired(first)), event_row(fired(first))])
    with pytest.raises(VersionConflictError):
        other.commit([SavePosting(fired(second)), event_row(fired(second))])
    assert len(store.events(seller, posting_ref(a.NUMBER))) == 1


def test_a_newer_read_of_the_marketplace_is_never_overwritten(store: AlarmStore, seller: str) -> None:
    store.commit([SavePosting(due_posting(seller))])
    read = store.posting(seller, a.NUMBER)
    assert read is not None
    store.mark_synced(seller, a.NUMBER, read.synced_at + timedelta(minutes=1))
    with pytest.raises(VersionConflictError):
        store.commit([SavePosting(fired(read))])


def test_a_change_brings_back_an_alarm_that_was_set_aside_after_the_read(
    store: AlarmStore, table: Table, seller: str
) -> None:
    posting = due_posting(seller)
    store.commit([SavePosting(posting)])
    read = store.posting(seller, a.NUMBER)
    assert read is not None
    store.set_alarm_aside(ref(posting), "why", a.NOW)
    after = fired(read)
    store.commit([SavePosting(after)])
    assert stands(table, after) == posting_rows.posting_item(after, 4)


def test_an_item_of_an_older_release_is_written_as_a_whole(store: AlarmStore, table: Table, seller: str) -> None:
    posting = due_posting(seller)
    old = posting_rows.posting_item(posting, 4) | {"schema": {"N": "1"}}
    old["next_alarm"] = {"M": {"due": old.pop("alarm_at"), "kind": old.pop("alarm_kind")}}
    table.put(old)
    read = store.posting(seller, a.NUMBER)
    assert read == posting
    after = fired(posting)
    store.commit([SavePosting(after)])
    assert stands(table, after) == posting_rows.posting_item(after, 4)


def test_a_change_decided_on_another_version_than_was_read_is_written_as_a_whole(
    store: AlarmStore, table: Table, seller: str
) -> None:
    posting = due_posting(seller)
    store.commit([SavePosting(posting)])
    store.posting(seller, a.NUMBER)
    second, third = fired(posting), fired(fired(posting), stage=Stage.CONFIRMED)
    store.commit([SavePosting(second)])
    store.commit([SavePosting(third)])
    assert stands(table, third) == posting_rows.posting_item(third, 4)


# Reading ahead


def test_the_items_of_a_batch_are_read_at_once_and_handed_out_once(
    store: AlarmStore, calls: Counter[str], seller: str
) -> None:
    postings = [due_posting(seller, number) for number in ("p1", "p2", "p3")]
    for posting in postings:
        store.commit([SavePosting(posting)])
    calls.clear()
    store.read_ahead([*map(ref, postings), ref(postings[0]), ref(due_posting(seller, "nobody"))])
    assert [store.posting(seller, number) for number in ("p1", "p2", "p3")] == postings
    assert calls == {"batch_get_item": 1}
    assert store.posting(seller, "nobody") is None
    assert store.posting(seller, "p1") == postings[0]
    assert calls == {"batch_get_item": 1, "get_item": 2}


def test_what_changed_after_it_was_read_ahead_is_refused_and_then_read_anew(store: AlarmStore, seller: str) -> None:
    postings = [due_posting(seller, number) for number in ("p1", "p2")]
    for posting in postings:
        store.commit([SavePosting(posting)])
    store.read_ahead(map(ref, postings))
    moved = replace(postings[0], version=2, stage=Stage.CONFIRMED)
    store.commit([SavePosting(moved)])
    stale = store.posting(seller, "p1")
    assert stale == postings[0]
    with pytest.raises(VersionConflictError):
        store.commit([SavePosting(fired(stale))])
    assert store.posting(seller, "p1") == moved


def test_what_was_read_ahead_for_one_batch_is_not_kept_for_the_next(
    store: AlarmStore, calls: Counter[str], seller: str
) -> None:
    postings = [due_posting(seller, number) for number in ("p1", "p2")]
    for posting in postings:
        store.commit([SavePosting(posting)])
    store.read_ahead(map(ref, postings))
    store.read_ahead([])
    calls.clear()
    store.posting(seller, "p1")
    assert calls == {"get_item": 1}


def test_an_alarm_that_no_item_can_have_is_refused(store: AlarmStore, seller: str) -> None:
    good = due_posting(seller)
    with pytest.raises(InvalidInputError):
        store.read_ahead([ref(good), replace(ref(good), seller="a#b")])


def test_an_intent_is_read_ahead_like_everything_else(store: AlarmStore, calls: Counter[str], seller: str) -> None:
    intent, posting = (
        a.intent(seller=seller, next_alarm=Alarm(due=DUE, kind=RungKind.SETTLE_INTENT)),
        due_posting(seller),
    )
    store.commit([SavePosting(posting), SaveIntent(intent)])
    calls.clear()
    store.read_ahead([ref(posting), AlarmRef(seller=seller, ref=intent.ref, intent_id=intent.id, due=DUE)])
    assert store.intent(seller, intent.id) == intent
    assert calls == {"batch_get_item": 1}


# Policies


def test_a_policy_is_remembered_for_half_a_minute(
    store: AlarmStore, calls: Counter[str], seconds: Seconds, seller: str
) -> None:
    policy = a.settings(seller=seller)
    store.commit([SaveSettings(policy)])
    calls.clear()
    assert [store.settings(seller) for _ in range(3)] == [policy] * 3
    assert calls == {"get_item": 1}
    changed = replace(policy, version=2, language="zh")
    store.commit([SaveSettings(changed)])
    seconds.now += 30
    assert store.settings(seller) == policy
    seconds.now += 0.1
    assert store.settings(seller) == changed


def test_no_policy_is_remembered_too_but_not_for_long(
    store: AlarmStore, calls: Counter[str], seconds: Seconds, seller: str
) -> None:
    assert [store.settings(seller) for _ in range(3)] == [None] * 3
    assert calls == {"get_item": 1}
    store.commit([SaveSettings(a.settings(seller=seller))])
    seconds.now += 31
    assert store.settings(seller) == a.settings(seller=seller)


@pytest.mark.parametrize("checks", ["kill switch", "cap"])
def test_an_automatic_action_is_never_decided_on_a_remembered_policy(
    store: AlarmStore, seller: str, checks: str
) -> None:
    policy = a.settings(seller=seller)
    store.commit([SaveSettings(policy)])
    store.settings(seller)
    assert store.settings(seller) == policy
    stopped = replace(policy, version=2, caps={"cancel": 0})
    store.commit([SaveSettings(stopped)])
    acting = RequireAutomation(seller) if checks == "kill switch" else SpendCap(seller, "cancel", a.NOW.date(), 5)
    change = due_posting(seller)
    with pytest.raises(VersionConflictError, match="read again"):
        store.commit([SavePosting(change), acting])
    assert store.posting(seller, a.NUMBER) is None
    assert store.settings(seller) == stopped
    store.commit([SavePosting(change), acting])
    assert store.posting(seller, a.NUMBER) == change


def test_a_decision_that_asks_for_the_policy_twice_is_committed_after_one_refusal(
    store: AlarmStore, seller: str
) -> None:
    store.commit([SaveSettings(a.settings(seller=seller))])
    change = due_posting(seller)

    for refused in (pytest.raises(VersionConflictError, match="read again"), nullcontext()):
        assert [store.settings(seller), store.settings(seller)] == [a.settings(seller=seller)] * 2
        with refused:
            store.commit([SavePosting(change), RequireAutomation(seller)])
    assert store.posting(seller, a.NUMBER) == change


def test_the_kill_switch_is_asked_in_the_transaction_itself(store: AlarmStore, table: Table, seller: str) -> None:
    policy = a.settings(seller=seller)
    store.commit([SaveSettings(policy)])
    assert store.settings(seller) == policy
    DynamoDBStore(table.client, table.name).commit([SaveSettings(replace(policy, version=2, kill_switch=True))])
    with pytest.raises(KillSwitchOnError):
        store.commit([SavePosting(due_posting(seller)), RequireAutomation(seller)])


def test_an_event_row_that_exists_is_told_as_ever(store: AlarmStore, seller: str) -> None:
    posting = due_posting(seller)
    store.commit([SavePosting(posting), event_row(posting)])
    read = store.posting(seller, a.NUMBER)
    assert read is not None
    with pytest.raises(AlreadyExistsError):
        store.commit([SavePosting(fired(read)), event_row(posting)])


def test_what_a_worker_changes_is_kept_for_replay(store: AlarmStore, table: Table, seller: str) -> None:
    first = a.posting(seller=seller)
    ref = posting_ref(a.NUMBER)
    store.commit([SavePosting(first), AppendEvents(seller, ref, 1, (a.event(),))])
    read = store.posting(seller, a.NUMBER)
    assert read is not None
    late = replace(read, version=2, late=True)
    store.commit([SavePosting(late), AppendEvents(seller, ref, 2, (a.event(),))])

    plain = DynamoDBStore(table.client, table.name)
    changes = plain.item_changes(seller, ref)
    assert [change.whole for change in changes] == [True, False]
    assert set(changes[1].values) == {"version", "synced_at", "late"}
    assert rebuild(changes, [1, 2]).item == plain.stored_item(seller, ref)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(before=some.postings, after=some.postings)
def test_what_an_event_row_keeps_of_a_difference_is_what_it_keeps_of_the_whole_items(
    before: Posting, after: Posting
) -> None:
    after = replace(after, version=before.version + 1, seller=before.seller, number=before.number)
    was, now = posting_rows.posting_item(before, 4), posting_rows.posting_item(after, 4)
    told = [event_rows.event_item(after.seller, posting_ref(after.number), after.version, 0, a.event(), count=1)]
    changed, removed = posting_rows.postings().record.changes(before, after)
    assert changes.moved(changes.plain(was), changed, removed, told) == changes.change(was, now, told)


def test_the_history_of_what_a_worker_fired_rebuilds_its_item(store: AlarmStore, table: Table, seller: str) -> None:
    writer = DynamoDBStore(table.client, table.name, clock=a.FixedClock())
    postings = [due_posting(seller, number) for number in ("p1", "p2")]
    for posting in postings:
        born = AppendEvents(seller, posting_ref(posting.number), 1, (a.event(),))
        writer.commit([SavePosting(posting), born])
    store.read_ahead(ref(posting) for posting in postings)
    for posting in postings:
        known = store.posting(seller, posting.number)
        assert known is not None
        after = fired(known, late=True)
        store.commit([SavePosting(after), event_row(after)])
    for posting in postings:
        found = rebuild(store.item_changes(seller, posting_ref(posting.number)), [1, 2])
        assert found.item == store.stored_item(seller, posting_ref(posting.number))
        assert all(step.intact for step in found.steps)
