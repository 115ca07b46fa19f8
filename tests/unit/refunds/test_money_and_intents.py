"""Ledger, intents, money: every state and every refusal."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipby.domain.errors import InvalidInputError, OverRefundError, ShipbyError, StageMismatchError
from shipby.domain.events import posting_ref, return_ref
from shipby.domain.intents import IntentAction, IntentState, intent_id, intent_owner, request_hash
from shipby.domain.money import Money
from shipby.domain.refunds.ledger import CostBorneBy, EntryState, ExecutedBy, LineBalance, MoneyLedger
from tests.support import builders as a

SKU = "149123456"


def test_reserving_confirming_and_releasing_move_exactly_the_amount() -> None:
    reserved = a.ledger().reserve("i1", a.rub("100"), lines={SKU: 10_000})
    assert (reserved.reserved, reserved.refunded, reserved.available) == (10_000, 0, 15_000)
    assert reserved.lines[SKU] == LineBalance(paid=25_000, reserved=10_000)
    confirmed = reserved.confirm("i1")
    assert (confirmed.reserved, confirmed.refunded, confirmed.version) == (0, 10_000, 3)
    assert confirmed.lines[SKU] == LineBalance(paid=25_000, refunded=10_000)
    assert confirmed.entries["i1"].executed_by is ExecutedBy.SELLER
    released = reserved.release("i1")
    assert (released.reserved, released.refunded, released.available) == (0, 0, 25_000)
    assert released.entries["i1"].state is EntryState.RELEASED


def test_the_last_kopeck_can_be_reserved_and_not_one_more() -> None:
    full = a.ledger().reserve("i1", a.rub("250"))
    with pytest.raises(OverRefundError):
        full.reserve("i2", Money(1, "RUB"))


def test_a_line_has_its_own_limit() -> None:
    two = a.ledger(lines={SKU: LineBalance(paid=5_000), "2": LineBalance(paid=20_000)})
    with pytest.raises(OverRefundError):
        two.reserve("i1", a.rub("60"), lines={SKU: 6_000})


@pytest.mark.parametrize(
    ("key", "amount", "lines"),
    [
        ("new", Money(1, "CNY"), {}),
        ("new", Money(0, "RUB"), {}),
        ("new", Money(-5, "RUB"), {}),
        ("old", Money(1, "RUB"), {}),
        ("new", Money(1, "RUB"), {"unknown": 1}),
    ],
)
def test_what_makes_no_sense_is_not_reserved(key: str, amount: Money, lines: dict[str, int]) -> None:
    with pytest.raises(InvalidInputError):
        a.ledger().reserve("old", a.rub("1")).reserve(key, amount, lines=lines)


@pytest.mark.parametrize("end", ["confirm", "release"])
def test_a_reservation_ends_once(end: str) -> None:
    ended = getattr(a.ledger().reserve("i1", a.rub("1")), end)("i1")
    for again in (ended.confirm, ended.release):
        with pytest.raises(InvalidInputError):
            again("i1")
    with pytest.raises(InvalidInputError):
        a.ledger().confirm("never")


def test_what_the_marketplace_paid_is_booked_once_and_never_beyond_what_is_left() -> None:
    reserved = a.ledger().reserve("i1", a.rub("100"))
    seen = reserved.observe("observed:cancel", 99_999, borne_by=CostBorneBy.UNCERTAIN)
    assert (seen.refunded, seen.available) == (15_000, 0)
    assert seen.entries["observed:cancel"].executed_by is ExecutedBy.MARKETPLACE
    assert seen.observe("observed:cancel", 5, borne_by=CostBorneBy.UNCERTAIN) is seen


moves = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "confirm", "release", "observe"]), st.integers(0, 5), st.integers(-1, 20_000)
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(moves)
def test_no_sequence_of_movements_gives_back_more_than_was_paid(history: list[tuple[str, int, int]]) -> None:
    ledger = a.ledger()
    for move, which, minor in history:
        before = ledger
        try:
            ledger = _moved(ledger, move, f"k{which}", minor)
        except ShipbyError:
            assert ledger == before
            continue
        entries = ledger.entries.values()
        assert ledger.reserved == sum(e.minor for e in entries if e.state is EntryState.RESERVED)
        assert ledger.refunded == sum(e.minor for e in entries if e.state is EntryState.REFUNDED)
        assert 0 <= ledger.reserved + ledger.refunded <= ledger.paid
        assert all(0 <= line.reserved + line.refunded <= line.paid for line in ledger.lines.values())


def _moved(ledger: MoneyLedger, move: str, key: str, minor: int) -> MoneyLedger:
    match move:
        case "reserve":
            return ledger.reserve(key, Money(minor, "RUB"), lines={SKU: minor})
        case "confirm":
            return ledger.confirm(key)
        case "release":
            return ledger.release(key)
        case _:
            return ledger.observe(f"observed:{key}", max(minor, 0), borne_by=CostBorneBy.UNCERTAIN)


STEPS = {
    IntentState.PROPOSED: {IntentState.PENDING, IntentState.REJECTED},
    IntentState.PENDING: {IntentState.SENT, IntentState.CONFIRMED, IntentState.REJECTED},
    IntentState.SENT: {IntentState.CONFIRMED, IntentState.REJECTED, IntentState.UNKNOWN, IntentState.PENDING},
    IntentState.UNKNOWN: {IntentState.CONFIRMED, IntentState.REJECTED, IntentState.UNKNOWN, IntentState.PENDING},
    IntentState.CONFIRMED: set[IntentState](),
    IntentState.REJECTED: set[IntentState](),
}


@pytest.mark.parametrize("start", list(IntentState))
@pytest.mark.parametrize("target", list(IntentState))
def test_an_intent_moves_only_as_its_state_machine_says(start: IntentState, target: IntentState) -> None:
    intent = a.intent(state=start)
    if target in STEPS[start]:
        moved = intent.move(target, at=a.NOW, outcome="x")
        assert (moved.state, moved.version, moved.id) == (target, 2, intent.id)
        return
    with pytest.raises(StageMismatchError):
        intent.move(target, at=a.NOW)


def test_an_intent_id_names_its_owner() -> None:
    for ref in (posting_ref(a.NUMBER), return_ref(a.RETURN_ID)):
        assert intent_owner(intent_id(ref, IntentAction.CANCEL, 7)) == ref


@pytest.mark.parametrize("text", ["", "p", "x.1.cancel.1", "p..cancel.1", "p.1.fly.1", "p.1.cancel.1.2"])
def test_what_is_no_intent_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        intent_owner(text)


def test_the_hash_of_a_request_does_not_depend_on_the_order_of_its_fields() -> None:
    assert request_hash({"a": 1, "b": "я"}) == request_hash({"b": "я", "a": 1})
    assert request_hash({"a": 1}) != request_hash({"a": "1"})


@pytest.mark.parametrize(
    ("text", "currency", "minor"), [("12.50", "RUB", 1250), ("7", "JPY", 7), ("1.234", "KWD", 1234)]
)
def test_money_reads_and_writes_decimals_exactly(text: str, currency: str, minor: int) -> None:
    money = Money.parse(text, currency)
    assert money.minor == minor
    assert money.amount == text


@pytest.mark.parametrize("text", ["", "x", "1.234", "NaN", "Infinity", "1e999999999"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        Money.parse(text, "RUB")


def test_currencies_do_not_mix_and_percent_rounds_half_even() -> None:
    with pytest.raises(InvalidInputError):
        a.rub("1") + Money(1, "CNY")
    assert Money(250, "RUB").percent(Decimal(1)) == Money(2, "RUB")
    assert a.rub("3") - a.rub("1") == a.rub("2")
