"""Makes postings: from a compact spec, or many from the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, Literal

from shipby_local.simulator import words
from shipby_local.simulator.market import Market
from shipby_local.simulator.model import Buyer, Line, Posting
from shipby_local.simulator.world import World

_GOODS: Final = (
    ("Кроссовки детские демисезонные", "SNK", 2990),
    ("Чайник электрический 1,7 л", "KTL", 1890),
    ("Плойка для волос 9 мм", "CRL", 1530),
    ("Набор отвёрток, 32 предмета", "SCR", 990),
    ("保温杯 500毫升 不锈钢", "CUP", 1250),
    ("蓝牙耳机 降噪", "EAR", 3490),
    ("儿童积木 120块", "BLK", 1740),
    ("Плед шерстяной 150×200", "PLD", 4200),
)
_BUYERS: Final = (
    ("Иван Петров", "+79161234501", "ул. Ленина, д. 1, кв. 2", "Москва"),
    ("Мария Сидорова", "+79161234502", "пр. Мира, д. 15, кв. 40", "Казань"),
    ("王小明", "+79161234503", "ул. Гагарина, д. 7, кв. 12", "Владивосток"),
    ("李娜", "+79161234504", "Невский пр., д. 100, кв. 3", "Санкт-Петербург"),
    ("Алексей Ким", "+79161234505", "ул. Светланская, д. 33", "Хабаровск"),
    ("Әсел Нұрғалиқызы Құрманғазиева", "+77011234506", "Қабанбай батыр даңғылы, 49-үй, 18-пәтер", "Астана"),
    ("Anna-Maria O'Connor", "+79161234507", "Tverskaya street 12, building 2, flat 45", "Moscow"),
    ("Ван Сяомин", "+79161234508", "ул. Пограничная, д. 5а, офис 210 (вход со двора)", "Благовещенск"),
    (
        "Константин Александрович Рождественский-Преображенский",
        "+79161234509",
        "микрорайон имени Академика Константина Эдуардовича Циолковского, улица Строителей Байкало-Амурской магистрали,"
        " дом 112, корпус 4, строение 9, подъезд 3, этаж 24, квартира 1187, домофон 4321К",
        "Комсомольск-на-Амуре",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSpec:
    """One product; what is left out comes from the seed."""

    sku: int
    offer_id: str = ""
    name: str = "Товар"
    quantity: int = 1
    price: Decimal = Decimal(1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will happen to a posting, in seconds after it appears; None = never.

    `cutoff_moves_again_by` and `cutoff_moves_by` count from the date of that moment; a move after a clearing counts
    from the date that was cleared.
    """

    buyer_cancels_in: float | None = None
    buyer_asks_in: float | None = None
    marketplace_cancels_in: float | None = None
    marketplace_cancels_overdue: bool = False
    """Whether that cancel is the seller's fault."""
    cutoff_moves_in: float | None = None
    cutoff_moves_by: float = 0.0
    cutoff_clears_in: float | None = None
    cutoff_moves_again_in: float | None = None
    cutoff_moves_again_by: float = 0.0
    delivery_moves_in: float | None = None
    delivery_moves_by: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingSpec:
    """A posting to make. Durations are seconds from its appearance; money is in the seller's currency unless given."""

    client_id: str
    scheme: Literal["FBS", "rFBS"] = "FBS"
    integration: Literal["ozon", "3pl_tracking", "non_integrated", "aggregator", "hybryd"] | None = None
    posting_number: str | None = None
    lines: tuple[LineSpec, ...] = ()
    currency: str | None = None
    appears_in: float = 0.0
    ship_in: float = 86_400.0
    without_delay_in: float | None = None
    delivery_in: float = 432_000.0
    buyer: Buyer | None = None
    requirements: dict[str, list[int]] = field(default_factory=dict)
    multi_box_qty: int = 1
    multibox: bool = False
    is_express: bool = False
    scanit: str | None = None
    """Instead of a code of its own: "" or what other postings have too."""
    settled_in: str = ""
    left_ago: float | None = None
    """It left this many seconds ago, and no push but the first tells of it. It is ordered `ship_in` before that."""
    plan: Plan = field(default_factory=Plan)


