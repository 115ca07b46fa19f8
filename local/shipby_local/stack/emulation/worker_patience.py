"""Takes the place of `shipby/adapters/aws/patience.py` where time is stepped: a busy machine is no broken AWS."""

from __future__ import annotations

CONNECT_SECONDS = 20.0
READ_SECONDS = 60.0
