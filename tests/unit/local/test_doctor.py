"""The doctor: each check can turn ill, and what it reads of a deployment is what it judges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from shipby.adapters.ozon.switch_offs import SwitchOff
from shipby.application.ports.writes import SaveWatch
from shipby.application.proof.prove import REPORT
from shipby.application.sellers.register import register_seller
from shipby.domain.cases.watch import Watch
from shipby.domain.sellers.settings import SellerSettings
from shipby_local import cli
from shipby_local.commands import doctor as command
from shipby_local.deployment import Deployment
from shipby_local.doctor import verdicts
from shipby_local.doctor.look import examine
from shipby_local.doctor.verdicts import State
from tests.support import builders as a
from tests.support.memory_store import MemoryStore

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WELL, WATCH, ILL = State.WELL, State.WATCH, State.ILL


@pytest.mark.parametrize(
    ("verdict", "state", "seen"),
    [
        (verdicts.of_stack("UPDATE_COMPLETE", (), ()), WELL, "UPDATE_COMPLETE"),
        (verdicts.of_stack("UPDATE_ROLLBACK_COMPLETE", (), ()), ILL, "UPDATE_ROLLBACK_COMPLETE"),
        (verdicts.of_stack("UPDATE_IN_PROGRESS", (), ()), ILL, "UPDATE_IN_PROGRESS"),
        (verdicts.of_stack("UPDATE_COMPLETE", ("CopyQueue",), ("x",)), ILL, "not deployed: CopyQueue"),
        (verdicts.of_stack("UPDATE_COMPLETE", (), ("output Y",)), WATCH, "not of this release: output Y"),
        (verdicts.of_schedule("DeadlineSweep", NOW - MINUTE, NOW), WELL, "ran 60 s ago"),
        (verdicts.of_schedule("DeadlineSweep", NOW - 5 * MINUTE, NOW), WELL, "ran 5 min ago"),
        (verdicts.of_schedule("DeadlineSweep", NOW - 6 * MINUTE, NOW), ILL, "last ran 6 min ago"),
        (verdicts.of_schedule("DeadlineSweep", None, NOW), ILL, "has not run lately"),
        (verdicts.of_queue("SyncQueue", 7, None), WELL, "7 waiting"),
        (verdicts.of_queue("SyncQueue", 7, 30 * MINUTE), WELL, "7 waiting, the oldest for 30 min"),
        (verdicts.of_queue("SyncQueue", 7, 31 * MINUTE), ILL, "7 waiting, the oldest for 31 min"),
        (verdicts.of_dead_letters("SyncDeadLetters", 0), WELL, "none"),
        (verdicts.of_dead_letters("SyncDeadLetters", 1), ILL, "1 messages"),
        (verdicts.of_key("7", "valid", NOW + 15 * DAY, NOW - DAY, NOW), WELL, "ends 15.12.2026, stored 24 h ago"),
        (verdicts.of_key("7", "expires_soon", NOW + 14 * DAY, NOW - DAY, NOW), WATCH, "ends 14.12.2026"),
        (verdicts.of_key("7", "valid", NOW, NOW - DAY, NOW), ILL, "ended 30.11.2026"),
        (verdicts.of_key("7", "rejected", NOW + 90 * DAY, NOW - DAY, NOW), ILL, "the marketplace rejects it"),
        (verdicts.of_key("7", "", None, None, NOW), ILL, "no marketplace key is stored"),
        (verdicts.of_key("7", "", None, NOW, NOW), WELL, "probably ends 28.02.2027, stored 0 s ago"),
        (verdicts.of_key("7", "", None, NOW - 76 * DAY, NOW), WATCH, "probably ends 14.12.2026"),
        (verdicts.of_key("7", "", None, NOW - 90 * DAY, NOW), ILL, "probably ended 30.11.2026"),
        (verdicts.of_key("7", "not permitted", None, NOW, NOW), WATCH, "its end is not known (not permitted)"),
        (verdicts.of_clock("here", NOW, NOW - timedelta(seconds=5)), WELL, "5 s apart"),
        (verdicts.of_clock("here", NOW, NOW + timedelta(seconds=6)), WATCH, "6 s apart"),
        (verdicts.of_clock("here", NOW, NOW - timedelta(seconds=61)), ILL, "61 s apart"),
        (verdicts.of_clock("here", NOW, NOW + timedelta(hours=1)), ILL, "3600 s apart"),
        (verdicts.of_clock("here", NOW, None), WATCH, "it told no time"),
        (verdicts.of_proof("7", {"green": True, "at": (NOW - MINUTE).isoformat()}, NOW), WELL, "green, 60 s ago"),
        (verdicts.of_proof("7", {"green": True, "at": (NOW - 4 * 60 * MINUTE).isoformat()}, NOW), WATCH, "4 h ago"),
        (verdicts.of_proof("7", {"green": False, "at": NOW.isoformat()}, NOW), ILL, "RED"),
        (verdicts.of_proof("7", None, NOW), ILL, "none since yesterday"),
        (verdicts.of_pushes("7", "GREEN", "GREEN"), WELL, "GREEN"),
        (verdicts.of_pushes("7", "", "GREEN"), WELL, "not asked yet"),
        (verdicts.of_pushes("7", "YELLOW", "GREEN"), WATCH, "YELLOW"),
        (verdicts.of_pushes("7", "NONE", "GREEN"), WATCH, "NONE"),
        (verdicts.of_pushes("7", "DISABLED", "GREEN"), ILL, "DISABLED"),
    ],
)
def test_what_is_seen_is_judged(verdict: verdicts.Verdict, state: State, seen: str) -> None:
    assert verdict.state is state
    assert seen in verdict.seen
    assert bool(verdict.do) == (state is not WELL)


def test_a_method_that_ends_is_watched_and_one_that_has_ended_is_ill() -> None:
    today = NOW.date()
    table = {"/a": SwitchOff(on=today), "/b": SwitchOff(on=today + 44 * DAY), "/c": SwitchOff(on=today + 50 * DAY)}
    found = {one.what: one.state for one in verdicts.of_switch_offs(today, table=table, paths=("/a", "/b", "/c", "/d"))}
    assert found == {"/a": ILL, "/b": WATCH}
    (none,) = verdicts.of_switch_offs(today, table=table, paths=("/d",))
    assert none.state is WELL


TEMPLATE = """
Resources:
  Table: { Type: AWS::DynamoDB::Table }
  CommonLayer: { Type: AWS::Serverless::LayerVersion }
  Hook: { Type: AWS::Serverless::Function }
  Operations: { Type: AWS::CloudFormation::Stack, Condition: TlsOnly }
