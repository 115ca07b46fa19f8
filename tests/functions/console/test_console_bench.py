"""The bench without its script: what every scan does, says and leaves."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from shipby.application.ports.writes import SaveAccess, SavePosting
from shipby.domain.errors import StoreUnavailableError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.postings.posting import Posting, Stage
from shipby.domain.sellers.keys import Role
from tests.browser.browser_support import add_posting, empty, label_code
from tests.functions.console.console_support import Browser, Page, person_id
from tests.support import builders as a

CUP, LAMP, SOCK = "149123456", "149123777", "149124111"
FIRST, SECOND = "24219509-0001-1", "24219509-0002-1"
_KEYS = itertools.count(1)


@dataclass
class Desk:
    """A packer who scans: the page's number goes along, as its form and its script send it."""

    browser: Browser
    number: str = ""
    last: Page | None = None
    csrf: str = field(init=False)

    def __post_init__(self) -> None:
        self.browser = self.browser.signed_in(Role.PACKER)
        self.csrf = self.browser.get("/console/bench").csrf

    def scan(self, code: str, *, quantity: int = 1, key: str = "", number: str | None = None) -> str:
        """Scan, and say the page's state, with why it is red."""
        form = {
            "csrf": self.csrf,
            "once": key or f"scan-{next(_KEYS)}",
            "number": self.number if number is None else number,
            "code": code,
            "quantity": str(quantity),
        }
        page = self.browser.post("/console/bench/scan", form, x_bench="1")
        assert page.status == 200, page.text
        self.last = page
        state, self.number, why = (self.attribute(name) for name in ("state", "number", "why"))
        return f"{state} {why}".strip()

    def attribute(self, name: str) -> str:
        found = re.search(rf'data-{name}="([^"]*)"', self.last.html if self.last else "")
        return found[1] if found else ""

    @property
    def text(self) -> str:
        return self.last.text if self.last else ""

    def posting(self, number: str = "") -> Posting:
        found = self.browser.store.posting(a.SELLER, number or self.number)
        assert found is not None
        return found


@pytest.fixture
def desk(browser: Browser) -> Desk:
    empty(browser)
    add_posting(browser, FIRST, Stage.PICKED, 2, (0, 2), (1, 1))
    add_posting(browser, SECOND, Stage.PICKED, 1, (1, 1))
    return Desk(browser)


def test_an_order_of_one_item_needs_two_scans_and_no_click(desk: Desk) -> None:
    assert desk.scan(LAMP) == "done"
    assert desk.number == SECOND
    assert desk.attribute("print") == f"/console/labels/{SECOND}.pdf"
    assert "1 other order wants it too; this one leaves first" in desk.text

    assert desk.scan(label_code(SECOND)) == "closed"

    assert desk.number == ""
    assert desk.posting(SECOND).stage is Stage.PACKED
    assert f"Parcel {SECOND} is closed. Next!" in desk.text
    assert FIRST in desk.text


def test_goods_are_scanned_in_until_the_label_comes_with_the_last_of_them(desk: Desk) -> None:
    assert desk.scan(FIRST) == "open"
    assert desk.scan(CUP) == "right"
    assert desk.attribute("print") == ""
    assert desk.scan(LAMP) == "right"
    assert desk.posting().stage is Stage.PICKED
    assert desk.scan(CUP) == "done"
    assert desk.posting().stage is Stage.PACKED
    assert desk.attribute("print") == f"/console/labels/{FIRST}.pdf"


@pytest.mark.parametrize("paper", [FIRST, label_code(FIRST), f" {FIRST} "])
def test_a_number_and_a_label_open_their_parcel(desk: Desk, paper: str) -> None:
    assert (desk.scan(paper), desk.number) == ("open", FIRST)


def test_a_wrong_item_stops_and_leaves_the_parcel_as_it_was(desk: Desk) -> None:
    desk.scan(FIRST)
    before = desk.posting()

    assert desk.scan(SOCK) == "wrong wrong_item"

    assert "Wrong item: take it out" in desk.text
    assert (desk.number, desk.posting().stage) == (FIRST, before.stage)
    check = desk.browser.store.bench_check(a.SELLER, FIRST)
    assert check is None or not check.scanned
    assert desk.scan(CUP) == "right"


@pytest.mark.parametrize(
    ("scans", "code", "why"),
    [
        ((CUP, CUP), CUP, "too_many"),
        ((CUP,), SECOND, "other_label"),
        ((CUP,), label_code(SECOND), "other_label"),
        ((CUP,), FIRST, "not_packed"),
        ((), label_code(FIRST), "not_packed"),
        ((CUP, CUP, LAMP), SECOND, "other_label"),
        ((CUP, CUP, LAMP), SOCK, "wrong_item"),
        ((CUP, CUP, LAMP), CUP, "too_many"),
        ((CUP,), "SB-WHATEVER", "unknown"),
        ((CUP,), "SB-REPRINT", "not_packed"),
    ],
)
def test_what_does_not_belong_here_is_red_and_says_why(desk: Desk, scans: tuple[str, ...], code: str, why: str) -> None:
    desk.scan(FIRST)
    for each in scans:
        desk.scan(each)
    assert desk.scan(code) == f"wrong {why}"
    assert desk.number == FIRST


