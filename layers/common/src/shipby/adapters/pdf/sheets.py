"""Putting pages together: in any order, each on its own paper, or several on an A4 sheet with a caption under each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from shipby.adapters.labels.draft import DOTS_PER_MM
from shipby.adapters.labels.drawing import Item, Page, Rect, TextRun
from shipby.adapters.labels.fonts import Fonts
from shipby.adapters.labels.pdf import to_pdf
from shipby.application.ports.press import PagePick
from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.options import Sheet

if TYPE_CHECKING:  # heavy: loaded on first use
    import pikepdf

_MM = 72 / 25.4
_A4 = (210, 297)
_GRIDS = {Sheet.A4_4UP: (2, 2), Sheet.A4_8UP: (2, 4)}
"""Columns and rows."""
_MARGIN = 4.0
"""Millimetres kept free around a label in its cell, so that the scissors find room."""
_CAPTION = 5.0
"""Millimetres under a label for its caption."""
_CAPTION_SIZE = 2.6
"""Em of a caption in millimetres."""
_DPI = 300
"""Resolution in whose dots captions and cut marks are placed."""
_STATIC_ID = b"31415926535897932384626433832795"
"""What the PDF library writes for an identifier when told not to make one. Source: qpdf manual, --static-id."""
_MARK = 3.0
"""Length of a cut mark in millimetres."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """A place for one label, in millimetres from the sheet's top left corner."""

    left: float
    top: float
    width: float
    height: float


def compose(
    files: Sequence[bytes], order: Sequence[PagePick], *, sheet: Sheet = Sheet.NONE, fonts: Path | None = None
) -> bytes:
    """One PDF with the picked pages in this order; the same input gives the same bytes.

    On a sheet a label is shrunk or turned to fit its cell and never enlarged; `fonts` draw the captions. Raises
    InvalidInputError if there is no page to take, a file is no usable PDF, or it lacks the page.
    """
    import pikepdf

    if not order:
        raise InvalidInputError("there is no page to put together")
    with ExitStack() as stack:
        with _readable():
            sources = _open(files, order, stack)
            if sheet is Sheet.NONE:
                target = stack.enter_context(pikepdf.Pdf.new())
                _append(target, sources, order)
            else:
                target = stack.enter_context(pikepdf.Pdf.open(BytesIO(_sheets(order, sheet, fonts))))
                del target.trailer["/ID"]  # the one it has would be kept
                _impose(target, sources, order, sheet)
        out = BytesIO()
        target.save(
            out,
            static_id=True,
            # What is put together is packed already; looking for what is not takes longer than all the rest.
            compress_streams=sheet is not Sheet.NONE,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
        return _identified(out)


def _identified(out: BytesIO) -> bytes:
    """The file, named after what it holds; the PDF library takes three times as long for that."""
    written = out.getvalue()
    again = written.rfind(_STATIC_ID)
    first = written.rfind(_STATIC_ID, 0, max(again, 0))
    if first < 0:
        raise InvalidInputError("the file that was put together has no identifier")
    name = sha256(memoryview(written)[:first]).hexdigest()[: len(_STATIC_ID)].encode()
    del written  # so that it is changed where it lies
    for place in (first, again):
        out.seek(place)
        out.write(name)
    return out.getvalue()


@contextmanager
def _readable() -> Iterator[None]:
    import pikepdf

    try:
        yield
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, TypeError, RuntimeError, AttributeError) as error:
        # Broken structures surface as any of these; InvalidInputError is none of them.
        raise InvalidInputError(f"a file to put together is a broken PDF ({type(error).__name__})") from error


def _open(files: Sequence[bytes], order: Sequence[PagePick], stack: ExitStack) -> dict[int, Sequence[pikepdf.Page]]:
    """The pages of every file that is picked from; each is opened once and stays open until the result is written."""
    import pikepdf

    found: dict[int, Sequence[pikepdf.Page]] = {}
    for pick in order:
        if pick.file not in found:
            if not 0 <= pick.file < len(files):
                raise InvalidInputError(f"there is no file {pick.file} to take a page from")
            # Opening gives each page what it takes from the list it stands in.
            found[pick.file] = list(stack.enter_context(pikepdf.Pdf.open(BytesIO(files[pick.file]))).pages)
        if not 0 <= pick.page < len(found[pick.file]):
            raise InvalidInputError(f"file {pick.file} has no page {pick.page + 1}")
    return found


def _append(target: pikepdf.Pdf, sources: dict[int, Sequence[pikepdf.Page]], order: Sequence[PagePick]) -> None:
    """Write the list of pages itself: appending them one by one looks at every page anew, and takes twice as long."""
    import pikepdf

    root, kids = target.Root.Pages, []
    taken: set[tuple[int, int]] = set()
    for pick in order:
        page = target.copy_foreign(sources[pick.file][pick.page].obj)
        if (pick.file, pick.page) in taken:
            # A page that comes again is another page with the same content.
            page = target.make_indirect(pikepdf.Dictionary(dict(page.items())))
        taken.add((pick.file, pick.page))
        page.Parent = root
        kids.append(page)
    root.Kids, root.Count = pikepdf.Array(kids), len(kids)


