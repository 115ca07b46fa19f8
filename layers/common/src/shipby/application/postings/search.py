"""One box: whatever stands on a parcel, on paper or in a message, and the postings that it leads to, with the reason.

Never more than three reads: what is known by the whole text, what begins with it, and the rows to show.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shipby.application.ports.postings import LookedUp, PostingReads, WorkItem
from shipby.application.postings.label_codes import SECOND
from shipby.application.postings.rows import posting_row, whole_row, work_item
from shipby.domain import pointers
from shipby.domain.json_types import Json
from shipby.domain.labels.copies import RUSSIAN, read_copy_code, read_slip_code, readings, undo_russian_layout
from shipby.domain.packing.marks import Mark, read_mark
from shipby.domain.postings.words import LEAST, Word, WordKind, nearly_begins, plain_word

_READINGS = 8
_NEAR = 1000
"""Words that are compared where none begins as typed."""
_CODES = {
    pointers.LABEL: "label",
    pointers.EXEMPLAR: "mark",
    pointers.TRACKING: "tracking_number",
    pointers.FORMER_TRACKING: "former_tracking_number",
}
_WORDS = {
    WordKind.NUMBER: "number",
    WordKind.PART: "number_part",
    WordKind.SKU: "sku",
    WordKind.ARTICLE: "article",
}


@dataclass(slots=True)
class _Hits:
    """Postings by number, with why each was found; in the order in which they are shown."""

    why: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    rows: dict[str, WorkItem] = field(default_factory=dict)
    more: bool = False

    def add(self, number: str, by: str, text: str) -> None:
        reasons = self.why.setdefault(number, [])
        if (by, text) not in reasons:
            reasons.append((by, text))

    def add_words(self, words: Iterable[Word], by: str = "") -> None:
        for word in words:
            self.add(word.number, by or _WORDS[word.kind], word.text)


def search(seller: str, text: str, *, limit: int, store: PostingReads) -> dict[str, Json]:
    """The postings that a text leads to: by their whole number or code first, then by what begins with it.

    `posting` of a result is null where the reads were used up to find it: open it by its number.
    """
    hits, read_as = _Hits(), _texts(text)
    skus = _by_whole_text(seller, read_as, hits, store) if read_as else ()
    words = _by_words(seller, plain_word(text), skus, hits, limit, store)
    if words and not hits.why:
        hits.add_words(_instead(seller, text, plain_word(text), store), "near")
    elif unread := [number for number in list(hits.why)[:limit] if not _shown(hits.rows.get(number))]:
        known = store.postings_with_details(seller, unread)
        hits.rows |= {number: whole_row(*found) for number, found in known.items()}
        # A word may be there before its posting is.
        hits.why = {number: why for number, why in hits.why.items() if number in known or number not in unread}
    shown = list(hits.why)[:limit]
    return {
        "items": [_result(number, hits) for number in shown],
        "more": hits.more or len(hits.why) > len(shown),
        "read_as": list(read_as),
    }


def _shown(row: WorkItem | None) -> bool:
    """Whether a row tells all; those of older releases have no goods."""
    return row is not None and bool(row.goods)


def _result(number: str, hits: _Hits) -> dict[str, Json]:
    row = hits.rows.get(number)
    return {
        "posting_number": number,
        "matched": [{"by": by, "text": text} for by, text in hits.why[number]],
        "posting": None if row is None else posting_row(row),
    }


def _texts(text: str) -> tuple[str, ...]:
    """What a scanner or a person may have meant, likeliest first; of our own codes the posting's number."""
    found = []
    for reading in readings(text):
        own = read_copy_code(reading.text)
        found.append(own[0] if own else read_slip_code(reading.text) or reading.text)
    return tuple(dict.fromkeys(found))[:_READINGS]


def _by_whole_text(seller: str, texts: Sequence[str], hits: _Hits, store: PostingReads) -> tuple[str, ...]:
    """One read: postings by number, and by every code that has a pointer. Returns the SKUs that the text names."""
    numbers = [text for text in texts if "#" not in text]
    tracked = dict.fromkeys("".join(text.split()).upper() for text in texts)
    values = [
        *((kind, text) for text in texts for kind in (pointers.LABEL, pointers.EXEMPLAR, pointers.ITEM)),
        *((pointers.EXEMPLAR, mark.identity) for mark in map(read_mark, texts) if isinstance(mark, Mark)),
        *((pointers.LABEL, text + SECOND) for text in texts),
        *((kind, text) for text in tracked for kind in (pointers.TRACKING, pointers.FORMER_TRACKING)),
    ]
    found: LookedUp = store.looked_up(seller, numbers, values)
    hits.rows |= {number: work_item(posting) for number, posting in found.postings.items()}
    for number in found.postings:
        hits.add(number, "number", number)
    for (kind, value), named in found.targets.items():
        shop, _, target = named.partition("/") if kind == pointers.EXEMPLAR else (seller, "", named)
        if kind in _CODES and shop == seller:
            hits.add(target, _CODES[kind], value.removesuffix(SECOND) if kind == pointers.LABEL else value)
    return tuple(target for (kind, _), target in found.targets.items() if kind == pointers.ITEM)


def _by_words(seller: str, typed: str, skus: Sequence[str], hits: _Hits, limit: int, store: PostingReads) -> bool:
    """One read at most; whether another kind of look may find more."""
    if skus:
        words, hits.more = store.words_from(seller, plain_word(skus[0]), most=limit, whole=True)
        hits.add_words((word for word in words if word.kind is WordKind.SKU), "item_barcode")
        return False
    if len(typed) < LEAST:
        return False
    words, hits.more = store.words_from(seller, typed, most=limit)
    hits.add_words(words)
    return True


def _instead(seller: str, text: str, typed: str, store: PostingReads) -> list[Word]:
    """The last read: the text as another keyboard layout has it, or words that nearly begin so."""
    if RUSSIAN.search(text):
        return list(store.words_from(seller, plain_word(undo_russian_layout(text)), most=_NEAR)[0])
    begin = typed[: len(typed) // 2]
    if len(begin) < LEAST - 1:
        return []
    near, _ = store.words_from(seller, begin, most=_NEAR)
    return [word for word in near if nearly_begins(word.text, typed)]
