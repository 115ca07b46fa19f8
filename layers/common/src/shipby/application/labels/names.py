"""What is known of the postings that a label page may name."""

from __future__ import annotations

from functools import cache

from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.postings.label_codes import posting_of_code
from shipby.domain.labels.page_proof import SEVERAL, Expected, Names, is_own_code, is_posting_number


def expected_of(store: PostingReads, seller: str, number: str) -> Expected:
    """What the marketplace's last read says of a posting whose label was asked for."""
    detail = store.detail(seller, number)
    if detail is None:
        return Expected()
    return Expected(
        barcodes=detail.codes,
        parent=detail.parent_number,
        relatives=detail.related_numbers,
        references=(detail.tracking_number,) if detail.tracking_number else (),
        boxes=detail.boxes,
    )


def lookup(store: Store, seller: str) -> Names:
    """Barcode or posting number -> posting of this seller. Every text is looked up once."""

    @cache
    def names(text: str) -> str | None:
        if is_posting_number(text) and store.posting(seller, text) is not None:
            return text
        number = posting_of_code(seller, text, store=store)
        if number == SEVERAL:
            return SEVERAL
        if number is None or not is_own_code(text, number, expected_of(store, seller, number).barcodes):
            return None
        return number

    return names
