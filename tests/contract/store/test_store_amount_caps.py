"""Caps that count amounts of money: what all refunds of a day may come to, to the kopeck."""

from datetime import timedelta

import pytest

from shipby.application.ports.store import Store
from shipby.application.ports.writes import SaveClaim, SpendCap
from shipby.domain.errors import CapReachedError, VersionConflictError
from tests.contract.store.test_store_matters import TODAY, claim


def refund_cap(seller: str, by: int, limit: int = 10_000) -> SpendCap:
    return SpendCap(seller, "refund_rub", TODAY, limit, by)


def test_a_cap_counts_amounts_up_to_its_limit_and_not_one_kopeck_more(store: Store, seller: str) -> None:
    store.commit([refund_cap(seller, 9_000)])
    with pytest.raises(CapReachedError):
        store.commit([refund_cap(seller, 1_001)])
    assert store.cap_used(seller, "refund_rub", TODAY) == 9_000
    store.commit([refund_cap(seller, 1_000)])
    with pytest.raises(CapReachedError):
        store.commit([refund_cap(seller, 1)])
    assert store.cap_used(seller, "refund_rub", TODAY) == 10_000
    assert store.cap_used(seller, "refund_rub", TODAY + timedelta(days=1)) == 0


def test_an_amount_above_the_whole_cap_is_refused_on_a_day_without_any(store: Store, seller: str) -> None:
    with pytest.raises(CapReachedError):
        store.commit([refund_cap(seller, 10_001)])
    assert store.cap_used(seller, "refund_rub", TODAY) == 0


def test_two_amounts_of_one_change_count_together(store: Store, seller: str) -> None:
    with pytest.raises(CapReachedError):
        store.commit([refund_cap(seller, 6_000), refund_cap(seller, 4_001)])
    store.commit([refund_cap(seller, 6_000), refund_cap(seller, 4_000)])
    assert store.cap_used(seller, "refund_rub", TODAY) == 10_000


def test_an_amount_is_not_spent_where_its_change_fails(store: Store, seller: str) -> None:
    store.commit([SaveClaim(claim(seller))])
    with pytest.raises(VersionConflictError):
        store.commit([refund_cap(seller, 5_000), SaveClaim(claim(seller))])
    assert store.cap_used(seller, "refund_rub", TODAY) == 0
