"""Label pages as the marketplace draws them, and every fault that they can have."""

from __future__ import annotations

import io
import json

import pikepdf
import pypdfium2
import pytest

from shipby_local.simulator import Buyer, Simulator
from tests.simulator.label_support import file_pages, label_url, pages_of, ready
from tests.simulator.sim_support import Caller

KAZAKH = Buyer(name="Айгүл Нұрғалиқызы", address="Қабанбай батыр даңғылы, 49-үй", city="Астана", region="Ақмола")


def barcodes(call: Caller, number: str) -> list[str]:
    told = call.posting(number, barcodes=True)["barcodes"]
    return [told["upper_barcode"], told["lower_barcode"]]


@pytest.mark.parametrize(
    ("size", "kinds"), [("big_label", ["Code 128", "Code 128"]), ("small_label", ["Code 128", "QR Code"])]
)
def test_both_codes_of_a_page_are_what_the_api_tells_and_its_number_is_readable(
    simulator: Simulator, call: Caller, size: str, kinds: list[str]
) -> None:
    numbers = ready(simulator, call, 2)
    for number, page in zip(numbers, file_pages(call, numbers, size), strict=True):
        assert page.codes == barcodes(call, number)
        assert page.kinds == kinds
        assert number in page.text


@pytest.mark.parametrize("size", ["big_label", "small_label"])
def test_a_posting_of_three_boxes_has_three_pages_that_differ(simulator: Simulator, call: Caller, size: str) -> None:
    (number,) = ready(simulator, call, 1, multi_box_qty=3)
    pages = file_pages(call, [number], size)
    upper, lower = barcodes(call, number)
    assert [page.codes for page in pages] == [[upper, lower], [f"{upper}-2", lower], [f"{upper}-3", lower]]
    assert all(number in page.text for page in pages)


def test_only_the_label_of_an_rfbs_posting_names_its_recipient(simulator: Simulator, call: Caller) -> None:
    (own,) = ready(simulator, call, 1, scheme="rFBS", buyer=KAZAKH)
    (fbs,) = ready(simulator, call, 1, buyer=KAZAKH)
    mine, theirs = file_pages(call, [own, fbs])
    assert "Айгүл" in mine.text
    assert "Қабанбай" in mine.text
    assert "Айгүл" not in theirs.text


