"""How lengths of time, money and moments look and are typed."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.money import Money
from shipby_local.commands.text import length_of, length_text, money_of, money_text, times_text
from shipby_local.stack.errors import StackError
from tests.support import builders as a


@pytest.mark.parametrize(
    ("typed", "minutes"), [("30m", 30), ("4h", 240), ("1d12h", 2160), ("+30m", 30), ("-1h", -60), (" 90M ", 90)]
)
def test_people_type_lengths_of_time(typed: str, minutes: int) -> None:
    assert length_of(typed, "--within") == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "typed", ["", "4", "h", "4 h", "4w", "--4h", "1.5h", "PT1.5H", "9999999999d", "9999999d", "-9999999d", "4h!"]
)
def test_anything_else_is_answered_with_how_to_write_it(typed: str) -> None:
    with pytest.raises(StackError, match="--within"):
        length_of(typed, "--within")


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=45), "45 s"),
        (timedelta(minutes=15), "15 min"),
        (timedelta(hours=7, seconds=2), "7 h"),
        (timedelta(days=3, hours=4, minutes=5), "3 d 4 h"),
        (-timedelta(hours=1, minutes=30), "-1 h 30 min"),
    ],
)
def test_lengths_are_shown_by_their_two_largest_units(length: timedelta, text: str) -> None:
    assert length_text(length) == text


@given(st.integers(0, 10**7).map(lambda minutes: timedelta(minutes=minutes)))
def test_every_whole_number_of_minutes_can_be_typed(length: timedelta) -> None:
    assert length_of(f"{length // timedelta(minutes=1)}m", "--within") == length


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(123_456_789, "RUB"), "1,234,567.89 RUB"),
        (Money(5, "CNY"), "0.05 CNY"),
        (Money(-5, "RUB"), "-0.05 RUB"),
        (Money(0, "RUB"), "0.00 RUB"),
    ],
)
def test_money_is_shown_to_the_kopeck(money: Money, text: str) -> None:
    assert money_text(money) == text
    assert money_of({"amount": money.amount, "currency": money.currency}) == text


def test_no_money_is_a_dash() -> None:
    assert money_of(None) == "-"


def test_a_moment_is_shown_on_the_sellers_clock_in_moscow_and_in_utc_each_once() -> None:
    assert times_text(a.NOW, "Asia/Shanghai") == "02.03. 17:00 Shanghai\n02.03. 12:00 Moscow\n02.03. 09:00 UTC"
    assert times_text(a.NOW, "Europe/Moscow") == "02.03. 12:00 Moscow\n02.03. 09:00 UTC"
