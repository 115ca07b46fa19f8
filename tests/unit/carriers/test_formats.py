"""Whose a tracking number is, and whether its check digit is right."""

import json
import random
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from shipby.domain.carriers.carrier import Carrier, PriceBand, PriceList
from shipby.domain.carriers.check_digits import expected
from shipby.domain.carriers.directory import PRESETS, directory, find
from shipby.domain.carriers.formats import Check, fits, known_formats, likeliest
from shipby.domain.carriers.numbers import Trouble, judge, trouble_of
from shipby.domain.carriers.s10 import check_digit, s10
from tests.support import builders as a
from tools.carrier_formats import DATA, couriers, formats, posts

CARRIERS = directory(())


def number_of(draw: random.Random, count: int) -> str:
    return "".join(str(draw.randrange(10)) for _ in range(count))


def checked(algorithm: str, *parameters: int, before: str = "", digits: int) -> Callable[[random.Random], str]:
    def make(draw: random.Random) -> str:
        serial = number_of(draw, digits)
        return before + serial + expected(algorithm, serial, parameters)

    return make


FIFTEEN: Mapping[str, tuple[str, Callable[[random.Random], str]]] = {
    "russian post, domestic": ("russian_post", checked("mod10", 3, 1, 0, digits=13)),
    "russian post, abroad": ("russian_post", lambda draw: s10("RA", draw.randrange(10**8), "RU")),
    "china post": ("china_post", lambda draw: s10("LB", draw.randrange(10**8), "CN")),
    "belpost": ("belpost", lambda draw: s10("RR", draw.randrange(10**8), "BY")),
    "another post": ("s10", lambda draw: s10("UA", draw.randrange(10**8), "DE")),
    "cdek": ("cdek", lambda draw: "1" + number_of(draw, 9)),
    "cainiao": ("cainiao", lambda draw: "LP" + number_of(draw, 14)),
    "yanwen": ("yanwen", lambda draw: "UJ" + number_of(draw, 9) + "YP"),
    "yunexpress": ("yunexpress", lambda draw: "YT" + number_of(draw, 16)),
    "4px": ("4px", lambda draw: "4PX" + number_of(draw, 13) + "CN"),
    "sf": ("sf", lambda draw: "SF" + number_of(draw, 13)),
    "dpd": ("dpd", checked("mod_37_36", digits=14)),
    "ups": ("ups", checked("mod10", 1, 2, 0, before="1Z", digits=15)),
    "fedex": ("fedex", checked("weighted", 11, 10, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1, digits=11)),
    "gofo": ("gofo", lambda draw: "GFUS" + number_of(draw, 14)),
}


def sample(count: int) -> list[tuple[str, str]]:
    draw = random.Random(7)
    kinds = list(FIFTEEN.values())
    return [(carrier, make(draw)) for carrier, make in (kinds[index % 15] for index in range(count))]


def test_of_200_numbers_of_15_formats_nearly_all_find_their_carrier() -> None:
    found = [(carrier, fit.carrier if (fit := likeliest(number)) else "") for carrier, number in sample(200)]
    right = sum(wanted == carrier for wanted, carrier in found)
    assert right >= 196, [pair for pair in found if pair[0] != pair[1]]


def test_every_wrong_check_digit_is_caught() -> None:
    """Where the carrier is named: digits alone may be right for another one by chance."""
    caught = wrong = 0
    for carrier, number in sample(600):
        theirs = [fit for fit in fits(number) if fit.carrier == carrier and fit.check is Check.RIGHT]
        if not theirs:
            continue
        place = (
            number.rindex(next(sign for sign in reversed(number) if sign.isdigit())) - (theirs[0].format == "s10") * 0
        )
        for other in "0123456789":
            changed = number[:place] + other + number[place + 1 :]
            if changed == number or not re.fullmatch(r"[0-9A-Z]+", changed):
                continue
            judged = judge(changed, CARRIERS, named=carrier)
            wrong += 1
            caught += judged.check is Check.WRONG and bool(judged.refused or judged.doubtful)
    assert wrong > 2000
    assert caught == wrong


@pytest.mark.parametrize("courier", [one["courier_code"] for one in couriers()])
def test_every_example_of_the_open_data_is_judged_as_it_says(courier: str) -> None:
    [data] = [one for one in couriers() if one["courier_code"] == courier]
    for number in data["tracking_numbers"]:
        ident = number.get("id") or re.sub(r"\W+", "_", number["name"].lower()).strip("_")
        for text in number["test_numbers"]["valid"]:
            found = [fit for fit in fits("".join(text.split()).upper()) if fit.format == ident]
            assert found, (ident, text)
            assert found[0].check is not Check.WRONG, (ident, text)
        for text in number["test_numbers"]["invalid"]:
            found = [fit for fit in fits("".join(text.split()).upper()) if fit.format == ident]
            assert all(fit.check is Check.WRONG for fit in found), (ident, text)


