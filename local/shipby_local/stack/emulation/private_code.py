"""Workers whose code is the same share one unpacked copy of it, and so what Python compiled of it.

ministack unpacks a function's code and its layer anew for every worker it starts: a thousand files, all of which that
worker then compiles. A day in the embedded stack starts dozens of workers.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
import types
import zipfile
from pathlib import Path
from typing import Any

from shipby_local.stack.emulation import private_names as ministack

NAMES = {"ministack.core.lambda_runtime": ["Worker", "zipfile"]}
FOLDER = "unpacked"
"""In the emulator's own temporary folder: a copy for each archive, named by the hash of its bytes."""


def share_unpacked_code() -> None:
    """From now on an archive is unpacked once; what a worker gets is a link to that."""
    runtime = ministack.module("ministack.core.lambda_runtime")
    runtime.zipfile = types.SimpleNamespace(**{**vars(zipfile), "ZipFile": SharedZip})


class SharedZip(zipfile.ZipFile):
    """An archive in a file; `extractall` makes the (empty) folder it is given a link to the shared copy."""

    _turn = threading.Lock()

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        """Raises what unpacking raises; nothing half unpacked is ever shared."""
        if self.filename is None or path is None or members is not None:
            super().extractall(path, members, pwd)
            return
        name = hashlib.sha256(Path(self.filename).read_bytes()).hexdigest()
        shared = Path(tempfile.gettempdir()) / FOLDER / name
        with self._turn:
            if not shared.is_dir():
                shared.parent.mkdir(exist_ok=True)
                unfinished = Path(tempfile.mkdtemp(dir=shared.parent))
                try:
                    super().extractall(unfinished, pwd=pwd)
                    unfinished.rename(shared)
                except BaseException:
                    shutil.rmtree(unfinished, ignore_errors=True)
                    raise
        os.rmdir(path)
        os.symlink(shared, path, target_is_directory=True)
