"""What may be logged of an error."""

from __future__ import annotations

from traceback import extract_tb

from shipby.domain.errors import ShipbyError

_FRAMES = 6


def error_fields(error: BaseException) -> dict[str, str]:
    """What may be logged of an error.

    Our own errors say which id and what to do; the text of any other may quote data, so only its type and place count.
    """
    if isinstance(error, ShipbyError):
        return {"code": error.code, "error": str(error)[:400]}
    frames = extract_tb(error.__traceback__)[-_FRAMES:]
    place = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    return {"code": "unexpected", "error": type(error).__name__, "place": place}
