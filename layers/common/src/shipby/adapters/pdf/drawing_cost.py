"""How much drawing a page asks for once the forms it calls are written out: ten lines that call ten forms that call
ten forms take pdfium hours, and none of the lengths in the file shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shipby.domain.errors import InvalidInputError

if TYPE_CHECKING:  # heavy: loaded on first use
    import pikepdf

MOST_WRITTEN_OUT = 16 * 1024 * 1024
"""Bytes of instructions with every form written out where it is called."""
_CALL_COSTS = 256
"""Bytes that one call counts for: pdfium keeps about 2 kB for each form it draws."""
DEEPEST = 12
"""Forms within forms."""
MOST_TILES = 10_000
MOST_PIXELS = 256_000_000
"""Of all pictures that one page shows: each may be small in the file, and as large as its width and height say once it
is unpacked. A page of A4 in 600 dpi has 35 million."""
_SHOWS = re.compile(rb"/([^\s/<>\[\]()%]+)\s+Do\b")
_CALL = re.compile(rb"\bDo\b|\bscn\b|\bSCN\b|\bTj\b|\bTJ\b")


def check_cost(page: pikepdf.Page) -> None:
    """Raises InvalidInputError for a page whose forms, patterns or drawn letters call each other beyond measure.

    Call it after the lengths of all streams are known to be bounded: it unpacks what draws.
    """
    contents = page.obj.get("/Contents")
    parts = [] if contents is None else list(contents) if contents._type_name == "array" else [contents]
    said = b"\n".join(part.read_bytes() for part in parts)
    pictures: dict[tuple[int, int], int] = {}
    _written_out(said, page.resources, 0, {}, pictures)
    if sum(pictures.values()) > MOST_PIXELS:
        raise InvalidInputError("the pictures on a page of the label file have more dots than a label needs")


def _written_out(
    said: bytes,
    resources: pikepdf.Object | None,
    depth: int,
    known: dict[tuple[int, int], int],
    pictures: dict[tuple[int, int], int],
) -> int:
    """Never less than what is drawn: every call is taken for a call of the costliest thing at hand. `pictures` gets the
    pixels of those that are shown."""
    if depth > DEEPEST:
        raise InvalidInputError("forms in the label file lie within each other beyond measure")
    calls = len(_CALL.findall(said))
    pictures |= _shown(said, resources)
    costs = (_cost(one, resources, depth, known, pictures) for one in _called(resources)) if calls else ()
    costliest = max(costs, default=0)
    cost = len(said) + calls * (_CALL_COSTS + costliest)
    if cost > MOST_WRITTEN_OUT:
        raise InvalidInputError("a page of the label file asks for more drawing than a label needs")
    return cost


def _called(resources: pikepdf.Object | None) -> list[pikepdf.Object]:
    """Everything with instructions of its own: forms, tiling patterns, letters of drawn fonts."""
    import pikepdf

    def entries(holder: pikepdf.Object | None, key: str) -> list[pikepdf.Object]:
        inner = None if holder is None else holder.get(key)
        return [value for _, value in inner.items()] if isinstance(inner, pikepdf.Dictionary) else []

    found = [one for _, one in _objects(resources) if str(one.get("/Subtype", "")) == "/Form"]
    found += [one for one in entries(resources, "/Pattern") if isinstance(one, pikepdf.Stream)]
    for font in entries(resources, "/Font"):
        found += entries(font, "/CharProcs")
    return [one for one in found if isinstance(one, pikepdf.Stream)]


def _objects(resources: pikepdf.Object | None) -> list[tuple[str, pikepdf.Object]]:
    import pikepdf

    inner = None if resources is None else resources.get("/XObject")
    return list(inner.items()) if isinstance(inner, pikepdf.Dictionary) else []


def _shown(said: bytes, resources: pikepdf.Object | None) -> dict[tuple[int, int], int]:
    """Pixels of the pictures that are called by name; of all at hand where a name is written with escapes."""
    names = set(_SHOWS.findall(said))
    escaped = any(b"#" in name for name in names)
    return {
        one.objgen: int(one.get("/Width", 0)) * int(one.get("/Height", 0))
        for name, one in _objects(resources)
        if str(one.get("/Subtype", "")) == "/Image" and (escaped or name[1:].encode() in names)
    }


def _cost(
    one: pikepdf.Object,
    around: pikepdf.Object | None,
    depth: int,
    known: dict[tuple[int, int], int],
    pictures: dict[tuple[int, int], int],
) -> int:
    if one.objgen not in known:
        if "/XStep" in one and abs(float(one.XStep) * float(one.get("/YStep", 0))) * MOST_TILES < 595 * 842:
            raise InvalidInputError("a pattern in the label file repeats beyond measure")
        known[one.objgen] = _written_out(one.read_bytes(), one.get("/Resources", around), depth + 1, known, pictures)
    return known[one.objgen]
