"""The bill: lines add up, allowances are the account's and not each order's, and nothing is free that is not."""

from __future__ import annotations

from collections import Counter

import pytest

from bench import cost
from bench.cost import Bill, Order, idle_deployment, month, order_bill
from bench.parts.prices import FREE, PRICES
from shipby.application.alarms.route_events import Destination
from tests.infra.test_template_operations import ALARM_METRICS

ORDER = Order(100, 40, 10_000, 4, 15, 19, Counter({Destination.SYNC: 4, Destination.LABELS: 2}), 500)
POLLS = {10: Bill(Counter({"read units, million": 1e-3})), 1_000: Bill(Counter({"read units, million": 1e-4}))}


def test_every_price_is_dated_by_where_it_was_read_and_every_allowance_has_a_price() -> None:
    assert all(price > 0 and "." in source for price, source in PRICES.values())
    assert set(FREE) <= set(PRICES)


def test_a_line_costs_its_amount_and_only_what_exceeds_the_allowance() -> None:
    bill = Bill()
    bill.add("queue requests, million", 3)
    bill.add("HTTP API calls, million", 2)
    assert bill.dollars() == pytest.approx({"queue requests, million": 1.2, "HTTP API calls, million": 2.0})
    assert bill.dollars(allowed=True) == pytest.approx({"queue requests, million": 0.8, "HTTP API calls, million": 2.0})
    small = Bill()
    small.add("queue requests, million", 0.5)
    assert small.total(allowed=True) == 0


def test_a_line_without_a_price_is_refused() -> None:
    with pytest.raises(AssertionError):
        Bill().add("something else", 1)


def test_a_call_costs_its_number_its_time_and_its_log() -> None:
    bill = Bill()
    bill.run("webhook", 1_000_000, 170)
    seconds, memory = cost.SECONDS["webhook"]
    assert bill.amounts["function calls, million"] == 1
    assert bill.amounts["function time (arm64), GB s"] == pytest.approx(1e6 * seconds * memory)
    assert bill.amounts["log lines, GB"] == pytest.approx((330 + 170) / 1e3)


def test_an_order_pays_for_each_message_and_event() -> None:
    bill = order_bill(ORDER)
    assert bill.amounts["queue requests, million"] == pytest.approx(3 * (6 + cost.ALARMS) / 1e6)
    assert bill.amounts["events on the bus, million"] == pytest.approx(15e-6)
    assert bill.amounts["HTTP API calls, million"] == pytest.approx((4 + cost.API_CALLS) / 1e6)


def test_a_month_is_the_idle_deployment_and_its_orders_and_an_order_gets_cheaper_with_their_number() -> None:
    idle = idle_deployment(25).total()
    bills = [month(daily, ORDER, POLLS, 25).total() for daily in cost.SIZES]
    assert all(bill > idle for bill in bills)
    each = [bill / daily for bill, daily in zip(bills, cost.SIZES, strict=True)]
    assert each == sorted(each, reverse=True)


def test_below_one_a_second_every_trace_is_recorded_and_above_one_in_twenty() -> None:
    few, many = (month(daily, ORDER, POLLS, 25).amounts["traces, million"] for daily in (10, 100_000))
    idle = idle_deployment(25).amounts["traces, million"]
    assert few - idle == pytest.approx(10 * 30 * cost.traced(ORDER) / 1e6)
    roots = 100_000 * 30 * cost.traced(ORDER) / 1e6
    assert many - idle == pytest.approx(0.05 * roots + 0.95 * 30 * 86_400 / 1e6)


def test_poll_and_proof_are_those_of_the_next_smaller_size_that_was_run() -> None:
    assert cost.poll_bill(100, POLLS) is POLLS[10]
    assert cost.poll_bill(100_000, POLLS) is POLLS[1_000]
    assert cost.poll_bill(1, POLLS) is POLLS[10]


def test_idle_queues_and_alarms_are_most_of_what_nobody_uses() -> None:
    idle = idle_deployment(ALARM_METRICS)
    assert idle.amounts["queue requests, million"] == pytest.approx(8 * 5 * 30 * 86_400 / 20 / 1e6)
    assert idle.total() <= cost.MOST_IDLE
    assert idle.total(allowed=True) < idle.total() / 2


def test_the_alarms_that_are_paid_for_are_those_of_the_template() -> None:
    assert cost.alarm_metrics() == ALARM_METRICS


def test_what_a_worker_writes_about_a_message_is_measured() -> None:
    assert 300 < cost._worker_line() < 800
