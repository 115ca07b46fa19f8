"""Intents that wait for a second person's word: nothing of them is sent by a clock, and people are told again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from shipby.domain.intents import Intent, IntentState
from shipby.domain.postings.posting import Alarm, RungKind

REMIND_APPROVAL = timedelta(hours=1)


def proposal_alarm(intent: Intent, now: datetime) -> Alarm:
    """When people are told again of what waits for a second person: less and less often."""
    age = now - intent.created_at
    return Alarm(due=now + min(max(REMIND_APPROVAL, age / 4), timedelta(hours=12)), kind=RungKind.SETTLE_INTENT)


def proposed(intent: Intent, now: datetime) -> Intent:
    """A new intent as one that waits for a second person."""
    return replace(intent, state=IntentState.PROPOSED, next_alarm=proposal_alarm(intent, now))