def test_the_recipient_can_be_had_in_latin_letters(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(call.seller.client_id, scheme="rFBS", buyer=KAZAKH)
    assert call.posting(number)["customer"]["name"] == KAZAKH.name
    latin = call.posting(number, translit=True)
    assert latin["customer"]["name"] == latin["addressee"]["name"] == "Ajgul Nurgaliqyzy"
    assert latin["customer"]["address"]["city"] == "Astana"


def arm(call: Caller, kind: str, number: str = "", **more: object) -> None:
    call.control("faults", {"kind": kind, "posting_number": number, **more})


def test_a_foreign_page_slips_in_after_the_postings_own(simulator: Simulator, call: Caller) -> None:
    stranger, first, second = ready(simulator, call, 3)
    arm(call, "label_foreign_page", first)
    shown = [page.codes[0] for page in file_pages(call, [first, second])]
    assert shown == [barcodes(call, number)[0] for number in (first, stranger, second)]


def test_a_page_comes_twice(simulator: Simulator, call: Caller) -> None:
    first, second = ready(simulator, call, 2)
    arm(call, "label_double_page", first)
    shown = [page.codes[0] for page in file_pages(call, [first, second])]
    assert shown == [barcodes(call, number)[0] for number in (first, first, second)]


def test_pages_come_in_another_order(simulator: Simulator, call: Caller) -> None:
    first, second = ready(simulator, call, 2)
    arm(call, "label_swapped_pages")
    shown = [page.codes[0] for page in file_pages(call, [first, second])]
    assert shown == [barcodes(call, number)[0] for number in (second, first)]


def test_a_page_shows_the_number_of_one_posting_and_the_codes_of_another(simulator: Simulator, call: Caller) -> None:
    other, number = ready(simulator, call, 2)
    arm(call, "label_mismatch_page", number)
    (page,) = file_pages(call, [number])
    assert number in page.text
    assert page.codes == barcodes(call, other)


@pytest.mark.parametrize("size", ["big_label", "small_label"])
def test_an_unreadable_page_names_nobody(simulator: Simulator, call: Caller, size: str) -> None:
    number, good = ready(simulator, call, 2)
    arm(call, "label_unreadable_page", number)
    blurred, fine = file_pages(call, [number, good], size)
    assert (blurred.codes, blurred.text) == ([], "")
    assert fine.codes == barcodes(call, good)


def test_a_page_is_missing_although_its_posting_counts_as_printed(simulator: Simulator, call: Caller) -> None:
    number, good = ready(simulator, call, 2)
    arm(call, "label_missing_page", number)
    answer = call.labels(number, good)
    assert answer["status"]["printed_postings_count"] == 2
    assert [page.codes for page in pages_of(call.file(answer["file_url"])[1])] == [barcodes(call, good)]


def test_a_file_that_lost_all_its_pages_is_a_pdf_without_pages(simulator: Simulator, call: Caller) -> None:
    (number,) = ready(simulator, call, 1)
    arm(call, "label_missing_page", number)
    status, data = call.file(label_url(call, [number]))
    assert status == 200
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert len(pdf.pages) == 0


def test_the_file_is_html_with_200(simulator: Simulator, call: Caller) -> None:
    numbers = ready(simulator, call, 1)
    arm(call, "label_not_a_pdf")
    status, data = call.file(label_url(call, numbers))
    assert status == 200
    assert data.startswith(b"<!DOCTYPE html>")


def test_the_file_is_a_broken_pdf(simulator: Simulator, call: Caller) -> None:
    numbers = ready(simulator, call, 1)
    arm(call, "label_broken_pdf")
    status, data = call.file(label_url(call, numbers))
    assert status == 200
    assert data.startswith(b"%PDF")
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(io.BytesIO(data))


def test_the_file_carries_a_script_an_action_and_an_attachment(simulator: Simulator, call: Caller) -> None:
    numbers = ready(simulator, call, 1)
    arm(call, "label_scripted_pdf")
    _, data = call.file(label_url(call, numbers))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert "/OpenAction" in pdf.Root
        assert "/JavaScript" in pdf.Root.Names
        assert "/AA" in pdf.pages[0].obj
        assert list(pdf.attachments) == ["readme.exe"]
    assert pages_of(data)[0].codes == barcodes(call, numbers[0])


def test_not_ready_comes_as_json_with_200_behind_the_link(simulator: Simulator, call: Caller) -> None:
    numbers = ready(simulator, call, 1)
    arm(call, "label_file_not_ready")
    status, data = call.file(label_url(call, numbers))
    assert status == 200
    assert json.loads(data)["message"].startswith("The next postings aren't ready")


def test_not_ready_comes_as_409_when_labels_are_asked_for(simulator: Simulator, call: Caller) -> None:
    number = simulator.add_posting(call.seller.client_id)
    call.ship(number)
    call.wait_for(number, "awaiting_deliver")
    arm(call, "label_refused_as_error", status=409)
    simulator.posting(number).label_ready_at = None
    answer = call("/v3/posting/fbs/package-label/create", {"posting_numbers": [number]}, expect=409)
    assert answer["message"].startswith("The next postings aren't ready")


@pytest.mark.parametrize(("asked", "answered"), [(403, 403), (404, 404), (500, 404)])
def test_the_link_has_expired_and_a_fresh_job_works(
    simulator: Simulator, call: Caller, asked: int, answered: int
) -> None:
    numbers = ready(simulator, call, 1)
    url = label_url(call, numbers)
    arm(call, "label_file_expired", numbers[0], status=asked)
    assert call.file(url)[0] == answered
    assert call.file(label_url(call, numbers))[0] == 200


def test_a_job_shows_the_same_file_at_every_download(simulator: Simulator, call: Caller) -> None:
    first, second = ready(simulator, call, 2)
    arm(call, "label_double_page", first)
    url = label_url(call, [first, second])
    assert call.file(url) == call.file(url)
    assert len(file_pages(call, [first, second])) == 2, "a fault is used up by one job"
