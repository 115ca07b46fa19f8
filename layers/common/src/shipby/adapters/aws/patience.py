"""How long an AWS service is waited for. What it does not answer in seconds is better repeated than waited for."""

from __future__ import annotations

CONNECT_SECONDS = 1.0
READ_SECONDS = 3.0