@pytest.mark.parametrize(
    ("code", "why"), [("4600000000000", "not_wanted"), ("SB-UNDO", "no_parcel"), ("SB-SHORT", "no_parcel")]
)
def test_without_an_open_parcel_too(desk: Desk, code: str, why: str) -> None:
    assert desk.scan(code) == f"wrong {why}"


def test_while_nothing_is_in_another_slip_opens_its_own_parcel(desk: Desk) -> None:
    desk.scan(FIRST)
    assert (desk.scan(SECOND), desk.number) == ("open", SECOND)


@pytest.mark.parametrize("at", ["before the first scan", "between two", "after the last"])
def test_an_order_cancelled_meanwhile_stops_the_packer_before_the_parcel_closes(desk: Desk, at: str) -> None:
    desk.scan(FIRST)
    for code in {"before the first scan": (), "between two": (CUP,), "after the last": (CUP, CUP, LAMP)}[at]:
        desk.scan(code)
    posting = desk.posting()
    gone = replace(
        posting, version=posting.version + 1, stage=Stage.CANCELLED, cancelled_by="client", rungs=(), next_alarm=None
    )
    desk.browser.has(SavePosting(gone))

    said = desk.scan(label_code(FIRST) if at == "after the last" else CUP)

    assert said == "wrong stopped"
    assert "must not be packed" in desk.text
    assert "cancelled by client" in desk.text
    assert desk.attribute("print") == ""


def test_the_same_scan_sent_again_counts_once_also_where_it_opened_the_parcel(desk: Desk) -> None:
    desk.scan(FIRST)
    assert [desk.scan(CUP, key="one", number=FIRST) for _ in range(3)] == ["right", "right", "right"]
    check = desk.browser.store.bench_check(a.SELLER, FIRST)
    assert check is not None
    assert check.scanned == {CUP: 1}

    assert [desk.scan(LAMP, key="two", number="") for _ in range(2)] == ["done", "done"]
    assert desk.number == SECOND


def test_several_pieces_by_one_scan(desk: Desk) -> None:
    desk.scan(FIRST)
    assert desk.scan(CUP, quantity=3) == "wrong too_many"
    assert desk.scan(CUP, quantity=2) == "right"


def test_a_parcel_without_a_label_says_so_and_prints_nothing(browser: Browser) -> None:
    empty(browser)
    add_posting(browser, FIRST, Stage.PICKED, 2, (1, 1), assembled_at=None)
    desk = Desk(browser)

    assert desk.scan(LAMP) == "done"
    assert "There is no label to print yet" in desk.text
    assert "stick the label on" not in desk.text
    assert desk.attribute("print") == ""


def test_undo_begins_the_parcel_anew(desk: Desk) -> None:
    desk.scan(FIRST)
    desk.scan(CUP)
    assert desk.scan("SB-UNDO") == "open"
    assert "0 of 3 pieces" in desk.text


@pytest.mark.parametrize(
    ("command", "reason"),
    [("SHORT", "goods are short"), ("DAMAGED", "goods are damaged"), ("QC-FAIL", "did not pass the check")],
)
def test_what_cannot_be_packed_is_put_aside_by_one_code_and_the_next_comes(
    desk: Desk, command: str, reason: str
) -> None:
    desk.scan(FIRST)
    desk.scan(CUP)

    assert [desk.scan(f"sb-{command.lower()}", key="k", number=FIRST) for _ in range(2)] == ["idle", "idle"]

    posting = desk.posting(FIRST)
    assert posting.stage is Stage.BLOCKED
    assert reason in posting.blocked_reason
    events = desk.browser.store.events(a.SELLER, posting_ref(FIRST))
    assert [each.event.actor for each in events if each.event.type is EventType.POSTING_BLOCKED] == [
        f"person:{person_id(Role.PACKER)}"
    ]
    assert f"{FIRST} is put aside" in desk.text
    assert desk.scan(LAMP) == "done"


def test_a_printed_label_may_be_printed_again_and_another_parcel_taken(desk: Desk) -> None:
    desk.scan(LAMP)
    assert desk.scan("SB-REPRINT") == "done"
    assert desk.attribute("print") == f"/console/labels/{SECOND}.pdf"
    assert desk.scan("SB-OK") == "done"
    assert desk.attribute("print") == ""
    assert (desk.scan("SB-NEXT"), desk.number) == ("idle", "")


