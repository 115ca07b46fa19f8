"""The journal's file: what is read back, what a cut write leaves, what is damage, and a disk that takes no writes."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby_local.stack.emulation.journal import HEADER_BYTES, Journal, JournalError, encode, read

CONTENTS = [b'{"first":1}', b'{"second":"' + b"x" * 300 + b'"}', b'{"third":3}']


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of three records."""
    journal = Journal.begin(tmp_path / "journal.1", 6)
    for content in CONTENTS:
        journal.append(content)
    journal.close()
    return tmp_path / "journal.1"


def test_records_come_back_in_order_with_their_numbers(path: Path) -> None:
    reading = read(path)
    assert [record.content for record in reading.records] == CONTENTS
    assert [record.number for record in reading.records] == [7, 8, 9]
    assert (reading.end, reading.torn) == (path.stat().st_size, False)


def test_a_journal_goes_on_behind_its_last_whole_record(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 4)
    torn = read(path)
    assert torn.torn
    journal = Journal(path, torn.records[-1].number, torn.end)
    journal.append(b'{"again":3}')
    journal.close()
    again = read(path)
    assert [record.number for record in again.records] == [7, 8, 9]
    assert (again.records[-1].content, again.torn) == (b'{"again":3}', False)


@pytest.mark.parametrize("zeros", [0, 1, 4096])
def test_wherever_a_write_is_cut_off_all_records_before_it_are_there(path: Path, zeros: int) -> None:
    data, last = path.read_bytes(), len(encode(9, CONTENTS[2]))
    for cut in range(1, last):
        # A power cut leaves a beginning, or the whole length with zeros where blocks were never written.
        path.write_bytes(data[:-cut] + bytes(zeros))
        reading = read(path)
        assert ([record.number for record in reading.records], reading.torn) == ([7, 8], True), cut


def test_no_changed_byte_goes_unnoticed_and_none_behind_which_records_lie_is_taken_for_a_cut(path: Path) -> None:
    data = path.read_bytes()
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 0x40
        path.write_bytes(changed)
        with pytest.raises(JournalError, match=r"journal\.1 is damaged at byte \d+"):
            read(path)


@given(st.binary(min_size=HEADER_BYTES, max_size=200).filter(lambda data: len(data.rstrip(b"\0")) >= HEADER_BYTES))
def test_foreign_bytes_behind_the_last_record_are_damage(tmp_path_factory: pytest.TempPathFactory, rest: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "journal.foreign"
    path.write_bytes(encode(1, CONTENTS[0]) + rest)
    with pytest.raises(JournalError):
        read(path)


def test_a_journal_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"journal\.3 cannot be read: No such file"):
        read(tmp_path / "journal.3")


def test_what_cannot_be_written_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, write = path.read_bytes(), os.pwrite

    def half(descriptor: int, data: bytes, offset: int) -> int:
        if offset == len(before):
            return write(descriptor, data[: len(data) // 2], offset)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    journal = Journal(path, 9, len(before))
    monkeypatch.setattr(os, "pwrite", half)
    attempts: tuple[Callable[[], object], ...] = (lambda: journal.append(b'{"fourth":4}'), journal.probe)
    for attempt in attempts:
        with pytest.raises(OSError, match="No space left"):
            attempt()
        assert path.read_bytes() == before
    monkeypatch.undo()
    journal.probe()
    assert path.read_bytes() == before
    journal.append(b'{"fourth":4}')
    journal.close()
    assert [record.number for record in read(path).records] == [7, 8, 9, 10]
