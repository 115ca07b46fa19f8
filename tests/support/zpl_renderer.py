"""ZPL as an independent program prints it: zpl-renderer-js (MIT) in one Node process for all labels of a test run."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
MISSING = "NOT READ BACK: no independent ZPL renderer is at hand; `make renderer` installs one (it needs Node)"
_DOTS_PER_MM = 8
_PROGRAM = """
const { createInterface } = require("node:readline");
const { ready } = require(process.argv[1]);
ready.then(async ({ api }) => {
  for await (const line of createInterface({ input: process.stdin })) {
    const wish = JSON.parse(line);
    try {
      const pictures = await api.zplToBase64MultipleAsync(wish.zpl, wish.width, wish.height, wish.dots);
      console.log("=" + JSON.stringify({ pictures }));
    } catch (error) {
      console.log("=" + JSON.stringify({ error: String(error) }));
    }
  }
});
"""


def package() -> Path | None:
    """Where the renderer lies: SHIPBY_ZPL_RENDERER, or what `make renderer` installed; None if there is none."""
    named = os.environ.get("SHIPBY_ZPL_RENDERER", "")
    folder = Path(named) if named else ROOT / ".node" / "node_modules" / "zpl-renderer-js"
    return folder if shutil.which("node") and (folder / "package.json").is_file() else None


def rendered(zpl: bytes, width: int, height: int) -> list[bytes]:
    """A PNG per label, `width` x `height` dots. Raises RuntimeError if the renderer refuses the ZPL."""
    talk = _renderer()
    wish = {"zpl": zpl.decode(), "width": width / _DOTS_PER_MM, "height": height / _DOTS_PER_MM, "dots": _DOTS_PER_MM}
    said, heard = _pipes(talk)
    said.write(json.dumps(wish) + "\n")
    said.flush()
    while not (line := heard.readline()).startswith("="):
        if not line:
            raise RuntimeError("the ZPL renderer ended")
    answer = json.loads(line[1:])
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return [base64.b64decode(picture) for picture in answer["pictures"]]


@cache
def _renderer() -> subprocess.Popen[str]:
    folder, node = package(), shutil.which("node")
    if folder is None or node is None:
        raise RuntimeError(MISSING)
    # It ends by itself when this process, and with it the pipe, is gone.
    return subprocess.Popen(
        [node, "-e", _PROGRAM, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the ZPL renderer has no pipes")
    return process.stdin, process.stdout
