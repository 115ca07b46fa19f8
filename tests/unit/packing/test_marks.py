"""Marks: every scan gives the one mark of the piece or a refusal, and never another piece's."""

from __future__ import annotations

import random
import sys
from collections import Counter

import biip
import pytest

from shipby.domain.packing.marks import (
    GS,
    Mark,
    MarkProblem,
    Unread,
    check_goods,
    is_barcode,
    looks_like_mark,
    read_mark,
)
from tests.unit.packing.mark_scans import RECOVERABLE, Mishap, gtin, make_mark, spoil

PROOF = f"91EE06{GS}92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4="
SHIRT = Mark("04607143560598", "FGXEAGA5a1GA(", PROOF)
SCANS = 10_000


def why(typed: str) -> str:
    found = read_mark(typed)
    return found.why if isinstance(found, Unread) else "read"


def test_a_whole_mark_is_read_as_it_is_with_and_without_the_scanner_s_prefix_and_end_of_line() -> None:
    for typed in (
        SHIRT.code,
        f"]d2{SHIRT.code}\r\n",
        f"{GS}{SHIRT.code}",
        f"]d2{GS}{SHIRT.code}{GS}",
        f" {SHIRT.code}\t",
    ):
        assert read_mark(typed) == SHIRT


def test_a_lost_gs_is_put_back_where_it_belongs_and_one_at_a_wrong_place_is_not_dropped() -> None:
    assert read_mark(SHIRT.code.replace(GS, "")) == SHIRT
    assert read_mark(SHIRT.code.replace(GS, "", 1)) == SHIRT
    assert why(SHIRT.code.replace("FGX", f"FG{GS}X")) == "cut_off"
    assert why(SHIRT.code.replace(GS, " ")) == "not_a_mark"


def test_a_serial_of_an_unknown_length_needs_its_gs() -> None:
    odd = Mark(SHIRT.gtin, "12345678", PROOF)

    assert read_mark(odd.code) == odd
    assert why(odd.code.replace(GS, "")) == "cut_off"


def test_the_russian_layout_is_undone_in_both_cases_and_a_change_of_layout_within_the_scan_is_not_guessed() -> None:
    assert read_mark("010460714356059821АПЧУФПФ5ф1ПФ(91УУ0692ММ.т3п0рНЗ6лйч1ЦоМн.атзЛЕ+ш7Т3АЕ8ЙЗГняяЛЙЕ4=") == Mark(
        SHIRT.gtin, SHIRT.serial, PROOF.replace("92VW", "92VV")
    )
    assert why(SHIRT.code.replace("FGXE", "АGXE")) == "ambiguous"
    assert why("привет, world") == "not_a_mark"


def test_what_two_layouts_could_have_typed_is_ambiguous() -> None:
    """Without a letter nothing tells the layout, and then `.` may be `.` or `/`."""
    plain = Mark(SHIRT.gtin, "1234567890123", "931234")
    assert read_mark(plain.code) == plain
    assert why(Mark(SHIRT.gtin, "12345678901.3", "931234").code) == "ambiguous"


@pytest.mark.parametrize("change", [str.upper, str.lower, str.swapcase])
def test_case_is_never_turned(change: object) -> None:
    assert callable(change)
    other = Mark(SHIRT.gtin, change(SHIRT.serial), SHIRT.proof)

    found = read_mark(other.code)

    assert found == other
    assert found != SHIRT


def test_caps_lock_is_named_where_the_scanner_s_prefix_shows_it() -> None:
    assert why(f"]d2{SHIRT.code}".swapcase()) == "caps_lock"
    assert why("}D2" + SHIRT.code) == "caps_lock"


def test_a_barcode_is_told_from_a_mark() -> None:
    for code in ("4607143560598", "]E04607143560598", "04607143560598", "96385074", "036000291452"):
        assert why(code) == "barcode", code
        assert "scan the mark, not the barcode" in read_mark(code).told  # type: ignore[union-attr]  # it is refused
    assert why("4607143560599") == "not_a_mark"


def test_a_mark_that_was_cut_off_is_refused_wherever_it_was_cut() -> None:
    for whole in (SHIRT.code, SHIRT.code.replace(GS, "")):
        for length in range(1, len(whole)):
            if not is_barcode(whole[:length]):
                assert why(whole[:length]) == "cut_off", whole[:length]


