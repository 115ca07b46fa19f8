"""Goods on their way back: an allow-list of /v1/returns/list, page by page."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shipby.adapters.ozon import methods
from shipby.adapters.ozon.reading.answers import Node
from shipby.adapters.ozon.reading.goods_returns import goods_return_of
from shipby.domain.errors import MarketplaceUnavailableError
from shipby.domain.money import Money
from shipby.domain.returns.return_case import ReturnSource
from tests.unit.ozon.stub_marketplace import Reply, StubMarketplace, client_of

READ_AT = datetime(2026, 10, 2, tzinfo=UTC)


def entry(**changes: Any) -> dict[str, Any]:
    """As the API description has it."""
    return {
        "id": 1000015552,
        "schema": "Fbs",
        "type": "ClientReturn",
        "return_reason_name": "Не подошёл",
        "posting_number": "33920158-0006-1",
        "place": {"id": 1, "name": "МО_СОФЬИНО", "address": "Улица 1"},
        "storage": {
            "sum": {"currency_code": "RUB", "price": Decimal("75.005")},
            "utilization_forecast_date": "2026-11-01T00:00:00Z",
        },
        "product": {
            "sku": 5,
            "offer_id": "A-1",
            "quantity": 2,
            "price": {"currency_code": "RUB", "price": Decimal("1990.50")},
        },
        "logistic": {"return_date": "2026-10-01T10:00:00Z", "barcode": "ii5275210303"},
        "visual": {
            "status": {"id": 34, "display_name": "В пункте выдачи", "sys_name": "ArrivedAtReturnPlace"},
            "change_moment": "2026-10-01T12:00:00Z",
        },
    } | changes


def found(**changes: Any) -> Any:
    return goods_return_of(Node.of(entry(**changes), "entry"), READ_AT)


def test_an_entry_becomes_a_return_of_its_own_kind_of_id() -> None:
    goods = found()
    assert (goods.id, goods.number, goods.source) == ("fbs-1000015552", "1000015552", ReturnSource.FBS)
    assert (goods.state, goods.state_name, goods.kind) == ("ArrivedAtReturnPlace", "В пункте выдачи", "ClientReturn")
    assert (goods.price, goods.storage) == (Money(199_050, "RUB"), Money(7_500, "RUB"))
    assert (goods.quantity, goods.barcode, goods.place) == (2, "ii5275210303", "МО_СОФЬИНО")
    assert goods.scrapped_at == datetime(2026, 11, 1, tzinfo=UTC)
    assert goods.opened_at == datetime(2026, 10, 1, 10, tzinfo=UTC)
    assert goods.changed_at == datetime(2026, 10, 1, 12, tzinfo=UTC)


def test_what_is_missing_is_empty_and_only_the_id_is_needed() -> None:
    goods = goods_return_of(Node.of({"id": 7}, "entry"), READ_AT)
    assert (goods.posting_number, goods.state, goods.quantity) == ("", "", 1)
    assert (goods.opened_at, goods.price, goods.storage, goods.scrapped_at) == (None, None, None, None)
    with pytest.raises(MarketplaceUnavailableError, match="id"):
        goods_return_of(Node.of({}, "entry"), READ_AT)


def test_addresses_never_come_through() -> None:
    assert "Улица" not in repr(found())


def test_pages_go_on_as_long_as_there_are_more_and_other_schemes_are_left_out(marketplace: StubMarketplace) -> None:
    page = {"returns": [{"id": 1000015552, "schema": "Fbs"}, {"id": 1000015553, "schema": "Fbo"}], "has_next": True}
    marketplace.on(methods.GOODS_RETURNS_LIST.path, Reply(page), Reply({"returns": [], "has_next": False}))
    client = client_of(marketplace.base_url, now=lambda: READ_AT)
    first = client.goods_returns(since=READ_AT)
    assert [goods.id for goods in first.items] == ["fbs-1000015552"]
    assert first.cursor == "1000015553"
    assert client.goods_returns(since=READ_AT, last_id=1000015553).cursor is None


def test_the_dates_of_storage_where_it_goes_and_the_marketplaces_compensation_are_kept() -> None:
    goods = found(
        storage={
            "sum": {"currency_code": "RUB", "price": 0},
            "arrived_moment": "2026-10-01T08:00:00Z",
            "tariffication_start_date": "2026-10-04T00:00:00Z",
            "tariffication_first_date": "2026-10-05T00:00:00Z",
        },
        target_place={"id": 2, "name": "ХОРУГВИНО", "address": "Улица 2"},
        compensation_status={
            "status": {"id": 2, "display_name": "Вы получили компенсацию", "sys_name": "Received"},
            "change_moment": "2026-10-06T00:00:00Z",
        },
    )
    assert (goods.arrived_at, goods.storage_since, goods.storage_charged_since) == (
        datetime(2026, 10, 1, 8, tzinfo=UTC),
        datetime(2026, 10, 4, tzinfo=UTC),
        datetime(2026, 10, 5, tzinfo=UTC),
    )
    assert (goods.target_place, goods.compensation_status) == ("ХОРУГВИНО", "Received")
    assert goods.compensation_changed_at == datetime(2026, 10, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (None, ""),
        ({}, ""),
        ({"status": {"id": 4}}, "DecompensationSent"),
        ({"status": {"id": 9}}, ""),
        ({"status": {"sys_name": "New"}}, "New"),
    ],
)
def test_a_compensation_is_known_by_its_name_or_its_published_id(told: object, kept: str) -> None:
    assert found(compensation_status=told).compensation_status == kept
