"""Whom a label fault hits, what it does to postings of several boxes, and who is named only when asked for."""

from __future__ import annotations

import pytest

from shipby_local.simulator import Buyer, Simulator
from shipby_local.simulator.labels.drawing import FILE_FAULTS, PAGE_FAULTS
from shipby_local.simulator.words import Json
from tests.simulator.label_support import file_pages, pages_of, ready
from tests.simulator.sim_support import Caller, eventually

NAMED = Buyer(name="Тест Получателев", address="Пробная улица, 1", phone="+70000000009")
SIZES = ("big_label", "small_label")


def uppers(call: Caller, numbers: list[str]) -> list[str]:
    return [call.posting(number, barcodes=True)["barcodes"]["upper_barcode"] for number in numbers]


def arm(call: Caller, kind: str, number: str = "", **more: object) -> None:
    call.control("faults", {"kind": kind, "posting_number": number, **more})


def both_sizes(call: Caller, numbers: list[str]) -> list[bytes]:
    """The big and the small file of one and the same request."""
    tasks = call("/v3/posting/fbs/package-label/create", {"posting_numbers": numbers})["tasks"]
    assert [task["task_type"] for task in tasks] == list(SIZES)
    jobs = [{"task_id": task["task_id"]} for task in tasks]

    def told() -> list[Json]:
        return [call("/v2/posting/fbs/package-label/get", job) for job in jobs]

    eventually(lambda: all(answer["status"]["code"] == "completed" for answer in told()))
    return [call.file(answer["file_url"])[1] for answer in told()]


def test_both_sizes_of_one_request_have_the_same_fault(simulator: Simulator, call: Caller) -> None:
    first, second = ready(simulator, call, 2)
    arm(call, "label_double_page", first)
    for data in both_sizes(call, [first, second]):
        assert [page.codes[0] for page in pages_of(data)] == uppers(call, [first, first, second])


@pytest.mark.parametrize("kind", PAGE_FAULTS)
def test_a_fault_of_one_posting_waits_for_that_posting(simulator: Simulator, call: Caller, kind: str) -> None:
    hit, spared = ready(simulator, call, 2)
    arm(call, kind, hit)
    assert [page.codes[0] for page in file_pages(call, [spared])] == uppers(call, [spared])
    hurt = [page.codes[:1] for page in file_pages(call, [hit, spared])]
    assert hurt != [[code] for code in uppers(call, [hit, spared])]


@pytest.mark.parametrize("kind", [*PAGE_FAULTS, *sorted(FILE_FAULTS), "label_file_expired"])
def test_a_fault_of_one_seller_spares_the_others(simulator: Simulator, call: Caller, kind: str) -> None:
    other = Caller(simulator.base_url, simulator.add_seller(client_id="7008"))
    numbers = ready(simulator, other, 2)
    arm(call, kind, client_id=call.seller.client_id)
    assert [page.codes[0] for page in file_pages(other, numbers)] == uppers(other, numbers)
    other.close()


def test_a_foreign_page_is_never_another_sellers(simulator: Simulator, call: Caller) -> None:
    other = Caller(simulator.base_url, simulator.add_seller(client_id="7008"))
    ready(simulator, other, 2)
    stranger, number = ready(simulator, call, 2)
    arm(call, "label_foreign_page", number)
    assert [page.codes[0] for page in file_pages(call, [number])] == uppers(call, [number, stranger])
    other.close()


@pytest.mark.parametrize("kind", ["label_foreign_page", "label_mismatch_page"])
def test_a_fault_that_needs_another_posting_waits_until_there_is_one(
    simulator: Simulator, call: Caller, kind: str
) -> None:
    (number,) = ready(simulator, call, 1)
    arm(call, kind, number)
    assert [page.codes[0] for page in file_pages(call, [number])] == uppers(call, [number])
    (other,) = ready(simulator, call, 1)
    shown = uppers(call, [number, other] if kind == "label_foreign_page" else [other])
    assert [page.codes[0] for page in file_pages(call, [number])] == shown


@pytest.mark.parametrize(
    ("kind", "boxes"), [("label_double_page", ["", "-2", "", "-2"]), ("label_missing_page", [])], ids=["twice", "gone"]
)
def test_a_page_fault_hits_every_box_of_its_posting(
    simulator: Simulator, call: Caller, kind: str, boxes: list[str]
) -> None:
    (many,), (one,) = ready(simulator, call, 1, multi_box_qty=2), ready(simulator, call, 1)
    arm(call, kind, many)
    upper, single = uppers(call, [many, one])
    assert [page.codes[0] for page in file_pages(call, [many, one])] == [*(upper + box for box in boxes), single]


def test_swapped_pages_mix_the_boxes_too(simulator: Simulator, call: Caller) -> None:
    (many,), (one,) = ready(simulator, call, 1, multi_box_qty=2), ready(simulator, call, 1)
    arm(call, "label_swapped_pages", many)
    upper, single = uppers(call, [many, one])
    assert [page.codes[0] for page in file_pages(call, [many, one])] == [single, f"{upper}-2", upper]


@pytest.mark.parametrize("size", SIZES)
def test_the_recipient_is_on_rfbs_labels_of_both_sizes_and_on_no_fbs_label(
    simulator: Simulator, call: Caller, size: str
) -> None:
    (own,) = ready(simulator, call, 1, scheme="rFBS", buyer=NAMED)
    (fbs,) = ready(simulator, call, 1, buyer=NAMED)
    mine, theirs = (page.text for page in file_pages(call, [own, fbs], size))
    assert "Получателев" in mine
    assert "Пробная" in mine
    assert "Получателев" not in theirs
    assert "Пробная" not in theirs
    assert NAMED.phone not in mine + theirs


@pytest.mark.parametrize("flag", ["", "barcodes", "financial_data", "legal_info", "translit", "analytics_data"])
def test_an_fbs_addressee_is_named_only_with_analytics_and_its_customer_never(
    simulator: Simulator, call: Caller, flag: str
) -> None:
    number = simulator.add_posting(call.seller.client_id, buyer=NAMED)
    shown = call.posting(number, **({flag: True} if flag else {}))
    assert (shown["addressee"] is not None) == (flag == "analytics_data")
    assert shown["customer"] is None


@pytest.mark.parametrize("path", ["/v4/posting/fbs/list", "/v4/posting/fbs/unfulfilled/list"])
def test_the_lists_name_an_fbs_addressee_only_with_analytics(simulator: Simulator, call: Caller, path: str) -> None:
    simulator.add_posting(call.seller.client_id, buyer=NAMED)
    year = simulator.rooms.world.now().year
    dates = {"since": f"{year - 1}-12-31T00:00:00Z", "to": f"{year}-12-31T00:00:00Z"}
    body = {"limit": 10, **({"filter": dates} if path.endswith("fbs/list") else {})}
    (bare,) = call(path, {**body, "with": {"barcodes": True}})["postings"]
    (full,) = call(path, {**body, "with": {"analytics_data": True}})["postings"]
    assert (bare["addressee"], bare["customer"], full["customer"]) == (None, None, None)
    assert full["addressee"] == {"name": NAMED.name}
