"""What each method of the client sends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from shipby.adapters.ozon import OzonClient, methods
from shipby.adapters.ozon.switch_offs import FIELDS_SWITCHED_OFF, SWITCHED_OFF, SwitchOff, ending
from shipby.application.ports.marketplace import Marketplace
from shipby.domain.money import Money
from shipby.domain.packing.cards import Exemplar
from shipby.domain.postings.delivery import DeliveryStage
from tests.unit.ozon.cases.cancellations import CANCELLATION_CASES
from tests.unit.ozon.cases.carriages import CARRIAGE_CASES
from tests.unit.ozon.cases.money import MONEY_CASES
from tests.unit.ozon.cases.stocks import STOCK_CASES
from tests.unit.ozon.cases.stub_standing import HISTORY_ANSWER, INDEX_ANSWER, INDEX_POSTINGS_ANSWER, ROLES_ANSWER
from tests.unit.ozon.openapi_contract import CONTRACT_MISSING, Contract
from tests.unit.ozon.stub_marketplace import PUSH_URLS_ANSWER, Reply, StubMarketplace, client_of, sample

NUMBER = "24219509-0020-2"
SINCE = datetime(2026, 10, 1, 3, 0, 0, 123456, tzinfo=timezone(timedelta(hours=3)))
TO = datetime(2026, 10, 2, tzinfo=UTC)
NO_POSTINGS = {"postings": [], "has_next": False, "cursor": ""}
CONTRADICTIONS = {methods.STOCKS_SET.path: ["$.stocks[0]: 'product_id' is a required property"]}
"""Where a method's text takes what its schema does not: it wants one of `offer_id` and `product_id`."""

