"""The alarm queue: fire each alarm at its second; the commit under the version check is the claim."""

from __future__ import annotations

from functions.deadline_sweep.worker_wiring import Parts, parts
from shipby.adapters.aws_lambda.batch import Context, Event, PartialResponse
from shipby.adapters.aws_lambda.messages import Message, read_message
from shipby.application.alarms.ringing import ring
from shipby.application.alarms.set_aside import is_poison, set_aside
from shipby.application.shared.alarm_messages import MAX_DELAY, alarm_message, read_alarm
from shipby.application.shared.loggable import error_fields
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.observability import logger


def handler(event: Event, context: Context) -> PartialResponse:
    """Reports the messages that have to come again."""
    own = parts()
    try:
        own.store.read_ahead(read_alarm(read_message(record).body) for record in event["Records"])
    except Exception as error:  # it only saves work: whatever it is, each item is then read for itself below
        logger().warning("nothing read ahead", extra=error_fields(error))
    return own.batch.each(event, context, lambda message: _ring(message, own))


def _ring(message: Message, own: Parts) -> str:
    alarm = read_alarm(message.body)
    try:
        rang = ring(alarm, store=own.store, clock=own.clock)
    except Exception as error:
        # Judged by its kind: what may pass by itself, and what fails for too many alarms at once, comes again.
        if not is_poison(error, message.attempt) or not own.allowance.take(own.clock.now()):
            raise
        return _aside(alarm, message, error, own)
    following, now = rang.next_alarm, own.clock.now()
    # What rings before the queue's longest delay is over need not wait for a sweep to find it. One that came too early
    # (another clock, or a delay longer than a queue allows) goes back the same way before its message is deleted.
    if following is not None and following.due - now <= MAX_DELAY:
        own.queue.send([alarm_message(following, now)])
    return f"alarm_{rang.outcome}"


def _aside(alarm: AlarmRef, message: Message, error: Exception, own: Parts) -> str:
    problem = error_fields(error)
    reason = f"{problem['error']} {problem.get('place', '')}".strip()
    moved = not set_aside(alarm, reason=reason, store=own.store, now=own.clock.now(), actor=actors.ALARM_WORKER)
    about = {"message_id": message.id, "attempt": message.attempt, "moved_on": moved}
    logger().error("alarm set aside", extra=about | problem | message.ids)
    return "alarm_gone" if moved else "alarms_set_aside"
