"""Page proof: every verdict, and that neither the order of pages nor of barcodes changes any of them."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.labels.page_proof import (
    SEVERAL,
    Expected,
    PageSaid,
    is_own_code,
    is_posting_number,
    print_order,
    prove_pages,
)
from shipby.domain.labels.pages import PageVerdict

A, B, C, X = "11111111-0001-1", "11111111-0002-1", "22222222-0001-1", "99999999-0001-1"
ASKED = {
    A: Expected(barcodes=("up-a", "low-a"), parent="11111111-0009-1", relatives=(B,)),
    B: Expected(barcodes=("up-b", "low-b")),
    C: Expected(),
}
OURS = {"up-k": "33333333-0001-1", "33333333-0001-1": "33333333-0001-1"}
"""A posting that was not asked for."""


def said(codes: Sequence[str] = (), texts: Sequence[str] = (), mark: str = "") -> PageSaid:
    seed = f"{sorted(codes)} {sorted(texts)} {mark}"
    return PageSaid(sha256=hashlib.sha256(seed.encode()).hexdigest(), barcodes=tuple(codes), texts=tuple(texts))


def verdicts(*pages: PageSaid, asked: Mapping[str, Expected] = ASKED) -> list[PageVerdict]:
    return [finding.verdict for finding in prove_pages(pages, asked, OURS.get).findings]


@pytest.mark.parametrize(
    ("page", "verdict"),
    [
        (said(["up-a"]), PageVerdict.PROVEN),
        (said(["up-a", "low-a"], [A]), PageVerdict.PROVEN),
        (said(["up-a", "route-77"], [A, "55555555-0001-9"]), PageVerdict.PROVEN),
        (said(["up-a"], ["11111111-0009-1"]), PageVerdict.PROVEN),
        (said(["up-a"], [A, B, "11111111-0009-1"]), PageVerdict.PROVEN),
        (said([A]), PageVerdict.PROVEN),
        (said([], [C]), PageVerdict.PROVEN),
        (said(["route-77"], [C]), PageVerdict.PROVEN),
        (said(["up-b"], [A]), PageVerdict.MISMATCH),
        (said(["up-a", "up-b"]), PageVerdict.MISMATCH),
        (said(["up-a"], [A, C]), PageVerdict.MISMATCH),
        (said(["up-a"], [B]), PageVerdict.MISMATCH),
        (said(["up-a"], ["55555555-0001-9"]), PageVerdict.MISMATCH),
        (said(["up-k"], [A]), PageVerdict.MISMATCH),
        (said([X], [A]), PageVerdict.MISMATCH),
        (said([], [B, C]), PageVerdict.MISMATCH),
        (said(["up-k"]), PageVerdict.FOREIGN),
        (said(["whatever"], [X]), PageVerdict.FOREIGN),
        (said([X], [X]), PageVerdict.FOREIGN),
        (said([], ["33333333-0001-1"]), PageVerdict.FOREIGN),
        (said(), PageVerdict.UNREADABLE),
        (said(["route-77"]), PageVerdict.UNREADABLE),
        (said(["route-77"], [A]), PageVerdict.UNREADABLE),
        (said([], [A]), PageVerdict.UNREADABLE),
    ],
)
def test_a_page_is_judged_by_what_it_says(page: PageSaid, verdict: PageVerdict) -> None:
    proof = prove_pages([page], ASKED, OURS.get)
    (finding,) = proof.findings
    assert finding.verdict is verdict
    assert bool(finding.reason) is (verdict is not PageVerdict.PROVEN)
    assert bool(proof.pages) is (verdict is PageVerdict.PROVEN)


OWN = Expected(
    barcodes=("%101%10293145035", "201864523528000", "SCN000806044518"), references=("80087987654321", "RB123456785CN")
)


@pytest.mark.parametrize(
    "strange",
    [
        "%101%10293145036",
        "%303%806044518",
        "201864523529000",
        "711008270053000",
        "20325804886000",
        "23024930500000",
        "SCN000806044519",
        "99999999-0001-1",
    ],
)
@pytest.mark.parametrize("texts", [[], [A]])
def test_an_unknown_code_that_is_built_like_a_labels_proves_nothing_beside_an_own_one(
    strange: str, texts: list[str]
) -> None:
    """It may be of a posting that was never fetched: such a page waits for a person's word."""
    for codes in ([OWN.barcodes[0], strange], [strange, *OWN.barcodes]):
        (finding,) = prove_pages([said(codes, texts)], {A: OWN}, OURS.get).findings
        assert finding.verdict in (PageVerdict.UNREADABLE, PageVerdict.MISMATCH)
        assert strange in finding.reason


@pytest.mark.parametrize(
    "beside",
    [
        "https://ozon.ru/t/abc?posting=99999999-0001-1",
        "0104607177964089215BXXX",
        "(01)04607177964089(21)5BXXX",
        "4607177964089",
        "14607177964086",
        "46070010",
        "route-77",
        "MSK-12/7",
        "%101%10293145035-2",
        "201864523528000/2",
        "80087987654321",
        "RB123456785CN",
        "00123456789012345675",
    ],
)
def test_goods_addresses_routes_boxes_and_the_carriers_number_may_stand_beside_an_own_code(beside: str) -> None:
    assert verdicts(said([OWN.barcodes[1], beside], [A]), asked={A: OWN}) == [PageVerdict.PROVEN]


def test_a_code_that_several_postings_are_known_to_have_is_no_stranger() -> None:
    shared = {"20325804886000": SEVERAL}
    (finding,) = prove_pages([said([OWN.barcodes[0], "20325804886000"])], {A: OWN}, shared.get).findings
    assert finding.verdict is PageVerdict.PROVEN


