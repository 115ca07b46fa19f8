"""What an amendment does to the work that was done: no more is undone than has to be done anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.domain.deadlines.ladder import rewind
from shipby.domain.deadlines.workflow import Step
from shipby.domain.errors import StageMismatchError
from shipby.domain.events import Event, EventType
from shipby.domain.json_types import Json
from shipby.domain.postings.amendments import Amendment, in_words, told
from shipby.domain.postings.posting import BEFORE_HAND_OVER, Posting, Stage

_PICKED = frozenset({Stage.PICKED, Stage.INSPECTED, Stage.PACKED})
_ASIDE = (Stage.BLOCKED, Stage.EXPIRED)


def work_stage(posting: Posting) -> Stage:
    """Where the work stands, whatever has stopped it."""
    return (posting.blocked_from or posting.stage) if posting.stage in _ASIDE else posting.stage


def undone(posting: Posting, change: Amendment) -> Posting:
    """The posting (same version) with the steps taken back that do not hold any more: what was added has to be picked,
    what was taken out has to come out of the parcel."""
    stage = work_stage(posting)
    if stage not in _PICKED:
        return posting
    if change.adds:
        target = Stage.CONFIRMED
    elif change.takes and stage is Stage.PACKED:
        target = Stage.PICKED
    else:
        return posting
    packed_at = None if stage is Stage.PACKED else posting.packed_at
    if posting.stage in _ASIDE:
        return replace(posting, blocked_from=target, packed_at=packed_at)
    return replace(posting, stage=target, packed_at=packed_at)


def amend(
    posting: Posting, change: Amendment, *, scanned: bool, since: datetime, at: datetime, actor: str
) -> tuple[Posting, Event]:
    """The posting (same version) as an amendment leaves it, and the event that tells of it.

    `scanned`: something is in its parcel already. `since`: when the read before was made, which showed it otherwise.
    Whoever works on it is stopped until somebody has seen the change: of goods and way, if work had begun or a label
    was printed.
    """
    before = work_stage(posting)
    changed = undone(posting, change)
    data: dict[str, Json] = {"changes": told(change.differences), "since": since.isoformat()}
    if work_stage(changed) is not before:
        data |= {"from": before, "to": work_stage(changed)}
    begun = before in BEFORE_HAND_OVER and (before is not Stage.RECEIVED or scanned)
    goods = change.adds or change.takes
    if (begun and goods) or (change.voids_label and posting.printed_at is not None and before in BEFORE_HAND_OVER):
        changed = replace(changed, amended=posting.version)
        data["stopped"] = True
    if change.split:
        data["split"] = True
    if before not in BEFORE_HAND_OVER and posting.handed_over_at is not None:
        data["gone"] = True
    event = Event(
        type=EventType.POSTING_AMENDED, at=at, actor=actor, reason=in_words(change.differences)[:500], data=data
    )
    return changed, event


def seen(posting: Posting, *, at: datetime, actor: str, reason: str = "") -> Step:
    """Somebody has seen what was changed, and work goes on. Raises StageMismatchError where nothing waits for that."""
    if not posting.amended:
        raise StageMismatchError(f"nothing of posting {posting.number} waits to be seen")
    changed = rewind(replace(posting, version=posting.version + 1, amended=0))
    data: dict[str, Json] = {"version": posting.amended}
    event = Event(type=EventType.POSTING_AMENDMENT_SEEN, at=at, actor=actor, reason=reason, data=data)
    return Step(changed, (event,))
