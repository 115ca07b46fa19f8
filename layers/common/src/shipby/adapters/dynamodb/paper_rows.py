"""What papers look like as items: labels, print jobs, product cards, scans at the bench, refused pages, carriages.

Apart from the other rows, so that the webhook does not load them.
"""

import functools
from datetime import UTC, timedelta

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows import Kind, alarm_columns, ttl
from shipby.adapters.dynamodb.values import Item
from shipby.domain.carriages import Carriage
from shipby.domain.labels.documents import Document
from shipby.domain.labels.pages import RefusedPage
from shipby.domain.labels.prints import PrintJob
from shipby.domain.packing.cards import BenchCheck, ProductCard

PAGE_KEPT = timedelta(days=30)


@functools.cache
def documents() -> Kind[Document]:
    return Kind("LABEL", Record(Document))


@functools.cache
def print_jobs() -> Kind[PrintJob]:
    return Kind("JOB", Record(PrintJob, flat_alarm=True))


@functools.cache
def carriages() -> Kind[Carriage]:
    return Kind("CARRIAGE", Record(Carriage, flat_alarm=True))


@functools.cache
def product_cards() -> Kind[ProductCard]:
    return Kind("PRODUCT", Record(ProductCard))


@functools.cache
def bench_checks() -> Kind[BenchCheck]:
    return Kind("BENCH", Record(BenchCheck))


@functools.cache
def refused_pages() -> Kind[RefusedPage]:
    return Kind("PAGE", Record(RefusedPage))


def print_job_item(job: PrintJob, shards: int) -> Item:
    key = keys.print_job(job.seller, job.id)
    return print_jobs().item(key, job, alarm_columns(key, job.next_alarm, shards))


def carriage_item(carriage: Carriage, shards: int) -> Item:
    key = keys.carriage(carriage.seller, carriage.id)
    columns = index_keys.carriages(carriage.seller, carriage.asked_at, carriage.id, is_open=carriage.open)
    return carriages().item(key, carriage, columns | alarm_columns(key, carriage.next_alarm, shards))


def refused_page_item(page: RefusedPage) -> Item:
    key = keys.refused_page(page.seller, page.at.astimezone(UTC).date(), page.id)
    return refused_pages().item(key, page, {"ttl": ttl(page.at + PAGE_KEPT)})
