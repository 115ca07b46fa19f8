"""Small pictures of files that strangers may have made: bounded before anything is unpacked, decoded by pillow."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from shipby.application.ports.evidence import Picture
from shipby.domain.errors import InvalidInputError
from shipby.domain.evidence.files import LARGEST, LONGEST_SIDE, MOST_PIXELS
from shipby.domain.evidence.shapes import JPEG, PDF, PNG, WEBP

if TYPE_CHECKING:  # heavy: loaded on first use
    from PIL.Image import Image

LONGEST = 1200
"""Pixels of the longer side: some 300 per inch in the document."""
_QUALITY = 80
_PAGE_DPI = 150
_MOST_PAGES = 1000
_SCAN, _MOST_SCANS = b"\xff\xda", 100
"""What begins a pass over a JPEG. Cameras write one, progressive encoders about ten; each costs a walk over the whole
picture and may be a few bytes long, so that a file of the permitted size could hold an hour's work. The bytes stand
nowhere else but in a preview within the file. Source: ITU-T T.81, B.1.1.2, B.1.1.5."""
_FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}


def small_picture(content: bytes, content_type: str) -> Picture:
    """A picture, upright, without transparency and without anything the camera noted. Raises InvalidInputError."""
    from PIL import Image, ImageOps

    if content_type not in _FORMATS:
        raise InvalidInputError(f"pictures of {content_type} are not drawn")
    if content_type == JPEG and content.count(_SCAN) > _MOST_SCANS:
        raise InvalidInputError(f"a picture in more than {_MOST_SCANS} passes is not drawn")
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

    from shipby.adapters.pdf import pages, raster

    # Bounded as label files are: streams, pictures, forms within forms, pages; and nothing that acts is left.
    first = next(pages.split(pdf, max_pages=_MOST_PAGES, max_bytes=LARGEST[PDF]))
    with Image.open(BytesIO(raster.png(first, dpi=_PAGE_DPI)), formats=("PNG",)) as page:
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
