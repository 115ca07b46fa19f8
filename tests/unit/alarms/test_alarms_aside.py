"""Poison alarms: told with a case, set aside once, never for an outage, and brought back by a person."""

from datetime import timedelta

import pytest

from shipby.application.alarms.set_aside import (
    ALLOWED_PER,
    TRIES,
    Allowance,
    aside_view,
    bring_back,
    is_poison,
    item_name,
    list_aside,
    set_aside,
)
from shipby.application.cases.opening import close_case
from shipby.application.ports.writes import SavePosting
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import (
    InvalidInputError,
    MarketplaceUnavailableError,
    NotFoundError,
    RetryableError,
    StoreUnavailableError,
    UnreadableItemError,
    VersionConflictError,
)
from shipby.domain.events import Event, EventType, case_ref, posting_ref
from shipby.domain.intents import IntentAction, intent_id
from shipby.domain.postings.posting import Alarm, RungKind
from tests.support import builders as a
from tests.support.memory_store import MemoryStore

ACTOR = "system:alarm_worker"
NUMBERS = ("1-0001-1", "2-0001-1")


def ref(number: str = NUMBERS[0], seller: str = a.SELLER) -> AlarmRef:
    return AlarmRef(seller=seller, ref=posting_ref(number), intent_id="", due=a.NOW)


@pytest.fixture
def store() -> MemoryStore:
    made = MemoryStore()
    for number in NUMBERS:
        alarm = Alarm(due=a.NOW, kind=RungKind.CONFIRM_BY)
        made.commit([SavePosting(a.posting(number=number, next_alarm=alarm))])
    return made


def put_aside(store: MemoryStore, alarm: AlarmRef | None = None) -> bool:
    return set_aside(alarm or ref(), reason="KeyError codec.py:80", store=store, now=a.NOW, actor=ACTOR)


def due(store: MemoryStore) -> set[str]:
    pages = (store.due_alarms(shard, until=a.NOW) for shard in range(store.alarm_shards))
    return {alarm.ref.id for page in pages for alarm in page.items if alarm.ref.kind == "POSTING"}


def told(store: MemoryStore) -> list[Event]:
    """ALARM_SET_ASIDE events of all cases."""
    cases = [*store.cases_in(a.SELLER).items, *store.cases_in(a.SELLER, open_only=False).items]
    histories = (store.events(a.SELLER, case_ref(identifier)) for identifier in cases)
    events = [stored.event for history in histories for stored in history]
    return [event for event in events if event.type is EventType.ALARM_SET_ASIDE]


def test_what_may_pass_by_itself_never_counts() -> None:
    outages = [StoreUnavailableError("away"), MarketplaceUnavailableError("away"), VersionConflictError("moved")]
    assert [error for error in [*outages, RetryableError("late")] if is_poison(error, 100)] == []


@pytest.mark.parametrize(
    "error", [KeyError("x"), InvalidInputError("x"), UnreadableItemError("schema 99"), TypeError("x")]
)
def test_what_can_never_succeed_counts_from_the_fifth_try(error: Exception) -> None:
    assert [is_poison(error, attempt) for attempt in (1, TRIES - 1, TRIES, TRIES + 1)] == [False, False, True, True]


def test_a_poison_alarm_leaves_the_due_ones_and_a_person_hears_of_it(store: MemoryStore) -> None:
    assert put_aside(store) is True
    assert due(store) == {NUMBERS[1]}
    (identifier,) = store.cases_in(a.SELLER).items
    case = store.case(a.SELLER, identifier)
    assert case is not None
    assert (case.kind, case.subject) == (CaseKind.ALARM_SET_ASIDE, f"POSTING {NUMBERS[0]}")
    assert "KeyError" in case.reason
    (event,) = told(store)
    assert event.data == {"item": f"POSTING {NUMBERS[0]}", "due": a.NOW.isoformat(), "case": identifier}
    (found,) = list_aside(store=store)
    assert aside_view(found) == {
        "seller": a.SELLER,
        "item": f"POSTING {NUMBERS[0]}",
        "due": a.NOW.isoformat(),
        "set_aside_at": a.NOW.isoformat(),
        "reason": "KeyError codec.py:80",
    }


