"""What carriers said of tracking numbers, jobs of many of them, and goods that are on their way to us."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.index_keys import alarm_columns, asked
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.adapters.dynamodb.values import Item
from shipby.domain.events import AggregateKind
from shipby.domain.tracking.number_job import NumberJob, NumberRows
from shipby.domain.tracking.scans import Scan

if TYPE_CHECKING:
    from shipby.domain.tracking.purchases import Purchase


@functools.cache
def scans() -> Kind[Scan]:
    return Kind("SCAN", Record(Scan))


@functools.cache
def purchases() -> Kind[Purchase]:
    from shipby.domain.tracking.purchases import Purchase

    return Kind("PURCHASE", Record(Purchase))


@functools.cache
def number_jobs() -> Kind[NumberJob]:
    return Kind("NUMBERJOB", Record(NumberJob, flat_alarm=True))


@functools.cache
def number_rows() -> Kind[NumberRows]:
    return Kind("ROWS", Record(NumberRows))


def number_job_item(job: NumberJob, shards: int) -> Item:
    key = keys.number_job(job.seller, job.id)
    columns = asked(job.seller, AggregateKind.NUMBER_JOB, job.asked_at, job.id)
    return number_jobs().item(key, job, columns | alarm_columns(key, job.next_alarm, shards))


def number_rows_item(part: NumberRows) -> Item:
    return number_rows().item(keys.number_rows(part.seller, part.job, part.part), part)
