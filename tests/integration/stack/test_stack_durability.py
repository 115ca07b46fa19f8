"""What was answered is on the disk: kills right behind an answer."""

import os
import threading
import time
from pathlib import Path

import pytest

from shipby_local.stack import Emulator
from tests.integration.stack.durability_support import journal, killed_with_rows, make_table, names, put, stream

pytestmark = pytest.mark.stack


# Kills ---------------------------------------------------------------------------------------------------------------


def test_every_kind_of_write_is_there_after_a_kill_right_behind_its_answer(tmp_path: Path) -> None:
    with Emulator(tmp_path) as emulator:
        arn = make_table(emulator)
        dynamodb = emulator.client("dynamodb")
        for name in ("put", "updated", "deleted", "gone"):
            put(emulator, name)
        dynamodb.update_item(
            TableName="rows",
            Key={"PK": {"S": "updated"}},
            UpdateExpression="SET a = :b, c = :d",
            ExpressionAttributeValues={":b": {"B": b"\x00\xff"}, ":d": {"NS": ["1.50", "2"]}},
        )
        dynamodb.delete_item(TableName="rows", Key={"PK": {"S": "deleted"}})
        dynamodb.batch_write_item(
            RequestItems={
                "rows": [
                    {"PutRequest": {"Item": {"PK": {"S": "batch"}}}},
                    {"DeleteRequest": {"Key": {"PK": {"S": "gone"}}}},
                ]
            }
        )
        dynamodb.transact_write_items(
            TransactItems=[{"Put": {"TableName": "rows", "Item": {"PK": {"S": name}}}} for name in ("one", "two")]
        )
        expected, items = stream(emulator, arn), dynamodb.scan(TableName="rows")["Items"]
        emulator.kill()
    with Emulator(tmp_path) as emulator:
        assert names(emulator) == ["batch", "one", "put", "two", "updated"]
        found = emulator.client("dynamodb").scan(TableName="rows")["Items"]
        assert sorted(found, key=str) == sorted(items, key=str)
        assert stream(emulator, arn) == expected
        put(emulator, "later")
        numbers = [record["SequenceNumber"] for record in stream(emulator, arn)]
        assert numbers == sorted(set(numbers))
        table = emulator.client("dynamodb").describe_table(TableName="rows")["Table"]
        assert table["ItemCount"] == 6


def test_messages_sent_deleted_moved_and_put_off_are_so_after_a_kill(tmp_path: Path) -> None:
    with Emulator(tmp_path) as emulator:
        sqs = emulator.client("sqs")
        dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":1}}'
        url = sqs.create_queue(QueueName="work", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="deleted")
        [message] = sqs.receive_message(QueueUrl=url)["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        sqs.send_message(QueueUrl=url, MessageBody="dead")
        sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
        assert "Messages" not in sqs.receive_message(QueueUrl=url)
        sqs.send_message_batch(
            QueueUrl=url,
            Entries=[
                {"Id": "1", "MessageBody": "held"},
                {"Id": "2", "MessageBody": "late", "DelaySeconds": 300},
            ],
        )
        [held] = sqs.receive_message(QueueUrl=url, VisibilityTimeout=200)["Messages"]
        emulator.kill()
    with Emulator(tmp_path) as emulator:
        sqs = emulator.client("sqs")
        [message] = sqs.receive_message(QueueUrl=dead)["Messages"]
        assert message["Body"] == "dead"
        assert "Messages" not in sqs.receive_message(QueueUrl=url)
        counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert counts["ApproximateNumberOfMessagesNotVisible"] == "1"
        assert counts["ApproximateNumberOfMessagesDelayed"] == "1"
        sqs.delete_message(QueueUrl=url, ReceiptHandle=held["ReceiptHandle"])


def test_parameters_objects_and_their_deletion_are_there_after_a_kill(tmp_path: Path) -> None:
    with Emulator(tmp_path) as emulator:
        ssm, s3 = emulator.client("ssm"), emulator.client("s3")
        s3.create_bucket(Bucket="papers")
        for name in ("/kept", "/gone"):
            ssm.put_parameter(Name=name, Value="secret", Type="SecureString")
            s3.put_object(Bucket="papers", Key=f"a{name}", Body=b"%PDF", ContentType="application/pdf")
        ssm.delete_parameter(Name="/gone")
        s3.delete_object(Bucket="papers", Key="a/gone")
        ssm.put_parameter(Name="/kept", Value="newer", Type="SecureString", Overwrite=True)
        emulator.kill()
    with Emulator(tmp_path) as emulator:
        ssm, s3 = emulator.client("ssm"), emulator.client("s3")
        assert ssm.get_parameter(Name="/kept", WithDecryption=True)["Parameter"]["Value"] == "newer"
        assert [entry["Name"] for entry in ssm.describe_parameters()["Parameters"]] == ["/kept"]
        found = s3.get_object(Bucket="papers", Key="a/kept")
        assert (found["Body"].read(), found["ContentType"]) == (b"%PDF", "application/pdf")
        assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="papers")["Contents"]] == ["a/kept"]


def test_of_many_writers_killed_in_the_middle_every_answered_row_is_there(tmp_path: Path) -> None:
    answered: list[str] = []

    def write(emulator: Emulator, writer: int) -> None:
        client = emulator.client("dynamodb")
        for number in range(10_000):
            name = f"{writer}-{number}"
            try:
                client.put_item(TableName="rows", Item={"PK": {"S": name}})
            except Exception:  # the kill, in whichever way it shows
                return
            answered.append(name)

    with Emulator(tmp_path) as emulator:
        make_table(emulator)
        writers = [threading.Thread(target=write, args=(emulator, number)) for number in range(6)]
        for writer in writers:
            writer.start()
        while len(answered) < 300:
            time.sleep(0.01)
        emulator.kill()
        for writer in writers:
            writer.join()
    with Emulator(tmp_path) as emulator:
        assert set(answered) <= set(names(emulator))


def test_a_kill_between_two_snapshots_reads_the_journal_behind_the_last_one(tmp_path: Path) -> None:
    with Emulator(tmp_path) as emulator:
        make_table(emulator)
        put(emulator, "before")
        emulator.client("ssm").put_parameter(Name="/snapshot", Value="now", Type="String")
        put(emulator, "behind")
        emulator.kill()
    for later in range(2):
        with Emulator(tmp_path) as emulator:
            assert names(emulator) == ["before", "behind", *(f"later-{number}" for number in range(later))]
            put(emulator, f"later-{later}")
            emulator.kill()


# Broken folders ------------------------------------------------------------------------------------------------------


def test_a_record_that_the_kill_cut_off_is_dropped_and_all_before_it_are_there(tmp_path: Path) -> None:
    killed_with_rows(tmp_path, "kept", "torn")
    file = journal(tmp_path)
    os.truncate(file, file.stat().st_size - 7)
    with Emulator(tmp_path) as emulator:
        assert names(emulator) == ["kept"]
        put(emulator, "later")
        emulator.kill()
    with Emulator(tmp_path) as emulator:
        assert names(emulator) == ["kept", "later"]
