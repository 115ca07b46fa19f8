"""What people and programs put into names: it is drawn and every code reads back, or the field is named; nothing else.

Emoji and right-to-left letters are refused, because no label font has them; in the names of goods, which only help,
they cost no label. The invisible marks that steer their direction are dropped. PDF operators, ZPL commands and markup
are nothing but letters here.
"""

import re
import time
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from shipby.adapters.labels.drawing import TextRun
from shipby.adapters.labels.layout import lay_out
from shipby.adapters.labels.text import readable
from shipby.application.ports.press import Drawn
from shipby.domain.labels.options import HandlingMark, LabelSize, MatrixCode
from shipby.domain.labels.own_labels import LabelLine, LabelLook, OwnLabel, Party
from tests.labels.label_dots import misplaced, stray_ink, wrong_dots
from tests.labels.label_pictures import Picture, codes, pictures
from tests.labels.label_proof import press

PLAIN = OwnLabel(
    posting_number="89491381-0072-1",
    code="SB:89491381-0072-1:L:1:7K",
    tracking_number="RR123456785RU",
    carrier="СДЭК",
    recipient=Party(name="Иванова", address="Москва", phone="+7"),
    sender=Party(name="ИП Омаров", address="Казань", phone="+7"),
    lines=(LabelLine(offer_id="A-1", name="Чайник", quantity=1), LabelLine(offer_id="A-2", name="Кружка", quantity=2)),
    marks=tuple(HandlingMark),
    day=date(2026, 3, 9),
    note="Звонить",
    cash_on_delivery="1,00 ₽",
)

LETTERS_ONLY = {
    "PDF operators": r"Ivan) Tj ET Q endstream endobj (\) \\ \101 <41> [(a) 1] TJ %%EOF",
    "a PDF object": "<< /Type /Action /S /JavaScript /JS (app.alert\\(1\\)) >>",
    "ZPL commands": "^XA^FO0,0^GFA,8,8,1,FF^FS^XZ ~JA ~DG ^FH_5E \\& _7E",
    "markup": "<b>bold</b> &amp; <font color='red'>x</font> <para/> ]]>",
    "SQL and templates": "'; DROP TABLE x;-- {{7*7}} ${jndi:ldap://x} %s %n {0}",
    "CSV formula": '=cmd|"/C calc"!A0',
}
"""Drawn as they stand."""

INVISIBLE = {
    "right-to-left override": "Ива\u202eнова\u202c",
    "isolates": "\u2066Иванова\u2069",
    "zero-width": "Ива\u200bно\u200cва\u200d",
    "byte order mark": "\ufeffИванова",
    "soft hyphens": "Ива\u00adно\u00adва",
    "word joiner": "Ива\u2060нова",
}
"""Drawn as Иванова."""

REFUSED = {
    "NUL": "Ива\0нова",
    "escape": "Ива\x1b[2Jнова",
    "backspace": "Ива\bнова",
    "C1 control": "Ива\x9bнова",
    "lone high surrogate": "Ива\ud83dнова",
    "lone low surrogate": "Ива\udc00нова",
    "emoji": "Ива🎁нова",
    "emoji with joiners": "👩‍👩‍👧‍👦 семья",
    "flag": "🇰🇿 Қазақстан",
    "Hebrew": "שלום עולם",
    "Arabic": "محمد",
    "a private character": "Ива\ue000нова",
    "not a character": "Ива\uffffнова",
    "astral letters": "𝕴𝖛𝖆𝖓",
    "a stack of combining marks": "Z" + "\u0324\u0327\u0331\u0345\u0351\u0360" * 40,
    "mostly combining marks": "\u0301" * 500,
}
"""No label can show these, or only something else in their place."""

TEN_THOUSAND = {
    "one word": "Ы" * 10_000,
    "words": "слово " * 1_667,
    "hanzi": "发" * 10_000,
    "spaces": "а" + " " * 9_998 + "б",
    "line breaks": "а\n" * 5_000,
    "zero-width": "\u200b" * 10_000,
    "emoji": "🎁" * 10_000,
    "combining marks": "и" + "\u0306" * 9_999,
    "brackets": "(" * 10_000,
    "hyphens": "-" * 10_000,
}

FIELDS = ("carrier", "note", "recipient.name", "recipient.address", "sender.name")
GOODS = ("lines[1].name", "lines[1].offer_id")
OTHERS = ("cash_on_delivery", "recipient.phone", "sender.address")
NUMBERS = ("posting_number", "tracking_number", "code")


def with_text(field: str, text: str) -> OwnLabel:
    """The plain label with this text in one field, named as the press names it."""
    owner, _, own = field.partition(".")
    if owner == "recipient":
        assert PLAIN.recipient
        return replace(PLAIN, recipient=replace(PLAIN.recipient, **{own: text}))
    if owner == "sender":
        assert PLAIN.sender
        return replace(PLAIN, sender=replace(PLAIN.sender, **{own: text}))
    if owner == "lines[1]":
        second = PLAIN.lines[1]
        second = replace(second, name=text) if own == "name" else replace(second, offer_id=text)
        return replace(PLAIN, lines=(PLAIN.lines[0], second))
    return replace(PLAIN, **{field: text})  # type: ignore[arg-type]  # all of FIELDS and NUMBERS are texts


@cache
def plain_seconds(look: LabelLook) -> float:
    """What two plain labels cost this machine, in seconds of its processor: little, as what they have in common with
    those before is kept."""
    press().labels([PLAIN, PLAIN], look)
    begun = time.thread_time()
    for _ in range(5):
        press().labels([PLAIN, PLAIN], look)
    return (time.thread_time() - begun) / 5


