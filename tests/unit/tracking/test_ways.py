"""Carriers' tables in, ways of parcels out."""

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.ports.writes import AddScan
from shipby.application.tracking.note_scans import MAX_ROWS, import_scans
from shipby.application.tracking.watch_silence import REPORT, silence_is_due, watch_silence
from shipby.application.tracking.ways import posting_way, silent_parcels
from shipby.domain.carriers.s10 import s10
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import InvalidInputError
from shipby.domain.postings.posting import Scheme
from shipby.domain.tracking.scans import Scan, ScanStatus
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS
from tests.unit.world_support import World, forget

OLD, NEW = s10("RB", 1, "CN"), s10("RB", 2, "CN")
HEADING = "tracking_number,time,status,words,place,eta"


@pytest.fixture
def world() -> World:
    world = World()
    own = {"scheme": Scheme.RFBS, "integration": "non_integrated"}
    world.arrives(status="awaiting_deliver", actions=ASSEMBLED_ACTIONS, **own)
    world.settle(world.ask_tracking(OLD, carrier="China Post"))
    world.market.change(a.NUMBER, status="delivering", delivering_date=a.NOW)
    world.clock.advance(timedelta(minutes=1))
    world.read()
    return world


def imported(world: World, *rows: str, zone: str = "", heading: str = HEADING, dry_run: bool = False) -> Any:
    text = "\n".join([heading, *rows])
    return import_scans(a.SELLER, text, zone, forget, dry_run=dry_run, store=world.store, clock=world.clock).body


def way(world: World) -> Any:
    return posting_way(a.SELLER, a.NUMBER, store=world.store, clock=world.clock)


def stamp(days: float) -> str:
    return (a.NOW + timedelta(days=days)).isoformat()


def test_a_corrected_number_has_none_of_the_old_ones_scans(world: World) -> None:
    imported(world, f"{OLD},{stamp(-1)},accepted,принято,Moscow,{stamp(9)}")
    world.settle(world.ask_tracking(NEW, carrier="China Post", reason="torn"))
    present, former = way(world)["numbers"]
    assert (present["tracking_number"], present["present"], present["journeys"]) == (NEW, True, [])
    assert (former["tracking_number"], former["journeys"][0]["eta"]) == (OLD, stamp(9).replace("+00:00", "Z"))
    assert way(world)["silence"]["phase"] == "first_scan"
    late = imported(world, f"{OLD},{stamp(0)},delivered,вручено,,", f"{NEW},{stamp(0)},accepted,принято,,")
    assert (late["kept"], late["refused"]) == (2, 0), "a late scan of a former number is kept for it"
    assert way(world)["numbers"][0]["journeys"][0]["status"] == "accepted"


def test_each_row_is_judged_for_itself_and_the_same_again_changes_nothing(world: World) -> None:
    rows = (
        f"{OLD},{stamp(-0.5)},accepted,,,",
        f"{OLD},2026-03-02 10:00,,в пути,,",
        f"{OLD},{stamp(3)},in_transit,,,",
        f"{OLD},{stamp(-800)},in_transit,,,",
        f"{NEW},{stamp(0)},in_transit,,,",
        f"{OLD},yesterday,in_transit,,,",
        f"{OLD},{stamp(0)},flying,,,",
        f"{OLD},{stamp(0)},,,,",
        f"{OLD},{stamp(0)},,=cmd(),,",
        f"{OLD.lower()},{stamp(-0.2)},,已揽收,深圳,",
        f"{OLD},2026-02-30T10:00:00Z,in_transit,,,",
    )
    dry = imported(world, *rows, dry_run=True)
    assert way(world)["numbers"][0]["journeys"] == []
    done = imported(world, *rows)
    assert dry["items"] == done["items"]
    assert [item["problem"] is None for item in done["items"]] == [True, *[False] * 8, True, False]
    assert done["items"][9]["status"] == "accepted"
    assert imported(world, *rows)["kept"] == 2
    assert len(way(world)["numbers"][0]["journeys"][0]["scans"]) == 2


def test_times_without_a_zone_take_the_tables_zone(world: World) -> None:
    imported(world, f"{OLD},2026-03-02 08:00,accepted,,,", zone="Asia/Shanghai")
    assert way(world)["numbers"][0]["journeys"][0]["accepted_at"] == "2026-03-02T00:00:00Z"
    with pytest.raises(InvalidInputError):
        imported(world, f"{OLD},2026-03-02 08:00,accepted,,,", zone="Asia/Nowhere")


