"""Small fakes of the ports: a moving clock, queues that remember, files in memory, papers, a seller's messenger."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import BinaryIO

from shipby.application.ports.files import UploadLink
from shipby.application.ports.messages import QueueMessage
from shipby.application.ports.press import LabelPage
from shipby.domain.errors import InvalidInputError, MarketplaceUnavailableError, NotFoundError, StoreUnavailableError
from tests.support.builders import NOW


class TickingClock:
    """A clock that moves on by `step` at every look, as real ones do."""

    def __init__(self, start: datetime = NOW, step: timedelta = timedelta(milliseconds=1)) -> None:
        self.time = start
        self._step = step

    def now(self) -> datetime:
        self.time += self._step
        return self.time

    def advance(self, by: timedelta) -> datetime:
        self.time += by
        return self.time


class RecordingQueue:
    """A queue that keeps what it was sent; `broken` refuses everything."""

    def __init__(self) -> None:
        self.messages: list[QueueMessage] = []
        self.broken = False

    def send(self, messages: Iterable[QueueMessage]) -> None:
        if self.broken:
            raise StoreUnavailableError("the queue is away")
        self.messages.extend(messages)


class MemoryDocuments:
    """Files in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        self.files[key] = content

    def get(self, key: str) -> bytes:
        if key not in self.files:
            raise NotFoundError(f"there is no file {key}")
        return self.files[key]

    def delete(self, key: str) -> None:
        self.files.pop(key, None)

    def link(self, key: str, *, seconds: int) -> str:
        return f"https://files.example/{key}?expires={seconds}"

    def upload_link(self, key: str, *, content_type: str, size: int, sha256: str, seconds: int) -> UploadLink:
        headers = {"Content-Type": content_type, "Content-Length": str(size), "x-amz-checksum-sha256": sha256}
        return UploadLink("PUT", f"https://files.example/{key}?expires={seconds}", headers)

    def size(self, key: str) -> int:
        return len(self.get(key))

    def chunks(self, key: str) -> Iterator[bytes]:
        content = self.get(key)
        return (content[at : at + 1000] for at in range(0, len(content), 1000))

    def copy(self, source: str, target: str) -> None:
        self.files[target] = self.get(source)

    def put_file(self, key: str, file: BinaryIO, *, content_type: str) -> None:
        file.seek(0)
        self.put(key, file.read(), content_type=content_type)


class FakePapers:
    """Reads the files of FakeMarketplace: after `%PDF`, one line a page with the number (or barcode) printed on it."""

    def pages(self, pdf: bytes) -> tuple[LabelPage, ...]:
        if not pdf.startswith(b"%PDF"):
            raise InvalidInputError("not a PDF")
        lines = pdf.decode().splitlines()[1:]
        return tuple(LabelPage(pdf=b"%PDF\n" + line.encode(), barcodes=(line,)) for line in lines if line)

    def merge(self, files: Sequence[bytes]) -> bytes:
        return b"%PDF\n" + b"\n".join(file.partition(b"\n")[2] for file in files)


class RecordingChannels:
    """A seller's messengers: remembers what was said and on which named channels (`told_on`); `away` fails, `nobody`
    has no channel, and of named ones only those in `known` are there, unless that is None."""

    def __init__(self, known: Sequence[str] | None = None) -> None:
        self.said: list[tuple[str, str, str]] = []
        self.told_on: list[tuple[str, ...]] = []
        self.known = known
        self.away = False
        self.nobody = False

    def send(self, seller: str, title: str, body: str, *, names: Sequence[str] = ()) -> bool:
        if self.away:
            raise MarketplaceUnavailableError("the messenger is away")
        there = tuple(name for name in names if self.known is None or name in self.known)
        if self.nobody or (names and not there):
            return False
        self.said.append((seller, title, body))
        self.told_on.append(there)
        return True
