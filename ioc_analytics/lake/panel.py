"""Indicators become one table: date × place × indicator, re-aggregated as ratios of sums."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ioc_analytics import sectors
from ioc_analytics.contracts import CITY, Indicator, nearest
from ioc_analytics.errors import ContractError
from ioc_analytics.lake.store import Store
from ioc_analytics.sectors.geography import places, ward_codes

__all__ = ["FREQUENCIES", "measure", "panel"]

FREQUENCIES = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}
_STARTS = {"D": "D", "W": "W-MON", "M": "MS", "Q": "QS", "Y": "YS"}


def panel(
    store: Store,
    indicators: Sequence[str],
    freq: str = "W",
    locations: str | Sequence[str] = "ward",
    *,
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
    as_of: str | dt.date | None = None,
    min_coverage: float = 1.0,
) -> pd.DataFrame:
    """Return indicators by period and place, as known on a day.

    Parameters
    ----------
    store : Store
        The lake.
    indicators : sequence of str
        Ids such as "epidemic.new_cases".
    freq : {"D", "W", "M", "Q", "Y"}
        Length of a period; not shorter than the indicator's own. Weeks start on Monday.
    locations : "ward", "city" or sequence of codes
        "ward" is the 34 wards, "city" is 769.
    start, end : date, optional
        First and last period start.
    as_of : date, optional
        Use only what was known on that day.
    min_coverage : float in (0, 1]
        Share of a period's base rows (days × places) that must be present. The default 1 keeps a
        period with any missing day missing: a partial sum looks like a fall.

    Returns
    -------
    DataFrame
        Index `date` (period starts, without holes), columns MultiIndex `(indicator, location)`.
        NaN means that the value is not known; it is never 0 for that.

    Raises
    ------
    ContractError
        Unknown indicator, place or frequency, or a period shorter than the indicator's own.
    LakeError
        A table that an indicator needs holds no data.

    Notes
    -----
    The value is ``scale * sum(numerator) / sum(denominator)`` over days and places, so that the
    city's rate is never a mean of the wards' rates. The city's own rows come first; where it has
    none for a period its wards are added up, all 34 of them being required at full coverage.
    """
    long = measure(store, indicators, freq, locations, start=start, end=end, as_of=as_of)
    long.loc[long["coverage"] < min_coverage - 1e-9, "value"] = np.nan
    wide = long.pivot(index="date", columns=["indicator", "location"], values="value")
    codes = _codes(locations)
    wide = wide.reindex(
        columns=pd.MultiIndex.from_product([indicators, codes], names=["indicator", "location"])
    )
    if len(wide):
        wide = wide.reindex(pd.date_range(wide.index[0], wide.index[-1], freq=_STARTS[freq]))
    return wide.astype(float).rename_axis(index="date")


def measure(
    store: Store,
    indicators: Sequence[str],
    freq: str = "W",
    locations: str | Sequence[str] = "ward",
    *,
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
    as_of: str | dt.date | None = None,
) -> pd.DataFrame:
    """Return what `panel` shows in long form, with what it rests on.

    Returns
    -------
    DataFrame
        `indicator, location, date, value, numerator, denominator, n, coverage`, a row for each
        period with at least one base row. `n` counts base rows, `coverage` is their share of the
        rows that a complete period has.
    """
    chosen = [sectors.indicator(i) for i in indicators]
    codes = _codes(locations)
    for indicator in chosen:
        _require_frequency(indicator, freq)
    query = " union all ".join(_indicator_sql(i, freq, codes) for i in chosen)
    long = store.sql(f"select * from ({query}) order by indicator, location, date", as_of)
    long["date"] = pd.to_datetime(long["date"]).astype("datetime64[ns]")
    for limit, keep in ((start, long["date"].ge), (end, long["date"].le)):
        if limit is not None:
            long = long[keep(pd.Timestamp(limit))]
    scale = long["indicator"].map({i.id: i.scale for i in chosen}).astype(float)
    ratio = long["numerator"] / long["denominator"].where(long["denominator"] != 0)
    without = long["indicator"].isin([i.id for i in chosen if i.denominator is None])
    long["value"] = scale * ratio.where(~without, long["numerator"])
    long["coverage"] = long["n"] / (long["places"] * _expected(long, chosen, freq))
    return long[
        ["indicator", "location", "date", "value", "numerator", "denominator", "n", "coverage"]
    ].reset_index(drop=True)


def _codes(locations: str | Sequence[str]) -> list[str]:
    if isinstance(locations, str):
        if locations not in ("ward", "city"):
            raise ContractError(
                f"locations is “ward”, “city” or a list of codes, not “{locations}”."
            )
        return list(ward_codes()) if locations == "ward" else [CITY]
    for code in locations:
        if code not in places():
            raise ContractError(f"There is no place with the code “{code}”{nearest(code, places())}.")
    return list(locations)


def _require_frequency(indicator: Indicator, freq: str) -> None:
    if freq not in FREQUENCIES:
        raise ContractError(f"freq is one of {', '.join(FREQUENCIES)}, not “{freq}”.")
    order = list(FREQUENCIES)
    if order.index(freq) < order.index(indicator.freq):
        raise ContractError(
            f"{indicator.id} is known by {FREQUENCIES[indicator.freq]}; "
            f"it has no values by {FREQUENCIES[freq]}."
        )


def _indicator_sql(indicator: Indicator, freq: str, codes: Sequence[str]) -> str:
    """Return SQL for an indicator: one row for each period and place, city from wards if needed."""
    table = sectors.table(indicator.table)
    place = next(c for c in table.key if table.column(c).kind == "place")
    wards = ward_codes() if CITY in codes else ()
    wanted = ", ".join(f"'{code}'" for code in dict.fromkeys((*codes, *wards)))
    shown = ", ".join(f"'{code}'" for code in codes)
    per_person = indicator.denominator == "population"
    where = f"and ({indicator.where})" if indicator.where else ""
    total = "arg_max(num, day)" if indicator.over_time == "last" else "sum(num)"
    divisor = "arg_max(den, day)" if indicator.over_time == "last" else "sum(den)"
    people = (
        "(select location, sum(population) as people from ("
        "select ward_code as location, population from geography.wards union all "
        f"select '{CITY}', population from geography.wards) group by location)"
    )
    rates = (
        f"select b.*, p.people from by_place b left join {people} p using (location)"
        if per_person
        else "select *, null as people from by_place"
    )
    # The city's denominator is the people of all its wards, whichever of them reported.
    ward_sum = (
        f"select '{CITY}' as location, date, sum(numerator) as numerator, "
        f"{'any_value(city_people)' if per_person else 'sum(denominator)'} as denominator, "
        f"sum(n) as n, {len(ward_codes())} as places from (select w.*, "
        f"{'(select sum(population) from geography.wards)' if per_person else 'null'} "
        "as city_people from places_only w) where location in "
        f"({', '.join(repr(c) for c in ward_codes())}) "
        f"and date not in (select date from places_only where location = '{CITY}') group by date"
    )
    return f"""
    select '{indicator.id}' as indicator, * from (
      with base as (
        select "{place}" as location, "{table.date}" as day,
               cast(date_trunc('{FREQUENCIES[freq]}', "{table.date}") as date) as date,
               cast({indicator.numerator} as double) as num,
               cast({"1" if per_person or not indicator.denominator else indicator.denominator}
                    as double) as den
        from {indicator.table} where "{place}" in ({wanted}) {where}
      ), by_place as (
        select location, date, {total} as numerator, {divisor} as denominator, count(*) as n
        from base where num is not null and den is not null group by location, date
      ), places_only as (
        select location, date, numerator,
               {"people" if per_person else "denominator"} as denominator, n, 1 as places
        from ({rates})
      )
      select * from places_only where location in ({shown})
      {"union all " + ward_sum if CITY in codes else ""}
    )"""


def _expected(long: pd.DataFrame, chosen: Sequence[Indicator], freq: str) -> pd.Series:
    """Return how many base rows a complete period of each row's indicator has at one place."""
    own = {i.id: "last" if i.over_time == "last" else i.freq for i in chosen}
    expected = pd.Series(1.0, index=long.index)
    offset = pd.tseries.frequencies.to_offset(_STARTS[freq])
    for base in {"D", "W", "M"} & set(own.values()):
        rows = long["indicator"].map(own).eq(base)
        counts = {
            day: len(pd.date_range(day, day + offset, freq=_STARTS[base], inclusive="left"))
            for day in long.loc[rows, "date"].unique()
        }
        expected[rows] = long.loc[rows, "date"].map(counts)
    return expected
