"""Packing slips: what goes into each parcel, on paper."""

from __future__ import annotations

from collections.abc import Sequence

from shipby.adapters.labels.drawing import Page
from shipby.adapters.labels.fonts import Fonts
from shipby.adapters.labels.papers.page import Paper
from shipby.adapters.labels.papers.rows import Row, Words
from shipby.adapters.labels.papers.words import paper_words
from shipby.adapters.labels.pdf import to_pdf
from shipby.application.ports.press import Drawn
from shipby.domain.labels.options import LabelSize
from shipby.domain.labels.own_labels import LabelLook, PackingSlip

CODE = "SB:PS:"
"""Before the posting number in the code of a slip whose number no bars can say: `shipby.domain.labels.copies`."""


def draw_slips(slips: Sequence[PackingSlip], look: LabelLook, size: LabelSize | None, fonts: Fonts) -> Drawn:
    """Packing slips on A4 (`size` None) or on labels, each from a page of its own; the same slips give the same bytes.

    Raises InvalidInputError for a language or resolution we have none for.
    """
    pages: list[Page] = []
    places: list[tuple[int, ...]] = []
    for slip in slips:
        drawn = _draw(slip, look, size, fonts)
        places.append(tuple(range(len(pages), len(pages) + len(drawn))))
        pages += drawn
    return Drawn(pdf=to_pdf(pages, fonts) if pages else b"", pages=tuple(places))


def _draw(slip: PackingSlip, look: LabelLook, size: LabelSize | None, fonts: Fonts) -> list[Page]:
    words = paper_words(look.language)
    number = slip.posting_number
    paper = Paper(look, size, fonts, titles=(f"{words.slip} {number}", number))
    sizes = paper.sizes
    if not paper.bars(slip.posting_number):
        _, high = paper.matrix(CODE + slip.posting_number)
        paper.y += high
    facts = [f"{words.order}: {slip.order_number}"] if slip.order_number else []
    if slip.boxes > 1:
        facts.append(f"{words.boxes}: {slip.boxes}")
    if facts:
        paper.text(" · ".join(facts), sizes.small)
    if slip.cut_off is not None:
        paper.text(f"{words.cut_off}: {paper.time(slip.cut_off)}", sizes.small, bold=True)
    if slip.marks:
        paper.y += paper.gap
        paper.marks(slip.marks)
    paper.rule(thick=True)
    for line in slip.lines:
        body = (
            Words(line.offer_id or line.sku, sizes.offer, bold=True),
            Words(line.name, sizes.name),
            *((Words(f"SKU {line.sku}", sizes.small),) if line.sku else ()),
        )
        paper.row(Row(line.bin, line.quantity, body))
    paper.text(f"{words.pieces}: {sum(line.quantity for line in slip.lines)}", sizes.offer, bold=True)
    paper.y += paper.gap
    if slip.inserts:
        paper.ticks(words.inserts, slip.inserts)
    if slip.notes:
        paper.ticks(words.notes, slip.notes)
    return paper.finish()
