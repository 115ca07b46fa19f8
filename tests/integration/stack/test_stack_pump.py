"""The stream pump against the real emulator, router and queue: the semantics of an AWS event source mapping."""

import json
import threading

import pytest

from shipby_local.stack import DrainTimeoutError, Stack
from tests.integration.stack.shop_help import messages_in, put_rows, times_done
from tests.support.waiting import LONGEST, eventually

pytestmark = pytest.mark.stack


def test_new_rows_are_delivered_once_each_and_changes_that_the_filter_leaves_out_are_not(shop: Stack) -> None:
    names = [f"plain-{number}" for number in range(25)]
    before = shop.pump.delivered
    put_rows(shop, *names)
    # A change of an existing row is a MODIFY, which the template's filter leaves out.
    shop.client("dynamodb").put_item(
        TableName=shop.outputs["TableName"],
        Item={"PK": {"S": "ROW"}, "SK": {"S": "plain-0"}, "changed": {"BOOL": True}},
    )
    shop.drain(LONGEST)
    assert [times_done(shop, name) for name in names] == [1] * 25
    assert shop.pump.delivered == before + 25
    # Who waits for a row hears of those too that nobody routes: the worker's.
    assert {"ROW", "DONE"} <= set(shop.pump.touched)
    assert shop.pump.seen > shop.pump.delivered


def test_records_before_a_reported_failure_are_done_once_and_those_after_it_still_arrive(shop: Stack) -> None:
    put_rows(shop, "part-1", "part-2", "poison-part", "part-3", "part-4", "part-5")
    shop.drain(LONGEST)
    assert [times_done(shop, f"part-{number}") for number in range(1, 6)] == [1] * 5
    assert times_done(shop, "poison-part") == 0
    [told] = [json.loads(body) for body in messages_in(shop, "StreamDeadLetters")]
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 3  # the template allows two retries
    assert told["DDBStreamBatchInfo"]["batchSize"] == 1
    assert told["DDBStreamBatchInfo"]["startSequenceNumber"] == told["DDBStreamBatchInfo"]["endSequenceNumber"]


def test_a_record_that_crashes_the_function_is_isolated_by_halving_and_given_up_alone(shop: Stack) -> None:
    put_rows(shop, "half-1", "half-2", "crash-half", "half-3")
    shop.drain(LONGEST)
    assert [times_done(shop, f"half-{number}") for number in range(1, 4)] == [1] * 3
    [told] = [json.loads(body) for body in messages_in(shop, "StreamDeadLetters")]
    assert told["responseContext"]["functionError"] == "Unhandled"
    assert told["DDBStreamBatchInfo"]["batchSize"] == 1


def test_a_message_that_its_worker_reports_as_failed_goes_to_the_dead_letters_alone(shop: Stack) -> None:
    put_rows(shop, "fine-1", "bad-one", "fine-2")
    shop.drain(LONGEST)
    assert times_done(shop, "fine-1") == times_done(shop, "fine-2") == 1
    [body] = messages_in(shop, "QueueDeadLetters")
    assert json.loads(body)["name"] == "bad-one"


def test_no_message_is_lost_while_many_senders_write_to_a_queue_that_is_being_worked_off(shop: Stack) -> None:
    url = shop.resources["Queue"]
    sqs = shop.client("sqs")  # one client serves many threads

    def send(sender: int) -> None:
        for number in range(40):
            sqs.send_message(QueueUrl=url, MessageBody=f'{{"name": "many-{sender}-{number}"}}')

    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shop.drain(LONGEST)
    assert all(times_done(shop, f"many-{sender}-{number}") for sender in range(4) for number in range(40))


def test_draining_reports_delayed_messages_apart_and_says_what_is_left_when_time_is_over(shop: Stack) -> None:
    sqs, url = shop.client("sqs"), shop.resources["Queue"]
    sqs.send_message(QueueUrl=url, MessageBody='{"name": "later"}', DelaySeconds=1)
    sqs.send_message(QueueUrl=url, MessageBody='{"name": "much later"}', DelaySeconds=900)
    assert sum(shop.drain(LONGEST).delayed.values()) in (1, 2)
    eventually(lambda: times_done(shop, "later") == 1)
    assert list(shop.drain(LONGEST).delayed.values()) == [1]
    assert times_done(shop, "much later") == 0
    sqs.purge_queue(QueueUrl=url)
    put_rows(shop, "crash-slow")
    with pytest.raises(DrainTimeoutError, match=r"Work was still under way .* not read to its end"):
        shop.drain(0.2)
    shop.drain(LONGEST)
    messages_in(shop, "StreamDeadLetters")
