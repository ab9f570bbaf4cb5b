"""What a mart is, and what every file of marts asks of the lake."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from ioc_analytics import sectors
from ioc_analytics.contracts import Indicator
from ioc_analytics.lake import Lake

__all__ = ["Mart", "period_end", "present", "tables_of"]


@dataclass(frozen=True, slots=True)
class Mart:
    """A table that dashboards read: its columns, what it comes from and how it is built.

    `sources` None means every declared table, also those of sectors outside the package.
    """

    name: str
    sources: tuple[str, ...] | None
    columns: Mapping[str, pa.DataType]
    make: Callable[[Lake], pd.DataFrame]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it comes from."""
        return tuple(sorted(sectors.tables())) if self.sources is None else self.sources


def tables_of(indicator: Indicator) -> set[str]:
    """Return the tables that an indicator, its parts included, is computed from."""
    if indicator.parts:
        return set().union(*(tables_of(sectors.indicator(p.indicator)) for p in indicator.parts))
    people = {"geography.wards"} if indicator.denominator == "population" else set()
    return {indicator.table} | people


def present(lake: Lake, indicators: Iterable[str]) -> list[str]:
    """Return the indicators of which every table that they come from holds data."""
    held = set(lake.tables())
    return [i for i in indicators if tables_of(sectors.indicator(i)) <= held]


def period_end(starts: pd.DatetimeIndex, freq: str) -> pd.DatetimeIndex:
    """Return the last day of each period.

    Examples
    --------
    >>> str(period_end(pd.DatetimeIndex(["2021-10-01"]), "Q")[0].date())
    '2021-12-31'
    """
    if freq == "D":
        return starts
    return starts.to_period({"W": "W-SUN"}.get(freq, freq)).end_time.normalize()
