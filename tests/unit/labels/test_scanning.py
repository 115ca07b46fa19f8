"""A label that scans: every code is read back from a picture at the printer's resolution, dot for dot."""

from __future__ import annotations

import pytest

from shipby.adapters.labels.drawing import Bars, Matrix
from shipby.adapters.labels.layout import lay_out, lay_out_sticker
from shipby.domain.labels.options import LabelSize, MatrixCode
from shipby.domain.labels.own_labels import LabelLook
from tests.unit.labels.label_reading import PRESS, TRUE_DPI, Picture, a_label, misplaced

LOOKS = [
    LabelLook(size=size, dpi=dpi, matrix=matrix, language=language)
    for size in LabelSize
    for dpi in (203, 300)
    for matrix in MatrixCode
    for language in ("ru", "zh", "en", "kk")
]
NAMES = {MatrixCode.QR: "QR Code", MatrixCode.DATA_MATRIX: "Data Matrix"}


def _id(look: LabelLook) -> str:
    return f"{look.size.value}-{look.dpi}-{look.matrix.value}-{look.language}"


@pytest.mark.parametrize("look", LOOKS, ids=_id)
def test_every_code_of_a_label_is_read_back(look: LabelLook) -> None:
    label = a_label(look.language)

    drawn = PRESS.labels([label], look)

    assert drawn.problems == {}
    assert Picture(drawn.pdf, look.dpi).codes() == {
        ("Code 128", label.posting_number),
        ("Code 128", label.tracking_number),
        (NAMES[look.matrix], label.code),
    }


@pytest.mark.parametrize("look", LOOKS, ids=_id)
def test_a_sticker_shows_goods_and_codes_and_nobody(look: LabelLook) -> None:
    label = a_label(look.language)

    drawn = PRESS.stickers([label], look)

    picture = Picture(drawn.pdf, look.dpi)
    assert picture.codes() == {("Code 128", label.posting_number), (NAMES[look.matrix], label.code)}
    assert "MUG-350" in picture.text
    assert label.recipient is not None
    assert label.recipient.name[:6] not in picture.text


@pytest.mark.parametrize("look", LOOKS, ids=_id)
def test_every_bar_and_module_covers_exactly_its_dots(look: LabelLook) -> None:
    label = a_label(look.language)
    page = lay_out(label, look, PRESS.fonts)
    picture = Picture(PRESS.labels([label], look).pdf, look.dpi)

    for item in page.items:
        if isinstance(item, Bars):
            meant = "".join(
                ("0" if index % 2 else "1") * width * item.module for index, width in enumerate(item.widths)
            )
            for y in (item.y, item.y + item.height // 2, item.y + item.height - 1):
                assert picture.row(y, item.x - 10, item.x + len(meant) + 10) == f"{'0' * 10}{meant}{'0' * 10}"
        elif isinstance(item, Matrix):
            for index, row in enumerate(item.rows):
                meant = "".join(bit * item.module for bit in row)
                for y in range(item.y + index * item.module, item.y + (index + 1) * item.module):
                    assert picture.row(y, item.x, item.x + len(meant)) == meant


@pytest.mark.parametrize("look", LOOKS, ids=_id)
def test_nothing_leaves_the_page_or_stands_on_something_else(look: LabelLook) -> None:
    for draw in (lay_out, lay_out_sticker):
        assert misplaced(draw(a_label(look.language), look, PRESS.fonts)) == []


@pytest.mark.parametrize("look", LOOKS[::4], ids=_id)
def test_the_page_is_as_large_as_the_paper_in_whole_dots(look: LabelLook) -> None:
    picture = Picture(PRESS.labels([a_label()], look).pdf, look.dpi)

    dot = 72 / TRUE_DPI[look.dpi]
    for points, millimetres in zip(picture.points, look.size.millimetres, strict=True):
        paper = millimetres * 72 / 25.4
        assert 0 <= paper - points < (0.0002 if look.dpi == 203 else dot)
        assert points / dot == pytest.approx(round(points / dot), abs=0.001)


@pytest.mark.parametrize(
    ("size", "dpi", "least"),
    [
        (LabelSize.MM75X120, 203, 3),
        (LabelSize.MM75X120, 300, 4),
        (LabelSize.MM58X40, 203, 2),
        (LabelSize.MM58X40, 300, 3),
    ],
)
def test_bars_are_as_wide_as_the_paper_allows(size: LabelSize, dpi: int, least: int) -> None:
    page = lay_out(a_label(), LabelLook(size=size, dpi=dpi), PRESS.fonts)

    assert {item.module for item in page.items if isinstance(item, Bars)} >= {least}
    assert all(item.module >= least for item in page.items if isinstance(item, Bars | Matrix))
