"""The reason analysis, over the API: as JSON and as a table."""

from __future__ import annotations

import pytest

from shipby.application.returns.reason_report import refresh_reasons
from shipby.domain.postings.posting import Cancellation, Stage
from tests.functions.seller_api.api_support import OTHER, Caller
from tests.support import builders as a

GONE = Cancellation(reason_id=352, reason="Товар закончился", type="seller", after_ship=False, affects_rating=True)
PATH = "/v1/reports/returns"


@pytest.fixture
def shop(api: Caller) -> Caller:
    """A seller with one cancelled posting, whose day was made."""
    posting = a.posting(stage=Stage.CANCELLED, cancelled_by="seller", next_alarm=None)
    api.has_posting(posting, a.detail(cancellation=GONE))
    refresh_reasons(a.SELLER, store=api.store, clock=api.clock)
    return api


def test_a_report_has_rows_totals_denominators_and_definitions(shop: Caller) -> None:
    found = shop.get(PATH, **{"from": "2026-03-01", "to": "2026-03-02", "by": "reason"}).body

    pieces = sum(line.quantity for line in a.detail().lines)
    assert (found["from"], found["to"], found["by"]) == ("2026-03-01", "2026-03-02", ["reason"])
    assert [(row["kind"], row["group"], row["pieces"], row["rate"]) for row in found["rows"]] == [
        ("cancel", {"reason": "Товар закончился"}, pieces, "1.0000")
    ]
    assert (found["received"], found["shipped"], found["totals"]["return"]["pieces"]) == (pieces, 0, 0)
    assert (found["made_at"], found["missing_days"]) == ("2026-03-02T09:00:00Z", [])
    assert "pieces received for cancels" in found["definitions"]["rate"]


def test_left_out_a_report_is_of_thirty_days_by_all_four(shop: Caller) -> None:
    found = shop.get(PATH).body

    assert (found["from"], found["to"]) == ("2026-02-01", "2026-03-02")
    assert found["by"] == ["reason", "sku", "carrier", "supplier"]
    assert len(found["missing_days"]) == 27


def test_the_table_is_a_file_with_the_same_rows(shop: Caller) -> None:
    reply = shop.get(PATH, by="sku,reason", format="csv")

    headings, *rows = reply.body.removeprefix("\ufeff").splitlines()
    assert reply.headers["Content-Disposition"] == 'attachment; filename="returns-2026-02-01-2026-03-02.csv"'
    assert headings == "kind;sku;reason;cases;pieces;out_of;rate;currency;value;refunded;postage"
    assert len(rows) == len({line.sku for line in a.detail().lines})
    assert all("Товар закончился" in row for row in rows)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"by": "buyer"}, "by"),
        ({"by": "sku,,reason"}, "by"),
        ({"format": "xlsx"}, "format"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "query"),
        ({"from": "2025-01-01", "to": "2026-03-01"}, "query"),
        ({"from": "2025-01-01"}, "to"),
    ],
)
def test_a_report_of_nonsense_is_refused(shop: Caller, query: dict[str, str], field: str) -> None:
    reply = shop.call("GET", PATH, query=query)

    assert (reply.status, reply.fields) == (400, [field])


def test_nobody_sees_the_figures_of_another_seller(shop: Caller) -> None:
    assert shop.as_seller(OTHER).get(PATH).body["rows"] == []
    assert shop.as_role("packer").get(PATH).status == 403
    assert shop.as_role("support").get(PATH).status == 200
