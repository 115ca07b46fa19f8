"""What the template is made of: types that the embedded stack creates, the table, the bucket, the API, the logs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

from shipby.adapters.ozon import assumptions
from shipby.domain.evidence.files import INCOMING, KEPT_DAYS
from tests.infra.sam_template import environment, events, functions, properties, resources, target, template

# What this template may use. The emulator rejects a whole template for one unknown type, so each must be among those
# its CloudFormation service has a provisioner for (`_RESOURCE_HANDLERS`); a test below compares with what is installed.
ALLOWED = {
    "AWS::CloudFormation::Stack",
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::Serverless::Function",
    "AWS::Serverless::HttpApi",
    "AWS::Serverless::LayerVersion",
}
# What SAM makes of its own types and of the events used here (SAM specification, "Generated CloudFormation resources").
MADE_BY_SAM = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Scheduler::Schedule",
}


def test_the_template_uses_only_resource_types_of_the_list() -> None:
    used = {resource["Type"] for resource in template()["Resources"].values()}
    assert used <= ALLOWED, f"not in the list: {sorted(used - ALLOWED)}"
    assert used == ALLOWED, f"nothing uses {sorted(ALLOWED - used)}"


def test_the_embedded_stack_creates_every_type_of_the_list() -> None:
    plain = {kind for kind in ALLOWED if not kind.startswith("AWS::Serverless::")} | MADE_BY_SAM
    assert sorted(plain - set(_RESOURCE_HANDLERS)) == []


def test_events_are_of_the_kinds_whose_generated_types_are_listed() -> None:
    kinds = {event["Type"] for function in functions().values() for event in function.get("Events", {}).values()}
    assert kinds == {"SQS", "DynamoDB", "HttpApi", "ScheduleV2"}


# ---- table


def test_all_three_indexes_stand_with_their_keys_and_what_they_carry() -> None:
    found = {
        index["IndexName"]: (
            [(key["AttributeName"], key["KeyType"]) for key in index["KeySchema"]],
            index["Projection"]["ProjectionType"],
        )
        for index in properties("Table")["GlobalSecondaryIndexes"]
    }
    assert found == {
        "alarms": ([("AK", "HASH"), ("AS", "RANGE")], "KEYS_ONLY"),
        "work": ([("WK", "HASH"), ("WS", "RANGE")], "INCLUDE"),
        "days": ([("DK", "HASH"), ("DS", "RANGE")], "KEYS_ONLY"),
    }


def test_the_table_is_encrypted_recoverable_and_outlives_the_stack() -> None:
    table = properties("Table")
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert template()["Resources"]["Table"]["DeletionPolicy"] == "Retain"
    assert template()["Resources"]["Table"]["UpdateReplacePolicy"] == "Retain"


# ---- bucket


def test_documents_are_private_encrypted_and_gone_after_their_time_by_the_folder_they_lie_in() -> None:
    bucket = properties("DocumentBucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert {rule["Status"] for rule in rules} == {"Enabled"}
    lives = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    papers = dict.fromkeys(("labels/", "prints/", "aside/", "carriages/"), 30)
    evidence = {f"evidence/{days}/": days for days in KEPT_DAYS}
    # A rule without a folder would take evidence away with everything else: the shortest that fits wins.
    assert lives == {"personal/": 1, f"{INCOMING}/": 1, **papers, **evidence}
    (others,) = [rule for rule in rules if "ExpirationInDays" not in rule]
    assert others["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_documents_are_served_over_tls_only() -> None:
    (statement,) = properties("DocumentBucketPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(statement["Resource"]) == 2  # the bucket and its objects


def test_only_the_stage_local_goes_without_the_tls_only_policies() -> None:
    assert template()["Conditions"]["TlsOnly"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "local"]}]}
    assert template()["Parameters"]["Stage"]["Default"] != "local"
    conditional = {name for name, each in template()["Resources"].items() if each.get("Condition") == "TlsOnly"}
    assert conditional == {"DocumentBucketPolicy", "QueuesTlsPolicy", "Operations"}


# ---- HTTP API


def test_the_access_log_records_the_route_key_and_never_the_path() -> None:
    log_format = properties("HttpApi")["AccessLogSettings"]["Format"]
    assert "$context.routeKey" in log_format
    for telling in ("$context.path", "$context.customDomain", "requestOverride", "$context.authorizer.error_detail"):
        assert telling not in log_format
    assert "path" not in log_format.lower()
    assert json.loads(log_format)["route"] == "$context.routeKey"


def test_the_routes_are_those_of_the_design_and_only_these_need_no_key() -> None:
    routes = {
        f"{event['Method']} {event['Path']}": (function, event.get("Auth", {}).get("Authorizer", "ApiKeys"))
        for function, _, event in events("HttpApi")
    }
    assert routes == {
        "POST /ozon/push/{token}": ("OrderWebhook", "NONE"),
        # The signature of a tracking service is checked by the function.
        "POST /tracking/push/{seller}": ("Tracking", "NONE"),
        "GET /v1/health": ("SellerApi", "NONE"),
        "GET /v1/openapi.json": ("SellerApi", "NONE"),
        # The console knows people by their session.
        "ANY /console": ("Console", "NONE"),
        "ANY /console/{proxy+}": ("Console", "NONE"),
        "ANY /v1/{proxy+}": ("SellerApi", "ApiKeys"),
    }


def test_the_authorizer_decides_by_the_authorization_header_and_is_asked_again_after_a_minute() -> None:
    auth = properties("HttpApi")["Auth"]
    assert auth["DefaultAuthorizer"] == "ApiKeys"
    authorizer = auth["Authorizers"]["ApiKeys"]
    assert target(authorizer["FunctionArn"]) == "Authorizer"
    assert authorizer["Identity"] == {"Headers": ["Authorization"], "ReauthorizeEvery": 60}
    assert (authorizer["AuthorizerPayloadFormatVersion"], authorizer["EnableSimpleResponses"]) == ("2.0", True)


def test_pushes_get_more_room_than_the_rest_of_the_api() -> None:
    api = properties("HttpApi")
    push = api["RouteSettings"]["POST /ozon/push/{token}"]
    assert push["ThrottlingRateLimit"] > api["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert push["ThrottlingBurstLimit"] > api["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0


# ---- functions


@pytest.mark.parametrize("name", functions())
def test_every_function_logs_to_a_group_that_forgets(name: str) -> None:
    group = target(functions()[name]["LoggingConfig"]["LogGroup"])
    assert group == f"{name}Logs"
    assert properties(group)["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_the_access_log_forgets_too() -> None:
    assert properties("AccessLogs")["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_no_function_reserves_concurrency_least_of_all_the_webhook() -> None:
    # A refused push (429) counts against the seller's push health.
    assert [name for name, function in functions().items() if "ReservedConcurrentExecutions" in function] == []


@pytest.mark.parametrize("name", functions())
def test_every_function_runs_traced_on_the_runtime_that_is_tested(name: str) -> None:
    function = functions()[name]
    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
    assert function["Tracing"] == "Active"
    # Memory buys processor: the sweep and the drawing of labels are bound by it.
    assert function["MemorySize"] == (1769 if name in ("DeadlineSweep", "LabelGeneration") else 512)
    assert [target(layer) for layer in function["Layers"]] == ["CommonLayer"]


def test_timeouts_are_short_where_somebody_waits_and_scheduled_runs_do_not_overlap() -> None:
    special = {
        "OrderWebhook": 5,
        "Authorizer": 5,
        "SellerApi": 29,
        "Console": 29,
        "LabelGeneration": 120,
        "MarketplacePoll": 240,
        "Webhooks": 300,  # what waited for a day goes in as few runs as can be
    }
    special |= {"Refunds": 120, "Tracking": 120, "PostingSync": 25}  # see below, and test_template_asynchronous.py
    assert {name: function["Timeout"] for name, function in functions().items()} == {
        name: special.get(name, 30) for name in functions()
    }


def test_whoever_claims_an_intent_has_time_for_its_reads_its_call_and_reading_back() -> None:
    read = assumptions.READ_BUDGET_SECONDS + assumptions.READ_SECONDS  # the last attempt begins within the budget
    call = assumptions.CONNECT_SECONDS + assumptions.READ_SECONDS
    slowest = 3 * read + call  # the posting, the cancel reasons, and reading back
    assert all(functions()[name]["Timeout"] > slowest for name in ("Refunds", "Tracking"))


@pytest.mark.parametrize("name", functions())
def test_every_function_names_itself_in_its_logs(name: str) -> None:
    variables = environment(name)
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == {"Fn::Sub": "Shipby/${Stage}"}  # two stages of an account
    assert variables["POWERTOOLS_SERVICE_NAME"].replace("-", "") == name.lower()


def test_every_queue_can_be_found_by_an_output() -> None:
    outputs: dict[str, Any] = template()["Outputs"]
    shown = {target(output["Value"]) for output in outputs.values() if "Ref" in output["Value"]}
    assert set(resources("AWS::SQS::Queue")) | {"Table", "EventBus", "DocumentBucket"} <= shown
    assert "ApiUrl" in outputs
