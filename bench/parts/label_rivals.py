"""The bench's label drawn by others: reportlab's own widgets, fpdf2 and WeasyPrint, each as its manual says.

All draw the same two codes and the same twelve texts in the same fonts. The texts stand at fixed places in fixed sizes:
none of the rivals measures, wraps or shrinks them, checks for glyphs, or keeps bars to whole dots, which is in their
favour. fpdf2 and WeasyPrint have no QR code of their own and get both codes encoded by zint, as rectangles and as SVG.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from shipby.domain.labels.own_labels import LabelLine, OwnLabel, Party

FONTS = Path(__file__).resolve().parents[2] / "functions" / "label_generation" / "fonts"
WIDTH, HEIGHT = 75.0, 120.0
_SANS, _HANZI = FONTS / "sans-regular.ttf", FONTS / "hanzi.ttf"
_CODE128_AT, _CODE128_SIZE = (6.0, 70.0), (63.0, 14.0)
_QR_AT, _QR_SIZE = (6.0, 88.0), 22.0
_TEXTS_AT, _LINE, _POINTS = (4.0, 6.0), 5.2, 9.0

Draw = Callable[[Sequence[OwnLabel]], bytes]
Place = tuple[float, float, float, float]

_PEOPLE = (
    ("Щербакова Анастасия Владимировна", "197022, Санкт-Петербург, ул. Льва Толстого, 15, кв. 42"),
    ("欧阳晓燕", "广东省深圳市南山区科技园南路12号鑫源大厦3栋1502室"),
    ("Константинопольский Пётр Ильич", "620014, Екатеринбург, пр. Ленина, 24/8, офис 301"),
    ("李伟", "浙江省杭州市西湖区文三路478号华星时代广场A座"),
)


def labels(count: int, first: int = 0) -> list[OwnLabel]:
    """Labels 75x120 with one Code 128, one QR code and twelve texts in Russian and Chinese; no two are equal."""
    made = []
    for number in range(first, first + count):
        name, address = _PEOPLE[number % len(_PEOPLE)]
        posting = f"{24_000_000 + number:08d}-{number % 9973:04d}-1"
        made.append(
            OwnLabel(
                posting_number=posting,
                code=f"SB:{posting}:L:1:{number % 36:02d}",
                carrier="Деловые Линии",
                recipient=Party(name=name, address=address, phone=f"+7 921 {number % 1000:03d}-00-00"),
                sender=Party(name="ИП Омаров", address="г. Казань, ул. Баумана, 51", phone="+7 843 000-00-00"),
                lines=(
                    LabelLine(offer_id=f"ART-{number % 500}", name="Чайник «Уют», 1,7 л", quantity=1),
                    LabelLine(offer_id=f"CUP-{number % 300}", name="不锈钢保温杯 500毫升", quantity=2),
                ),
                day=date(2026, 3, 9),
                note="Звонить за час",
            )
        )
    return made


def texts(label: OwnLabel) -> tuple[str, ...]:
    """The twelve texts of a label."""
    to, sender = label.recipient, label.sender
    assert to
    assert sender
    goods = (f"{line.quantity} × {line.offer_id} · {line.name}" for line in label.lines)
    day = f"{label.day:%d.%m.%Y}"
    people = (to.name, to.address, to.phone, sender.name, sender.address, sender.phone)
    return (label.carrier, day, *people, *goods, label.note, label.posting_number)


def ours(made: Sequence[OwnLabel]) -> bytes:
    """By our press."""
    from shipby.domain.labels.own_labels import LabelLook

    drawn = press().labels(made, LabelLook())
    assert not drawn.problems, drawn.problems
    pdf: bytes = drawn.pdf
    return pdf


@cache
def press() -> Any:
    """Our press, with its fonts; loaded on first use, so that a fresh process can time it."""
    from shipby.adapters.labels.press import ReportlabPress

    return ReportlabPress(FONTS)


def widgets(made: Sequence[OwnLabel]) -> bytes:
    """By reportlab's canvas and its own barcode widgets."""
    from reportlab.graphics.barcode import createBarcodeDrawing
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    if "sans" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont("sans", str(_SANS)))
        pdfmetrics.registerFont(TTFont("hanzi", str(_HANZI)))
    out = BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH * mm, HEIGHT * mm), pageCompression=1)
    for label in made:
        for font, text, x, y in _lines(label):
            canvas.setFont(font, _POINTS)
            canvas.drawString(x * mm, (HEIGHT - y) * mm, text)
        side, (width, height) = _QR_SIZE * mm, _CODE128_SIZE
        (x, y), (qr_x, qr_y) = _CODE128_AT, _QR_AT
        bars = createBarcodeDrawing(
            "Code128", value=label.posting_number, barWidth=0.25 * mm, barHeight=height * mm, humanReadable=False
        )
        bars.drawOn(canvas, (x + (width * mm - bars.width) / 2 / mm) * mm, (HEIGHT - y - height) * mm)
        code = createBarcodeDrawing("QR", value=label.code, barLevel="M", barBorder=0, width=side, height=side)
        code.drawOn(canvas, qr_x * mm, (HEIGHT - qr_y) * mm - side)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def fpdf(made: Sequence[OwnLabel]) -> bytes:
    """By fpdf2."""
    from fpdf import FPDF

    document = FPDF(unit="mm", format=(WIDTH, HEIGHT))
    document.set_auto_page_break(False)
    document.add_font("sans", fname=str(_SANS))
    document.add_font("hanzi", fname=str(_HANZI))
    for label in made:
        document.add_page()
        for font, text, x, y in _lines(label):
            document.set_font(font, size=_POINTS)
            document.text(x, y, text)
        for x, y, width, height in _rectangles(label):
            document.rect(x, y, width, height, style="F")
    return bytes(document.output())


