"""Labels, print jobs, refused pages."""

import functools
from datetime import UTC, timedelta

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.index_keys import alarm_columns, asked
from shipby.adapters.dynamodb.rows.events import event_items
from shipby.adapters.dynamodb.rows.kind import Kind, ttl
from shipby.adapters.dynamodb.values import Item, from_wire, item_to_wire
from shipby.domain.events import AggregateKind, Event, print_job_ref
from shipby.domain.labels.documents import Document
from shipby.domain.labels.pages import RefusedPage
from shipby.domain.labels.prints import PrintJob

PAGE_KEPT = timedelta(days=30)


@functools.cache
def documents() -> Kind[Document]:
    return Kind("LABEL", Record(Document))


@functools.cache
def print_jobs() -> Kind[PrintJob]:
    return Kind("JOB", Record(PrintJob, flat_alarm=True))


@functools.cache
def refused_pages() -> Kind[RefusedPage]:
    return Kind("PAGE", Record(RefusedPage))


def print_job_item(job: PrintJob, shards: int) -> Item:
    key = keys.print_job(job.seller, job.id)
    columns = asked(job.seller, AggregateKind.PRINT_JOB, job.asked_at, job.id)
    return print_jobs().item(key, job, columns | alarm_columns(key, job.next_alarm, shards))


def print_end_item(job: PrintJob, event: Event) -> Item:
    """The event that a job has ended, with the job as it is from then on: one row is its outbox, history and end."""
    [row] = event_items(job.seller, print_job_ref(job.id), job.version, (event,))
    return row | {keys.ENDED: {"M": item_to_wire(print_jobs().record.encode(job))}}


def read_print_end(item: Item) -> PrintJob | None:
    """The job of such a row; None for an event whose job is in a row of its own, as those of older releases are."""
    ended = item.get(keys.ENDED)
    return None if ended is None else print_jobs().record.decode(from_wire(ended))


def refused_page_item(page: RefusedPage) -> Item:
    key = keys.refused_page(page.seller, page.at.astimezone(UTC).date(), page.id)
    return refused_pages().item(key, page, {"ttl": ttl(page.at + PAGE_KEPT)})
