"""Seeded bugs: each takes one safeguard out of the real code. The harness has to catch every one of them.

Each is a context manager that patches the product while it is open. None of them is subtle on purpose: each is a
mistake that a hurried change could make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.simulation.bugs import intents as bugs_intents
from tests.simulation.bugs import money as bugs_money
from tests.simulation.bugs import of_changes, of_doors, of_parcels, of_polls, of_queues, of_races, of_stock
from tests.simulation.bugs import wire as bugs_wire
from tests.simulation.bugs.edits import edit
from tests.simulation.scenes import races

Patch = AbstractContextManager[object]


@dataclass(frozen=True, slots=True)
class Mutation:
    """A seeded bug. It has to be caught by its scene; without one, within so many seeds."""

    name: str
    bug: str
    opened: Callable[[], Patch]
    within: int = 150
    scene: Callable[[], None] | None = None
    area: str = "intents and money"


_OF_SEEDS: tuple[Mutation, ...] = (
    Mutation(
        "skip_compare_and_set",
        "what was refunded meanwhile is not compared before sending",
        bugs_money.skip_compare_and_set,
    ),
    Mutation(
        "new_id_on_retry",
        "after a lost answer the same thing is asked for under a new id",
        bugs_intents.new_id_on_retry,
    ),
    Mutation("resend_on_timeout", "an intent without an answer becomes free again", bugs_intents.resend_on_timeout),
    Mutation(
        "lost_is_not_sent",
        "the adapter takes a lost answer for a refused connection",
        bugs_wire.lost_answers_count_as_not_sent,
    ),
    Mutation(
        "repeat_acting_calls",
        "the adapter repeats acting calls as it repeats reads",
        bugs_wire.acting_calls_are_repeated,
    ),
    Mutation("drop_idempotency", "Idempotency-Key is ignored", bugs_wire.drop_idempotency),
    Mutation("forget_the_answer", "the key is looked up but its answer is never kept", bugs_wire.forget_the_answer),
    Mutation(
        "release_on_unknown", "a lost answer ends the intent and frees its money", bugs_intents.release_on_unknown
    ),
    Mutation(
        "release_on_crash", "a claimed intent whose worker died becomes free again", bugs_intents.release_on_crash
    ),
    Mutation("call_before_row", "the call is made before the SENT row is written", bugs_intents.call_before_row),
    Mutation("claim_without_version", "two workers may claim one intent", bugs_intents.claim_without_version),
    Mutation("confirm_without_reading", "200 is taken for success", bugs_intents.confirm_without_reading),
    Mutation("unknown_is_done", "a lost answer is taken for success", bugs_intents.unknown_counts_as_done),
    Mutation("ignore_lines", "a refund is not held against its line", bugs_money.ignore_lines),
    Mutation(
        "ignore_refunded",
        "a refund is held against what was paid, not what is left",
        bugs_money.ignore_what_was_refunded,
    ),
    Mutation("5xx_is_refusal", "a 5xx is taken for a refusal", bugs_wire.server_error_counts_as_refusal),
    Mutation("settle_without_money", "settling by hand books no money", bugs_money.settle_by_hand_without_money),
    Mutation("alarm_lost", "an UNKNOWN is written without its alarm", bugs_intents.alarm_lost),
    Mutation(
        "older_facts_win",
        "a poll that was held up overwrites newer facts",
        bugs_intents.older_facts_win,
        scene=races.older_read_beside_a_newer_one,
    ),
    Mutation("times_ahead_believed", "a read dated ahead keeps later ones out", bugs_intents.times_ahead_believed),
    Mutation("cap_not_counted", "the daily cap is never counted up", bugs_money.cap_not_counted),
    Mutation("kill_switch_ignored", "the kill switch is not looked at", bugs_money.kill_switch_ignored),
    Mutation("history_forgotten", "an UNKNOWN is written without its event", bugs_intents.history_forgotten),
    Mutation(
        "conflict_is_refusal",
        "an answer that meets a conflict is booked as a refusal",
        bugs_intents.stop_at_a_conflict,
    ),
    Mutation("late_decision", "an automatic decision is sent after its clock", bugs_intents.late_decision),
    Mutation(
        "released_not_booked",
        "money that is freed after a cancel is not booked as paid by the marketplace",
        bugs_money.released_without_booking,
        within=400,
    ),
    Mutation(
        "cancel_not_booked",
        "what the marketplace gives back after a cancel is not booked",
        bugs_money.cancel_not_booked,
    ),
    Mutation(
        "split_without_money",
        "what was paid for goods that moved is offered by parent and child",
        bugs_money.a_split_moves_no_money,
    ),
    Mutation(
        "cancel_with_money_of_parts",
        "a cancel of the rest books what unread parts cost",
        bugs_money.a_cancel_books_the_money_of_parts,
        within=400,
    ),
)
MUTATIONS: tuple[Mutation, ...] = (
    *_OF_SEEDS,
    *(
        Mutation(bug.name, bug.bug, edit(*bug.edit), scene=bug.scene, area=bug.area)
        for part in (of_races, of_queues, of_polls, of_doors, of_stock, of_changes, of_parcels)
        for bug in part.BUGS
    ),
)
BY_NAME: Mapping[str, Mutation] = {mutation.name: mutation for mutation in MUTATIONS}
