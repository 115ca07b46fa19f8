"""The pick list: a walk through the warehouse on paper."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from shipby.adapters.labels.fonts import Fonts
from shipby.adapters.labels.papers.page import Paper
from shipby.adapters.labels.papers.rows import Row, Words
from shipby.adapters.labels.papers.words import paper_words
from shipby.adapters.labels.pdf import to_pdf
from shipby.domain.labels.options import LabelSize
from shipby.domain.labels.own_labels import LabelLook, PickList, PickRow

_SHORT = 8
"""Characters of the list's code in its header: enough for people to tell two lists apart."""


def draw_pick_list(picked: PickList, look: LabelLook, size: LabelSize | None, fonts: Fonts) -> bytes:
    """A pick list on A4 (`size` None) or on labels; the same list gives the same bytes.

    Raises InvalidInputError for a language or resolution we have none for.
    """
    words = paper_words(look.language)
    short = picked.code.rpartition(":")[2][:_SHORT]
    paper = Paper(look, size, fonts, titles=(f"{words.pick_list} {short}".strip(), words.pick_list))
    zone = ZoneInfo(picked.time_zone)
    _cover(paper, picked, zone)
    for row in picked.rows:
        paper.row(_row(paper, row, zone))
    if not picked.rows:
        paper.text(words.nothing, paper.sizes.offer, bold=True)
    else:
        paper.text(f"{words.pieces}: {_pieces(picked)}", paper.sizes.offer, bold=True)
    return to_pdf(paper.finish(), fonts)


def _pieces(picked: PickList) -> int:
    return sum(row.quantity for row in picked.rows)


def _cover(paper: Paper, picked: PickList, zone: ZoneInfo) -> None:
    words, sizes = paper.words, paper.sizes
    top = paper.y
    wide, high = paper.matrix(picked.code)
    paper.text(f"{words.made}: {paper.time(picked.made_at.astimezone(zone))}", sizes.small, narrower=wide)
    cut_offs = [row.cut_off for row in picked.rows if row.cut_off]
    if cut_offs:
        earliest = paper.time(min(cut_offs).astimezone(zone))
        paper.text(f"{words.cut_off}: {earliest}", sizes.small, bold=True, narrower=wide)
    if picked.warehouse_id:
        paper.text(f"{words.warehouse}: {picked.warehouse_id}", sizes.small, narrower=wide)
    counts = f"{words.products}: {len(picked.rows)} · {words.postings}: {len(picked.postings)}"
    paper.text(counts, sizes.small, narrower=wide)
    paper.text(f"{words.pieces}: {_pieces(picked)}", sizes.offer, bold=True, narrower=wide)
    paper.y = max(paper.y, top + high) + paper.gap
    paper.rule(thick=True)


def _row(paper: Paper, row: PickRow, zone: ZoneInfo) -> Row:
    words, sizes = paper.words, paper.sizes
    small = [f"SKU {row.sku}", *row.barcodes]
    if row.cut_off is not None:
        small.append(f"{words.cut_off}: {row.cut_off.astimezone(zone).strftime(words.when)}")
    body = (
        Words(row.offer_id or row.sku, sizes.offer, bold=True),
        Words(row.name, sizes.name),
        Words("", sizes.small, tokens=tuple(dict.fromkeys(small))),
        Words("", sizes.name, bold=True, tokens=tuple(f"{number} × {pieces}" for number, pieces in row.postings)),
    )
    return Row(row.bin, row.quantity, body, row.marks)
