"""Reads labels back as a printer and a scanner would: pictures at the printer's own resolution, and their codes."""

from __future__ import annotations

import ctypes
import math
from datetime import date
from pathlib import Path
from typing import Any

import functions.label_generation
from shipby.adapters.labels import codes
from shipby.adapters.labels.drawing import Art, Bars, Item, Matrix, Page, Rect
from shipby.adapters.labels.press import ReportlabPress
from shipby.domain.labels.options import HandlingMark
from shipby.domain.labels.own_labels import LabelLine, OwnLabel, Party

FONTS = Path(str(functions.label_generation.__file__)).parent / "fonts"
PRESS = ReportlabPress(FONTS)
TRUE_DPI = {203: 203.2, 300: 300.0}

RECIPIENTS = {
    "ru": Party(
        name="Константинопольская Анастасия Владимировна",
        address="125009, г. Москва, ул. Тверская, д. 12, корп. 3, подъезд 2, этаж 5, кв. 47, домофон 47К",
        phone="+7 916 123-45-67",
    ),
    "zh": Party(
        name="张喆伟",
        address="广东省深圳市南山区科技园南区高新南一道 8 号创维大厦 A 座 1203 室",
        phone="+86 138 0013 8000",
    ),
    "en": Party(name="Zoë O’Brien-Łukasiewicz", address="Flat 2, 14 Kazybek Bi St, Almaty 050010", phone="+7 701 1"),
    "kk": Party(
        name="Айгерім Нұрланқызы Әбдіғали", address="Алматы қ., Әуезов ауданы, Төле би көшесі, 285/8, 12-пәтер"
    ),
}


def a_label(language: str = "ru", **changes: Any) -> OwnLabel:
    """A label with everything on it."""
    given: dict[str, Any] = {
        "posting_number": "12345678-0001-1",
        "code": "SB1.12345678-0001-1.o.1.X",
        "tracking_number": "10027400123456",
        "carrier": "СДЭК",
        "recipient": RECIPIENTS[language],
        "sender": Party(
            name="ИП Иванов И. И.", address="440000, г. Пенза, ул. Московская, 1", phone="+7 8412 55-66-77"
        ),
        "lines": (
            LabelLine(offer_id="MUG-350", name="Кружка керамическая синяя 350 мл с крышкой", quantity=2),
            LabelLine(offer_id="TEA-01", name="Чай зелёный 龙井 листовой, 100 г", quantity=12),
        ),
        "marks": tuple(HandlingMark),
        "day": date(2026, 11, 22),
        "box": 1,
        "boxes": 2,
        "note": "Позвонить за час",
        "cash_on_delivery": "1 250,00 ₽",
    }
    return OwnLabel(**given | changes)


class Picture:
    """A page as a label printer would burn it: one byte per dot, and nothing is scaled to fit."""

    def __init__(self, pdf: bytes, dpi: int, page: int = 0) -> None:
        import pypdfium2
        from pypdfium2 import raw

        document = pypdfium2.PdfDocument(pdf)
        try:
            sheet = document[page]
            scale = TRUE_DPI[dpi] / 72
            self.points = sheet.get_size()
            # A sliver of a dot at the far edge is no dot.
            self.width, self.height = (math.ceil(side * scale - 0.5) for side in self.points)
            bitmap = raw.FPDFBitmap_CreateEx(self.width, self.height, raw.FPDFBitmap_Gray, None, 0)
            raw.FPDFBitmap_FillRect(bitmap, 0, 0, self.width, self.height, 0xFFFFFFFF)
            matrix = raw.FS_MATRIX(scale, 0, 0, scale, 0, 0)
            clip = raw.FS_RECTF(0, 0, self.width, self.height)
            raw.FPDF_RenderPageBitmapWithMatrix(bitmap, sheet.raw, matrix, clip, raw.FPDF_GRAYSCALE)
            self.stride = raw.FPDFBitmap_GetStride(bitmap)
            address = raw.FPDFBitmap_GetBuffer(bitmap)
            self.dots = ctypes.string_at(address, self.stride * self.height)
            raw.FPDFBitmap_Destroy(bitmap)
            text = sheet.get_textpage()
            self.text = text.get_text_range().replace("\r\n", "\n")
            text.close()
            sheet.close()
        finally:
            document.close()

    def row(self, y: int, left: int, right: int) -> str:
        """Dots of a row as 1 for ink and 0 for paper."""
        start = y * self.stride
        return "".join("1" if dot < 128 else "0" for dot in self.dots[start + left : start + right])

    def codes(self) -> set[tuple[str, str]]:
        """Kind and content of every code a scanner finds."""
        import zxingcpp

        rows = memoryview(self.dots).cast("B", (self.height, self.stride))
        view = zxingcpp.ImageView(rows, self.width, self.height, zxingcpp.ImageFormat.Lum, self.stride)
        kinds = zxingcpp.BarcodeFormats([zxingcpp.Code128, zxingcpp.QRCode, zxingcpp.DataMatrix])
        return {(str(found.format), found.text) for found in zxingcpp.read_barcodes(view, formats=kinds)}


Box = tuple[float, float, float, float]


def ink(item: Item) -> Box:
    """Left, top, right and bottom of what an item may cover, without quiet zones."""
    if isinstance(item, Rect):
        return (item.x, item.y, item.x + item.width, item.y + item.height)
    if isinstance(item, Bars):
        return (item.x, item.y, item.x + sum(item.widths) * item.module, item.y + item.height)
    if isinstance(item, Matrix):
        return (item.x, item.y, item.x + len(item.rows[0]) * item.module, item.y + len(item.rows) * item.module)
    if isinstance(item, Art):
        return (item.x, item.y, item.x + item.size, item.y + item.size)
    return (item.x, item.baseline - 0.9 * item.size, item.x + item.width, item.baseline + 0.25 * item.size)


def with_quiet_zone(item: Item) -> Box:
    """What must be free of everything else."""
    left, top, right, bottom = ink(item)
    if isinstance(item, Bars):
        quiet = codes.QUIET_CODE128 * item.module
        return (left - quiet, top, right + quiet, bottom)
    if isinstance(item, Matrix):
        quiet = codes.QUIET[item.kind] * item.module
        return (left - quiet, top - quiet, right + quiet, bottom + quiet)
    return (left, top, right, bottom)


def misplaced(page: Page) -> list[str]:
    """Everything that leaves the page, or stands on something else or in its quiet zone."""
    found = []
    for index, item in enumerate(page.items):
        left, top, right, bottom = with_quiet_zone(item)
        if left < 0 or top < 0 or right > page.width or bottom > page.height:
            found.append(f"leaves the page: {item}")
        for other in page.items[index + 1 :]:
            for one, two in ((with_quiet_zone(item), ink(other)), (ink(item), with_quiet_zone(other))):
                if one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]:
                    found.append(f"{item} stands on {other}")
                    break
    return found