def test_a_packer_of_one_warehouse_is_offered_its_parcels_alone(desk: Desk) -> None:
    person = desk.browser.store.person(a.SELLER, person_id(Role.PACKER))
    assert person is not None
    desk.browser.has(SaveAccess(replace(person, version=2, warehouses=("elsewhere",))))

    assert desk.scan(LAMP) == "wrong not_wanted"
    assert desk.scan("SB-OK") == "idle"
    assert "Nothing is left to pack" in desk.text
    form = {"csrf": desk.csrf, "once": "x", "number": FIRST, "code": CUP, "quantity": "1"}
    assert desk.browser.post("/console/bench/scan", form, x_bench="1").status == 403


@pytest.mark.parametrize(
    ("name", "value"),
    [("code", ""), ("code", " "), ("quantity", "0"), ("quantity", "-1"), ("quantity", "1e3"), ("quantity", "٣")],
)
def test_a_form_that_makes_no_sense_is_refused(desk: Desk, name: str, value: str) -> None:
    form = {"csrf": desk.csrf, "once": "x", "number": FIRST, "code": CUP, "quantity": "1", name: value}
    assert desk.browser.post("/console/bench/scan", form, x_bench="1").status == 400


@pytest.mark.parametrize(
    "code", ["<script>alert(1)</script>", "\u001d01", "a" * 300, "%00", "Ж" * 100, "SB-", "' OR 1=1"]
)
def test_hostile_codes_are_text(desk: Desk, code: str) -> None:
    assert desk.scan(code).startswith("wrong")
    assert "<script>alert" not in (desk.last.html if desk.last else "")


def test_a_store_that_does_not_answer_asks_for_the_same_scan_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.scan(FIRST)
    with monkeypatch.context() as patch:

        def away(*_: object, **__: object) -> None:
            raise StoreUnavailableError("away")

        patch.setattr(desk.browser.store, "commit", away)
        form = {"csrf": desk.csrf, "once": "again", "number": FIRST, "code": CUP, "quantity": "1"}
        assert desk.browser.post("/console/bench/scan", form, x_bench="1").status == 503
    assert desk.scan(CUP, key="again") == "right"
    check = desk.browser.store.bench_check(a.SELLER, FIRST)
    assert check is not None
    assert check.scanned == {CUP: 1}


def test_the_form_works_without_a_script(desk: Desk) -> None:
    page = desk.browser.get(f"/console/bench?number={FIRST}")
    form = page.form("/console/bench/scan") | {"code": CUP, "quantity": "1"}

    answer = desk.browser.post("/console/bench/scan", form)
    again = desk.browser.post("/console/bench/scan", form)

    assert "<html" in answer.html
    assert "Right: TEA-CUP-02" in answer.text
    assert "1 / 2" in again.text
    assert answer.form("/console/bench/scan")["once"] != form["once"]


def _reads(desk: Desk, code: str) -> int:
    """How often a scan with nothing open asks the store: its own questions, not those that the fake asks itself."""
    counted, store, inside = itertools.count(), desk.browser.store, [False]

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def read(*args: Any, **named: Any) -> Any:
            if inside[0]:
                return real(*args, **named)
            next(counted)
            inside[0] = True
            try:
                return real(*args, **named)
            finally:
                inside[0] = False

        return read

    names = ("posting", "detail", "postings_with_details", "open_rows", "bench_check", "document", "product_cards_of")
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.setattr(store, name, watched(getattr(store, name)))
        desk.scan(code, number="")
    return next(counted)


def test_of_many_open_parcels_a_scan_reads_as_much_as_of_few(desk: Desk) -> None:
    few = _reads(desk, LAMP)
    for index in range(200):
        add_posting(desk.browser, f"5{index:07d}-0001-1", Stage.PICKED, 3 + index, (2, 1))
    assert few > 0
    assert _reads(desk, LAMP) <= few


def test_every_command_of_the_sheet_is_a_barcode_that_scanners_read(desk: Desk) -> None:
    import zxingcpp
    from PIL import Image, ImageDraw

    page = desk.browser.get("/console/bench/sheet")
    figures = re.findall(r'aria-label="(SB-[^"]+)">(.*?)</svg>', page.html, re.DOTALL)
    assert len(figures) == 15
    for text, bars in figures:
        picture = Image.new("L", (700, 80), 255)
        draw = ImageDraw.Draw(picture)
        for x, width in re.findall(r'x="(\d+)" y="0" width="(\d+)"', bars):
            draw.rectangle((30 + int(x) * 3, 5, 30 + (int(x) + int(width)) * 3 - 1, 75), fill=0)
        (found,) = zxingcpp.read_barcodes(picture)
        assert found.text == text
