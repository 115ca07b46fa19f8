"""A receiver that is down for a day: is everything delivered, in order, and what does each delivery write.

    python -m bench.webhooks [--events 100000] [--postings 25000]

Rows are counted as DynamoDB bills them where each is below 1 KB: the lane, the mark, its end, and the log by its size.
The store is the one in memory; a day of the endpoint's own alarms passes on a clock of the bench's.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil

from shipby.adapters.dynamodb.webhooks.rows import log_text
from shipby.domain.json_types import Json
from shipby.domain.webhooks.endpoint import EndpointState
from tests.support.memory.webhooks import MemoryWebhooks
from tests.unit.webhooks.hook_support import Office

MOST_UNITS = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of all events."""

    events: int
    lost: int
    out_of_order: int
    doubled: int
    units: float
    """Write units for each delivery, of the webhooks' rows."""
    seconds: float


class _Counted(MemoryWebhooks):
    """Counts units: a row of the log by its size, every other row one."""

    def add_log(
        self, seller: str, endpoint: str, at: datetime, entries: Sequence[Mapping[str, Json]], *, gone_at: datetime
    ) -> None:
        super().add_log(seller, endpoint, at, entries, gone_at=gone_at)
        self.written += ceil((len(log_text(seller, at, entries)) + 120) / 1024) - 1


def run(events: int, postings: int, *, seed: int = 1) -> Outcome:
    """Events of postings come in throughout a day, with the receiver away from its first minute to its last."""
    began, chance = time.perf_counter(), random.Random(seed)
    office = Office()
    rows = _Counted()
    rows.note_endpoint(office.endpoint().seller, office.id)
    office.rows = rows
    office.tools = replace(office.tools, rows=rows)
    office.receiver.away = True
    gap = timedelta(days=1) / events
    order = [str(number % postings) for number in range(events)]
    chance.shuffle(order)
    for number in order:
        office.world.clock.time += gap
        alarm = office.endpoint().next_alarm
        if alarm is not None and alarm.due <= office.now:
            office.rings()
        ref = office.happens(number)
        office.message(ref)
        if chance.random() < 0.01:
            office.message(ref)  # SQS: at least once
    office.receiver.away = False
    while office.endpoint().state is not EndpointState.LIVE or office.endpoint().next_alarm:
        office.rings()
    found: dict[str, list[int]] = {}
    for number, version in office.heard():
        found.setdefault(number, []).append(version)
    total = sum(map(len, found.values()))
    lost = sum(last - len(set(found.get(ref.id, ()))) for ref, last in office.versions.items())
    disorder = sum(one >= two for versions in found.values() for one, two in pairwise(versions))
    return Outcome(
        events=events,
        lost=lost,
        out_of_order=disorder,
        doubled=total - (events - lost),
        units=rows.written / events,
        seconds=time.perf_counter() - began,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--postings", type=int, default=25_000)
    wanted = parser.parse_args()
    done = run(wanted.events, wanted.postings)
    print(f"{done.events:,} events of {wanted.postings:,} postings, a receiver away for a day:")
    print(f"{done.lost} lost, {done.doubled} doubled, {done.out_of_order} out of order,")
    print(f"{done.units:.2f} write units each, {done.seconds:.0f} s of one core")
    return int(bool(done.lost or done.out_of_order or done.units > MOST_UNITS))


if __name__ == "__main__":
    sys.exit(main())