Case = tuple[methods.Method, object, Callable[[OzonClient], Any], dict[str, Any]]
WITH_LISTED = {"analytics_data": True, "barcodes": True, "financial_data": False, "legal_info": False}
PERIOD = {"since": "2026-10-01T00:00:00.123Z", "to": "2026-10-02T00:00:00.000Z"}
CUT_OFFS = {"cutoff_from": PERIOD["since"], "cutoff_to": PERIOD["to"]}
CASES: list[Case] = [
    (
        methods.POSTING_LIST,
        NO_POSTINGS,
        lambda c: c.postings(since=SINCE, to=TO, cursor="abc"),
        {"filter": PERIOD, "limit": 100, "cursor": "abc", "sort_dir": "ASC", "with": WITH_LISTED},
    ),
    (
        methods.POSTING_UNFULFILLED,
        NO_POSTINGS,
        lambda c: c.unfulfilled(cutoff_from=SINCE, cutoff_to=TO),
        {"filter": CUT_OFFS, "limit": 100, "cursor": "", "sort_dir": "ASC", "with": WITH_LISTED},
    ),
    (
        methods.POSTING_GET,
        sample("posting_fbs_get.response"),
        lambda c: c.posting(NUMBER),
        {
            "posting_number": NUMBER,
            "with": WITH_LISTED | {"product_exemplars": False, "related_postings": True, "translit": False},
        },
    ),
    (
        methods.POSTING_SHIP,
        sample("posting_fbs_ship_v4.response"),
        lambda c: c.ship(NUMBER, [{"827098843": 2, "1": 1}, {"827098843": 1}]),
        {
            "posting_number": NUMBER,
            "packages": [
                {"products": [{"product_id": 827098843, "quantity": 2}, {"product_id": 1, "quantity": 1}]},
                {"products": [{"product_id": 827098843, "quantity": 1}]},
            ],
        },
    ),
    (
        methods.RESTRICTIONS,
        {
            "result": {
                "posting_number": "76673629-0020-1",
                "max_posting_weight": 40000,
                "min_posting_weight": 0,
                "width": 500,
                "height": 500,
                "length": 500,
                "max_posting_price": 500000,
                "min_posting_price": 0,
            }
        },
        lambda c: c.restrictions("76673629-0020-1"),
        {"posting_number": "76673629-0020-1"},
    ),
    (
        methods.POSTING_CANCEL,
        sample("posting_fbs_cancel.response"),
        lambda c: c.cancel(NUMBER, 352, "Product is out of stock"),
        {"posting_number": NUMBER, "cancel_reason_id": 352, "cancel_reason_message": "Product is out of stock"},
    ),
    (
        methods.CANCEL_REASONS,
        sample("posting_fbs_cancel_reason.response"),
        lambda c: c.cancel_reasons("73837363-0010-3"),
        {"related_posting_numbers": ["73837363-0010-3"]},
    ),
    (
        methods.TRACKING_SET,
        sample("tracking_number_set.response"),
        lambda c: c.set_tracking_numbers({"48173252-0033-2": "RA123"}),
        {"tracking_numbers": [{"posting_number": "48173252-0033-2", "tracking_number": "RA123"}]},
    ),
    *(
        (
            method,
            {"result": [{"error": [], "posting_number": NUMBER, "result": True}]},
            lambda c, stage=stage: c.report_delivery(stage, [NUMBER]),
            {"posting_number": [NUMBER]},
        )
        for method, stage in (
            (methods.DELIVERING, DeliveryStage.DELIVERING),
            (methods.LAST_MILE, DeliveryStage.LAST_MILE),
            (methods.DELIVERED, DeliveryStage.DELIVERED),
        )
    ),
    (
        methods.CUT_OFF_SET,
        {"result": True},
        lambda c: c.set_cut_off(NUMBER, SINCE),
        {"posting_number": NUMBER, "new_cutoff_date": PERIOD["since"]},
    ),
    (
        methods.EXEMPLARS_GET,
        {"posting_number": NUMBER, "products": [{"product_id": 1, "exemplars": [{"exemplar_id": 7}]}]},
        lambda c: c.exemplars.slots(NUMBER),
        {"posting_number": NUMBER},
    ),
    (
        methods.EXEMPLARS_VALIDATE,
        {"products": [{"product_id": 1, "valid": True, "exemplars": [{"valid": True, "marks": []}]}]},
        lambda c: c.exemplars.validate(NUMBER, {"1": (Exemplar(mark="01\x1d93", uin="5", gtd="g"),)}),
        {
            "posting_number": NUMBER,
            "products": [
                {
                    "product_id": 1,
                    "exemplars": [
                        {
                            "gtd": "g",
                            "marks": [
                                {"mark": "01\x1d93", "mark_type": "mandatory_mark"},
                                {"mark": "5", "mark_type": "jw_uin"},
                            ],
                        }
                    ],
                }
            ],
        },
    ),
    (
        methods.EXEMPLARS_SET,
        b"",
        lambda c: c.exemplars.set(
            NUMBER, {"1": {"7": Exemplar(imei=("49",), gtd_absent=True, rnpt="r", weight="1.5")}}, boxes=2
        ),
        {
            "posting_number": NUMBER,
            "multi_box_qty": 2,
            "products": [
                {
                    "product_id": 1,
                    "exemplars": [
                        {
                            "exemplar_id": 7,
                            "is_gtd_absent": True,
                            "is_rnpt_absent": False,
                            "rnpt": "r",
                            "weight": 1.5,
                            "marks": [{"mark": "49", "mark_type": "imei"}],
                        }
                    ],
                }
            ],
        },
    ),
    (
        methods.POSTING_SPLIT,
        {"parent_posting": {"posting_number": NUMBER}, "postings": [{"posting_number": "5-1-2"}]},
        lambda c: c.shapes.split(NUMBER, [{"1": 2}, {"3": 1, "1": 1}]),
        {
            "posting_number": NUMBER,
            "postings": [
                {"products": [{"product_id": 1, "quantity": 2}]},
                {"products": [{"product_id": 3, "quantity": 1}, {"product_id": 1, "quantity": 1}]},
            ],
        },
    ),
    (
        methods.POSTING_SHIP_PART,
        {"result": "5-1-2"},
        lambda c: c.shapes.ship_part(NUMBER, {"1": 2, "3": 1}, {"1": ("7", "8")}),
        {
            "posting_number": NUMBER,
            "products": [
                {"product_id": 1, "quantity": 2, "exemplarsIds": ["7", "8"]},
                {"product_id": 3, "quantity": 1},
            ],
        },
    ),
    (
        methods.BOXES_SET,
        {"result": {"result": True}},
        lambda c: c.shapes.set_boxes(NUMBER, 3),
        {"posting_number": NUMBER, "multi_box_qty": 3},
    ),
    (methods.EXEMPLARS_UPDATE, b"", lambda c: c.exemplars.update(NUMBER), {"posting_number": NUMBER}),
    (
        methods.EXEMPLARS_STATUS,
        {"posting_number": NUMBER, "status": "ship_available", "products": []},
        lambda c: c.exemplars.status(NUMBER),
        {"posting_number": NUMBER},
    ),
    (
        methods.LABEL_CREATE,
        sample("package_label_create_v3.response"),
        lambda c: c.create_label_tasks([NUMBER]),
        {"posting_numbers": [NUMBER]},
    ),
    (
        methods.LABEL_GET,
        sample("package_label_get_v2.completed.response"),
        lambda c: c.label_task("5819327210248"),
        {"task_id": 5819327210248},
    ),
    (
        methods.RETURNS_LIST,
        {"returns": []},
        lambda c: c.returns(last_id=7),
        {
            "filter": {"created_at": {"from": "2026-07-04T00:00:00.000Z", "to": "2026-10-03T00:00:00.000Z"}},
            "last_id": 7,
            "limit": 500,
        },
    ),
    (
        methods.GOODS_RETURNS_LIST,
        {"returns": [], "has_next": False},
        lambda c: c.goods_returns(since=SINCE, last_id=7),
        {
            "filter": {
                "visual_status_change_moment": {"time_from": PERIOD["since"], "time_to": "2026-10-03T00:00:00.000Z"},
                "return_schema": "FBS",
            },
            "last_id": 7,
            "limit": 500,
        },
    ),
    (
        methods.RETURNS_GET,
        sample("returns_rfbs_get.response"),
        lambda c: c.return_details("8000123456"),
        {"return_id": 8000123456},
    ),
    (
        methods.RETURNS_ACT,
        b"",
        lambda c: c.act_on_return("8000123456", -1, comment="Следы использования", rejection_reason_id=1),
        {"return_id": 8000123456, "id": -1, "comment": "Следы использования", "rejection_reason_id": 1},
    ),
    (
        methods.RETURNS_ACT,
        b"",
        lambda c: c.act_on_return("8000123456", 1020, compensation=Money(50010, "RUB")),
        {"return_id": 8000123456, "id": 1020, "compensation_amount": 500.1},
    ),
    (methods.PUSH_URLS, PUSH_URLS_ANSWER, lambda c: c.push_health(), {"limit": 100, "offset": 0, "sort_dir": "ASC"}),
    (methods.ROLES, ROLES_ANSWER, lambda c: c.key_info(), {}),
    (methods.INDEX_INFO, INDEX_ANSWER, lambda c: c.error_index(), {}),
    (
        methods.INDEX_POSTINGS,
        INDEX_POSTINGS_ANSWER,
        lambda c: c.index_errors(since=SINCE, to=TO, cursor="abc"),
        {"filter": {"date_from": PERIOD["since"], "date_to": PERIOD["to"]}, "limit": 1000, "cursor": "abc"},
    ),
    (
        methods.RATING_HISTORY,
        HISTORY_ANSWER,
        lambda c: c.rating_thresholds("rating_on_time", since=SINCE, to=TO),
        {"ratings": ["rating_on_time"], "date_from": PERIOD["since"], "date_to": PERIOD["to"]},
    ),
    (
        methods.CHAT_START,
        sample("chat_start.response"),
        lambda c: c.start_chat(NUMBER),
        {"posting_number": NUMBER},
    ),
    *CANCELLATION_CASES,
    *CARRIAGE_CASES,
    *STOCK_CASES,
    (
        methods.POSTING_GET,
        sample("posting_fbs_get.response"),
        lambda c: c.recipient(NUMBER),
        {
            "posting_number": NUMBER,
            "with": dict.fromkeys(WITH_LISTED, False)
            | {"product_exemplars": False, "related_postings": False, "translit": False},
        },
    ),
    (
        methods.CHAT_SEND,
        sample("chat_send_message.response"),
        lambda c: c.send_chat_message("99feb3fc-a474-469f-95d5-268b470cc607", "test"),
        {"chat_id": "99feb3fc-a474-469f-95d5-268b470cc607", "text": "test"},
    ),
    (
        methods.CHAT_LIST,
        sample("chat_list.response"),
        lambda c: c.chats.listed(unread_only=True),
        {"filter": {"chat_status": "ALL", "unread_only": True}, "limit": 100},
    ),
    (
        methods.CHAT_HISTORY,
        {"messages": [], "has_next": False},
        lambda c: c.chats.messages("99feb3fc-a474-469f-95d5-268b470cc607", after="7", since=SINCE),
        {"chat_id": "99feb3fc-a474-469f-95d5-268b470cc607", "direction": "Backward", "limit": 100},
    ),
    *MONEY_CASES,
]
IDS = [f"{i}-{case[0].path}" for i, case in enumerate(CASES)]
each_case = pytest.mark.parametrize(("method", "answer", "call", "request_body"), CASES, ids=IDS)


