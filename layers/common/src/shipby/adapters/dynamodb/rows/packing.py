"""What the bench knows and checked."""

import functools
from datetime import timedelta

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows.kind import Kind, ttl
from shipby.adapters.dynamodb.values import Item
from shipby.domain.packing.cards import BenchCheck, ExemplarSheet, ProductCard
from shipby.domain.packing.pick_claims import PickClaim
from shipby.domain.packing.pool import PoolMark
from shipby.domain.packing.quality import QualityFailure

PICK_KEPT = timedelta(hours=1)


@functools.cache
def product_cards() -> Kind[ProductCard]:
    return Kind("PRODUCT", Record(ProductCard))


@functools.cache
def bench_checks() -> Kind[BenchCheck]:
    return Kind("BENCH", Record(BenchCheck))


@functools.cache
def pick_claims() -> Kind[PickClaim]:
    return Kind("PICK", Record(PickClaim))


def pick_claim_item(claim: PickClaim) -> Item:
    key = keys.pick_claim(claim.seller, claim.posting_number, claim.sku)
    return pick_claims().item(key, claim, {"ttl": ttl(claim.until + PICK_KEPT)})


@functools.cache
def pool_marks() -> Kind[PoolMark]:
    return Kind("MARK", Record(PoolMark))


def pool_mark_item(mark: PoolMark) -> Item:
    key = keys.pool_mark(mark.seller, mark.sku, mark.identity, used=bool(mark.posting_number))
    return pool_marks().item(key, mark)


@functools.cache
def quality_failures() -> Kind[QualityFailure]:
    return Kind("FAILURE", Record(QualityFailure))


def quality_failure_item(failure: QualityFailure) -> Item:
    key = keys.quality_failure(failure.seller, failure.at, failure.posting_number, failure.version)
    return quality_failures().item(key, failure)


@functools.cache
def exemplar_sheets() -> Kind[ExemplarSheet]:
    return Kind("EXEMPLARS", Record(ExemplarSheet))
