"""A posting of several boxes has a label for each: all of them, or none is printed."""

from __future__ import annotations

import pytest

from shipby.domain.labels.documents import DocumentState
from shipby.domain.labels.page_proof import boxes_amiss
from tests.support import builders as a
from tests.unit.labels.label_files_support import LabelDesk, own_page, page


@pytest.fixture
def desk() -> LabelDesk:
    return LabelDesk()


def test_as_many_pages_as_boxes_are_the_label(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1, boxes=3, multibox=True)
    desk.market.sheets[number] = [own_page(number, box=box) for box in (3, 1, 2)]
    desk.run(number)
    assert (desk.state(number), desk.label(number).pages) == (DocumentState.READY, 3)
    assert desk.content(number) == [own_page(number, box=box) for box in (1, 2, 3)]


def test_a_label_that_lacks_a_box_is_asked_for_again_and_prints_nothing_of_it(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1, boxes=3)
    desk.market.sheets[number] = [own_page(number, box=box) for box in (1, 2)]
    desk.run(number)
    assert desk.state(number) is DocumentState.FAILED
    assert "2 of 3 pages, one for each box" in desk.label(number).problem
    assert desk.world.posting(number).label_ready_at is None
    assert len(desk.market.asked) > 1


def test_a_neighbour_in_the_same_file_is_not_kept_waiting(desk: LabelDesk) -> None:
    many, one = desk.arrive(2)
    desk.world.market.change(many, boxes=2)
    desk.world.read(many)
    desk.run(many, one)
    assert (desk.state(many), desk.state(one)) == (DocumentState.FAILED, DocumentState.READY)


def test_more_pages_than_boxes_wait_for_a_person(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1, boxes=2)
    desk.market.sheets[number] = [own_page(number, box=box) for box in (1, 2, 3)]
    desk.run(number)
    assert desk.state(number) is DocumentState.UNPROVEN
    assert "3 pages for 2 boxes" in desk.label(number).problem


def test_a_page_that_cannot_be_read_counts_and_waits_with_the_others(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1, boxes=2)
    desk.market.sheets[number] = [own_page(number), page(mark="grey")]
    desk.run(number)
    assert (desk.state(number), desk.label(number).pages) == (DocumentState.UNPROVEN, 2)


def test_the_same_page_twice_is_one_box(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1, boxes=2)
    desk.market.sheets[number] = [own_page(number), own_page(number)]
    desk.run(number)
    assert desk.state(number) is DocumentState.FAILED


def test_where_nobody_said_how_many_boxes_any_number_will_do() -> None:
    assert [boxes_amiss(pages, boxes) for pages, boxes in ((1, 0), (5, 0), (3, 1), (2, 2))] == [""] * 4
    assert a.detail().boxes == 0
