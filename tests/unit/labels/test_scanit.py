"""The ScanIt code: a third code of a posting, the only one of a new label, and sometimes not its own."""

from __future__ import annotations

import pytest

from shipby.application.labels.names import lookup
from shipby.application.postings.label_codes import posting_of_code
from shipby.application.postings.queries import PostingFilter, list_postings
from shipby.application.printing.scan_label import scan_label
from shipby.domain.errors import NotFoundError
from shipby.domain.events import EventType
from shipby.domain.labels.documents import DocumentState
from tests.support import builders as a
from tests.unit.labels.label_files_support import LabelDesk, number_of, own_page, page


@pytest.fixture
def desk() -> LabelDesk:
    return LabelDesk()


def arrive(desk: LabelDesk, count: int, *, scanit: str = "SCN-{}", sheet: str = "{},") -> list[str]:
    """Postings whose pages carry `sheet`, which may name the ScanIt code."""
    numbers = [number_of(index) for index in range(count)]
    for index, number in enumerate(numbers):
        code = scanit.format(index)
        desk.arrive_one(number, scanit=code)
        desk.market.sheets[number] = [page(sheet.format(code).split(","), [number])]
    return numbers


def found(desk: LabelDesk, code: str) -> list[str]:
    wanted = PostingFilter(q=code)
    listed = list_postings(a.SELLER, wanted, limit=5, cursor=None, store=desk.world.store)["items"]
    assert isinstance(listed, list)
    return [str(item["posting_number"]) for item in listed if isinstance(item, dict)]


def test_a_page_with_nothing_but_its_scanit_code_is_proven_and_found_by_it(desk: LabelDesk) -> None:
    first, second = arrive(desk, 2)
    desk.run(first, second)
    assert [desk.state(number) for number in (first, second)] == [DocumentState.READY] * 2
    assert scan_label(a.SELLER, "SCN-1", store=desk.world.store)["posting_number"] == second
    assert found(desk, "SCN-0") == [first]


def test_a_posting_is_found_by_its_scanit_code_although_its_own_label_does_not_carry_it(desk: LabelDesk) -> None:
    (number,) = arrive(desk, 1)
    desk.market.sheets[number] = [own_page(number)]
    desk.run(number)
    assert found(desk, "SCN-0") == [number]


def test_a_page_with_the_scanit_code_of_another_posting_is_never_its_label(desk: LabelDesk) -> None:
    first, second, third = arrive(desk, 3)
    desk.run(third)
    desk.market.sheets[first] = [page([f"up-{first}", "SCN-2"], [first])]
    desk.market.sheets[second] = [page(["SCN-2"], [second])]
    desk.run(first, second)
    assert DocumentState.READY not in (desk.state(first), desk.state(second))


def test_a_code_that_several_postings_have_proves_and_finds_none(desk: LabelDesk) -> None:
    """Whether they come in one file or one after the other; with their other codes they are labelled as ever."""
    first, second, third, fourth = arrive(desk, 4, scanit="SAME")
    desk.run(first)
    assert desk.state(first) is DocumentState.READY, "nobody knows yet that others have it"
    desk.run(second)
    assert desk.state(second) is not DocumentState.READY
    for number in (third, fourth):
        desk.market.sheets[number] = [page([f"up-{number}", f"low-{number}", "SAME"], [number])]
    desk.run(third, fourth)
    assert [desk.state(number) for number in (third, fourth)] == [DocumentState.READY] * 2
    store = desk.world.store
    assert posting_of_code(a.SELLER, "SAME", store=store) == lookup(store, a.SELLER)("SAME") == ""
    assert found(desk, "SAME") == []
    with pytest.raises(NotFoundError, match="several postings"):
        scan_label(a.SELLER, "SAME", store=store)
    assert scan_label(a.SELLER, f"up-{third}", store=store)["posting_number"] == third
    assert found(desk, f"low-{third}") == [third]


def test_a_code_that_is_the_number_of_another_posting_is_that_postings(desk: LabelDesk) -> None:
    first, second = number_of(0), number_of(1)
    desk.arrive_one(first, scanit=second)
    desk.arrive_one(second)
    desk.market.sheets[first] = [page([f"up-{first}"], [first])]
    desk.run(first)
    assert scan_label(a.SELLER, second, store=desk.world.store)["posting_number"] == second
    desk.market.sheets[second] = [page([second], [])]
    desk.run(second)
    assert desk.state(second) is DocumentState.READY


def test_a_scanit_code_that_comes_later_or_goes_leaves_the_label_alone_another_one_voids_it(desk: LabelDesk) -> None:
    (number,) = arrive(desk, 1, scanit="", sheet="")
    desk.market.sheets[number] = [own_page(number)]
    desk.run(number)
    for scanit in ("SCN-0", "", "SCN-0"):
        desk.market.change(number, scanit=scanit, tracking_number=f"T{len(scanit)}{desk.world.posting(number).version}")
        desk.world.read(number)
        assert desk.state(number) is DocumentState.READY
    desk.market.change(number, scanit="SCN-9")
    desk.world.read(number)
    assert desk.state(number) is DocumentState.WAITING
    assert EventType.LABEL_VOIDED in desk.types(number)


def test_barcodes_named_after_the_label_was_proven_by_its_scanit_code_leave_it_alone(desk: LabelDesk) -> None:
    number = number_of(0)
    desk.arrive_one(number, barcodes=(), scanit="SCN-0")
    desk.market.sheets[number] = [page(["SCN-0"], [number])]
    desk.run(number)
    desk.market.change(number, barcodes=("late-up", "late-low"))
    desk.world.read(number)
    assert desk.state(number) is DocumentState.READY
