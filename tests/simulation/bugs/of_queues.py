"""Seeded bugs in the stream's router and in the batches of queues."""

from __future__ import annotations

from tests.simulation.bugs.edits import Bug
from tests.simulation.scenes import router

_STREAM = "shipby.adapters.aws_lambda.stream"
_BATCH = "shipby.adapters.aws_lambda.batch"

BUGS: tuple[Bug, ...] = (
    Bug(
        "router",
        "refused_is_sent",
        "what a queue refused counts as sent",
        (f"{_STREAM}:route_batch", "routing.fail(indexed[0][0])", "pass"),
        router.a_refused_record_at_every_position,
    ),
    Bug(
        "router",
        "last_failure_wins",
        "of two failures of a batch the later one is reported",
        (f"{_STREAM}:Routing.fail", "min(index, self.failed)", "max(index, self.failed)"),
        router.both_at_every_position,
    ),
    Bug(
        "router",
        "first_of_refused",
        "a refused send is reported at its last record, not its first",
        (f"{_STREAM}:route_batch", "indexed[0][0]", "indexed[-1][0]"),
        router.a_refused_record_at_every_position,
    ),
    Bug(
        "router",
        "poison_is_passed_over",
        "a record that cannot be read is logged and passed over",
        (f"{_STREAM}:route_batch", "routing.fail(index)\n            break", "continue"),
        router.a_poison_record_at_every_position,
    ),
    Bug(
        "router",
        "changes_are_news",
        "a changed row is routed like a new one",
        (f"{_STREAM}:read_record", 'record["eventName"] != "INSERT"', 'record["eventName"] == "REMOVE"'),
        router.changed_rows_lead_to_nothing,
    ),
    Bug(
        "router",
        "bus_refusal_forgotten",
        "what the bus refused is not copied again",
        (f"{_STREAM}:_publish", "copies.send(copy_message(event) for event in refused)", "pass"),
        router.the_bus_is_away,
    ),
    Bug(
        "router",
        "copies_refusal_forgotten",
        "what neither the bus nor the queue of copies takes does not come again",
        (f"{_STREAM}:_publish", "routing.fail(next(", "(next("),
        router.neither_bus_nor_queue_takes_a_copy,
    ),
    Bug(
        "router",
        "published_at_failure",
        "what lies before the failed record is not copied",
        (f"{_STREAM}:_publish", "index < routing.failed", "index > routing.failed"),
        router.a_poison_record_at_every_position,
    ),
    Bug(
        "batches",
        "one_failure_reported",
        "of several failures of a batch the first is reported",
        (
            f"{_BATCH}:SqsBatch.grouped",
            'return {"batchItemFailures": failed}',
            'return {"batchItemFailures": failed[:1]}',
        ),
        router.messages_fail_at_every_position,
    ),
    Bug(
        "batches",
        "failure_is_not_held",
        "a failed message waits for the queue's own time",
        (f"{_BATCH}:SqsBatch._failed", "self._visibility.hold(message.receipt, wait)", "pass"),
        router.messages_fail_at_every_position,
    ),
    Bug(
        "batches",
        "clock_that_stands_still",
        "the function's time is read off its context alone",
        (f"{_BATCH}:TimeLeft.__call__", "self.at_first - passed", "self.at_first"),
        router.time_runs_out_inside_a_batch,
    ),
    Bug(
        "batches",
        "always_begun",
        "every message is begun, however short the time",
        (f"{_BATCH}:SqsBatch.grouped", "late = left.short or (begun and left() < left.at_first / 2)", "late = False"),
        router.time_runs_out_inside_a_batch,
    ),
    Bug(
        "batches",
        "unbegun_waits",
        "what was not begun waits like a failure",
        (f"{_BATCH}:wait_seconds", "return 0", "return 10"),
        router.time_runs_out_inside_a_batch,
    ),
    Bug(
        "batches",
        "first_tries_first",
        "messages are begun in the order of the batch",
        (f"{_BATCH}:_groups", "key=lambda message: -message.attempt", "key=lambda message: message.attempt"),
        router.what_came_most_often_comes_first,
    ),
    Bug(
        "batches",
        "group_error_spreads",
        "a group that fails ends the batch",
        (f"{_BATCH}:_groups", "except Exception as error:", "except ZeroDivisionError as error:"),
        router.a_group_fails_whole_and_no_other_does,
    ),
    Bug(
        "batches",
        "waits_stand_still",
        "every try waits as long as the first",
        (f"{_BATCH}:wait_seconds", "10 << 2 * n", "10"),
        router.waits_grow_with_every_try,
    ),
    Bug(
        "batches",
        "error_text_is_logged",
        "the text of any error is logged",
        (
            "shipby.application.shared.loggable:error_fields",
            '"error": type(error).__name__',
            '"error": str(error)',
        ),
        router.the_log_line_of_a_failure,
    ),
)
