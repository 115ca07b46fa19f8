"""Small pictures of files that strangers may have made: bounded before anything is unpacked, decoded by pillow."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from shipby.application.ports.evidence import Picture
from shipby.domain.errors import InvalidInputError
from shipby.domain.evidence.files import LONGEST_SIDE, MOST_PIXELS
from shipby.domain.evidence.shapes import JPEG, PNG, WEBP

if TYPE_CHECKING:  # heavy: loaded on first use
    from PIL.Image import Image

LONGEST = 1200
"""Pixels of the longer side: some 300 per inch in the document."""
_QUALITY = 80
_PAGE_DPI = 150
_FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}


def small_picture(content: bytes, content_type: str) -> Picture:
    """A picture, upright, without transparency and without anything the camera noted. Raises InvalidInputError."""
    from PIL import Image, ImageOps

    if content_type not in _FORMATS:
        raise InvalidInputError(f"pictures of {content_type} are not drawn")
    try:
        with warnings.catch_warnings(action="ignore"):  # our own bounds stand below
            opened = Image.open(BytesIO(content), formats=(_FORMATS[content_type],))
        with opened:
            width, height = opened.size
            if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS[content_type]:
                raise InvalidInputError(f"a picture of {width} x {height} pixels is not drawn")
            opened.draft("RGB", (LONGEST, LONGEST))  # a JPEG is unpacked at a fraction of its size
            opened.thumbnail((LONGEST, LONGEST))
            return _flat(ImageOps.exif_transpose(opened))
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        # pillow tells of broken files by all of these
        raise InvalidInputError("the picture cannot be drawn") from error


def small_page(pdf: bytes) -> Picture:
    """The first page of a PDF. Raises InvalidInputError."""
    from PIL import Image

    from shipby.adapters.pdf import raster
    from shipby.adapters.pdf.bounds import check_raw

    check_raw(pdf)
    with Image.open(BytesIO(raster.png(pdf, dpi=_PAGE_DPI)), formats=("PNG",)) as page:
        page.thumbnail((LONGEST, LONGEST))
        return _flat(page)


def _flat(picture: Image) -> Picture:
    from PIL import Image

    if picture.mode in ("RGBA", "LA", "PA", "P"):
        upper = picture.convert("RGBA")
        paper = Image.new("RGB", upper.size, "white")
        paper.paste(upper, mask=upper.getchannel("A"))
        picture = paper
    out = BytesIO()
    flat = picture.convert("RGB")
    flat.save(out, "JPEG", quality=_QUALITY, optimize=False)
    return Picture(out.getvalue(), flat.width, flat.height)
