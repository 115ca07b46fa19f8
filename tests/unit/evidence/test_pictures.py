"""Small pictures of files that strangers made: bounded, upright, and without anything the camera noted."""

from __future__ import annotations

from io import BytesIO

import pikepdf
import pytest
from PIL import Image

from shipby.application.ports.evidence import Picture
from shipby.domain.errors import InvalidInputError
from tests.unit.evidence.evidence_support import PRESS, bomb_png, heic, pdf, picture


def look(small: Picture) -> Image.Image:
    opened = Image.open(BytesIO(small.jpeg))
    opened.load()
    assert (opened.format, opened.mode, opened.size) == ("JPEG", "RGB", (small.width, small.height))
    return opened


def test_a_large_picture_becomes_a_small_one_of_the_same_shape() -> None:
    small = PRESS.picture(picture(size=(4000, 3000)), "image/jpeg")

    assert (small.width, small.height) == (1200, 900)
    assert PRESS.picture(picture(size=(60, 40)), "image/jpeg").width == 60
    look(small)


def test_it_stands_upright_and_forgets_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera on its side
    exif.get_ifd(0x8825)[2] = (55.0, 45.0, 0.0)  # GPS latitude
    out = BytesIO()
    Image.new("RGB", (80, 40), "tan").save(out, "JPEG", exif=exif)

    opened = look(PRESS.picture(out.getvalue(), "image/jpeg"))

    assert opened.size == (40, 80)
    assert not opened.getexif()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "I;16"])
def test_every_kind_of_dots_is_drawn_and_what_is_transparent_is_white(mode: str) -> None:
    out = BytesIO()
    Image.new(mode, (30, 20), 0 if mode != "RGBA" else (0, 0, 0, 0)).save(out, "PNG")

    opened = look(PRESS.picture(out.getvalue(), "image/png"))

    if mode in ("RGBA", "LA"):
        assert opened.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (bomb_png(), "image/png"),
        (bomb_png(15_000), "image/png"),
        (picture("PNG")[:-40], "image/png"),
        (picture()[:300], "image/jpeg"),
        (picture("PNG"), "image/jpeg"),
        (b"<svg/>", "image/png"),
        (b"", "image/webp"),
        (heic(), "image/heic"),
        (picture(), "image/tiff"),
    ],
)
def test_what_is_absurd_or_broken_is_not_drawn(content: bytes, content_type: str) -> None:
    with pytest.raises(InvalidInputError):
        PRESS.picture(content, content_type)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4", pdf(), picture()])
def test_a_paper_without_a_page_is_not_drawn(content: bytes) -> None:
    with pytest.raises(InvalidInputError):
        PRESS.first_page(content)


def test_a_jpeg_of_more_passes_than_any_encoder_makes_is_not_drawn() -> None:
    out = BytesIO()
    Image.effect_noise((64, 64), 60).save(out, "JPEG", progressive=True)
    honest = out.getvalue()
    assert honest.count(b"\xff\xda") > 1
    look(PRESS.picture(honest, "image/jpeg"))

    last = honest.rindex(b"\xff\xda")
    again = honest[last:-2]
    with pytest.raises(InvalidInputError, match="passes"):
        PRESS.picture(honest[:-2] + again * 100 + honest[-2:], "image/jpeg")


def hostile_pdf(change: str) -> bytes:
    """A page that takes hours to draw, or holds more pictures than memory does, in a few hundred bytes."""
    with pikepdf.Pdf.new() as made:
        page = made.add_blank_page(page_size=(200, 200)).obj
        if change == "forms within forms":
            inner = made.make_stream(b"0 0 10 10 re f")
            for _ in range(8):
                outer = made.make_stream(b"/F Do " * 10)
                inner["/Type"], inner["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Form
                inner["/BBox"] = pikepdf.Array([0, 0, 9, 9])
                outer["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=inner))
                inner = outer
            page["/Resources"] = inner["/Resources"]
            page["/Contents"] = made.make_stream(b"/F Do")
        else:
            shown = pikepdf.Dictionary()
            for number in range(9):
                image = made.make_stream(b"\xff\xd8")
                image["/Subtype"], image["/Filter"] = pikepdf.Name.Image, pikepdf.Name.DCTDecode
                image["/Width"], image["/Height"] = 6_000, 6_000
                shown[f"/I{number}"] = image
            page["/Resources"] = pikepdf.Dictionary(XObject=shown)
            page["/Contents"] = made.make_stream(b" ".join(b"/I%d Do" % number for number in range(9)))
        out = BytesIO()
        made.save(out)
        return out.getvalue()


@pytest.mark.parametrize(
    ("change", "says"), [("forms within forms", "more drawing"), ("many large pictures", "more dots")]
)
def test_a_paper_that_would_be_drawn_for_hours_is_refused_before_it_is_drawn(change: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        PRESS.first_page(hostile_pdf(change))
