"""What the bench knows and checked."""

import functools

from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.domain.packing.cards import BenchCheck, ProductCard


@functools.cache
def product_cards() -> Kind[ProductCard]:
    return Kind("PRODUCT", Record(ProductCard))


@functools.cache
def bench_checks() -> Kind[BenchCheck]:
    return Kind("BENCH", Record(BenchCheck))
