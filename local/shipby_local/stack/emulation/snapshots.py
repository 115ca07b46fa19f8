"""Saving the emulator's whole state while it runs (this module runs inside the emulator's process).

ministack saves only on a graceful stop, file by file. Here every snapshot is one generation: all services are read at
one point of the event loop with DynamoDB's lock held, written into a new folder, brought to the disk, and only then a
link is moved to it. A kill or a power cut at any moment leaves either the old or the new generation, never a mixture.
Stream records are added, because ministack forgets them and our stream pump could not continue from its checkpoint
after a restart. What changes between two snapshots lies in the journal (`durability`).
"""

import asyncio
import hashlib
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shipby_local.stack.emulation import private_names as ministack
from shipby_local.stack.emulation.journal import sync_folder

logger = logging.getLogger("shipby.snapshots")

CURRENT = "current"
STREAMS = "shipby-streams"
CHECKPOINT_TABLE = "shipby-local-stream-checkpoints"
MINIMUM_INTERVAL = 2.0
INTERVAL_FACTOR = 20
WARN_FROM_POSTINGS = 1000


class SnapshotError(Exception):
    """Saved state could not be read back in full, or does not fit what was deployed."""


class Snapshots:
    """Generations of saved state in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._saving = threading.Lock()
        self._warned = False
        self.last_seconds = 0.0
        self.last_bytes = 0

    def current(self) -> Path | None:
        """The newest complete generation, or None for a fresh folder."""
        link = self._folder / CURRENT
        if not link.is_symlink():
            return None
        target = self._folder / os.readlink(link)
        if not target.is_dir():
            raise SnapshotError(f"{link} points to {target.name}, which does not exist")
        return target

    def restore(self) -> Mapping[str, Any]:
        """Give the emulator the newest generation; its manifest, or {} for a fresh folder.

        Raises SnapshotError unless every file is there, is as it was written, and is accepted. ministack itself would
        skip such a file with a log line and start without its data.
        """
        generation = self.current()
        if generation is None:
            return {}
        try:
            manifest: dict[str, Any] = json.loads((generation / "manifest.json").read_text("utf-8"))
            texts = {name: (generation / name).read_text("utf-8") for name in manifest["files"]}
            # Older generations list their files without checksums.
            sums = manifest["files"] if isinstance(manifest["files"], dict) else {}
            if broken := sorted(name for name, digest in sums.items() if _digest(texts[name]) != digest):
                raise SnapshotError(f"{', '.join(broken)} is not as it was written")
            services = {name.removesuffix(".json"): text for name, text in texts.items()}
            streams = ministack.decode_state(services.pop(STREAMS))
            ministack.restore_states(services)
            ministack.restore_streams(streams)
        except Exception as error:
            raise SnapshotError(f"{generation}: {type(error).__name__}: {error}") from error
        self.last_bytes = sum(len(text) for text in texts.values())
        return manifest

    def collect(self) -> dict[str, str]:
        """Every service's state as JSON text by file name, at one point in time. Call on the event loop."""
        with ministack.dynamodb_lock():
            texts = {f"{name}.json": text for name, text in ministack.encode_states().items()}
            texts[f"{STREAMS}.json"] = ministack.encode_streams(CHECKPOINT_TABLE)
        self._warn_if_large()
        return texts

    def write(self, texts: Mapping[str, str], facts: Mapping[str, Any] | None = None) -> None:
        """Write one generation to the disk and move the link to it; `facts` go into its manifest."""
        with self._saving:
            previous = self.current()
            number = int(previous.name) + 1 if previous else 1
            generation = self._folder / str(number)
            shutil.rmtree(generation, ignore_errors=True)
            try:
                generation.mkdir()
                for name, text in texts.items():
                    _write(generation / name, text)
                sums = {name: _digest(text) for name, text in sorted(texts.items())}
                manifest = {**(facts or {}), "generation": number, "files": sums}
                _write(generation / "manifest.json", json.dumps(manifest))
                sync_folder(generation)
                link = self._folder / f"{CURRENT}.new"
                link.unlink(missing_ok=True)
                link.symlink_to(generation.name)
                link.replace(self._folder / CURRENT)
            except OSError:
                # On a full disk half a generation would take the room that the next try needs.
                shutil.rmtree(generation, ignore_errors=True)
                raise
            sync_folder(self._folder)
            self.last_bytes = sum(len(text) for text in texts.values())
            if previous is not None:
                shutil.rmtree(previous, ignore_errors=True)

    async def run(self) -> None:
        """Without a journal: save for ever, waiting max(2 s, 20 x the last snapshot's time) in between.

        A failure is logged and retried.
        """
        while True:
            await asyncio.sleep(max(MINIMUM_INTERVAL, INTERVAL_FACTOR * self.last_seconds))
            try:
                await self.save()
            except Exception:
                logger.exception("Autosave failed; the last good snapshot stays in place and the next try follows.")

    async def save(self) -> None:
        """One snapshot: read on the event loop, write in a thread. Left out in the middle of a deployment."""
        if ministack.deploying():
            return
        started = time.monotonic()
        texts = self.collect()
        await asyncio.to_thread(self.write, texts)
        self.last_seconds = time.monotonic() - started

    async def close(self) -> None:
        """A last snapshot."""
        await self.save()

    def _warn_if_large(self) -> None:
        if self._warned:
            return
        postings = ministack.count_rows(sort_key="POSTING")
        if postings >= WARN_FROM_POSTINGS:
            self._warned = True
            logger.warning(
                "%d postings: the embedded stack is a demo store that writes its whole state at every snapshot. "
                "Beyond %d postings expect pauses; deploy to AWS for real work.",
                postings,
                WARN_FROM_POSTINGS,
            )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
