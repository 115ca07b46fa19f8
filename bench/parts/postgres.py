"""A private PostgreSQL cluster in a temporary folder, reached over a Unix socket and driven by psql and pgbench."""

from __future__ import annotations

import glob
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

MAJOR = 15
_USER = "postgres"
_SETTINGS = (
    "listen_addresses = ''",
    "shared_buffers = '512MB'",
    "max_wal_size = '4GB'",
    "autovacuum = off",
)
"""Autovacuum would start at moments of its own; the bench vacuums between its blocks instead."""


class NotAvailableError(Exception):
    """PostgreSQL cannot be had here; the message says why and what to do."""


class Cluster:
    """A running server. Use as a context manager: it is stopped and its folder deleted at the end.

    As root everything runs as the user `postgres`, because PostgreSQL refuses root; otherwise as the caller.
    """

    def __init__(self) -> None:
        self._bin = _programs()
        self._user: str | None = _USER if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="bench-pg-"))
        self._environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PGHOST": str(self._folder), "PGUSER": _USER}
        self._environment |= {"PGDATABASE": "postgres"}

    def __enter__(self) -> Self:
        data = str(self._folder / "data")
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "-D", data, "-U", _USER, "--auth=trust", "--encoding=UTF8")
        with (self._folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\n".join((*_SETTINGS, f"unix_socket_directories = '{self._folder}'", "")))
        self._run("pg_ctl", "-D", data, "-l", str(self._folder / "log"), "-w", "start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "-w", "stop", check=False)
        shutil.rmtree(self._folder)

    @property
    def version(self) -> str:
        """Such as 15.18."""
        return self.sql("SHOW server_version").split()[0]

    def sql(self, statements: str, **variables: object) -> str:
        """Run statements, in which psql puts `variables` for :name; their rows as text, columns with | between."""
        chosen = [part for name, value in variables.items() for part in ("-v", f"{name}={value}")]
        arguments = ("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *chosen, "-f", "-")
        return self._run("psql", *arguments, stdin=statements).strip()

    def pgbench(self, script: str, *, transactions: int, clients: int, variables: Mapping[str, int]) -> float:
        """Run a script `transactions` times per client; transactions per second without connecting."""
        path = self._folder / "script.sql"
        path.write_text(script, encoding="utf-8")
        path.chmod(0o644)
        chosen = [part for name, value in variables.items() for part in ("-D", f"{name}={value}")]
        counts = ("-c", str(clients), "-j", str(clients), "-t", str(transactions))
        answer = self._run("pgbench", "-n", "-M", "prepared", *counts, *chosen, "-f", str(path))
        found = re.search(r"tps = ([\d.]+) \(without initial connection time\)", answer)
        if found is None or "number of failed transactions: 0 " not in answer:
            raise RuntimeError(f"pgbench answered otherwise than expected: {answer}")
        return float(found[1])

    def _run(self, program: str, *arguments: str, check: bool = True, stdin: str = "") -> str:
        command: Sequence[str] = (str(self._bin / program), *arguments)
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            input=stdin,
            text=True,
            env=self._environment,
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user else None,
            cwd=self._folder,
        )
        if check and done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout


def _programs() -> Path:
    """The folder of the server's programs. Installs the Debian package where it is missing and that is possible."""
    found = _installed()
    if found is None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise NotAvailableError(
                f"PostgreSQL {MAJOR} is not installed, and only root on Debian or Ubuntu can install it from here: "
                f"run `apt-get install -y postgresql-{MAJOR}` and try again"
            )
        print(f"installing postgresql-{MAJOR} with apt-get ...")
        done = subprocess.run(
            ("apt-get", "install", "-y", "--no-install-recommends", f"postgresql-{MAJOR}"),
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
        found = _installed()
        if done.returncode or found is None:
            raise NotAvailableError(f"apt-get could not install postgresql-{MAJOR}: {done.stderr.strip()}")
    return found


def _installed() -> Path | None:
    places = [f"/usr/lib/postgresql/{MAJOR}/bin", *glob.glob(f"/opt/homebrew/opt/postgresql@{MAJOR}/bin")]
    return next((Path(place) for place in places if (Path(place) / "initdb").exists()), None)