def test_half_of_a_long_proof_is_no_short_one() -> None:
    long = Mark(SHIRT.gtin, "1234567890abc", f"91ffd0{GS}92{'tIAF/YVo' * 10}m0OX0Q==")

    assert read_mark(long.code) == long
    assert why(long.code[: long.code.index(f"{GS}92") + 3 + 44]) == "cut_off"


def test_a_wrong_check_digit_two_marks_in_one_and_other_texts_are_no_marks() -> None:
    assert why(SHIRT.code.replace("560598", "560597")) == "misread"
    assert why(SHIRT.code * 2) == "not_a_mark"
    for text in ("", " ", GS, "TEA-CUP-02", "SB:OL:24219509-0020-2:1:68", "(01)04607143560598(21)abc", "01\u0660" * 9):
        assert why(text) == "not_a_mark", text


def test_only_what_begins_like_a_mark_looks_like_one() -> None:
    assert looks_like_mark(SHIRT.code[:25])
    assert not looks_like_mark("4607143560598")


def test_a_mark_of_other_goods_is_told_by_its_gtin_and_a_card_without_a_gtin_says_nothing() -> None:
    assert check_goods(SHIRT, ["X-7", "4607143560598"]) is None
    assert check_goods(SHIRT, ["X-7"]) is None
    refused = check_goods(SHIRT, ["4601234567893"])
    assert refused is not None
    assert refused.why is MarkProblem.WRONG_GOODS


def oracle(code: str) -> dict[str, str]:
    """The elements as biip reads them."""
    message = biip.parse(f"]d2{code}").gs1_message
    assert message is not None
    return {element.ai.ai: element.value for element in message.element_strings}


def test_whole_marks_are_read_as_biip_reads_them() -> None:
    rng = random.Random(20261130)
    for _ in range(500):
        code = make_mark(rng, gtin(rng)).code
        ours = read_mark(f"]d2{code}")
        assert isinstance(ours, Mark)
        told = oracle(code)
        assert (ours.gtin, ours.serial) == (told["01"], told["21"])
        assert ours.proof == GS.join(f"{name}{value}" for name, value in told.items() if name not in ("01", "21"))


def test_of_ten_thousand_scans_none_passes_for_another_piece_and_the_recoverable_ones_are_recovered() -> None:
    rng = random.Random(45)
    items = [gtin(rng) for _ in range(50)]
    used = [make_mark(rng, rng.choice(items)) for _ in range(200)]
    taken = {mark.identity for mark in used}
    issued = {mark.code for mark in used}
    kinds = tuple(Mishap)
    recovered, refused, wrong, unknown = Counter[Mishap](), Counter[Mishap](), Counter[Mishap](), Counter[Mishap]()
    asked = Counter[Mishap]()
    for number in range(SCANS):
        mishap, item = kinds[number % len(kinds)], rng.choice(items)
        mark = make_mark(rng, item)
        typed = spoil(rng, mishap, mark)
        if mishap is Mishap.EAN:
            typed = item[1:]
        elif mishap is Mishap.FOREIGN:
            typed = make_mark(rng, gtin(rng)).code
        elif mishap is Mishap.USED:
            mark = rng.choice(used)
            item, typed = mark.gtin, mark.code
        issued.add(mark.code)
        asked[mishap] += 1
        found = read_mark(typed)
        if isinstance(found, Unread) or check_goods(found, [item]) or found.identity in taken:
            refused[mishap] += 1
        elif found == mark or (found.identity == mark.identity and mark.proof.startswith(f"{found.proof}{GS}310")):
            # Cut off right behind the proof, a weighed piece has lost its weight alone.
            recovered[mishap] += 1
        elif mishap in (Mishap.CASE, Mishap.CAPS_BARE) and found.code == typed and found.code not in issued:
            # By its form a mark like any other: kept as it was typed, never turned into one that was issued.
            unknown[mishap] += 1
        else:
            wrong[mishap] += 1
    rows = [f"{SCANS} scans: {wrong.total()} wrong accepted"]
    for kind in kinds:
        figures = f"{recovered[kind]:5} read {refused[kind]:5} refused {unknown[kind]:5} for the register"
        rows.append(f"  {kind:26} {asked[kind]:5} {figures}")
    sys.stdout.write("\n".join(["", *rows, ""]))
    total = sum(asked[kind] for kind in RECOVERABLE)
    assert wrong == Counter()
    assert sum(recovered[kind] for kind in RECOVERABLE) >= 0.95 * total
    for kind in (Mishap.CAPS, Mishap.EAN, Mishap.FOREIGN, Mishap.USED):
        assert refused[kind] == asked[kind], kind
