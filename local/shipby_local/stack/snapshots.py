"""Saving the emulator's whole state while it runs (this module runs inside the emulator's process).

ministack saves only on a graceful stop, file by file. Here every snapshot is one generation: all services are read at
one point of the event loop with DynamoDB's lock held, written into a new folder, and a link is then moved to it. A kill
at any moment leaves either the old or the new generation, never a mixture. Stream records are added, because ministack
forgets them and our stream pump could not continue from its checkpoint after a restart.
"""

import asyncio
import json
import logging
import os
import shutil
import threading
import time
from pathlib import Path

from shipby_local.stack import private_names as ministack

logger = logging.getLogger("shipby.snapshots")

CURRENT = "current"
STREAMS = "shipby-streams"
CHECKPOINT_TABLE = "shipby-local-stream-checkpoints"
MINIMUM_INTERVAL = 2.0
INTERVAL_FACTOR = 20
WARN_FROM_POSTINGS = 1000


class SnapshotError(Exception):
    """Saved state could not be read back in full."""


class Snapshots:
    """Generations of saved state in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._saving = threading.Lock()
        self._warned = False
        self.last_seconds = 0.0

    def current(self) -> Path | None:
        """The newest complete generation, or None for a fresh folder."""
        link = self._folder / CURRENT
        if not link.is_symlink():
            return None
        target = self._folder / os.readlink(link)
        if not target.is_dir():
            raise SnapshotError(f"{link} points to {target.name}, which does not exist")
        return target

    def restore(self) -> None:
        """Give the emulator the newest generation; nothing for a fresh folder.

        Raises SnapshotError unless every file can be read and is accepted. ministack itself would skip such a file
        with a log line and start without its data.
        """
        generation = self.current()
        if generation is None:
            return
        try:
            names = json.loads((generation / "manifest.json").read_text("utf-8"))["files"]
            texts = {name.removesuffix(".json"): (generation / name).read_text("utf-8") for name in names}
            streams = ministack.decode_state(texts.pop(STREAMS))
            ministack.restore_states(texts)
            ministack.restore_streams(streams)
        except Exception as error:
            raise SnapshotError(f"{generation}: {type(error).__name__}: {error}") from error

    def collect(self) -> dict[str, str]:
        """Every service's state as JSON text by file name, at one point in time. Call on the event loop."""
        with ministack.dynamodb_lock():
            texts = {f"{name}.json": text for name, text in ministack.encode_states().items()}
            texts[f"{STREAMS}.json"] = ministack.encode_streams(CHECKPOINT_TABLE)
        self._warn_if_large()
        return texts

    def write(self, texts: dict[str, str]) -> None:
        """Write one generation and move the link to it."""
        with self._saving:
            previous = self.current()
            number = int(previous.name) + 1 if previous else 1
            generation = self._folder / str(number)
            shutil.rmtree(generation, ignore_errors=True)
            generation.mkdir()
            for name, text in texts.items():
                (generation / name).write_text(text, "utf-8")
            (generation / "manifest.json").write_text(json.dumps({"files": sorted(texts)}), "utf-8")
            link = self._folder / f"{CURRENT}.new"
            link.unlink(missing_ok=True)
            link.symlink_to(generation.name)
            link.replace(self._folder / CURRENT)
            if previous is not None:
                shutil.rmtree(previous, ignore_errors=True)

    async def run(self) -> None:
        """Save for ever, waiting max(2 s, 20 x the last snapshot's time) in between; a failure is logged and
        retried.
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
