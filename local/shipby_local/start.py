"""The `shipby` command: what belongs to the shop on one computer starts without anything of AWS."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point."""
    from shipby_local.one_machine import commands

    if sys.argv[1:2] and sys.argv[1] in commands.COMMANDS:
        commands.main()
    else:
        from shipby_local.cli import main as everything

        everything()


if __name__ == "__main__":
    main()