@pytest.mark.parametrize(
    ("heading", "rows"),
    [("number,time,status", 1), (HEADING, 0), (HEADING, MAX_ROWS + 1), ("tracking_number,time", 1), ("", 1)],
)
def test_a_table_that_is_none_is_refused_whole(world: World, heading: str, rows: int) -> None:
    with pytest.raises(InvalidInputError) as refused:
        imported(world, *[f"{OLD},{stamp(0)},accepted"] * rows, heading=heading)
    assert refused.value.errors[0][0] == "csv"


def silent(world: World) -> Any:
    return silent_parcels(a.SELLER, limit=50, cursor=None, store=world.store, clock=world.clock)["items"]


def test_a_parcel_nobody_scans_is_found_and_one_that_is_scanned_again_is_not(world: World) -> None:
    assert silent(world) == []
    world.clock.advance(timedelta(days=6))
    [found] = silent(world)
    assert (found["posting_number"], found["silence"]["says"], found["worth"]["amount"]) == (
        a.NUMBER,
        "not_accepted",
        "250.00",
    )
    scan = Scan(at=world.clock.now(), status=ScanStatus.ACCEPTED, source="csv")
    world.write(AddScan(a.SELLER, OLD, scan))
    assert silent(world) == []
    world.clock.advance(timedelta(days=40))
    assert silent(world)[0]["silence"]["says"] == "lost"


def test_an_old_journey_of_a_number_that_is_used_again_says_nothing_of_this_parcel(world: World) -> None:
    imported(world, f"{OLD},{stamp(-100)},accepted,,,", f"{OLD},{stamp(-90)},delivered,,,")
    world.clock.advance(timedelta(days=6))
    assert silent(world)[0]["silence"]["says"] == "not_accepted"
    imported(world, f"{OLD},{stamp(5.5)},accepted,,,")
    assert silent(world) == []
    assert [one["journey"] for one in way(world)["numbers"][0]["journeys"]] == [1, 2]


def test_what_is_not_under_way_has_no_silence(world: World) -> None:
    world.market.change(a.NUMBER, status="delivered", actions=())
    world.clock.advance(timedelta(days=50))
    world.read()
    assert way(world)["silence"] is None
    assert silent(world) == []


def test_nobody_tells_us_of_another_carriers_parcel(world: World) -> None:
    world.market.change(a.NUMBER, integration="aggregator")
    world.clock.advance(timedelta(days=40))
    world.read()
    assert silent(world) == []


# The daily look


def cases(world: World) -> list[Any]:
    found = [world.store.case(a.SELLER, one) for one in world.store.cases_in(a.SELLER).items]
    return [case for case in found if case is not None and case.kind is CaseKind.SILENT_PARCEL]


def watched(world: World) -> tuple[Any, Any]:
    done = watch_silence(a.SELLER, store=world.store, clock=world.clock)
    return done["opened"], done["closed"]


def test_a_silent_parcel_is_one_case_until_it_is_heard_of_again(world: World) -> None:
    imported(world, f"{OLD},{stamp(-0.5)},accepted,,,")
    world.clock.advance(timedelta(days=12))
    assert watched(world) == (1, 0)
    assert watched(world) == (0, 0)
    assert "is delayed" in cases(world)[0].reason
    world.clock.advance(timedelta(days=20))
    assert watched(world) == (0, 0)
    assert "is lost" in cases(world)[0].reason
    world.write(AddScan(a.SELLER, OLD, Scan(at=world.clock.now(), status=ScanStatus.ARRIVED, source="csv")))
    assert watched(world) == (0, 1)
    assert cases(world) == []


def test_a_case_ends_when_its_parcel_has_arrived(world: World) -> None:
    imported(world, f"{OLD},{stamp(-0.5)},accepted,,,", f"{OLD},{stamp(-0.1)},returning,,,")
    assert watched(world) == (1, 0)
    assert "on its way back" in cases(world)[0].reason
    world.market.change(a.NUMBER, status="delivered", actions=())
    world.clock.advance(timedelta(minutes=1))
    world.read()
    assert watched(world) == (0, 1)


def test_where_no_scans_come_only_loss_is_a_case(world: World) -> None:
    world.clock.advance(timedelta(days=6))
    assert watched(world) == (0, 0)
    world.clock.advance(timedelta(days=20))
    assert watched(world) == (1, 0)
    assert silence_is_due(a.SELLER, store=world.store, clock=world.clock)
    world.store.save_report(a.SELLER, REPORT, world.clock.now().date(), {})
    assert not silence_is_due(a.SELLER, store=world.store, clock=world.clock)
