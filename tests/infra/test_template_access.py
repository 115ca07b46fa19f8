"""Who may do what: one role per function, exact resources, and the refusals that the design promises."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase

import pytest

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.webhooks.listening import LISTENERS
from shipby.domain.events import pool_aggregate
from shipby.domain.evidence.files import ENDINGS, KEPT_DAYS, file_key, pack_key
from tests.infra.sam_template import environment, functions, granted, grants, listed, properties, target, text

# Each resource that holds a `*`, with the reason why it cannot be narrower.
OPEN_ENDED = {
    ("TracingPolicy", "*"): "X-Ray's two actions know no resources",
    ("StreamRouterRole", "*"): "dynamodb:ListStreams knows no resources",
    ("LabelGenerationRole", "${DocumentBucket.Arn}/*"): "objects are named after their content",
    **{
        ("LabelGenerationRole", f"${{DocumentBucket.Arn}}/{folder}/*"): "objects are named after their content"
        for folder in ("labels", "prints", "personal", "aside", "carriages", "evidence/*/packs")
    },
    ("SellerApiRole", "${DocumentBucket.Arn}/*"): "objects are named after their content",
    **{
        ("ConsoleRole", f"${{DocumentBucket.Arn}}/{folder}/*"): "objects are named after their content"
        for folder in ("labels", "personal")
    },
    ("SellerApiRole", "${DocumentBucket.Arn}/evidence/*"): "objects are named when they are announced",
    ("SellerApiRole", "${DocumentBucket.Arn}/evidence/incoming/*"): "objects are named when they are announced",
    **{
        (f"{function}Role", f"{prefix}/sellers/*/{name}"): "sellers are added while the system runs"
        for prefix in ("arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/shipby/${Stage}",)
        for function, name in (
            ("PostingSync", "ozon"),
            ("MarketplacePoll", "ozon"),
            ("LabelGeneration", "ozon"),
            ("Refunds", "ozon"),
            ("Tracking", "ozon"),
            ("Tracking", "17track"),
            ("Notifications", "ozon"),
            ("Notifications", "channels"),
            ("Webhooks", "webhooks/*"),
            ("SellerApi", "webhooks/*"),
        )
    },
}
READ_WRITE = {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"}
# What each function may do with the table itself, and with which index.
TABLE_ACCESS: dict[str, tuple[set[str], set[str]]] = {
    "OrderWebhook": ({"GetItem", "PutItem"}, set()),
    "StreamRouter": ({"Query"}, set()),
    "Webhooks": ({"GetItem", "Query", "PutItem", "DeleteItem", "BatchWriteItem"}, {"work", "days"}),
    "PostingSync": (READ_WRITE, set()),
    "MarketplacePoll": (READ_WRITE, {"days", "work"}),
    "DeadlineSweep": (set(), {"alarms"}),
    "AlarmWorker": (READ_WRITE, {"work"}),
    "LabelGeneration": (READ_WRITE, set()),
    "Refunds": (READ_WRITE, set()),
    "Tracking": (READ_WRITE, set()),
    "Notifications": (READ_WRITE, set()),
    "SellerApi": (READ_WRITE, {"work", "days"}),
    "Authorizer": ({"GetItem"}, set()),
    "Console": (READ_WRITE, {"work", "days"}),
}
QUEUE_OF_VARIABLE = {
    f"{name.upper()}_QUEUE_URL": f"{name}Queue"
    for name in ("Sync", "Alarm", "Label", "Intent", "Tracking", "Notify", "Copy", "Webhook")
}


@pytest.mark.parametrize("name", functions())
def test_every_function_has_a_role_of_its_own(name: str) -> None:
    assert target(functions()[name]["Role"]) == f"{name}Role"


def test_no_role_and_no_policy_is_open_ended_except_where_it_cannot_be_narrower() -> None:
    assert {(grant.holder, grant.resource) for grant in grants() if "*" in grant.resource} == set(OPEN_ENDED)


def test_an_open_resource_is_granted_for_the_actions_that_need_it_and_no_others() -> None:
    assert {grant.action for grant in grants() if grant.resource == "*"} == {
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "dynamodb:ListStreams",
    }


def test_no_action_is_a_pattern() -> None:
    assert [grant for grant in grants() if "*" in grant.action] == []


@pytest.mark.parametrize("name", functions())
def test_a_function_may_do_with_the_table_and_its_indexes_what_its_job_needs_and_no_more(name: str) -> None:
    actions, indexes = TABLE_ACCESS[name]
    expected = {(f"dynamodb:{action}", "Table.Arn") for action in actions}
    expected |= {("dynamodb:Query", f"${{Table.Arn}}/index/{index}") for index in indexes}
    if name == "StreamRouter":
        expected |= {
            (f"dynamodb:{action}", "Table.StreamArn") for action in ("DescribeStream", "GetRecords", "GetShardIterator")
        }
        expected.add(("dynamodb:ListStreams", "*"))
    assert granted(name, "dynamodb:") == expected


def test_whoever_reads_documents_is_told_that_one_has_expired_instead_of_being_refused() -> None:
    # Amazon S3 API, GetObject: without s3:ListBucket a missing object is 403 AccessDenied, which looks like a fault.
    assert granted("LabelGeneration", "s3:") == {
        ("s3:GetObject", "${DocumentBucket.Arn}/*"),
        *(
            ("s3:PutObject", f"${{DocumentBucket.Arn}}/{folder}/*")
            for folder in ("labels", "prints", "personal", "aside", "carriages", "evidence/*/packs")
        ),
        *(
            ("s3:DeleteObject", f"${{DocumentBucket.Arn}}/{folder}/*")
            for folder in ("prints", "personal", "evidence/*/packs")
        ),
        ("s3:ListBucket", "DocumentBucket.Arn"),
    }
    # It only signs links, and must not learn what else there is.
    assert granted("SellerApi", "s3:") == {
        ("s3:GetObject", "${DocumentBucket.Arn}/*"),
        ("s3:PutObject", "${DocumentBucket.Arn}/evidence/*"),
        ("s3:DeleteObject", "${DocumentBucket.Arn}/evidence/incoming/*"),
        ("s3:ListBucket", "DocumentBucket.Arn"),
    }


def test_the_console_reads_labels_and_no_other_files() -> None:
    assert granted("Console", "s3:") == {
        ("s3:GetObject", "${DocumentBucket.Arn}/labels/*"),
        ("s3:GetObject", "${DocumentBucket.Arn}/personal/*"),
        ("s3:ListBucket", "DocumentBucket.Arn"),
    }
    assert granted("Console", "ssm:") == set()
    assert not {"PARAMETER_PREFIX", "OZON_BASE_URL"} & set(environment("Console"))


def test_no_role_deletes_a_file_of_a_chain_of_evidence() -> None:
    files = [
        file_key(days, "7", "24219509-0020-2", "0a1b2c", content_type) for days in KEPT_DAYS for content_type in ENDINGS
    ]
    deleting = [grant for grant in grants() if grant.action.startswith("s3:Delete")]
    patterns = {grant.resource.removeprefix("${DocumentBucket.Arn}/") for grant in deleting}
    assert patterns == {"personal/*", "prints/*", "evidence/*/packs/*", "evidence/incoming/*"}
    assert [key for key in files for pattern in patterns if fnmatchcase(key, pattern)] == []
    assert fnmatchcase(pack_key(30, "7", "0a1b2c", "application/pdf"), "evidence/*/packs/*")


def test_whoever_writes_a_file_finds_its_folder_among_those_with_an_end() -> None:
    ends = {
        rule["Prefix"] for rule in properties("DocumentBucket")["LifecycleConfiguration"]["Rules"] if "Prefix" in rule
    }
    written = {
        grant.resource.partition("Arn}/")[2].partition("/")[0] for grant in grants() if grant.action == "s3:PutObject"
    }
    assert {prefix.partition("/")[0] for prefix in ends} == written


def test_only_the_sweep_reads_the_alarms_of_all_sellers() -> None:
    assert {grant.holder for grant in grants() if grant.resource.endswith("/index/alarms")} == {"DeadlineSweepRole"}


def test_the_sellers_api_never_gets_the_marketplaces_keys_nor_its_address() -> None:
    # Secrets of webhooks it writes, and never reads.
    assert {(action, place.partition("/sellers/")[2]) for action, place in granted("SellerApi", "ssm:")} == {
        ("ssm:PutParameter", "*/webhooks/*"),
        ("ssm:DeleteParameter", "*/webhooks/*"),
    }
    assert not {"PARAMETER_PREFIX", "OZON_BASE_URL"} & set(environment("SellerApi"))


@pytest.mark.parametrize("name", functions())
def test_a_function_gets_the_marketplaces_address_exactly_if_it_may_read_its_keys(name: str) -> None:
    reads_keys = any(place.endswith("/ozon") for _, place in granted(name, "ssm:"))
    assert reads_keys == ("OZON_BASE_URL" in environment(name)) == ("PARAMETER_PREFIX" in environment(name))


@pytest.mark.parametrize("name", functions())
def test_a_function_knows_the_address_of_a_queue_exactly_if_it_may_use_it(name: str) -> None:
    usable = {place for _, place in granted(name, "sqs:") if place.endswith("Queue.Arn")}
    assert usable == {f"{queue}.Arn" for variable, queue in QUEUE_OF_VARIABLE.items() if variable in environment(name)}


@pytest.mark.parametrize(
    ("variable", "prefix"), [("TABLE_NAME", "dynamodb:"), ("DOCUMENT_BUCKET", "s3:"), ("EVENT_BUS_NAME", "events:")]
)
def test_a_function_knows_a_resource_exactly_if_it_may_use_it(variable: str, prefix: str) -> None:
    knowing = {name for name in functions() if variable in environment(name)}
    assert knowing == {name for name in functions() if granted(name, prefix)}


@pytest.mark.parametrize("name", functions())
def test_a_function_writes_to_its_own_log_group_only(name: str) -> None:
    assert granted(name, "logs:") == {
        ("logs:CreateLogStream", f"{name}Logs.Arn"),
        ("logs:PutLogEvents", f"{name}Logs.Arn"),
    }


def test_the_scheduler_may_start_the_two_scheduled_functions_only() -> None:
    started = {grant.resource for grant in grants() if grant.action == "lambda:InvokeFunction"}
    assert started == {"DeadlineSweep.Arn", "MarketplacePoll.Arn"}
    assert {grant.holder for grant in grants() if grant.action == "lambda:InvokeFunction"} == {"SchedulerRole"}


@pytest.mark.parametrize("name", [*functions(), "Scheduler"])
def test_a_role_is_taken_on_by_its_own_service_only(name: str) -> None:
    (statement,) = properties(f"{name}Role")["AssumeRolePolicyDocument"]["Statement"]
    service = "scheduler.amazonaws.com" if name == "Scheduler" else "lambda.amazonaws.com"
    assert statement["Principal"] == {"Service": service}


@pytest.mark.parametrize("name", ["SellerApiRole", "ConsoleRole"])
def test_who_answers_people_deletes_nothing_of_the_table_that_has_a_history(name: str) -> None:
    policies = properties(name)["Policies"]
    statements = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
    [deleting] = [one for one in statements if "dynamodb:DeleteItem" in listed(one["Action"])]
    parts = ["FIND#*", "SELLER#*#POOL#*#FREE", "SELLER#*#POOL#*#USED", "SELLER#*#WAITING#*"]
    if name == "SellerApiRole":
        parts.append("WEBHOOKS")
    assert deleting["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": parts}}


ITEMS = {
    "settings": keys.settings("7").pk,
    "posting": keys.posting("7", "1-1-1").pk,
    "return": keys.return_case("7", "9").pk,
    "push": keys.inbox_pk("7", date(2026, 11, 30)),
    "pointer": keys.pointer("7", "barcode", "x").pk,
    "carrier": keys.carriers_pk("7"),
    "scan": keys.scans_pk("7", "RB123456785CN"),
    "mark of a pool": keys.pool_mark("7", "149", "01", used=True).pk,
    "waits for goods": keys.waiting_pk("7", "main"),
    "history of a pool": keys.aggregate_pk("7", pool_aggregate("main")),
    "calls": keys.calls("7", 1).pk,
    "sellers": keys.SELLERS,
    "push token": keys.push_token("0" * 64).pk,
    "API key": keys.api_key("0" * 16).pk,
    "session": keys.session("0" * 64).pk,
    "people": keys.people_pk("7"),
    "shops of a person": keys.account("0" * 16).pk,
    "health": keys.api_key("health").pk,
    "who has webhooks": LISTENERS,
    "lane of a webhook": "SELLER#7#HOOKLANE#0a1b",
    "state of a webhook": keys.watch("7", "webhook.0a1b").pk,
    "case": keys.case("7", "1").pk,
    "refused attempts": keys.console_failures("0" * 32, 1).pk,
}
"""A partition of every kind that a role may be kept from."""
_OF_SELLERS = {"settings", "posting", "return", "push", "pointer", "carrier", "scan", "people"} | {
    "mark of a pool",
    "waits for goods",
    "history of a pool",
    "lane of a webhook",
    "state of a webhook",
    "case",
}
_OF_ACCESS = {"API key", "health", "session", "shops of a person"}
_OF_WEBHOOKS = {"lane of a webhook", "state of a webhook", "case", "pointer"}
_WORKERS = ("PostingSync", "AlarmWorker", "LabelGeneration", "Refunds", "Tracking", "Notifications")
MAY_TOUCH: dict[tuple[str, str], set[str]] = {
    ("OrderWebhook", "GetItem"): {"push token"},
    ("StreamRouter", "Query"): {"who has webhooks"},
    **{("Webhooks", action): _OF_SELLERS | {"who has webhooks"} for action in ("GetItem", "Query")},
    **{("Webhooks", action): _OF_WEBHOOKS for action in ("PutItem", "DeleteItem", "BatchWriteItem")},
    ("OrderWebhook", "PutItem"): {"push"},
    ("Authorizer", "GetItem"): {"API key", "health", "session", "people"},
    **{(name, action): _OF_SELLERS for name in _WORKERS for action in READ_WRITE},
    **{("SellerApi", action): _OF_SELLERS for action in ("BatchGetItem", "ConditionCheckItem")},
    **{("MarketplacePoll", action): {*_OF_SELLERS, "sellers"} for action in READ_WRITE},
    ("SellerApi", "GetItem"): _OF_SELLERS | _OF_ACCESS,
    ("SellerApi", "PutItem"): _OF_SELLERS | _OF_ACCESS | {"who has webhooks"},
    ("SellerApi", "UpdateItem"): _OF_SELLERS | _OF_ACCESS | {"calls"},
    ("SellerApi", "Query"): _OF_SELLERS | {"who has webhooks"},
    ("SellerApi", "DeleteItem"): {"pointer", "mark of a pool", "waits for goods", "who has webhooks"},
    ("Console", "PutItem"): {*_OF_SELLERS, "API key", "health", "session"},
    ("Console", "UpdateItem"): {*_OF_SELLERS, "API key", "health", "session", "refused attempts"},
    **{("Console", action): _OF_SELLERS for action in ("BatchGetItem", "Query", "ConditionCheckItem")},
    ("Console", "GetItem"): {*_OF_SELLERS, "API key", "health", "session", "refused attempts"},
    ("Console", "DeleteItem"): {"pointer", "mark of a pool", "waits for goods"},
}
"""Items of the table by function and action; what is not named is refused. The operator alone makes push tokens."""


def _touches(name: str, action: str) -> set[str]:
    """As IAM decides: an item is within a statement if its partition is like one of the condition's patterns."""
    statements = [
        one for policy in properties(f"{name}Role")["Policies"] for one in policy["PolicyDocument"]["Statement"]
    ]
    found = set()
    for one in statements:
        if f"dynamodb:{action}" not in listed(one["Action"]) or "Table.Arn" not in map(text, listed(one["Resource"])):
            continue
        patterns = one.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", ["*"])
        found |= {item for item, pk in ITEMS.items() if any(fnmatchcase(pk, like) for like in patterns)}
    return found


@pytest.mark.parametrize("name", functions())
def test_a_role_reaches_items_of_its_job_by_their_key_and_no_others(name: str) -> None:
    actions = TABLE_ACCESS[name][0]
    assert {(name, action): _touches(name, action) for action in actions} == {
        (name, action): MAY_TOUCH[name, action] for action in actions
    }
