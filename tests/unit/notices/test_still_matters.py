"""What waits in a digest and is done, decided or mended by the time it is told is left out, whatever its kind."""

from dataclasses import replace

import pytest

from shipby.application.cases.opening import close_case, open_case
from shipby.application.notices.still import still_matters
from shipby.application.ports.writes import SaveIntent, SavePosting, SaveReturn, SaveWatch
from shipby.domain import actors
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.watch import Watch
from shipby.domain.cases.watches import MARKETPLACE_KEY, PUSH_HEALTH
from shipby.domain.events import Event, EventType, Ref, StoredEvent, case_ref, posting_ref, return_ref, watch_ref
from shipby.domain.intents import IntentState
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Stage
from shipby.domain.returns.return_case import ReturnStage
from tests.support import builders as a
from tests.unit.world_support import World


def told(kind: EventType, ref: Ref, **data: Json) -> StoredEvent:
    event = Event(type=kind, at=a.NOW, actor="x", data=data)
    return StoredEvent(seller=a.SELLER, ref=ref, version=1, index=0, event=event)


@pytest.mark.parametrize("kind", [EventType.CASE_OPENED, EventType.CASE_REMINDED])
def test_a_case_is_told_until_it_is_closed(kind: EventType) -> None:
    world = World()
    identifier = open_case(
        world.store, seller=a.SELLER, kind=CaseKind.MONEY, subject="1", reason="why", now=a.NOW, actor=actors.STOCK
    )
    line = told(kind, case_ref(identifier))
    assert still_matters(line, world.store)
    close_case(world.store, seller=a.SELLER, identifier=identifier, resolution="done", now=a.NOW, actor=actors.STOCK)
    assert not still_matters(line, world.store)


@pytest.mark.parametrize("kind", [EventType.RETURN_OPENED, EventType.RETURN_REMINDED, EventType.RETURN_OVERDUE])
def test_a_return_is_told_until_it_is_decided(kind: EventType) -> None:
    world = World()
    case = a.return_case()
    world.store.commit([SaveReturn(case)])
    line = told(kind, return_ref(case.id))
    assert still_matters(line, world.store)
    world.store.commit([SaveReturn(replace(case, version=case.version + 1, stage=ReturnStage.DECIDED))])
    assert not still_matters(line, world.store)


def test_a_proposal_is_told_until_the_second_word_and_what_needs_a_person_until_it_is_settled() -> None:
    world = World()
    intent = a.intent(state=IntentState.PROPOSED)
    world.store.commit([SaveIntent(intent)])
    proposed = told(EventType.INTENT_PROPOSED, intent.ref, intent=intent.id)
    person = told(EventType.INTENT_NEEDS_PERSON, intent.ref, intent=intent.id)
    assert [still_matters(line, world.store) for line in (proposed, person)] == [True, True]
    world.store.commit([SaveIntent(replace(intent, version=intent.version + 1, state=IntentState.PENDING))])
    assert [still_matters(line, world.store) for line in (proposed, person)] == [False, True]
    world.store.commit([SaveIntent(replace(intent, version=intent.version + 2, state=IntentState.CONFIRMED))])
    assert not still_matters(person, world.store)


@pytest.mark.parametrize(
    ("kind", "watch", "well"),
    [
        (EventType.PUSH_UNHEALTHY, PUSH_HEALTH, "GREEN"),
        (EventType.KEY_REJECTED, MARKETPLACE_KEY, "valid"),
        (EventType.KEY_EXPIRES_SOON, MARKETPLACE_KEY, "valid"),
    ],
)
def test_what_is_well_again_is_not_told_as_ill(kind: EventType, watch: str, well: str) -> None:
    world = World()
    ill = Watch(seller=a.SELLER, id=watch, version=1, checked_at=a.NOW, state="RED")
    world.store.commit([SaveWatch(ill)])
    line = told(kind, watch_ref(watch))
    assert still_matters(line, world.store)
    world.store.commit([SaveWatch(replace(ill, version=2, state=well))])
    assert not still_matters(line, world.store)


def test_a_new_posting_that_somebody_confirmed_is_not_told_any_more_and_one_that_is_gone_is() -> None:
    world = World()
    line = told(EventType.POSTING_RECEIVED, posting_ref(a.NUMBER))
    assert still_matters(line, world.store)
    posting = a.posting()
    world.store.commit([SavePosting(posting)])
    assert still_matters(line, world.store)
    world.store.commit([SavePosting(replace(posting, version=posting.version + 1, stage=Stage.CONFIRMED))])
    assert not still_matters(line, world.store)
