"""Make the tables of tracking-number formats from the open data set that is kept beside this tool.

    python -m tools.carrier_formats            write shipby/domain/carriers/open_formats.py and s10_posts.py

The Lambda functions get two modules of plain data instead of parsing 200 KB of JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tools.repository import ROOT

DATA = ROOT / "tools" / "data" / "tracking_number_data"
TARGET = ROOT / "layers" / "common" / "src" / "shipby" / "domain" / "carriers"
VERSION = "2.0.0"
_HEAD = '''"""{title}

Made by `python -m tools.carrier_formats` from tracking_number_data {version} (MIT, Jeff Keen); never edited by hand.
"""

'''


def couriers() -> list[Mapping[str, Any]]:
    """The data set's couriers, by file name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted((DATA / "couriers").glob("*.json"))]


def pattern(regex: object) -> str:
    """A regular expression of the data set for a number without spaces, in Python's spelling."""
    text = "".join(regex) if isinstance(regex, list) else str(regex)
    return (
        text.replace(r"\s*", "")
        .replace(r"\s", "")
        .replace("(?<", "(?P<")
        .replace("(?P<=", "(?<=")
        .replace("(?P<!", "(?<!")
    )


def checksum(validation: Mapping[str, Any]) -> tuple[str, tuple[int, ...]]:
    """Name and parameters of a check digit, as `shipby.domain.carriers.check_digits` takes them."""
    check = validation.get("checksum")
    if not check:
        return "", ()
    match check["name"]:
        case "mod10":
            return "mod10", (
                check.get("evens_multiplier", 1),
                check.get("odds_multiplier", 1),
                int(bool(check.get("reverse"))),
            )
        case "sum_product_with_weightings_and_modulo":
            return "weighted", (check["modulo1"], check["modulo2"], *check["weightings"])
        case name:
            return name, ()


def formats() -> str:
    lines = [
        _HEAD.format(title="Formats of tracking numbers of carriers all over the world: data only.", version=VERSION),
        "from __future__ import annotations\n\n",
        f'VERSION = "{VERSION}"\n',
        "OPEN_FORMATS: tuple[tuple[str, str, str, str, tuple[int, ...], tuple[str, str]], ...] = (\n",
    ]
    for courier in couriers():
        for number in courier["tracking_numbers"]:
            if number.get("id") == "s10":
                continue
            name, parameters = checksum(number["validation"])
            before = (number["validation"].get("serial_number_format") or {}).get("prepend_if") or {}
            prefix = (pattern(before.get("matches_regex", "")), before.get("content", ""))
            code = courier["courier_code"]
            identifier = number.get("id") or re.sub(r"\W+", "_", number["name"].lower()).strip("_")
            row = (code, identifier, pattern(number["regex"]), name, parameters, prefix)
            lines.append("    (\n" + "".join(f"        {value!r},\n" for value in row) + "    ),\n")
    lines.append(
        ")\n" + '"""(carrier, format, regular expression, check digit, its parameters, (where, what) before it)"""\n'
    )
    return "".join(lines)


def posts() -> str:
    [data] = [one for one in couriers() if one["courier_code"] == "s10"]
    [table] = [one for one in data["tracking_numbers"][0]["additional"] if one["regex_group_name"] == "CountryCode"]
    lines = [
        _HEAD.format(title="Members of the Universal Postal Union: country -> its post.", version=VERSION),
        "from __future__ import annotations\n\nfrom collections.abc import Mapping\n\nPOSTS: Mapping[str, str] = {\n",
    ]
    lines += [
        f"    {one['matches']!r}: {one['courier']!r},\n"
        for one in sorted(table["lookup"], key=lambda one: one["matches"])
    ]
    return "".join([*lines, "}\n"])


def main() -> None:
    (TARGET / "open_formats.py").write_text(formats(), encoding="utf-8")
    (TARGET / "s10_posts.py").write_text(posts(), encoding="utf-8")


if __name__ == "__main__":
    main()
