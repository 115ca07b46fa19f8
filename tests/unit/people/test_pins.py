"""PINs and badges as they are stored."""

import pytest

from shipby.domain.errors import InvalidInputError
from shipby.domain.people import pins


def test_a_pin_is_kept_as_a_slow_hash_with_a_salt_of_its_own() -> None:
    first, second = pins.pin_hash("2580"), pins.pin_hash("2580")
    assert first != second
    assert first.startswith("scrypt$14$8$1$")
    assert "2580" not in first
    assert pins.pin_is("2580", first)
    assert not pins.pin_is("2581", first)


def test_without_a_pin_none_is_right() -> None:
    assert not pins.pin_is("", "")
    assert not pins.pin_is("0000", "")


@pytest.mark.parametrize("pin", ["", "123", "1" * 13, "12a4", "0000", "1234", "8765", "98765", "１２３５", " 2580"])
def test_what_is_no_pin_or_the_first_that_anybody_tries_is_refused(pin: str) -> None:
    with pytest.raises(InvalidInputError):
        pins.pin_hash(pin)


@pytest.mark.parametrize("pin", ["2580", "1243", "90909090", "135791113151"])
def test_any_other_is_taken(pin: str) -> None:
    assert pins.pin_is(pin, pins.pin_hash(pin))


def test_a_badge_is_read_as_scanners_send_it() -> None:
    code = pins.new_badge()
    assert pins.badge_hash(code) == pins.badge_hash(f" {code.lower()}\r\n")
    assert pins.badge_hash(code) != pins.badge_hash(pins.new_badge())
    assert code not in pins.badge_hash(code)
    for text in ("", "4601234567893", code[:-1], f"{code}X"):
        with pytest.raises(InvalidInputError):
            pins.badge_hash(text)
