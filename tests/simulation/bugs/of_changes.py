"""Seeded bugs in what a changed order undoes, and in what checks stop."""

from __future__ import annotations

from tests.simulation.bugs.edits import Bug
from tests.simulation.scenes import changes

_AMENDING = "shipby.domain.deadlines.amending"
_WORKFLOW = "shipby.domain.deadlines.workflow"

BUGS: tuple[Bug, ...] = (
    Bug(
        "changes",
        "change_undoes_nothing",
        "goods that are added later leave the work where it stood",
        (f"{_AMENDING}:undone", "target = Stage.CONFIRMED", "return posting"),
        changes.changed_in_the_middle_of_packing,
    ),
    Bug(
        "changes",
        "change_is_not_seen",
        "who picks by a list of before is not stopped",
        (f"{_WORKFLOW}:_refuse_unfit", "refuse_amended(posting)", "pass"),
        changes.changed_before_it_is_picked,
    ),
    Bug(
        "changes",
        "label_of_before",
        "a label file that was asked for before the change is kept after it",
        (
            "shipby.application.labels.storing:store_label",
            "if still is None or not still.takes(asked):",
            "if still is None:",
        ),
        changes.changed_in_the_middle_of_storing_a_label,
    ),
    Bug(
        "changes",
        "allowed_for_ever",
        "a manager's word holds for whatever does not fit later",
        (
            "shipby.application.validation.check:marked",
            'posting.allowed if verdict.mark == posting.allowed else ""',
            "posting.allowed",
        ),
        changes.allowed_for_what_it_was,
    ),
    Bug(
        "changes",
        "allowed_unread",
        "a manager's word lets go whichever version stands",
        (
            "shipby.application.validation.allow:allow",
            "check_version(posting, wish.if_match)",
            "pass",
        ),
        changes.allowed_while_it_changes,
    ),
)
