"""Tables that Russian and Chinese spreadsheets open right, and that run nothing."""

from __future__ import annotations

import csv
import io

import pytest

from shipby.application.shared.csv_text import Separator, csv_text, separator_of


def cell(value: str, separator: Separator = Separator.SEMICOLON) -> str:
    text = csv_text(["h"], [[value]], separator).removeprefix("\ufeff")
    (row,) = list(csv.reader(io.StringIO(text, newline=""), delimiter={"semicolon": ";", "comma": ","}[separator]))[1:]
    return row[0]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+7",
        "--1",
        "-1+1",
        "-A1",
        "@x",
        "\t=1",
        "  =1",
        "\r=1",
        "\n=1",
        " \t@x",
        "-1e5",
        "\uff1d1+1",
        "\uff0b1",
        "\uff20x",
        "\u3000\uff0d1",
    ],
)
def test_no_cell_begins_a_formula(text: str) -> None:
    assert cell(text).startswith("'")


@pytest.mark.parametrize(
    ("text", "russian", "chinese"),
    [
        ("12.05", "12,05", "12.05"),
        ("-12.50", "-12,50", "-12.50"),
        ("-5", "-5", "-5"),
        ("0", "0", "0"),
        ("999999999999999", "999999999999999", "999999999999999"),
    ],
)
def test_numbers_stay_numbers_with_the_decimal_sign_of_the_reader(text: str, russian: str, chinese: str) -> None:
    assert (cell(text), cell(text, Separator.COMMA)) == (russian, chinese)


@pytest.mark.parametrize("text", ["1000015552000001", "007", "00", "80087987654321004000"])
def test_digits_that_a_number_would_lose_are_a_text(text: str) -> None:
    assert cell(text) == f'="{text}"'


@pytest.mark.parametrize("text", ["24219509-0020-2", "1;2", 'a "b"', "12,5 кг", "1.2.3.4", "١٢٣", "x\ny"])
def test_other_texts_are_as_they_are(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize(("language", "wanted"), [("ru", ";"), ("kk", ";"), ("zh", ","), ("en", ",")])
def test_the_columns_stand_apart_where_it_is_opened(language: str, wanted: str) -> None:
    assert csv_text(["a", "b"], [[1, None]], separator_of(language)) == f"\ufeffa{wanted}b\r\n1{wanted}\r\n"


@pytest.mark.parametrize(
    "article",
    [
        "12-05",
        "3/4",
        "1/2/3",
        "05/2026",
        "1E5",
        "7e-3",
        "3:30",
        "0007",
        "12.05.26",
        "1.5E3",
        "3:30:15",
        "10%",
        "1,5 %",
        "1 1/2",
        "12,05",
    ],
)
def test_an_article_that_looks_like_a_day_a_time_or_a_power_of_ten_stays_as_it_is(article: str) -> None:
    assert csv_text(["article"], [[article]]).splitlines()[1] == f'"=""{article}"""'


@pytest.mark.parametrize("text", ["2026-03-02", "2026-03-02T09:00:00Z", "24219509-0020-2", "12-A", "1E", "E5", "3:301"])
def test_other_texts_and_real_dates_stay_plain(text: str) -> None:
    assert csv_text(["text"], [[text]]).splitlines()[1] == text
