"""Bad input: every refusal is a problem that says what to do. (The caller checks each one's form.)"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator, Mapping

import pytest

from functions.seller_api.operations import Operation
from functions.seller_api.problems import KINDS, problem_of
from functions.seller_api.routes import OPERATIONS
from shipby.application.ports.writes import SaveReturn
from shipby.domain import errors
from shipby.domain.errors import ShipbyError, StoreUnavailableError, VersionConflictError
from shipby.domain.sellers.keys import Role
from tests.functions.seller_api.api_support import OTHER, Caller, http_event
from tests.support import builders as a

PATH = f"/v1/postings/{a.NUMBER}"
OWNER = {"seller": a.SELLER, "role": "owner", "key_id": "k1"}
EXAMPLES = {"{number}": a.NUMBER, "{id}": "1", "{job}": "1"}
WITH_KEY = [operation for operation in OPERATIONS if operation.roles]


def example(operation: Operation) -> str:
    path = operation.path
    for name, value in EXAMPLES.items():
        path = path.replace(name, value)
    return path


# Who -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", WITH_KEY, ids=lambda operation: operation.id)
def test_no_operation_answers_without_the_authorizers_word(api: Caller, operation: Operation) -> None:
    reply = api.raw(http_event(operation.method, example(operation)))

    assert (reply.status, reply.code) == (401, "unauthorized")
    assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("context", [{}, {"seller": "s"}, {**OWNER, "role": "admin"}])
def test_a_context_that_is_not_whole_is_no_key(api: Caller, context: Mapping[str, str]) -> None:
    assert api.raw(http_event("GET", "/v1/postings", context=context)).status == 401


@pytest.mark.parametrize("operation", WITH_KEY, ids=lambda operation: operation.id)
def test_a_role_may_do_what_is_its_own_and_nothing_else(api: Caller, operation: Operation) -> None:
    for role in Role:
        reply = api.as_role(role).call(operation.method, example(operation), "not json")
        assert (reply.status == 403) == (role not in operation.roles), role


OWN = {"getMe", "setMyPin", "openSession", "closeSession", "switchShop"}
KEEPING = {"listPeople", "getPerson", "addPerson", "putPerson", "removePerson", "setPin", "giveBadge", "takeBadge"}
KEEPING |= {"listKeys", "makeKey", "rotateKey", "revokeKey"}


def test_the_roles_are_those_of_the_handbook() -> None:
    may = {role: {operation.id for operation in WITH_KEY if role in operation.roles} for role in Role}
    everything = {operation.id for operation in WITH_KEY}
    read_postings = {"listPostings", "getPosting", "listPostingEvents", "listTrackingNumbers"}
    labels = {"listPostingLabels", "listRefusedPages", "getPrintJob", "listPrints", "scanLabel"}
    labels |= {"listProducts", "getProduct", "getPicking", "getScans", "getExemplars"}
    labels |= {"listCarriages", "getCarriage", "getCarriageDifference"}
    ways = {"listCarriers", "getCarrier", "checkTrackingNumbers", "getPostingWay", "listSilentParcels"}
    numbers = {"setTrackingNumber", "importTrackingNumbers", "reportDelivery", "reportDeliveries", "importScans"}
    numbers |= {
        "correctPostingCarrier",
        "makeTrackingTicketFiles",
        "sendTrackingNumbers",
        "runTrackingJob",
        "cancelTrackingJob",
    }
    evidence = {"addEvidence", "completeEvidence"}
    bench = {f"{step}Posting" for step in ("confirm", "pick", "inspect", "pack", "handOver", "override", "unblock")} | {
        "printLabels",
        "overrideLabel",
        "putProduct",
        "enterExemplars",
        "printPickList",
        "scanItem",
        "resetScans",
        "requestCarriage",
        "closeDay",
        "scanParcel",
        "approveCarriage",
        "setCarriageContainers",
    }
    goods = {"scanReturn", "receiveReturn", "inspectReturn", "disposeReturn"}
    returns = goods | {"decideReturn", "exchangeReturn"}
    claims = {"openClaim", "answerClaim", "withdrawClaim"}
    clocks = {"startClock", "stopClock", "answerForBuyer"}
    replays = {"replayPosting", "replayReturn"}
    deadlines = {"listDeadlines", "getRisk", "askWhatIf"}

    assert may[Role.OWNER] == may[Role.MANAGER] == everything
    assert may[Role.STATION] == {"getMe", "openSession"}
    assert may[Role.INTEGRATION] == everything - KEEPING - {
        "getSettings",
        "putSettings",
        "settleIntent",
        "approveRefund",
        "rejectRefund",
        "approveTrackingNumber",
        "rejectTrackingNumber",
        *replays,
    }
    assert (
        may[Role.PACKER]
        == read_postings | labels | ways | evidence | {"listEvidence"} | bench | deadlines | goods | OWN
    )
    reads = {operation.id for operation in WITH_KEY if not operation.unsafe} - replays - KEEPING
    returns |= {"approveCancelRequest", "rejectCancelRequest"}
    evidence |= {"requestEvidencePack"}
    assert may[Role.SUPPORT] == (reads | returns | claims | evidence | clocks | numbers | ways | {"askWhatIf"} | OWN)


def test_a_refused_role_is_told_which_roles_may(api: Caller) -> None:
    reply = api.as_role("packer").get("/v1/returns")

    assert reply.code == "forbidden"
    assert "integration, manager, owner, support" in reply.body["detail"]


def test_a_seller_named_by_the_caller_never_matters(api: Caller) -> None:
    api.has_posting(a.posting(seller=OTHER))

    assert api.get(PATH).status == 404
    assert api.call("GET", PATH, headers={"seller": OTHER, "x-seller": OTHER}).status == 404
    assert api.call("GET", "/v1/postings", query={"seller": OTHER}).fields == ["seller"]
    assert api.post(f"{PATH}/confirm", {"seller": OTHER}).fields == ["seller"]


def test_a_cursor_of_another_seller_opens_nothing(api: Caller) -> None:
    other = api.as_seller(OTHER)
    for index in range(3):
        other.has_posting(a.posting(seller=OTHER, number=f"n{index}"))
        other.has(SaveReturn(a.return_case(seller=OTHER, id=f"r{index}")))
    for path in ("/v1/postings", "/v1/returns"):
        cursor = other.get(path, limit="1").body["next_cursor"]

        reply = api.get(path, cursor=cursor)

        assert (reply.status, reply.fields) == (400, ["cursor"])


# What ------------------------------------------------------------------------------------------------------------


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "%%%",
        "курсор",
        encoded(None),
        encoded([]),
        encoded(["received"]),
        encoded(["closed", None]),
        encoded(["received", 5]),
        encoded(["received", "x"]),
        encoded([["received"], None]),
        encoded({"a": 1}),
        "W" * 8000,
        base64.urlsafe_b64encode(b"[" * 5000).decode(),
    ],
)
@pytest.mark.parametrize("path", ["/v1/postings", "/v1/intents", "/v1/refunds", "/v1/returns"])
def test_a_cursor_that_no_listing_gave_out_is_refused(api: Caller, path: str, cursor: str) -> None:
    reply = api.get(path, cursor=cursor)

    assert (reply.status, reply.code, reply.fields) == (400, "invalid_input", ["cursor"])


def test_a_cursor_does_not_go_with_a_search(api: Caller) -> None:
    assert api.get("/v1/postings", q="1", cursor="x").fields == ["cursor"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "201"),
        ("limit", "ten"),
        ("limit", ""),
        ("stage", "lost"),
        ("due_before", "tomorrow"),
        ("due_before", "2026-03-05T10:00:00 03:00"),
        ("due_before", "0001-01-01T00:00:00+03:00"),
        ("q", "x" * 201),
        ("page", "2"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_by_name(api: Caller, name: str, value: str) -> None:
    reply = api.get("/v1/postings", **{name: value})

    assert (reply.status, reply.fields) == (400, [name])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{", "body"),
        ("not json", "body"),
        ("[]", "body"),
        ('"text"', "body"),
        ("null", "body"),
        ('{"reason": "\\ud800"}', "body"),
        ('{"reason": 5}', "reason"),
        ('{"reason": null}', "reason"),
        ('{"reason": {"a": 1}}', "reason"),
        ('{"reason": "' + "x" * 501 + '"}', "reason"),
        ('{"reason": "a\\u0000b"}', "reason"),
        ('{"reason": "a\\u001db"}', "reason"),
        ('{"reason": "a\\u202fb\\u2028c"}', "reason"),
        ('{"resaon": "x"}', "resaon"),
        ("[" * 10_000, "body"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_by_field(api: Caller, body: str, field: str) -> None:
    api.has_posting()

    reply = api.post(f"{PATH}/confirm", body)

    assert (reply.status, reply.code, reply.fields) == (400, "invalid_input", [field])
    assert api.store.posting(a.SELLER, a.NUMBER) == a.posting()


def test_a_reason_may_have_lines_and_any_script(api: Caller) -> None:
    api.has_posting()
    reply = api.post(f"{PATH}/confirm", {"reason": "первая строка\nвторая\t你好 👩‍🏭"})
    assert reply.status == 200, reply.body


def test_a_refusal_never_repeats_what_was_sent(api: Caller) -> None:
    reply = api.post("/v1/labels", {"posting_numbers": ["x" * 101], "order": "Иванов Иван"})

    assert "Иванов" not in json.dumps(reply.body, ensure_ascii=False)


def test_a_base64_body_is_read_and_a_broken_one_refused(api: Caller) -> None:
    api.has_posting()
    event = http_event("POST", f"{PATH}/confirm", context=OWNER)
    event["isBase64Encoded"] = True

    assert api.raw(event | {"body": "no base64!"}).status == 400
    assert api.raw(event | {"body": base64.b64encode(b"\xff\xfe").decode()}).fields == ["body"]
    # .NET and 1C put a byte order mark before it.
    assert api.raw(event | {"body": base64.b64encode(b'\xef\xbb\xbf\r\n{"reason": "ok"}\n').decode()}).status == 200


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/postings", "/v1/postings/", "/v1/sellers", f"{PATH}/fly", "/v1//"])
def test_an_unknown_address_is_a_problem_too(api: Caller, path: str) -> None:
    reply = api.get(path)

    assert (reply.status, reply.code) == (404, "no_such_route")
    assert "/v1/openapi.json" in reply.body["what_to_do"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", PATH, "GET"),
        ("PATCH", "/v1/settings", "GET, PUT"),
        ("GET", f"{PATH}/confirm", "POST"),
        ("HEAD", "/v1/postings", "GET"),
        ("POST", f"{PATH}/tracking-number", "PUT"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(api: Caller, method: str, path: str, allowed: str) -> None:
    reply = api.call(method, path)

    assert (reply.status, reply.headers["Allow"]) == (405, allowed)


# When something is broken ----------------------------------------------------------------------------------------


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO):
        yield caplog


def test_a_database_that_does_not_answer_is_a_503_to_try_again(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailableError("the database is overloaded; try again", retry_after=1.2)

    monkeypatch.setattr(api.store, "posting", fail)
    monkeypatch.setattr(api.store, "api_key", fail)

    for reply in (api.get(PATH), api.post(f"{PATH}/confirm"), api.get("/v1/health")):
        assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "store_unavailable", "2")


def test_health_says_that_the_database_takes_no_writes_though_it_can_be_read(
    api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailableError("the database refuses the call (InternalServerError: the disk is full); try again")

    monkeypatch.setattr(api.store, "try_write", fail)
    reply = api.get("/v1/health")

    assert (reply.status, reply.code) == (503, "store_unavailable")
    assert "the disk is full" in reply.body["detail"]


def test_a_conflict_that_does_not_end_is_a_503_to_try_again(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    api.has_posting()

    def fail(*_: object, **__: object) -> None:
        raise VersionConflictError("somebody else changed it")

    monkeypatch.setattr(api.store, "commit", fail)

    reply = api.post(f"{PATH}/confirm")

    assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "version_conflict", "1")


def test_an_unforeseen_error_tells_the_caller_nothing_and_the_log_its_place(
    api: Caller, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("Иванов Иван, +7 900 000-00-00")

    monkeypatch.setattr(api.store, "posting", fail)

    reply = api.get(PATH)

    assert (reply.status, reply.code) == (500, "internal_error")
    assert "Иванов" not in json.dumps(reply.body, ensure_ascii=False) + log.text
    [record] = [record for record in log.records if record.getMessage() == "failed"]
    assert record.__dict__["request_id"] == reply.body["request_id"] == "BRkQ3hG0liAEMjg="
    assert record.__dict__["error"] == "KeyError"
    assert record.__dict__["operation"] == "getPosting"


def every_kind(base: type[ShipbyError]) -> list[type[ShipbyError]]:
    below = [found for child in base.__subclasses__() for found in every_kind(child)]
    return below or [base]


@pytest.mark.parametrize("kind", every_kind(ShipbyError), ids=lambda kind: kind.__name__)
def test_every_error_of_the_tree_has_a_status_and_advice(kind: type[ShipbyError]) -> None:
    assert kind.__module__ == errors.__name__
    answer = problem_of(kind("what happened"), "r-1")

    assert answer.expected
    assert answer.body["type"] == f"urn:shipby:problem:{kind.code}"
    assert answer.body["detail"] == "what happened"
    assert ("Retry-After" in answer.headers) == kind.retryable
    assert answer.status == KINDS[kind.code].status