@each_case
def test_each_method_sends_exactly_this(
    marketplace: StubMarketplace, method: methods.Method, answer: object, call: Any, request_body: Any
) -> None:
    marketplace.on(method.path, Reply(answer))
    call(client_of(marketplace.base_url, now=lambda: TO))
    assert [(one.path, one.json) for one in marketplace.received] == [(method.path, request_body)]


@each_case
def test_each_request_keeps_to_the_published_contract(
    marketplace: StubMarketplace, method: methods.Method, answer: object, call: Any, request_body: Any
) -> None:
    contract = Contract.load()
    if contract is None:
        pytest.skip(CONTRACT_MISSING)
    assert contract.problems_of_request(method.path, request_body) == CONTRADICTIONS.get(method.path, [])


def test_every_method_of_the_table_has_a_case() -> None:
    assert {case[0] for case in CASES} == set(methods.METHODS)


def test_no_method_is_announced_to_be_switched_off() -> None:
    assert ending(date.max) == {}


def test_the_operator_is_told_in_time_and_of_what_is_over() -> None:
    table = {
        "/a": SwitchOff(on=date(2026, 12, 1), instead="/b"),
        "/gone": SwitchOff(on=date(2026, 1, 1)),
        "/some-day": SwitchOff(on=None),
        "/not-ours": SwitchOff(on=date(2026, 1, 1)),
    }
    paths = ("/a", "/gone", "/some-day", "/fine")
    early = ending(date(2026, 10, 16), paths=paths, table=table)
    assert set(early) == {"/gone", "/some-day"}
    told = ending(date(2026, 10, 17), paths=paths, table=table)
    assert set(told) == {"/a", "/gone", "/some-day"}
    assert told["/a"] == "the marketplace's method /a is switched off on 2026-12-01; /b stands in: update Shipby"
    assert "was switched off on 2026-12-01" in ending(date(2026, 12, 1), paths=paths, table=table)["/a"]
    assert "was switched off" in told["/gone"]


