"""One word per thing: `reason` is why, `comment` what is said beside it. Old words still work."""

from __future__ import annotations

import pytest

from functions.seller_api.api import _in_new_words
from functions.seller_api.routes import OPERATIONS
from shipby.application.cases.opening import open_case
from shipby.contracts.base import Request
from shipby.contracts.evidence import AnswerClaimBody
from shipby.domain.cases.case import CaseKind
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

RENAMED = sorted(
    {operation.body for operation in OPERATIONS if operation.body is not None and operation.body.old_words},
    key=lambda model: model.__name__,
)
CLEAN = {"message", "resolution", "note"}
OF_GOODS = {"ProductBody", "ProductsBody"}
"""Told to the packer on a card: no remark beside a step."""


def case_of(api: Caller) -> str:
    return open_case(
        api.store,
        seller=a.SELLER,
        kind=CaseKind.MONEY,
        subject="s",
        reason="why",
        owner="",
        now=a.NOW,
        actor="system:test",
    )


@pytest.mark.parametrize("word", ["reason", "resolution"])
def test_a_case_is_closed_by_the_old_word_and_by_the_new(api: Caller, word: str) -> None:
    closed = api.post(f"/v1/cases/{case_of(api)}/close", {word: "paid"})
    assert (closed.status, closed.body["resolution"]) == (200, "paid")


def test_both_words_at_once_are_refused(api: Caller) -> None:
    reply = api.post(f"/v1/cases/{case_of(api)}/close", {"reason": "a", "resolution": "b"})
    assert reply.status == 400
    assert "resolution is the old name of reason" in reply.body["detail"]


@pytest.mark.parametrize("word", ["reason", "resolution"])
def test_an_error_names_the_word_that_was_sent(api: Caller, word: str) -> None:
    assert api.post(f"/v1/cases/{case_of(api)}/close", {word: ""}).fields == [word]


def test_the_same_call_in_the_other_word_is_the_same_call(api: Caller) -> None:
    path = f"/v1/cases/{case_of(api)}/close"
    first = api.post(path, {"resolution": "paid"}, key="k")
    again = api.post(path, {"reason": "paid"}, key="k")
    assert (first.status, again.status, again.body) == (200, 200, first.body)


@pytest.mark.parametrize("model", RENAMED)
def test_every_old_word_stands_for_a_field_there_is(model: type[Request]) -> None:
    for old, new in model.old_words.items():
        assert new in model.model_fields
        assert old not in model.model_fields
        assert _in_new_words(model, f'{{"{old}": "x"}}') == (f'{{"{new}": "x"}}', {new: old})
        assert _in_new_words(model, f'{{"{new}": "{old}"}}')[1] == {}


@pytest.mark.parametrize("text", ['["note"]', '"note"', '{"note"', '{"a": {"note": 1}}'])
def test_a_body_without_the_old_word_is_left_as_it_is(text: str) -> None:
    assert _in_new_words(AnswerClaimBody, text) == (text, {})


def test_no_body_has_an_old_word_for_a_remark() -> None:
    bodies = {operation.body for operation in OPERATIONS if operation.body is not None}
    assert {body.__name__ for body in bodies if CLEAN & set(body.model_fields)} <= OF_GOODS