Outputs:
  TableName: { Value: !Ref Table }
  ParameterPrefix: { Value: /shipby/prod }
  SyncQueueUrl: { Value: x }
  SyncDeadLettersUrl: { Value: y }
"""
OUTPUTS = {
    "TableName": "t",
    "ParameterPrefix": "/shipby/prod",
    "SyncQueueUrl": "https://sqs/1/sync",
    "SyncDeadLettersUrl": "https://sqs/1/dead",
}


class Aws:
    """What a well deployment on AWS answers; a test changes one thing of it."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.status = "UPDATE_COMPLETE"
        self.resources = ["Table", "CommonLayer0123456789", "Hook", "HookRole", "Operations"]
        self.runs = {"DeadlineSweepLogs": self.now, "MarketplacePollLogs": self.now}
        self.counts = {"sync": 3, "dead": 0}
        self.oldest = 12.0
        self.date = self.now
        self.stored: datetime | None = self.now - DAY

    # cloudformation
    def describe_stacks(self, **_: str) -> Any:
        return {"Stacks": [{"StackStatus": self.status}]}

    def describe_stack_resource(self, **asked: str) -> Any:
        return {"StackResourceDetail": {"PhysicalResourceId": asked["LogicalResourceId"]}}

    def get_paginator(self, name: str) -> Any:
        return Pages(self, name)

    # dynamodb, sqs, cloudwatch, ssm
    def describe_table(self, **_: str) -> Any:
        told = self.date.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return {"ResponseMetadata": {"HTTPHeaders": {"date": told}}}

    def get_queue_attributes(self, **asked: Any) -> Any:
        return {"Attributes": {"ApproximateNumberOfMessages": str(self.counts[asked["QueueUrl"].rpartition("/")[2]])}}

    def get_metric_statistics(self, **asked: Any) -> Any:
        assert asked["Dimensions"] == [{"Name": "QueueName", "Value": "sync"}]
        points = [(self.now - MINUTE, self.oldest), (self.now - 9 * MINUTE, 9_999.0)]
        return {"Datapoints": [{"Timestamp": at, "Maximum": value} for at, value in points]}

    def get_parameter(self, **_: str) -> Any:
        if self.stored is None:
            raise ClientError({"Error": {"Code": "ParameterNotFound", "Message": "no"}}, "GetParameter")
        return {"Parameter": {"LastModifiedDate": self.stored}}


class Pages:
    def __init__(self, aws: Aws, name: str) -> None:
        self.aws, self.name = aws, name

    def paginate(self, **asked: Any) -> Any:
        if self.name == "list_stack_resources":
            return [{"StackResourceSummaries": [{"LogicalResourceId": one}]} for one in self.aws.resources]
        at = int(self.aws.runs[asked["logGroupName"]].timestamp() * 1000)
        return [{"events": []}, {"events": [{"timestamp": at}] if at >= asked["startTime"] else []}]


class Deployed(Deployment):
    def __init__(self, aws: Aws) -> None:
        super().__init__(_outputs=dict(OUTPUTS))
        self.aws, self.rows = aws, MemoryStore()

    def client(self, service: str) -> Any:
        return self.aws

    def store(self) -> MemoryStore:
        return self.rows


@pytest.fixture
def aws() -> Aws:
    return Aws()


def save(deployed: Deployed, watch: Watch) -> None:
    deployed.rows.commit([SaveWatch(watch)])