def weasyprint(made: Sequence[OwnLabel]) -> bytes:
    """By WeasyPrint, from one HTML document with SVG codes."""
    from weasyprint import HTML

    style = (
        f"@font-face{{font-family:sans;src:url({_SANS.as_uri()})}}"
        f"@font-face{{font-family:hanzi;src:url({_HANZI.as_uri()})}}"
        f"@page{{size:{WIDTH}mm {HEIGHT}mm;margin:0}}body{{margin:0;font-size:{_POINTS}pt}}"
        f"section{{position:relative;height:{HEIGHT}mm;break-after:page}}"
        "p,img{position:absolute;margin:0;white-space:nowrap}"
    )
    pages = []
    for label in made:
        lines = "".join(
            f'<p style="left:{x}mm;top:{y - 3.4}mm;font-family:{font}">{text}</p>' for font, text, x, y in _lines(label)
        )
        path = "".join(f"M{x:.4f} {y:.4f}h{w:.4f}v{h:.4f}h-{w:.4f}z" for x, y, w, h in _rectangles(label))
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"><path d="{path}"/></svg>'
        source = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
        image = f'<img style="left:0;top:0;width:{WIDTH}mm;height:{HEIGHT}mm" src="{source}">'
        pages.append(f"<section>{lines}{image}</section>")
    written: bytes = HTML(string=f"<style>{style}</style>{''.join(pages)}").write_pdf()
    return written


RIVALS: dict[str, tuple[Draw, int]] = {
    "reportlab": (widgets, 60),
    "fpdf2": (fpdf, 200),
    "weasyprint": (weasyprint, 60),
}
"""Distribution -> how it draws, and how many labels at a time: enough that its fonts' one-time cost is small."""


def _lines(label: OwnLabel) -> Iterator[tuple[str, str, float, float]]:
    """Font, text, left edge and baseline of each text."""
    (x, y) = _TEXTS_AT
    for number, text in enumerate(texts(label)):
        # The hanzi font has nothing but hanzi; the rivals are spared the mixing of fonts within a line.
        hanzi = "".join(character for character in text if "\u4e00" <= character <= "\u9fff")
        yield ("hanzi", hanzi, x, y + number * _LINE) if hanzi else ("sans", text, x, y + number * _LINE)


def _rectangles(label: OwnLabel) -> Iterator[Place]:
    """Both codes by zint, as runs of dark modules."""
    from zint import Symbology

    (left, top), (width, height) = _CODE128_AT, _CODE128_SIZE
    (bars,) = encoded(Symbology.CODE128, label.posting_number)
    # Two dots of an eighth of a millimetre to a bar, in the middle of its place.
    yield from _runs(bars, left + (width - len(bars) * 0.25) / 2, top, 0.25, height)
    (left, top) = _QR_AT
    rows = encoded(Symbology.QRCODE, label.code)
    module = _QR_SIZE / len(rows)
    for number, row in enumerate(rows):
        yield from _runs(row, left, top + number * module, module, module)


def _runs(row: str, left: float, top: float, module: float, height: float) -> Iterator[Place]:
    at = 0
    for run in row.replace("01", "0 1").replace("10", "1 0").split():
        if run[0] == "1":
            yield left + at * module, top, len(run) * module, height
        at += len(run)


def encoded(symbology: Any, content: str) -> tuple[str, ...]:
    """Rows of 0 and 1 of a symbol, by zint alone: nothing that draws this code can be faster."""
    from zint import Symbol, Symbology

    symbol = Symbol()
    symbol.symbology = symbology
    if symbology is Symbology.QRCODE:
        symbol.option_1 = 2  # error correction level M
    symbol.encode(content)
    packed, width = memoryview(symbol.encoded_data), symbol.width
    assert packed.shape
    stride, data = packed.shape[1], bytes(packed)
    return tuple(
        f"{int.from_bytes(data[row * stride : (row + 1) * stride], 'little'):0{stride * 8}b}"[::-1][:width]
        for row in range(symbol.rows)
    )
