"""Finding a return by what stands on the parcel: its barcode, its number, its tracking number, the posting's number.

Several returns may share a code (two products of one posting), so a code has slots: `code`, `code#2`, `code#3` …
A slot is never given back: a code that a return no longer has is left out when it is looked up.
"""

from __future__ import annotations

from collections.abc import Iterator

from shipby.application.ports.sellers import Pointers
from shipby.application.ports.store import Store
from shipby.application.ports.writes import ClaimPointer, Write
from shipby.application.postings.label_codes import posting_of_code
from shipby.domain import pointers
from shipby.domain.returns.return_case import FBS_PREFIX, ReturnCase

"""The kind of pointer from a code to a return."""
MOST = 50
"""Slots of one code; no posting has so many returns."""


def codes_of(case: ReturnCase) -> frozenset[str]:
    """Everything that may be scanned or typed for a return."""
    own = (case.id.removeprefix(FBS_PREFIX), case.id, case.number, case.barcode, case.tracking_number)
    return frozenset(code for code in (*own, case.posting_number) if code)


def code_writes(known: ReturnCase | None, changed: ReturnCase, *, store: Pointers) -> list[Write]:
    """Pointers for the codes that are new to a return."""
    before = codes_of(known) if known else frozenset()
    writes: list[Write] = []
    for code in sorted(codes_of(changed) - before):
        for slot in _slots(code):
            target = store.find(changed.seller, pointers.RETURN, slot)
            if target in (None, changed.id):
                writes.append(ClaimPointer(changed.seller, pointers.RETURN, slot, changed.id))
                break
    return writes


def find_returns(seller: str, typed: str, *, store: Store) -> list[ReturnCase]:
    """Every return that a code belongs to, also through the posting that a label's barcode names."""
    code = typed.strip()
    codes = {code, code.upper()}
    for one in tuple(codes):
        named = (posting_of_code(seller, one, store=store), store.find(seller, pointers.TRACKING, one))
        codes |= {number for number in named if number}
    found: dict[str, ReturnCase] = {}
    for one in sorted(codes):
        for slot in _slots(one):
            target = store.find(seller, pointers.RETURN, slot)
            if target is None:
                break
            case = store.return_case(seller, target)
            if case is not None and one in codes_of(case):
                found[case.id] = case
    return sorted(found.values(), key=lambda case: (case.opened_at, case.id))


def _slots(code: str) -> Iterator[str]:
    yield code
    for place in range(2, MOST + 1):
        yield f"{code}#{place}"
