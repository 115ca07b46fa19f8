"""What was acknowledged is on the disk: the newest snapshot, and the journal of what has changed since.

Everything that has changed on the event loop since the last record becomes one record, written and synced by one
thread; whoever waits meanwhile shares the next record (group commit). Records are in the order of the changes, so a
later acknowledged change is never there without all earlier ones, and each is whole: a transaction's rows, their stream
records and messages sent in between stand in one record or in none.

A record that cannot be written is taken back out of memory, and so is everything that was changed on top of it; nobody
has seen it, because every answer waits for what it could have seen. From then on changes are refused until the disk
takes records again, which is tried once a second when somebody asks.
"""

import asyncio
import errno
import hashlib
import json
import logging
import os
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from shipby_local.stack.emulation import private_calls, private_changes
from shipby_local.stack.emulation import private_names as ministack
from shipby_local.stack.emulation.journal import Journal, JournalError, read, sync_folder
from shipby_local.stack.emulation.private_calls import NotDurableError
from shipby_local.stack.emulation.private_changes import Changes
from shipby_local.stack.emulation.private_time import give_back_what_workers_held
from shipby_local.stack.emulation.snapshots import SnapshotError, Snapshots

logger = logging.getLogger("shipby.durability")

JOURNAL_BYTES = 32 * 1024 * 1024
"""A snapshot is taken when the journal has grown to this and to the size of the last snapshot: a restart reads both."""
RESERVE_BYTES = 1024 * 1024
"""Changes are refused while the disk has less room than this."""
LOOK_SECONDS = 1.0
RETRY_SECONDS = 1.0
SNAPSHOT_RETRY_SECONDS = 30.0
CODE = "lambda-blobs"


