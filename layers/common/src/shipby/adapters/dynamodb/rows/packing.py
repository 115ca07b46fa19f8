"""What the bench knows and checked."""

import functools

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.adapters.dynamodb.values import Item
from shipby.domain.packing.cards import BenchCheck, ExemplarSheet, ProductCard
from shipby.domain.packing.quality import QualityFailure


@functools.cache
def product_cards() -> Kind[ProductCard]:
    return Kind("PRODUCT", Record(ProductCard))


@functools.cache
def bench_checks() -> Kind[BenchCheck]:
    return Kind("BENCH", Record(BenchCheck))


@functools.cache
def quality_failures() -> Kind[QualityFailure]:
    return Kind("FAILURE", Record(QualityFailure))


def quality_failure_item(failure: QualityFailure) -> Item:
    key = keys.quality_failure(failure.seller, failure.at, failure.posting_number, failure.version)
    return quality_failures().item(key, failure)


@functools.cache
def exemplar_sheets() -> Kind[ExemplarSheet]:
    return Kind("EXEMPLARS", Record(ExemplarSheet))
