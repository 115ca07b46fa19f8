"""A wedge scanner: raw key events with code, key, modifiers and gaps, as the operating system makes them of a scan.

What `key` says depends on the keyboard layout of the computer; `code` is the place of the key, which the scanner means.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

_ROWS = {
    "Backquote": "`~", "Digit1": "1!", "Digit2": "2@", "Digit3": "3#", "Digit4": "4$", "Digit5": "5%", "Digit6": "6^",
    "Digit7": "7&", "Digit8": "8*", "Digit9": "9(", "Digit0": "0)", "Minus": "-_", "Equal": "=+", "BracketLeft": "[{",
    "BracketRight": "]}", "Backslash": "\\|", "Semicolon": ";:", "Quote": "'\"", "Comma": ",<", "Period": ".>",
    "Slash": "/?", "Space": "  ",
    **{f"Key{letter}": letter.lower() + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
}  # fmt: skip
PLACES = {sign: (code, signs.index(sign) == 1) for code, signs in reversed(_ROWS.items()) for sign in signs}
"""Sign -> (code of the key, with Shift), on a US keyboard."""
_US = "`qwertyuiop[]asdfghjkl;'zxcvbnm,./"
_RU = "ёйцукенгшщзхъфывапролджэячсмитьбю."
_KK = "(йцукенгшщзхъфывапролджэячсмитьбю№"
_RU_SHIFT = {"2": '"', "3": "№", "4": ";", "6": ":", "7": "?", "/": ",", "\\": "/"}
GS = "\u001d"


def key_of(layout: str, code: str, shift: bool) -> str:
    """What `KeyboardEvent.key` says."""
    plain, shifted = _ROWS[code][0], _ROWS[code][1]
    if layout == "zh-ime" and code.startswith("Key"):
        return "Process"
    if layout in ("ru", "kk"):
        table = dict(zip(_US, _RU if layout == "ru" else _KK, strict=True))
        if plain in table:
            return table[plain].upper() if shift else table[plain]
        return _RU_SHIFT.get(plain, shifted) if shift else plain
    if layout == "caps" and code.startswith("Key"):
        return plain if shift else shifted
    return shifted if shift else plain


@dataclass
class Scanner:
    """Sends scans to a page of Chromium, through the protocol of its developer tools."""

    page: Any
    layout: str = "us"
    gap: float = 0.0
    end: str = "Enter"
    """Enter, Tab or nothing."""
    separator: str = "ctrl"
    """How GS is sent: ctrl (Ctrl+]) or f8."""

    def __post_init__(self) -> None:
        self._at = 0.0
        self._tools = self.page.context.new_cdp_session(self.page)

    def scan(self, text: str) -> None:
        """Every key carries the time at which a scanner presses it, so that a busy machine makes no gaps."""
        self._at = time.time()
        for sign in text:
            if sign == GS:
                self._press("F8", "F8", 0) if self.separator == "f8" else self._press("BracketRight", "]", 2)
            else:
                code, shift = PLACES[sign]
                self._press(code, key_of(self.layout, code, shift), 8 if shift else 0)
            self._at += self.gap
            if self.gap:
                time.sleep(max(0.0, self._at - time.time()))
        if self.end:
            self._press(self.end, self.end, 0)

    def _press(self, code: str, key: str, modifiers: int) -> None:
        writes = key if len(key) == 1 and not modifiers & 2 else ""
        number = 229 if key == "Process" else {"Enter": 13, "Tab": 9}.get(key, 0)
        self._at += 0.001
        event = {
            "timestamp": self._at,
            "code": code,
            "key": key,
            "modifiers": modifiers,
            "windowsVirtualKeyCode": number,
        }
        down = {**event, "type": "keyDown" if writes else "rawKeyDown"}
        self._tools.send("Input.dispatchKeyEvent", {**down, **({"text": writes} if writes else {})})
        self._tools.send("Input.dispatchKeyEvent", {**event, "type": "keyUp"})
