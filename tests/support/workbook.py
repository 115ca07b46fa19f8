"""Workbooks as spreadsheet programs write them, by hand: every cell's XML is the test's own."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def text(value: str) -> str:
    """The inside of a cell that is formatted as text."""
    return f' t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is>'


def number(value: str) -> str:
    """The inside of a cell that a spreadsheet took for a number."""
    return f"><v>{value}</v>"


def day(serial: int) -> str:
    """The inside of a cell that a spreadsheet took for a day: days since 1900."""
    return f' s="1"><v>{serial}</v>'


def formula(source: str, shows: str) -> str:
    """The inside of a cell that is worked out; `shows` is what the program saw last."""
    return f' t="str"><f>{escape(source)}</f><v>{escape(shows)}</v>'


TRUE = ' t="b"><v>1</v>'
WRONG = ' t="e"><v>#N/A</v>'


def sheet(lines: Mapping[int, Sequence[str | None]], *, places: bool = True) -> str:
    """A sheet's XML: line -> the insides of its cells from column A on. Without `places` the cells do not say where
    they stand, which the format allows.
    """
    rows = []
    for line, cells in lines.items():
        inside = "".join(
            f'<c r="{chr(ord("A") + column)}{line}"{cell}</c>' if places else f"<c{cell}</c>"
            for column, cell in enumerate(cells)
            if cell is not None
        )
        rows.append(f'<row r="{line}">{inside}</row>' if places else f"<row>{inside}</row>")
    return f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{"".join(rows)}</sheetData></worksheet>'


def workbook(*sheets: str, hidden: Sequence[int] = (), extra: Mapping[str, bytes] | None = None) -> bytes:
    """An .xlsx of these sheets; `hidden` are the indexes of those that nobody sees."""
    tags = "".join(
        f'<sheet name="S{index}" sheetId="{index + 1}" state="{"hidden" if index in hidden else "visible"}"'
        f' r:id="rId{index + 1}"/>'
        for index in range(len(sheets))
    )
    links = "".join(
        f'<Relationship Id="rId{index + 1}" Type="{_RELS}/worksheet" Target="worksheets/sheet{index + 1}.xml"/>'
        for index in range(len(sheets))
    )
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{index + 1}.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        for index in range(len(sheets))
    )
    parts = {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        f"{kinds}</Types>",
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_RELS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELS}"><sheets>{tags}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"{_HEAD}<Relationships "
        f'xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}'
        f'<Relationship Id="rId90" Type="{_RELS}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'{_HEAD}<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
        **{f"xl/worksheets/sheet{index + 1}.xml": one for index, one in enumerate(sheets)},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        for name, more in (extra or {}).items():
            archive.writestr(name, more)
    return out.getvalue()