@pytest.fixture
def deployed(aws: Aws) -> Deployed:
    made = Deployed(aws)
    register_seller(SellerSettings(seller=a.SELLER, version=1), store=made.rows)
    made.rows.save_report(a.SELLER, REPORT, aws.now.date(), {"green": True, "at": aws.now.isoformat()})
    for name, state in (("push-health", "GREEN"), ("marketplace-key", "valid")):
        ends = {"expires_at": (aws.now + 60 * DAY).isoformat()}
        made.rows.commit(
            [SaveWatch(Watch(seller=a.SELLER, id=name, version=1, checked_at=aws.now, state=state, data=ends))]
        )
    return made


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE, "utf-8")
    return path


def ill(deployed: Deployed, template: Path) -> list[tuple[str, str]]:
    return [
        (one.check, one.what)
        for one in examine(deployed, template)
        if one.state is not WELL and one.check != "switch-off"
    ]


def test_a_well_deployment_is_well_in_every_check(deployed: Deployed, template: Path) -> None:
    found = list(examine(deployed, template))
    assert ill(deployed, template) == []
    checks = {"template", "clock", "schedule", "queue", "dead letters", "switch-off", "key", "pushes", "proof"}
    assert {one.check for one in found} == checks


def _older_template(aws: Aws, _: Deployed) -> None:
    aws.resources.remove("Hook")  # HookRole is no Hook


def _no_operations(aws: Aws, _: Deployed) -> None:
    aws.resources.remove("Operations")


def _no_layer(aws: Aws, _: Deployed) -> None:
    aws.resources.remove("CommonLayer0123456789")


def _rolled_back(aws: Aws, _: Deployed) -> None:
    aws.status = "UPDATE_ROLLBACK_COMPLETE"


def _skewed(aws: Aws, _: Deployed) -> None:
    aws.date = aws.now + 10 * MINUTE


def _sweep_stopped(aws: Aws, _: Deployed) -> None:
    aws.runs["DeadlineSweepLogs"] = aws.now - 10 * MINUTE


def _poll_never_ran(aws: Aws, _: Deployed) -> None:
    aws.runs["MarketplacePollLogs"] = aws.now - DAY


def _old_message(aws: Aws, _: Deployed) -> None:
    aws.oldest = 3_600.0


def _dead_letter(aws: Aws, _: Deployed) -> None:
    aws.counts["dead"] = 2


def _no_key(aws: Aws, _: Deployed) -> None:
    aws.stored = None


def _red(_: Aws, deployed: Deployed) -> None:
    today = datetime.now(UTC)
    deployed.rows.save_report(a.SELLER, REPORT, today.date(), {"green": False, "at": today.isoformat()})


def _disabled(aws: Aws, deployed: Deployed) -> None:
    deployed.rows.commit(
        [SaveWatch(Watch(seller=a.SELLER, id="push-health", version=2, checked_at=aws.now, state="DISABLED"))]
    )


@pytest.mark.parametrize(
    ("trouble", "check", "what"),
    [
        (_older_template, "template", "resources"),
        (_no_operations, "template", "resources"),
        (_no_layer, "template", "resources"),
        (_rolled_back, "template", "stack"),
        (_skewed, "clock", "this machine"),
        (_sweep_stopped, "schedule", "DeadlineSweep"),
        (_poll_never_ran, "schedule", "MarketplacePoll"),
        (_old_message, "queue", "SyncQueue"),
        (_dead_letter, "dead letters", "SyncDeadLetters"),
        (_no_key, "key", a.SELLER),
        (_red, "proof", a.SELLER),
        (_disabled, "pushes", a.SELLER),
    ],
)
def test_each_trouble_turns_its_own_check_and_no_other(
    trouble: Any, check: str, what: str, aws: Aws, deployed: Deployed, template: Path
) -> None:
    trouble(aws, deployed)
    assert ill(deployed, template) == [(check, what)]


def test_the_proof_of_yesterday_counts_until_today_has_one(aws: Aws, deployed: Deployed, template: Path) -> None:
    deployed.rows = MemoryStore()
    register_seller(SellerSettings(seller=a.SELLER, version=1), store=deployed.rows)
    yesterday = aws.now - 20 * MINUTE
    deployed.rows.save_report(a.SELLER, REPORT, aws.now.date() - DAY, {"green": True, "at": yesterday.isoformat()})
    assert ("proof", a.SELLER) not in ill(deployed, template)


@pytest.mark.parametrize(("trouble", "code"), [(None, 0), (_dead_letter, 1)])
def test_the_command_ends_with_1_exactly_if_something_is_ill(
    trouble: Any, code: int, aws: Aws, deployed: Deployed, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trouble:
        trouble(aws, deployed)
    monkeypatch.setattr(verdicts, "of_switch_offs", lambda *_: iter(()))
    monkeypatch.setattr(command, "deployment_of", lambda *_: deployed)
    monkeypatch.setattr(command, "TEMPLATE", template)
    assert CliRunner().invoke(cli.app, ["doctor"]).exit_code == code
