"""Changes that no transaction can hold, and changes that are sent again with the same token."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

import pytest

from shipby.application.ports.store import Store
from shipby.application.ports.writes import (
    AppendEvents,
    ClaimPointer,
    ReleasePointer,
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
    InvalidInputError,
    ShipbyError,
    VersionConflictError,
)
from shipby.domain.events import posting_ref
from shipby.domain.postings.posting import Stage
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


# Changes that no transaction can hold -------------------------------------------------------------------------------


def contradictions(seller: str) -> list[Sequence[Write]]:
    posting = a.posting(seller=seller)
    return [
        [SavePosting(posting), SavePosting(replace(posting, stage=Stage.CONFIRMED))],
        [SavePosting(posting), SavePosting(posting)],
        [AppendEvents(seller, REF, 1, (a.event(),)), AppendEvents(seller, REF, 1, (a.event(),))],
        [ClaimPointer(seller, "tracking", "RB1", "p1"), ClaimPointer(seller, "tracking", "RB1", "p2")],
        [AppendEvents(seller, REF, 1, (a.event(),) * 100), SavePosting(posting)],
        [SaveIntent(replace(a.intent(seller=seller), ref=posting_ref("other")))],
    ]


@pytest.mark.parametrize("case", range(6))
def test_a_change_that_contradicts_itself_or_is_too_large_is_refused(store: Store, seller: str, case: int) -> None:
    with pytest.raises(InvalidInputError):
        store.commit(contradictions(seller)[case])
    assert store.posting(seller, a.NUMBER) is None
    assert store.events(seller, REF) == []


def test_a_hundred_items_fit_into_one_change(store: Store, seller: str, engine: str) -> None:
    if engine == "moto":
        pytest.skip("moto copies its whole table for every item of a transaction, which takes seconds")
    store.commit([AppendEvents(seller, REF, 1, (a.event(),) * 99), SavePosting(a.posting(seller=seller))])
    assert len(store.events(seller, REF)) == 99


@pytest.mark.parametrize("bad", ["", "a#b", "x" * 901])
def test_ids_that_would_break_a_key_are_refused(store: Store, seller: str, bad: str) -> None:
    changes: list[Write] = [
        SavePosting(a.posting(seller=bad)),
        SavePosting(a.posting(seller=seller, number=bad)),
        SaveReturn(a.return_case(seller=seller, id=bad)),
        SaveDocument(a.document(seller=seller, id=bad)),
        SavePrintJob(a.print_job(seller=seller, id=bad)),
        ClaimPointer(seller, bad, "value", "p1"),
        SpendCap(seller, bad, TODAY, 3),
    ]
    for change in changes:
        with pytest.raises(InvalidInputError):
            store.commit([change])
    with pytest.raises(InvalidInputError):
        store.posting(seller, bad)
    with pytest.raises(InvalidInputError):
        store.push_token(bad)


# Tokens ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def token(engine: str) -> str:
    if engine == "moto":
        pytest.skip("moto ignores ClientRequestToken")
    return uuid.uuid4().hex


def test_a_repeated_token_is_a_no_op(store: Store, seller: str, token: str) -> None:
    change: list[Write] = [*received(seller), SpendCap(seller, "cancel", TODAY, 5)]
    for _ in range(3):
        store.commit(change, token=token)
    assert store.cap_used(seller, "cancel", TODAY) == 1
    with pytest.raises(VersionConflictError):
        store.commit(change)


def test_a_single_write_with_a_token_is_repeatable_too(store: Store, seller: str, token: str) -> None:
    for _ in range(2):
        store.commit([SaveMoney(a.ledger(seller=seller))], token=token)


def test_a_token_stands_for_one_change_only(store: Store, seller: str, token: str) -> None:
    store.commit([SpendCap(seller, "cancel", TODAY, 5)], token=token)
    with pytest.raises(InvalidInputError, match="another change"):
        store.commit([SpendCap(seller, "ship", TODAY, 5)], token=token)
    assert store.cap_used(seller, "ship", TODAY) == 0


def test_a_refused_change_can_be_tried_again_with_its_token(store: Store, seller: str, token: str) -> None:
    store.commit([SaveSettings(a.settings(seller=seller, kill_switch=True))])
    change: list[Write] = [RequireAutomation(seller), SpendCap(seller, "cancel", TODAY, 5)]
    with pytest.raises(ShipbyError):
        store.commit(change, token=token)
    store.commit([SaveSettings(a.settings(seller=seller, version=2))])
    store.commit(change, token=token)
    assert store.cap_used(seller, "cancel", TODAY) == 1


def test_a_repeat_after_a_dropped_release_is_a_no_op(store: Store, seller: str, token: str) -> None:
    store.commit([ClaimPointer(seller, "tracking", "RB1", "p2")])
    change: list[Write] = [
        ReleasePointer(seller, "tracking", "RB1", "p1"),
        SavePosting(a.posting(seller=seller)),
        SpendCap(seller, "cancel", TODAY, 5),
    ]
    for _ in range(2):
        store.commit(change, token=token)
    assert store.cap_used(seller, "cancel", TODAY) == 1


def test_a_token_is_at_most_36_characters(store: Store, seller: str) -> None:
    with pytest.raises(InvalidInputError, match="36"):
        store.commit([SpendCap(seller, "cancel", TODAY, 5)], token="x" * 37)