def _sheets(order: Sequence[PagePick], sheet: Sheet, fonts: Path | None) -> bytes:
    """Empty A4 pages with captions and cut marks."""
    cells = _cells(sheet)
    drawn = []
    loaded = Fonts(fonts) if fonts is not None else None
    for start in range(0, len(order), len(cells)):
        items: list[Item] = list(_cut_marks(sheet))
        if loaded is not None:
            for cell, pick in zip(cells, order[start : start + len(cells)], strict=False):
                items += _caption(pick.caption, cell, loaded)
        drawn.append(Page(width=_dots(_A4[0]), height=_dots(_A4[1]), dpi=_DPI, millimetres=_A4, items=tuple(items)))
    return to_pdf(drawn, loaded if loaded is not None else Fonts(Path()))


def _cells(sheet: Sheet) -> list[_Cell]:
    columns, rows = _GRIDS[sheet]
    width, height = _A4[0] / columns, _A4[1] / rows
    return [
        _Cell(column * width + _MARGIN, row * height + _MARGIN, width - 2 * _MARGIN, height - 2 * _MARGIN - _CAPTION)
        for row in range(rows)
        for column in range(columns)
    ]


def _dots(millimetres: float) -> int:
    return round(millimetres * DOTS_PER_MM[_DPI])


def _cut_marks(sheet: Sheet) -> Iterator[Rect]:
    """Short lines where the cells meet and at the sheet's edges."""
    columns, rows = _GRIDS[sheet]
    long, half = _dots(_MARK), _dots(_MARK / 2)
    right, bottom = _dots(_A4[0]), _dots(_A4[1])
    for column in range(1, columns):
        x = _dots(_A4[0] * column / columns)
        for row in range(rows + 1):
            y = _dots(_A4[1] * row / rows)
            yield Rect(x - 1, max(0, min(y - half, bottom - long)), 2, long)
    for row in range(1, rows):
        y = _dots(_A4[1] * row / rows)
        for column in range(columns + 1):
            x = _dots(_A4[0] * column / columns)
            yield Rect(max(0, min(x - half, right - long)), y - 1, long, 2)


def _caption(text: str, cell: _Cell, fonts: Fonts) -> Iterator[TextRun]:
    """What can be drawn of a caption on one line; it is a help for the eye, so it may be shortened."""
    size = _CAPTION_SIZE * DOTS_PER_MM[_DPI]
    room = cell.width * DOTS_PER_MM[_DPI]
    drawable = "".join(character for character in text if fonts.has(character)).strip()
    shown = drawable
    while shown and fonts.measure(shown, size) > room:
        drawable = drawable[: min(len(drawable) - 1, int(len(drawable) * room / fonts.measure(shown, size)))]
        shown = f"{drawable.rstrip()}…"
    if shown:
        baseline = _dots(cell.top + cell.height + _CAPTION - 1)
        yield TextRun(_dots(cell.left), baseline, size, shown, width=fonts.measure(shown, size))


def _impose(
    target: pikepdf.Pdf, sources: dict[int, Sequence[pikepdf.Page]], order: Sequence[PagePick], sheet: Sheet
) -> None:
    import pikepdf

    cells = _cells(sheet)
    forms: dict[tuple[int, int], pikepdf.Object] = {}
    for number, page in enumerate(target.pages):
        picks = order[number * len(cells) : (number + 1) * len(cells)]
        shown = pikepdf.Dictionary()
        content = [b"\nQ"]
        for place, (cell, pick) in enumerate(zip(cells, picks, strict=False)):
            form = forms.get((pick.file, pick.page))
            if form is None:
                form = target.copy_foreign(sources[pick.file][pick.page].as_form_xobject())
                forms[pick.file, pick.page] = form
            shown[f"/L{place}"] = form
            content.append(_placed(form, cell) + f" /L{place} Do Q".encode())
        # The sheets share one dictionary of resources; each needs labels of its own.
        common = page.obj.Resources
        page.obj.Resources = pikepdf.Dictionary(ProcSet=common.ProcSet, Font=common.Font, XObject=shown)
        page.contents_add(b"q\n", prepend=True)
        page.contents_add(b"\n".join(content))


def _placed(form: pikepdf.Object, cell: _Cell) -> bytes:
    """`q … cm` that puts a form into the middle of its cell: as it is, shrunk, or turned by a quarter."""
    left, low, right, high = _shown_box(form)
    width, height = right - left, high - low
    if min(width, height) <= 0:
        raise InvalidInputError("a page to put on a sheet has no area")
    room, tall = cell.width * _MM, cell.height * _MM
    upright, turned = min(1.0, room / width, tall / height), min(1.0, room / height, tall / width)
    centre = ((cell.left + cell.width / 2) * _MM, (_A4[1] - cell.top - cell.height / 2) * _MM)
    middle = ((left + right) / 2, (low + high) / 2)
    if turned > upright:
        share = turned
        x, y = centre[0] + share * middle[1], centre[1] - share * middle[0]
        return f"q 0 {share:.6f} {-share:.6f} 0 {x:.4f} {y:.4f} cm".encode()
    share = upright
    x, y = centre[0] - share * middle[0], centre[1] - share * middle[1]
    return f"q {share:.6f} 0 0 {share:.6f} {x:.4f} {y:.4f} cm".encode()


def _shown_box(form: pikepdf.Object) -> tuple[float, float, float, float]:
    """Where a form's box lies once its own matrix, which undoes the page's rotation, is applied."""
    x0, y0, x1, y1 = (float(side) for side in form.BBox)
    a, b, c, d, e, f = (float(part) for part in form.get("/Matrix", [1, 0, 0, 1, 0, 0]))
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (x0, x1) for y in (y0, y1)]
    across, up = [x for x, _ in corners], [y for _, y in corners]
    return min(across), min(up), max(across), max(up)