def drawn_or_refused(label: OwnLabel, field: str, look: LabelLook) -> Drawn:
    """Draws it before a plain label, which must come out whole whatever stands before it."""
    begun = time.thread_time()
    drawn = press().labels([label, PLAIN], look)
    assert time.thread_time() - begun < 250 * plain_seconds(look), "a hostile text must not hold up a batch"
    assert set(drawn.problems) <= {0}
    if drawn.problems:
        assert {name for name, _ in drawn.problems[0]} == {field}
        assert all(said and len(said) < 300 and said.isprintable() for _, said in drawn.problems[0])
        assert drawn.pages == ((), (0,))
    else:
        assert drawn.pages == ((0,), (1,))
    *views, last = pictures(drawn.pdf, look.dpi)
    assert last == plain(look), "the label after it is not what it is alone"
    for view in views:
        assert codes(view) == codes_of(label, look)
        page = lay_out(label, look, press().fonts)
        assert [*misplaced(page), *wrong_dots(page, view), *stray_ink(page, view)] == []
    return drawn


@cache
def plain(look: LabelLook) -> Picture:
    """The plain label alone, proven to read back."""
    (picture,) = pictures(press().labels([PLAIN], look).pdf, look.dpi)
    assert codes(picture) == codes_of(PLAIN, look)
    return picture


def codes_of(label: OwnLabel, look: LabelLook) -> tuple[tuple[str, str], ...]:
    """What has to be read off it."""
    kind = "QRCode" if look.matrix is MatrixCode.QR else "DataMatrix"
    found = [("Code128", label.posting_number), ("Code128", label.tracking_number), (kind, label.code)]
    return tuple(sorted(pair for pair in found if pair[1]))


def text_of(label: OwnLabel, look: LabelLook) -> str:
    """All text on the label without white space."""
    page = lay_out(label, look, press().fonts)
    return "".join("".join(item.text.split()) for item in page.items if isinstance(item, TextRun))


USUAL = LabelLook()
LARGE = LabelLook(size=LabelSize.MM100X150)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", LETTERS_ONLY.values(), ids=LETTERS_ONLY)
def test_syntax_of_other_languages_is_drawn_letter_by_letter(text: str, field: str) -> None:
    label = with_text(field, text)
    assert not drawn_or_refused(label, field, LARGE).problems
    assert "".join(text.split()) in text_of(label, LARGE)


@pytest.mark.parametrize("text", LETTERS_ONLY.values(), ids=LETTERS_ONLY)
def test_syntax_in_a_name_adds_no_operator_and_no_object_to_the_file(text: str) -> None:
    tame = re.sub(r"[^ ]", "a", text)
    plain, hostile = (press().labels([with_text("note", said)], LARGE).pdf for said in (tame, text))
    for word in (b"/JavaScript", b"/JS", b"/Action", b"/AA", b"/OpenAction", b"/URI", b"/Annots"):
        assert word not in hostile
    assert hostile.count(b" obj") == plain.count(b" obj")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", INVISIBLE.values(), ids=INVISIBLE)
def test_marks_that_nobody_sees_are_dropped_and_the_name_stays(text: str, field: str) -> None:
    label = with_text(field, text)
    assert not drawn_or_refused(label, field, USUAL).problems
    assert text_of(label, USUAL) == text_of(with_text(field, "Иванова"), USUAL)


@pytest.mark.parametrize("field", FIELDS + OTHERS)
@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_no_font_has_is_refused_by_the_name_of_the_field(text: str, field: str) -> None:
    assert drawn_or_refused(with_text(field, text), field, USUAL).problems


@pytest.mark.parametrize("field", GOODS)
@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_goods_cost_no_label_whatever_their_names_hold(text: str, field: str) -> None:
    assert not drawn_or_refused(with_text(field, text), field, USUAL).problems


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Чехол 🔥 для телефона", "Чехол для телефона"),
        ("Кружка ❤️ мама", "Кружка мама"),
        ("Футболка 👨‍👩‍👧", "Футболка"),
        ("Плёнка й", "Плёнка й"),
        ("هدية", "????"),
        ("𠮷野家", "?野家"),
        ("Лампа\x00 ⌀ 20", "Лампа 20"),
    ],
)
def test_signs_are_left_out_of_goods_and_letters_become_question_marks(text: str, shown: str) -> None:
    assert readable(press().fonts, text) == shown


@pytest.mark.parametrize(
    ("field", "size"),
    [(field, LabelSize.MM75X120) for field in FIELDS + GOODS + OTHERS]
    + [(field, size) for field in ("carrier", "lines[1].name") for size in (LabelSize.MM58X40, LabelSize.MM100X150)],
)
@pytest.mark.parametrize("text", TEN_THOUSAND.values(), ids=TEN_THOUSAND)
def test_ten_thousand_characters_hold_up_nothing(text: str, field: str, size: LabelSize) -> None:
    drawn_or_refused(with_text(field, text), field, LabelLook(size=size))


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("text", [*LETTERS_ONLY.values(), *INVISIBLE.values(), *REFUSED.values()])
def test_a_number_is_encoded_exactly_as_it_is_or_refused(text: str, field: str) -> None:
    drawn_or_refused(with_text(field, text), field, LARGE)


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("text", TEN_THOUSAND.values(), ids=TEN_THOUSAND)
def test_a_number_of_ten_thousand_characters_is_refused(text: str, field: str) -> None:
    assert drawn_or_refused(with_text(field, text), field, USUAL).problems


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\t\n", "\u00a0"])
@pytest.mark.parametrize("field", FIELDS + GOODS)
def test_a_blank_text_leaves_the_rest_of_the_label_as_it_is(text: str, field: str) -> None:
    assert not drawn_or_refused(with_text(field, text), field, USUAL).problems
