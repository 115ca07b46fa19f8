"""Seeded bugs in the poll, the repair and the alarms."""

from __future__ import annotations

from tests.simulation.bugs.edits import Bug
from tests.simulation.scenes import polling, races

_POLL = "shipby.application.polling"
_ALARMS = "shipby.application.alarms"

BUGS: tuple[Bug, ...] = (
    Bug(
        "poll",
        "first_page_only",
        "the lists are read to the end of their first page",
        (f"{_POLL}.reconcile:_Round.go_through", "following = page.cursor", "following = None"),
        polling.what_differs_is_asked_for_wherever_it_stands,
    ),
    Bug(
        "poll",
        "one_of_a_page",
        "one posting of a page is asked for",
        (f"{_POLL}.reconcile:_Round._send", "if number not in self._sent]", "if number not in self._sent][:1]"),
        polling.everything_that_differs_is_asked_for_in_one_visit,
    ),
    Bug(
        "poll",
        "status_alone",
        "the memory of the lists looks at the status alone",
        (
            f"{_POLL}.list_memory:fingerprint",
            'if name != "read_at"',
            'if name in ("number", "status")',
        ),
        polling.each_thing_that_a_list_says_counts,
    ),
    Bug(
        "poll",
        "pieces_not_compared",
        "the lists' pieces are not held against the store's",
        (f"{_POLL}.reconcile:differs_in_detail", "_goods(facts) != _goods(detail)", "False"),
        polling.each_thing_that_a_list_says_counts,
    ),
    Bug(
        "poll",
        "memory_for_ever",
        "what once matched is never looked at again while its entry stays",
        (
            f"{_POLL}.list_memory:ListMemory.note_match",
            "facts.read_at + verify",
            "facts.read_at + 99 * verify",
        ),
        polling.a_row_that_changed_by_itself_is_found_under_traffic,
    ),
    Bug(
        "poll",
        "memory_of_all_sellers",
        "the memory of the lists does not tell sellers apart",
        (
            f"{_POLL}.list_memory:ListMemory.has_matched",
            'self._matched.get((seller, facts.number), (b"", now))',
            'next((v for k, v in self._matched.items() if k[1] == facts.number), (b"", now))',
        ),
        polling.two_sellers_have_a_posting_of_one_number,
    ),
    Bug(
        "poll",
        "never_stale",
        "a posting in the house is not read again unasked",
        (
            f"{_POLL}.reconcile:is_stale",
            "return known.stage in BEFORE_HAND_OVER or known.stage in (Stage.BLOCKED, Stage.EXPIRED)",
            "return False",
        ),
        polling.a_posting_in_the_house_is_read_twice_a_day,
    ),
    Bug(
        "poll",
        "no_slow_lane",
        "what no list shows any more is not looked for",
        (
            f"{_POLL}.reconcile:_Round.ask_for_unlisted",
            "self._send(unlisted(self._seller, self.seen, store=self._store, now=self._now))",
            "pass",
        ),
        polling.a_posting_leaves_every_list_and_is_still_read,
    ),
    Bug(
        "poll",
        "slow_lane_once",
        "the walk over the boards is noted as done for good",
        (
            f"{_POLL}.slow_lane:unlisted",
            "store.save_report(seller, REPORT, now.date(), progress)",
            "[store.save_report(seller, REPORT, now.date() + timedelta(days=n), progress) for n in range(9)]",
        ),
        polling.a_posting_leaves_every_list_and_is_still_read,
    ),
    Bug(
        "poll",
        "same_seller_first",
        "every round begins with the same seller",
        (f"{_POLL}.rounds:in_turn", "int(now.timestamp() // 60) % len(sellers) if sellers else 0", "0"),
        polling.rounds_that_are_cut_short_reach_everybody,
    ),
    Bug(
        "poll",
        "yesterday_forgotten",
        "a visit of yesterday is not known today",
        (f"{_POLL}.rounds:_last_round", "(now.date(), (now - VISIT_EVERY).date())", "(now.date(),)"),
        polling.the_pace_over_midnight,
    ),
    Bug(
        "poll",
        "failure_ends_the_round",
        "a seller whose visit fails ends the round",
        (f"{_POLL}.rounds:_alone", "except Exception as error:", "except ZeroDivisionError as error:"),
        polling.one_sellers_failure_stops_no_other,
    ),
    Bug(
        "repair",
        "window_by_arrival",
        "repair looks at what came or ended lately only",
        (f"{_ALARMS}.repair:aggregates_since", "if stage not in FINAL:", "if stage in FINAL:"),
        polling.repair_reaches_old_postings,
    ),
    Bug(
        "repair",
        "wishes_left_out",
        "repair leaves wishes to cancel out",
        (f"{_ALARMS}.repair:_matters", "(cancel_request_ref, store.cancel_requests_in),", ""),
        polling.repair_reaches_returns_and_wishes,
    ),
    Bug(
        "repair",
        "today_only",
        "repair looks at the pushes of today only",
        (f"{_ALARMS}.repair:repair", "for day in _days(since, until):", "for day in _days(until, until):"),
        polling.repair_crosses_midnight,
    ),
    Bug(
        "repair",
        "everything_again",
        "repair sends the whole history again",
        (f"{_ALARMS}.repair:repair", "if since <= stored.event.at <= until or", "if stored.event.at <= until or"),
        polling.repair_stays_within_its_window,
    ),
    Bug(
        "alarms",
        "one_page_of_a_shard",
        "the sweep reads the first page of each shard",
        (f"{_ALARMS}.sweep:sweep", "if page.cursor is None:", "if True:"),
        polling.every_alarm_of_every_shard_and_page_is_queued,
    ),
    Bug(
        "alarms",
        "kept_before_sent",
        "an alarm counts as queued before the queue took it",
        (
            f"{_ALARMS}.sweep:sweep",
            "queue.send(alarm_message(alarm, now) for alarm in new)\n                memory.keep(new, now)",
            "memory.keep(new, now)\n                queue.send(alarm_message(alarm, now) for alarm in new)",
        ),
        polling.a_refused_send_is_made_up_for,
    ),
    Bug(
        "alarms",
        "remembered_for_ever",
        "what was queued once is never queued again",
        (f"{_ALARMS}.sweep:SentMemory.forget_old", "if oldest < at <= latest", "if at <= latest"),
        polling.a_lost_message_is_queued_again,
    ),
    Bug(
        "alarms",
        "alarm_without_its_time",
        "an alarm that moved is taken for the one before",
        (f"{_ALARMS}.sweep:_number", ", alarm.due))", "))"),
        polling.an_alarm_that_moved_is_queued_for_its_new_time,
    ),
    Bug(
        "alarms",
        "rings_early",
        "an alarm rings whenever its message comes",
        (f"{_ALARMS}.ringing:ring", "if clock.now() < alarm.due:", "if False:"),
        races.rung_before_its_time,
    ),
    Bug(
        "alarms",
        "conflict_ends_it",
        "an alarm whose item changes meanwhile is given up",
        (
            f"{_ALARMS}.ringing:ring",
            "decide_anew(lambda: _ring(alarm, store, clock.now()))",
            "_ring(alarm, store, clock.now())",
        ),
        races.rung_while_it_changes,
    ),
    Bug(
        "alarms",
        "old_alarm_rings",
        "the message of a former alarm rings the next one",
        ("shipby.application.shared.alarm_outcome:stands", " and next_alarm.due == alarm.due", ""),
        races.rung_for_a_date_that_has_moved,
    ),
    Bug(
        "alarms",
        "outage_is_poison",
        "an outage sets alarms aside",
        (f"{_ALARMS}.set_aside:is_poison", "attempt >= TRIES and not passing", "attempt >= TRIES"),
        polling.an_outage_sets_no_alarm_aside,
    ),
    Bug(
        "alarms",
        "no_allowance",
        "a bad release sets every alarm aside",
        (f"{_ALARMS}.set_aside:Allowance.take", "if len(self._taken) >= self._most:", "if False:"),
        polling.a_bad_release_sets_few_alarms_aside,
    ),
)
