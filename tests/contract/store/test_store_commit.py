"""What one change does: all of it, or nothing, and which refusal is told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.application.ports.store import Store
from shipby.application.ports.writes import (
    AppendEvents,
    AppendTracking,
    ClaimPointer,
    ReleasePointer,
    RememberResponse,
    RequireAutomation,
    SaveDetail,
    SaveDocument,
    SaveIntent,
    SaveMoney,
    SavePosting,
    SavePrintJob,
    SaveReturn,
    SaveSettings,
    SpendCap,
    Write,
)
from shipby.domain.errors import (
    POINTER_TAKEN,
    AlreadyExistsError,
    CapReachedError,
    InvalidInputError,
    KillSwitchOnError,
    VersionConflictError,
)
from shipby.domain.events import EventType, posting_ref, print_job_ref, return_ref
from shipby.domain.intents import IntentState
from tests.support import builders as a

TODAY = a.NOW.date()
REF = posting_ref(a.NUMBER)


def received(seller: str) -> list[Write]:
    """The birth of a posting as the product writes it."""
    return [
        SavePosting(a.posting(seller=seller)),
        SaveDetail(seller, a.detail()),
        SaveMoney(a.ledger(seller=seller)),
        AppendEvents(seller, REF, 1, (a.event(),)),
    ]


def test_a_change_becomes_true_as_a_whole(store: Store, seller: str) -> None:
    store.commit(received(seller))
    assert store.posting(seller, a.NUMBER) == a.posting(seller=seller)
    assert store.detail(seller, a.NUMBER) == a.detail()
    assert store.money(seller, a.NUMBER) == a.ledger(seller=seller)
    (stored,) = store.events(seller, REF)
    assert (stored.version, stored.index, stored.event) == (1, 0, a.event())
    assert stored.id == f"POSTING/{a.NUMBER}/1/0"


def test_an_empty_change_does_nothing(store: Store) -> None:
    store.commit([])


def test_what_is_not_there_reads_as_none_or_empty(store: Store, seller: str) -> None:
    assert store.posting(seller, a.NUMBER) is None
    assert store.detail(seller, a.NUMBER) is None
    assert store.money(seller, a.NUMBER) is None
    assert store.return_case(seller, a.RETURN_ID) is None
    assert store.intent(seller, a.intent().id) is None
    assert store.document(seller, a.NUMBER, "label-1") is None
    assert store.print_job(seller, "job-1") is None
    assert store.settings(seller) is None
    assert store.remembered(seller, "key", a.NOW) is None
    assert store.find(seller, "tracking", "X1") is None
    assert store.cap_used(seller, "cancel", TODAY) == 0
    assert store.report(seller, "proof", TODAY) is None
    assert store.events(seller, REF) == []
    assert store.tracking_history(seller, a.NUMBER) == []
    assert store.documents(seller, a.NUMBER) == []
    assert store.intents(seller, REF) == []


def saves(seller: str, version: int) -> list[Write]:
    """One of each kind of versioned record."""
    return [
        SavePosting(a.posting(seller=seller, version=version)),
        SaveReturn(a.return_case(seller=seller, version=version)),
        SaveIntent(a.intent(seller=seller, version=version)),
        SaveMoney(a.ledger(seller=seller, version=version)),
        SaveSettings(a.settings(seller=seller, version=version)),
        SaveDocument(a.document(seller=seller, version=version)),
        SavePrintJob(a.print_job(seller=seller, version=version)),
    ]


KINDS = range(7)


@pytest.mark.parametrize("kind", KINDS)
def test_versions_follow_each_other(store: Store, seller: str, kind: int) -> None:
    for version in (1, 2, 3):
        store.commit([saves(seller, version)[kind]])
    # 1 exists already, 3 was written, 5 would leave a gap.
    for version in (1, 2, 3, 5):
        with pytest.raises(VersionConflictError):
            store.commit([saves(seller, version)[kind]])
    store.commit([saves(seller, 4)[kind]])


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_version_is_one(store: Store, seller: str, kind: int) -> None:
    with pytest.raises(VersionConflictError):
        store.commit([saves(seller, 2)[kind]])
    with pytest.raises(InvalidInputError, match="version 0"):
        store.commit([saves(seller, 0)[kind]])


@pytest.mark.parametrize("kind", KINDS)
def test_a_conflict_anywhere_leaves_nothing_of_the_change(store: Store, seller: str, kind: int) -> None:
    store.commit([saves(seller, 1)[kind]])
    others = [save for number, save in enumerate(saves(seller, 1)) if number != kind]
    half = len(others) // 2
    with pytest.raises(VersionConflictError):
        store.commit([*others[:half], saves(seller, 1)[kind], *others[half:]])
    present = [
        store.posting(seller, a.NUMBER),
        store.return_case(seller, a.RETURN_ID),
        store.intent(seller, a.intent().id),
        store.money(seller, a.NUMBER),
        store.settings(seller),
        store.document(seller, a.NUMBER, "label-1"),
        store.print_job(seller, "job-1"),
    ]
    assert [record is not None for record in present] == [number == kind for number in KINDS]


def test_a_read_marked_meanwhile_is_not_overwritten_by_an_older_one(store: Store, seller: str) -> None:
    store.commit([SavePosting(a.posting(seller=seller))])
    newest = a.NOW + timedelta(minutes=2)
    store.mark_synced(seller, a.NUMBER, newest)
    older = a.posting(seller=seller, version=2, synced_at=a.NOW + timedelta(minutes=1))
    with pytest.raises(VersionConflictError):
        store.commit([SavePosting(older)])
    store.commit([SavePosting(replace(older, synced_at=newest))])


def test_a_time_that_a_wrong_clock_wrote_gives_way_to_an_earlier_one_if_it_is_named(store: Store, seller: str) -> None:
    ahead, read_at = a.NOW + timedelta(days=1), a.NOW + timedelta(minutes=1)
    store.commit([SavePosting(a.posting(seller=seller, synced_at=ahead))])
    right = a.posting(seller=seller, version=2, synced_at=read_at)
    for over in (None, ahead - timedelta(microseconds=1)):
        with pytest.raises(VersionConflictError):
            store.commit([SavePosting(right, over)])
    store.commit([SavePosting(right, ahead)])
    found = store.posting(seller, a.NUMBER)
    assert found is not None
    assert found.synced_at == read_at
    later = a.posting(seller=seller, version=3, synced_at=read_at)
    store.mark_synced(seller, a.NUMBER, read_at + timedelta(minutes=1))
    with pytest.raises(VersionConflictError):
        store.commit([SavePosting(later, ahead)])


def test_the_day_of_receipt_never_moves(store: Store, seller: str) -> None:
    store.commit([SavePosting(a.posting(seller=seller))])
    with pytest.raises(VersionConflictError):
        store.commit([SavePosting(a.posting(seller=seller, version=2, received_at=a.NOW - timedelta(days=1)))])


def test_marking_a_read_only_ever_moves_forward_and_makes_no_version(store: Store, seller: str) -> None:
    store.mark_synced(seller, a.NUMBER, a.NOW)
    assert store.posting(seller, a.NUMBER) is None
    store.commit([SavePosting(a.posting(seller=seller))])
    later = a.NOW + timedelta(microseconds=1)
    for read_at in (a.NOW - timedelta(days=1), later, a.NOW):
        store.mark_synced(seller, a.NUMBER, read_at)
    assert store.posting(seller, a.NUMBER) == a.posting(seller=seller, synced_at=later)


# Events ----------------------------------------------------------------------------------------------------------


def test_history_is_in_order_and_can_start_after_a_version(store: Store, seller: str) -> None:
    for version in range(1, 13):
        events = tuple(a.event(reason=f"{version}.{index}") for index in range(version % 3 + 1))
        store.commit([AppendEvents(seller, REF, version, events)])
    everything = store.events(seller, REF)
    assert [(e.version, e.index) for e in everything] == [(v, i) for v in range(1, 13) for i in range(v % 3 + 1)]
    assert [e.event.reason for e in everything] == [f"{e.version}.{e.index}" for e in everything]
    assert store.events(seller, REF, after_version=9) == [e for e in everything if e.version > 9]
    assert store.events(seller, REF, after_version=12) == []


def test_each_aggregate_has_a_history_of_its_own(store: Store, seller: str) -> None:
    refs = (posting_ref("1"), return_ref("1"), print_job_ref("1"), posting_ref("11"))
    for ref in refs:
        store.commit([AppendEvents(seller, ref, 1, (a.event(reason=str(ref)),))])
    for ref in refs:
        (stored,) = store.events(seller, ref)
        assert stored.ref == ref
        assert stored.event.reason == str(ref)
    assert store.events(f"{seller}0", refs[0]) == []


def test_an_event_row_is_written_once(store: Store, seller: str) -> None:
    store.commit([AppendEvents(seller, REF, 1, (a.event(), a.event()))])
    with pytest.raises(AlreadyExistsError) as raised:
        store.commit([AppendEvents(seller, REF, 1, (a.event(type=EventType.POSTING_LATE),))])
    assert raised.value.what == "EVENT"
    assert {e.event.type for e in store.events(seller, REF)} == {EventType.POSTING_RECEIVED}


def test_an_event_beside_a_moved_version_is_a_version_conflict(store: Store, seller: str) -> None:
    store.commit(received(seller))
    with pytest.raises(VersionConflictError):
        store.commit([AppendEvents(seller, REF, 1, (a.event(),)), SavePosting(a.posting(seller=seller))])


def test_event_data_comes_back_as_json(store: Store, seller: str) -> None:
    data = {"n": 1, "big": 10**20, "none": None, "yes": True, "list": [1, "", [False]], "map": {"#a.b": {"x": "чай"}}}
    store.commit([AppendEvents(seller, REF, 1, (a.event(data=data),))])
    (stored,) = store.events(seller, REF)
    assert stored.event.data == data
    assert type(stored.event.data["n"]) is int
    assert stored.event.data["yes"] is True


@pytest.mark.parametrize(("version", "count"), [(0, 1), (100_000_000, 1), (1, 101)])
def test_events_outside_the_key_space_are_refused(store: Store, seller: str, version: int, count: int) -> None:
    with pytest.raises(InvalidInputError):
        store.commit([AppendEvents(seller, REF, version, (a.event(),) * count)])
    assert store.events(seller, REF) == []


def test_tracking_history_is_append_only(store: Store, seller: str) -> None:
    changes = [a.tracking_change(seller=seller, sequence=n, new=f"T{n}") for n in range(1, 12)]
    for change in changes:
        store.commit([AppendTracking(change)])
    with pytest.raises(AlreadyExistsError) as raised:
        store.commit([AppendTracking(replace(changes[0], new="other"))])
    assert raised.value.what == "TRACKING"
    assert store.tracking_history(seller, a.NUMBER) == changes


# Caps and the kill switch ----------------------------------------------------------------------------------------


def test_a_cap_counts_up_to_its_limit(store: Store, seller: str) -> None:
    spend = SpendCap(seller, "cancel", TODAY, 3)
    for used in (1, 2, 3):
        store.commit([spend])
        assert store.cap_used(seller, "cancel", TODAY) == used
    with pytest.raises(CapReachedError):
        store.commit([spend, SavePosting(a.posting(seller=seller))])
    assert store.cap_used(seller, "cancel", TODAY) == 3
    assert store.posting(seller, a.NUMBER) is None
    assert store.cap_used(seller, "cancel", TODAY + timedelta(days=1)) == 0
    assert store.cap_used(seller, "return_action", TODAY) == 0


def test_a_cap_of_zero_allows_nothing(store: Store, seller: str) -> None:
    with pytest.raises(CapReachedError):
        store.commit([SpendCap(seller, "cancel", TODAY, 0)])
    assert store.cap_used(seller, "cancel", TODAY) == 0


def test_a_lowered_cap_counts_what_was_used_before(store: Store, seller: str) -> None:
    for _ in range(3):
        store.commit([SpendCap(seller, "cancel", TODAY, 5)])
    with pytest.raises(CapReachedError):
        store.commit([SpendCap(seller, "cancel", TODAY, 2)])


def test_one_change_may_spend_a_cap_twice(store: Store, seller: str) -> None:
    spend = SpendCap(seller, "cancel", TODAY, 3)
    store.commit([spend, spend])
    assert store.cap_used(seller, "cancel", TODAY) == 2
    with pytest.raises(CapReachedError):
        store.commit([spend, spend])
    assert store.cap_used(seller, "cancel", TODAY) == 2


def test_automation_runs_until_the_kill_switch_is_on(store: Store, seller: str) -> None:
    guarded: list[Write] = [RequireAutomation(seller), RequireAutomation(seller), SpendCap(seller, "cancel", TODAY, 9)]
    store.commit(guarded)
    store.commit([SaveSettings(a.settings(seller=seller))])
    store.commit(guarded)
    store.commit([SaveSettings(a.settings(seller=seller, version=2, kill_switch=True))])
    with pytest.raises(KillSwitchOnError):
        store.commit(guarded)
    with pytest.raises(KillSwitchOnError):
        store.commit([RequireAutomation(seller)])
    assert store.cap_used(seller, "cancel", TODAY) == 2


def test_settings_can_be_saved_under_their_own_kill_switch_check(store: Store, seller: str) -> None:
    store.commit([RequireAutomation(seller), SaveSettings(a.settings(seller=seller))])
    on = a.settings(seller=seller, version=2, kill_switch=True)
    store.commit([SaveSettings(on), RequireAutomation(seller)])
    with pytest.raises(KillSwitchOnError):
        store.commit([RequireAutomation(seller), SaveSettings(a.settings(seller=seller, version=3))])
    assert store.settings(seller) == on


def test_a_conflict_under_the_kill_switch_check_is_still_a_conflict(store: Store, seller: str) -> None:
    store.commit([SaveSettings(a.settings(seller=seller))])
    with pytest.raises(VersionConflictError):
        store.commit([RequireAutomation(seller), SaveSettings(a.settings(seller=seller, version=3))])


# Idempotency-Keys ------------------------------------------------------------------------------------------------


def test_an_answer_is_remembered_once_until_it_expires(store: Store, seller: str, clock: a.FixedClock) -> None:
    first = a.response(seller=seller, expires_at=a.NOW + timedelta(days=30))
    store.commit([RememberResponse(first)])
    assert store.remembered(seller, first.key, a.NOW) == first
    with pytest.raises(AlreadyExistsError) as raised:
        store.commit([RememberResponse(a.response(seller=seller, status=409))])
    assert raised.value.what == "IDEM"
    assert store.remembered(seller, first.key, first.expires_at - timedelta(microseconds=1)) == first
    assert store.remembered(seller, first.key, first.expires_at) is None
    clock.advance(timedelta(days=30))
    second = replace(first, status=409, expires_at=a.NOW + timedelta(days=60))
    store.commit([RememberResponse(second)])
    assert store.remembered(seller, first.key, clock.now()) == second


def test_an_answered_key_explains_a_moved_version(store: Store, seller: str) -> None:
    change: list[Write] = [*received(seller), RememberResponse(a.response(seller=seller))]
    store.commit(change)
    with pytest.raises(AlreadyExistsError) as raised:
        store.commit(change)
    assert raised.value.what == "IDEM"


# Pointers --------------------------------------------------------------------------------------------------------


def test_a_value_points_to_one_target(store: Store, seller: str) -> None:
    claim = ClaimPointer(seller, "tracking", "RB#1/ч", "p1")
    store.commit([claim])
    store.commit([claim, claim])
    assert store.find(seller, "tracking", "RB#1/ч") == "p1"
    with pytest.raises(AlreadyExistsError) as raised:
        store.commit([replace(claim, target="p2")])
    assert raised.value.what == POINTER_TAKEN
    assert store.find(seller, "barcode", "RB#1/ч") is None
    assert store.find(f"{seller}x", "tracking", "RB#1/ч") is None


def test_a_released_value_can_be_claimed_by_another(store: Store, seller: str) -> None:
    release = ReleasePointer(seller, "tracking", "RB1", "p1")
    store.commit([release])
    store.commit([ClaimPointer(seller, "tracking", "RB1", "p1")])
    store.commit([release])
    assert store.find(seller, "tracking", "RB1") is None
    store.commit([ClaimPointer(seller, "tracking", "RB1", "p2")])
    assert store.find(seller, "tracking", "RB1") == "p2"


def test_releasing_a_value_of_another_leaves_it_and_the_rest_of_the_change_stands(store: Store, seller: str) -> None:
    store.commit([ClaimPointer(seller, "tracking", "RB1", "p2")])
    release = ReleasePointer(seller, "tracking", "RB1", "p1")
    store.commit([release])
    store.commit([release, SavePosting(a.posting(seller=seller))])
    assert store.find(seller, "tracking", "RB1") == "p2"
    assert store.posting(seller, a.NUMBER) is not None
    with pytest.raises(VersionConflictError):
        store.commit([release, SavePosting(a.posting(seller=seller))])


@pytest.mark.parametrize("release_first", [True, False])
def test_a_value_moves_from_one_target_to_another_in_one_change(store: Store, seller: str, release_first: bool) -> None:
    store.commit([ClaimPointer(seller, "tracking", "RB1", "p1")])
    move: list[Write] = [ReleasePointer(seller, "tracking", "RB1", "p1"), ClaimPointer(seller, "tracking", "RB1", "p2")]
    store.commit(move if release_first else move[::-1])
    assert store.find(seller, "tracking", "RB1") == "p2"
    with pytest.raises(AlreadyExistsError):
        store.commit([ReleasePointer(seller, "tracking", "RB1", "p1"), ClaimPointer(seller, "tracking", "RB1", "p3")])


# Intents ------------------------------------------------------------------------------------------------------------


def test_an_intent_is_found_by_its_id_alone(store: Store, seller: str) -> None:
    of_return = a.intent(seller=seller, ref=return_ref(a.RETURN_ID), sequence=4)
    store.commit([SaveIntent(of_return)])
    assert store.intent(seller, of_return.id) == of_return
    with pytest.raises(InvalidInputError):
        store.intent(seller, "nonsense")


def test_many_intents_are_read_by_their_ids_together(store: Store, seller: str) -> None:
    made = [a.intent(seller=seller, sequence=number) for number in range(120)]
    for start in range(0, 120, 40):
        store.commit([SaveIntent(intent) for intent in made[start : start + 40]])
    asked = [intent.id for intent in reversed(made)]
    missing = a.intent(seller=seller, sequence=999).id
    found = store.intents_by_id(seller, [missing, *asked, asked[0]])
    assert list(found) == asked
    assert [found[intent.id] for intent in made] == made
    assert store.intents_by_id(seller, []) == {}
    assert store.intents_by_id(f"{seller}0", asked) == {}
    with pytest.raises(InvalidInputError):
        store.intents_by_id(seller, ["nonsense"])


def test_intents_of_an_aggregate_are_oldest_first(store: Store, seller: str) -> None:
    made = [
        a.intent(seller=seller, sequence=n, created_at=a.NOW + timedelta(seconds=n), state=IntentState.SENT)
        for n in (10, 2, 1)
    ]
    for intent in made:
        store.commit([SaveIntent(intent)])
    assert store.intents(seller, REF) == made[::-1]
    assert store.intents(seller, return_ref(a.RETURN_ID)) == []
    assert store.posting_story(seller, a.NUMBER).intents == made[::-1]
