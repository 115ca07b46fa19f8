"""Matters for people in the store: wishes to cancel, claims, evidence and its packs, and what was only shadowed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipby.adapters.dynamodb import keys
from shipby.application.ports.pages import Page
from shipby.application.ports.store import Store
from shipby.application.ports.writes import (
    AppendEvents,
    AppendEvidence,
    NoteShadow,
    SaveCancelRequest,
    SaveClaim,
    SaveEvidencePack,
    SaveEvidenceUpload,
    SaveIntent,
    Write,
)
from shipby.domain.cancels.requests import CancelRequest, CancelRequestState
from shipby.domain.errors import AlreadyExistsError, InvalidInputError, VersionConflictError
from shipby.domain.events import EventType, cancel_request_ref, claim_ref, evidence_pack_ref
from shipby.domain.evidence.claims import Claim, ClaimKind, ClaimState
from shipby.domain.evidence.pieces import EvidenceItem, EvidenceKind, EvidencePack, EvidenceUpload, PackState
from shipby.domain.intents import IntentAction
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.shadow import ShadowDecision
from tests.contract.store.conftest import Table
from tests.contract.store.paging_support import hours, walk
from tests.contract.store.test_store_watches_and_cases import due_now
from tests.support import builders as a

TODAY = a.NOW.date()


def plea(seller: str, **changes: Any) -> CancelRequest:
    base = CancelRequest(
        seller=seller,
        id="90000001",
        version=1,
        posting_number=a.NUMBER,
        state=CancelRequestState.ON_APPROVAL,
        requested_at=a.NOW,
        synced_at=a.NOW,
        state_name="На рассмотрении",
        initiator="CLIENT",
        reason_id=501,
        reason="Покупатель передумал",
        auto_approve_at=hours(48),
        suggestion="approve",
        suggestion_reason="it is not packed yet",
        facts={"stage": "received", "packed": False, "initiator": "CLIENT"},
        policy_version=3,
        next_alarm=Alarm(due=hours(45), kind=RungKind.CANCEL_REQUEST_REMIND),
    )
    return replace(base, **changes)


def claim(seller: str, **changes: Any) -> Claim:
    base = Claim(
        seller=seller,
        id="20260302-abc",
        version=1,
        kind=ClaimKind.PACKING_EVIDENCE,
        state=ClaimState.OPEN,
        posting_number=a.NUMBER,
        asked_at=a.NOW,
        answer_by=hours(48),
        source="hand",
        actor="key:k1",
        next_alarm=Alarm(due=hours(36), kind=RungKind.CLAIM_REMIND),
    )
    return replace(base, **changes)


def piece(seller: str, sequence: int, **changes: Any) -> EvidenceItem:
    base = EvidenceItem(
        seller=seller,
        posting_number=a.NUMBER,
        sequence=sequence,
        kind=EvidenceKind.WEIGHT,
        at=hours(sequence),
        actor="key:k1",
        sha256="ab" * 32,
        previous=f"hash-{sequence - 1}" if sequence > 1 else "",
        hash=f"hash-{sequence}",
        data={"grams": 350},
    )
    return replace(base, **changes)


def upload(seller: str, **changes: Any) -> EvidenceUpload:
    base = EvidenceUpload(
        seller=seller,
        id="u1",
        posting_number=a.NUMBER,
        kind=EvidenceKind.PHOTO,
        key="evidence/u1.jpg",
        content_type="image/jpeg",
        size=12_345,
        sha256="cd" * 32,
        at=a.NOW,
        actor="key:k1",
        expires_at=hours(1),
    )
    return replace(base, **changes)


def pack(seller: str, **changes: Any) -> EvidencePack:
    base = EvidencePack(
        seller=seller,
        id="p1",
        version=1,
        posting_number=a.NUMBER,
        state=PackState.WAITING,
        asked_at=a.NOW,
        asked_by="key:k1",
        purpose="a claim",
        items=2,
        chain_hash="hash-2",
    )
    return replace(base, **changes)


def shadow(seller: str, identifier: str, **changes: Any) -> ShadowDecision:
    base = ShadowDecision(
        seller=seller,
        id=identifier,
        at=a.NOW,
        ref=cancel_request_ref("90000001"),
        posting_number=a.NUMBER,
        action="cancel_request",
        would="approve the buyer's request to cancel",
        reason="it is not packed yet",
        policy_version=3,
        data={"decision": "approve"},
    )
    return replace(base, **changes)


# Versions, conflicts, alarms ----------------------------------------------------------------------------------------

Saved = tuple[Callable[[str], Any], Callable[[Any], Write], Callable[[Store, str], Any]]
VERSIONED: dict[str, Saved] = {
    "cancel request": (plea, SaveCancelRequest, lambda store, seller: store.cancel_request(seller, "90000001")),
    "claim": (claim, SaveClaim, lambda store, seller: store.claim(seller, "20260302-abc")),
    "evidence pack": (pack, SaveEvidencePack, lambda store, seller: store.evidence_pack(seller, "p1")),
}


@pytest.mark.parametrize("kind", VERSIONED)
def test_a_matter_comes_back_and_is_changed_one_version_at_a_time(store: Store, seller: str, kind: str) -> None:
    make, save, read = VERSIONED[kind]
    assert read(store, seller) is None
    first = make(seller)
    with pytest.raises(VersionConflictError):
        store.commit([save(replace(first, version=2))])
    store.commit([save(first)])
    assert read(store, seller) == first
    with pytest.raises(VersionConflictError):
        store.commit([save(first)])
    second = replace(first, version=2, next_alarm=Alarm(due=hours(2), kind=RungKind.EXPIRE_AT))
    store.commit([save(second)])
    with pytest.raises(VersionConflictError):
        store.commit([save(replace(first, version=2))])
    with pytest.raises(VersionConflictError):
        store.commit([save(replace(first, version=4))])
    assert read(store, seller) == second
    assert read(store, f"{seller}x") is None


@pytest.mark.parametrize("kind", VERSIONED)
def test_a_matter_has_an_alarm_like_everything_else(store: Store, seller: str, kind: str) -> None:
    make, save, _ = VERSIONED[kind]
    first = replace(make(seller), next_alarm=Alarm(due=hours(36), kind=RungKind.EXPIRE_AT))
    store.commit([save(first)])
    [alarm] = due_now(store, seller, hours(36))
    refs = {"cancel request": cancel_request_ref, "claim": claim_ref, "evidence pack": evidence_pack_ref}
    assert (alarm.ref, alarm.due, alarm.intent_id) == (refs[kind](first.id), hours(36), "")
    assert due_now(store, seller, hours(35)) == []
    store.commit([save(replace(first, version=2, next_alarm=None))])
    assert due_now(store, seller, hours(99)) == []


@pytest.mark.parametrize("kind", VERSIONED)
def test_a_matter_has_its_history_in_the_same_transaction(store: Store, seller: str, kind: str) -> None:
    make, save, read = VERSIONED[kind]
    first = make(seller)
    ref = {"cancel request": cancel_request_ref, "claim": claim_ref, "evidence pack": evidence_pack_ref}[kind](first.id)
    happened = a.event(type=EventType.CASE_OPENED, data={"posting": a.NUMBER})
    store.commit([save(first), AppendEvents(seller, ref, 1, (happened, happened))])
    assert [(one.version, one.index, one.event) for one in store.events(seller, ref)] == [
        (1, 0, happened),
        (1, 1, happened),
    ]
    with pytest.raises(AlreadyExistsError):
        store.commit([AppendEvents(seller, ref, 1, (happened,))])
    with pytest.raises(VersionConflictError):
        store.commit([save(replace(first, version=3)), AppendEvents(seller, ref, 3, (happened,))])
    assert len(store.events(seller, ref)) == 2
    assert read(store, seller) == first


def test_an_intent_of_a_cancel_request_stands_beside_it(store: Store, seller: str) -> None:
    ref = cancel_request_ref("90000001")
    first = a.intent(seller=seller, ref=ref, action=IntentAction.CANCEL_REQUEST, request={"decision": "approve"})
    assert first.id == "c.90000001.cancel_request.1"
    store.commit([SaveCancelRequest(plea(seller, open_intent=first.id, intent_count=1)), SaveIntent(first)])
    assert store.intent(seller, first.id) == first
    assert store.intents(seller, ref) == [first]
    with pytest.raises(VersionConflictError):
        store.commit([SaveCancelRequest(plea(seller, version=2)), SaveIntent(first)])
    assert store.cancel_request(seller, "90000001") == plea(seller, open_intent=first.id, intent_count=1)


# Listings -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_cancel_requests_are_listed_by_the_time_they_approve_themselves(store: Store, seller: str, limit: int) -> None:
    for number, until in {"1": hours(9), "2": None, "3": hours(3), "4": hours(5)}.items():
        store.commit([SaveCancelRequest(plea(seller, id=number, auto_approve_at=until, next_alarm=None))])
    store.commit([SaveCancelRequest(plea(f"{seller}x", id="5"))])
    ended = plea(seller, id="4", version=2, auto_approve_at=hours(5), state=CancelRequestState.APPROVED)
    store.commit([SaveCancelRequest(replace(ended, next_alarm=None))])

    def listed(*, open_only: bool) -> list[str]:
        def page(**more: Any) -> Page[str]:
            return store.cancel_requests_in(seller, open_only=open_only, **more)

        return walk(page, limit)

    assert listed(open_only=True) == ["3", "1", "2"]
    assert listed(open_only=False) == ["4"]


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_claims_are_listed_by_the_time_their_answer_is_due(store: Store, seller: str, limit: int) -> None:
    for number, by in {"1": 9, "2": 3, "3": 5, "4": 1}.items():
        store.commit([SaveClaim(claim(seller, id=number, answer_by=hours(by), next_alarm=None))])
    store.commit([SaveClaim(claim(f"{seller}x", id="5"))])
    done = claim(seller, id="4", version=2, answer_by=hours(1), state=ClaimState.ANSWERED, next_alarm=None)
    store.commit([SaveClaim(done)])

    def listed(*, open_only: bool) -> list[str]:
        def page(**more: Any) -> Page[str]:
            return store.claims_in(seller, open_only=open_only, **more)

        return walk(page, limit)

    assert listed(open_only=True) == ["2", "3", "1"]
    assert listed(open_only=False) == ["4"]


def test_a_cursor_of_a_matter_continues_only_its_own_listing(store: Store, seller: str) -> None:
    for number in ("1", "2"):
        store.commit([SaveCancelRequest(plea(seller, id=number)), SaveClaim(claim(seller, id=number))])
    requests = store.cancel_requests_in(seller, limit=1).cursor
    claims = store.claims_in(seller, limit=1).cursor
    wrongly: tuple[Callable[[], object], ...] = (
        lambda: store.claims_in(seller, cursor=requests),
        lambda: store.cancel_requests_in(seller, cursor=claims),
        lambda: store.cancel_requests_in(seller, open_only=False, cursor=requests),
        lambda: store.claims_in(f"{seller}x", cursor=claims),
        lambda: store.cancel_requests_in(seller, cursor="%%%"),
    )
    for wrong in wrongly:
        with pytest.raises(InvalidInputError):
            wrong()


# Evidence -----------------------------------------------------------------------------------------------------------


def test_evidence_is_a_chain_without_gaps_whose_head_names_the_last_item(store: Store, seller: str) -> None:
    assert store.evidence_chain(seller, a.NUMBER) is None
    assert store.evidence(seller, a.NUMBER) == []
    pieces = [piece(seller, sequence) for sequence in range(1, 13)]
    for one in pieces:
        store.commit([AppendEvidence(one)])
        head = store.evidence_chain(seller, a.NUMBER)
        assert head is not None
        assert (head.version, head.hash) == (one.sequence, one.hash)
    assert store.evidence(seller, a.NUMBER) == pieces
    assert store.evidence(f"{seller}x", a.NUMBER) == []
    assert store.evidence_chain(seller, "2-2-2") is None


@pytest.mark.parametrize("sequence", [1, 2, 4])
def test_evidence_that_was_there_already_or_leaves_a_gap_is_refused(store: Store, seller: str, sequence: int) -> None:
    for known in (1, 2):
        store.commit([AppendEvidence(piece(seller, known))])
    with pytest.raises(VersionConflictError):
        store.commit([AppendEvidence(piece(seller, sequence, hash="forged", data={"grams": 1}))])
    head = store.evidence_chain(seller, a.NUMBER)
    assert head is not None
    assert (head.version, head.hash) == (2, "hash-2")
    assert store.evidence(seller, a.NUMBER) == [piece(seller, 1), piece(seller, 2)]


def test_the_first_evidence_is_number_one(store: Store, seller: str) -> None:
    with pytest.raises(VersionConflictError):
        store.commit([AppendEvidence(piece(seller, 2))])
    with pytest.raises(InvalidInputError):
        store.commit([AppendEvidence(piece(seller, 0))])
    assert store.evidence(seller, a.NUMBER) == []


def test_evidence_that_is_refused_leaves_nothing_of_its_change(store: Store, seller: str) -> None:
    store.commit([AppendEvidence(piece(seller, 1))])
    with pytest.raises(VersionConflictError):
        store.commit([AppendEvidence(piece(seller, 1, hash="other")), SaveEvidencePack(pack(seller))])
    assert store.evidence_pack(seller, "p1") is None


def test_an_announced_file_is_kept_and_announced_again_at_will(store: Store, seller: str) -> None:
    assert store.evidence_upload(seller, a.NUMBER, "u1") is None
    store.commit([SaveEvidenceUpload(upload(seller))])
    store.commit([SaveEvidenceUpload(upload(seller, size=99))])
    assert store.evidence_upload(seller, a.NUMBER, "u1") == upload(seller, size=99)
    assert store.evidence_upload(seller, "2-2-2", "u1") is None


# Shadows ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 500])
def test_shadows_are_listed_by_utc_day_in_order_and_the_same_one_once(store: Store, seller: str, limit: int) -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    last = midnight + timedelta(days=1) - timedelta(microseconds=1)
    times = {"e3": last, "e1": midnight, "e2": midnight + timedelta(hours=3), "e4": midnight + timedelta(days=1)}
    for identifier, at in times.items():
        store.commit([NoteShadow(shadow(seller, identifier, at=at))])
    store.commit([NoteShadow(shadow(seller, "e2", at=times["e2"]))])
    store.commit([NoteShadow(shadow(f"{seller}x", "foreign", at=midnight))])

    def on_the_day(**page: Any) -> Page[ShadowDecision]:
        return store.shadows_on(seller, midnight.date(), **page)

    assert [one.id for one in walk(on_the_day, limit)] == ["e1", "e2", "e3"]
    assert walk(on_the_day, limit)[1] == shadow(seller, "e2", at=times["e2"])
    cursor = store.shadows_on(seller, midnight.date(), limit=1).cursor
    with pytest.raises(InvalidInputError):
        store.shadows_on(f"{seller}x", midnight.date(), cursor=cursor)
    with pytest.raises(InvalidInputError):
        store.shadows_on(seller, midnight.date() + timedelta(days=1), cursor=cursor)


def test_a_shadow_goes_with_its_change_or_not_at_all(store: Store, seller: str) -> None:
    store.commit([SaveCancelRequest(plea(seller))])
    with pytest.raises(VersionConflictError):
        store.commit([SaveCancelRequest(plea(seller)), NoteShadow(shadow(seller, "CANCELREQ/90000001/2/0"))])
    assert store.shadows_on(seller, TODAY).items == ()
    changed = plea(seller, version=2, automated="approve")
    store.commit([SaveCancelRequest(changed), NoteShadow(shadow(seller, "CANCELREQ/90000001/2/0"))])
    assert [one.id for one in store.shadows_on(seller, TODAY).items] == ["CANCELREQ/90000001/2/0"]


@pytest.mark.parametrize("engine", ["moto"], indirect=True)
def test_shadows_and_announced_files_leave_by_themselves(
    store: Store, seller: str, tables: Callable[[str], Table]
) -> None:
    store.commit([NoteShadow(shadow(seller, "e1")), SaveEvidenceUpload(upload(seller))])
    left = {item["SK"]["S"].partition("#")[0]: int(item["ttl"]["N"]) for item in tables("moto").all_items()}
    assert left == {
        "SHADOW": int((a.NOW + timedelta(days=90)).timestamp()),
        "UPLOAD": int((hours(1) + timedelta(days=1)).timestamp()),
    }


def test_no_id_of_a_matter_can_reach_another_partition() -> None:
    for make in (keys.cancel_request, keys.claim, keys.evidence_pack):
        with pytest.raises(InvalidInputError):
            make("s", "1#POSTING")
