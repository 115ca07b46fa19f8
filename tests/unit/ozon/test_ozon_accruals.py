"""Accruals read without trust, and which of their types are refunds."""

from __future__ import annotations

from datetime import date

import pytest

from shipby.adapters.ozon.reading.accruals import kind_of
from shipby.application.cases.odd_entries import noting
from shipby.application.ports.accruals import Accrual, Accruals
from shipby.domain.errors import InvalidInputError
from shipby.domain.money import Money
from shipby.domain.refunds.ledger import EntryKind
from tests.unit.ozon.cases.money import ACCRUALS_ANSWER, NUMBER, TYPES_ANSWER
from tests.unit.ozon.stub_marketplace import Reply, StubMarketplace, client_of

PATH = "/v1/finance/accrual/postings"


def port_of(marketplace: StubMarketplace) -> Accruals:
    return client_of(marketplace.base_url).accruals


def test_a_charge_is_negative_and_a_missing_currency_is_the_marketplaces_own(marketplace: StubMarketplace) -> None:
    marketplace.on(PATH, Reply(ACCRUALS_ANSWER))
    found = port_of(marketplace).postings([NUMBER, "none"])
    assert found == {
        NUMBER: (
            Accrual(type_id=3, amount=Money(-50_010, "RUB"), on=date(2026, 11, 20), sku="827098843", quantity=1),
            Accrual(type_id=9, amount=Money(1200, "RUB")),
        )
    }


def test_many_postings_are_asked_for_in_chunks_of_two_hundred(marketplace: StubMarketplace) -> None:
    for _ in range(2):
        marketplace.on(PATH, Reply({"posting_accruals": []}))
    assert port_of(marketplace).postings([f"1-{n}" for n in range(201)]) == {}
    assert [len(call.json["posting_numbers"]) for call in marketplace.received] == [200, 1]


@pytest.mark.parametrize("accrued", [{"amount": "much"}, {"amount": None}, {}, {"amount": "1", "currency": "roubles"}])
def test_an_amount_that_cannot_be_read_sets_its_postings_accruals_aside(
    marketplace: StubMarketplace, accrued: dict[str, object]
) -> None:
    good = {"accrued": {"amount": "1", "currency": "RUB"}}
    wrong = {"posting_accruals": [{"posting_number": "1", "accruals": [good, {"accrued": accrued}]}]}
    marketplace.on(PATH, Reply(wrong))
    with noting() as odd:
        assert port_of(marketplace).postings(["1"]) == {}, "a part of them would look like a difference"
    assert [entry.subject for entry in odd] == ["accruals of posting 1"]


def test_types_are_known_by_their_words(marketplace: StubMarketplace) -> None:
    marketplace.on("/v1/finance/accrual/types", Reply(TYPES_ANSWER))
    assert {each.id: each.kind for each in port_of(marketplace).types()} == {3: EntryKind.COMPENSATION, 9: None}


@pytest.mark.parametrize(
    ("name", "description", "kind"),
    [
        ("ReturnRefund", "", EntryKind.REFUND),
        ("x", "Возврат денег покупателю по заявке", EntryKind.REFUND),
        ("x", "Возмещение обратной доставки покупателю", EntryKind.POSTAGE),
        ("ReturnPostage", "", EntryKind.POSTAGE),
        ("x", "Обратная магистраль", None),
        ("Commission", "Вознаграждение за продажу", None),
        ("", "", None),
    ],
)
def test_a_fee_for_the_way_back_is_not_the_buyers_postage(name: str, description: str, kind: EntryKind | None) -> None:
    assert kind_of(name, description) is kind


@pytest.mark.parametrize(("items", "message"), [({}, "x"), ({"1": 0}, "x"), ({"1": 1}, " "), ({"a": 1}, "x")])
def test_an_incomplete_cancel_of_items_is_never_sent(
    marketplace: StubMarketplace, items: dict[str, int], message: str
) -> None:
    with pytest.raises(InvalidInputError):
        client_of(marketplace.base_url).cancel_items(NUMBER, items, 352, message)
    assert marketplace.received == []
