"""Waves and postings that ship themselves: by policy, once, and only what the marketplace offers."""

from dataclasses import replace
from typing import Any

import pytest

from shipby.application.intents.assemble import WaveWish, assemble_posting, ship_wave
from shipby.application.ports.writes import AppendEvents, SaveDetail, SavePosting, SaveSettings
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.settings import AssembleAt, Automation
from tests.support import builders as a
from tests.support.builders import FixedClock
from tests.support.memory_store import MemoryStore


class Shop:
    """A seller with postings of which the marketplace offers to ship each."""

    def __init__(self, **policy: Any) -> None:
        self.clock = FixedClock()
        self.store = MemoryStore(clock=self.clock)
        self.store.commit([SaveSettings(a.settings(version=1, **policy))])

    def has(self, number: str = a.NUMBER, *, stage: Stage = Stage.CONFIRMED, **detail: Any) -> None:
        facts = a.detail(number=number, **{"actions": ("ship", "cancel"), "requirements": {}, **detail})
        posting = a.posting(number=number, stage=stage, assembled_at=None, open_intents=())
        born = AppendEvents(a.SELLER, posting_ref(number), 1, (a.event(),))
        self.store.commit([SavePosting(replace(posting, version=1)), SaveDetail(a.SELLER, facts), born])

    def assemble(self, number: str = a.NUMBER) -> str:
        return assemble_posting(a.SELLER, number, store=self.store, clock=self.clock)

    def wave(self, *numbers: str) -> Any:
        wish = WaveWish(seller=a.SELLER, numbers=numbers, actor="key:m")
        return ship_wave(wish, lambda _answer: [], store=self.store, clock=self.clock).body

    def happened(self, number: str = a.NUMBER) -> list[EventType]:
        return [stored.event.type for stored in self.store.events(a.SELLER, posting_ref(number))][1:]


def on(**policy: Any) -> Shop:
    return Shop(auto_assemble=Automation.ON, **policy)


def test_a_confirmed_posting_ships_itself_once_in_a_wave() -> None:
    shop = on(assemble_at=AssembleAt.WAVE)
    shop.has()
    assert shop.assemble() == "assembled"
    assert shop.assemble() == "not_now"
    [intent] = shop.store.intents(a.SELLER, posting_ref(a.NUMBER))
    assert (intent.action, intent.state) == (IntentAction.SHIP, IntentState.PENDING)
    ordered = {line.sku: line.quantity for line in a.detail().lines}
    assert intent.request == {"packages": [ordered]}
    assert shop.happened() == [EventType.INTENT_CREATED]


def test_with_packed_it_waits_for_packing() -> None:
    shop = on(assemble_at=AssembleAt.PACKED)
    shop.has("1-1-1")
    shop.has("2-2-2", stage=Stage.PACKED)
    assert shop.assemble("1-1-1") == "not_now"
    assert shop.assemble("2-2-2") == "assembled"


@pytest.mark.parametrize(
    "facts",
    [
        {"actions": ("cancel",)},
        {"requirements": {"products_requiring_gtd": ("1",)}},
        {"lines": ()},
    ],
    ids=["not offered", "something is wanted first", "goods unknown"],
)
def test_what_cannot_be_shipped_now_is_left_alone(facts: dict[str, Any]) -> None:
    shop = on()
    shop.has(**facts)
    assert shop.assemble() == "not_now"
    assert shop.happened() == []


@pytest.mark.parametrize("stage", [Stage.RECEIVED, Stage.BLOCKED, Stage.EXPIRED, Stage.CANCELLED, Stage.HANDED_OVER])
def test_other_stages_never_ship_themselves(stage: Stage) -> None:
    shop = on()
    shop.has(stage=stage)
    assert shop.assemble() == "not_now"


def test_in_shadow_mode_it_is_told_once_and_nothing_is_sent() -> None:
    shop = Shop(auto_assemble=Automation.SHADOW)
    shop.has()
    assert [shop.assemble(), shop.assemble()] == ["shadowed", "shadowed"]
    assert shop.happened() == [EventType.AUTOMATION_SHADOWED]
    assert shop.store.intents(a.SELLER, posting_ref(a.NUMBER)) == []


def test_switched_off_it_does_nothing() -> None:
    shop = Shop(auto_assemble=Automation.OFF)
    shop.has()
    assert shop.assemble() == "off"
    assert shop.assemble("no-such-posting") == "off"


@pytest.mark.parametrize("policy", [{"kill_switch": True}, {"caps": {"ship": 0}}], ids=["kill switch", "cap"])
def test_the_kill_switch_and_the_cap_hold_it_and_say_so_once(policy: dict[str, Any]) -> None:
    shop = on(**policy)
    shop.has()
    assert [shop.assemble(), shop.assemble()] == ["held", "held"]
    assert shop.happened() == [EventType.AUTOMATION_HELD]
    assert shop.store.intents(a.SELLER, posting_ref(a.NUMBER)) == []


def test_a_wave_ships_what_it_can_and_names_the_rest() -> None:
    shop = Shop()
    shop.has("1-1-1")
    shop.has("2-2-2", actions=("cancel",))
    shop.has("3-3-3", requirements={"products_requiring_gtd": ("1",)})
    body = shop.wave("1-1-1", "2-2-2", "3-3-3", "4-4-4", "1-1-1")
    assert (body["accepted"], body["left_out"]) == (1, 3)
    told = {item["posting_number"]: item["problem"] for item in body["items"]}
    assert told["1-1-1"] is None
    assert "does not offer ship" in told["2-2-2"]
    assert "products_requiring_gtd" in told["3-3-3"]
    assert "there is no posting 4-4-4" in told["4-4-4"]


def test_a_wave_sent_again_answers_the_calls_under_way() -> None:
    shop = Shop()
    shop.has("1-1-1")
    first = shop.wave("1-1-1")
    shop.has("2-2-2")
    again = shop.wave("1-1-1", "2-2-2")
    assert again["items"][0] == first["items"][0]
    assert again["accepted"] == 2
    assert len(shop.store.intents(a.SELLER, posting_ref("1-1-1"))) == 1


@pytest.mark.parametrize("count", [0, 301])
def test_a_wave_has_its_measure(count: int) -> None:
    with pytest.raises(InvalidInputError, match="1 to 300"):
        Shop().wave(*(f"{n}-1-1" for n in range(count)))
