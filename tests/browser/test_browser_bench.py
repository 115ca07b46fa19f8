"""The bench in Chromium, with a scanner: never by filling fields in, which proves nothing of what a scanner does."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from typing import Any

import pytest

from shipby.domain.postings.posting import Stage
from tests.browser.browser_support import Site, add_posting, empty, label_code
from tests.browser.scanner import GS, Scanner
from tests.functions.console.console_support import Browser
from tests.support import builders as a

Opened = Callable[..., tuple[Any, Site]]
CUP, LAMP, SOCK = "149123456", "149123777", "149124111"
FIRST, SECOND = "24219509-0001-1", "24219509-0002-1"
LAYOUTS = ("us", "ru", "zh-ime", "kk", "caps")
CODES = 40


def two_orders(shop: Browser) -> None:
    empty(shop)
    add_posting(shop, FIRST, Stage.PICKED, 2, (0, 20), (1, 1))
    add_posting(shop, SECOND, Stage.PICKED, 1, (1, 1))


def codes(count: int, seed: int = 7) -> list[str]:
    """EAN-13, posting numbers, free Code 128 and marks with separators."""
    chance = random.Random(seed)
    signs = string.ascii_letters + string.digits + "-_.+/%$:;,!?&*()=#@'\"<>[]{}|\\^`~"
    made = []
    for index in range(count):
        kind = index % 4
        if kind == 0:
            made.append("".join(chance.choices(string.digits, k=13)))
        elif kind == 1:
            made.append(f"{chance.randrange(10**8):08d}-{chance.randrange(10**4):04d}-1")
        elif kind == 2:
            made.append("X" + "".join(chance.choices(signs, k=chance.randrange(5, 20))))
        else:
            made.append(f"010460714356059821{''.join(chance.choices(string.ascii_letters, k=13))}{GS}91EE11{GS}92dGVz")
    return made


def answered(site: Site, count: int, page: Any) -> list[str]:
    """The codes that the server got, once there are so many."""
    for _ in range(600):
        if len(site.posts) >= count:
            break
        page.wait_for_timeout(50)
    return [post["code"] for post in site.posts if "code" in post]


@pytest.fixture
def bench(opened: Opened) -> tuple[Any, Site]:
    page, site = opened(two_orders, "/bench")
    page.wait_for_selector("#bench")
    site.posts.clear()
    return page, site


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_sign_is_right_under_every_layout(bench: tuple[Any, Site], layout: str) -> None:
    page, site = bench
    scanner, wanted = Scanner(page, layout), codes(CODES)
    for code in wanted:
        scanner.scan(code)
    assert answered(site, CODES, page) == wanted


@pytest.mark.parametrize("end", ["Enter", "Tab", ""])
@pytest.mark.parametrize("gap", [0.005, 0.02, 0.06, 0.12])
def test_no_code_is_cut_whatever_the_scanners_pace_and_its_end(bench: tuple[Any, Site], gap: float, end: str) -> None:
    page, site = bench
    scanner, wanted = Scanner(page, gap=gap, end=end), codes(3)
    for code in wanted:
        scanner.scan(code)
        if not end:
            page.wait_for_timeout(1000)
    assert answered(site, 3, page) == wanted


@pytest.mark.parametrize("way", ["ctrl", "f8"])
def test_the_separator_of_a_mark_arrives(bench: tuple[Any, Site], way: str) -> None:
    page, site = bench
    mark = f"0104607143560598215abcdefghijklm{GS}91EE11{GS}92dGVzdA=="
    Scanner(page, "ru", separator=way).scan(mark)
    assert answered(site, 1, page) == [mark]


@pytest.mark.parametrize(
    "place", ["body", "#code", "#quantity", "button[value=SB-OK]", "#scan button", "nav a", ".lang button", ".rows a"]
)
def test_a_scan_arrives_wherever_the_focus_is_and_leaves_nothing_there(bench: tuple[Any, Site], place: str) -> None:
    page, site = bench
    if place != "body":
        page.focus(place)
    before = page.url, page.input_value("#code"), page.input_value("#quantity")
    Scanner(page, "ru").scan(FIRST)
    assert answered(site, 1, page) == [FIRST]
    page.wait_for_selector(f"#bench[data-number='{FIRST}']")
    assert (page.url, page.input_value("#code"), page.input_value("#quantity")) == before


def test_what_is_typed_by_hand_stays_in_its_field(bench: tuple[Any, Site]) -> None:
    page, site = bench
    page.focus("#code")
    for letter in "чашка":
        page.keyboard.insert_text(letter)
        page.wait_for_timeout(120)
    assert page.input_value("#code") == "чашка"
    page.keyboard.press("Enter")
    assert answered(site, 1, page) == ["чашка"]


def test_a_code_sent_twice_by_one_trigger_counts_once_and_two_triggers_count_twice(bench: tuple[Any, Site]) -> None:
    page, site = bench
    scanner = Scanner(page)
    scanner.scan(FIRST)
    page.wait_for_selector(f"#bench[data-number='{FIRST}']")
    scanner.scan(CUP)
    scanner.scan(CUP)
    page.wait_for_timeout(400)
    scanner.scan(CUP)
    page.wait_for_selector("text=2 / 20")
    assert answered(site, 3, page) == [FIRST, CUP, CUP]


def test_thirty_scans_over_a_slow_network_are_answered_in_their_order(bench: tuple[Any, Site]) -> None:
    page, site = bench
    site.delay = 0.4
    scanner = Scanner(page)
    scanner.scan(FIRST)
    wanted = [FIRST]
    for index in range(29):
        code = CUP if index % 3 else f"WRONG-{index:03d}"
        wanted.append(code)
        if code == CUP and wanted[-2] == CUP:
            page.wait_for_timeout(320)
        scanner.scan(code)
    assert answered(site, 30, page) == wanted
    page.wait_for_selector(f"text={wanted.count(CUP)} / 20")
    assert [post["once"] for post in site.posts] == list(dict.fromkeys(post["once"] for post in site.posts))


def test_without_network_nothing_is_lost_doubled_or_green(bench: tuple[Any, Site]) -> None:
    page, site = bench
    scanner = Scanner(page)
    scanner.scan(FIRST)
    page.wait_for_selector(f"#bench[data-number='{FIRST}']")
    site.down = True
    for _ in range(5):
        scanner.scan(CUP)
        page.wait_for_timeout(320)
    assert page.get_attribute("#bench", "data-state") == "open"
    assert "Not confirmed yet: 5" in page.inner_text("#waiting")
    assert "Nothing is lost" in page.inner_text("#waiting")
    page.wait_for_timeout(1500)
    site.down = False
    page.wait_for_selector("text=5 / 20", timeout=15_000)
    page.wait_for_selector("#waiting", state="hidden")
    check = site.shop.store.bench_check(a.SELLER, FIRST)
    assert check is not None
    assert check.scanned == {CUP: 5}


def test_an_answer_that_got_lost_counts_once(bench: tuple[Any, Site]) -> None:
    page, site = bench
    scanner = Scanner(page)
    scanner.scan(FIRST)
    page.wait_for_selector(f"#bench[data-number='{FIRST}']")
    site.deaf = 2
    scanner.scan(CUP)
    page.wait_for_selector("text=1 / 20", timeout=15_000)
    check = site.shop.store.bench_check(a.SELLER, FIRST)
    assert check is not None
    assert check.scanned == {CUP: 1}


def test_scans_outlive_the_tab(bench: tuple[Any, Site]) -> None:
    page, site = bench
    scanner = Scanner(page)
    scanner.scan(FIRST)
    page.wait_for_selector(f"#bench[data-number='{FIRST}']")
    site.down = True
    scanner.scan(CUP)
    page.wait_for_selector("#waiting:not([hidden])")
    page.reload()
    site.down = False
    page.wait_for_selector("text=1 / 20", timeout=15_000)


def test_a_wrong_scan_is_red_over_the_whole_page_until_it_is_acknowledged(bench: tuple[Any, Site]) -> None:
    page, _ = bench
    scanner = Scanner(page)
    scanner.scan(FIRST)
    scanner.scan(SOCK)
    page.wait_for_selector(".bench.wrong")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(193, 18, 31)"
    assert "Wrong item: take it out" in page.inner_text(".shout")
    page.keyboard.press("Escape")
    page.wait_for_selector(".bench:not(.wrong)")


def test_what_was_scanned_before_the_red_could_be_seen_does_not_take_it_away(bench: tuple[Any, Site]) -> None:
    page, site = bench
    scanner = Scanner(page)
    scanner.scan(FIRST)
    page.wait_for_selector(f"#bench[data-number='{FIRST}']")
    site.delay = 0.3
    scanner.scan(SOCK)
    scanner.scan(CUP)
    page.wait_for_selector("text=1 / 20")
    assert page.get_attribute("#bench", "data-state") == "wrong"
    assert "Wrong item" in page.inner_text(".shout")
    scanner.scan(LAMP)
    page.wait_for_selector(".bench.right")


def test_right_wrong_and_done_sound_different(opened: Opened) -> None:
    page, _ = opened(two_orders, "/bench")
    page.evaluate(
        """() => {
            window.tones = [];
            const make = AudioContext.prototype.createOscillator;
            AudioContext.prototype.createOscillator = function () {
                const tone = make.call(this), stop = tone.stop.bind(tone);
                let begun = 0;
                const start = tone.start.bind(tone);
                tone.start = (at) => { begun = at; start(at); };
                tone.stop = (at) => {
                    window.tones.push([tone.frequency.value, Math.round((at - begun) * 1000)]);
                    stop(at);
                };
                return tone;
            };
        }"""
    )
    scanner = Scanner(page)
    heard = {}
    for name, code in (("right", FIRST), ("wrong", SOCK), ("closed", "")):
        page.evaluate("window.tones.length = 0")
        if code:
            scanner.scan(code)
        else:
            scanner.scan("SB-NEXT")
            page.wait_for_selector("#bench[data-state=idle]")
            page.evaluate("window.tones.length = 0")
            scanner.scan(LAMP)
            page.wait_for_selector(".bench.done")
        page.wait_for_timeout(300)
        heard[name] = page.evaluate("window.tones.slice(1)")
    assert len({str(tones) for tones in heard.values()}) == 3
    assert all(heard.values())


def test_twenty_orders_by_scanner_alone_with_every_swap_stopped(opened: Opened) -> None:
    def shop_of_twenty(shop: Browser) -> None:
        empty(shop)
        for index in range(20):
            add_posting(shop, f"24219509-{index:04d}-1", Stage.PICKED, 1 + index, (0, 1), (1, 1))

    page, site = opened(shop_of_twenty, "/bench")
    scanner, stopped = Scanner(page, "ru"), 0
    for index in range(20):
        number = f"24219509-{index:04d}-1"
        scanner.scan(CUP)
        page.wait_for_selector(f".bench.right[data-number='{number}']")
        scanner.scan(SOCK)
        page.wait_for_selector(".bench.wrong")
        stopped += 1
        scanner.scan(LAMP)
        page.wait_for_selector(".bench.done")
        scanner.scan(label_code(number))
        page.wait_for_selector(".bench.closed")
        page.wait_for_timeout(310)
    assert stopped == 20
    assert page.evaluate("window.printed") == 20
    for index in range(20):
        posting = site.shop.store.posting(a.SELLER, f"24219509-{index:04d}-1")
        assert posting is not None
        assert posting.stage is Stage.PACKED


@pytest.mark.parametrize(("code", "key"), [("SB-SHORT", "s"), ("SB-DAMAGED", "d"), ("SB-QC-FAIL", "q")])
@pytest.mark.parametrize("by", ["code", "key", "button"])
def test_every_command_is_a_code_a_key_and_a_button(bench: tuple[Any, Site], code: str, key: str, by: str) -> None:
    page, site = bench
    scanner = Scanner(page, "ru")
    scanner.scan(FIRST)
    page.wait_for_selector(f"#bench[data-number='{FIRST}']")
    if by == "button":
        page.click(f"button[value={code}]")
    else:
        Scanner(page, "ru", end="" if by == "key" else "Enter").scan(key if by == "key" else code)
    page.wait_for_selector("#bench[data-state=idle]")
    posting = site.shop.store.posting(a.SELLER, FIRST)
    assert posting is not None
    assert posting.stage is Stage.BLOCKED


def test_a_quantity_code_counts_for_the_next_scan(bench: tuple[Any, Site]) -> None:
    page, _ = bench
    scanner = Scanner(page)
    scanner.scan(FIRST)
    scanner.scan("SB-QTY-4")
    scanner.scan(CUP)
    page.wait_for_selector("text=4 / 20")
    scanner.scan(LAMP)
    page.wait_for_selector("text=5 of 21 pieces")
