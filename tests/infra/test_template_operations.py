"""Alarms, dashboard and budget: what rings reaches a person, is explained, and is emitted; what is emitted is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shipby.application.alarms.set_aside import TRIES
from shipby.observability import MEASURED
from tests.infra.sam_template import ROOT, operations, properties, resources, target, template

RUNBOOK = ROOT / "docs" / "runbook.md"
OURS = {"Fn::Sub": "Shipby/${Stage}"}
DEAD_LETTERS = sorted(name for name in resources("AWS::SQS::Queue") if name.endswith("DeadLetters"))
ALARMS: dict[str, dict[str, Any]] = {
    name: resource["Properties"]
    for name, resource in operations()["Resources"].items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}
ALARM_METRICS = 26
"""What CloudWatch charges by: each metric that an alarm reads, also within an expression. Ten are free per account."""


@dataclass(frozen=True, slots=True)
class Read:
    """A metric that an alarm reads. `of` is the parameter that its one dimension is given."""

    namespace: str
    metric: str
    of: str


def reads(alarm: dict[str, Any]) -> Iterator[Read]:
    stats = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", ()) if "MetricStat" in one] or [alarm]
    for metric in stats:
        namespace = "ours" if metric["Namespace"] == OURS else metric["Namespace"]
        dimensions = metric.get("Dimensions", [])
        assert len(dimensions) == (namespace != "ours")
        yield Read(namespace, metric["MetricName"], dimensions[0]["Value"]["Ref"] if dimensions else "")


def dashboard() -> dict[str, Any]:
    body: dict[str, Any] = json.loads(operations()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    return body


def shown() -> list[tuple[str, str, str]]:
    """(namespace, metric, dimension's value) of every line of the dashboard."""
    lines = [line for widget in dashboard()["widgets"] for line in widget["properties"]["metrics"]]
    return [(line[0], line[1], line[3] if len(line) > 3 else "") for line in lines]


@pytest.mark.parametrize("name", ALARMS)
def test_every_alarm_reaches_the_operator_and_says_what_it_means(name: str) -> None:
    assert [target(action) for action in ALARMS[name]["AlarmActions"]] == ["OperatorTopic"]
    assert len(ALARMS[name]["AlarmDescription"]) > 20


@pytest.mark.parametrize("name", ALARMS)
def test_every_alarm_has_its_entry_in_the_runbook(name: str) -> None:
    assert entry_problems(RUNBOOK.read_text("utf-8"), name.removesuffix("Alarm")) == []


def entry_problems(text: str, name: str) -> list[str]:
    """What an alarm's entry lacks: meaning, first query, redrive, replay."""
    found = re.search(rf"^## {name} rings\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not found:
        return [f"there is no chapter '{name} rings'"]
    asked = ("Meaning", "First query", "Redrive", "Replay")
    return [f"{part} is not said" for part in asked if f"**{part}.**" not in found[1]]


def test_an_entry_that_leaves_something_out_is_found() -> None:
    text = "## Sleep rings\n**Meaning.** a\n**Redrive.** b\n**Replay.** c\n## Other rings\n**First query.** d\n"
    assert entry_problems(text, "Sleep") == ["First query is not said"]
    assert entry_problems(text, "Wake") == ["there is no chapter 'Wake rings'"]


def test_every_own_metric_that_an_alarm_or_the_dashboard_reads_is_emitted_and_the_other_way_round() -> None:
    alarmed = {read.metric for alarm in ALARMS.values() for read in reads(alarm) if read.namespace == "ours"}
    drawn = {metric for namespace, metric, _ in shown() if namespace.startswith("Shipby")}
    assert alarmed == set(MEASURED)
    assert drawn == set(MEASURED)


@pytest.mark.parametrize("name", MEASURED)
def test_every_own_metric_is_counted_somewhere_by_its_name(name: str) -> None:
    folders = (ROOT / "functions", ROOT / "layers/common/src/shipby")
    sources = [path for folder in folders for path in folder.rglob("*.py") if path.name != "observability.py"]
    assert [path for path in sources if f'"{name}"' in path.read_text("utf-8")]


def test_nothing_but_the_one_place_writes_metrics() -> None:
    folders = (ROOT / "functions", ROOT / "layers/common/src/shipby")
    writing = [path.name for folder in folders for path in folder.rglob("*.py") if "CloudWatchMetrics" in _text(path)]
    assert writing == ["observability.py"]


def _text(path: Path) -> str:
    return path.read_text("utf-8")


def test_what_alarms_read_grows_only_on_purpose() -> None:
    assert sum(len(list(reads(alarm))) for alarm in ALARMS.values()) == ALARM_METRICS


def test_a_dead_letter_in_any_queue_rings_by_one_alarm() -> None:
    alarm = ALARMS["DeadLettersAlarm"]
    assert sorted(read.of for read in reads(alarm)) == DEAD_LETTERS
    assert {read.metric for read in reads(alarm)} == {"ApproximateNumberOfMessagesVisible"}
    (expression,) = [one for one in alarm["Metrics"] if "Expression" in one]
    assert (expression["Expression"], alarm["Threshold"]) == ("SUM(METRICS())", 0)
    assert len(DEAD_LETTERS) <= 10  # PutMetricAlarm: at most ten metrics in an expression


def test_a_sweep_that_stops_running_raises_an_alarm_even_though_nothing_fails() -> None:
    for name, function in (("SweepStoppedAlarm", "DeadlineSweep"), ("PollStoppedAlarm", "MarketplacePoll")):
        alarm = ALARMS[name]
        assert list(reads(alarm)) == [Read("AWS/Lambda", "Invocations", function)]
        assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("LessThanThreshold", "breaching")
        assert alarm["Period"] * alarm["EvaluationPeriods"] <= 600


def test_a_message_rings_once_it_is_older_than_its_tries_take() -> None:
    alarm = ALARMS["OldestMessageAlarm"]
    assert {read.of for read in reads(alarm)} == {"SyncQueue", "AlarmQueue", "LabelQueue", "IntentQueue"}
    waits = [10, 40, 160, 640]  # between the five tries of a message that fails
    assert alarm["Threshold"] > sum(waits)


def test_an_alarm_of_a_deadline_that_was_set_aside_reaches_the_operator() -> None:
    alarm = ALARMS["AlarmsSetAsideAlarm"]
    assert list(reads(alarm)) == [Read("ours", "alarms_set_aside", "")]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert properties("AlarmQueue")["RedrivePolicy"]["maxReceiveCount"] >= TRIES


def test_shares_ring_by_their_average() -> None:
    for name, metric in (("FailuresAlarm", "failures"), ("RateLimitedAlarm", "rate_limited")):
        alarm = ALARMS[name]
        assert (alarm["MetricName"], alarm["Statistic"]) == (metric, "Average")
        assert 0 < alarm["Threshold"] < 1


def test_costs_above_the_ceiling_are_told_before_the_month_is_over() -> None:
    assert operations()["Resources"]["MonthlyCost"]["Condition"] == "HasCeiling"
    assert float(operations()["Parameters"]["MonthlyCeilingUSD"]["Default"]) > 0  # it is made unless it was declined
    budget = operations()["Resources"]["MonthlyCost"]["Properties"]
    assert budget["Budget"]["BudgetLimit"] == {"Amount": {"Ref": "MonthlyCeilingUSD"}, "Unit": "USD"}
    assert budget["Budget"]["TimeUnit"] == "MONTHLY"
    told = {
        (one["Notification"]["NotificationType"], one["Notification"]["Threshold"])
        for one in budget["NotificationsWithSubscribers"]
    }
    assert told == {("ACTUAL", 80), ("FORECASTED", 100)}
    subscribers = [one["Subscribers"] for one in budget["NotificationsWithSubscribers"]]
    assert subscribers == [[{"SubscriptionType": "SNS", "Address": {"Ref": "OperatorTopic"}}]] * 2
    policy = operations()["Resources"]["OperatorTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]
    assert policy["Principal"] == {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]}
    assert policy["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_one_deployment_brings_the_operations_and_gives_them_everything_they_ask_for() -> None:
    nested = properties("Operations")
    assert nested["TemplateURL"] == "operations.yaml"
    assert set(nested["Parameters"]) == set(operations()["Parameters"])
    for name, value in nested["Parameters"].items():
        wanted = {"Fn::GetAtt": [name, "QueueName"]} if name.endswith(("Queue", "DeadLetters")) else {"Ref": name}
        assert value == ({"Ref": "HttpApi"} if name == "ApiId" else wanted), name
    for name in ("OperatorEmail", "MonthlyCeilingUSD", "WithDashboard"):
        assert template()["Parameters"][name]["Default"] == operations()["Parameters"][name]["Default"]


def test_the_dashboard_shows_every_queue_and_names_only_what_it_is_given() -> None:
    body = operations()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    named = set(re.findall(r"\$\{([\w:]+)\}", body)) - {"AWS::Region"}
    assert named <= set(operations()["Parameters"])
    assert {f"${{{name}}}" for name in resources("AWS::SQS::Queue")} <= {of for _, _, of in shown()}
    # The first three dashboards of an account are free up to 50 metrics each.
    assert len(shown()) <= 50
