"""What is known of the postings that a label page may name."""

from __future__ import annotations

from functools import cache

from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.domain import pointers
from shipby.domain.labels.page_proof import Expected, Names, is_own_code, is_posting_number


def expected_of(store: PostingReads, seller: str, number: str) -> Expected:
    """What the marketplace's last read says of a posting whose label was asked for."""
    detail = store.detail(seller, number)
    if detail is None:
        return Expected()
    return Expected(barcodes=detail.barcodes, parent=detail.parent_number, relatives=detail.related_numbers)


def lookup(store: Store, seller: str) -> Names:
    """Barcode or posting number -> posting of this seller. Every text is looked up once."""

    @cache
    def names(text: str) -> str | None:
        if is_posting_number(text) and store.posting(seller, text) is not None:
            return text
        number = store.find(seller, pointers.LABEL, text)
        if number is None or not is_own_code(text, number, expected_of(store, seller, number).barcodes):
            return None
        return number

    return names
