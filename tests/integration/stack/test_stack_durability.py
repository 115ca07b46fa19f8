"""What was answered is on the disk: kills right behind an answer, broken and foreign data folders, full disks."""

import contextlib
import json
import os
import resource
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shipby_local.stack import DataFolderBrokenError, Emulator
from shipby_local.stack.datafolder import DataFolder

pytestmark = pytest.mark.stack

STREAMED = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def make_table(emulator: Emulator, name: str = "rows") -> str:
    """A table with a stream; the stream's address."""
    created = emulator.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification=STREAMED,
    )
    return str(created["TableDescription"]["LatestStreamArn"])


def put(emulator: Emulator, name: str, **more: Any) -> None:
    """One row."""
    emulator.client("dynamodb").put_item(TableName="rows", Item={"PK": {"S": name}, **more})


def names(emulator: Emulator) -> list[str]:
    """The keys of all rows."""
    return sorted(row["PK"]["S"] for row in emulator.client("dynamodb").scan(TableName="rows")["Items"])


def stream(emulator: Emulator, arn: str) -> list[dict[str, Any]]:
    """All records of the stream."""
    streams = emulator.client("dynamodbstreams")
    [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    where = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = streams.get_shard_iterator(**where)["ShardIterator"]
    return [record["dynamodb"] for record in streams.get_records(ShardIterator=iterator)["Records"]]


def journal(folder: Path) -> Path:
    """The journal's newest file."""
    return max((folder / "state").glob("journal.*"), key=lambda path: int(path.suffix[1:]))


def killed_with_rows(folder: Path, *rows: str) -> None:
    """A data folder whose emulator was killed right after these rows were acknowledged, each in a record of its own."""
    with Emulator(folder) as emulator:
        make_table(emulator)
        for name in rows:
            put(emulator, name)
        emulator.kill()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the saved state."""
    return {str(path): path.read_bytes() for path in sorted((folder / "state").rglob("*")) if path.is_file()}


def refused(folder: Path, says: str) -> None:
    """The start is refused in words, and nothing in the folder is another than before."""
    before = contents(folder)
    with pytest.raises(DataFolderBrokenError, match=rf"(?s){says}.*Restore the folder .* from a copy"):
        Emulator(folder).start()
    assert contents(folder) == before


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


def test_a_changed_byte_in_the_middle_of_the_journal_is_refused(tmp_path: Path) -> None:
    killed_with_rows(tmp_path, "first", "second", "third")
    file = journal(tmp_path)
    data = bytearray(file.read_bytes())
    data[data.index(b"second")] ^= 1
    file.write_bytes(data)
    refused(tmp_path, rf"{file.name} is damaged at byte \d+")


def test_a_missing_journal_is_refused(tmp_path: Path) -> None:
    killed_with_rows(tmp_path, "row")
    file = journal(tmp_path)
    file.unlink()
    refused(tmp_path, rf"{file.name} is missing")


def test_a_journal_of_another_folder_is_refused(tmp_path: Path) -> None:
    for name in ("one", "other"):
        killed_with_rows(tmp_path / name, name)
    shutil.copy(journal(tmp_path / "other"), journal(tmp_path / "one"))
    refused(tmp_path / "one", r"belongs to state \w+, not to \w+")


def test_a_missing_table_file_is_refused(tmp_path: Path) -> None:
    killed_with_rows(tmp_path, "row")
    (tmp_path / "state" / "current" / "dynamodb.json").unlink()
    refused(tmp_path, r"dynamodb\.json")


def test_a_table_file_of_another_generation_is_refused(tmp_path: Path) -> None:
    with Emulator(tmp_path) as emulator:
        make_table(emulator)
    saved = (tmp_path / "state" / "current" / "dynamodb.json").read_bytes()
    with Emulator(tmp_path) as emulator:
        put(emulator, "row")
    (tmp_path / "state" / "current" / "dynamodb.json").write_bytes(saved)
    refused(tmp_path, r"dynamodb\.json is not as it was written")


def test_a_state_older_or_other_than_the_one_deployed_is_refused(tmp_path: Path) -> None:
    killed_with_rows(tmp_path / "other", "row")
    folder = DataFolder(tmp_path / "data")
    with Emulator(tmp_path / "data") as emulator:
        make_table(emulator)
        old = shutil.copytree(folder.state, tmp_path / "old", symlinks=True)
        emulator.client("ssm").put_parameter(Name="/newer", Value="v", Type="String")
    folder.write_deployment({"aws_port": 0, "state": folder.saved_state()})
    for state in (old, tmp_path / "other" / "state"):
        shutil.rmtree(folder.state)
        shutil.copytree(state, folder.state, symlinks=True)
        refused(tmp_path / "data", "was deployed here: copy the whole data folder")
    shutil.rmtree(folder.state)
    folder.state.mkdir()
    refused(tmp_path / "data", "holds no snapshot, though generation")


def test_a_link_to_no_generation_is_refused_even_where_nothing_was_deployed(tmp_path: Path) -> None:
    killed_with_rows(tmp_path, "row")
    (tmp_path / "state" / "current").unlink()
    refused(tmp_path, r"journal\.1 is missing")


def test_a_state_that_lacks_a_deployed_table_is_refused_by_its_name(tmp_path: Path) -> None:
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": "deployed",
            "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "PK", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    }
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "deployed-queue"}}
    with Emulator(tmp_path) as emulator:
        cloudformation = emulator.client("cloudformation")
        body = json.dumps({"Resources": {"Orders": table, "Work": queue}})
        cloudformation.create_stack(StackName="shop", TemplateBody=body)
        cloudformation.get_waiter("stack_create_complete").wait(StackName="shop", WaiterConfig={"Delay": 1})
        # Whoever was told that the deployment is complete finds it so after a kill.
        emulator.kill()
    with Emulator(tmp_path) as emulator:
        [stack] = emulator.client("cloudformation").describe_stacks()["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        emulator.client("dynamodb").delete_table(TableName="deployed")
    refused(tmp_path, r"does not fit what was deployed: it lacks Orders \(AWS::DynamoDB::Table\)")


# Full disks ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def no_file_longer_than(emulator: Emulator, size: int) -> Iterator[None]:
    """As on a full disk every write beyond this many bytes of a file fails."""
    _, hard = resource.prlimit(emulator.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(emulator.pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.prlimit(emulator.pid, resource.RLIMIT_FSIZE, (hard, hard))


def test_what_cannot_be_written_is_refused_and_as_if_it_had_not_been_asked(tmp_path: Path) -> None:
    with Emulator(tmp_path) as emulator:
        arn = make_table(emulator)
        dynamodb, sqs = emulator.client("dynamodb"), emulator.client("sqs")
        url = sqs.create_queue(QueueName="work")["QueueUrl"]
        put(emulator, "kept", version={"N": "1"})
        put(emulator, "deleted")
        sqs.send_message(QueueUrl=url, MessageBody="kept")
        before = contents(tmp_path), stream(emulator, arn)
        transaction = {
            "TransactItems": [
                {"Put": {"TableName": "rows", "Item": {"PK": {"S": "kept"}, "version": {"N": "2"}}}},
                {"Delete": {"TableName": "rows", "Key": {"PK": {"S": "deleted"}}}},
                {"Put": {"TableName": "rows", "Item": {"PK": {"S": "new"}}}},
            ],
            "ClientRequestToken": "-".join(["again"] * 3),
        }
        calls = (
            lambda: dynamodb.transact_write_items(**transaction),
            lambda: put(emulator, "new"),
            lambda: sqs.send_message(QueueUrl=url, MessageBody="refused"),
            lambda: sqs.receive_message(QueueUrl=url),
        )
        with no_file_longer_than(emulator, journal(tmp_path).stat().st_size + 50):
            for call in calls:
                with pytest.raises(ClientError, match=r"takes no writes .*nothing was changed.*Make room") as error:
                    call()
                assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
            assert (contents(tmp_path), stream(emulator, arn)) == before
            assert names(emulator) == ["deleted", "kept"]
            kept = dynamodb.get_item(TableName="rows", Key={"PK": {"S": "kept"}})["Item"]
            assert kept["version"]["N"] == "1"
        time.sleep(1.1)
        # The token of the refused transaction is not remembered as done.
        dynamodb.transact_write_items(**transaction)
        assert names(emulator) == ["kept", "new"]
        assert [message["Body"] for message in sqs.receive_message(QueueUrl=url)["Messages"]] == ["kept"]
        emulator.kill()
    with Emulator(tmp_path) as emulator:
        assert names(emulator) == ["kept", "new"]
        assert [record["Keys"]["PK"]["S"] for record in stream(emulator, arn)][2:] == ["kept", "deleted", "new"]


def test_an_object_that_cannot_be_written_is_refused_and_the_old_one_stays(tmp_path: Path) -> None:
    with Emulator(tmp_path) as emulator:
        s3 = emulator.client("s3")
        s3.create_bucket(Bucket="papers")
        s3.put_object(Bucket="papers", Key="label.pdf", Body=b"old")
        with no_file_longer_than(emulator, 64 * 1024):
            with pytest.raises(ClientError, match=r"could not be written"):
                s3.put_object(Bucket="papers", Key="label.pdf", Body=bytes(100 * 1024))
            assert s3.get_object(Bucket="papers", Key="label.pdf")["Body"].read() == b"old"
        emulator.kill()
    with Emulator(tmp_path) as emulator:
        assert emulator.client("s3").get_object(Bucket="papers", Key="label.pdf")["Body"].read() == b"old"
        assert not list((tmp_path / "s3").rglob("*.tmp"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MiB of its own; only root may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk can only be mounted by root")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk_refuses_changes_is_read_all_the_same_and_goes_on_when_it_has_room(small_disk: Path) -> None:
    with Emulator(small_disk) as emulator:
        make_table(emulator)
        ssm = emulator.client("ssm")
        put(emulator, "kept")
        filler = small_disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(64 * 1024))
        for change in (
            lambda: put(emulator, "refused"),
            lambda: ssm.put_parameter(Name="/refused", Value="v", Type="String"),
            lambda: emulator.client("s3").create_bucket(Bucket="refused"),
        ):
            with pytest.raises(ClientError, match=r"is full: nothing was changed"):
                change()
        assert names(emulator) == ["kept"]
        filler.unlink()
        put(emulator, "later")
        emulator.kill()
    with Emulator(small_disk) as emulator:
        assert names(emulator) == ["kept", "later"]
        assert emulator.client("ssm").describe_parameters()["Parameters"] == []