def test_the_tables_are_those_that_the_tool_makes_of_the_data() -> None:
    """Compared as data: the formatter has its own lines."""

    def values(text: str) -> dict[str, Any]:
        space: dict[str, Any] = {}
        exec(text, space)  # noqa: S102  # our own tool's text
        return {name: value for name, value in space.items() if name.isupper()}

    target = {
        name: values((DATA.parents[2] / "layers/common/src/shipby/domain/carriers" / name).read_text("utf-8"))
        for name in ("open_formats.py", "s10_posts.py")
    }
    assert target == {"open_formats.py": values(formats()), "s10_posts.py": values(posts())}
    assert json.loads((DATA / "couriers" / "s10.json").read_text("utf-8"))["courier_code"] == "s10"


@pytest.mark.parametrize(
    ("serial", "digit"), [("12345678", "5"), ("41034224", "9"), ("00000000", "5"), ("47312482", "9")]
)
def test_s10_check_digits_are_those_of_the_standard(serial: str, digit: str) -> None:
    assert check_digit(serial) == digit


def test_every_format_has_a_source_and_every_preset_its_names() -> None:
    assert all(one.source for one in known_formats())
    assert all(set(carrier.names) == {"ru", "zh", "en"} and carrier.source for carrier in PRESETS)
    named = [find(name, CARRIERS) for name in ("СДЭК", "cdek", " Почта  России ", "顺丰", "4PX Express", "ups")]
    assert [one.code for one in named if one] == ["cdek", "cdek", "russian_post", "sf", "4px", "ups"]
    assert find("nobody", CARRIERS) is None


# Judging


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("8.00880E+13", Trouble.SPREADSHEET),
        ("1,23457E+13", Trouble.SPREADSHEET),
        ("8E13", Trouble.SPREADSHEET),
        ("'80087987654321", Trouble.SPREADSHEET),
        ("80087987654321.0", Trouble.SPREADSHEET),
        ("80087987654321,00", Trouble.SPREADSHEET),
        ("RВ123456785CN", Trouble.LOOK_ALIKE),
        ("１２３４５６", Trouble.LOOK_ALIKE),
        ("RB12\u200b3456785CN", Trouble.LOOK_ALIKE),
        ("ß123456", Trouble.LOOK_ALIKE),
        ("RB123456784CN", Trouble.CHECK_DIGIT),
        ("2026-05-12", Trouble.SPREADSHEET),
        ("12.05.2026", Trouble.SPREADSHEET),
        ("1/5/26", Trouble.SPREADSHEET),
        ("12.05.2026 0:00:00", Trouble.SPREADSHEET),
        ("12-May", Trouble.SPREADSHEET),
        ("1-Sep-26", Trouble.SPREADSHEET),
        ("12.май", Trouble.SPREADSHEET),
        ("2026年5月1日", Trouble.SPREADSHEET),
        ("#N/A", Trouble.SPREADSHEET),
        ("#ЗНАЧ!", Trouble.SPREADSHEET),
        ("12345–67890", Trouble.LOOK_ALIKE),
        ("#####", Trouble.NOT_A_NUMBER),
        ("=HYPERLINK(1)", Trouble.NOT_A_NUMBER),
        ("", Trouble.NOT_A_NUMBER),
        ("1234", Trouble.NOT_A_NUMBER),
        ("A" * 41, Trouble.NOT_A_NUMBER),
        ("1" * 60, Trouble.NOT_A_NUMBER),
    ],
)
def test_what_is_damaged_or_wrong_is_refused_with_its_reason(text: str, trouble: Trouble) -> None:
    judged = judge(text, CARRIERS)
    assert [kind for kind, _ in judged.refused] == [trouble]
    assert judged.refused[0][1]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (" 8008 7987 6543 23 ", "80087987654323"),
        ("rb123456785cn", "RB123456785CN"),
        ("RB123456785CN\u200b", "RB123456785CN"),
        ("\u202aRB123456785CN\u202c", "RB123456785CN"),
        ("RB123456785CN\r\n", "RB123456785CN"),
        ("219E01BE", "219E01BE"),
        ("MY-OWN-17", "MY-OWN-17"),
        ("12345-2026", "12345-2026"),
        ("RB\u00a0123456785\u00a0CN\u00a0", "RB123456785CN"),
    ],
)
def test_what_people_paste_is_taken_as_carriers_print_it(text: str, number: str) -> None:
    judged = judge(text, CARRIERS)
    assert (judged.number, judged.refused, judged.doubtful) == (number, (), ())


