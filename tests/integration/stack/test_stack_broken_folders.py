"""Broken and foreign data folders are refused in words, and full disks refuse changes."""

import contextlib
import json
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from shipby_local.stack import Emulator
from shipby_local.stack.datafolder import DataFolder
from tests.integration.stack.durability_support import (
    contents,
    journal,
    killed_with_rows,
    make_table,
    names,
    put,
    refused,
    stream,
)

pytestmark = pytest.mark.stack


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
