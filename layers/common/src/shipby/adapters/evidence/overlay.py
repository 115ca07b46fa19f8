"""Pictures and tints under the text of a drawn page; the label printers' way of drawing has neither."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from shipby.application.ports.evidence import Picture

if TYPE_CHECKING:  # heavy: loaded on first use
    import pikepdf

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Tint:
    """A coloured rectangle; places are points from the top left corner."""

    page: int
    x: float
    y: float
    width: float
    height: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture and where it stands."""

    page: int
    x: float
    y: float
    width: float
    height: float
    picture: Picture


def lay_under(pdf: bytes, tints: list[Tint], pictures: list[Placed], *, title: str) -> bytes:
    """The same pages with tints and pictures under their text; the same arguments give the same bytes."""
    import pikepdf

    with pikepdf.open(BytesIO(pdf)) as document:
        document.docinfo["/Title"] = title
        for number, page in enumerate(document.pages):
            high = float(page.mediabox[3])
            content = [_filled(tint, high) for tint in tints if tint.page == number]
            mine = [placed for placed in pictures if placed.page == number]
            if mine:
                # All pages share one dictionary: this one gets its own.
                page.obj.Resources = pikepdf.Dictionary(dict(page.obj.Resources.items()))
                page.obj.Resources.XObject = pikepdf.Dictionary()
            for index, placed in enumerate(mine):
                page.obj.Resources.XObject[f"/P{index}"] = _image(document, placed.picture)
                place = _numbers(placed.width, 0, 0, placed.height, placed.x, high - placed.y - placed.height)
                content.append(f"q {place} cm /P{index} Do Q")
            if content:
                page.contents_add("\n".join(content).encode(), prepend=True)
        out = BytesIO()
        document.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
        return out.getvalue()


def _filled(tint: Tint, high: float) -> str:
    place = _numbers(tint.x, high - tint.y - tint.height, tint.width, tint.height)
    return f"q {_numbers(*tint.colour)} rg {place} re f Q"


def _numbers(*values: float) -> str:
    return " ".join(f"{value:.3f}" for value in values)


def _image(document: pikepdf.Pdf, picture: Picture) -> pikepdf.Stream:
    import pikepdf

    return pikepdf.Stream(
        document,
        picture.jpeg,
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=picture.width,
        Height=picture.height,
        ColorSpace=pikepdf.Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=pikepdf.Name.DCTDecode,
    )
