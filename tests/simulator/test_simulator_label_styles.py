"""Labels of this autumn: the old codes, the ScanIt code alone, or all three; by default some of every kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shipby.adapters.pdf.papers import PdfLabelPapers
from shipby_local.simulator import LabelStyle, Simulator, SimulatorSettings
from tests.simulator.label_support import label_url, ready
from tests.simulator.sim_support import Caller, quick


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(quick(label_style=LabelStyle.MIXED)) as running:
        yield running


def named(call: Caller, number: str) -> tuple[set[str], str]:
    """Upper and lower barcode, and the ScanIt code, as the API tells them."""
    posting = call.posting(number, barcodes=True)
    return set(posting["barcodes"].values()), posting["scanit"]


def shown(call: Caller, numbers: list[str], size: str) -> list[set[str]]:
    """The codes that the product's own reader finds on each page."""
    status, data = call.file(label_url(call, numbers, size))
    assert status == 200
    return [set(page.barcodes) for page in PdfLabelPapers().pages(data)]


def test_labels_are_of_every_kind_by_default() -> None:
    assert SimulatorSettings().label_style is LabelStyle.MIXED


@pytest.mark.parametrize("size", ["big_label", "small_label"])
@pytest.mark.parametrize("scheme", ["FBS", "rFBS"])
def test_mixed_labels_have_old_codes_new_ones_and_both_and_all_can_be_read(
    simulator: Simulator, call: Caller, size: str, scheme: str
) -> None:
    numbers = ready(simulator, call, 3, scheme=scheme)
    kinds = set()
    for number, codes in zip(numbers, shown(call, numbers, size), strict=True):
        old, scanit = named(call, number)
        expected = {"old": old, "new": {scanit}, "both": old | {scanit}}
        kind = "old" if not scanit else "new" if codes == {scanit} else "both"
        assert codes == expected[kind]
        kinds.add(kind)
    assert kinds == {"old", "new", "both"}


def test_a_posting_is_found_by_any_of_its_three_codes_and_by_no_other(simulator: Simulator, call: Caller) -> None:
    path = "/v2/posting/fbs/get-by-barcode"
    for _ in range(3):
        number = simulator.add_posting(call.seller.client_id)
        old, scanit = named(call, number)
        for code in old | ({scanit} - {""}):
            assert call(path, {"barcode": code})["result"]["posting_number"] == number
    assert call(path, {"barcode": "no-such"}, expect=404)["message"] == "POSTING_NOT_FOUND"
    assert call(path, {"barcode": ""}, expect=404)["message"] == "POSTING_NOT_FOUND"


def test_the_code_can_be_planted_empty_or_shared(simulator: Simulator, call: Caller) -> None:
    made = [simulator.add_posting(call.seller.client_id, scanit="SAME") for _ in range(3)]
    assert {named(call, number)[1] for number in made} == {"SAME", ""}


def test_a_posting_without_a_scanit_code_has_an_old_label_in_every_style(simulator: Simulator, call: Caller) -> None:
    numbers = ready(simulator, call, 3, scanit="")
    assert shown(call, numbers, "big_label") == [named(call, number)[0] for number in numbers]
