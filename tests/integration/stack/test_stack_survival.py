"""Restarts, kills, locks and broken folders."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shipby_local.stack import (
    DataFolderBrokenError,
    DataFolderLockedError,
    Emulator,
    PortTakenError,
    Stack,
    TemplateError,
    stop_running,
)
from tests.integration.stack.shop_help import put_rows, shop_settings, times_done
from tests.support.waiting import LONGEST, eventually

pytestmark = pytest.mark.stack


def test_after_a_kill_without_warning_data_is_there_and_the_pump_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    settings = shop_settings(tmp_path)
    with Stack(settings) as stack:
        put_rows(stack, "kept")
        stack.drain(LONGEST)
        stack.client("s3").put_object(Bucket=stack.resources["Bucket"], Key="label.pdf", Body=b"%PDF")
        stack.client("ssm").put_parameter(Name="/shop/key", Value="s", Type="SecureString")
        stack.pump.stop()
        put_rows(stack, "unread-1", "unread-2", "unread-3")
        first_endpoint = stack.aws_endpoint
        assert stack.is_alive()
        stack.kill()
        assert not stack.is_alive()
    steps: list[str] = []
    with Stack(shop_settings(tmp_path, progress=steps.append)) as stack:
        assert stack.restarted
        assert "The deployed stack is up to date." in steps
        assert stack.aws_endpoint == first_endpoint
        assert (
            stack.client("s3").get_object(Bucket=stack.resources["Bucket"], Key="label.pdf")["Body"].read() == b"%PDF"
        )
        assert stack.client("ssm").get_parameter(Name="/shop/key", WithDecryption=True)["Parameter"]["Value"] == "s"
        stack.drain(LONGEST)
        assert all(times_done(stack, f"unread-{number}") for number in (1, 2, 3))
        assert times_done(stack, "kept")
        assert stack.pump.delivered == 3


def test_changed_function_and_layer_code_is_deployed_on_the_next_start_and_data_stays(
    tmp_path: Path, own_template: Path
) -> None:
    with Stack(shop_settings(tmp_path, template=own_template)) as stack:
        assert stack.invoke("Echo", {}).payload["layer_version"] == "one"
        put_rows(stack, "old")
        stack.drain(LONGEST)
    layer = own_template.parent / "layer" / "shoplib" / "store.py"
    layer.write_text(layer.read_text().replace('"one"', '"two"'))
    sweep = own_template.parent / "sweep" / "handler.py"
    sweep.write_text("def handler(event, context):\n    return 'new code'\n")
    with Stack(shop_settings(tmp_path, template=own_template)) as stack:
        assert stack.invoke("Echo", {}).payload["layer_version"] == "two"
        assert stack.invoke("Sweep", {}).payload == "new code"
        assert times_done(stack, "old")


def test_an_emulator_on_another_port_still_serves_the_same_queues(tmp_path: Path) -> None:
    with Emulator(tmp_path) as emulator:
        old = emulator.client("sqs").create_queue(QueueName="work")["QueueUrl"]
        emulator.client("sqs").send_message(QueueUrl=old, MessageBody="kept")
    with Emulator(tmp_path) as emulator:
        assert str(emulator.port) not in old
        [message] = emulator.client("sqs").receive_message(QueueUrl=old)["Messages"]
        assert message["Body"] == "kept"


def test_stream_records_and_their_order_survive_a_restart(tmp_path: Path) -> None:
    with Emulator(tmp_path) as emulator:
        dynamodb = emulator.client("dynamodb")
        arn = dynamodb.create_table(
            TableName="rows",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]["LatestStreamArn"]
        for name in ("a", "b"):
            dynamodb.put_item(TableName="rows", Item={"PK": {"S": name}})
    with Emulator(tmp_path) as emulator:
        emulator.client("dynamodb").put_item(TableName="rows", Item={"PK": {"S": "c"}})
        streams = emulator.client("dynamodbstreams")
        [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = [record["dynamodb"] for record in streams.get_records(ShardIterator=iterator)["Records"]]
    assert [record["Keys"]["PK"]["S"] for record in records] == ["a", "b", "c"]
    numbers = [record["SequenceNumber"] for record in records]
    assert numbers == sorted(set(numbers))


def test_a_folder_of_a_running_stack_is_refused_and_that_stack_can_be_stopped_from_outside(tmp_path: Path) -> None:
    program = (
        "import signal, sys, threading\n"
        "from pathlib import Path\n"
        "from shipby_local.stack import Stack\n"
        "from tests.integration.stack.shop_help import shop_settings\n"
        "done = threading.Event()\n"
        "signal.signal(signal.SIGTERM, lambda *_: done.set())\n"
        "with Stack(shop_settings(Path(sys.argv[1]))) as stack:\n"
        "    print(stack.api_url, flush=True)\n"
        "    done.wait()\n"
    )
    other = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        with other.stdout as output:
            assert output.readline().startswith("http://127.0.0.1:")
            with pytest.raises(DataFolderLockedError, match=rf"process {other.pid}\).*shipby down"):
                Stack(shop_settings(tmp_path)).start()
            assert stop_running(tmp_path / "data") is True
            assert other.wait(LONGEST) == 0
    finally:
        if other.poll() is None:
            other.kill()
            other.wait()
    assert stop_running(tmp_path / "data") is False
    with Stack(shop_settings(tmp_path)) as stack:
        assert stack.restarted


def test_an_emulator_whose_owner_was_killed_saves_ends_and_frees_the_folder(tmp_path: Path) -> None:
    program = (
        "import signal, sys\n"
        "from pathlib import Path\n"
        "from shipby_local.stack import Emulator\n"
        "emulator = Emulator(Path(sys.argv[1])).start()\n"
        "emulator.client('sqs').create_queue(QueueName='kept')\n"
        "print(emulator.pid, flush=True)\n"
        "signal.pause()\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner.stdout as output:
        output.readline()
        owner.send_signal(signal.SIGKILL)
        owner.wait()

    def restarted() -> bool:
        try:
            with Emulator(tmp_path) as emulator:
                assert len(emulator.client("sqs").list_queues()["QueueUrls"]) == 1
        except DataFolderLockedError:
            return False
        return True

    eventually(restarted)


def test_a_broken_snapshot_stops_the_start_instead_of_losing_its_data(tmp_path: Path) -> None:
    with Emulator(tmp_path) as emulator:
        emulator.client("sqs").create_queue(QueueName="work")
    saved = tmp_path / "state" / "current" / "sqs.json"
    saved.write_text(saved.read_text()[:-20])
    with pytest.raises(DataFolderBrokenError, match=r"cannot be read back.*Restore the folder"):
        Emulator(tmp_path).start()
    saved.unlink()
    with pytest.raises(DataFolderBrokenError, match=r"sqs\.json"):
        Emulator(tmp_path).start()


def test_a_data_folder_that_is_a_file_or_holds_nonsense_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderBrokenError, match=r"cannot be used"):
        Emulator(tmp_path / "file").start()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "deployment.json").write_text("{")
    with pytest.raises(DataFolderBrokenError, match=r"deployment\.json cannot be read"):
        Stack(shop_settings(tmp_path)).start()


def test_a_taken_port_stops_the_start_and_leaves_nothing_locked(tmp_path: Path) -> None:
    with Emulator() as other:
        with pytest.raises(PortTakenError, match=str(other.port)):
            Stack(shop_settings(tmp_path, api_port=other.port)).start()
        with pytest.raises(PortTakenError, match=str(other.port)):
            Emulator(tmp_path / "data", port=other.port).start()
    assert stop_running(tmp_path / "data") is False


def test_cloudformations_own_reason_is_told_when_it_refuses_the_template(tmp_path: Path, own_template: Path) -> None:
    text = own_template.read_text()
    own_template.write_text(text.replace("Resources:", "Resources:\n  Odd: { Type: AWS::Unknown::Thing }", 1))
    with pytest.raises(TemplateError, match=r"AWS::Unknown::Thing"):
        Stack(shop_settings(tmp_path, template=own_template)).start()
    own_template.write_text(text)
    with Stack(shop_settings(tmp_path, template=own_template)) as stack:
        assert stack.outputs["BusName"] == "shop-local"
        assert not stack.restarted
