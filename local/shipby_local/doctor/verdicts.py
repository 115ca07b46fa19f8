"""What was seen of a deployment, judged: well, to be watched, or ill, each with what to do. Nothing is read here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from shipby.adapters.ozon import switch_offs
from shipby.adapters.ozon.methods import METHODS
from shipby.domain.json_types import Json

RUNS_WITHIN: Final = timedelta(minutes=5)
"""Both schedules tick every minute; the alarms of infra/operations.yaml ring after five and ten."""
OLDEST: Final = timedelta(minutes=30)
"""Longer than the five tries of a message take; as OldestMessageAlarm."""
KEY_LIVES: Final = timedelta(days=90)
"""Keys of the marketplace made since September 2026 (docs/runbook.md); its own word on the end goes before this."""
KEY_WARNING: Final = timedelta(days=14)
PROOF_AGE: Final = timedelta(hours=3)
"""A proof is made every hour; one of a large shop may take several visits."""
SKEW_WATCHED: Final = timedelta(seconds=5)
SKEW: Final = timedelta(seconds=60)
"""Beyond it times count as ahead (docs/adr/0030); signatures of AWS fail from 5 minutes."""
_OURS: Final = tuple(one.path for one in METHODS)
_STACK_WELL: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})


class State(StrEnum):
    """How well something is, from well to ill."""

    WELL = "well"
    WATCH = "watch"
    ILL = "ill"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was looked at, how it is, what was seen, and what to do (empty if it is well)."""

    check: str
    what: str
    state: State
    seen: str
    do: str = ""


def of_stack(status: str, lacking: Collection[str], unknown: Collection[str]) -> Verdict:
    """`lacking`: resources of this release's templates that are not deployed; `unknown`: the other way round."""
    if status not in _STACK_WELL:
        return Verdict("template", "stack", State.ILL, status, "let `sam deploy` end, or see the stack's events")
    if lacking:
        seen = f"not deployed: {', '.join(sorted(lacking))}"
        return Verdict("template", "resources", State.ILL, seen, "deploy this release: sam build && sam deploy")
    if unknown:
        seen = f"not of this release: {', '.join(sorted(unknown))}"
        return Verdict("template", "resources", State.WATCH, seen, "use the `shipby` of the release that is deployed")
    return Verdict("template", "resources", State.WELL, status)


def of_schedule(function: str, last: datetime | None, now: datetime) -> Verdict:
    """`last`: when the function wrote into its log, if it did within the time that was looked at."""
    if last is None or now - last > RUNS_WITHIN:
        seen = f"last ran {_ago(now - last)} ago" if last else "has not run lately"
        return Verdict("schedule", function, State.ILL, seen, "runbook: SweepStopped, PollStopped")
    return Verdict("schedule", function, State.WELL, f"ran {_ago(now - last)} ago")


def of_queue(name: str, waiting: int, oldest: timedelta | None) -> Verdict:
    """`oldest` is None where nobody measures it (the embedded stack)."""
    seen = f"{waiting} waiting" + (f", the oldest for {_ago(oldest)}" if oldest else "")
    if oldest is not None and oldest > OLDEST:
        return Verdict("queue", name, State.ILL, seen, "runbook: OldestMessage")
    return Verdict("queue", name, State.WELL, seen)


def of_dead_letters(name: str, count: int) -> Verdict:
    if count:
        return Verdict("dead letters", name, State.ILL, f"{count} messages", "runbook: DeadLetters")
    return Verdict("dead letters", name, State.WELL, "none")


def of_key(seller: str, state: str, ends: datetime | None, stored: datetime | None, now: datetime) -> Verdict:
    """The marketplace's key: `state` and `ends` as the watch has them (empty and None if it could not be asked),
    `stored` when the parameter was written last (None: there is none)."""
    do = "runbook: The marketplace's key"
    if stored is None:
        return Verdict("key", seller, State.ILL, "no marketplace key is stored", do)
    if state == "rejected":
        return Verdict("key", seller, State.ILL, "the marketplace rejects it", do)
    end, whose = (ends, "ends") if ends else (stored + KEY_LIVES, "probably ends")
    if end <= now:
        return Verdict("key", seller, State.ILL, f"{whose.replace('ends', 'ended')} {end:%d.%m.%Y}", do)
    if end - now <= KEY_WARNING:
        return Verdict("key", seller, State.WATCH, f"{whose} {end:%d.%m.%Y}", do)
    if ends is None and state:
        return Verdict("key", seller, State.WATCH, f"its end is not known ({state}), {whose} {end:%d.%m.%Y}", do)
    return Verdict("key", seller, State.WELL, f"{whose} {end:%d.%m.%Y}, stored {_ago(now - stored)} ago")


def of_switch_offs(
    today: date,
    *,
    table: Mapping[str, switch_offs.SwitchOff] = switch_offs.SWITCHED_OFF,
    paths: Collection[str] = _OURS,
) -> Iterator[Verdict]:
    """One for each method of ours that ends, or one that says that none does."""
    ends = switch_offs.ending(today, table=table, paths=paths)
    for path, told in ends.items():
        on = table[path].on
        state = State.ILL if on is not None and on <= today else State.WATCH
        yield Verdict("switch-off", path, state, told, "install a release that calls the other one")
    if not ends:
        yield Verdict("switch-off", "methods", State.WELL, f"none within {switch_offs.WARN_BEFORE.days} days")


def of_clock(what: str, ours: datetime, theirs: datetime | None) -> Verdict:
    """This machine's clock against the deployment's own word (a date header, to the second)."""
    if theirs is None:
        return Verdict("clock", what, State.WATCH, "it told no time", "look again")
    skew = abs(ours - theirs)
    seen = f"{skew.total_seconds():.0f} s apart"
    if skew > SKEW:
        return Verdict("clock", what, State.ILL, seen, "runbook: A clock was wrong")
    if skew > SKEW_WATCHED:
        return Verdict("clock", what, State.WATCH, seen, "set it by a server of time")
    return Verdict("clock", what, State.WELL, seen)


def of_proof(seller: str, report: Mapping[str, Json] | None, now: datetime) -> Verdict:
    """`report`: the newest proof of today or yesterday."""
    if report is None:
        return Verdict("proof", seller, State.ILL, "none since yesterday", "runbook: PollStopped; shipby proof")
    age = now - datetime.fromisoformat(str(report["at"]))
    if report["green"] is not True:
        return Verdict("proof", seller, State.ILL, f"RED, {_ago(age)} ago", "runbook: The proof is red")
    if age > PROOF_AGE:
        return Verdict("proof", seller, State.WATCH, f"green, but {_ago(age)} ago", "shipby proof makes one now")
    return Verdict("proof", seller, State.WELL, f"green, {_ago(age)} ago")


def of_pushes(seller: str, state: str, healthy: str) -> Verdict:
    """`state`: of the worst of our addresses, as the marketplace colours it; empty before the first visit."""
    if state in ("", healthy):
        return Verdict("pushes", seller, State.WELL, state or "not asked yet")
    if state == "DISABLED":
        return Verdict("pushes", seller, State.ILL, state, "runbook: Pushes are unhealthy")
    return Verdict("pushes", seller, State.WATCH, state, "runbook: Pushes are unhealthy")


def _ago(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 172_800 else f"{seconds // 86_400} days"
