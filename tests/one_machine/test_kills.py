"""Killed in the middle of commits, and cut from power with what was not flushed lost: nothing acknowledged is lost.

SHIPBY_KILLS and SHIPBY_CUTS choose how often; `make kills` runs the long form.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from shipby.adapters.sqlite.database import Database
from shipby.adapters.sqlite.outbox import Outbox
from shipby.adapters.sqlite.store import SQLiteStore
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.domain.events import posting_ref
from tests.support import builders as a

KILLS = int(os.environ.get("SHIPBY_KILLS", "20"))
CUTS = int(os.environ.get("SHIPBY_CUTS", "40"))
ROOT = Path(__file__).parents[2]


def missing(path: Path, acknowledged: set[str]) -> set[str]:
    """Of what was acknowledged; what is there is whole, and waits in the outbox once."""
    database = Database(path, flush=False)
    try:
        (said,) = database.read("PRAGMA integrity_check")[0]
        assert said == "ok"
        store = SQLiteStore(database)
        rows = database.read("SELECT body ->> '$.posting_number.S' FROM items WHERE sk = 'POSTING'")
        stored = {number for (number,) in rows}
        assert Outbox(database).waiting() == len(stored)
        for number in list(stored)[:20]:
            assert len(store.events(a.SELLER, posting_ref(number))) == 1
        return acknowledged - stored
    finally:
        database.close()


def test_no_change_that_was_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    path, draw = tmp_path / "shipby.db", random.Random(18)
    acknowledged: set[str] = set()
    paths = [str(ROOT), str(ROOT / "layers/common/src"), str(ROOT / "local")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    for turn in range(KILLS):
        command = [sys.executable, "-m", "tests.one_machine.killed", str(path), f"n{turn}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment) as child:
            assert child.stdout is not None
            first = child.stdout.readline()
            time.sleep(draw.uniform(0, 0.15))
            child.kill()
            rest = child.stdout.read()
        acknowledged |= set((first + rest).decode().split())
    assert len(acknowledged) > KILLS
    assert missing(path, acknowledged) == set()


def test_no_change_that_was_acknowledged_is_lost_by_a_power_cut(tmp_path: Path) -> None:
    """What lies in the log at an acknowledgement was flushed (synchronous=FULL, see test_database). Behind it a cut may
    leave nothing, a part, or what the disk had there before."""
    live, draw = tmp_path / "live.db", random.Random(18)
    database = Database(live)
    store = SQLiteStore(database)
    acknowledged: set[str] = set()
    log = Path(f"{live}-wal")
    for turn in range(CUTS):
        number = f"c-{turn}"
        posting = a.posting(number=number)
        store.commit([SavePosting(posting), AppendEvents(a.SELLER, posting_ref(number), 1, (a.event(),))])
        acknowledged.add(number)
        if turn == CUTS // 2:
            database.read("PRAGMA wal_checkpoint(TRUNCATE)")
        flushed = log.stat().st_size
        later = a.posting(number=f"d-{turn}")
        store.commit([SavePosting(later), AppendEvents(a.SELLER, posting_ref(later.number), 1, (a.event(),))])
        left = tmp_path / f"cut-{turn}"
        left.mkdir()
        shutil.copy(live, left / "live.db")
        content = log.read_bytes()
        keep = draw.randint(flushed, len(content))
        tail = draw.choice([b"", bytes(len(content) - keep), draw.randbytes(len(content) - keep)])
        (left / "live.db-wal").write_bytes(content[:keep] + tail)
        assert missing(left / "live.db", acknowledged) == set()
        acknowledged.add(later.number)
        shutil.rmtree(left)
    database.close()
