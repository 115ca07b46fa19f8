"""Reading the seller's standing: index, its postings, thresholds, the key."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shipby.adapters.ozon import OzonClient, methods
from shipby.adapters.ozon.reading.answers import Node, parse_json
from shipby.adapters.ozon.reading.rating import error_index_of, indexed_posting_of, key_info_of, thresholds_of
from shipby.application.cases.odd_entries import noting
from shipby.domain.errors import MarketplaceUnavailableError
from shipby.domain.money import Money
from shipby.domain.rating.standing import IndexDay, IndexErrorKind, KeyInfo, RatingThresholds
from tests.unit.ozon.cases.stub_standing import HISTORY_ANSWER, INDEX_ANSWER, INDEX_POSTINGS_ANSWER, ROLES_ANSWER
from tests.unit.ozon.openapi_contract import CONTRACT_MISSING, Contract
from tests.unit.ozon.stub_marketplace import Reply, StubMarketplace

SINCE, TO = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 15, tzinfo=UTC)
TODAY = date(2026, 10, 14)
INDEX_RATING = "rating_general_indicator_fbs_rfbs"


def node(value: Any) -> Node:
    return Node.of(parse_json(json.dumps(value).encode()), "/x")


def entry(**changes: Any) -> dict[str, Any]:
    return {**INDEX_POSTINGS_ANSWER["errors"][0], **changes}


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        (methods.ROLES, ROLES_ANSWER),
        (methods.INDEX_INFO, INDEX_ANSWER),
        (methods.INDEX_POSTINGS, INDEX_POSTINGS_ANSWER),
        (methods.RATING_HISTORY, HISTORY_ANSWER),
    ],
    ids=lambda value: getattr(value, "path", ""),
)
def test_our_samples_keep_to_the_published_contract(method: methods.Method, answer: Any) -> None:
    contract = Contract.load()
    if contract is None:
        pytest.skip(CONTRACT_MISSING)
    assert contract.problems_of_answer(method.path, answer) == []


def test_the_key_has_an_end_and_the_methods_of_all_its_roles(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.ROLES.path, Reply(ROLES_ANSWER))
    assert client.key_info() == KeyInfo(
        expires_at=datetime(2026, 2, 18, 9, 54, 23, 296000, tzinfo=UTC), methods=("/v1/actions", "/v1/posting")
    )


@pytest.mark.parametrize("answer", [{}, {"expires_at": None, "roles": None}, {"expires_at": "0001-01-01T00:00:00Z"}])
def test_a_key_may_have_no_end_and_no_roles(answer: Any) -> None:
    assert key_info_of(node(answer)) == KeyInfo(expires_at=None, methods=())


def test_the_index_is_read_to_the_kopeck_and_never_through_a_binary_float(
    marketplace: StubMarketplace, client: OzonClient
) -> None:
    marketplace.on(methods.INDEX_INFO.path, Reply(INDEX_ANSWER))
    found = client.error_index()
    assert found.index == Decimal("3.3333333333333335")
    assert found.costs == Money(33_010, "RUB")
    assert (found.period_from, found.period_to) == (date(2026, 10, 1), date(2026, 10, 14))
    assert found.days == (
        IndexDay(day=date(2026, 10, 1), index=Decimal(0), costs=Money(0, "RUB")),
        IndexDay(day=date(2026, 10, 2), index=Decimal("0.000033333333333333335"), costs=Money(33_010, "RUB")),
    )


def test_the_noise_of_a_double_does_not_become_money() -> None:
    noisy = entry(charge_price=70.10000000000001, product_price=2336.6666666666665)
    found = indexed_posting_of(node(noisy))
    assert (found.charge, found.product_price) == (Money(7_010, "RUB"), Money(233_667, "RUB"))


@pytest.mark.parametrize("answer", [{}, {"defects": None, "index": None, "currency_code": None, "period_from": ""}])
def test_an_index_of_a_seller_without_errors_covers_fourteen_days_to_today(answer: Any) -> None:
    found = error_index_of(node(answer), TODAY)
    assert (found.period_from, found.period_to) == (date(2026, 10, 1), TODAY)
    assert (found.index, found.costs, found.days) == (Decimal(0), Money(0, "RUB"), ())


def test_errors_of_the_index_are_read_page_by_page(marketplace: StubMarketplace, client: OzonClient) -> None:
    last = {**INDEX_POSTINGS_ANSWER, "cursor": "", "has_next": False, "errors": []}
    marketplace.on(methods.INDEX_POSTINGS.path, Reply(INDEX_POSTINGS_ANSWER), Reply(last))
    page = client.index_errors(since=SINCE, to=TO)
    assert page.cursor == "next"
    assert [(one.kind, one.charge, one.charge_percent, one.grace, one.scheme) for one in page.items] == [
        (IndexErrorKind.SELLER_CANCELLATION, Money(7_010, "RUB"), Decimal("3"), False, "FBS"),
        (IndexErrorKind.SELLER_DELAY, Money(0, "CNY"), Decimal("0"), True, "rFBS"),
    ]
    assert page.items[1].product_price == Money(19_999, "CNY")
    assert client.index_errors(since=SINCE, to=TO, cursor="next").cursor is None
    assert [one.json["cursor"] for one in marketplace.received] == ["", "next"]


@pytest.mark.parametrize("answer", [{"has_next": True, "cursor": "same"}, {"has_next": False, "cursor": "more"}])
def test_a_cursor_that_stands_still_or_leads_nowhere_ends_the_listing(
    marketplace: StubMarketplace, client: OzonClient, answer: Any
) -> None:
    marketplace.on(methods.INDEX_POSTINGS.path, Reply({"errors": [], **answer}))
    assert client.index_errors(since=SINCE, to=TO, cursor="same").cursor is None


@pytest.mark.parametrize("kind", ["UNSPECIFIED", "SELLER_NAPPED", "OTHER", ""])
def test_an_unknown_kind_of_error_keeps_its_name(kind: str) -> None:
    found = indexed_posting_of(node(entry(posting_error_type=kind)))
    assert (found.kind, found.raw_kind) == (IndexErrorKind.OTHER, kind)


@pytest.mark.parametrize(
    ("charge", "price", "expected"),
    [
        (None, None, ("RUB", "RUB")),
        ("", "CNY", ("CNY", "CNY")),
        ("BYN", None, ("BYN", "BYN")),
        ("USD", "EUR", ("USD", "EUR")),
    ],
)
def test_a_missing_currency_is_the_other_ones_or_the_marketplaces(
    charge: str | None, price: str | None, expected: tuple[str, str]
) -> None:
    changed = entry(charge_price_currency_code=charge, product_price_currency_code=price)
    found = indexed_posting_of(node(changed))
    assert (found.charge.currency, found.product_price.currency) == expected


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"error_at": None}, "error_at"),
        ({"posting_number": ""}, "posting_number"),
        ({"charge_price": "free"}, "charge_price"),
        ({"charge_price_currency_code": "roubles"}, "charge_price_currency_code"),
    ],
)
def test_an_unreadable_error_names_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(MarketplaceUnavailableError, match=field):
        indexed_posting_of(node(entry(**changes)))


@pytest.mark.parametrize("day", [None, "", "yesterday"])
def test_a_day_of_the_index_without_a_date_is_set_aside(day: str | None) -> None:
    with noting() as odd:
        found = error_index_of(node({"defects": [{"date": day}, INDEX_ANSWER["defects"][1]]}), TODAY)
    assert [one.day for one in found.days] == [date(2026, 10, 1)]
    assert [entry.problem.partition(" ")[0] for entry in odd] == ["date"]


def test_thresholds_are_those_of_the_asked_rating(marketplace: StubMarketplace, client: OzonClient) -> None:
    marketplace.on(methods.RATING_HISTORY.path, Reply(HISTORY_ANSWER))
    assert client.rating_thresholds(INDEX_RATING, since=SINCE, to=TO) == RatingThresholds(
        rating=INDEX_RATING, warning=Decimal("4"), danger=Decimal("40.5")
    )


@pytest.mark.parametrize("nothing", [0, None])
def test_a_threshold_of_nothing_is_none(nothing: int | None) -> None:
    answer = {"ratings": [{"rating": "rating_on_time", "warning_threshold": nothing, "danger_threshold": nothing}]}
    found = thresholds_of(node(answer), "rating_on_time")
    assert found == RatingThresholds(rating="rating_on_time", warning=None, danger=None)


@pytest.mark.parametrize("answer", [{}, {"ratings": None}, {"ratings": [{"rating": "another"}]}])
def test_a_rating_that_the_seller_does_not_have_is_none(answer: Any) -> None:
    assert thresholds_of(node(answer), INDEX_RATING) is None
