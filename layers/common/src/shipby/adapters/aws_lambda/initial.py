"""What a function makes before its first event.

Lambda gives a process a whole processor while it initialises, and afterwards only the share that its memory buys: a
client that is made in the first invocation takes three times as long, and somebody waits for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable


def before_the_first_event(*makes: Callable[[], object]) -> None:
    """Call each where Lambda initialises the process; elsewhere importing a function makes nothing."""
    if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
        for make in makes:
            make()
