"""What functions can see of the machine, and who can reach the stack."""

import os
import sys
from pathlib import Path

import pytest

from shipby_local.stack import Stack
from tests.support.waiting import eventually

pytestmark = pytest.mark.stack


def test_functions_run_the_deployed_code_and_layer_not_the_source_tree(shop: Stack) -> None:
    seen = shop.invoke("Echo", {}).payload
    data = str(shop.settings.data_dir)
    assert seen["code"].startswith(data)
    assert seen["code"].endswith("functions/echo/handler.py")
    assert seen["layer"].startswith(data)
    assert seen["layer"].endswith("python/shoplib/store.py")


def test_a_secret_of_the_callers_environment_is_not_visible_to_functions(shop: Stack) -> None:
    environment = shop.invoke("Echo", {}).payload["environment"]
    assert "hunter2" not in environment.values()
    assert not {"COMPANY_SECRET", "AWS_PROFILE", "HTTP_PROXY"} & set(environment)
    assert (environment["GIVEN"], environment["STAGE"]) == ("on purpose", "local")
    assert environment["AWS_ENDPOINT_URL"] == shop.aws_endpoint


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the kernel's list of open ports, Linux only")
def test_the_stack_listens_on_the_loopback_address_only(shop: Stack) -> None:
    ports = {int(url.rsplit(":", 1)[1]) for url in (shop.api_url, shop.aws_endpoint)}
    listening: dict[int, set[str]] = {}
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            address, port = local.split(":")
            if state == "0A" and int(port, 16) in ports:
                listening.setdefault(int(port, 16), set()).add(address)
    assert listening == {port: {"0100007F"} for port in ports}


def test_the_data_folder_is_closed_to_other_users(shop: Stack) -> None:
    assert os.stat(shop.settings.data_dir).st_mode & 0o777 == 0o700


def test_a_scheduled_function_also_runs_on_the_local_timer(shop: Stack) -> None:
    key = {"PK": {"S": "SWEEP"}, "SK": {"S": "runs"}}

    def runs() -> int:
        row = shop.client("dynamodb").get_item(TableName=shop.outputs["TableName"], Key=key).get("Item")
        return int(row["times"]["N"]) if row else 0

    before = runs()
    eventually(lambda: runs() >= before + 2)
    schedule = shop.client("scheduler").get_schedule(Name="SweepEveryMinute")
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
