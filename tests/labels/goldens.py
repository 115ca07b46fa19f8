"""Six labels whose pictures people have looked at and accepted; any dot that changes has to be looked at again.

Run: `.venv/bin/python -m tests.labels.goldens [--accept]`. Without --accept it says which pictures differ and where the
new ones lie; with it the new ones become the accepted ones; docs show them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from shipby.adapters.pdf import PdfLabelPapers
from shipby.application.ports.press import PagePick
from shipby.domain.labels.options import HandlingMark, LabelSize, MatrixCode, Sheet
from shipby.domain.labels.own_labels import LabelLine, LabelLook, OwnLabel, Party
from tests.labels.label_pictures import Picture, from_png, pictures
from tests.labels.label_proof import FONTS, press

KEPT = Path(__file__).resolve().parent / "goldens"
ACCEPT = ".venv/bin/python -m tests.labels.goldens --accept"

SENDER = Party(
    name="ИП Омаров Ж. К.", address="420111, г. Казань, ул. Баумана, д. 51, пом. 4", phone="+7 843 000-00-00"
)

RUSSIAN = OwnLabel(
    posting_number="89491381-0072-1",
    code="SB:89491381-0072-1:L:1:7K",
    tracking_number="RR123456785RU",
    carrier="Деловые Линии",
    recipient=Party(
        name="Щербакова Анастасия Владимировна",
        address="197022, г. Санкт-Петербург, ул. Льва Толстого, д. 15, кв. 42",
        phone="+7 921 000-00-00",
    ),
    sender=SENDER,
    lines=(
        LabelLine(offer_id="КЕТ-17", name="Чайник электрический «Уют», 1,7 л, белый", quantity=1),
        LabelLine(offer_id="CUP-04", name="Кружка керамическая 350 мл", quantity=12),
    ),
    marks=(HandlingMark.FRAGILE, HandlingMark.THIS_SIDE_UP, HandlingMark.KEEP_DRY),
    day=date(2026, 3, 9),
    box=1,
    boxes=2,
    note="Звонить за час до доставки",
    cash_on_delivery="1 250,00 ₽",
)

CHINESE = OwnLabel(
    posting_number="40217755-0103-2",
    code="SB:40217755-0103-2:L:2:B4",
    tracking_number="SF1380004567890",
    carrier="顺丰速运",
    recipient=Party(
        name="欧阳晓燕", address="广东省深圳市南山区科技园南路12号鑫源大厦3栋1502室", phone="+86 138 0000 0000"
    ),
    sender=Party(
        name="义乌市鼎祥日用品有限公司", address="浙江省义乌市福田街道国际商贸城5区", phone="+86 579 0000 0000"
    ),
    lines=(
        LabelLine(offer_id="BW-500-P", name="304不锈钢保温杯 500毫升 樱花粉", quantity=2),
        LabelLine(offer_id="LED-9", name="LED台灯（含锂电池）三档调光", quantity=1),
        LabelLine(offer_id="CASE-15", name="手机壳 iPhone 15 Pro 磨砂黑", quantity=3),
    ),
    marks=tuple(HandlingMark),
    day=date(2026, 3, 9),
    note="请轻放，送货前电话联系",
)

KAZAKH = OwnLabel(
    posting_number="77310452-0009-1",
    code="SB:77310452-0009-1:L:1:QZ",
    tracking_number="KZ000123456KZ",
    carrier="Қазпошта",
    recipient=Party(
        name="Әбдірахманова Гүлнұр Қайратқызы",
        address="050000, Алматы қ., Бостандық ауданы, Төле би көш., 59-үй, 12-пәтер",
        phone="+7 701 000 00 00",
    ),
    sender=SENDER,
    lines=(LabelLine(offer_id="ЖҮН-200", name="Жүн көрпе, өлшемі 200×220 см, көгілдір", quantity=1),),
    marks=(HandlingMark.KEEP_DRY, HandlingMark.BATTERY),
    day=date(2026, 3, 9),
    box=2,
    boxes=3,
    note="Есік алдында қоңырау шалыңыз",
)


def _label(label: OwnLabel, size: LabelSize, language: str, matrix: MatrixCode = MatrixCode.QR) -> Picture:
    drawn = press().labels([label], LabelLook(size=size, language=language, matrix=matrix))
    return _only(drawn.pdf)


def _sticker() -> Picture:
    look = LabelLook(size=LabelSize.MM58X40, language="en", matrix=MatrixCode.DATA_MATRIX)
    return _only(press().stickers([RUSSIAN], look).pdf)


def _sheet() -> Picture:
    labels = [RUSSIAN, KAZAKH, CHINESE]
    pdf = press().labels(labels, LabelLook()).pdf
    order = [PagePick(file=0, page=number, caption=label.posting_number) for number, label in enumerate(labels)]
    return _only(PdfLabelPapers(fonts=FONTS).compose([pdf], order, sheet=Sheet.A4_4UP))


def _only(pdf: bytes) -> Picture:
    (picture,) = pictures(pdf, 203)
    return picture


GOLDENS: dict[str, Callable[[], Picture]] = {
    "own-58x40-ru": lambda: _label(RUSSIAN, LabelSize.MM58X40, "ru"),
    "own-75x120-ru": lambda: _label(RUSSIAN, LabelSize.MM75X120, "ru"),
    "own-75x120-kk": lambda: _label(KAZAKH, LabelSize.MM75X120, "kk", MatrixCode.DATA_MATRIX),
    "own-100x150-zh": lambda: _label(CHINESE, LabelSize.MM100X150, "zh"),
    "sticker-58x40-en": _sticker,
    "sheet-a4-4up": _sheet,
}
"""Name of the picture -> how it is made, at 203 dpi."""


def kept(name: str) -> Path:
    """Where the accepted picture lies."""
    return KEPT / f"{name}.png"


def difference(name: str) -> str:
    """How the picture differs from the accepted one, with the new one laid beside it; empty if it is the same."""
    picture, path, new = GOLDENS[name](), kept(name), KEPT / f"{name}.new.png"
    new.unlink(missing_ok=True)
    old = from_png(path.read_bytes()) if path.exists() else None
    if old == picture:
        return ""
    KEPT.mkdir(exist_ok=True)
    new.write_bytes(picture.png)
    if old is None:
        what = "there is no accepted picture"
    elif (old.width, old.height) != (picture.width, picture.height):
        what = f"it was {old.width} x {old.height} dots and is {picture.width} x {picture.height}"
    else:
        dots = [at for at, (was, now) in enumerate(zip(old.grey, picture.grey, strict=True)) if was != now]
        rows = [at // picture.width for at in dots]
        what = f"{len(dots)} dots differ, in rows {min(rows)} to {max(rows)}"
    return f"{name}: {what}. Look at {new} beside {path}; if the new one is right: {ACCEPT}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--accept", action="store_true", help="keep the new pictures; look at each of them first")
    accept = parser.parse_args().accept
    found = [said for said in map(difference, GOLDENS) if said]
    sys.stdout.writelines(f"{said}\n" for said in found)
    if not accept:
        return 1 if found else 0
    for name in GOLDENS:
        new = KEPT / f"{name}.new.png"
        if new.exists():
            new.replace(kept(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
