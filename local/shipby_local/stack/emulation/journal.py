"""The journal: one file of records, each on disk before anybody is told of it.

A record is a header (magic, length, checksum of the content, number, checksum of the header) and its content. Numbers
count on from one file to the next, so a record that is missing between two files is noticed. Reading tells apart what a
cut power supply leaves at the end (a record that is short, or whose last blocks were never written), which is dropped,
and damage, which is refused: behind damage may lie what somebody was told of.
"""

import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_MAGIC = b"SHJ1"
_HEADER = struct.Struct(">4sIIQ")
_CHECK = struct.Struct(">I")
HEADER_BYTES = _HEADER.size + _CHECK.size
PROBE_BYTES = 64 * 1024


class JournalError(Exception):
    """A journal cannot be read back in full: going on would lose what was acknowledged."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its number in the whole chain and its content."""

    number: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds. `end` is the byte behind the last whole record; what follows it was never acknowledged."""

    records: tuple[Record, ...]
    end: int
    torn: bool


def encode(number: int, content: bytes) -> bytes:
    """A record as it lies in the file."""
    header = _HEADER.pack(_MAGIC, len(content), zlib.crc32(content), number)
    return header + _CHECK.pack(zlib.crc32(header)) + content


def read(path: Path) -> Reading:
    """All records of a file. Raises JournalError if it is damaged in a way that no cut power supply leaves behind."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise JournalError(f"{path.name} cannot be read: {error.strerror}") from error
    records, position = [], 0
    while (record := _record_at(data, position)) is not None:
        records.append(record)
        position += HEADER_BYTES + len(record.content)
    rest = data[position:]
    if rest and not _is_torn(rest):
        raise JournalError(
            f"{path.name} is damaged at byte {position}, behind record {records[-1].number if records else 'none'}"
        )
    return Reading(tuple(records), position, bool(rest))


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk: a new or renamed file is only there after a power cut if its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Journal:
    """A journal open for writing; `append` returns when its record is on the disk. For one thread at a time."""

    def __init__(self, path: Path, number: int, end: int) -> None:
        self.path = path
        self.number = number
        """Number of the last record written."""
        self.size = end
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._cut()
            sync_folder(path.parent)
        except BaseException:
            os.close(self._descriptor)
            raise

    @classmethod
    def begin(cls, path: Path, number: int) -> Self:
        """A new, empty file whose first record will have the number after `number`."""
        return cls(path, number, 0)

    def append(self, content: bytes) -> None:
        """Write one record to the disk. Raises OSError with the file as it was before if that is not possible."""
        record = encode(self.number + 1, content)
        self._write(record)
        self.number += 1
        self.size += len(record)

    def probe(self) -> None:
        """Raise OSError unless a record of some length could be written now; leaves nothing behind."""
        self._write(bytes(PROBE_BYTES))
        self._cut()

    def close(self) -> None:
        """Give the file up."""
        os.close(self._descriptor)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.pwrite(self._descriptor, view, self.size + len(data) - len(view)) :]
            os.fdatasync(self._descriptor)
        except OSError:
            # Whatever got there must not stand before the next record, nor be read back as one that was acknowledged.
            self._cut()
            raise

    def _cut(self) -> None:
        os.ftruncate(self._descriptor, self.size)
        os.fsync(self._descriptor)


def _record_at(data: bytes, position: int) -> Record | None:
    header = _header_at(data, position)
    if header is None:
        return None
    length, check, number = header
    start = position + HEADER_BYTES
    content = data[start : start + length]
    return Record(number, content) if len(content) == length and zlib.crc32(content) == check else None


def _header_at(data: bytes, position: int) -> tuple[int, int, int] | None:
    """Length, checksum and number, if a whole header stands there."""
    header = data[position : position + _HEADER.size]
    check = data[position + _HEADER.size : position + HEADER_BYTES]
    if len(check) < _CHECK.size or _CHECK.unpack(check)[0] != zlib.crc32(header):
        return None
    magic, length, content_check, number = _HEADER.unpack(header)
    return (length, content_check, number) if magic == _MAGIC else None


def _is_torn(rest: bytes) -> bool:
    """Whether a write that was cut off can have left this behind the last whole record.

    Such a write leaves a beginning of its record, or the whole length of it with zeros where blocks are missing. Each
    content ends in another byte than zero.
    """
    later = rest.find(_MAGIC, 1)
    while later >= 0:
        if _record_at(rest, later) is not None:
            return False
        later = rest.find(_MAGIC, later + 1)
    header = _header_at(rest, 0)
    if header is None:
        return len(rest.rstrip(b"\0")) < HEADER_BYTES
    length = header[0]
    return len(rest) - HEADER_BYTES < length or rest.endswith(b"\0")
