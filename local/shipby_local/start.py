"""The `shipby` command: what belongs to the shop on one computer starts without anything of AWS."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point."""
    from shipby_local.one_machine import commands

    if sys.argv[1:2] and sys.argv[1] in commands.COMMANDS:
        commands.main()
        return
    try:
        from shipby_local.cli import main as everything
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("shipby"):
            raise
        sys.exit(
            f"shipby: {error.name} is not installed. Here are {', '.join(commands.COMMANDS)}; all others are for "
            "AWS and the embedded stack, and need the repository and `make setup`."
        )
    everything()


if __name__ == "__main__":
    main()
