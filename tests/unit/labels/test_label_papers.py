"""Pick lists and packing slips on paper: whole, readable, and the same bytes for the same list."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
import zxingcpp

import functions.label_generation
from shipby.adapters.labels.fonts import Fonts
from shipby.adapters.labels.papers.pick import draw_pick_list
from shipby.adapters.labels.papers.slips import draw_slips
from shipby.adapters.labels.papers.words import WORDS
from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.options import HandlingMark, LabelSize
from shipby.domain.labels.own_labels import LabelLine, LabelLook, PackingSlip, PickList, PickRow
from tests.support import builders as a

FONTS = Fonts(Path(next(iter(functions.label_generation.__path__))) / "fonts")
SIZES = (None, *LabelSize)
CODE = "SB:PL:0123456789abcdef0123"
NAME = "Чашка для чая фарфоровая с крышкой, 茶杯, «Утро» 350 мл, 1 250 ₽"


def row(index: int = 0, **changes: Any) -> PickRow:
    values: dict[str, Any] = {
        "bin": f"A-{index}",
        "sku": f"14912345{index}",
        "offer_id": f"TEA-CUP-{index}",
        "name": NAME,
        "quantity": 3,
        "postings": ((f"{24219509 + index}-0020-1", 1), (f"{24219509 + index}-0020-2", 2)),
        "barcodes": ("4601234567893",),
        "marks": (HandlingMark.FRAGILE, HandlingMark.BATTERY),
        "cut_off": a.CUT_OFF,
    }
    return PickRow(**values | changes)


def picked(*rows: PickRow) -> PickList:
    numbers = tuple(number for each in rows for number, _ in each.postings)
    return PickList(code=CODE, made_at=a.NOW, time_zone="Asia/Vladivostok", rows=rows, postings=numbers)


def slip(**changes: Any) -> PackingSlip:
    lines = tuple(
        LabelLine(offer_id=f"TEA-CUP-{n}", name=NAME, quantity=n + 1, sku=f"14912345{n}", bin=f"A-{n}")
        for n in range(3)
    )
    values: dict[str, Any] = {
        "posting_number": a.NUMBER,
        "order_number": "24219509-0020",
        "lines": lines,
        "inserts": ("Инструкция",),
        "marks": (HandlingMark.FRAGILE,),
        "notes": ("TEA-CUP-0: два слоя плёнки",),
        "cut_off": a.CUT_OFF.astimezone(ZoneInfo("Europe/Moscow")),
    }
    return PackingSlip(**values | changes)


def look(size: LabelSize | None, language: str = "ru", dpi: int = 203) -> LabelLook:
    return LabelLook(size=size or LabelSize.MM75X120, language=language, dpi=dpi)


def texts(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(BytesIO(pdf))
    return [re.sub(r"\s+", " ", page.get_textpage().get_text_bounded()) for page in document]


def scanned(pdf: bytes, page: int, dpi: float) -> list[str]:
    image = pypdfium2.PdfDocument(BytesIO(pdf))[page].render(scale=dpi / 72).to_pil().convert("L")
    return [found.text for found in zxingcpp.read_barcodes(image)]


def dots(size: LabelSize | None) -> float:
    return 300 if size is None else 203.2


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", WORDS)
def test_a_pick_list_says_where_how_many_and_for_whom_on_every_paper(size: LabelSize | None, language: str) -> None:
    pdf = draw_pick_list(picked(*map(row, range(6))), look(size, language), size, FONTS)

    pages = texts(pdf)
    told = " ".join(pages)
    for index in range(6):
        assert f"A-{index}" in told
        assert f"TEA-CUP-{index}" in told
        assert f"{24219509 + index}-0020-2 × 2" in told
    assert told.count("× 3") == 6
    words = WORDS[language]
    assert f"{words.pieces}: 18" in told
    assert "19:00 (UTC+10)" in told
    for number, page in enumerate(pages):
        assert words.pick_list in page
        assert words.page.format(page=number + 1, pages=len(pages)) in page
    assert scanned(pdf, 0, dots(size)) == [CODE]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dpi", [203, 300])
def test_a_slip_says_what_goes_in_and_its_code_says_the_posting(size: LabelSize | None, dpi: int) -> None:
    drawn = draw_slips([slip(), slip(posting_number="1-2-3", boxes=2)], look(size, dpi=dpi), size, FONTS)

    pages = texts(drawn.pdf)
    assert [page for places in drawn.pages for page in places] == list(range(len(pages)))
    assert not drawn.problems
    first = " ".join(pages[page] for page in drawn.pages[0])
    for told in ("A-2", "TEA-CUP-1", "× 3", "Всего штук: 6", "Инструкция", "два слоя плёнки", "13:00 (UTC+3)"):
        assert told in first
    assert "Мест: 2" in pages[drawn.pages[1][0]]
    resolution = 300 if size is None or dpi == 300 else 203.2
    assert scanned(drawn.pdf, 0, resolution) == [a.NUMBER]
    assert scanned(drawn.pdf, drawn.pages[1][0], resolution) == ["1-2-3"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", WORDS)
def test_every_page_of_a_slip_names_its_posting_in_full(size: LabelSize | None, language: str) -> None:
    lines = tuple(LabelLine(offer_id=f"O-{n}", name=NAME, quantity=1) for n in range(30))

    pages = texts(draw_slips([slip(lines=lines)], look(size, language), size, FONTS).pdf)

    assert len(pages) > 1
    assert all(a.NUMBER in page for page in pages)


@pytest.mark.parametrize("size", SIZES)
def test_no_ink_leaves_the_paper_and_no_text_is_lost_however_long(size: LabelSize | None) -> None:
    words = [f"слово{n}" for n in range(60)]
    many = tuple((f"{n:08d}-0001-1", 1) for n in range(300))
    long = row(1, bin="Стеллаж четырнадцать, полка три, яч. 700", name=" ".join(words), postings=many, quantity=300)

    pdf = draw_pick_list(picked(row(), long, row(2, offer_id="W" * 80)), look(size), size, FONTS)

    told = " ".join(texts(pdf))
    assert all(number in told for number, _ in many)
    assert all(word in told for word in words)
    for page in pypdfium2.PdfDocument(BytesIO(pdf)):
        image = page.render(scale=100 / 72).to_pil().convert("L")
        edges = [image.crop((0, 0, image.width, 1)), image.crop((0, image.height - 1, image.width, image.height))]
        edges += [image.crop((0, 0, 1, image.height)), image.crop((image.width - 1, 0, image.width, image.height))]
        assert all(edge.getextrema()[0] == 255 for edge in edges)


@pytest.mark.parametrize("size", SIZES)
def test_the_same_list_gives_the_same_bytes(size: LabelSize | None) -> None:
    listed = picked(*map(row, range(4)))

    assert draw_pick_list(listed, look(size), size, FONTS) == draw_pick_list(listed, look(size), size, FONTS)
    one, two = (draw_slips([slip()], look(size), size, FONTS).pdf for _ in range(2))
    assert one == two


@pytest.mark.parametrize("name", ["x" * 10_000, "😀 lamp", "\x00\x07", "\u202egnp.exe", "(\\) Tj ET", "\ud800", ""])
def test_no_name_stops_a_list(name: str) -> None:
    for size in SIZES:
        rows = (row(name=name, offer_id=name, bin=name[:40]), row(1))
        assert "TEA-CUP-1" in " ".join(texts(draw_pick_list(picked(*rows), look(size), size, FONTS)))
        line = LabelLine(offer_id=name, name=name, quantity=1)
        drawn = draw_slips([slip(lines=(line,), notes=(name,), inserts=(name,))], look(size), size, FONTS)
        assert drawn.pages[0]


@pytest.mark.parametrize("number", ["9" * 50, "номер-1"])
def test_a_number_that_no_bars_can_say_still_has_its_slip(number: str) -> None:
    for size in SIZES:
        assert draw_slips([slip(posting_number=number)], look(size), size, FONTS).pages[0]


def test_an_empty_list_says_so_and_no_slips_are_no_file() -> None:
    assert "Собирать нечего" in texts(draw_pick_list(picked(), look(None), None, FONTS))[0]
    assert draw_slips([], look(None), None, FONTS).pdf == b""


def test_a_language_we_have_not_is_an_error_that_names_it() -> None:
    with pytest.raises(InvalidInputError, match="xx"):
        draw_pick_list(picked(row()), look(None, "xx"), None, FONTS)


def test_a_list_of_300_products_is_drawn_on_as_many_pages_as_it_needs() -> None:
    rows = [row(n, cut_off=a.CUT_OFF + timedelta(minutes=n)) for n in range(300)]

    pages = texts(draw_pick_list(picked(*rows), look(None), None, FONTS))

    assert 30 <= len(pages) <= 80
    assert "A-299" in pages[-1] or "A-299" in pages[-2]
