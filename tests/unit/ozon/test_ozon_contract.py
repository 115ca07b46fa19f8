"""The samples that our parsers are tested with are answers of the published API."""

from __future__ import annotations

from typing import Any

import pytest

from shipby.adapters.ozon import methods
from tests.unit.ozon.openapi_contract import CONTRACT_MISSING, Contract
from tests.unit.ozon.stub_marketplace import sample

ANSWERS = {
    "posting_fbs_get.response": methods.POSTING_GET,
    "posting_fbs_unfulfilled_list_v4.response": methods.POSTING_UNFULFILLED,
    "posting_fbs_ship_v4.response": methods.POSTING_SHIP,
    "posting_fbs_cancel.response": methods.POSTING_CANCEL,
    "posting_fbs_cancel_reason.response": methods.CANCEL_REASONS,
    "tracking_number_set.response": methods.TRACKING_SET,
    "package_label_create_v3.response": methods.LABEL_CREATE,
    "package_label_get_v2.completed.response": methods.LABEL_GET,
    "package_label_get_v2.pending.response": methods.LABEL_GET,
    "returns_rfbs_get.response": methods.RETURNS_GET,
    "returns_rfbs_get_placeholder.response": methods.RETURNS_GET,
    "chat_start.response": methods.CHAT_START,
    "chat_send_message.response": methods.CHAT_SEND,
}
CONTRADICTIONS = {
    "posting_fbs_unfulfilled_list_v4.response": [
        "$.postings[0].optional.products_with_possible_mandatory_mark[0]: 4116250392 is not of type 'string'",
        "$.postings[0].requirements.products_requiring_gtd[0]: 4116250392 is not of type 'string'",
    ],
}
"""Where an official example breaks its own schema: sample -> problems. The parsers take both forms."""


@pytest.fixture
def contract() -> Contract:
    found = Contract.load()
    if found is None:
        pytest.skip(CONTRACT_MISSING)
    return found


@pytest.mark.parametrize("name", ANSWERS)
def test_a_sample_answer_keeps_to_the_published_contract(contract: Contract, name: str) -> None:
    assert contract.problems_of_answer(ANSWERS[name].path, sample(name)) == CONTRADICTIONS.get(name, [])


@pytest.mark.parametrize("method", methods.METHODS, ids=lambda method: method.path)
def test_every_method_that_we_call_is_published(contract: Contract, method: methods.Method) -> None:
    assert method.path in contract.document["paths"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (methods.POSTING_GET.path, {}),
        (methods.POSTING_GET.path, {"posting_number": 5}),
        (methods.POSTING_GET.path, {"posting_number": "1", "invented": True}),
        (methods.POSTING_LIST.path, {"filter": {"since": "x"}, "limit": 1}),
        (methods.POSTING_SHIP.path, {"posting_number": "1", "packages": [{"products": [{"product_id": "1"}]}]}),
    ],
)
def test_the_judge_of_requests_finds_faults(contract: Contract, path: str, body: Any) -> None:
    assert contract.problems_of_request(path, body)


def test_the_judge_of_answers_finds_faults(contract: Contract) -> None:
    assert contract.problems_of_answer(methods.POSTING_SHIP.path, {"result": "1"})