def test_the_same_alarm_by_two_messages_is_told_once(store: MemoryStore) -> None:
    assert [put_aside(store), put_aside(store)] == [True, False]
    assert len(told(store)) == len(store.cases_in(a.SELLER).items) == 1


def test_a_crash_between_telling_and_setting_aside_tells_nothing_twice(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    class CrashedError(BaseException):
        """The process ends."""

    def crash(*_: object) -> bool:
        raise CrashedError

    with monkeypatch.context() as patch:
        patch.setattr(MemoryStore, "set_alarm_aside", crash)
        with pytest.raises(CrashedError):
            put_aside(store)
    assert due(store) == set(NUMBERS)
    assert len(told(store)) == 1
    assert put_aside(store) is True
    assert len(told(store)) == 1


def test_an_alarm_without_an_item_is_told_and_nothing_more(store: MemoryStore) -> None:
    assert put_aside(store, ref("nobody")) is False
    assert list_aside(store=store) == []


def test_a_case_that_vanishes_meanwhile_is_said(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put_aside(store)
    monkeypatch.setattr("shipby.application.alarms.set_aside.open_case", lambda *_, **__: "gone")
    with pytest.raises(NotFoundError, match="gone"):
        put_aside(store)


def test_alarms_are_brought_back_with_their_cases_closed(store: MemoryStore) -> None:
    for number in NUMBERS:
        put_aside(store, ref(number))
    assert bring_back(store=store, now=a.NOW, actor="key:k1", item=f"POSTING {NUMBERS[1]}") == [ref(NUMBERS[1])]
    assert due(store) == {NUMBERS[1]}
    (closed,) = store.cases_in(a.SELLER, open_only=False).items
    case = store.case(a.SELLER, closed)
    assert case is not None
    assert (case.closed_by, case.resolution) == ("key:k1", "the alarm was brought back")
    assert bring_back(store=store, now=a.NOW, actor="key:k1") == [ref()]
    assert due(store) == set(NUMBERS)
    assert bring_back(store=store, now=a.NOW, actor="key:k1") == []


def test_only_the_named_sellers_alarms_are_shown_and_brought_back(store: MemoryStore) -> None:
    put_aside(store)
    assert list_aside(store=store, seller="another") == []
    assert bring_back(store=store, now=a.NOW, actor="key:k1", seller="another") == []
    assert len(list_aside(store=store, seller=a.SELLER)) == 1


def test_an_alarm_that_fails_again_after_coming_back_is_told_again(store: MemoryStore) -> None:
    put_aside(store)
    bring_back(store=store, now=a.NOW, actor="key:k1")
    later = a.NOW + timedelta(hours=1)
    assert set_aside(ref(), reason="KeyError again", store=store, now=later, actor=ACTOR) is True
    assert len(told(store)) == 2


def test_an_alarm_whose_case_a_person_closed_by_hand_can_still_be_brought_back(store: MemoryStore) -> None:
    put_aside(store)
    (identifier,) = store.cases_in(a.SELLER).items
    close_case(store, seller=a.SELLER, identifier=identifier, resolution="seen", now=a.NOW, actor="key:k1")
    assert bring_back(store=store, now=a.NOW, actor="key:k1") == [ref()]


def test_an_intents_alarm_goes_by_the_intents_name() -> None:
    identifier = intent_id(posting_ref(a.NUMBER), IntentAction.CANCEL, 1)
    alarm = AlarmRef(seller=a.SELLER, ref=posting_ref(a.NUMBER), intent_id=identifier, due=a.NOW)
    assert item_name(alarm) == f"INTENT {identifier}"


def test_where_too_many_fail_it_is_not_the_fault_of_the_alarms() -> None:
    allowance = Allowance(most=3)
    assert [allowance.take(a.NOW + timedelta(seconds=n)) for n in range(5)] == [True] * 3 + [False] * 2
    assert allowance.take(a.NOW + ALLOWED_PER - timedelta(seconds=1)) is False
    assert allowance.take(a.NOW + ALLOWED_PER) is True
