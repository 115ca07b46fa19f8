"""A scanned label: its posting, whether it is current, and what the packer does now."""

from dataclasses import replace

import pytest

from shipby.application.ports.writes import ClaimPointer, SavePosting
from shipby.application.printing.scan_label import scan_label
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import NotFoundError
from shipby.domain.labels.copies import copy_code
from shipby.domain.labels.documents import DocumentKind
from shipby.domain.labels.prints import LabelSource, PrintContent
from shipby.domain.postings.posting import Posting, Stage
from tests.support import builders as a
from tests.unit.printing.print_support import PrintDesk

NUMBER = "24219509-0020-2"
LATIN = "qwertyuiopasdfghjklzxcvbnmQWERTYUIOPASDFGHJKLZXCVBNM:"
RUSSIAN = "йцукенгшщзфывапролдячсмитьЙЦУКЕНГШЩЗФЫВАПРОЛДЯЧСМИТЬЖ"


@pytest.fixture
def desk() -> PrintDesk:
    return PrintDesk()


def code(copy: int, kind: DocumentKind = DocumentKind.OWN_LABEL, number: str = NUMBER) -> str:
    return copy_code(number, kind, copy)


def pack(desk: PrintDesk, number: str = NUMBER) -> None:
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        desk.world.do(command, number)


def change(desk: PrintDesk, **changes: object) -> Posting:
    posting = desk.world.posting(NUMBER)
    changed: Posting = replace(posting, version=posting.version + 1, **changes)  # type: ignore[arg-type]  # typed per field
    desk.world.write(SavePosting(changed))
    return changed


def told(desk: PrintDesk, text: str) -> tuple[object, object, object]:
    """Copy, whether it is current, and what to do."""
    found = desk.scan(text)
    return found["copy"], found["current"], found["next"]


def test_the_only_copy_of_our_own_label_is_current(desk: PrintDesk) -> None:
    desk.own(NUMBER)
    desk.prints(NUMBER)
    assert told(desk, code(1)) == (1, True, "pack")
    pack(desk)
    found = desk.scan(code(1))
    assert (found["posting_number"], found["kind"], found["copies"]) == (NUMBER, "own_label", 1)
    assert (found["stage"], found["next"], found["why_not"]) == ("packed", "hand_over", None)
    assert (found["printed_at"], found["printed_by"]) == ("2026-03-02T09:00:01Z", "key:k1")
    assert (found["read_as"], found["hint"]) == (code(1), None)
    assert found["cut_off"] is not None


def test_a_voided_copy_says_which_one_took_its_place_when_by_whom_and_why(desk: PrintDesk) -> None:
    desk.own(NUMBER)
    desk.prints(NUMBER)
    desk.prints(NUMBER, reason="it tore")
    found = desk.scan(code(1))
    assert (found["copy"], found["copies"], found["current"], found["next"]) == (1, 2, False, "use_current")
    assert found["why_not"] == "voided by copy 2 at 2026-03-02T09:00:02Z by key:k1 because it tore"
    assert told(desk, code(2)) == (2, True, "pack")


def test_a_copy_that_was_never_finished_is_not_current(desk: PrintDesk) -> None:
    desk.own(NUMBER)
    assert told(desk, code(1)) == (1, False, "print_again")
    desk.prints(NUMBER)
    assert told(desk, code(7)) == (7, False, "print_again")


def test_copies_of_the_marketplaces_label_cannot_be_told_apart_and_that_is_said(desk: PrintDesk) -> None:
    desk.fbs(NUMBER)
    desk.world.write(ClaimPointer(a.SELLER, "label", "%101%806044518", NUMBER))
    desk.prints(NUMBER)
    assert told(desk, "%101%806044518") == (None, True, "pack")
    assert told(desk, "%25101%25806044518") == (None, True, "pack")
    desk.prints(NUMBER, reason="smeared")
    found = desk.scan("%101%806044518")
    assert (found["kind"], found["copy"], found["copies"], found["current"]) == ("label", None, 2, None)
    assert found["next"] == "check_copy"
    assert "look alike" in str(found["why_not"])
    assert "because smeared" in str(found["why_not"])


def test_the_marketplaces_label_is_void_once_ours_was_printed_after_it(desk: PrintDesk) -> None:
    desk.fbs(NUMBER)
    desk.world.write(ClaimPointer(a.SELLER, "label", "bar", NUMBER))
    desk.prints(NUMBER)
    desk.prints(NUMBER, source=LabelSource.OWN, reason="own courier")
    found = desk.scan("bar")
    assert (found["current"], found["next"]) == (False, "use_current")


def test_a_label_that_changed_since_is_printed_again(desk: PrintDesk) -> None:
    desk.fbs(NUMBER)
    desk.world.write(ClaimPointer(a.SELLER, "label", "bar", NUMBER))
    desk.prints(NUMBER)
    desk.labelled(NUMBER, text="another one")
    assert told(desk, "bar") == (None, False, "print_again")


