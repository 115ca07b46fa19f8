"""Fonts, wrapping and bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipby.adapters.labels import pictograms
from shipby.adapters.labels.draft import SMALLEST_POINTS
from shipby.adapters.labels.drawing import Page, TextRun
from shipby.adapters.labels.fonts import EM, HANZI_RARE, SANS, Fonts
from shipby.adapters.labels.layout import lay_out
from shipby.adapters.labels.press import ReportlabPress
from shipby.adapters.labels.text import Measured, clean
from shipby.adapters.labels.words import WORDS
from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.options import HandlingMark, LabelSize
from shipby.domain.labels.own_labels import LabelLine, LabelLook, OwnLabel, Party
from tests.unit.labels.label_reading import FONTS, PRESS, Picture, a_label, misplaced


def test_the_fonts_have_what_russian_kazakh_chinese_and_english_need() -> None:
    needed = "ЁёЙйӘәҒғҚқҢңӨөҰұҮүҺһІі₽₸¥€№«»—“”…，。、（）：！？￥·×龙井张伟喆堃玥Aa09éßŁż"

    assert [character for character in needed if not PRESS.fonts.has(character)] == []


def test_the_fonts_are_the_ones_their_readme_describes() -> None:
    described = dict(re.findall(r"`([\w-]+\.ttf)` \| [\d,]+ \| `(\w{64})`", (FONTS / "README.md").read_text()))

    assert len(described) == 4
    for name, sha256 in described.items():
        assert hashlib.sha256((FONTS / name).read_bytes()).hexdigest() == sha256


def test_rare_hanzi_are_read_only_when_a_character_needs_them() -> None:
    press = ReportlabPress(FONTS)
    rare = next(face for face in press.fonts.regular.faces if face.path.name == HANZI_RARE)

    press.labels([a_label("ru", recipient=Party(name="张伟"))], LabelLook())
    assert "data" not in vars(rare)

    drawn = press.labels([a_label(recipient=Party(name="张喆堃"))], LabelLook())
    assert "data" in vars(rare)
    assert "张喆堃" in Picture(drawn.pdf, 203).text


def test_cyrillic_alone_reads_no_hanzi_at_all() -> None:
    fonts = Fonts(FONTS)

    assert clean(fonts, "Қазақстан, г. Алматы, 12 500 ₸") == ("Қазақстан, г. Алматы, 12 500 ₸", "")
    assert [face.path.name for face in fonts.regular.faces if "data" in vars(face)] == [SANS]


def test_glyphs_and_widths_are_what_another_reader_finds_in_the_files() -> None:
    from reportlab.pdfbase.ttfonts import TTFontFile

    for face in {*PRESS.fonts.regular.faces, *PRESS.fonts.bold.faces}:
        other = TTFontFile(str(face.path))
        # reportlab counts a no-break space as a space.
        glyphs = {code: glyph for code, glyph in other.charToGlyph.items() if glyph and code not in (0x20, 0xA0)}
        assert {code: glyph for code, glyph in face.glyphs.items() if code not in (0x20, 0xA0)} == glyphs
        assert {code: face.metrics[glyph][0] for code, glyph in glyphs.items()} == {
            code: other.charWidths[code] for code in glyphs
        }
        assert face.locations == other.glyphPos
        assert other.unitsPerEm == EM


def test_the_same_labels_give_the_same_bytes_whatever_was_printed_before() -> None:
    labels = [a_label("ru"), a_label("zh"), a_label("kk")]
    first = ReportlabPress(FONTS).labels(labels, LabelLook()).pdf
    used = ReportlabPress(FONTS)
    used.labels([a_label("en", recipient=Party(name="玥"))], LabelLook(size=LabelSize.MM100X150))

    assert used.labels(labels, LabelLook()).pdf == first
    assert used.labels(labels, LabelLook()).pdf == first


def test_a_label_in_a_batch_takes_little_room() -> None:
    labels = [a_label(posting_number=f"{12345678 + index}-0001-1") for index in range(200)]

    assert len(PRESS.labels(labels, LabelLook()).pdf) / 200 < 2_200


_TEXT = st.text(alphabet="абвГД ЕЖЗabc-/,.(）（，。一二三张 ӘҚ12₽", max_size=120)


@given(_TEXT, st.integers(1_000, 30_000))
@settings(max_examples=200, deadline=None)
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, limit: int) -> None:
    cleaned, problem = clean(PRESS.fonts, text)
    assert not problem
    measured = Measured(PRESS.fonts.regular, cleaned)

    lines = measured.wrap(limit)

    assert all(line.width <= limit and line.width == PRESS.fonts.regular.measure(line.text) for line in lines)
    assert "".join(line.text for line in lines).replace(" ", "") == cleaned.replace(" ", "")
    short = measured.shorten(limit)
    assert short.width <= max(limit, PRESS.fonts.regular["…"])
    assert short.width == PRESS.fonts.regular.measure(short.text)


_LABELS = st.builds(
    OwnLabel,
    posting_number=st.from_regex(r"[0-9]{6,10}-[0-9]{4}-[0-9]{1,2}", fullmatch=True),
    code=st.text(alphabet="ABC123.-", max_size=40),
    tracking_number=st.text(alphabet="ABC1234567890", max_size=24),
    carrier=st.text(alphabet="СДЭК顺丰速运 Почта", max_size=40),
    recipient=st.none()
    | st.builds(Party, name=_TEXT, address=_TEXT, phone=st.text(alphabet="+0123456789 ", max_size=20)),
    sender=st.none() | st.builds(Party, name=_TEXT, address=_TEXT),
    lines=st.lists(st.builds(LabelLine, offer_id=_TEXT, name=_TEXT, quantity=st.integers(1, 9_999)), max_size=12).map(
        tuple
    ),
    marks=st.sets(st.sampled_from(HandlingMark)).map(lambda marks: tuple(sorted(marks))),
    day=st.none() | st.dates(),
    box=st.just(3),
    boxes=st.sampled_from([1, 14]),
    note=_TEXT,
    cash_on_delivery=st.sampled_from(["", "1 250,00 ₽", "123 456 789,00 ₸"]),
)
_LOOKS = st.builds(
    LabelLook, size=st.sampled_from(LabelSize), dpi=st.sampled_from([203, 300]), language=st.sampled_from(sorted(WORDS))
)


@given(_LABELS, _LOOKS)
@settings(max_examples=150, deadline=None)
def test_any_label_is_laid_out_without_a_collision_or_refused_by_field(label: OwnLabel, look: LabelLook) -> None:
    page, errors = _laid_out(label, look)

    assert all(field and problem for field, problem in errors)
    if page is None:
        assert errors
        return
    assert misplaced(page) == []
    smallest = SMALLEST_POINTS * (203.2 if look.dpi == 203 else 300) / 72
    for item in page.items:
        if isinstance(item, TextRun):
            assert item.size >= smallest - 0.01
            assert item.width == pytest.approx(PRESS.fonts.measure(item.text, item.size, bold=item.bold))


def _laid_out(label: OwnLabel, look: LabelLook) -> tuple[Page | None, Sequence[tuple[str, str]]]:
    try:
        return lay_out(label, look, PRESS.fonts), ()
    except InvalidInputError as error:
        return None, error.errors


@pytest.mark.parametrize("mark", HandlingMark)
def test_a_pictogram_stays_in_its_square_and_has_ink(mark: HandlingMark) -> None:
    outlines = pictograms.outlines(mark)

    assert all(0 <= x <= pictograms.SIDE and 0 <= y <= pictograms.SIDE for outline in outlines for x, y in outline)
    assert len(outlines) > 2