def test_the_reason_names_what_disagrees() -> None:
    (mixed, number_only) = prove_pages([said(["up-b"], [A]), said(["other"], [A])], ASKED, OURS.get).findings
    assert A in mixed.reason
    assert B in mixed.reason
    assert mixed.names == (A, B)
    assert number_only.names == (A,)
    assert "none of its barcodes" in number_only.reason


def test_a_code_that_the_marketplace_names_for_two_postings_proves_neither() -> None:
    shared = {A: Expected(barcodes=("same", "up-a")), B: Expected(barcodes=("same", "up-b"))}
    assert verdicts(said(["same"]), asked=shared) == [PageVerdict.UNREADABLE]
    assert verdicts(said(["same", "up-b"]), asked=shared) == [PageVerdict.PROVEN]


def test_a_longer_code_is_not_the_shorter_one_and_a_boxs_code_is() -> None:
    assert [is_own_code(code, A, ("23024",)) for code in ("23024", "23024-2", "230249", "23024A", B)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert not is_own_code(B, A, (B,)), "what looks like another posting's number is that posting's"


def test_a_code_that_labels_of_other_postings_have_too_proves_nothing_alone() -> None:
    asked = {A: Expected(barcodes=("up-a", "same"))}
    for names in ({"same": SEVERAL}, {"same": B}):
        alone, beside = prove_pages([said(["same"], [A]), said(["same", "up-a"], [A])], asked, names.get).findings
        assert (alone.verdict, beside.verdict) == (PageVerdict.UNREADABLE, PageVerdict.PROVEN)
        assert "other postings" in alone.reason


def test_the_same_page_or_the_same_codes_come_once_and_other_boxes_stay() -> None:
    pages = [said(["up-a", "low-a"], [A], "x"), said(["low-a", "up-a"], [A], "y"), said(["up-a-2", "low-a"], [A])]
    pages = [replace(page, looks="alike") for page in pages]
    proof = prove_pages(pages, ASKED, OURS.get)
    assert sorted(finding.verdict for finding in proof.findings) == ["double", "proven", "proven"]
    assert len(proof.pages[A]) == 2


def test_boxes_with_the_same_codes_are_both_kept_if_they_look_different() -> None:
    boxes = [replace(said(["up-a", "low-a"], [A], sha), looks=looks) for sha, looks in zip("wxyz", "1213", strict=True)]
    proof = prove_pages(boxes, ASKED, OURS.get)
    assert [finding.verdict for finding in proof.findings].count(PageVerdict.DOUBLE) == 1
    assert {boxes[index].looks for index in proof.pages[A]} == {"1", "2", "3"}


def test_boxes_come_in_their_own_order() -> None:
    pages = [said([f"up-a-{box}", "low-a"]) for box in (10, 9, 2, 1)]
    assert prove_pages(pages, ASKED, OURS.get).pages[A] == (3, 2, 1, 0)
    assert print_order(pages, range(4)) == [3, 2, 1, 0]


@pytest.mark.parametrize(
    ("text", "is_one"), [(A, True), ("24219509-0020-2", True), ("24219509-0020", False), ("٢٤٢١٩٥٠٩-0020-2", False)]
)
def test_a_posting_number_is_known_by_its_form(text: str, is_one: bool) -> None:
    assert is_posting_number(text) is is_one


_CODES = ["up-a", "low-a", "up-b", "up-k", "route", A, X]
_PAGES = st.lists(
    st.builds(
        said,
        st.lists(st.sampled_from(_CODES), max_size=3, unique=True),
        st.lists(st.sampled_from([A, B, C, X]), max_size=2, unique=True),
        st.sampled_from(["", "again"]),
    ),
    max_size=8,
)


def _reads(page: PageSaid) -> tuple[list[str], list[str]]:
    return sorted(page.barcodes), sorted(page.texts)


@given(_PAGES, st.randoms(use_true_random=False))
def test_the_order_of_pages_and_codes_changes_nothing(pages: list[PageSaid], chance: random.Random) -> None:
    order = list(range(len(pages)))
    chance.shuffle(order)
    shuffled = [
        PageSaid(sha256=pages[i].sha256, barcodes=pages[i].barcodes[::-1], texts=pages[i].texts[::-1]) for i in order
    ]
    before, after = (prove_pages(each, ASKED, OURS.get) for each in (pages, shuffled))
    for number in {*before.pages, *after.pages}:
        # Pages that read the same come as they stand in the file.
        printed = [[one[i] for i in proof.pages[number]] for one, proof in ((pages, before), (shuffled, after))]
        assert [_reads(page) for page in printed[0]] == [_reads(page) for page in printed[1]]
    told = [sorted((_reads(p), f.verdict, f.names) for p, f in zip(each, proof.findings, strict=True))
            for each, proof in ((pages, before), (shuffled, after))]  # fmt: skip
    assert told[0] == told[1]


@given(_PAGES)
def test_no_page_is_printed_that_names_anybody_else(pages: list[PageSaid]) -> None:
    proof = prove_pages(pages, ASKED, OURS.get)
    for number, indexes in proof.pages.items():
        for index in indexes:
            named = {OURS.get(code, code) for code in pages[index].barcodes if code in OURS or is_posting_number(code)}
            assert named <= {number}
            assert not {"up-a", "low-a"} & set(pages[index].barcodes) or number == A


def test_pages_that_read_the_same_stay_as_they_follow_each_other() -> None:
    pages = [said(["up-a"], mark=mark) for mark in ("c", "a", "b")]
    assert print_order(pages, (2, 0, 1)) == [0, 1, 2]