@pytest.mark.parametrize(
    ("path", "on", "instead"),
    [
        ("/v2/posting/fbs/package-label", date(2026, 11, 2), "/v3/posting/fbs/package-label/create"),
        ("/v2/posting/fbs/act/create", date(2026, 9, 7), "/v1/carriage/create"),
        ("/v3/finance/transaction/list", date(2026, 9, 8), "/v1/finance/accrual/postings"),
        ("/v1/product/quant/list", date(2026, 9, 8), ""),
        ("/v1/warehouse/list", date(2026, 4, 7), "/v2/warehouse/list"),
        ("/v2/posting/fbs/digital/act/get-pdf", date(2026, 3, 20), "/v2/posting/fbs/act/get-pdf"),
        ("/v1/review/list", None, "/v2/review/"),
    ],
)
def test_the_table_of_switch_offs_is_dated_and_says_what_stands_in(path: str, on: date | None, instead: str) -> None:
    assert SWITCHED_OFF[path].on == on
    assert SWITCHED_OFF[path].instead.startswith(instead)


def test_fields_end_too() -> None:
    assert FIELDS_SWITCHED_OFF[("/v3/product/list", "result.total")].on == date(2026, 11, 23)


def test_the_client_is_the_port() -> None:
    port: type[Marketplace] = OzonClient
    assert port is OzonClient
