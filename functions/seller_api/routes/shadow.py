"""Replay and the shadow report: what was decided and why, and what would have been."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from functions.seller_api.operations import Call, Operation, read
from shipby.application.proof.replay import replay, replay_view
from shipby.application.sellers.shadow_report import shadow_report
from shipby.contracts.shadow import ShadowQuery
from shipby.domain.events import posting_ref, return_ref

_REPORT_DAYS = 7
"""Days of a report whose first day is left out."""


def get_shadow_report(call: Call) -> Mapping[str, object]:
    query = call.query_as(ShadowQuery)
    last = query.last or call.clock.now().date()
    first = query.first or date.fromordinal(max(1, last.toordinal() - _REPORT_DAYS + 1))
    return shadow_report(call.seller, first, last, limit=query.limit, cursor=query.cursor, store=call.store)


def replay_posting(call: Call) -> Mapping[str, object]:
    ref = posting_ref(call.path["number"])
    return replay_view(replay(call.seller, ref, store=call.store, now=call.clock.now()))


def replay_return(call: Call) -> Mapping[str, object]:
    return replay_view(replay(call.seller, return_ref(call.path["id"]), store=call.store, now=call.clock.now()))


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/reports/shadow",
        get_shadow_report,
        id="getShadowReport",
        summary="What automatic actions in shadow mode would have done, and what happened instead",
        answers="ShadowReportView",
        query=ShadowQuery,
    ),
    read(
        "/v1/postings/{number}/replay",
        replay_posting,
        id="replayPosting",
        summary="A posting rebuilt from its history: pushes, decisions with their policy, changes; equal or not",
        answers="ReplayView",
    ),
    read(
        "/v1/returns/{id}/replay",
        replay_return,
        id="replayReturn",
        summary="A return rebuilt from its history",
        answers="ReplayView",
    ),
)
