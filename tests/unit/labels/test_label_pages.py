"""Label files of every badness: what is proven is stored, what is proven wrong is never printed, nobody waits."""

from __future__ import annotations

from typing import cast

import pytest

from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.labels.asks import spread_delay
from shipby.application.labels.overrides import LabelOverride, override_label
from shipby.application.labels.views import posting_labels, refused_pages
from shipby.application.postings.queries import PostingFilter, list_postings
from shipby.application.printing.scan_label import scan_label
from shipby.domain import pointers
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import (
    InvalidInputError,
    NotFoundError,
    StageMismatchError,
)
from shipby.domain.events import EventType, posting_ref
from shipby.domain.labels.documents import DocumentState
from shipby.domain.labels.pages import PageVerdict
from tests.support import builders as a
from tests.unit.labels.label_files_support import LabelDesk, own_page, page
from tests.unit.world_support import forget


@pytest.fixture
def desk() -> LabelDesk:
    return LabelDesk()


def blur(number: str) -> str:
    return page(mark=f"grey columns {number}")


def override(desk: LabelDesk, number: str, reason: str = "looked at it", document: str = "label") -> object:
    wish = LabelOverride(seller=a.SELLER, number=number, document=document, reason=reason, actor="key:k1")
    return override_label(wish, forget, store=desk.world.store, clock=desk.world.clock).body["printable"]


# Verdicts


