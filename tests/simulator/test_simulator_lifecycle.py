"""Postings from their appearance to their end: what is offered, what changes, what is booked."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pypdfium2
import pytest
import zxingcpp

from shipby_local.simulator import Buyer, LineSpec, Plan, Simulator
from tests.simulator.sim_support import Caller, ManualClock, eventually, quick

SELLER = "7001"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def timed(clock: ManualClock) -> Iterator[Caller]:
    """A marketplace with the real durations and a clock that the test moves."""
    slow = quick(now=clock, ship_delay=5, label_delay=50, label_task_delay=1, delivery_seconds=1000)
    with Simulator(slow) as simulator:
        caller = Caller(simulator.base_url, simulator.add_seller(client_id=SELLER))
        caller.simulator = simulator  # type: ignore[attr-defined] # the tests below need both
        yield caller
        caller.close()


def make(call: Caller, **spec: object) -> str:
    simulator: Simulator = call.simulator  # type: ignore[attr-defined] # set by the fixture
    return simulator.add_posting(SELLER, **spec)


def test_an_fbs_posting_goes_from_packaging_to_delivered(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(SELLER)
    assert "ship" in call.posting(number)["available_actions"]
    assert "label_download" not in call.posting(number)["available_actions"]
    assert call.ship(number)["result"] == [number]
    waiting = call.wait_for(number, "awaiting_deliver")
    assert "label_download" in waiting["available_actions"]
    assert "ship" not in waiting["available_actions"]
    assert call.control("hand-over", {"posting_numbers": [number]}) == {"scanned": [number], "refused": []}
    call.wait_for(number, "delivered")
    history = simulator.books()["postings"][number]["history"]
    assert [(entry["status"], entry["substatus"]) for entry in history] == [
        ("awaiting_packaging", "posting_created"),
        ("awaiting_deliver", "posting_transferring_to_delivery"),
        ("delivering", "posting_on_way_to_city"),
        ("delivering", "posting_in_pickup_point"),
        ("delivered", "posting_received"),
    ]


def test_shipping_is_asynchronous_and_a_second_call_is_refused(timed: Caller, clock: ManualClock) -> None:
    number = make(timed)
    timed.ship(number)
    during = timed.posting(number)
    assert during["status"] == "awaiting_packaging"
    assert "ship_async_in_process" in during["available_actions"]
    ship = {"posting_number": number, "packages": [{"products": [{"product_id": 1, "quantity": 1}]}]}
    assert timed("/v4/posting/fbs/ship", ship, expect=400)["message"] == "POSTING_ALREADY_SHIPPED"
    clock.moment += timedelta(seconds=5)
    assert timed.posting(number)["status"] == "awaiting_deliver"


@pytest.mark.parametrize(
    ("products", "text"),
    [
        ([{"product_id": 99, "quantity": 1}], "UNKNOWN_PRODUCT_DEFINED"),
        ([{"product_id": 11, "quantity": 1}], "HAS_INCORRECT_PRODUCT_QUANTITY"),
        ([{"product_id": 11, "quantity": 3}], "HAS_INCORRECT_PRODUCT_QUANTITY"),
    ],
)
def test_wrong_goods_cannot_be_shipped(
    simulator: Simulator, call: Caller, products: list[dict[str, int]], text: str
) -> None:
    number = simulator.add_posting(SELLER, lines=(LineSpec(sku=11, quantity=2),))
    body = {"posting_number": number, "packages": [{"products": products}]}
    assert call("/v4/posting/fbs/ship", body, expect=400)["message"] == text


def test_unmet_requirements_block_shipping(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(
        SELLER, lines=(LineSpec(sku=11),), requirements={"products_requiring_mandatory_mark": [11]}
    )
    body = {"posting_number": number, "packages": [{"products": [{"product_id": 11, "quantity": 1}]}]}
    answer = call("/v4/posting/fbs/ship", body, expect=400)
    assert answer["message"] == "EXEMPLAR_INFO_NOT_FILLED_COMPLETELY"


def test_two_packages_split_the_posting(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(SELLER, lines=(LineSpec(sku=11, quantity=2), LineSpec(sku=12)))
    packages = [
        {"products": [{"product_id": 11, "quantity": 2}]},
        {"products": [{"product_id": 12, "quantity": 1}]},
    ]
    children = call("/v4/posting/fbs/ship", {"posting_number": number, "packages": packages})["result"]
    parent = call.posting(number, related_postings=True)
    assert (parent["status"], parent["substatus"]) == ("cancelled_from_split_pending", "posting_split_pending")
    assert parent["cancellation"]["cancel_reason_id"] == 0
    assert parent["related_postings"]["related_posting_numbers"] == children
    for child in children:
        assert call.wait_for(child, "awaiting_deliver")["parent_posting_number"] == number
    assert [line["sku"] for child in children for line in call.posting(child)["products"]] == [11, 12]
    assert simulator.books()["money"] == []


def test_a_partial_shipment_leaves_the_rest_in_packaging(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(SELLER, lines=(LineSpec(sku=11, quantity=2),))
    body = {"posting_number": number, "products": [{"product_id": 11, "quantity": 1}]}
    part = call("/v4/posting/fbs/ship/package", body)["result"]
    call.wait_for(part, "awaiting_deliver")
    rest = call.posting(number)
    assert (rest["status"], rest["products"][0]["quantity"]) == ("awaiting_packaging", 1)


def test_a_label_exists_only_some_time_after_shipping(timed: Caller, clock: ManualClock) -> None:
    number = make(timed)
    timed.ship(number)
    clock.moment += timedelta(seconds=49)
    task = timed("/v3/posting/fbs/package-label/create", {"posting_numbers": [number]})["tasks"][0]["task_id"]
    assert timed("/v2/posting/fbs/package-label/get", {"task_id": task})["status"]["code"] == "in_progress"
    clock.moment += timedelta(milliseconds=999)
    clock.moment += timedelta(milliseconds=1)
    early = timed("/v2/posting/fbs/package-label/get", {"task_id": task})
    assert early["status"]["code"] == "completed"  # the job ran 50 s after shipping: just in time
    other = make(timed)
    timed.ship(other)
    clock.moment += timedelta(seconds=40)
    task = timed("/v3/posting/fbs/package-label/create", {"posting_numbers": [other, number]})["tasks"][0]["task_id"]
    clock.moment += timedelta(seconds=1)
    mixed = timed("/v2/posting/fbs/package-label/get", {"task_id": task})
    assert mixed["status"]["printed_postings_count"] == 1
    assert [item["posting_number"] for item in mixed["status"]["unprinted_postings"]] == [other]
    assert "aren't ready" in mixed["status"]["unprinted_postings"][0]["message"]


def test_the_label_scans_and_carries_the_upper_barcode(simulator: Simulator, call: Caller) -> None:
    numbers = [simulator.add_posting(SELLER) for _ in range(2)]
    for number in numbers:
        call.ship(number)
    for number in numbers:
        call.wait_for(number, "awaiting_deliver")
        eventually(lambda number=number: bool(call.labels(number)["file_url"]))  # type: ignore[misc] # bound per turn
    status, data = call.file(call.labels(*numbers)["file_url"])
    document = pypdfium2.PdfDocument(io.BytesIO(data))
    assert (status, len(document)) == (200, 2)
    for page, number in zip(document, numbers, strict=True):
        found = zxingcpp.read_barcodes(page.render(scale=4).to_pil())
        assert {code.text for code in found} == set(call.posting(number, barcodes=True)["barcodes"].values())
        assert number in page.get_textpage().get_text_range()
    document.close()
    assert call.file(f"{call.base_url}/_files/labels/1.pdf")[0] == 404


def test_another_sellers_posting_is_not_found_and_gets_no_label(simulator: Simulator, call: Caller) -> None:
    other = simulator.add_seller(client_id="8001")
    number = simulator.add_posting(other.client_id)
    assert call("/v3/posting/fbs/get", {"posting_number": number}, expect=404)["message"] == "POSTING_NOT_FOUND"
    answer = call("/v3/posting/fbs/package-label/create", {"posting_numbers": [number]}, expect=400)
    assert answer["message"] == "POSTING_NUMBERS_IS_INCORRECT_FOR_COMPANY"


def test_label_faults(simulator: Simulator, call: Caller) -> None:
    good, bad, never = (simulator.add_posting(SELLER) for _ in range(3))
    for number in (good, bad, never):
        call.ship(number)
    refusal = {"kind": "label_refused_as_error"}
    call.control("faults", refusal)
    call.wait_for(good, "awaiting_deliver")
    answer = call("/v3/posting/fbs/package-label/create", {"posting_numbers": [good]}, expect=400)
    assert answer["message"].startswith("The next postings aren't ready")
    eventually(lambda: bool(call.labels(good)["file_url"]))
    call.control("faults", {"kind": "label_bad_posting", "posting_number": bad})
    call.control("faults", {"kind": "label_never_ready", "posting_number": never, "times": -1})
    status = call.labels(good, bad, never)["status"]
    assert status["printed_postings_count"] == 1
    assert {item["posting_number"] for item in status["unprinted_postings"]} == {bad, never}
    assert call.labels(bad)["status"]["printed_postings_count"] == 1
    assert call.labels(never)["status"]["printed_postings_count"] == 0
    call.control("faults", {"kind": "label_task_error"})
    assert call.labels(good)["error"]["message"]


def test_a_failed_assembly_asks_to_ship_again(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(SELLER)
    call.control("faults", {"kind": "ship_fails", "posting_number": number})
    call.ship(number)
    eventually(lambda: call.posting(number)["substatus"] == "ship_failed")
    assert {"ship", "ship_async_retry"} <= set(call.posting(number)["available_actions"])
    call.ship(number)
    call.wait_for(number, "awaiting_deliver")


def test_a_cancel_can_race_an_accepted_assembly(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(SELLER)
    call.control("faults", {"kind": "cancel_races_ship", "posting_number": number})
    call.ship(number)
    cancelled = call.wait_for(number, "cancelled")
    assert cancelled["cancellation"]["cancellation_type"] == "client"
    assert simulator.books()["postings"][number]["assembled_at"] is None


def test_only_offered_cancel_reasons_are_accepted(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(SELLER)
    reasons = call("/v1/posting/fbs/cancel-reason", {"related_posting_numbers": [number]})["result"][0]["reasons"]
    assert [reason["id"] for reason in reasons] == [352, 400, 402]
    body = {"posting_number": number, "cancel_reason_id": 401}
    answer = call("/v2/posting/fbs/cancel", body, expect=400)
    assert answer["message"] == "HAS_INCORRECT_CANCEL_REASON"
    answer = call("/v2/posting/fbs/cancel", {**body, "cancel_reason_id": 402}, expect=400)
    assert "CancelReasonMessage" in answer["message"]
    assert call("/v2/posting/fbs/cancel", {**body, "cancel_reason_id": 352}) == {"result": True}
    again = call("/v2/posting/fbs/cancel", {**body, "cancel_reason_id": 352}, expect=400)
    assert again["message"] == "POSTING_ALREADY_CANCELLED"
    block = call.posting(number)["cancellation"]
    assert (block["cancellation_type"], block["affect_cancellation_rating"]) == ("seller", True)
    assert call.posting(number)["available_actions"] == []
    books = simulator.books()
    assert [error["type"] for error in books["rating_errors"]] == ["SELLER_CANCELLATION"]
    refund, charge = books["money"]
    assert (charge["kind"], charge["paid_to"]) == ("SellerCancellationCharge", "marketplace")
    assert (refund["executed_by"], refund["paid_to"]) == ("marketplace", "buyer")
    assert refund["amount"] == books["postings"][number]["total"]


def test_part_of_the_goods_can_be_cancelled(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(SELLER, lines=(LineSpec(sku=11, quantity=3, price=Decimal(100)),))
    body = {"posting_number": number, "cancel_reason_id": 352, "items": [{"sku": 11, "quantity": 1}]}
    call("/v2/posting/fbs/product/cancel", body, expect=400)
    call("/v2/posting/fbs/product/cancel", {**body, "cancel_reason_message": "нет на складе"})
    assert call.posting(number)["products"][0]["quantity"] == 2
    assert [movement["amount"] for movement in simulator.books()["money"]] == ["100"]


def test_a_plan_plays_out(timed: Caller, clock: ManualClock) -> None:
    later = make(timed, appears_in=10)
    by_buyer = make(timed, plan=Plan(buyer_cancels_in=30))
    by_ozon = make(timed, plan=Plan(marketplace_cancels_in=40))
    moved = make(timed, ship_in=100, plan=Plan(cutoff_moves_in=50, cutoff_moves_by=600))
    shipped = make(timed, plan=Plan(marketplace_cancels_in=40))
    timed.ship(shipped)
    before = timed.posting(moved)["shipment_date"]
    timed("/v3/posting/fbs/get", {"posting_number": later}, expect=404)
    clock.moment += timedelta(seconds=60)
    assert timed.posting(later)["status"] == "awaiting_packaging"
    assert timed.posting(by_buyer)["cancellation"]["cancellation_type"] == "client"
    assert not timed.posting(by_buyer)["cancellation"]["affect_cancellation_rating"]
    assert timed.posting(by_ozon)["cancellation"]["cancellation_type"] == "ozon"
    assert timed.posting(moved)["shipment_date"] > before
    assert timed.posting(shipped)["status"] == "awaiting_deliver"


def test_being_late_costs_money_and_still_ships(timed: Caller, clock: ManualClock) -> None:
    number = make(timed, ship_in=60, without_delay_in=120, lines=(LineSpec(sku=1, price=Decimal(30_000)),))
    assert timed.posting(number)["tariffication"]["next_tariff_charge"] == "300"
    clock.moment += timedelta(seconds=200)
    late = timed.posting(number)
    assert late["tariffication"]["current_tariff_charge"] == "300"
    assert "ship" in late["available_actions"]
    timed.ship(number)
    clock.moment += timedelta(seconds=10)
    timed.control("hand-over", {"client_id": SELLER})
    books = timed.control("books")
    assert [(movement["kind"], movement["amount"]) for movement in books["money"]] == [
        ("SellerDelayCharge", "1500"),
        ("LateTariff", "300"),
    ]
    assert [error["type"] for error in books["rating_errors"]] == ["SELLER_DELAY"]


def test_own_delivery_moves_step_by_step(simulator: Simulator, call: Caller) -> None:
    own = simulator.add_posting(SELLER, scheme="rFBS", integration="non_integrated")
    fbs = simulator.add_posting(SELLER)
    assert "set_cutoff" in call.posting(own)["available_actions"]
    for number in (own, fbs):
        call.ship(number)
        call.wait_for(number, "awaiting_deliver")

    def step(name: str, *numbers: str) -> list[tuple[bool, list[str]]]:
        answer = call(f"/v2/fbs/posting/{name}", {"posting_number": list(numbers)})
        return [(item["result"], item["error"]) for item in answer["result"]]

    assert step("last-mile", own) == [(False, ["TRANSITION_IS_NOT_POSSIBLE"])]
    assert step("delivering", own, fbs, "0-0-0") == [
        (True, []),
        (False, ["HAS_INCORRECT_TPL_INTEGRATION_TYPE"]),
        (False, ["POSTING_NOT_FOUND"]),
    ]
    assert step("last-mile", own) == [(True, [])]
    assert call.posting(own)["substatus"] == "posting_in_courier_service"
    assert step("delivered", own) == [(True, [])]
    assert call.posting(own)["status"] == "delivered"


def test_a_tracking_number_can_be_replaced_while_it_is_offered(simulator: Simulator, call: Caller) -> None:
    own = simulator.add_posting(SELLER, scheme="rFBS", integration="non_integrated")
    call.ship(own)
    call.wait_for(own, "awaiting_deliver")
    for tracking in ("T-1", "T-2"):
        body = {"tracking_numbers": [{"posting_number": own, "tracking_number": tracking}]}
        assert call("/v2/fbs/posting/tracking-number/set", body)["result"][0]["error"] == ""
    assert call.posting(own)["tracking_number"] == "T-2"
    entries = [entry["detail"] for entry in simulator.books()["postings"][own]["calls"][-2:]]
    assert [(entry["replaced"], entry["tracking_number"]) for entry in entries] == [("", "T-1"), ("T-1", "T-2")]


def test_the_cutoff_can_be_moved_before_the_shipping_date_only(timed: Caller, clock: ManualClock) -> None:
    own = make(timed, scheme="rFBS", integration="non_integrated", ship_in=60)
    body = {"posting_number": own, "new_cutoff_date": "2026-11-02T08:02:00Z"}
    assert timed("/v1/posting/cutoff/set", body) == {"result": True}
    assert timed.posting(own)["shipment_date"] == "2026-11-02T08:02:00.000Z"
    clock.moment += timedelta(seconds=121)
    expired = timed.posting(own)["available_actions"]
    assert not {"ship", "set_cutoff"} & set(expired)
    assert timed("/v1/posting/cutoff/set", body, expect=400)["message"] == "TRANSITION_IS_NOT_POSSIBLE"


def test_an_aggregator_posting_waits_for_its_carriers_number(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(SELLER, scheme="rFBS", integration="aggregator")
    call.ship(number)
    call.wait_for(number, "awaiting_registration")
    assert call.wait_for(number, "awaiting_deliver")["tracking_number"]


def test_a_buyers_request_is_approved_by_itself_rejected_or_approved(timed: Caller, clock: ManualClock) -> None:
    numbers = [make(timed, scheme="rFBS", ship_in=10_000) for _ in range(2)]
    for number in numbers:
        timed.ship(number)
    clock.moment += timedelta(seconds=10)
    for number in numbers:
        timed.control(f"postings/{number}", {"act": "buyer_cancel", "message": "передумал"})
    listed = timed("/v2/conditional-cancellation/list", {"limit": 10, "with": {"counter": True}})
    assert listed["counter"] == 2
    rejected = {"cancellation_id": listed["result"][0]["cancellation_id"], "comment": "уже в пути"}
    timed("/v2/conditional-cancellation/reject", rejected)
    timed("/v2/conditional-cancellation/reject", rejected, expect=400)
    clock.moment += timedelta(days=3)
    assert [timed.posting(number)["status"] for number in numbers] == ["awaiting_deliver", "cancelled"]


def test_lists_page_by_cursor_in_both_directions_without_gap_or_repeat(simulator: Simulator, call: Caller) -> None:
    numbers = set(simulator.generate([SELLER], 25))
    now = simulator.rooms.world.now()
    window = {"since": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(days=1)).isoformat()}
    for direction in ("ASC", "DESC", "asc"):
        seen: list[str] = []
        cursor, more = "", True
        while more:
            body = {"limit": 10, "filter": window, "sort_dir": direction, "cursor": cursor}
            page = call("/v4/posting/fbs/list", body)
            cursor, more = page["cursor"], page["has_next"]
            seen += [posting["posting_number"] for posting in page["postings"]]
        assert len(seen) == 25
        assert set(seen) == numbers
    unfulfilled = call("/v4/posting/fbs/unfulfilled/list", {"limit": 1})
    assert (unfulfilled["count"], len(unfulfilled["postings"])) == (25, 1)


def test_buyers_appear_only_where_the_marketplace_shows_them(simulator: Simulator, call: Caller) -> None:
    canary = Buyer(name="Canary Name", phone="+70000000001", address="Canary street")
    fbs = simulator.add_posting(SELLER, buyer=canary)
    rfbs = simulator.add_posting(SELLER, scheme="rFBS", buyer=canary)
    assert "Canary" not in str(call.posting(fbs))
    assert call.posting(fbs, analytics_data=True)["addressee"]["name"] == "Canary Name"
    shown = call.posting(rfbs)
    assert shown["customer"]["address"]["address_tail"] == "Canary street"
    assert shown["addressee"]["phone"] == "+70000000001"


def test_generated_postings_depend_on_the_seed_only() -> None:
    def batch(seed: int) -> list[tuple[str, str, str, int]]:
        simulator = Simulator(quick(seed=seed))
        simulator.add_seller(client_id=SELLER)
        found = [simulator.posting(number) for number in simulator.generate([SELLER], 40)]
        simulator.rooms.stop()
        return [(posting.number, posting.scheme, posting.buyer.name, len(posting.lines)) for posting in found]

    assert batch(3) == batch(3) != batch(4)
    assert {scheme for _, scheme, _, _ in batch(3)} == {"FBS", "rFBS"}
    assert {count for *_, count in batch(3)} == {1, 2}
    names = {name for _, _, name, _ in batch(3)}
    assert any("а" in name for name in names)
    assert names & {"王小明", "李娜"}


def own_parcel(call: Caller, **spec: object) -> str:
    """Assembled, and taken by the seller's own carrier, of whom only the seller tells."""
    number = make(call, scheme="rFBS", integration="non_integrated", **spec)
    call.ship(number)
    return number


