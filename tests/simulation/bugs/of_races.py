"""Seeded bugs in caps, the kill switch, second words, and where two are at once."""

from __future__ import annotations

from tests.simulation.bugs.edits import Bug
from tests.simulation.scenes import doors, races

_APPROVALS = "shipby.application.refunds.approvals"
_SECOND_WORD = "shipby.application.settling.second_word"
_GUARDS = "shipby.application.intents.request_intent"
_FINISH = "shipby.application.settling.finish"

BUGS: tuple[Bug, ...] = (
    Bug(
        "caps",
        "approval_spends_nothing",
        "an approved refund does not count in the day's limit",
        (f"{_APPROVALS}:approve_refund", ", *refund_cap(let_go.intent, settings, now)]", "]"),
        doors.the_cap_of_money_holds_at_approval,
    ),
    Bug(
        "caps",
        "one_cap_for_ever",
        "what was spent yesterday counts today",
        (
            f"{_GUARDS}:guards",
            "SpendCap(seller, wish_action, now.date(), limit)",
            "SpendCap(seller, wish_action, now.date().replace(day=1), limit)",
        ),
        doors.the_cap_holds_to_the_last_place,
    ),
    Bug(
        "caps",
        "cap_and_one_more",
        "one more than the cap is let through",
        (f"{_GUARDS}:guards", "now.date(), limit)", "now.date(), limit + 1)"),
        doors.the_cap_holds_to_the_last_place,
    ),
    Bug(
        "caps",
        "switch_read_before",
        "the kill switch is looked at when it is decided, not when it is written",
        (f"{_GUARDS}:guards", "RequireAutomation(seller), ", ""),
        races.switched_off_while_it_is_decided,
    ),
    Bug(
        "caps",
        "claimed_under_the_switch",
        "what was asked for before the kill switch is sent after it",
        (f"{_FINISH}:_transaction", "writes.append(RequireAutomation(intent.seller))", "pass"),
        doors.the_switch_stops_what_waits_to_be_called,
    ),
    Bug(
        "caps",
        "approved_under_the_switch",
        "a machine's refund is let go under the kill switch",
        (f"{_APPROVALS}:approve_refund", "writes.append(RequireAutomation(word.seller))", "pass"),
        races.approved_after_the_switch,
    ),
    Bug(
        "caps",
        "older_settings_win",
        "settings are replaced whatever version was seen",
        ("shipby.application.sellers.change_settings:change_settings", "if version != if_match:", "if False:"),
        doors.cap_and_switch_in_one_change,
    ),
    Bug(
        "caps",
        "people_under_caps",
        "what a person decides stands under the caps of automation",
        ("shipby.application.returns.decisions:_guarding", "if decision.automatic else []", ""),
        doors.people_stand_under_no_cap_of_automation,
    ),
    Bug(
        "second word",
        "own_approval",
        "who asked for a refund approves it",
        (
            f"{_APPROVALS}:approve_refund",
            "no_second_person(word.actor, intent.actor, seller=word.seller, store=store)",
            '""',
        ),
        races.approved_by_who_asked,
    ),
    Bug(
        "second word",
        "decided_twice",
        "a refund that is decided is decided again",
        (f"{_SECOND_WORD}:check_waits", "if intent.state is not IntentState.PROPOSED:", "if False:"),
        races.approved_while_it_is_rejected,
    ),
    Bug(
        "second word",
        "loser_misled",
        "whoever decides second is told of a broken ledger",
        (
            f"{_FINISH}:finish",
            "(VersionConflictError, InvalidInputError, PreconditionFailedError)",
            "VersionConflictError",
        ),
        races.approved_while_it_is_rejected,
    ),
    Bug(
        "second word",
        "conflict_is_overruled",
        "who loses the race for an intent moves it on all the same",
        (
            f"{_FINISH}:finish",
            "if current is None or not current.open or claimed_by_another:",
            "if current is None or not current.open:",
        ),
        races.claimed_by_a_worker_that_dies,
    ),
    Bug(
        "races",
        "lost_claim_is_won",
        "who loses the claim of an intent makes the call all the same",
        ("shipby.application.settling.settle:_claim", "return current, False", "return current, True"),
        races.claimed_while_it_is_claimed,
    ),
    Bug(
        "races",
        "sent_is_pending",
        "an intent whose call is under way is taken for one that waits",
        (
            "shipby.application.settling.settle:settle_intent",
            "if intent.state is not IntentState.PENDING:",
            "if intent.state not in (IntentState.PENDING, IntentState.SENT):",
        ),
        races.settled_while_it_is_called,
    ),
    Bug(
        "races",
        "answered_twice",
        "a buyer's wish that is being answered is answered again",
        ("shipby.application.cancels.decide:_check_open", "if request.open_intent:", "if False:"),
        races.a_buyers_wish_is_answered_twice_at_once,
    ),
    Bug(
        "races",
        "cancelled_twice",
        "a posting whose cancel is under way is cancelled again",
        (
            f"{_GUARDS}:check_offered",
            "if any(open_of(posting, each) for each in (CANCELS if action in CANCELS else (action,))):",
            "if False:",
        ),
        doors.a_cancel_by_the_machine_beside_a_persons,
    ),
    Bug(
        "races",
        "key_seen_too_early",
        "an Idempotency-Key that was used meanwhile is not looked at again",
        ("shipby.application.shared.idempotency:idempotently", "except ShipbyError:", "except ZeroDivisionError:"),
        races.one_key_used_in_the_middle_of_its_call,
    ),
    Bug(
        "races",
        "read_back_of_first",
        "of a batch of tracking numbers every one has the first one's answer",
        (
            "shipby.application.settling.settle:_call_together",
            "answer = answers.get(number)",
            "answer = next(iter(answers.values()))",
        ),
        races.a_batch_of_tracking_numbers_with_every_answer,
    ),
    Bug(
        "races",
        "lost_batch_is_free",
        "the numbers of a batch whose answer was lost are free again",
        (
            "shipby.application.settling.settle:_call_together",
            "return _all(claimed, IntentState.UNKNOWN, error, store=store, clock=clock)",
            "return _all(claimed, IntentState.PENDING, error, store=store, clock=clock)",
        ),
        races.a_batch_of_tracking_numbers_is_lost,
    ),
    Bug(
        "races",
        "parent_keeps_its_money",
        "what was paid for goods that moved is offered by the part and by the rest",
        (
            "shipby.application.intake.split_money:money_of_family",
            "ledgers.changed(done)",
            "[]",
        ),
        races.a_part_is_read_in_the_middle_of_a_refund,
    ),
    Bug(
        "races",
        "nothing_set_aside",
        "a refund is decided without its money being set aside",
        (
            "shipby.application.returns.decisions:decide_return",
            "writes.append(SaveMoney(reserved(refund, intent, posting, store, now)))",
            "reserved(refund, intent, posting, store, now)",
        ),
        races.two_refunds_of_one_family,
    ),
)