def test_the_parts_of_a_parcel_of_several_boxes_are_kept_in_the_order_of_their_boxes(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    desk.market.sheets[number] = [own_page(number, box=box) for box in (10, 2, 1)]
    desk.run(number)
    assert desk.content(number) == [own_page(number, box=box) for box in (1, 2, 10)]
    assert desk.cases() == []


def test_a_foreign_page_is_set_aside_and_told_on_the_posting_it_was_asked_for(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    desk.market.extra = [own_page("99999999-0001-1")]
    desk.run(number)
    assert desk.state(number) is DocumentState.READY
    (refused,) = desk.refused()
    assert (refused.verdict, refused.names) == (PageVerdict.FOREIGN, ("99999999-0001-1",))
    assert desk.documents.files[refused.key].decode().endswith(desk.market.extra[0])
    assert desk.types(number).count(EventType.LABEL_PAGE_REFUSED) == 1
    (case,) = desk.cases()
    assert (case.kind, "1 foreign" in case.reason) == (CaseKind.LABEL_PAGE, True)


def test_a_page_with_the_number_of_one_and_the_barcode_of_another_prints_for_neither(desk: LabelDesk) -> None:
    first, second = desk.arrive(2)
    desk.market.sheets[first] = [page([f"up-{second}", f"low-{second}"], [first])]
    desk.run(first, second)
    assert desk.state(second) is DocumentState.READY
    assert desk.content(second) == [own_page(second)]
    assert desk.state(first) is DocumentState.FAILED
    assert "disagree" in desk.label(first).problem
    assert {refused.verdict for refused in desk.refused()} == {PageVerdict.MISMATCH}


def test_a_page_that_comes_twice_is_printed_once(desk: LabelDesk) -> None:
    first, second = desk.arrive(2)
    again = page([f"up-{first}", f"low-{first}"], [first], mark="printed again")
    desk.market.sheets[first] = [own_page(first), again]
    desk.run(first, second)
    assert desk.label(first).pages == 1
    (refused,) = desk.refused()
    assert refused.verdict is PageVerdict.DOUBLE
    assert desk.types(first).count(EventType.LABEL_PAGE_REFUSED) == 1
    assert EventType.LABEL_PAGE_REFUSED not in desk.types(second)


def test_a_code_that_all_labels_share_leads_to_none_of_them_and_accuses_none(desk: LabelDesk) -> None:
    numbers = desk.arrive(3)
    for number in numbers:
        desk.market.sheets[number] = [page([f"up-{number}", f"up-{number}-2", "route-77"], [number])]
        desk.run(number)
    assert {desk.state(number) for number in numbers} == {DocumentState.READY}
    assert desk.world.store.find(a.SELLER, pointers.LABEL, "route-77") is None
    assert desk.world.store.find(a.SELLER, pointers.LABEL, f"up-{numbers[0]}-2") == numbers[0]


def test_a_code_that_is_the_number_itself_needs_no_pointer_and_finds_the_posting_everywhere(desk: LabelDesk) -> None:
    first, second = desk.arrive(2)
    desk.market.sheets[first] = [page([first, f"up-{first}"], [first])]
    # The neighbour's label cannot take it: what looks like a posting's number is that posting's.
    desk.market.sheets[second] = [page([f"up-{second}", first], [second])]
    desk.run(first)
    desk.run(second)
    store = desk.world.store
    assert store.find(a.SELLER, pointers.LABEL, first) is None
    assert store.find(a.SELLER, pointers.LABEL, f"up-{first}") == first
    assert scan_label(a.SELLER, first, store=store)["posting_number"] == first
    found = list_postings(a.SELLER, PostingFilter(q=first), limit=10, cursor=None, store=store)
    assert [item["posting_number"] for item in cast("list[dict[str, str]]", found["items"])] == [first]


def test_the_barcode_of_another_posting_of_the_seller_is_known_though_it_was_not_asked_for(desk: LabelDesk) -> None:
    first, second = desk.arrive(2)
    desk.run(second)
    desk.market.sheets[first] = [page([f"up-{second}"])]
    desk.run(first)
    assert desk.state(first) is DocumentState.FAILED
    assert {(refused.verdict, refused.names) for refused in desk.refused()} == {(PageVerdict.FOREIGN, (second,))}


def test_an_unreadable_page_is_asked_for_alone_and_then_waits_for_a_person(desk: LabelDesk) -> None:
    numbers = desk.arrive(3)
    bad = numbers[1]
    desk.market.sheets[bad] = [blur(bad)]
    desk.run(*numbers)
    assert desk.market.asked == [tuple(numbers), (bad,)]
    label = desk.label(bad)
    assert (label.state, label.pages) == (DocumentState.UNPROVEN, 1)
    assert "override" in label.problem
    assert desk.world.posting(bad).label_ready_at is None
    assert desk.types(bad)[-1] is EventType.LABEL_UNPROVEN
    routed = route_event(desk.world.history(posting_ref(bad))[-1], label_delay_seconds=60)
    assert [one.destination for one in routed] == [Destination.NOTIFY]
    assert len(desk.cases()) == 1
    desk.run(bad)
    assert len(desk.market.asked) == 2


def test_an_unproven_label_prints_after_an_override_with_a_reason(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    desk.market.sheets[number] = [page(["new-code"], mark="new layout")]
    desk.run(number)
    with pytest.raises(InvalidInputError):
        override(desk, number, reason=" ")
    with pytest.raises(NotFoundError):
        override(desk, number, document="label-small")
    assert override(desk, number) is True
    label = desk.label(number)
    assert (label.state, label.override_reason, label.override_by) == (
        DocumentState.UNPROVEN,
        "looked at it",
        "key:k1",
    )
    assert desk.world.posting(number).label_ready_at is not None
    assert desk.types(number)[-1] is EventType.LABEL_OVERRIDDEN
    assert desk.world.store.find(a.SELLER, pointers.LABEL, "new-code") is None
    with pytest.raises(StageMismatchError, match="already"):
        override(desk, number)


def test_a_proven_label_needs_no_override_and_a_cancelled_posting_gets_none(desk: LabelDesk) -> None:
    good, bad = desk.arrive(2)
    desk.market.sheets[bad] = [blur(bad)]
    desk.run(good, bad)
    with pytest.raises(StageMismatchError):
        override(desk, good)
    desk.market.cancel_by(bad, "client")
    desk.world.read(bad)
    with pytest.raises(StageMismatchError):
        override(desk, bad)


def test_a_number_without_the_barcodes_that_the_marketplace_names_is_no_proof(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    desk.market.sheets[number] = [page(["somebodys-code"], [number])]
    desk.run(number)
    assert desk.state(number) is DocumentState.UNPROVEN
    assert f"{number} is printed on it, but none of its barcodes" in desk.label(number).problem


def test_a_parcel_of_which_one_box_cannot_be_read_waits_with_all_its_boxes(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    desk.market.sheets[number] = [own_page(number), blur("box 2"), blur("box 2")]
    desk.run(number)
    assert (desk.state(number), desk.label(number).pages) == (DocumentState.UNPROVEN, 2)
    assert "2 of 3 pages" not in desk.label(number).problem
    assert "1 of 3 pages" in desk.label(number).problem


def test_an_unreadable_page_beside_a_foreign_one_is_nobodys(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    desk.market.sheets[number] = [blur(number)]
    desk.market.extra = [own_page("99999999-0001-1")]
    desk.run(number)
    assert desk.state(number) is DocumentState.FAILED
    assert "1 foreign" in desk.label(number).problem


def test_more_unreadable_pages_than_missing_labels_are_a_case(desk: LabelDesk) -> None:
    numbers = desk.arrive(2)
    desk.market.sheets[numbers[0]] = [own_page(numbers[0]), blur("box 2")]
    desk.run(*numbers)
    assert [desk.state(number) for number in numbers] == [DocumentState.READY] * 2
    (case,) = desk.cases()
    assert "several boxes" in case.reason


def test_three_hundred_shuffled_pages_with_one_of_each_badness_end_well(desk: LabelDesk) -> None:
    numbers = desk.arrive(300)
    mixed, twice, unreadable, missing, unprinted = numbers[:5]
    desk.market.sheets |= {
        mixed: [page([f"up-{numbers[9]}"], [mixed])],
        twice: [own_page(twice)] * 2,
        unreadable: [blur(unreadable)],
        missing: [],
    }
    desk.market.label_problems[unprinted] = "weight is missing"
    desk.market.extra = [own_page("99999999-0001-1")]
    desk.run(*numbers)
    ready = [number for number in numbers if desk.state(number) is DocumentState.READY]
    assert len(ready) == 296
    assert all(desk.content(number) == [own_page(number)] for number in ready)
    assert {number: desk.state(number) for number in numbers if number not in ready} == dict.fromkeys(
        (mixed, unreadable, missing, unprinted), DocumentState.FAILED
    )
    # Every file of this marketplace has the foreign page, so not even the unreadable one is surely the posting's.
    desk.market.extra = []
    desk.run(unreadable)
    assert desk.state(unreadable) is DocumentState.UNPROVEN
    verdicts = {refused.verdict for refused in desk.refused()}
    assert verdicts == {PageVerdict.MISMATCH, PageVerdict.DOUBLE, PageVerdict.FOREIGN, PageVerdict.UNREADABLE}


def test_a_new_layout_of_all_three_hundred_ends_with_overrides_one_case_and_no_storm(desk: LabelDesk) -> None:
    numbers = desk.arrive(300)
    desk.market.sheets |= {number: [blur(number)] for number in numbers}
    desk.run(*numbers)
    assert {desk.state(number) for number in numbers} == {DocumentState.UNPROVEN}
    assert len(desk.cases()) == 1
    assert len(desk.market.asked) == 301
    single = sorted(delay for delay in desk.delays if delay >= desk.tools.wait_seconds)
    assert len(single) == 300
    assert single[-1] >= 600
    assert all(single.count(delay) == 1 for delay in single)
    assert len([key for key in desk.documents.files if key.startswith("aside/")]) <= 50


def test_single_asks_are_spread_over_what_a_message_can_wait() -> None:
    delays = [spread_delay(position, 1000, 20) for position in range(1000)]
    assert delays[0] == 20
    assert delays == sorted(delays)
    assert max(delays.count(delay) for delay in delays[:-1]) <= 2
    assert delays[-1] <= 900


def test_people_see_which_page_was_refused_and_which_label_waits_for_them(desk: LabelDesk) -> None:
    good, bad = desk.arrive(2)
    desk.market.sheets[bad] = [blur(bad)]
    desk.market.sheets[good] = [own_page(good), page([f"up-{good}", f"low-{good}"], [good], mark="again")]
    desk.run(good, bad)
    day = desk.world.clock.now().date()
    listed = refused_pages(a.SELLER, day, limit=50, cursor=None, store=desk.world.store, documents=desk.documents)
    items = listed["items"]
    assert isinstance(items, list)
    assert {item["verdict"] for item in items if isinstance(item, dict)} == {"double", "unreadable"}
    assert all(isinstance(item, dict) and "expires=300" in str(item["link"]) for item in items)
    labels = posting_labels(a.SELLER, bad, store=desk.world.store, documents=desk.documents)["items"]
    assert isinstance(labels, list)
    (shown,) = labels
    assert isinstance(shown, dict)
    assert (shown["state"], shown["printable"], shown["form"]) == ("unproven", False, "big")
    assert "expires=300" in str(shown["link"])
