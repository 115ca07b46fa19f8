"""Kinds of pointers: what a seller's values are found by. The values are stored; they never change."""

from typing import Final

CASE: Final = "case"
"""An open case, by its matter."""
CLAIM: Final = "claim"
"""An open claim, by its matter."""
EXCHANGE: Final = "exchange"
"""The return that a posting replaces, by the posting's number."""
LABEL: Final = "label"
"""A posting, by a code on its label."""
RETURN: Final = "return"
"""A return, by a code of its goods."""
TRACKING: Final = "tracking"
"""A posting, by its present tracking number."""
FORMER_TRACKING: Final = "former_tracking"
"""A posting, by a tracking number that it had; it stays its own for ever."""
