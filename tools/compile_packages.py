"""Compiles every Python file of what `sam build` made, with the interpreter that runs it: the deployed runtime's.

SAM leaves compiled files out, wheels hold none, and Lambda's folders are read-only: without this every cold start
compiles everything it imports. The files are "unchecked": they carry the hash of their source instead of its time,
which zipping changes, and the loader does not read the source to compare. Equal sources give equal files, so an
unchanged package is not uploaded again.

Run by tools/build.sh with python3.13 and its standard library alone.
"""

from __future__ import annotations

import compileall
import py_compile
import sys
from pathlib import Path

RUNTIME = (3, 13)


def packages(build: Path) -> dict[Path, str]:
    """Each package's folder and where Lambda puts it, which tracebacks name: layers to /opt, functions to /var/task."""
    folders = sorted(path for path in build.iterdir() if path.is_dir())
    return {folder: "/opt" if (folder / "python").is_dir() else "/var/task" for folder in folders}


def main(build: Path) -> int:
    """0 if every file was compiled."""
    if sys.version_info[:2] != RUNTIME:
        print(
            f"This is Python {sys.version.split()[0]}; the packages run on {'.'.join(map(str, RUNTIME))}",
            file=sys.stderr,
        )
        return 1
    done = True
    for folder, place in packages(build).items():
        done &= bool(
            compileall.compile_dir(
                str(folder),
                maxlevels=50,
                stripdir=str(folder),
                prependdir=place,
                quiet=1,
                force=True,
                workers=0,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        )
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
