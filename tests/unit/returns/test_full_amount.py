"""What the goods of a return cost: the marketplace tells whole units, sometimes in another currency, of one of several
lines; the posting's own lines have the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.application.returns.refund_money import full_amount
from shipby.domain.money import Money
from shipby.domain.postings.posting import MarketplacePosting
from tests.support import builders as a

SKU = a.line().sku


def detail(*lines: tuple[str, int], currency: str = "RUB") -> MarketplacePosting:
    return a.detail(lines=tuple(a.line(price=Money.parse(price, currency), quantity=count) for price, count in lines))


def worth(told: str, *lines: tuple[str, int], quantity: int = 1, currency: str = "RUB") -> str:
    case = a.return_case(sku=SKU, price=a.rub(told), quantity=quantity)
    found = full_amount(case, detail(*lines, currency=currency))
    assert found is not None
    return f"{found.amount} {found.currency}"


@pytest.mark.parametrize(
    ("paid", "told"),
    [("1499.50", "1500"), ("1499.50", "1499"), ("0.60", "1"), ("0.60", "0"), ("2590.99", "2591"), ("2590.99", "2590")],
)
def test_a_copy_in_whole_units_is_the_exact_price_whichever_way_it_was_rounded(paid: str, told: str) -> None:
    assert worth(told, (paid, 1)) == f"{paid} RUB"
    assert worth(told, (paid, 3), quantity=3) == f"{Money.parse(paid, 'RUB').minor * 3 / 100:.2f} RUB"


def test_a_price_of_all_pieces_is_told_from_one_of_each() -> None:
    assert worth("2999", ("1499.50", 2)) == "2999.00 RUB"
    assert worth("1499", ("1499.50", 2)) == "1499.50 RUB"


def test_of_two_lines_of_an_article_the_one_with_this_price_counts() -> None:
    assert worth("900", ("1499.50", 1), ("899.90", 1)) == "899.90 RUB"
    assert worth("1499", ("899.90", 1), ("1499.50", 1)) == "1499.50 RUB"
    assert worth("900", ("899.50", 1), ("899.90", 1)) == "899.90 RUB"


def test_another_price_is_taken_as_it_is_told() -> None:
    assert worth("700", ("1499.50", 1)) == "700.00 RUB"
    assert worth("1499.20", ("1499.50", 1)) == "1499.20 RUB"


def test_a_return_priced_in_the_currency_of_the_cabinet_costs_what_was_paid() -> None:
    assert worth("1390", ("118.90", 2), currency="CNY") == "118.90 CNY"
    assert worth("1390", ("118.90", 2), quantity=2, currency="CNY") == "237.80 CNY"
    assert worth("1390", ("118.90", 1), ("118.90", 1), quantity=2, currency="CNY") == "237.80 CNY"


def test_where_the_lines_do_not_agree_or_hold_fewer_nothing_is_made_up() -> None:
    assert worth("1390", ("118.90", 1), ("90.00", 1), currency="CNY") == "1390.00 RUB"
    assert worth("1390", ("118.90", 1), quantity=2, currency="CNY") == "2780.00 RUB"


@given(minor=st.integers(1, 10_000_000), quantity=st.integers(1, 5), up=st.booleans())
def test_whatever_was_paid_is_found_again(minor: int, quantity: int, up: bool) -> None:
    told = -(-minor // 100) if up else minor // 100
    case = a.return_case(sku=SKU, price=Money(told * 100, "RUB"), quantity=quantity)
    lines = (a.line(price=Money(minor, "RUB"), quantity=quantity),)
    assert full_amount(case, a.detail(lines=lines)) == Money(minor * quantity, "RUB")


@pytest.mark.parametrize(
    ("told", "quantity", "lines", "wanted"),
    [
        ("201", 1, (("100.40", 1), ("100.90", 1)), "201.30"),
        ("101", 2, (("100.40", 1), ("100.90", 1)), "201.30"),
        ("100", 2, (("100.40", 1), ("100.40", 1)), "200.80"),
        ("302", 1, (("100.40", 2), ("100.90", 1)), "301.70"),
        ("10", 1, (("1.10", 1), ("2.10", 1), ("3.10", 1), ("4.20", 1)), "10.50"),
        ("3", 1, (("1.10", 1), ("2.90", 1), ("23.10", 1), ("44.20", 1)), "2.90"),
        ("150", 1, (("0.99", 151),), "149.49"),
    ],
)
def test_pieces_of_several_lines_may_be_one_return(
    told: str, quantity: int, lines: tuple[tuple[str, int], ...], wanted: str
) -> None:
    assert worth(told, *lines, quantity=quantity) == f"{wanted} RUB"


def test_a_return_without_a_sku_is_of_the_line_with_its_price() -> None:
    other = a.line(sku="2", quantity=1, price=a.rub("10.20"))
    detail = a.detail(lines=(a.line(sku=SKU, quantity=1, price=a.rub("1499.50")), other))
    for told, wanted in (("1500", "1499.50"), ("10", "10.20"), ("1510", "1509.70")):
        case = a.return_case(sku="", price=a.rub(told), quantity=1)
        assert full_amount(case, detail) == a.rub(wanted)
