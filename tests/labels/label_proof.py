"""The proof of one case: drawn, rasterised, read back, and compared with what was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from shipby.adapters.labels.drawing import Page, TextRun
from shipby.adapters.labels.layout import lay_out, lay_out_sticker
from shipby.adapters.labels.press import ReportlabPress
from shipby.adapters.pdf import PdfLabelPapers
from shipby.application.ports.press import Drawn
from shipby.domain.labels.options import LabelFormat
from tests.labels.label_corpus import Case, Kind
from tests.labels.label_dots import misplaced, stray_ink, wrong_dots
from tests.labels.label_pictures import Picture, codes, from_png, pictures
from tests.support import zpl_renderer

FONTS = Path(__file__).resolve().parents[2] / "functions" / "label_generation" / "fonts"


@cache
def press() -> ReportlabPress:
    """One for all: it reads its fonts once."""
    return ReportlabPress(FONTS)


def draw(case: Case) -> Drawn:
    """What the press makes of the case."""
    if case.format is LabelFormat.ZPL:
        return press().zpl([case.label], case.look, stickers=case.kind is Kind.STICKER)
    return (
        press().stickers([case.label], case.look)
        if case.kind is Kind.STICKER
        else press().labels([case.label], case.look)
    )


def laid_out(case: Case) -> Page:
    """The drawing in dots behind it."""
    return (lay_out_sticker if case.kind is Kind.STICKER else lay_out)(case.label, case.look, press().fonts)


def refused(case: Case, drawn: Drawn) -> Iterator[str]:
    """What is wrong with how the press refused the case, or with its not refusing it."""
    fields = {field for field, _ in drawn.problems.get(0, ())}
    if missing := case.must_refuse - fields:
        yield f"drawn though there is no glyph for {sorted(missing)}"
    if unfounded := fields - case.may_refuse:
        yield f"refused for no good reason: {[said for said in drawn.problems[0] if said[0] in unfounded]}"
    if fields and (drawn.pdf or drawn.pages != ((),)):
        yield "refused, and yet there is a page"


def faults(case: Case, drawn: Drawn) -> Iterator[str]:
    """Everything that is wrong with a case that was drawn."""
    page = laid_out(case)
    yield from misplaced(page)
    yield from missing_texts(case, page)
    if drawn.pages != ((0,),):
        yield f"pages {drawn.pages}"
    for picture, exact in _pictures(case, drawn):
        if (found := codes(picture)) != case.expected:
            yield f"reads {found}, not {case.expected}"
        if exact:
            yield from wrong_dots(page, picture, packed_by_printer=case.format is LabelFormat.ZPL)
            yield from stray_ink(page, picture)


def missing_texts(case: Case, page: Page) -> Iterator[str]:
    """Texts that do not stand on the page whole."""
    runs = "".join(_bare(item.text) for item in page.items if isinstance(item, TextRun))
    for text in case.texts:
        if _bare(text) not in runs:
            yield f"not on it, or not whole: {text!r}"


def _bare(text: str) -> str:
    return "".join(text.split())


def _pictures(case: Case, drawn: Drawn) -> Iterator[tuple[Picture, bool]]:
    """The one page as dots, and whether they have to be exact."""
    if case.format is LabelFormat.PDF:
        for picture in pictures(drawn.pdf, case.dpi):
            yield picture, True
    elif case.format is LabelFormat.PNG:
        # A page that is no whole number of dots wide is stretched a little in a preview.
        whole = all(side * case.dpi % 203 == 0 for side in case.size.millimetres)
        yield from_png(PdfLabelPapers().picture(drawn.pdf, dpi=case.dpi)), whole
    elif zpl_renderer.package() is not None:
        page = laid_out(case)
        for png in zpl_renderer.rendered(drawn.pdf, page.width, page.height):
            yield from_png(png), True
