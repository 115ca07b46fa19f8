"""GS1 element strings, as scanners give them: which product a code on the goods names.

Source: GS1 General Specifications: 3 (application identifiers and their lengths), 7.8 (FNC1 as separator, sent as GS),
5.4.3.7 and the symbology identifiers ]C1 ]e0 ]d2 ]Q3 ]J1; the Chestny ZNAK code of goods is 01 + GTIN, 21 + serial, and
a signature.
"""

from __future__ import annotations

import re

_GS = "\x1d"
_SYMBOLOGY = re.compile(r"\](?:C1|e\d|d2|Q3|J1)")
_PRINTED = re.compile(r"\((\d{2,4})\)([^(]*)")
_FIXED = {"00": 18, "01": 14, "02": 14, "03": 14, "04": 16, "20": 2, "41": 13} | {f"{ai}": 6 for ai in range(11, 20)}
"""Characters after identifiers whose length is fixed: they need no separator behind them."""
_MEASURES = re.compile(r"3[1-6]\d\d")
"""Four digits of identifier and six of value."""
_GTIN = "01"
_LINK = re.compile(r"https?://[^?#]*?/01/(\d{14})(?:[/?#]|$)", re.IGNORECASE | re.ASCII)
"""GS1 Digital Link: the same elements as the path of a web address. Source: GS1 Digital Link Standard, URI Syntax."""
_FNC1_AS_LETTER = "\xe8"
"""What some scanners send for FNC1: its codeword in a DataMatrix, 232, as a letter. seen"""


def gtin_in(code: str) -> str:
    """The 14 digits of the trade item that an element string names; empty if it names none.

    The form with brackets that is printed below the bars counts too, and a string whose separators a keyboard scanner
    dropped, as long as the item comes before the first value of free length.
    """
    text = code.replace(_FNC1_AS_LETTER, _GS).strip(f"{_GS} \t\r\n")
    if link := _LINK.match(text):
        return link[1]
    if found := _SYMBOLOGY.match(text):
        text = text[found.end() :].lstrip(_GS)
    if text.startswith("("):
        printed = {identifier: value.strip() for identifier, value in _PRINTED.findall(text)}
        return _item(printed.get(_GTIN, ""))
    while len(text) >= 2:
        identifier = text[:2]
        if identifier == _GTIN:
            return _item(text[2:16])
        if identifier in _FIXED:
            text = text[2 + _FIXED[identifier] :].lstrip(_GS)
        elif _MEASURES.match(text):
            text = text[10:].lstrip(_GS)
        else:
            # Of free length: it ends at a separator.
            text = text.partition(_GS)[2]
    return ""


def _item(digits: str) -> str:
    """The digits, if they are 14. A wrong check digit only means that no card has it."""
    return digits if len(digits) == 14 and digits.isascii() and digits.isdigit() else ""
