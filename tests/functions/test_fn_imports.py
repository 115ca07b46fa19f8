"""What a cold start loads. Budgets by count: who raises one says why, for every new process of the function pays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pytest

from tests.infra.sam_template import ROOT, functions

HEAVY = {
    "pydantic",
    "aws_lambda_powertools",
    "boto3",
    "s3transfer",
    "urllib3",
    "requests",
    "apprise",
    "pikepdf",
    "pypdfium2",
    "reportlab",
    "zint",
    "zxingcpp",
    "asyncio",
    "ipaddress",
}
WORKER = {"aws_lambda_powertools", "urllib3", "asyncio", "ipaddress"}


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that importing a handler may load: heavy libraries, our own modules, dataclasses of ours."""

    heavy: set[str]
    modules: int
    dataclasses: int


BUDGETS: Mapping[str, Budget] = {
    # Every reader of settings has the module and the two dataclasses of the seller's check rules, two rules of the
    # bench, and what is done with buyers' messages. Each store has a dataclass of what it writes: of the data of single
    # pieces, of a purchase, of all other rows of the bench, of people, keys and sessions (with a module of their
    # reads), four of goods, two of what is for sale; two more stand beside the product card. Two modules are what the
    # store reads of goods, and whether a posting wants any; what reserves is loaded for shops that keep stock alone.
    "order_webhook.handler": Budget(set(), 35, 12),
    # Whose key it is, and sessions: the person behind either is read as well.
    "authorizer.handler": Budget(set(), 41, 13),
    "deadline_sweep.handler": Budget(WORKER, 46, 20),
    "deadline_sweep.worker": Budget(WORKER, 214, 175),
    # Who has webhooks, and which events they get.
    "stream_router.handler": Budget(WORKER, 74, 46),
    "posting_sync.handler": Budget(WORKER, 206, 190),
    "marketplace_poll.handler": Budget(WORKER, 289, 256),
    "tracking.handler": Budget(WORKER, 224, 193),
    "refunds.handler": Budget(WORKER, 224, 193),
    "notifications.handler": Budget(WORKER, 196, 171),
    "webhooks.handler": Budget(WORKER, 137, 117),
    "label_generation.handler": Budget(WORKER, 257, 228),
    "seller_api.handler": Budget({*WORKER, "pydantic"}, 99, 100),
    # What pages show of many subjects; no pydantic, no catalogues but their compiled files.
    "console.handler": Budget(WORKER, 107, 102),
}
_OWN = {"order_webhook.handler": {"errors", "events", "json_types", "money", "postings.inbox", "postings.push"}} | {
    "authorizer.handler": {
        "errors",
        "events",
        "json_types",
        "money",
        "people.person",
        "people.session",
        "sellers.keys",
    },
    "deadline_sweep.handler": {"alarm", "errors", "events", "json_types", "postings.posting", "money"},
}
"""Of the three that somebody waits for: all that they load of the domain."""

_COUNT = """
import dataclasses, json, sys
made = []
of_dataclasses = dataclasses._process_class
def counted(cls, *rest, **named):
    made.append(cls.__module__.partition(".")[0])
    return of_dataclasses(cls, *rest, **named)
dataclasses._process_class = counted
import functions.MODULE
json.dump({"modules": sorted(sys.modules), "dataclasses": made}, sys.stdout)
"""


def _python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "layers/common/src")))
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths, **environment},
    )


@cache
def _loaded(module: str) -> tuple[set[str], int]:
    """The modules that importing a handler loads, and how many dataclasses of ours it makes."""
    done = _python(_COUNT.replace("MODULE", module))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    return set(said["modules"]), sum(owner in ("shipby", "functions") for owner in said["dataclasses"])


def test_every_function_has_a_budget() -> None:
    handlers = {each["Handler"].removeprefix("functions.").removesuffix(".handler") for each in functions().values()}
    assert set(BUDGETS) == handlers


@pytest.mark.parametrize("module", BUDGETS)
def test_importing_a_handler_loads_no_heavy_library_that_it_does_not_need(module: str) -> None:
    assert _loaded(module)[0] & HEAVY <= BUDGETS[module].heavy


@pytest.mark.parametrize("module", BUDGETS)
def test_importing_a_handler_stays_within_its_modules_and_dataclasses(module: str) -> None:
    loaded, dataclasses = _loaded(module)
    own = [name for name in loaded if name.partition(".")[0] in ("shipby", "functions")]
    assert (len(own) <= BUDGETS[module].modules, dataclasses <= BUDGETS[module].dataclasses) == (True, True), (
        f"{len(own)} modules, {dataclasses} dataclasses"
    )


@pytest.mark.parametrize("module", _OWN)
def test_who_is_waited_for_loads_its_own_types_alone(module: str) -> None:
    loaded = _loaded(module)[0]
    domain = {name.removeprefix("shipby.domain.") for name in loaded if name.startswith("shipby.domain.")}
    packages = {name for name in domain if any(other.startswith(f"{name}.") for other in domain)}
    assert domain - packages == _OWN[module]


def test_importing_a_handler_needs_no_environment_and_says_what_is_missing_when_it_runs() -> None:
    done = _python("import functions.posting_sync.handler as f; f.parts()")
    assert done.returncode != 0
    assert "TABLE_NAME is missing, SYNC_QUEUE_URL is missing" in done.stderr


_STANDS = """
from shipby.adapters.aws import clients
import functions.MODULE
print(*(name for name in ("dynamodb", "sqs", "events", "ssm", "s3") if getattr(clients, name).cache_info().currsize))
"""
_ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    **dict.fromkeys(("TABLE_NAME", "EVENT_BUS_NAME", "DOCUMENT_BUCKET", "PARAMETER_PREFIX", "OZON_BASE_URL"), "x"),
    "WEBHOOK_PARAMETERS": "x",
    **{
        f"{queue}_QUEUE_URL": "https://sqs.invalid/q"
        for queue in ("SYNC", "LABEL", "INTENT", "TRACKING", "NOTIFY", "WEBHOOK", "ALARM", "COPY")
    },
}


@pytest.mark.parametrize("module", BUDGETS)
def test_lambda_finds_the_client_of_every_invocation_made_before_the_first(module: str) -> None:
    done = _python(_STANDS.replace("MODULE", module), **_ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == (["dynamodb", *(("sqs", "events") if module == "stream_router.handler" else ())])


def test_elsewhere_importing_a_function_makes_no_client() -> None:
    without = {name: value for name, value in _ENVIRONMENT.items() if name != "AWS_LAMBDA_INITIALIZATION_TYPE"}
    done = _python(_STANDS.replace("MODULE", "order_webhook.handler"), **without)
    assert (done.returncode, done.stdout.split()) == (0, [])