class Factory:
    """Makes postings. Everything left open is drawn from the seed and the posting's serial number."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._world: World = market.world

    def make(self, spec: PostingSpec) -> Posting:
        """Makes one posting and schedules its appearance and plan. Raises ValueError for a bad spec."""
        world = self._world
        seller = world.sellers.get(spec.client_id)
        if seller is None:
            raise ValueError(f"no seller {spec.client_id!r}")
        serial = world.next_id("order")
        rng = random.Random(f"{world.settings.seed}:{serial}")
        order_number = (
            f"{10_000_000 + world.settings.seed % 8_000 * 10_000 + serial:08d}-{rng.randrange(1, 10_000):04d}"
        )
        if spec.posting_number is not None:
            order_number = spec.posting_number.rpartition("-")[0] or spec.posting_number
        number = spec.posting_number or f"{order_number}-1"
        if world.postings.get(number) is not None:
            raise ValueError(f"posting {number} exists already")
        integration = spec.integration or (words.NON_INTEGRATED if spec.scheme == "rFBS" else "ozon")
        appears = world.later(spec.appears_in if spec.left_ago is None else -spec.left_ago - spec.ship_in)
        late = spec.without_delay_in if spec.without_delay_in is not None else spec.ship_in * 2
        barcode = world.next_id("barcode", 806_044_518)
        posting = Posting(
            number=number,
            client_id=seller.client_id,
            order_id=35_000_000_000 + serial,
            order_number=order_number,
            scheme=spec.scheme,
            integration=integration,
            currency=spec.currency or seller.currency,
            lines=_lines(spec, rng),
            buyer=spec.buyer or _buyer(rng),
            created_at=world.now(),
            in_process_at=appears,
            shipment_date=appears + timedelta(seconds=spec.ship_in),
            shipment_date_without_delay=appears + timedelta(seconds=late),
            delivery_begin=appears + timedelta(seconds=spec.delivery_in),
            delivery_end=appears + timedelta(seconds=spec.delivery_in + 7200),
            warehouse_id=seller.warehouse_id,
            upper_barcode=f"%101%{barcode}",
            lower_barcode=str(23_024_930_000_000 + barcode),
            scanit=f"SCN{barcode:012d}" if spec.scanit is None else spec.scanit,
            requirements=spec.requirements,
            multi_box_qty=spec.multi_box_qty,
            multibox=spec.multibox,
            is_express=spec.is_express,
            settled_in=spec.settled_in,
            unheard=spec.left_ago is not None,
        )
        world.postings.put(posting)
        if spec.left_ago is not None:
            self._market.was_on_its_way(posting, world.later(-spec.left_ago))
        elif spec.appears_in > 0:
            world.schedule(appears, "create", number)
        else:
            self._market.appear(posting)
        self._schedule(spec, number)
        return posting

    def make_many(self, client_ids: list[str], count: int, **common: Any) -> list[Posting]:
        """A mixed batch from the seed: two of three FBS, a third rFBS; some with two products. `common` goes to all."""
        made = []
        for _ in range(count):
            rng = random.Random(f"{self._world.settings.seed}:kind:{self._world.next_id('generated')}")
            client_id = client_ids[rng.randrange(len(client_ids))]
            scheme: Literal["FBS", "rFBS"] = "rFBS" if rng.random() < 1 / 3 else "FBS"
            made.append(self.make(PostingSpec(**{"client_id": client_id, "scheme": scheme, **common})))
        return made

    def _schedule(self, spec: PostingSpec, number: str) -> None:
        plan = spec.plan
        wishes: tuple[tuple[float | None, str, dict[str, object]], ...] = (
            (plan.buyer_cancels_in, "buyer_cancel", {}),
            (plan.buyer_asks_in, "buyer_cancel", {"as_request": True}),
            (
                plan.marketplace_cancels_in,
                "marketplace_cancel",
                {"overdue": plan.marketplace_cancels_overdue},
            ),
            (plan.cutoff_moves_in, "move_cutoff", {"by_seconds": plan.cutoff_moves_by}),
            (plan.cutoff_clears_in, "clear_cutoff", {}),
            (plan.cutoff_moves_again_in, "move_cutoff", {"by_seconds": plan.cutoff_moves_again_by}),
            (plan.delivery_moves_in, "move_delivery", {"by_seconds": plan.delivery_moves_by}),
        )
        for seconds, kind, data in wishes:
            if seconds is not None:
                self._world.schedule(self._world.later(spec.appears_in + seconds), kind, number, **data)


def _lines(spec: PostingSpec, rng: random.Random) -> list[Line]:
    if spec.lines:
        return [
            Line(line.sku, line.offer_id or f"OFFER-{line.sku}", line.name, line.quantity, line.price)
            for line in spec.lines
        ]
    picked = rng.sample(range(len(_GOODS)), 2 if rng.random() < 0.25 else 1)
    return [
        Line(
            827_000_000 + index,
            f"{_GOODS[index][1]}-{rng.randrange(10, 99)}",
            _GOODS[index][0],
            rng.choice((1, 1, 1, 2)),
            Decimal(_GOODS[index][2]),
        )
        for index in picked
    ]


def _buyer(rng: random.Random) -> Buyer:
    name, phone, address, city = rng.choice(_BUYERS)
    return Buyer(name=name, phone=phone, address=address, city=city, region=city)
