"""Saving the emulator's whole state while it runs (this module runs inside the emulator's process).

ministack saves only on a graceful stop, file by file. Here every snapshot is one generation: all services are read at one
point of the event loop with DynamoDB's lock held, written into a new folder, and a link is then moved to it. A kill
at any moment leaves either the old or the new generation, never a mixture. Stream records are added, because ministack
forgets them and our stream pump could not continue from its checkpoint after a restart.
"""

import asyncio
import copy
import json
import logging
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

from shipby_local.stack import private_names as ministack

logger = logging.getLogger("shipby.snapshots")

CURRENT = "current"
STREAMS_FILE = "shipby-streams.json"
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

    def check(self) -> None:
        """Raise SnapshotError unless every file of the newest generation can be read.

        ministack itself would skip an unreadable file with a log line and start without its data.
        """
        generation = self.current()
        if generation is None:
            return
        manifest = generation / "manifest.json"
        try:
            names = json.loads(manifest.read_text("utf-8"))["files"]
            for name in names:
                json.loads((generation / name).read_text("utf-8"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SnapshotError(f"{generation}: {error}") from error

    def restore_streams(self) -> None:
        """Put the saved stream records back (after the emulator restored its tables)."""
        generation = self.current()
        if generation is not None:
            saved = ministack.decode_state((generation / STREAMS_FILE).read_text("utf-8"))
            ministack.restore_streams(saved)

    def collect(self) -> dict[str, str]:
        """Every service's state as JSON text by file name, at one point in time. Call on the event loop."""
        with ministack.dynamodb_lock():
            states = ministack.collect_states()
            streams = ministack.collect_streams()
        self._warn_if_large(states)
        texts = {f"{name}.json": ministack.encode_state(name, state) for name, state in states.items()}
        texts[STREAMS_FILE] = ministack.encode_plain(streams)
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
        """Save for ever, waiting max(2 s, 20 x the last snapshot's time) in between; a failure is logged and retried."""
        while True:
            await asyncio.sleep(max(MINIMUM_INTERVAL, INTERVAL_FACTOR * self.last_seconds))
            try:
                await self.save()
            except Exception:
                logger.exception("Autosave failed; the last good snapshot stays in place and the next try follows.")

    async def save(self) -> None:
        """One snapshot: read on the event loop, write in a thread."""
        started = time.monotonic()
        texts = self.collect()
        await asyncio.to_thread(self.write, texts)
        self.last_seconds = time.monotonic() - started

    def _warn_if_large(self, states: dict[str, Any]) -> None:
        if self._warned:
            return
        postings = ministack.count_rows(states.get("dynamodb", {}), sort_key="POSTING")
        if postings >= WARN_FROM_POSTINGS:
            self._warned = True
            logger.warning(
                "%d postings: the embedded stack is a demo store that writes its whole state at every snapshot. "
                "Beyond %d postings expect pauses; deploy to AWS for real work.",
                postings,
                WARN_FROM_POSTINGS,
            )


def deep_copy(value: Any) -> Any:
    """A copy that later requests cannot change."""
    return copy.deepcopy(value)
