"""What differs of the policy by scheme and warehouse holds for the postings of that place, and for nobody else's."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.rows.sellers import settings as settings_rows
from shipby.application.intents.assemble import assemble_posting
from shipby.application.intents.replace_tracking import needs_second_word
from shipby.application.ports.writes import SaveSettings
from shipby.application.printing.parts import refusal
from shipby.domain.cases.held import Became
from shipby.domain.deadlines.ladder import build_rungs
from shipby.domain.deadlines.loss_audit import reminder_for
from shipby.domain.deadlines.workflow import Command
from shipby.domain.intents import IntentAction
from shipby.domain.postings.posting import RungKind, Scheme, Stage
from shipby.domain.sellers.overrides import OVERRIDABLE, policy_for
from shipby.domain.sellers.settings import (
    AssembleAt,
    Automation,
    LatePolicy,
    NumberApproval,
    PolicyOverride,
    SellerSettings,
    UnlockAt,
)
from tests.support import builders as a
from tests.unit.world_support import World

HERE, THERE = a.posting().warehouse_id, "999"
OTHER = "24219509-0021-1"
HOUR = timedelta(hours=1)


def of(*overrides: PolicyOverride, **policy: Any) -> SellerSettings:
    return a.settings(overrides=overrides, **policy)


def test_whatever_differs_is_a_setting_and_says_nothing_unless_it_is_told_to() -> None:
    settings = {field.name for field in fields(SellerSettings)}
    assert set(OVERRIDABLE) <= settings
    assert [getattr(PolicyOverride(), name) for name in OVERRIDABLE] == [None] * len(OVERRIDABLE)


def test_without_any_the_policy_is_the_policy() -> None:
    settings = a.settings()
    assert policy_for(a.posting(), settings) is settings


@given(st.permutations(range(4)))
def test_the_narrower_word_wins_in_whatever_order_they_were_written(order: list[int]) -> None:
    told = [
        PolicyOverride(scheme="FBS", confirm_within=2 * HOUR, label_within=2 * HOUR, give_up_after=2 * HOUR),
        PolicyOverride(warehouse=HERE, label_within=3 * HOUR, give_up_after=3 * HOUR),
        PolicyOverride(scheme="FBS", warehouse=HERE, give_up_after=4 * HOUR),
        PolicyOverride(scheme="rFBS", warehouse=HERE, move_date_by=9 * HOUR),
    ]
    settings = of(*(told[number] for number in order), move_date_by=HOUR)
    found = policy_for(a.posting(scheme=Scheme.FBS), settings)
    assert (found.confirm_within, found.label_within, found.give_up_after) == (2 * HOUR, 3 * HOUR, 4 * HOUR)
    assert found.move_date_by == HOUR
    assert policy_for(a.posting(scheme=Scheme.FBS), found) is found
    elsewhere = policy_for(a.posting(scheme=Scheme.FBS, warehouse_id=THERE), settings)
    assert (elsewhere.label_within, elsewhere.give_up_after) == (2 * HOUR, 2 * HOUR)
    unknown = policy_for(a.posting(scheme=Scheme.RFBS, warehouse_id=""), settings)
    assert replace(unknown, overrides=settings.overrides) == settings


def test_they_are_stored_and_read_back_and_older_rows_have_none() -> None:
    settings = of(
        PolicyOverride(scheme="rFBS", policy=LatePolicy.CROSS_BORDER_RFBS, remind_before=(HOUR,)),
        PolicyOverride(warehouse=HERE, auto_cancel=Automation.ON, unlock_at=UnlockAt.PACKED),
    )
    item = settings_rows().item(keys.settings(settings.seller), settings)
    assert settings_rows().read(item) == settings
    older = {name: value for name, value in item.items() if name != "overrides"}
    assert settings_rows().read(older) == replace(settings, overrides=())


# Clocks and moves


def test_each_scheme_has_its_own_order_of_moves_and_its_own_clocks() -> None:
    settings = of(
        PolicyOverride(
            scheme="rFBS",
            policy=LatePolicy.CROSS_BORDER_RFBS,
            move_date_before=3 * HOUR,
            remind_before=(5 * HOUR,),
            confirm_within=6 * HOUR,
            give_up_after=timedelta(days=9),
        )
    )

    def dues(scheme: Scheme, kind: RungKind) -> list[Any]:
        posting, facts = a.posting(scheme=scheme), a.detail(scheme=scheme, actions=("set_cutoff",))
        return [rung.due for rung in build_rungs(posting, facts, settings) if rung.kind is kind]

    assert dues(Scheme.FBS, RungKind.MOVE_DATE_AT) == []
    assert dues(Scheme.RFBS, RungKind.MOVE_DATE_AT) == [a.CUT_OFF - 3 * HOUR]
    assert len(dues(Scheme.FBS, RungKind.REMIND_AT)) == 3
    assert dues(Scheme.RFBS, RungKind.REMIND_AT) == [a.CUT_OFF - 5 * HOUR]
    assert dues(Scheme.FBS, RungKind.CONFIRM_BY) == [a.NOW + 2 * HOUR]
    assert dues(Scheme.RFBS, RungKind.CONFIRM_BY) == [a.NOW + 6 * HOUR]
    apart = dues(Scheme.RFBS, RungKind.GIVE_UP_AT)[0] - dues(Scheme.FBS, RungKind.GIVE_UP_AT)[0]
    assert apart == timedelta(days=6)


def test_what_was_lost_is_held_against_the_reminders_of_the_place() -> None:
    facts = a.detail(scheme=Scheme.RFBS, in_process_at=a.CUT_OFF - timedelta(days=2))
    settings = of(PolicyOverride(scheme="rFBS", remind_before=(30 * HOUR,)))
    found = reminder_for(facts, settings, a.CUT_OFF)
    assert found is not None
    assert found.before == 30 * HOUR


@pytest.mark.parametrize(("warehouse", "cancelled"), [(HERE, True), (THERE, False)])
def test_only_the_postings_of_one_warehouse_are_given_up_by_themselves(warehouse: str, cancelled: bool) -> None:
    world = World()
    world.policy(
        auto_cancel=Automation.OFF,
        cancel_guard=False,
        overrides=(PolicyOverride(warehouse=HERE, auto_cancel=Automation.ON),),
    )
    world.arrives(actions=("cancel", "ship"), warehouse_id=warehouse)
    while RungKind.GIVE_UP_AT not in world.posting().fired:
        world.ring_next()
    asked = [intent for intent in world.posting().open_intents if f".{IntentAction.CANCEL}." in intent]
    assert bool(asked) is cancelled
    if cancelled:
        # The switch stands for that warehouse alone, and what is under way is no case for a person.
        assert len(asked) == 1


def test_a_posting_ships_itself_where_its_warehouse_says_so() -> None:
    world = World()
    world.policy(
        auto_assemble=Automation.OFF,
        overrides=(PolicyOverride(warehouse=HERE, auto_assemble=Automation.ON, assemble_at=AssembleAt.WAVE),),
    )
    for number, warehouse in ((a.NUMBER, HERE), (OTHER, THERE)):
        world.arrives(number, warehouse_id=warehouse, requirements={})
        world.do(Command.CONFIRM, number)

    def became(number: str) -> Became:
        return assemble_posting(a.SELLER, number, store=world.store, clock=world.clock)

    assert became(a.NUMBER) is Became.ASSEMBLED
    assert became(OTHER) is Became.OFF


def test_an_order_is_confirmed_by_itself_in_its_scheme_only() -> None:
    world = World()
    world.policy(overrides=(PolicyOverride(scheme="rFBS", auto_confirm=Automation.ON),))
    world.arrives(scheme=Scheme.FBS)
    world.arrives(OTHER, scheme=Scheme.RFBS)
    assert (world.posting().stage, world.posting(OTHER).stage) == (Stage.RECEIVED, Stage.CONFIRMED)


def test_labels_unlock_and_numbers_are_approved_by_place() -> None:
    settings = of(
        PolicyOverride(warehouse=HERE, unlock_at=UnlockAt.PACKED, approve_numbers=NumberApproval.REPLACEMENTS)
    )
    here = a.posting(stage=Stage.PICKED, assembled_at=a.NOW, tracking_number="RA644000001RU")
    there = replace(here, warehouse_id=THERE)
    assert "scan its goods" in refusal(here, settings)
    assert refusal(there, settings) == ""
    assert needs_second_word(here, (), settings)
    assert not needs_second_word(there, (), settings)


def test_settings_as_they_hold_for_a_posting_are_never_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever plays a whole story of a posting saves no settings."""
    world = World()
    override = PolicyOverride(scheme="FBS", auto_cancel=Automation.ON)
    world.policy(cancel_guard=False, overrides=(override,))
    saved: list[object] = []
    commit = world.store.commit

    def watched(writes: Any) -> Any:
        saved.extend(write for write in writes if isinstance(write, SaveSettings))
        return commit(writes)

    monkeypatch.setattr(world.store, "commit", watched)
    world.arrives(actions=("cancel", "ship"))
    while RungKind.GIVE_UP_AT not in world.posting().fired:
        world.ring_next()
    assert saved == []
    stored = world.store.settings(a.SELLER)
    assert stored is not None
    assert stored.overrides == (override,)
