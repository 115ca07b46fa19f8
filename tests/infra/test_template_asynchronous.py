"""Queues, streams and schedules: nothing is lost in silence, and nothing is retried too early or for ever."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shipby.adapters.aws_lambda.batch import RESERVE_MILLIS, wait_seconds
from shipby.adapters.aws_lambda.stream import read_record
from shipby.adapters.dynamodb import keys
from shipby.application.alarms.set_aside import TRIES
from shipby.domain.errors import MarketplaceUnavailableError
from shipby.settings import READ_WITHIN
from shipby_local.stack.filters import matches
from tests.infra.sam_template import events, functions, granted, properties, resources, target

QUEUES = resources("AWS::SQS::Queue")
DEAD_LETTERS = sorted(name for name in QUEUES if name.endswith("DeadLetters"))
WORK_QUEUES = sorted(set(QUEUES) - set(DEAD_LETTERS))


def test_there_is_a_work_queue_per_kind_of_work() -> None:
    assert [
        f"{kind}Queue" for kind in ("Alarm", "Copy", "Intent", "Label", "Notify", "Sync", "Tracking", "Webhook")
    ] == WORK_QUEUES


@pytest.mark.parametrize("name", WORK_QUEUES)
def test_every_work_queue_gives_up_into_a_dead_letter_queue_of_its_own(name: str) -> None:
    redrive = properties(name)["RedrivePolicy"]
    assert target(redrive["deadLetterTargetArn"]) == name.replace("Queue", "DeadLetters")
    assert redrive["maxReceiveCount"] == (3 if name == "IntentQueue" else 5)


@pytest.mark.parametrize("name", DEAD_LETTERS)
def test_every_dead_letter_queue_keeps_messages_for_14_days(name: str) -> None:
    assert properties(name)["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.parametrize("name", QUEUES)
def test_every_queue_is_encrypted(name: str) -> None:
    assert properties(name)["SqsManagedSseEnabled"] is True


def test_every_queue_refuses_plain_http() -> None:
    policy = properties("QueuesTlsPolicy")
    assert sorted(target(queue) for queue in policy["Queues"]) == sorted(QUEUES)
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "sqs:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("name", WORK_QUEUES)
def test_every_work_queue_has_exactly_one_consumer(name: str) -> None:
    assert len([1 for _, _, event in events("SQS") if target(event["Queue"]) == name]) == 1


TIMES_ITS_CONSUMER = {"SyncQueue": 1.5, "AlarmQueue": 2}
"""By how much visibility exceeds the consumer's timeout. AWS advises six times ("Using Lambda with Amazon SQS"), for
deliveries that are throttled; these two lose no more than that to a killed worker, because what they do may safely be
done twice (docs/adr/0029)."""


@pytest.mark.parametrize(("function", "event"), [(function, event) for function, _, event in events("SQS")])
def test_a_message_stays_invisible_for_longer_than_its_consumer_may_take(function: str, event: dict[str, Any]) -> None:
    queue = target(event["Queue"])
    times = TIMES_ITS_CONSUMER.get(queue, 6)
    at_least = times * functions()[function]["Timeout"] + event.get("MaximumBatchingWindowInSeconds", 0)
    assert properties(queue)["VisibilityTimeout"] >= at_least


def test_a_push_is_a_stored_posting_within_a_minute_though_a_worker_is_killed_or_a_call_fails() -> None:
    ((function, _, event),) = [one for one in events("SQS") if target(one[2]["Queue"]) == "SyncQueue"]
    there, again, cold = 3.0, 1.0, 3.0  # stream, router and queue; the queue alone; a new worker
    took = READ_WITHIN  # a read that takes all the time it may
    killed = there + properties("SyncQueue")["VisibilityTimeout"] + again + cold + took
    failed = there + cold + took + wait_seconds(MarketplaceUnavailableError("away"), 1) + again + took
    assert max(killed, failed) <= 60
    # Alone in its batch, a message delays no other, and two reads (the parts of a split) end before the function does.
    assert event["BatchSize"] == 1
    assert "MaximumBatchingWindowInSeconds" not in event
    assert functions()[function]["Timeout"] >= 2 * READ_WITHIN + RESERVE_MILLIS / 1000


@pytest.mark.parametrize(("function", "event"), [(function, event) for function, _, event in events("SQS")])
def test_every_queue_mapping_answers_per_message_and_bounds_its_concurrency(
    function: str, event: dict[str, Any]
) -> None:
    assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert event["ScalingConfig"]["MaximumConcurrency"] >= 2  # what SQS allows at least


@pytest.mark.parametrize(("function", "event"), [(function, event) for function, _, event in events("SQS")])
def test_every_consumer_may_take_return_and_delay_its_own_messages(function: str, event: dict[str, Any]) -> None:
    queue = f"{target(event['Queue'])}.Arn"
    needed = {"ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"}
    assert {(f"sqs:{action}", queue) for action in needed} <= granted(function)
    others = {place for action, place in granted(function) if action == "sqs:ReceiveMessage"} - {queue}
    assert not others


def test_the_stream_has_one_consumer_that_loses_nothing() -> None:
    ((function, _, event),) = events("DynamoDB")
    assert function == "StreamRouter"
    assert event["StartingPosition"] == "TRIM_HORIZON"
    assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert event["BisectBatchOnFunctionError"] is True
    assert event["MaximumRetryAttempts"] == 10
    assert target(event["DestinationConfig"]["OnFailure"]["Destination"]) == "StreamDeadLetters"
    assert ("sqs:SendMessage", "StreamDeadLetters.Arn") in granted(function)


def test_the_stream_consumer_is_asked_about_events_and_pushes_that_were_inserted_only() -> None:
    ((_, _, event),) = events("DynamoDB")
    (rule,) = event["FilterCriteria"]["Filters"]
    assert json.loads(rule["Pattern"]) == {
        "eventName": ["INSERT"],
        "dynamodb": {"Keys": {"SK": {"S": [{"prefix": keys.EVENT_PREFIX}, {"prefix": keys.PUSH_PREFIX}]}}},
    }


def _sort_keys() -> list[str]:
    """One of every kind of row: what `keys` calls a row, or the beginning of its sort key."""
    names = [value for name, value in vars(keys).items() if name.isupper() and isinstance(value, str)]
    return [f"{name}x" if name.endswith("#") else name for name in names]


@pytest.mark.parametrize("sort_key", [*_sort_keys(), "CAP#refund#20260302", "IDEM#a", "REPORT#proof#20260302"])
@pytest.mark.parametrize("change", ["INSERT", "MODIFY", "REMOVE"])
def test_the_stream_consumer_is_asked_about_exactly_what_it_routes(sort_key: str, change: str) -> None:
    ((_, _, event),) = events("DynamoDB")
    (rule,) = event["FilterCriteria"]["Filters"]
    place = {"PK": {"S": "SELLER#s#POSTING#p"}, "SK": {"S": sort_key}}
    record = {"eventName": change, "dynamodb": {"Keys": place, "NewImage": place}}
    try:
        routed = bool(read_record(record))
    except (KeyError, TypeError):
        routed = True  # An event or a push, though an empty one.
    assert matches(json.loads(rule["Pattern"]), record) is routed
    assert routed is (change == "INSERT" and sort_key in ("EVENT#x", "PUSH#x"))


@pytest.mark.parametrize(("function", "event"), [(function, event) for function, _, event in events("ScheduleV2")])
def test_every_schedule_keeps_what_could_not_be_started_and_what_failed(function: str, event: dict[str, Any]) -> None:
    assert target(event["DeadLetterConfig"]["Arn"]) == "ScheduleDeadLetters"
    assert target(event["RoleArn"]) == "SchedulerRole"
    failures = functions()[function]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert target(failures["Destination"]) == "ScheduleDeadLetters"
    assert ("sqs:SendMessage", "ScheduleDeadLetters.Arn") in granted(function)


@pytest.mark.parametrize("event", [event for _, _, event in events("ScheduleV2")])
def test_two_stacks_in_one_account_do_not_fight_over_the_name_of_a_schedule(event: dict[str, Any]) -> None:
    # SAM names a schedule after its logical ids, alike in every stack; names are unique per account and region.
    assert event["OmitName"] is True


def test_the_schedules_are_those_of_the_design() -> None:
    assert {function: event["ScheduleExpression"] for function, _, event in events("ScheduleV2")} == {
        "DeadlineSweep": "rate(1 minute)",
        "MarketplacePoll": "rate(1 minute)",
    }


def test_an_alarm_is_tried_often_enough_to_be_set_aside_before_its_message_is_given_up() -> None:
    assert properties("AlarmQueue")["RedrivePolicy"]["maxReceiveCount"] >= TRIES