def test_digits_alone_may_be_of_a_carrier_without_a_published_format() -> None:
    assert [kind for kind, _ in judge("80087987654321", CARRIERS).doubtful] == [Trouble.CHECK_DIGIT]
    assert [kind for kind, _ in judge("80087987654321", CARRIERS, named="Почта России").refused] == [
        Trouble.CHECK_DIGIT
    ]
    assert "should be 3" in judge("80087987654321", CARRIERS).doubtful[0][1]


def test_a_number_of_another_carrier_is_doubtful_and_says_whose_it_looks_like() -> None:
    [(kind, text)] = judge("RB123456785CN", CARRIERS, named="СДЭК").doubtful
    assert (kind, "china_post" in text) == (Trouble.OTHER_CARRIER, True)
    assert judge("RB123456785CN", CARRIERS, named="China Post").doubtful == ()
    assert judge("RB123456785CN", CARRIERS, named="our neighbour").doubtful == ()


@pytest.mark.parametrize("named", ["", "our neighbour", "СДЭК"])
def test_digits_that_a_spreadsheet_rounded_are_doubtful(named: str) -> None:
    assert Trouble.SPREADSHEET in dict(judge("98765432109876500", CARRIERS, named=named).doubtful)
    assert Trouble.SPREADSHEET in dict(judge("987654321098765000", CARRIERS, named=named).doubtful)
    assert Trouble.SPREADSHEET not in dict(judge("98765432109876050", CARRIERS, named=named).doubtful)
    assert Trouble.SPREADSHEET not in dict(judge("987654321098760", CARRIERS, named=named).doubtful)


def test_zeros_that_a_spreadsheet_cut_off_are_seen() -> None:
    serial = "0120000000001"
    whole = serial + expected("mod10", serial, (3, 1, 0))
    [(kind, text)] = judge(whole[1:], CARRIERS).doubtful
    assert (kind, whole in text) == (Trouble.SPREADSHEET, True)


def test_an_own_carrier_has_its_own_pattern_and_a_retired_one_takes_no_number() -> None:
    van = Carrier(code="van", names={"en": "Our van"}, seller="s", patterns=("V-####",), retired_on=date(2026, 5, 1))
    own = directory([van])
    assert judge("V-0123", own).carrier == "van"
    assert judge("V-0123", own, named="our van", on=date(2026, 4, 30)).refused == ()
    assert [kind for kind, _ in judge("V-0123", own, named="van", on=date(2026, 5, 1)).refused] == [Trouble.RETIRED]
    assert [kind for kind, _ in judge("X-0123", own, named="van").doubtful] == [Trouble.OTHER_CARRIER]


def test_a_price_is_that_of_the_newest_list_that_is_valid_on_the_day() -> None:
    def prices(valid: int, rubles: str, lane: str = "", announced: int = 1) -> PriceList:
        bands = (
            PriceBand(up_to_grams=1000, price=a.rub(rubles)),
            PriceBand(up_to_grams=500, price=a.rub("1")),
        )
        return PriceList(
            valid_from=date(2026, valid, 1), announced_on=date(2026, announced, 1), source="x", lane=lane, bands=bands
        )

    carrier = Carrier(
        code="van",
        names={"en": "v"},
        prices=(prices(2, "100"), prices(4, "120"), prices(4, "90", "CN-RU", announced=5)),
    )
    assert carrier.price(900, date(2026, 3, 1)) == a.rub("100")
    assert carrier.price(900, date(2026, 4, 1)) == a.rub("120")
    assert carrier.price(900, date(2026, 4, 1), "CN-RU") == a.rub("90")
    assert carrier.price(400, date(2026, 4, 1)) == a.rub("1")
    assert carrier.price(1001, date(2026, 4, 1)) is None
    assert carrier.price(900, date(2026, 1, 1)) is None
    assert [one.retroactive for one in carrier.prices] == [False, False, True]


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("80087987654321\n80087987654322", Trouble.NOT_A_NUMBER),
        ("80087987654321\r\nRB123456785CN", Trouble.NOT_A_NUMBER),
        ("2026-03-01", Trouble.SPREADSHEET),
        ("undefined", Trouble.NOT_A_NUMBER),
        ("N-A-N-A", Trouble.NOT_A_NUMBER),
        ("0000000000", Trouble.NOT_A_NUMBER),
        ("000-00-00", Trouble.NOT_A_NUMBER),
        ("80087987654321\r\n", None),
        ("2026-13-01", None),
        ("00000000001", None),
    ],
)
def test_what_stands_where_a_number_should_is_none(text: str, trouble: Trouble | None) -> None:
    found = trouble_of(text)
    assert (found and found[0]) == trouble
