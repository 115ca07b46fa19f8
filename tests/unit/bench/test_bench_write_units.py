"""What an order costs is counted row by row, and has a gate."""

from __future__ import annotations

from bench.write_units import MOST_READ, MOST_WRITTEN, metered


def test_one_order_stays_within_its_units_and_every_unit_stands_beside_a_row() -> None:
    meter = metered()
    assert meter.units.total() <= MOST_WRITTEN
    assert meter.reads.total() / 2 <= MOST_READ
    assert meter.kinds.total() == meter.units.total()
    assert all(0 < row.size < 1024 and row.units in (1, 2) for row in meter.rows)
