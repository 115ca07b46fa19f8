"""A parcel of several boxes leaves with its last one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.application.carriages.scans import scan_parcel
from shipby.application.ports.writes import ClaimPointer, SaveDocument
from shipby.application.shared.idempotency import Answer
from shipby.domain import pointers
from shipby.domain.errors import StageMismatchError
from shipby.domain.labels.documents import Document, DocumentKind, DocumentState
from shipby.domain.postings.posting import Stage
from tests.support import builders as a
from tests.unit.carriages.carriage_support import Ramp
from tests.unit.world_support import forget

MANY = "n-1"


def ramp_of(*codes: str, boxes: int = 3) -> Ramp:
    """Its first posting is packed in boxes, and its label has these codes."""
    ramp = Ramp()
    named = tuple(code for code in codes if "/" not in code)
    ramp.market.change(MANY, boxes=boxes, barcodes=named)
    ramp.clock.advance(timedelta(minutes=1))
    ramp.world.read(MANY)
    document = Document(
        seller=a.SELLER,
        posting_number=MANY,
        id="label",
        kind=DocumentKind.LABEL,
        state=DocumentState.READY,
        version=1,
        asked_at=a.NOW,
        printed_at=a.NOW,
        printed_count=1,
        barcodes=codes,
    )
    claims = [ClaimPointer(a.SELLER, pointers.LABEL, code, MANY) for code in codes]
    ramp.store.commit([SaveDocument(replace(document)), *claims])
    return ramp


def scan(ramp: Ramp, identifier: str, code: str) -> Answer:
    return scan_parcel(a.SELLER, identifier, code, "key:p", forget, store=ramp.store, clock=ramp.clock)


def test_each_box_is_scanned_and_the_last_one_hands_the_parcel_over() -> None:
    ramp = ramp_of("UP", "LOW", "UP/2", "UP/3")
    identifier = ramp.asks(MANY)
    for code, missing in (("UP/2", 2), ("UP", 1)):
        assert scan(ramp, identifier, code).body["boxes_missing"] == missing
        assert ramp.world.posting(MANY).stage is Stage.PACKED
        assert ramp.row(identifier).scanned == ()
    with pytest.raises(StageMismatchError, match="scanned already"):
        scan(ramp, identifier, "UP")
    with pytest.raises(StageMismatchError, match="differs from box to box"):
        scan(ramp, identifier, "LOW")
    with pytest.raises(StageMismatchError, match="differs from box to box"):
        scan(ramp, identifier, MANY)
    assert scan(ramp, identifier, "UP/3").body["boxes_missing"] == 0
    assert ramp.world.posting(MANY).stage is Stage.HANDED_OVER
    assert (ramp.row(identifier).scanned, ramp.row(identifier).boxes) == ((MANY,), {})


def test_labels_that_all_carry_the_same_codes_are_counted() -> None:
    ramp = ramp_of("UP", "LOW", boxes=2)
    identifier = ramp.asks(MANY)
    assert [scan(ramp, identifier, "UP").body["boxes_missing"] for _ in range(2)] == [1, 0]
    assert ramp.row(identifier).scanned == (MANY,)


def test_others_are_scanned_in_between() -> None:
    ramp = ramp_of("UP", "UP/2", boxes=2)
    identifier = ramp.asks(MANY, "n-2")
    scan(ramp, identifier, "UP")
    assert scan(ramp, identifier, "n-2").body["boxes_missing"] == 0
    scan(ramp, identifier, "UP/2")
    assert ramp.row(identifier).scanned == ("n-2", MANY)
