"""The chain of a posting's evidence: every item's hash covers the hash before it, and everybody can work it out anew.

A chain alone does not show that its last items were taken away: its head and the posting's history, which tells the
hash of each item as it was added, do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from shipby.domain.evidence.pieces import EvidenceChain, EvidenceItem, EvidenceKind
from shipby.domain.json_types import Json

RULE = (
    "hash = SHA-256 of the item without its hash as JSON: keys in order, UTF-8, no spaces; previous is the hash of the "
    "item before, empty in the first one; sha256 is that of the file, or of data as JSON where there is no file"
)
"""How to check a chain without us."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a chain stops being what it was: the first item that is not right, and why."""

    sequence: int
    why: str


def canonical(value: Json) -> bytes:
    """The one way in which JSON is written here to be hashed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")


def data_hash(data: Mapping[str, Json]) -> str:
    """`sha256` of an item that has no file."""
    return hashlib.sha256(canonical(data)).hexdigest()


def hashed_fields(item: EvidenceItem) -> dict[str, Json]:
    """All that an item's hash covers: everything but the hash itself."""
    return {
        "seller": item.seller,
        "posting_number": item.posting_number,
        "sequence": item.sequence,
        "kind": item.kind.value,
        "at": item.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": item.actor,
        "sha256": item.sha256,
        "previous": item.previous,
        "key": item.key,
        "content_type": item.content_type,
        "size": item.size,
        "data": item.data,
        "return_id": item.return_id,
    }


def item_hash(item: EvidenceItem) -> str:
    """What `hash` has to be."""
    return hashlib.sha256(canonical(hashed_fields(item))).hexdigest()


def next_item(
    chain: EvidenceChain | None,
    *,
    seller: str,
    number: str,
    kind: EvidenceKind,
    at: datetime,
    actor: str,
    sha256: str,
    key: str = "",
    content_type: str = "",
    size: int = 0,
    data: Mapping[str, Json] | None = None,
    return_id: str = "",
) -> EvidenceItem:
    """The item that comes after the head `chain` (None: the first one)."""
    item = EvidenceItem(
        seller=seller,
        posting_number=number,
        sequence=chain.version + 1 if chain else 1,
        kind=kind,
        at=at,
        actor=actor,
        sha256=sha256,
        previous=chain.hash if chain else "",
        hash="",
        key=key,
        content_type=content_type,
        size=size,
        data=dict(data or {}),
        return_id=return_id,
    )
    return replace(item, hash=item_hash(item))


def verify(
    items: Sequence[EvidenceItem], head: EvidenceChain | None, *, told: Mapping[int, str] | None = None
) -> Broken | None:
    """The first item that was changed, taken out, put in or moved; None if the chain is whole.

    `told` is what the posting's history says: sequence -> hash; None where nobody asked it.
    """
    before = ""
    for place, item in enumerate(items, start=1):
        if item.sequence != place:
            return Broken(place, f"item {place} is missing: item {item.sequence} stands in its place")
        if item.previous != before:
            return Broken(place, f"item {place} does not follow the one before it")
        if item_hash(item) != item.hash:
            return Broken(place, f"item {place} was changed after it was added")
        if not item.key and data_hash(item.data) != item.sha256:
            return Broken(place, f"item {place} was changed after it was added")
        if told is not None and told.get(place) != item.hash:
            return Broken(place, f"the posting's history tells otherwise of item {place}")
        before = item.hash
    count = head.version if head else 0
    if count != len(items):
        return Broken(min(count, len(items)) + 1, f"there are {len(items)} items, and the chain's head counts {count}")
    if head is not None and head.hash != before:
        return Broken(len(items), "the chain's head has another hash than its last item")
    beyond = [sequence for sequence in told or {} if sequence > len(items)]
    if beyond:
        return Broken(min(beyond), f"the posting's history tells of item {min(beyond)}, which is not there")
    return None
