"""What a posting waits for from people, in the API's own words."""

from __future__ import annotations

from enum import StrEnum

from shipby.domain.postings.posting import Stage


class NextAction(StrEnum):
    """The step that is next, named as its operation is; `wait` where it is somebody else's turn."""

    CONFIRM = "confirm"
    SHIP = "ship"
    PRINT = "print"
    PICK = "pick"
    PACK = "pack"
    HAND_OVER = "hand-over"
    DELIVERY_REPORT = "delivery-report"
    UNBLOCK = "unblock"
    OVERRIDE = "override"
    WAIT = "wait"


class LabelState(StrEnum):
    """How far the marketplace's label is."""

    NONE = "none"
    """Not assembled yet."""
    AWAITED = "awaited"
    READY = "ready"
    PRINTED = "printed"


def label_state(*, assembled: bool, ready: bool, printed: bool) -> LabelState:
    if printed:
        return LabelState.PRINTED
    if ready:
        return LabelState.READY
    return LabelState.AWAITED if assembled else LabelState.NONE


def next_action(stage: Stage, label: LabelState, *, waits_for_call: bool, unreported: bool) -> NextAction:
    """What is to be done next; `waits_for_call`: an irreversible call is under way."""
    if waits_for_call:
        return NextAction.WAIT
    match stage:
        case Stage.RECEIVED:
            return NextAction.CONFIRM
        case Stage.CONFIRMED | Stage.PICKED | Stage.INSPECTED | Stage.PACKED if label is LabelState.NONE:
            return NextAction.SHIP
        case Stage.CONFIRMED:
            return NextAction.PICK
        case Stage.PICKED | Stage.INSPECTED:
            return NextAction.PACK
        case Stage.PACKED if label is LabelState.PRINTED:
            return NextAction.HAND_OVER
        case Stage.PACKED if label is LabelState.READY:
            return NextAction.PRINT
        case Stage.HANDED_OVER if unreported:
            return NextAction.DELIVERY_REPORT
        case Stage.BLOCKED:
            return NextAction.UNBLOCK
        case Stage.EXPIRED:
            return NextAction.OVERRIDE
    return NextAction.WAIT