@pytest.mark.parametrize("integration", ["non_integrated", "3pl_tracking"])
def test_the_courier_acts_for_every_carrier_but_the_sellers_own(
    timed: Caller, clock: ManualClock, integration: str
) -> None:
    number = make(timed, scheme="rFBS", integration=integration)
    timed.ship(number)
    clock.moment += timedelta(seconds=60)
    own = integration == "non_integrated"
    assert timed.control("hand-over", {"posting_numbers": [number]})["refused"] == [number] * own
    assert timed.control(f"postings/{number}", {"act": "hand_over"})["done"] is False
    if own:
        timed("/v2/fbs/posting/delivering", {"posting_number": [number]})
    assert timed.control(f"postings/{number}", {"act": "deliver"})["done"] is not own
    assert timed.posting(number)["status"] == ("delivering" if own else "delivered")


def test_what_nobody_reports_is_cancelled_ten_days_after_its_date(timed: Caller, clock: ManualClock) -> None:
    silent, told = own_parcel(timed, ship_in=3600), own_parcel(timed, ship_in=3600)
    clock.moment += timedelta(hours=1)
    timed("/v2/fbs/posting/delivering", {"posting_number": [told]})
    clock.moment += timedelta(days=9, hours=23)
    assert timed.posting(silent)["status"] == "awaiting_deliver"
    clock.moment += timedelta(hours=2)
    assert timed.posting(silent)["status"] == "cancelled"
    assert timed.posting(silent)["cancellation"]["affect_cancellation_rating"]
    assert timed.posting(told)["status"] == "delivering"
