"""What reports over days have in common that are figures and tables: the period, the cuts, the form."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field
from pydantic.fields import FieldInfo

from shipby.application.shared.csv_text import Separator
from shipby.contracts.base import Query

Day = date


class TableQuery(Query):
    first: Annotated[Day | None, Field(alias="from", description="First day (UTC); left out: 30 days in all.")] = None
    last: Annotated[Day | None, Field(alias="to", description="Last day (UTC), included; left out: today.")] = None
    by: str
    """Each report says its own words with `cut_by`."""
    format: Annotated[Literal["json", "csv"], Field(description="csv: the same as a table.")] = "json"
    separator: Annotated[
        Separator | None,
        Field(description="Between cells of a csv. Left out: what spreadsheets in your language split at."),
    ] = None

    @property
    def words(self) -> tuple[str, ...]:
        """What it is cut by, each once, in the order asked for."""
        return tuple(name for name in dict.fromkeys(self.by.split(",")) if name)


def cut_by(cuts: type[StrEnum]) -> FieldInfo:
    """The words of a report's `by`."""
    one = "|".join(cuts)
    described = f"Comma-separated: {', '.join(cuts)}. Empty: all together."
    found: FieldInfo = Field(max_length=60, pattern=rf"^(({one})(,({one}))*)?$", description=described)
    return found