def test_our_label_with_an_old_tracking_number_is_printed_again(desk: PrintDesk) -> None:
    desk.own(NUMBER, tracking_number="OLD1")
    desk.prints(NUMBER)
    assert told(desk, "OLD1") == (None, True, "pack")
    change(desk, tracking_number="NEW1")
    found = desk.scan(code(1))
    assert (found["current"], found["next"]) == (False, "print_again")
    assert "changed" in str(found["why_not"])


def test_what_must_not_be_sent_stops_the_packer(desk: PrintDesk) -> None:
    desk.own(NUMBER)
    desk.prints(NUMBER)
    desk.world.market.cancel_by(NUMBER, "client")
    desk.world.read(NUMBER)
    found = desk.scan(code(1))
    assert (found["current"], found["next"], found["why_not"]) == (False, "stop", "cancelled by client")


@pytest.mark.parametrize(("stage", "reason"), [("expired", "expired_reason"), ("blocked", "blocked_reason")])
def test_what_is_expired_or_blocked_stops_the_packer_too(desk: PrintDesk, stage: str, reason: str) -> None:
    desk.own(NUMBER)
    desk.prints(NUMBER)
    before = desk.world.posting(NUMBER).stage
    change(desk, stage=Stage(stage), blocked_from=before, **{reason: "no goods"})
    found = desk.scan(code(1))
    assert (found["next"], found["why_not"]) == ("stop", f"{stage}: no goods")


def test_what_has_left_is_done(desk: PrintDesk) -> None:
    desk.own(NUMBER)
    desk.prints(NUMBER)
    desk.prints(NUMBER, reason="x")
    pack(desk)
    desk.world.do(Command.HAND_OVER, NUMBER)
    assert told(desk, code(2)) == (2, True, "done")
    assert told(desk, code(1)) == (1, False, "done")


def test_a_posting_without_a_printed_label_is_to_be_printed(desk: PrintDesk) -> None:
    desk.fbs(NUMBER)
    assert told(desk, NUMBER) == (None, None, "print")


def test_stickers_and_slips_are_known_too(desk: PrintDesk) -> None:
    desk.fbs(NUMBER)
    desk.prints(NUMBER, content=PrintContent.STICKERS)
    assert told(desk, code(1, DocumentKind.STICKER)) == (1, True, "pack")
    assert desk.scan(f"SB:PS:{NUMBER}")["kind"] == "packing_slip"


@pytest.mark.parametrize(
    "typed",
    [
        "  {}\r\n",
        "]Q1{}",
        "]C1{}",
        "{}\x1d",
        "\ufeff{}",
    ],
    ids=["blanks", "QR prefix", "Code 128 prefix", "group separator", "byte order mark"],
)
def test_noise_of_a_scanner_is_no_obstacle(desk: PrintDesk, typed: str) -> None:
    desk.own(NUMBER)
    desk.prints(NUMBER)
    assert told(desk, typed.format(code(1))) == (1, True, "pack")


def test_a_scanner_on_a_russian_keyboard_layout_is_understood_and_told(desk: PrintDesk) -> None:
    desk.own(NUMBER, tracking_number="RA644000001RU")
    desk.prints(NUMBER)
    to_russian = str.maketrans(LATIN, RUSSIAN)
    typed = code(1).translate(to_russian)
    assert typed.startswith("ЫИЖЩД")
    found = desk.scan(typed)
    assert (found["copy"], found["read_as"]) == (1, code(1))
    assert "keyboard layout" in str(found["hint"])
    assert desk.scan("RA644000001RU".translate(to_russian))["posting_number"] == NUMBER
    assert desk.scan("ra644000001ru".translate(to_russian))["posting_number"] == NUMBER


def test_a_typed_tracking_number_may_have_blanks_and_small_letters(desk: PrintDesk) -> None:
    desk.own(NUMBER, tracking_number="RA644000001RU")
    assert desk.scan("ra 6440 00001 ru")["kind"] == "tracking_number"


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("nothing-known", "Do not send the parcel"),
        (code(1)[:-1] + ("0" if code(1)[-1] != "0" else "1"), "misread"),
        ("SB:PL:abc", "pick list abc"),
        ("", "type the posting number"),
        ("x" * 100_000, "type the posting number"),
    ],
)
def test_an_unknown_code_is_told_with_what_to_do(desk: PrintDesk, typed: str, advice: str) -> None:
    with pytest.raises(NotFoundError, match=advice):
        desk.scan(typed)


def test_another_sellers_posting_is_not_there(desk: PrintDesk) -> None:
    desk.own(NUMBER)
    with pytest.raises(NotFoundError):
        scan_label("seller-2", NUMBER, store=desk.world.store)
