"""The console over real HTTP on this machine, with a shop in memory: for Chromium, and for pictures of the pages."""

from __future__ import annotations

import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from functions.console.app import Console
from functions.console.wiring import Parts
from shipby.application.cases.opening import report_case
from shipby.application.labels.ids import LABEL_IDS
from shipby.application.ports.writes import ClaimPointer, SaveDocument, SaveReturn, SaveSettings, SaveWatch
from shipby.domain import pointers
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.watch import Watch
from shipby.domain.labels.documents import DocumentState
from shipby.domain.postings.posting import MarketplacePosting, RungKind, Stage, TariffStep
from shipby.domain.sellers.settings import SellerSettings
from tests.functions.console.console_support import Browser, new_browser
from tests.support import builders as a

EVER = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
CHROMIUM = Path("/usr/bin/chromium")
GOODS = (
    ("149123456", "TEA-CUP-02", "Чашка для чая, 茶杯, 350 мл", "890.00"),
    ("149123777", "LAMP-LED-7", "Лампа настольная светодиодная", "2450.00"),
    ("149124111", "SOCK-43", "Носки хлопковые, 43, 5 пар", "640.00"),
)


@dataclass
class Site:
    """A console that answers at `url`; `delay`, `down` and `deaf` are what the network does to it."""

    shop: Browser
    url: str = ""
    delay: float = 0.0
    down: bool = False
    deaf: int = 0
    """So many answers get lost on their way, after the form was taken."""
    posts: list[dict[str, str]] = field(default_factory=list)
    """Forms that were answered, in order."""


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    shop = site.shop
    console = Console(lambda: Parts(shop.store, shop.attempts, shop.clock, shop.papers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.command == "POST":
                time.sleep(site.delay)
                if site.down:
                    self.close_connection = True
                    self.connection.close()
                    return
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            event: dict[str, Any] = {
                "rawPath": path,
                "rawQueryString": query,
                "headers": headers,
                "body": body.decode(),
                "requestContext": {
                    "http": {"method": self.command, "path": path, "sourceIp": "127.0.0.1"},
                    "requestId": "r",
                    "stage": "$default",
                },
            }
            answer = console(event)
            if self.command == "POST":
                if site.deaf:
                    site.deaf -= 1
                    self.close_connection = True
                    self.connection.close()
                    return
                site.posts.append(dict(parse_qsl(body.decode())))
            content = b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
            self.send_response(answer["statusCode"])
            for name, value in answer["headers"].items():
                self.send_header(name, value)
            for cookie in answer.get("cookies", ()):
                self.send_header("Set-Cookie", cookie)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815 - names of the base class

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler


@contextmanager
def served(fill: Callable[[Browser], None]) -> Iterator[Site]:
    """A console whose shop was filled, on a free port of 127.0.0.1."""
    site = Site(new_browser())
    fill(site.shop)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    site.url = f"http://127.0.0.1:{server.server_port}/console"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def goods(number: str, cut_off: datetime, *lines: tuple[int, int]) -> MarketplacePosting:
    """What the marketplace says of a posting with these goods: (index in GOODS, pieces)."""
    made = []
    for index, pieces in lines:
        sku, offer, name, price = GOODS[index]
        made.append(a.line(sku=sku, offer_id=offer, name=name, quantity=pieces, price=a.rub(price)))
    steps = (
        TariffStep(until=cut_off, rate=Decimal(0), minimum=a.rub("0"), charge=a.rub("0")),
        TariffStep(until=EVER, rate=Decimal("2.5"), minimum=a.rub("5"), charge=a.rub("150.00")),
    )
    return a.detail(number=number, lines=tuple(made), requirements={}, shipment_date=cut_off, tariff_steps=steps)


def add_posting(
    shop: Browser, number: str, stage: Stage, hours: float, *lines: tuple[int, int], **changes: Any
) -> None:
    """A posting with a cut-off so many hours ahead (or ago), with its price, its goods and its label."""
    cut_off = a.NOW + timedelta(hours=hours)
    posting = a.posting(
        number=number,
        stage=stage,
        status="awaiting_deliver",
        substatus="posting_created",
        shipment_date=cut_off,
        rungs=(
            a.rung(RungKind.CONFIRM_BY, a.NOW - timedelta(hours=1)),
            a.rung(due=cut_off, price=a.rub("150.00")),
            a.rung(RungKind.WITHOUT_DELAY, cut_off + timedelta(hours=12)),
        ),
        next_alarm=a.alarm(cut_off),
        late=hours < 0,
        at_risk=a.rub("150.00"),
        assembled_at=a.NOW - timedelta(hours=1),
        label_ready_at=a.NOW - timedelta(minutes=50),
    )
    shop.has_posting(replace(posting, **changes), goods(number, cut_off, *(lines or ((0, 1),))))
    shop.has(ClaimPointer(a.SELLER, pointers.LABEL, label_code(number), number))
    key = f"labels/{number}.pdf"
    shop.papers.put(key, label_pdf(number), content_type="application/pdf")
    shop.has(
        SaveDocument(
            a.document(
                posting_number=number,
                id=LABEL_IDS[SellerSettings(seller=a.SELLER).label_form],
                state=DocumentState.READY,
                key=key,
                pages=1,
                ready_at=a.NOW - timedelta(minutes=50),
            )
        )
    )


def label_code(number: str) -> str:
    """The barcode of the marketplace's label of a posting."""
    return f"302{number.replace('-', '')[-9:]}000"


def label_pdf(number: str) -> bytes:
    """A page of 75 x 120 mm with the number on it."""
    from io import BytesIO

    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    page = Canvas(out, pagesize=(212, 340), invariant=True)
    page.drawString(20, 300, number)
    page.save()
    return out.getvalue()


def busy(shop: Browser) -> None:
    """A shop at a quarter to six, with something of everything."""
    shop.has(SaveSettings(SellerSettings(seller=a.SELLER, version=1)))
    for index in range(9):
        add_posting(shop, f"24219509-{index:04d}-1", Stage.PICKED, 0.75 if index < 6 else 6, (index % 3, 1 + index % 2))
    for index in range(9, 14):
        add_posting(shop, f"24219510-{index:04d}-1", Stage.PACKED, 0.75, (index % 3, 1), packed_at=a.NOW)
    for index in range(14, 18):
        add_posting(shop, f"24219511-{index:04d}-1", Stage.CONFIRMED, 20 + index, (index % 3, 2))
    add_posting(shop, "24219512-0030-2", Stage.RECEIVED, -3, (1, 1))
    add_posting(
        shop, "24219512-0031-1", Stage.BLOCKED, 5, (2, 3), blocked_from=Stage.PICKED, blocked_reason="goods are damaged"
    )
    for kind, subject, reason in (
        (CaseKind.LABEL_PAGE, "24219509-0003-1", "the label could not be read back: look at it"),
        (CaseKind.MONEY, "24219401-0007-1", "the ledger says 890.00 RUB refunded, the marketplace booked 0"),
        (CaseKind.SILENT_PARCEL, "24219377-0002-1", "no scan for 9 days"),
    ):
        report_case(
            shop.store,
            seller=a.SELLER,
            kind=kind,
            subject=subject,
            reason=reason,
            owner="Анна",
            now=a.NOW - timedelta(hours=5),
            actor="system:open_orders_audit",
        )
    shop.has(SaveReturn(a.return_case()))
    watch = Watch(seller=a.SELLER, id="push-health", version=1, checked_at=a.NOW - timedelta(minutes=4), state="GREEN")
    shop.has(SaveWatch(watch))


def empty(shop: Browser) -> None:
    """A shop on its first day."""
    shop.has(SaveSettings(SellerSettings(seller=a.SELLER, version=1)))
