"""What the bench knows and checked."""

import functools

from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.domain.packing.cards import BenchCheck, ExemplarSheet, ProductCard


@functools.cache
def product_cards() -> Kind[ProductCard]:
    return Kind("PRODUCT", Record(ProductCard))


@functools.cache
def bench_checks() -> Kind[BenchCheck]:
    return Kind("BENCH", Record(BenchCheck))


@functools.cache
def exemplar_sheets() -> Kind[ExemplarSheet]:
    return Kind("EXEMPLARS", Record(ExemplarSheet))
