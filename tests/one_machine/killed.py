"""A process that writes until it is killed, and says each change that was acknowledged: `python -m ... <file>`."""

import itertools
import os
import sys
import threading
from pathlib import Path

from shipby.adapters.sqlite.database import Database
from shipby.adapters.sqlite.store import SQLiteStore
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.domain.events import posting_ref
from tests.support import builders as a


def main(path: Path, prefix: str) -> None:
    store = SQLiteStore(Database(path))
    numbers = itertools.count()

    def write() -> None:
        while True:
            number = f"{prefix}-{next(numbers)}"
            posting = a.posting(number=number)
            event = a.event()
            store.commit([SavePosting(posting), AppendEvents(posting.seller, posting_ref(number), 1, (event,))])
            os.write(1, f"{number}\n".encode())  # one write: a line is whole or not there

    for _ in range(4):
        threading.Thread(target=write).start()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
