"""Opening and closing cases: one open case per matter, each change one transaction."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shipby.application.cases.opening import (
    close_by_hand,
    close_case,
    close_open_case,
    find_open_case,
    list_cases,
    open_case,
    report_case,
)
from shipby.application.ports.writes import ClaimPointer
from shipby.domain import pointers
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.matter import Matter
from shipby.domain.errors import NotFoundError, StageMismatchError
from shipby.domain.events import EventType, case_ref
from tests.support import builders as a
from tests.support.memory_store import MemoryStore
from tests.unit.world_support import forget

MATTER = Matter(seller=a.SELLER, kind=CaseKind.MARKETPLACE_KEY, subject="push-health")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def opens(
    store: MemoryStore, subject: str = "push-health", reason: str = "RED", later: timedelta = timedelta(0)
) -> str:
    return open_case(
        store,
        seller=a.SELLER,
        kind=CaseKind.MARKETPLACE_KEY,
        subject=subject,
        reason=reason,
        owner="",
        now=a.NOW + later,
        actor="system:poll",
    )


def kinds(store: MemoryStore, identifier: str) -> list[EventType]:
    return [stored.event.type for stored in store.events(a.SELLER, case_ref(identifier))]


def test_a_matter_reported_twice_is_one_case(store: MemoryStore) -> None:
    first, again = opens(store), opens(store, reason="still RED", later=timedelta(hours=1))

    assert first == again
    case = store.case(a.SELLER, first)
    assert case is not None
    assert (case.version, case.reason) == (1, "RED")
    assert kinds(store, first) == [EventType.CASE_OPENED]


def test_other_subjects_are_cases_of_their_own(store: MemoryStore) -> None:
    assert opens(store, "one#two") != opens(store, "one")


def test_a_matter_that_comes_back_is_a_new_case_even_in_the_same_moment(store: MemoryStore) -> None:
    first = opens(store)
    close_case(store, seller=a.SELLER, identifier=first, resolution="GREEN", now=a.NOW, actor="key:k1")

    second = opens(store)

    assert second != first
    open_one = find_open_case(store, MATTER)
    assert open_one is not None
    assert open_one.id == second


def test_many_workers_that_see_the_same_thing_open_one_case(store: MemoryStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda n: opens(store, later=timedelta(microseconds=n)), range(40)))

    assert len(found) == 1
    assert list(store.cases_in(a.SELLER).items) == list(found)


def test_a_case_opened_between_two_looks_keeps_its_pointer(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    look, others = store.find, list[str]()

    def find(seller: str, kind: str, value: str) -> str | None:
        found = look(seller, kind, value)
        if not others:
            # The first look saw nothing; before the second one another worker opens the case.
            others.append("busy")
            others[:] = [opens(store, later=timedelta(seconds=1))]
        return found

    monkeypatch.setattr(store, "find", find)

    assert opens(store) == others[0]
    assert list(store.cases_in(a.SELLER).items) == others
    assert look(a.SELLER, pointers.CASE, MATTER.name) == others[0]


def test_a_report_brings_the_open_case_up_to_date_and_writes_nothing_if_nothing_changed(store: MemoryStore) -> None:
    def report(reason: str) -> bool:
        return report_case(
            store,
            seller=a.SELLER,
            kind=MATTER.kind,
            subject=MATTER.subject,
            reason=reason,
            owner="",
            now=a.NOW,
            actor="system:audit",
        )

    assert [report("YELLOW"), report("YELLOW"), report("RED")] == [True, False, False]
    case = find_open_case(store, MATTER)
    assert case is not None
    assert (case.reason, kinds(store, case.id)) == ("RED", [EventType.CASE_OPENED, EventType.CASE_REMINDED])


def test_closing_frees_the_matter_and_leaves_the_list_of_open_cases(store: MemoryStore) -> None:
    identifier = opens(store)

    done = close_case(store, seller=a.SELLER, identifier=identifier, resolution="GREEN", now=a.NOW, actor="key:k1")

    assert not done.open
    assert find_open_case(store, MATTER) is None
    assert store.cases_in(a.SELLER).items == ()
    assert store.cases_in(a.SELLER, open_only=False).items == (identifier,)
    assert kinds(store, identifier) == [EventType.CASE_OPENED, EventType.CASE_CLOSED]


def test_closing_a_matter_without_an_open_case_does_nothing(store: MemoryStore) -> None:
    def close() -> bool:
        return close_open_case(
            store,
            seller=a.SELLER,
            kind=MATTER.kind,
            subject=MATTER.subject,
            resolution="GREEN",
            now=a.NOW,
            actor="system:poll",
        )

    assert not close()
    opens(store)
    assert [close(), close()] == [True, False]


def test_closing_what_is_closed_or_was_never_opened_is_refused(store: MemoryStore) -> None:
    identifier = opens(store)
    close_case(store, seller=a.SELLER, identifier=identifier, resolution="GREEN", now=a.NOW, actor="key:k1")

    with pytest.raises(StageMismatchError, match="closed already"):
        close_by_hand(a.SELLER, identifier, "again", "key:k1", forget, store=store, clock=a.FixedClock())
    with pytest.raises(NotFoundError, match="no case c9"):
        close_by_hand(a.SELLER, "c9", "x", "key:k1", forget, store=store, clock=a.FixedClock())


def test_a_pointer_whose_case_is_gone_does_not_keep_the_matter_shut(store: MemoryStore) -> None:
    store.commit([ClaimPointer(a.SELLER, "case", MATTER.name, "deleted-by-hand")])

    identifier = opens(store)

    case = find_open_case(store, MATTER)
    assert case is not None
    assert case.id == identifier


def test_the_list_pages_through_open_cases_oldest_first(store: MemoryStore) -> None:
    ids = [opens(store, f"s{n}", later=timedelta(minutes=n)) for n in range(5)]

    first = list_cases(a.SELLER, open_only=True, limit=3, cursor=None, store=store)
    cursor = first["next_cursor"]
    assert isinstance(cursor, str)
    rest = list_cases(a.SELLER, open_only=True, limit=3, cursor=cursor, store=store)

    items = [*first["items"], *rest["items"]]  # type: ignore[misc]  # JSON lists
    assert [item["id"] for item in items] == ids
