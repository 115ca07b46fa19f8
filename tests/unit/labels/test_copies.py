"""The code of a copy: what it holds comes back, and a misread one is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.copies import (
    copy_code,
    pick_list_code,
    read_copy_code,
    read_pick_list_code,
    read_slip_code,
    readings,
)
from shipby.domain.labels.documents import DocumentKind

numbers = st.from_regex(r"[0-9]{8,10}-[0-9]{4}-[0-9]{1,2}", fullmatch=True)
kinds = st.sampled_from([DocumentKind.OWN_LABEL, DocumentKind.STICKER])
copies = st.integers(1, 999_999)
SHORT_QR = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


@given(numbers, kinds, copies)
def test_what_goes_in_comes_out_and_fits_the_short_alphabet_of_qr(number: str, kind: DocumentKind, copy: int) -> None:
    code = copy_code(number, kind, copy)
    assert read_copy_code(code) == (number, kind, copy)
    assert set(code) <= SHORT_QR
    assert len(code) <= len(number) + 16


@given(numbers, kinds, copies, st.data())
def test_one_wrong_character_is_always_noticed(number: str, kind: DocumentKind, copy: int, data: st.DataObject) -> None:
    code = copy_code(number, kind, copy)
    place = data.draw(st.integers(0, len(code) - 1))
    wrong = data.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(lambda one: one != code[place]))
    assert read_copy_code(code[:place] + wrong + code[place + 1 :]) is None


@given(numbers, kinds, copies, st.data())
def test_two_swapped_neighbours_are_always_noticed(
    number: str, kind: DocumentKind, copy: int, data: st.DataObject
) -> None:
    code = copy_code(number, kind, copy)
    place = data.draw(st.integers(0, len(code) - 2))
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert swapped == code or read_copy_code(swapped) is None


@given(st.text(max_size=40))
def test_no_text_breaks_reading(text: str) -> None:
    found = read_copy_code(text)
    assert found is None or copy_code(*found) == text
    assert all(one.text for one in readings(text))


@pytest.mark.parametrize(
    ("number", "kind", "copy"),
    [
        ("", DocumentKind.STICKER, 1),
        ("1:2", DocumentKind.STICKER, 1),
        ("Ж-1", DocumentKind.STICKER, 1),
        ("1" * 101, DocumentKind.STICKER, 1),
        ("1-1-1", DocumentKind.LABEL, 1),
        ("1-1-1", DocumentKind.OWN_LABEL, 0),
    ],
)
def test_what_no_code_can_hold_is_refused(number: str, kind: DocumentKind, copy: int) -> None:
    with pytest.raises(InvalidInputError):
        copy_code(number, kind, copy)


def test_codes_of_slips_and_pick_lists_are_told_from_those_of_copies() -> None:
    assert read_slip_code("SB:PS:1-1-1") == "1-1-1"
    assert read_slip_code("SB:OL:1-1-1:1:00") is None
    assert read_pick_list_code(pick_list_code("abc")) == "abc"
    assert read_pick_list_code("SB:PS:abc") is None
