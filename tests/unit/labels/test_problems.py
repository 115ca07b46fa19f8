"""What cannot be printed is named by field, and never stops another label."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO

import pikepdf
import pytest

from shipby.adapters.labels.frame import MOST_FRAMES
from shipby.adapters.labels.layout import lay_out
from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.options import HandlingMark, LabelSize
from shipby.domain.labels.own_labels import LabelLine, LabelLook, OwnLabel, Party
from tests.unit.labels.label_reading import PRESS, RECIPIENTS, Picture, a_label, misplaced

SIZES = list(LabelSize)


def _problems(label: OwnLabel, look: LabelLook | None = None) -> dict[str, str]:
    drawn = PRESS.labels([label], look or LabelLook())
    assert drawn.pdf == b""
    return dict(drawn.problems[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Анна 😀", "U+1F600"),
        ("שלום", "U+05E9"),
        ("مرحبا", "U+0645"),
        ("Анна\x07", "control character U+0007"),
        ("Анна\x00", "control character U+0000"),
        ("𠮷田", "U+20BB7"),
        ("ไทย", "U+0E44"),
        ("\ue000", "U+E000"),
    ],
)
def test_a_character_in_no_font_is_named_with_its_field(text: str, said: str) -> None:
    problems = _problems(a_label(recipient=Party(name=text, address="Москва")))

    assert list(problems) == ["recipient.name"]
    assert said in problems["recipient.name"]


def test_every_field_with_a_problem_is_named_at_once() -> None:
    label = a_label(
        carrier="😀",
        note="😀",
        cash_on_delivery="😀",
        sender=Party(name="😀", address="😀", phone="😀"),
        recipient=Party(name="😀", address="😀", phone="😀"),
        lines=(LabelLine(offer_id="A", name="ok", quantity=1), LabelLine(offer_id="😀", name="😀", quantity=1)),
        tracking_number="ТРЕК",
        code="КОД",
    )

    assert set(_problems(label)) == {
        *("carrier", "note", "cash_on_delivery", "tracking_number", "code"),
        *(f"{party}.{part}" for party in ("sender", "recipient") for part in ("name", "address", "phone")),
    }


def test_a_mark_given_twice_is_drawn_once() -> None:
    once = a_label(marks=(HandlingMark.FRAGILE,))
    twice = a_label(marks=(HandlingMark.FRAGILE, HandlingMark.FRAGILE))

    for size in SIZES:
        look = LabelLook(size=size)
        assert lay_out(twice, look, PRESS.fonts) == lay_out(once, look, PRESS.fonts)


def test_an_amount_to_collect_is_set_smaller_rather_than_broken_in_two() -> None:
    label = a_label(cash_on_delivery="123 456 789,00 ₸")

    assert "123 456 789,00 ₸" in Picture(PRESS.labels([label], LabelLook()).pdf, 203).text


def test_a_label_without_a_posting_number_is_refused() -> None:
    for size in SIZES:
        assert list(_problems(a_label(posting_number=""), LabelLook(size=size))) == ["posting_number"]


def test_an_address_that_does_not_fit_is_named_and_not_cut() -> None:
    problems = _problems(a_label(recipient=Party(name="Анна", address="Очень длинный адрес " * 55)))

    assert "do not fit on a label of 75x120 mm even at 5 points" in problems["recipient.address"]


@pytest.mark.parametrize("field", ["name", "address", "phone"])
def test_ten_thousand_characters_are_refused_by_field(field: str) -> None:
    problems = _problems(a_label(recipient=Party(**{"name": "Анна", field: "Ы" * 10_000})))

    assert list(problems) == [f"recipient.{field}"]
    assert "10000 characters do not fit" in problems[f"recipient.{field}"]


@pytest.mark.parametrize("size", SIZES)
def test_a_goods_name_of_ten_thousand_characters_is_shortened(size: LabelSize) -> None:
    label = a_label(lines=(LabelLine(offer_id="MUG", name="Ы" * 10_000, quantity=3),))

    page = lay_out(label, LabelLook(size=size), PRESS.fonts)

    assert misplaced(page) == []


def test_goods_that_do_not_fit_end_in_how_many_more_there_are() -> None:
    lines = tuple(LabelLine(offer_id=f"ART-{index}", name="Кружка керамическая", quantity=1) for index in range(60))
    drawn = PRESS.labels([a_label(lines=lines)], LabelLook())

    text = Picture(drawn.pdf, 203).text
    shown = sum(f"ART-{index} " in text for index in range(60))
    assert shown > 3
    assert f"+ ещё позиций: {60 - shown}" in text


def test_a_tracking_number_too_wide_for_two_dots_is_refused_on_a_small_label_only() -> None:
    label = a_label(tracking_number="AB1C2D3E4F5G6H7J8K9L0MNPQ")

    assert list(_problems(label, LabelLook(size=LabelSize.MM58X40))) == ["tracking_number"]
    assert PRESS.labels([label], LabelLook(size=LabelSize.MM100X150)).problems == {}


def test_a_bad_label_never_stops_the_others() -> None:
    drawn = PRESS.labels([a_label(), a_label(note="😀"), a_label(posting_number="12345678-0002-1")], LabelLook())

    assert drawn.pages == ((0,), (), (1,))
    assert list(drawn.problems) == [1]
    assert ("Code 128", "12345678-0002-1") in Picture(drawn.pdf, 203, page=1).codes()


@pytest.mark.parametrize("look", [LabelLook(language="fr"), LabelLook(dpi=600)])
def test_a_look_we_do_not_have_is_refused_as_a_whole(look: LabelLook) -> None:
    with pytest.raises(InvalidInputError):
        PRESS.labels([a_label()], look)


def test_marks_of_writing_direction_and_width_leave_no_trace() -> None:
    plain = a_label(recipient=Party(name="Анна Ли", address="Москва"))
    marked = a_label(recipient=Party(name="\u202eАн\u200bна\u200f\ufeff\tЛи\u2069", address="Мо\u00adск\ufe0fва"))

    assert PRESS.labels([marked], LabelLook()).pdf == PRESS.labels([plain], LabelLook()).pdf


@pytest.mark.parametrize(
    "name",
    [
        ") Tj ET Q (",
        "\\) \\( \\\\ \\n",
        "(((( <</Type/Catalog>> stream endstream endobj",
        "%PDF-1.7 <script>alert(1)</script> & <b>",
        "^XA^FO10,10^FDx^FS^XZ ~JA",
    ],
)
def test_pdf_syntax_in_a_name_is_just_text(name: str) -> None:
    drawn = PRESS.labels([a_label(recipient=Party(name=name))], LabelLook())

    picture = Picture(drawn.pdf, 203)
    assert "".join(name.split()) in "".join(picture.text.split())
    assert len(picture.codes()) == 3


def test_text_comes_back_whatever_code_its_glyphs_have() -> None:
    # More than 300 glyphs, so that their codes pass through every byte that PDF strings treat specially.
    names = "".join(chr(code) for code in range(0x4E00, 0x4E00 + 400) if PRESS.fonts.has(chr(code)))
    labels = [a_label(recipient=Party(name=names[start : start + 40])) for start in range(0, len(names), 40)]

    drawn = PRESS.labels(labels, LabelLook())

    assert drawn.problems == {}
    for index, label in enumerate(labels):
        assert label.recipient is not None
        assert label.recipient.name in Picture(drawn.pdf, 203, page=index).text.replace("\n", "")


def test_a_recipient_and_a_note_are_not_remembered() -> None:
    note = "Позвонить Анне"
    PRESS.labels([replace(a_label("ru"), note=note), replace(a_label("zh"), note=note)], LabelLook())

    fonts = PRESS.fonts
    kept = {text for _, text in fonts.kept} | {text for _, *texts in fonts.goods for text in texts}
    assert kept
    assert fonts.frames
    for party in RECIPIENTS.values():
        for text in {party.name, party.address, party.phone, note} - {""}:
            assert text not in kept
            assert not any(text in repr(key) for key in fonts.frames)


def test_what_labels_have_in_common_is_kept_within_bounds_and_never_for_another_label() -> None:
    labels = [
        replace(a_label("ru"), carrier=f"Перевозчик {number}", day=date(2026, 1, 1) + timedelta(days=number // 2))
        for number in range(2 * MOST_FRAMES)
    ]
    drawn = PRESS.labels(labels, LabelLook())

    assert len(PRESS.fonts.frames) <= MOST_FRAMES
    for index in (0, 1, MOST_FRAMES, len(labels) - 1):
        text = Picture(drawn.pdf, 203, page=index).text
        assert f"Перевозчик {index}" in text
        assert f"{labels[index].day:%d.%m.%Y}" in text


def test_the_file_is_a_sound_pdf_that_names_nobody_as_its_author() -> None:
    drawn = PRESS.labels([a_label("ru"), a_label("zh")], LabelLook())

    with pikepdf.open(BytesIO(drawn.pdf)) as file:
        assert file.check_pdf_syntax() == []
        assert dict(file.docinfo) == {"/Title": "Shipby", "/Producer": "Shipby"}
        assert len(bytes(file.trailer["/ID"][0])) == 16
