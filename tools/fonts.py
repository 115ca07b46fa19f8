"""Make the label fonts: subsets of Noto Sans and Noto Sans SC, the same bytes from the same input.

Usage: python -m tools.fonts <unpacked @expo-google-fonts/noto-sans> <unpacked @expo-google-fonts/noto-sans-sc>

Both are npm packages under the SIL Open Font License; what is written, and from what, stands in the README beside the
fonts. Latin, Cyrillic and currency signs come from Noto Sans, hanzi from Noto Sans SC, which lacks the rouble sign.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from tools.repository import ROOT

OUTPUT = ROOT / "functions/label_generation/fonts"

REGULAR = "400Regular/NotoSans_400Regular.ttf"
BOLD = "700Bold/NotoSans_700Bold.ttf"
HANZI = "400Regular/NotoSansSC_400Regular.ttf"
LICENCE = "LICENSE_FONT"

SHA256 = {
    REGULAR: "fe8c022f48d8dd29f17b744d16f9346f4357e16f7d4f7be58b000ae7c291b614",
    BOLD: "13a813c49624ae3ba3c5c6e72c5ebffc4b9e1e6ea32f421c04069b037c6ad431",
    HANZI: "d45f67f0a7c0ca3f256950777ce6a61cc7ce5f9696d02900cbbaac25f8aa7d16",
}
"""Of @expo-google-fonts/noto-sans 0.4.2 and @expo-google-fonts/noto-sans-sc 0.4.3."""

LATIN_AND_CYRILLIC = {
    *range(0x20, 0x7F),
    *range(0xA0, 0xAD),
    *range(0xAE, 0x180),
    *map(ord, "ƏəȘșȚțẞʻʼ"),
    # All of Cyrillic but the combining signs of old numerals: Kazakh, Kyrgyz, Tatar, Ukrainian and others.
    *range(0x400, 0x483),
    *range(0x48A, 0x530),
    *map(ord, "‐‑‒–—―‘’‚“”„†‡•…‰′″‹›€₴₸₹₺₽№™−"),
}
UNWANTED_TABLES = ["GSUB", "GPOS", "GDEF", "BASE", "STAT", "vhea", "vmtx", "VORG", "gasp", "DSIG", "kern", "meta"]
NAME_IDS = [0, 1, 2, 4, 6, 13]


def main() -> int:
    """Write the fonts; 2 on wrong use, 1 if an input is not the one expected."""
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    latin, chinese = (Path(argument) for argument in sys.argv[1:])
    sources = {REGULAR: latin / REGULAR, BOLD: latin / BOLD, HANZI: chinese / HANZI}
    for name, path in sources.items():
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != SHA256[name]:
            print(f"{path}: sha256 is {found}, expected {SHA256[name]}: take the versions named in the README")
            return 1

    common = _characters("gb2312") | {*range(0x3000, 0x3040), *range(0xFF01, 0xFF5F), *map(ord, "￠￡￥←↑→↓")}
    common -= LATIN_AND_CYRILLIC
    rare = _characters("gbk") - common - LATIN_AND_CYRILLIC
    _subset(sources[REGULAR], "sans-regular.ttf", LATIN_AND_CYRILLIC)
    _subset(sources[BOLD], "sans-bold.ttf", LATIN_AND_CYRILLIC)
    _subset(sources[HANZI], "hanzi.ttf", common)
    _subset(sources[HANZI], "hanzi-rare.ttf", rare)
    (OUTPUT / "OFL.txt").write_bytes((chinese / LICENCE).read_bytes())
    (OUTPUT / "OFL-noto-sans.txt").write_bytes((latin / LICENCE).read_bytes())
    return 0


def _characters(encoding: str) -> set[int]:
    """Every character a two-byte Chinese encoding can write."""
    found = set()
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            try:
                text = bytes((lead, trail)).decode(encoding)
            except UnicodeDecodeError:
                continue  # a hole in the table
            if len(text) == 1 and not 0xE000 <= ord(text) < 0xF900:
                found.add(ord(text))
    return found


def _subset(source: Path, name: str, characters: set[int]) -> None:
    options = subset.Options(
        hinting=False,
        layout_features=[],
        glyph_names=False,
        name_IDs=NAME_IDS,
        notdef_outline=False,
        recalc_timestamp=False,
        drop_tables=[*subset.Options().drop_tables, *UNWANTED_TABLES],
        canonical_order=True,
    )
    font = TTFont(source, recalcTimestamp=False)
    missing = sorted(characters - set(font.getBestCmap()))
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    target = OUTPUT / name
    font.save(target, reorderTables=True)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    print(f"{name}: {len(font.getBestCmap())} characters, {target.stat().st_size} bytes, sha256 {digest}")
    if missing:
        print(f"  not in {source.name}: {' '.join(f'U+{code:04X}' for code in missing)}")


if __name__ == "__main__":
    sys.exit(main())
