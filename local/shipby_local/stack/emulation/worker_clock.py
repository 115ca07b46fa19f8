"""Takes the place of `shipby/adapters/aws/clock.py` in the layer of an embedded stack whose clock is stepped.

The file of this module is packed in that one's place when the template is deployed to the emulator, and nowhere else:
`sam build` takes the layer's folder as it is, and nothing that ships imports from here.
"""

from __future__ import annotations

import os
from datetime import datetime


def utc_now() -> datetime:
    """The stepped time, aware, in UTC."""
    with open(os.environ["SHIPBY_LOCAL_CLOCK"], encoding="ascii") as file:
        return datetime.fromisoformat(file.read())


class SystemClock:
    """Implements `Clock`."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return utc_now()
