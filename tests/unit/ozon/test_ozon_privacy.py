"""Personal data of buyers never leaves the parsers: planted everywhere, found nowhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shipby.adapters.ozon.reading.answers import Node
from shipby.adapters.ozon.reading.postings import posting_of
from shipby.adapters.ozon.reading.returns import return_of
from tests.unit.ozon.stub_marketplace import sample

READ_AT = datetime(2026, 10, 1, tzinfo=UTC)
CANARIES = ("Иванов Пётр", "+79161234567", "ул. Пушкина, д. 5", "Ивантеевка", "canary@example.test", "Домофон 12К")


def with_canaries(node: Any) -> Any:
    """The same object with personal data in every place where the API description has some, and in unknown ones."""
    name, phone, street, city, mail, comment = CANARIES
    return node | {
        "customer": {
            "customer_id": 1,
            "name": name,
            "phone": phone,
            "customer_email": mail,
            "address": {"address_tail": street, "city": city, "comment": comment, "latitude": 55.7},
        },
        "addressee": {"name": name, "phone": phone, "pin": comment},
        "analytics_data": {
            "city": city,
            "region": city,
            "delivery_type": street,
            "delivery_date_end": "2026-05-06T06:38:10Z",
        },
        "courier": {"name": name, "phone": phone, "car_number": comment},
        "legal_info": {"company_name": name, "inn": phone},
        "additional_data": [{"key": name, "value": phone}],
        "client_name": name,
        "client_photo": [mail],
        "comment": comment,
        "rejection_comment": comment,
        "return_method_description": street,
        "destination_place_name": city,
        "field_of_next_year": {"buyer": name, "phones": [phone]},
    }


@pytest.mark.parametrize("name", ["posting_fbs_get.response", "posting_fbs_unfulfilled_list_v4.response"])
def test_personal_data_never_comes_through_a_posting(name: str) -> None:
    answer = sample(name)
    fields = answer["result"] if "result" in answer else answer["postings"][0]
    shown = repr(posting_of(Node.of(with_canaries(fields), "posting"), READ_AT))
    assert [canary for canary in CANARIES if canary in shown] == []
    assert "2026, 5, 6, 6, 38, 10" in shown  # the delivery date beside the address does


def test_personal_data_never_comes_through_a_return() -> None:
    case = sample("returns_rfbs_get.response")["returns"]
    shown = repr(return_of("8000123456", Node.of(with_canaries(case), "return"), READ_AT))
    assert [canary for canary in CANARIES if canary in shown] == []
    assert "RET-2026-00123" in shown
    assert "rejected=True" in shown  # that there is a comment on a rejection, not what it says


def test_an_answer_on_its_way_shows_nothing_of_itself() -> None:
    assert "Иванов" not in repr(Node.of({"name": "Иванов"}, "x"))
