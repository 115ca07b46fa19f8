"""What ships with the pages: templates without evaluated code, catalogues without gaps, files as they were pinned."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from functions.console import words
from functions.console.assets import FOLDER as STATIC
from functions.console.assets import asset, serve
from functions.console.rendering import FOLDER, environment
from functions.console.texts import LANGUAGES, Texts
from shipby.domain.cases.case import CaseKind
from shipby.domain.deadlines.priority import CostKind
from shipby.domain.deadlines.risk import Lamp
from shipby.domain.events import EventType
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.keys import Role
from tests.support import builders as a
from tools import catalogues

TEMPLATES = sorted(FOLDER.glob("*.html"))
HTMX = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"  # pragma: allowlist secret - a public hash
"""sha256 of dist/htmx.min.js of htmx.org 4.0.1 in the npm registry."""
FORBIDDEN = {
    "an event filter: htmx evaluates it, or goes without it": r"hx-trigger[^=]*=\s*\"[^\"]*\[",
    "an inline handler": r"\s(hx-)?on[a-z:-]*\s*=",
    "evaluated code": r"js:|javascript:|hx-vars|hx-eval",
    "an inline script": r"<script(?![^>]*\bsrc=)",
    "an inline style": r"<style|\sstyle\s*=",
    "another host": r"(src|href|action)=\"(https?:)?//",
    "text that is not escaped": r"\|\s*safe\b|autoescape",
}


@pytest.mark.parametrize("why", FORBIDDEN)
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has(path: Path, why: str) -> None:
    assert re.findall(FORBIDDEN[why], path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("why", "bad"),
    [
        ("an event filter: htmx evaluates it, or goes without it", '<a hx-trigger="click[ctrlKey]">'),
        ("an event filter: htmx evaluates it, or goes without it", '<a hx-trigger:inherited="click[x]">'),
        ("an inline handler", '<a hx-on:click="x()">'),
        ("an inline handler", "<a onclick='x()'>"),
        ("evaluated code", '<a hx-vals="js:{a: b()}">'),
        ("an inline script", "<script>alert(1)</script>"),
        ("an inline style", '<p style="x">'),
        ("another host", '<a href="https://cdn.example/x.js">'),
        ("text that is not escaped", "{{ x|safe }}"),
    ],
)
def test_the_lint_finds_what_it_is_for(why: str, bad: str) -> None:
    assert re.findall(FORBIDDEN[why], bad)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_changes_something_carries_the_sessions_word_and_its_key(path: Path) -> None:
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", path.read_text("utf-8"), re.DOTALL):
        assert 'name="csrf"' in form
        # Who signs in or out, or chooses a language, may do it twice.
        if not re.search(r'action="/console/(login|logout|language)"', form):
            assert 'name="once"' in form


def test_what_people_write_is_escaped() -> None:
    assert environment().render_str("{{ x }}", x="<b>\"'&") == "&lt;b&gt;&quot;&#x27;&amp;"


def test_a_value_that_is_missing_is_an_error_and_no_empty_place() -> None:
    with pytest.raises(Exception, match="undefined"):
        environment().render_str("{{ nothing }}")


def test_htmx_is_the_file_that_was_pinned() -> None:
    assert hashlib.sha256((STATIC / "htmx-4.0.1.min.js").read_bytes()).hexdigest() == HTMX


@pytest.mark.parametrize(
    ("name", "most"), [("bench.js", 6_000), ("console.css", 15_000), ("htmx-4.0.1.min.js", 14_000)]
)
def test_own_files_stay_small(name: str, most: int) -> None:
    size = (
        len((STATIC / name).read_bytes()) if name == "console.css" else len(gzip.compress((STATIC / name).read_bytes()))
    )
    assert size <= most


def test_a_file_is_served_under_its_own_hash_only_and_kept_for_ever() -> None:
    _, _, _, digest, name = asset("console.css").split("/")
    found = serve(digest, name)
    assert found is not None
    assert "immutable" in found.headers["Cache-Control"]
    assert serve("0" * 16, name) is None
    assert serve(digest, "../wiring.py") is None


def test_catalogues_are_complete_fresh_and_compiled() -> None:
    assert catalogues.problems() == []


def test_a_missing_a_fuzzy_and_a_broken_translation_are_problems() -> None:
    made = Catalog(locale="ru")
    made.add("Save")
    made.add("Today", "Сегодня", flags=["fuzzy"])
    made.add("in {time}", "через {when}")
    made.add(("{n} piece", "{n} pieces"), ("{n} штука", "{n} штуки", ""))
    found = [problem for message in made if message.id for problem in catalogues.of_message(message)]
    assert found == [
        "not translated: Save",
        "fuzzy: Today",
        "other fields than ['time']: через {when}",
        "not translated: {n} piece",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_words_of_its_own(language: str) -> None:
    said = Texts(language).text("Today")
    assert said == {"ru": "Сегодня", "zh": "今日", "en": "Today"}[language]


@pytest.mark.parametrize(
    ("n", "said"), [(1, "1 штука"), (2, "2 штуки"), (5, "5 штук"), (11, "11 штук"), (21, "21 штука")]
)
def test_russian_counts_as_russians_do(n: int, said: str) -> None:
    assert Texts("ru").count("{n} piece", "{n} pieces", n) == said


@pytest.mark.parametrize(
    ("language", "amount", "said"),
    [
        ("ru", "1234.50", "1\xa0234,50\xa0₽"),
        ("ru", "12.00", "12\xa0₽"),
        ("en", "1234.50", "₽1,234.50"),
        ("zh", "-5.00", "-₽5"),
        ("ru", "999999999999.99", "999\xa0999\xa0999\xa0999,99\xa0₽"),
    ],
)
def test_money_is_written_as_people_write_it(language: str, amount: str, said: str) -> None:
    assert Texts(language).money({"amount": amount, "currency": "RUB"}) == said


def test_times_are_those_of_the_sellers_zone() -> None:
    assert Texts("ru", "Asia/Shanghai").moment(a.NOW) == "02.03\xa017:00"
    assert Texts("ru", "Europe/Moscow").moment(a.NOW, now=a.NOW) == "12:00"
    assert Texts("en", "Europe/Moscow").moment(a.NOW, zone="UTC") == "02\xa0Mar\xa009:00"
    assert Texts("en").moment(None) == "—"


def test_every_code_that_pages_show_has_a_word() -> None:
    assert set(map(str, Stage)) == set(words.STAGES)
    assert set(map(str, CaseKind)) <= set(words.CASES)
    assert set(map(str, CostKind)) == set(words.COSTS)
    assert set(map(str, Lamp)) == set(words.LAMPS)
    assert set(map(str, Role)) - {"station"} == set(words.ROLES)
    of_postings = (
        "posting.",
        "buyer.",
        "label.",
        "print.",
        "bench.",
        "exemplars.",
        "tracking.",
        "intent.",
        "automation.",
    )
    assert {str(each) for each in EventType if each.startswith(of_postings)} <= set(words.EVENTS)
