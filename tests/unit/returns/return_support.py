"""What tests of returns share: goods on their way back, a polling round, the steps of the desk."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from shipby.application.returns.automatic import decide_by_itself
from shipby.application.returns.followups import Disposal, dispose_return
from shipby.application.returns.poll import PolledReturns, poll_returns
from shipby.application.returns.work import ReturnStep, scan_return, work_return
from shipby.domain.cases.case import CaseKind
from shipby.domain.events import EventType, return_ref
from shipby.domain.json_types import Json
from shipby.domain.returns.return_case import MarketplaceReturn, OfferedAction, ReturnSource
from tests.support import builders as a
from tests.support.fakes import RecordingQueue
from tests.unit.world_support import World, forget

GOODS = "fbs-77"
ON_APPROVAL = (
    OfferedAction(id=-1, name="Отклонить"),
    OfferedAction(id=1000, name="Вернуть деньги"),
    OfferedAction(id=1020, name="Предложить компенсацию"),
    OfferedAction(id=1030, name="Запросить товар на проверку"),
)
GOODS_CAME = (OfferedAction(id=1040, name="Товар получен"),)


def goods(world: World, **changes: Any) -> MarketplaceReturn:
    base = MarketplaceReturn(
        id=GOODS,
        number="77",
        posting_number=a.NUMBER,
        state="MovingToSeller",
        read_at=world.clock.now(),
        opened_at=world.clock.now(),
        changed_at=world.clock.now(),
        sku="149123456",
        quantity=2,
        price=a.rub("125.00"),
        source=ReturnSource.FBS,
        barcode="ii77",
        kind="ClientReturn",
    )
    found = replace(base, **changes)
    world.market.put_goods(found)
    return found


def poll(world: World, queue: RecordingQueue | None = None) -> PolledReturns:
    return poll_returns(
        a.SELLER, store=world.store, marketplace=world.market, queue=queue or RecordingQueue(), clock=world.clock
    )


def later(world: World, **by: float) -> None:
    world.clock.time += timedelta(**by)


def open_cases(world: World) -> list[str]:
    page = world.store.cases_in(a.SELLER)
    found = [world.store.case(a.SELLER, identifier) for identifier in page.items]
    return [case.reason for case in found if case is not None and case.kind is CaseKind.RETURN]


def step(world: World, command: str, return_id: str = GOODS, **more: Any) -> None:
    work_return(
        ReturnStep(seller=a.SELLER, return_id=return_id, command=command, actor="key:k1", **more),
        forget,
        store=world.store,
        clock=world.clock,
    )


def scan(world: World, code: str) -> dict[str, Any]:
    return dict(scan_return(a.SELLER, code, "key:k1", forget, store=world.store, clock=world.clock).body)


def dispose(world: World, disposition: str, return_id: str = GOODS, **more: Any) -> None:
    wish = Disposal(seller=a.SELLER, return_id=return_id, disposition=disposition, actor="key:k1", **more)
    dispose_return(wish, forget, store=world.store, clock=world.clock)


def steps(world: World, return_id: str = GOODS) -> list[Json]:
    history = world.history(return_ref(return_id))
    return [one.event.data["step"] for one in history if one.event.type is EventType.RETURN_FOLLOWED_UP]


def decide_alone(world: World) -> str:
    return decide_by_itself(a.SELLER, a.RETURN_ID, store=world.store, clock=world.clock)
