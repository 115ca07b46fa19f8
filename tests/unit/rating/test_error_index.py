"""The error index: bands, room and fees, with bounds that err on the safe side."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.errors import InvalidInputError
from shipby.domain.market import Market
from shipby.domain.money import Money
from shipby.domain.rating.error_index import (
    TABLES,
    Band,
    IndexState,
    bands_of,
    forecast,
    leaves_on,
    room,
    shipments_of,
    table_for,
)
from shipby.domain.rating.standing import RatingThresholds
from tests.support import builders as a

FIVE = table_for(Market.GLOBAL, date(2026, 3, 2))
RU = table_for(Market.RU, date(2026, 3, 2))


def state(errors: int, shipments: int, **more: object) -> IndexState:
    index = Decimal(errors) * 100 / shipments if shipments else Decimal(0)
    base = {"index": index, "errors": errors, "shipments": shipments, "shipments_most": shipments, "basis": "index"}
    return IndexState(**{**base, **more})  # type: ignore[arg-type]  # a test's own words


def limits(table_bands: tuple[Band, ...]) -> list[tuple[str, str | None]]:
    return [(band.name, None if band.up_to is None else str(band.up_to)) for band in table_bands]


def test_the_table_of_a_day_is_the_newest_that_is_valid_then() -> None:
    assert table_for(Market.GLOBAL, date(2025, 12, 31)).name == "global-three-zones"
    assert FIVE.name == "global-five-zones"
    assert table_for(Market.RU, date(2020, 1, 1)).name == "ru-error-index"
    assert table_for(Market.RU, date(2026, 3, 2), name="global-three-zones").name == "global-three-zones"
    with pytest.raises(InvalidInputError, match="global-five-zones"):
        table_for(Market.RU, date(2026, 3, 2), name="four-zones")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_says_where_it_comes_from_and_its_bands_climb(table: object) -> None:
    assert table in TABLES
    for one in TABLES:
        assert one.source
        ends = [band.up_to for band in one.bands]
        assert ends[-1] is None
        assert ends[:-1] == sorted(end for end in ends[:-1] if end is not None)
        assert [band.blocks for band in one.bands] == [False] * (len(ends) - 1) + [True]


@pytest.mark.parametrize(
    ("index", "errors", "expected"),
    [
        ("4", 4, (81, 133)),  # 4 % may be anything that was written with no more digits
        ("3.75", 3, (80, 80)),
        ("33.333333333333336", 1, (3, 3)),
        ("2.5", 3, (116, 124)),
        ("0", 0, (0, 0)),
        ("0", 3, (0, 0)),
        ("2.5", 0, (0, 0)),
        ("50", 7, (14, 14)),
        ("1", 1, (51, 100)),
    ],
)
def test_the_number_of_shipments_is_read_off_the_index(index: str, errors: int, expected: tuple[int, int]) -> None:
    assert shipments_of(Decimal(index), errors) == expected


@given(errors=st.integers(1, 400), shipments=st.integers(1, 20_000), digits=st.integers(1, 15))
def test_the_true_number_of_shipments_lies_within_what_is_read_off(errors: int, shipments: int, digits: int) -> None:
    shipments = max(shipments, errors)
    index = round(Decimal(errors) * 100 / shipments, digits)
    least, most = shipments_of(index, errors)
    assert index == 0 or least <= shipments <= most or (index <= Decimal(10) ** -digits)


@given(
    errors=st.integers(0, 300),
    shipments=st.integers(1, 5_000),
    ahead=st.integers(0, 5),
    table=st.sampled_from(TABLES),
)
def test_the_room_is_exactly_what_fits_before_a_worse_band(
    errors: int, shipments: int, ahead: int, table: object
) -> None:
    chosen = next(one for one in TABLES if one == table)
    now, bands = state(errors, max(errors, shipments), ahead=ahead), bands_of(chosen)
    left = room(now, bands)
    if left is None:
        assert not forecast(now, bands, 50, table=chosen).worse
        return
    assert left == 0 or not forecast(now, bands, left, table=chosen).worse
    assert forecast(now, bands, left + 1, table=chosen).worse


def test_three_more_cancels_before_blue() -> None:
    told = forecast(state(1, 110), bands_of(FIVE), table=FIVE)
    assert (told.room, told.band_now, told.next_band) == (3, FIVE.bands[0], FIVE.bands[1])
    assert not told.worse
    assert not told.estimated
    fourth = forecast(state(1, 110), bands_of(FIVE), 4, table=FIVE, price=a.rub("2000.00"))
    assert fourth.worse
    assert (fourth.fee, fourth.capped) == (a.rub("60.00"), True)


def test_cancels_that_the_index_does_not_show_yet_use_room_up() -> None:
    assert room(state(1, 110, ahead=2), bands_of(FIVE)) == 1
    assert forecast(state(1, 110, ahead=3), bands_of(FIVE), table=FIVE).worse


def test_a_rough_index_never_hides_that_a_cancel_makes_it_worse() -> None:
    least, most = shipments_of(Decimal(4), 4)
    rough = IndexState(index=Decimal(4), errors=4, shipments=least, shipments_most=most, basis="index")
    told = forecast(rough, bands_of(FIVE), table=FIVE)
    assert told.estimated
    assert told.band_now is not None
    assert (told.band_now.name, told.room, told.worse) == ("green", 0, True)


@pytest.mark.parametrize(
    ("price", "fee", "capped"),
    [
        (a.rub("1000.00"), a.rub("90.00"), True),
        (a.rub("90000.00"), a.rub("1500.00"), True),
        (Money(500_000, "CNY"), Money(45_000, "CNY"), False),
        (None, None, False),
    ],
)
def test_a_fee_is_capped_where_the_cap_is_in_its_currency(price: Money | None, fee: Money | None, capped: bool) -> None:
    told = forecast(state(30, 100), bands_of(FIVE), table=FIVE, price=price)
    assert (told.fee, told.capped, told.fee_percent) == (fee, capped, Decimal(9))


def test_what_the_marketplace_charged_goes_before_an_uncertain_table_but_not_before_a_certain_one() -> None:
    price = a.rub("2000.00")
    charged = state(1, 100, charge_percent=Decimal(5))
    assert forecast(charged, bands_of(RU), table=RU, price=price).fee == a.rub("100.00")
    assert forecast(state(1, 100), bands_of(RU), table=RU, price=price).fee == a.rub("30.00")
    assert forecast(state(1, 100), bands_of(RU), table=RU, price=a.rub("100.00")).fee == a.rub("20.00")
    assert forecast(charged, bands_of(FIVE), table=FIVE, price=price).fee == a.rub("0.00")
    assert forecast(charged, bands_of(RU), table=RU).estimated


def thresholds(warning: str | None, danger: str | None) -> RatingThresholds:
    return RatingThresholds(
        rating="r", warning=Decimal(warning) if warning else None, danger=Decimal(danger) if danger else None
    )


@pytest.mark.parametrize(
    ("table", "warning", "danger", "expected"),
    [
        (RU, "3", "30", [("green", "3"), ("yellow", "30"), ("red", None)]),
        (RU, "3", None, [("green", "3"), ("yellow", "50"), ("red", None)]),
        (RU, None, "2", [("green", "2"), ("red", None)]),
        (RU, "60", None, [("green", "4"), ("yellow", "50"), ("red", None)]),
        (FIVE, "3", None, [("green", "4"), ("blue", "10"), ("yellow", "20"), ("orange", "40"), ("red", None)]),
        (FIVE, None, "15", [("green", "4"), ("blue", "10"), ("yellow", "15"), ("red", None)]),
        (FIVE, None, "60", [("green", "4"), ("blue", "10"), ("yellow", "20"), ("orange", "60"), ("red", None)]),
    ],
)
def test_thresholds_of_the_marketplace_replace_the_dated_limits(
    table: object, warning: str | None, danger: str | None, expected: list[tuple[str, str | None]]
) -> None:
    chosen = next(one for one in TABLES if one == table)
    assert limits(bands_of(chosen, thresholds(warning, danger))) == expected


def test_without_any_shipments_nothing_is_foretold() -> None:
    told = forecast(state(0, 0, basis="none"), bands_of(FIVE), table=FIVE)
    assert (told.known, told.worse, told.room, told.index, told.estimated) == (False, False, None, None, True)


def test_our_own_count_is_an_estimate() -> None:
    assert forecast(state(0, 200, basis="own_count"), bands_of(FIVE), table=FIVE).estimated


def test_an_error_leaves_when_the_period_has_moved_past_it() -> None:
    first, last = date(2026, 2, 16), date(2026, 3, 1)
    assert leaves_on(first, first, last) == date(2026, 3, 2)
    assert leaves_on(last, first, last) == date(2026, 3, 15)
