"""The chain: any single change, removal, insertion or move is found, by anybody who has the items."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shipby.domain.evidence.chain import data_hash, hashed_fields, item_hash, next_item, verify
from shipby.domain.evidence.pieces import EvidenceChain, EvidenceItem, EvidenceKind
from tests.support import builders as a

KINDS = st.sampled_from(EvidenceKind)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
DATA = st.dictionaries(TEXTS, TEXTS | st.integers(0, 10**6), max_size=3)
PIECES = st.lists(st.tuples(KINDS, DATA, st.booleans()), min_size=1, max_size=6)


def chain_of(pieces: list[tuple[EvidenceKind, dict[str, Any], bool]]) -> tuple[list[EvidenceItem], EvidenceChain]:
    items: list[EvidenceItem] = []
    head: EvidenceChain | None = None
    for index, (kind, data, is_file) in enumerate(pieces):
        item = next_item(
            head,
            seller=a.SELLER,
            number=a.NUMBER,
            kind=kind,
            at=a.NOW + timedelta(seconds=index),
            actor="key:k1",
            sha256=a.HASH if is_file else data_hash(data),
            key=f"evidence/180/{index}" if is_file else "",
            size=index * 7,
            data=data,
        )
        items.append(item)
        head = EvidenceChain(seller=a.SELLER, posting_number=a.NUMBER, version=item.sequence, hash=item.hash)
    assert head is not None
    return items, head


CHANGES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"seller": "another"},
        {"posting_number": "another"},
        {"sequence": 99},
        {"at": a.NOW - timedelta(microseconds=1)},
        {"actor": "key:k2"},
        {"sha256": "0" * 64},
        {"previous": "1" * 64},
        {"hash": "2" * 64},
        {"key": "evidence/180/other"},
        {"content_type": "image/other"},
        {"size": 12345},
        {"data": {"more": 1}},
        {"return_id": "r1"},
    ]
)


@settings(max_examples=40, deadline=None)
@given(pieces=PIECES)
def test_a_chain_that_nobody_touched_is_whole(pieces: list[Any]) -> None:
    items, head = chain_of(pieces)

    assert verify(items, head, told={item.sequence: item.hash for item in items}) is None
    assert verify([], None) is None


@settings(max_examples=80, deadline=None)
@given(pieces=PIECES, at=st.integers(0, 5), change=CHANGES)
def test_any_change_of_any_field_is_found_at_its_item(pieces: list[Any], at: int, change: dict[str, Any]) -> None:
    items, head = chain_of(pieces)
    at %= len(items)
    items[at] = replace(items[at], **change)

    broken = verify(items, head)

    assert broken is not None
    assert broken.sequence == at + 1


@settings(max_examples=40, deadline=None)
@given(pieces=PIECES, at=st.integers(0, 5), change=CHANGES)
def test_a_change_with_a_hash_worked_out_anew_is_found_too(pieces: list[Any], at: int, change: dict[str, Any]) -> None:
    items, head = chain_of(pieces)
    at %= len(items)
    changed = replace(items[at], **{"size": 999, **change})
    items[at] = replace(changed, hash=item_hash(changed))

    assert verify(items, head) is not None


@settings(max_examples=50, deadline=None)
@given(pieces=PIECES, at=st.integers(0, 5))
def test_a_removed_item_is_found_wherever_it_stood(pieces: list[Any], at: int) -> None:
    items, head = chain_of(pieces)
    del items[at % len(items)]

    assert verify(items, head) is not None


@settings(max_examples=50, deadline=None)
@given(pieces=PIECES, at=st.integers(0, 6), foreign=st.tuples(KINDS, DATA, st.booleans()))
def test_an_inserted_item_is_found(pieces: list[Any], at: int, foreign: Any) -> None:
    items, head = chain_of(pieces)
    (stranger,), _ = chain_of([foreign])
    at %= len(items) + 1
    items.insert(at, replace(stranger, sequence=at + 1))

    assert verify(items, head) is not None


@settings(max_examples=50, deadline=None)
@given(pieces=PIECES.filter(lambda found: len(found) > 1), first=st.integers(0, 5), second=st.integers(0, 5))
def test_two_items_that_changed_places_are_found(pieces: list[Any], first: int, second: int) -> None:
    items, head = chain_of(pieces)
    first, second = first % len(items), second % len(items)
    items[first], items[second] = items[second], items[first]

    assert (verify(items, head) is None) == (first == second)


def test_a_chain_written_anew_from_end_to_end_is_found_by_the_postings_history() -> None:
    old, _ = chain_of([(EvidenceKind.NOTE, {"n": 1}, False), (EvidenceKind.SCAN, {"n": 2}, False)])
    new, head = chain_of([(EvidenceKind.NOTE, {"n": 1}, False), (EvidenceKind.SCAN, {"n": 3}, False)])

    assert verify(new, head) is None
    broken = verify(new, head, told={item.sequence: item.hash for item in old})
    assert broken is not None
    assert broken.sequence == 2


def test_an_end_cut_off_together_with_its_head_is_found_by_the_postings_history() -> None:
    items, _ = chain_of([(EvidenceKind.NOTE, {"n": 1}, False), (EvidenceKind.SCAN, {"n": 2}, False)])
    head = EvidenceChain(seller=a.SELLER, posting_number=a.NUMBER, version=1, hash=items[0].hash)

    assert verify(items[:1], head) is None
    broken = verify(items[:1], head, told={item.sequence: item.hash for item in items})
    assert broken is not None
    assert broken.sequence == 2


def test_anybody_can_work_a_hash_out_with_nothing_but_json_and_sha_256() -> None:
    (item,), _ = chain_of([(EvidenceKind.SCAN, {"code": "Ёж"}, False)])

    text = json.dumps(hashed_fields(item), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    assert hashlib.sha256(text.encode()).hexdigest() == item.hash
