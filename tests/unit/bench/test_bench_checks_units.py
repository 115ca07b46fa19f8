"""What checking an order writes: nothing where it fits, at most two units where it does not; a stop's case is apart."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bench.write_units import Meter
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.table import table_definition
from shipby.application.ports.writes import SaveSettings
from shipby.domain.sellers.check_rules import Check, CheckRule, Severity
from tests.support import builders as a
from tests.unit.world_support import World

SKU = "149123456"
ROOMY = tuple(
    CheckRule(name=check, check=check, most=10**9, severity=Severity.BLOCKING)
    for check in (Check.QUANTITY, Check.PIECES, Check.WEIGHT, Check.SIDE)
)


def arrival(rules: tuple[CheckRule, ...], requirements: Mapping[str, tuple[str, ...]], reads: int = 0) -> Counter[str]:
    """Units by kind of row of an order that arrives, and is read so often again while its status moves."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(**table_definition("checks"))
        meter, world = Meter(client, "checks"), World()
        world.store = DynamoDBStore(meter, "checks", clock=world.clock)  # type: ignore[arg-type,assignment]  # metered
        world.store.commit([SaveSettings(a.settings(check_rules=rules))])
        meter.rows.clear()
        world.arrives(requirements=requirements)
        for n in range(reads):
            world.clock.advance(timedelta(minutes=2))
            world.market.change(a.NUMBER, substatus=f"step {n}")
            world.read()
    return meter.kinds


def test_an_order_that_fits_writes_not_a_unit_more_whatever_rules_there_are() -> None:
    few = (CheckRule(name="few", check=Check.QUANTITY, most=5, severity=Severity.BLOCKING),)
    assert arrival(few, {}, reads=2) == arrival((), {}, reads=2)


@pytest.mark.parametrize(
    ("rules", "requirements"),
    [
        ((), {"products_requiring_mandatory_mark": (SKU,)}),
        ((CheckRule(name="few", check=Check.QUANTITY, most=1, severity=Severity.WARNING),), {}),
        (ROOMY, {}),
    ],
)
def test_what_does_not_fit_costs_two_units_once(rules: Any, requirements: Any) -> None:
    plain, checked = arrival((), {}, reads=3), arrival(rules, requirements, reads=3)
    assert (checked - plain).total() == 2
    assert (plain - checked).total() == 0


def test_a_stop_costs_its_case_beside_that() -> None:
    plain, stopped = arrival((), {}), arrival((), {"products_requiring_gtd": (SKU,)})
    case = {"CASE": 2, "EVENT": 2, "FIND": 2, "index alarms": 1, "index work": 1}
    assert stopped - plain == Counter(case) + Counter({"EVENT": 2})