class Durability:
    """Keeps the emulator's state in `folder`. `restore`, then `start` on the event loop; at the end `close`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._snapshots = Snapshots(folder)
        self._recorder = private_changes.Recorder()
        self._used_code: Callable[[], set[str]] = set
        self._journal: Journal | None = None
        self._file = 1
        self._store = uuid.uuid4().hex
        self._writer = ThreadPoolExecutor(1, "journal")
        self._saver = ThreadPoolExecutor(1, "snapshot")
        self._waiters: list[asyncio.Future[None]] = []
        self._writing = False
        self._record_lock = asyncio.Lock()
        self._snapshot_lock = asyncio.Lock()
        self._begun = self._complete = 0
        self._failure: str | None = None
        self._retry_at = 0.0

    # Start and end ---------------------------------------------------------------------------------------------------

    def restore(self, expected: Mapping[str, Any]) -> None:
        """Give the emulator the newest snapshot and everything that the journal holds beyond it.

        `expected` is what the data folder remembers of its state (`store`, `generation`), {} if nothing. Raises
        SnapshotError, with nothing changed on the disk, if anything is missing, damaged or of another folder or time.
        """
        self._used_code = private_calls.keep_code_until_saved()
        manifest = self._snapshots.restore()
        self._check(manifest, expected)
        try:
            last, end = self._redo(manifest)
        except JournalError as error:
            raise SnapshotError(f"{self._folder}: {error}") from error
        if missing := private_calls.missing_resources():
            raise SnapshotError(f"{self._folder} does not fit what was deployed: it lacks {', '.join(missing)}")
        if held := give_back_what_workers_held():
            logger.info("%d message(s) that workers held when the emulator ended are there again.", held)
        self._journal = Journal(self._path(self._file), last, end)
        if end == 0:
            self._journal.append(self._head(self._file))
        if manifest and "journal" not in manifest:  # saved before there was a journal
            self._save(self._snapshots.collect(), self._facts(self._file, last))

    def start(self) -> None:
        """From now on no answer leaves before what it could have seen is on the disk."""
        self._recorder.start()
        private_calls.guard(self)

    async def run(self) -> None:
        """Take a snapshot whenever the journal has grown enough, for ever; a failure is logged and retried."""
        not_before = 0.0
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            size = sum(path.stat().st_size for path in self._files().values())
            if size < max(JOURNAL_BYTES, self._snapshots.last_bytes) or time.monotonic() < not_before:
                continue
            try:
                await self.snapshot()
            except Exception:
                logger.exception(
                    "The snapshot failed; the last good one and the journal stay, and the next try follows."
                )
                not_before = time.monotonic() + SNAPSHOT_RETRY_SECONDS

    async def close(self) -> None:
        """Write what is left and a last snapshot. Nothing is lost if that fails: the journal has it."""
        try:
            await self.settle(changed=True)
            await self.snapshot()
        except (NotDurableError, OSError) as error:
            logger.error("No snapshot at the end (%s); the next start reads the journal.", error)
        self._writer.shutdown()
        self._saver.shutdown()

    # The keeper of private_calls -------------------------------------------------------------------------------------

    def refusal(self, size: int) -> str | None:
        """Why nothing can be changed at the moment, or None."""
        if self._failure is not None and time.monotonic() < self._retry_at:
            return self._failure
        disk = os.statvfs(self._folder)
        if disk.f_bavail * disk.f_frsize < RESERVE_BYTES + size:
            return _reason(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), self._folder)
        return None

    def touched(self) -> None:
        """Compare the queues before the next record."""
        self._recorder.queues_touched = True

    async def settle(self, *, changed: bool = False) -> None:
        """Wait until everything changed so far is on the disk. Raises NotDurableError if it was taken back.

        After a failure a call that `changed` something, even nothing, also tries whether the disk takes records again.
        """
        under_way = self._writing or self._record_lock.locked()
        if not (self._recorder.pending or under_way or (changed and self._failure)):
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        if not self._writing:
            self._writing = True
            # The loop keeps only weak references to tasks.
            self._task = asyncio.create_task(self._write_rounds())
        await waiter

    async def settle_rest(self) -> None:
        """Wait for a snapshot that is begun after this call. Raises NotDurableError if it fails."""
        wanted = self._begun + 1
        try:
            await self.snapshot(wanted)
        except OSError as error:
            raise NotDurableError(self._failed(error)) from error

    # Records ---------------------------------------------------------------------------------------------------------

    async def _write_rounds(self) -> None:
        try:
            while self._waiters:
                await self._round()
        finally:
            self._writing = False

    async def _round(self) -> None:
        """One record for everybody who waits."""
        async with self._record_lock:
            waiters, self._waiters = self._waiters, []
            try:
                held = await self._write_record()
            except Exception as error:
                self._refuse(waiters, error)
                return
        try:
            if held and not ministack.deploying():
                await self.settle_rest()
        except NotDurableError as error:
            self._refuse(waiters, error)
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _write_record(self) -> bool:
        """Bring all changes to the disk; whether some were held for a snapshot."""
        changes = self._recorder.take()
        journal = self._open_journal()
        if changes.text is not None:
            await self._append(journal, changes)
        elif self._failure is not None:
            await self._on_disk(journal.probe)
        if self._failure is not None:
            logger.warning("The disk takes records again.")
            self._failure = None
        return changes.held

    async def _append(self, journal: Journal, changes: Changes) -> None:
        try:
            await self._on_disk(journal.append, changes.text)
        except NotDurableError as error:
            self._recorder.take_back(changes)
            # Whoever came meanwhile changed something on top of what has just been taken back.
            waiters, self._waiters = self._waiters, []
            self._refuse(waiters, error)
            raise

    async def _on_disk(self, work: Callable[..., None], *arguments: Any) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, work, *arguments)
        except OSError as error:
            raise NotDurableError(self._failed(error)) from error

    def _failed(self, error: OSError) -> str:
        reason = _reason(error, self._folder)
        if self._failure is None:
            logger.error("%s", reason)
        self._failure, self._retry_at = reason, time.monotonic() + RETRY_SECONDS
        return reason

    @staticmethod
    def _refuse(waiters: list[asyncio.Future[None]], error: Exception) -> None:
        if not isinstance(error, NotDurableError):
            logger.error("A record of the journal could not be made.", exc_info=error)
            error = NotDurableError(f"{type(error).__name__}: {error}")
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(error)

    # Snapshots -------------------------------------------------------------------------------------------------------

    async def snapshot(self, number: int = 0) -> None:
        """Take a snapshot, after which the journal begins anew; nothing in the middle of a deployment.

        With `number` none is taken if that one, counted from the start, or a later one is complete. Raises OSError or
        NotDurableError.
        """
        async with self._snapshot_lock:
            if ministack.deploying() or 0 < number <= self._complete:
                return
            async with self._record_lock:
                changes = self._recorder.take()
                baseline, texts = self._recorder.baseline(), self._snapshots.collect()
                self._begun += 1
                old = self._open_journal()
                # The old generation may have to do for another while: this record belongs to it, too.
                if changes.text is not None:
                    await self._append(old, changes)
                facts = self._facts(self._file + 1, old.number)
                new = await asyncio.get_running_loop().run_in_executor(self._writer, self._begin, self._file + 1, old)
                old.close()
                self._journal, self._file = new, self._file + 1
            await asyncio.get_running_loop().run_in_executor(self._saver, self._save, texts, facts)
            self._recorder.adopt(baseline)
            self._complete = self._begun

    def _save(self, texts: Mapping[str, str], facts: Mapping[str, Any]) -> None:
        sync_code(self._folder / CODE, facts["code"])
        self._snapshots.write(texts, facts)
        for number, path in self._files().items():
            if number < facts["journal"]:
                path.unlink()
        prune_code(self._folder / CODE, {*facts["code"], *self._used_code()})

    def _begin(self, file: int, old: Journal) -> Journal:
        journal = Journal.begin(self._path(file), old.number)
        try:
            journal.append(self._head(file))
        except OSError:
            journal.close()
            self._path(file).unlink()
            raise
        return journal

    def _facts(self, file: int, last: int) -> dict[str, Any]:
        """What a snapshot says of itself: its data folder, the journal that goes on from it, and the code it needs."""
        return {"store": self._store, "journal": file, "record": last, "code": sorted(self._used_code())}

    def _open_journal(self) -> Journal:
        if self._journal is None:
            raise RuntimeError("restore must run first: it opens the journal")
        return self._journal

    # Restoring -------------------------------------------------------------------------------------------------------

    def _check(self, manifest: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
        self._store = manifest.get("store", self._store)
        generation = int(manifest.get("generation", 0))
        if expected and not manifest:
            raise SnapshotError(f"{self._folder} holds no snapshot, though {_told(expected)} was deployed here")
        if expected and (manifest.get("store") != expected["store"] or generation < expected["generation"]):
            raise SnapshotError(
                f"{self._folder} holds generation {generation} of state {manifest.get('store')}, but {_told(expected)} "
                "was deployed here: copy the whole data folder, never a part of it"
            )
        broken = [name for name in manifest.get("code", ()) if not _is_code(self._folder / CODE / f"{name}.zip", name)]
        if broken:
            raise SnapshotError(f"{self._folder / CODE} lacks or has damaged the functions' code {', '.join(broken)}")

    def _redo(self, manifest: Mapping[str, Any]) -> tuple[int, int]:
        """Do again what the journal tells; number of its last record and the byte behind it."""
        files = self._files()
        first = int(manifest.get("journal", 1))
        journals = {number: path for number, path in files.items() if number >= first}
        if manifest and "journal" not in manifest:
            journals = {}
        elif list(journals) != list(range(first, first + len(journals))) or (manifest and not journals):
            wanted = next(number for number in range(first, first + len(journals) + 1) if number not in journals)
            raise JournalError(f"{self._path(wanted).name} is missing")
        last = int(manifest.get("record", 0))
        end = 0
        for number, path in journals.items():
            reading = read(path)
            if reading.torn and number != max(journals):
                raise JournalError(f"{path.name} ends in the middle of a record, though another file follows")
            for record in reading.records:
                if record.number != last + 1:
                    raise JournalError(f"{path.name} goes on with record {record.number} after {last}")
                last = record.number
                if record is reading.records[0]:
                    self._check_head(path, record.content, number)
                else:
                    self._redo_record(path, record.number, record.content)
            end = reading.end
            if reading.torn:
                logger.warning("%s ends in the middle of a record, which was never acknowledged: dropped.", path.name)
        self._file = max(journals, default=first)
        return last, end

    def _redo_record(self, path: Path, number: int, content: bytes) -> None:
        try:
            self._recorder.redo(content)
        except private_changes.UnfitError as error:
            raise JournalError(f"record {number} of {path.name} does not fit: {error}") from error
        except Exception as error:
            raise JournalError(f"record {number} of {path.name}: {type(error).__name__}: {error}") from error

    def _check_head(self, path: Path, content: bytes, number: int) -> None:
        head = json.loads(content)
        if number == 1 and not (self._folder / "current").is_symlink():
            self._store = head["store"]
        if head != json.loads(self._head(number)):
            raise JournalError(f"{path.name} belongs to state {head.get('store')}, not to {self._store}")

    def _head(self, file: int) -> bytes:
        return json.dumps({"store": self._store, "file": file}).encode()

    def _path(self, number: int) -> Path:
        return self._folder / f"journal.{number}"

    def _files(self) -> dict[int, Path]:
        """The journal's files by number, in order."""
        numbers = sorted(int(path.suffix[1:]) for path in self._folder.glob("journal.*") if path.suffix[1:].isdigit())
        return {number: self._path(number) for number in numbers}


def _told(expected: Mapping[str, Any]) -> str:
    return f"generation {expected['generation']} of state {expected['store']}"


def _reason(error: OSError, folder: Path) -> str:
    what = "is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else f"takes no writes ({error.strerror})"
    return f"The disk of {folder} {what}: nothing was changed. Make room there; work goes on by itself."


def sync_code(folder: Path, names: list[str]) -> None:
    """Bring functions' code to the disk."""
    for name in names:
        descriptor = os.open(folder / f"{name}.zip", os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    if names:
        sync_folder(folder)


def prune_code(folder: Path, used: set[str]) -> None:
    """Delete functions' code that neither the newest snapshot nor a running function needs."""
    for path in folder.glob("*.zip"):
        if path.stem not in used:
            path.unlink(missing_ok=True)


def _is_code(path: Path, digest: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest
