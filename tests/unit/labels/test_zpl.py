"""ZPL: what it says, that no text can put commands into it, and that an independent program prints the same label."""

from pathlib import Path

import pytest

from shipby.adapters.labels.drawing import Bars, Matrix, Page, Rect, TextRun
from shipby.adapters.labels.press import ReportlabPress
from shipby.adapters.labels.zpl import to_zpl
from shipby.adapters.labels.zpl_graphics import Bitmap, packed
from shipby.domain.labels.options import HandlingMark, MatrixCode
from shipby.domain.labels.own_labels import LabelLine, LabelLook, OwnLabel, Party

FONTS = Path(__file__).resolve().parents[3] / "functions" / "label_generation" / "fonts"
PRESS = ReportlabPress(FONTS)
HOSTILE = "^XZ^XA^FO0,0^GB999,999,999^FS~JA _5E"


def label(**changes: object) -> OwnLabel:
    given: dict[str, object] = {
        "posting_number": "24219509-0020-2",
        "code": "SB:OL:24219509-0020-2:1:35",
        "tracking_number": "RR123456785RU",
        "recipient": Party(name="Щербакова А. В.", address="Казань, ул. Баумана, д. 1", phone="+7 900 000-00-00"),
        "lines": (LabelLine(offer_id="CUP-1", name="Кружка 马克杯", quantity=2),),
        "marks": (HandlingMark.FRAGILE,),
    }
    return OwnLabel(**(given | changes))  # type: ignore[arg-type]  # fields of the label


def page(*items: Rect | TextRun | Bars | Matrix) -> Page:
    return Page(width=600, height=960, dpi=203, millimetres=(75, 120), items=items)


def unpacked(text: str, stride: int) -> bytes:
    """What a printer makes of the packed rows, after the ZPL II Programming Guide."""
    rows: list[str] = []
    row, times = "", 0
    for character in text:
        if "G" <= character <= "Y":
            times += ord(character) - ord("F")
        elif "g" <= character <= "z":
            times += 20 * (ord(character) - ord("f"))
        elif character == ":":
            rows.append(rows[-1])
        else:
            row = row.ljust(2 * stride, "0") if character == "," else row + character * (times or 1)
            times = 0
            if len(row) == 2 * stride:
                rows.append(row)
                row = ""
    assert row == ""
    return bytes.fromhex("".join(rows))


@pytest.mark.parametrize(
    "bits",
    [
        b"\x00" * 30,
        b"\xff" * 30,
        bytes(range(30)),
        b"\xff\x00" * 15,
        b"\x00\x00\x01" * 10,
        b"\xff" * 5 + b"\x00" * 25,
        (b"\xaa" * 10 + b"\x00" * 5) * 2,
    ],
)
@pytest.mark.parametrize("stride", [1, 2, 3, 5, 15])
def test_packed_rows_come_out_as_they_went_in(bits: bytes, stride: int) -> None:
    assert unpacked(packed(Bitmap(stride * 8, len(bits) // stride, bits)), stride) == bits


def test_a_run_longer_than_any_letter_counts_is_split() -> None:
    bits = b"\x55" * 600
    assert unpacked(packed(Bitmap(4800, 1, bits)), 600) == bits


def test_each_label_says_its_size_and_is_printed_once() -> None:
    drawn = PRESS.zpl([label(), label(posting_number="1-1-1")], LabelLook())
    said = drawn.pdf.decode("ascii")
    assert (said.count("^XA"), said.count("^XZ"), said.count("^PQ1")) == (2, 2, 2)
    assert said.count("^PW600^LL960") == 2
    assert drawn.pages == ((0,), (1,))
    assert "^FD24219509-0020-2^FS" in said
    assert "^FDRR123456785RU^FS" in said


def test_the_same_labels_give_the_same_bytes() -> None:
    assert PRESS.zpl([label()], LabelLook()) == PRESS.zpl([label()], LabelLook())


def test_no_text_puts_commands_into_a_label() -> None:
    recipient = Party(name=HOSTILE, address=HOSTILE, phone="1")
    hostile = label(recipient=recipient, lines=(LabelLine(offer_id=HOSTILE, name=HOSTILE, quantity=1),), note=HOSTILE)
    said = PRESS.zpl([hostile], LabelLook()).pdf.decode("ascii")
    assert (said.count("^XA"), said.count("^XZ")) == (1, 1)
    assert "GB999" not in said
    assert "~" not in said


def test_a_code_with_other_signs_is_a_bitmap_of_its_bars() -> None:
    bars = Bars(100, 10, 20, 2, (2, 1, 1, 2, 3, 2, 2), "A^XZ>5")
    said = to_zpl([page(bars)], PRESS.fonts).decode("ascii")
    assert "^BC" not in said
    assert "XZ>5" not in said
    assert "^FO100,10^GFA," in said


def test_a_matrix_code_is_a_bitmap_of_its_modules() -> None:
    square = Matrix(8, 16, 4, ("10", "01"), MatrixCode.QR, "x")
    assert "^FO8,16^GFA,8,8,1,F0:::0F:::^FS" in to_zpl([page(square)], PRESS.fonts).decode("ascii")
