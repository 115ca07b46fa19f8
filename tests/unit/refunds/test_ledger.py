"""The ledger of a posting: lines, postage beside the price, and what the marketplace did by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.errors import InvalidInputError, OverRefundError
from shipby.domain.money import Money
from shipby.domain.refunds.ledger import CostBorneBy, EntryKind, EntryState, LineBalance, MoneyLedger, postage_key
from tests.support import builders as a

TWO_LINES = {"1": LineBalance(paid=10_000), "2": LineBalance(paid=15_000)}
KEY = "r.1.return_action.1"


def two_lines() -> MoneyLedger:
    return a.ledger(lines=TWO_LINES)


def test_postage_stands_beside_the_price_and_follows_its_refund() -> None:
    reserved = a.ledger().reserve(KEY, a.rub("250"), postage=a.rub("300"))
    assert (reserved.reserved, reserved.postage_reserved, reserved.available) == (25_000, 30_000, 0)
    paid = reserved.confirm(KEY, at=a.NOW)
    assert (paid.refunded, paid.postage, paid.postage_reserved) == (25_000, 30_000, 0)
    beside = paid.entries[postage_key(KEY)]
    assert (beside.kind, beside.state, beside.at) == (EntryKind.POSTAGE, EntryState.REFUNDED, a.NOW)
    released = reserved.release(KEY)
    assert (released.reserved, released.postage_reserved, released.postage) == (0, 0, 0)
    assert released.entries[postage_key(KEY)].state is EntryState.RELEASED


@pytest.mark.parametrize(
    ("amount", "more"),
    [
        (Money(0, "RUB"), {}),
        (Money(-1, "RUB"), {}),
        (Money(100, "CNY"), {}),
        (Money(100, "RUB"), {"postage": Money(0, "RUB")}),
        (Money(100, "RUB"), {"postage": Money(100, "CNY")}),
        (Money(100, "RUB"), {"lines": {"1": 99}}),
        (Money(100, "RUB"), {"lines": {"1": 200, "2": -100}}),
        (Money(100, "RUB"), {"lines": {"3": 100}}),
    ],
)
def test_what_is_no_amount_of_this_posting_reserves_nothing(amount: Money, more: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        two_lines().reserve(KEY, amount, **more)  # type: ignore[arg-type]  # each case is one of its arguments


@pytest.mark.parametrize(("minor", "lines"), [(25_001, {}), (10**15, {}), (10_001, {"1": 10_001})])
def test_more_than_is_left_in_total_or_of_a_line_is_refused(minor: int, lines: dict[str, int]) -> None:
    with pytest.raises(OverRefundError):
        two_lines().reserve(KEY, Money(minor, "RUB"), lines=lines)


def test_the_marketplaces_own_refund_takes_what_is_left_of_each_line() -> None:
    ledger = two_lines().reserve(KEY, Money(4_000, "RUB"), lines={"1": 4_000})
    cancelled = ledger.observe(
        "observed:cancel", ledger.available, borne_by=CostBorneBy.UNCERTAIN, lines=ledger.left_of_lines(), rule="x"
    )
    assert {sku: line.refunded for sku, line in cancelled.lines.items()} == {"1": 6_000, "2": 15_000}
    assert (cancelled.refunded, cancelled.available) == (21_000, 0)
    assert cancelled.entries["observed:cancel"].rule == "x"
    assert cancelled.observe("observed:cancel", 1, borne_by=CostBorneBy.SELLER) is cancelled


_steps = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "confirm", "release", "observe"]),
        st.integers(0, 5),
        st.integers(-5, 30_000),
        st.sampled_from(["", "1", "2"]),
        st.integers(0, 500),
    ),
    max_size=30,
)


@given(_steps)
def test_whatever_is_tried_the_ledger_is_never_over_paid_and_its_sums_are_its_entries(
    steps: list[tuple[str, int, int, str, int]],
) -> None:
    ledger = two_lines()
    for what, index, minor, sku, postage in steps:
        key = f"k{index}"
        before = ledger
        try:
            if what == "reserve":
                lines = {sku: minor} if sku else {}
                beside = Money(postage, "RUB") if postage else None
                ledger = ledger.reserve(key, Money(minor, "RUB"), lines=lines, postage=beside)
            elif what == "observe":
                ledger = ledger.observe(f"o{index}", max(minor, 0), borne_by=CostBorneBy.UNCERTAIN)
            else:
                ledger = getattr(ledger, what)(key)
        except (InvalidInputError, OverRefundError):
            assert ledger is before
        price = [entry for entry in ledger.entries.values() if entry.kind is not EntryKind.POSTAGE]
        beside_it = [entry for entry in ledger.entries.values() if entry.kind is EntryKind.POSTAGE]
        for entries, sums in (
            (price, (ledger.reserved, ledger.refunded)),
            (beside_it, (ledger.postage_reserved, ledger.postage)),
        ):
            for state, total in zip((EntryState.RESERVED, EntryState.REFUNDED), sums, strict=True):
                assert sum(entry.minor for entry in entries if entry.state is state) == total
        assert 0 <= ledger.available <= ledger.paid
        assert all(line.reserved + line.refunded <= line.paid for line in ledger.lines.values())
        assert all(min(line.reserved, line.refunded) >= 0 for line in ledger.lines.values())
