"""The order in which a job's papers come, and its pick list."""

from __future__ import annotations

from collections.abc import Mapping

from shipby.application.printing.batch import Made
from shipby.application.printing.parts import Found, PrintContext
from shipby.domain.labels.copies import pick_list_code
from shipby.domain.labels.options import LabelFormat, Sheet
from shipby.domain.labels.own_labels import LabelLook
from shipby.domain.labels.prints import PrintOrder
from shipby.domain.packing.picking import Details, ladder_key, make_pick_list, pick_order
from shipby.domain.postings.posting import Posting


def in_order(desk: PrintContext, founds: Mapping[str, Found]) -> tuple[str, ...]:
    """Numbers in print order: by bin and ladder, by ladder, or as listed."""
    postings = _postings(founds)
    match desk.job.style.order:
        case PrintOrder.LADDER:
            return tuple(sorted(postings, key=lambda number: ladder_key(postings[number])))
        case PrintOrder.PICK:
            details = _details(founds)
            return pick_order(postings.values(), details, desk.cards(_skus(details)))
    return tuple(number for number in desk.job.numbers if number in postings)


def make_list(desk: PrintContext, founds: Mapping[str, Found]) -> Made:
    """The pick list of what was found. Raises InvalidInputError if it cannot be drawn."""
    postings, details, style, papers = _postings(founds), _details(founds), desk.job.style, desk.tools.papers
    warehouses = {posting.warehouse_id for posting in postings.values()}
    picked = make_pick_list(
        postings.values(),
        details,
        desk.cards(_skus(details)),
        code=pick_list_code(desk.job.id),
        made_at=desk.now,
        time_zone=desk.settings.time_zone,
        warehouse_id=warehouses.pop() if len(warehouses) == 1 else "",
    )
    look = LabelLook(size=style.size, dpi=style.dpi, matrix=style.matrix, language=style.language)
    pdf = desk.tools.press.pick_list(picked, look, size=style.size if style.sheet is Sheet.NONE else None)
    pages = len(papers.pages(pdf))
    content = pdf
    if style.format is LabelFormat.ZPL:
        content = papers.as_zpl(pdf, dpi=style.dpi)
    elif style.format is LabelFormat.PNG:
        content, pages = papers.picture(pdf, dpi=style.dpi), 1
    return Made(content=content, pages=pages, printed=picked.postings)


def _postings(founds: Mapping[str, Found]) -> dict[str, Posting]:
    return {number: found.posting for number, found in founds.items() if found.posting is not None}


def _details(founds: Mapping[str, Found]) -> Details:
    return {number: found.detail for number, found in founds.items() if found.detail is not None}


def _skus(details: Details) -> list[str]:
    return list(dict.fromkeys(line.sku for detail in details.values() for line in detail.lines))
