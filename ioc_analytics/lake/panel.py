"""Indicators become one table: date × place × indicator, re-aggregated as ratios of sums."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ioc_analytics import sectors
from ioc_analytics.contracts import Indicator
from ioc_analytics.errors import ContractError
from ioc_analytics.lake.revisions import quote
from ioc_analytics.lake.store import Store
from ioc_analytics.places import CITY, places, ward_codes
from ioc_analytics.text import nearest

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
    r"""Return indicators by period and place, as known on a day.

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
    city's rate is never a mean of the wards' rates. The city's own rows come first; on days (for
    stocks: in periods) for which it has none its wards are added up, all 34 of them being required
    at full coverage.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from ioc_analytics.lake import open_lake
    >>> folder = tempfile.TemporaryDirectory()
    >>> export = Path(folder.name, "cases.csv")
    >>> rows = [f"2021-07-{day:02},769,{day}" for day in range(5, 12)]
    >>> _ = export.write_text("date,location,new_cases\n" + "\n".join(rows))
    >>> lake = open_lake(f"{folder.name}/lake")
    >>> print(lake.ingest(export, "epidemic.cases_daily", as_of="2021-07-12"))
    cases.csv → epidemic.cases_daily, as known on 2021-07-12: 7 rows stored.
    >>> float(panel(lake, ["epidemic.new_cases"], "W", "city").squeeze())
    56.0
    >>> folder.cleanup()
    """
    indicators = list(dict.fromkeys(indicators))
    long = measure(store, indicators, freq, locations, start=start, end=end, as_of=as_of)
    long.loc[long["coverage"] < min_coverage - 1e-9, "value"] = np.nan
    wide = long.pivot(index="date", columns=["indicator", "location"], values="value")
    codes = _codes(locations)
    wide = wide.reindex(
        columns=pd.MultiIndex.from_product(
            [list(indicators), codes], names=["indicator", "location"]
        )
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

    Parameters
    ----------
    store, indicators, freq, locations, start, end, as_of
        As in `panel`.

    Returns
    -------
    DataFrame
        `indicator, location, date, value, numerator, denominator, n, coverage`, a row for each
        period with at least one base row. `n` counts base rows; `coverage` is the share of a
        complete period's days and places that have one.
    """
    chosen = [sectors.indicator(i) for i in dict.fromkeys(indicators)]
    codes = _codes(locations)
    for indicator in chosen:
        _require_frequency(indicator, freq)
    query = " union all ".join(_indicator_sql(i, freq, codes) for i in chosen)
    long = store.sql(f"select * from ({query}) order by indicator, location, date", as_of)
    long["date"] = pd.to_datetime(long["date"]).astype("datetime64[ns]")
    if start is not None:
        long = long[long["date"] >= pd.Timestamp(start)]
    if end is not None:
        long = long[long["date"] <= pd.Timestamp(end)]
    scale = long["indicator"].map({i.id: i.scale for i in chosen}).astype(float)
    ratio = long["numerator"] / long["denominator"].where(long["denominator"] != 0)
    without = long["indicator"].isin([i.id for i in chosen if i.denominator is None])
    long["value"] = scale * ratio.where(~without, long["numerator"])
    long["coverage"] = long["covered"] / _expected(long, chosen, freq)
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
            raise ContractError(
                f"There is no place with the code “{code}”{nearest(code, places())}."
            )
    return list(dict.fromkeys(locations))


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
    """Return SQL for an indicator: one row for each period and place.

    `part` is the place whose rows are used: the place itself, or for the city each of its wards,
    a 34th of the city, where the city has no row of its own.
    """
    table = sectors.table(indicator.table)
    place = quote(next(c for c in table.key if table.column(c).kind == "place"))
    day = quote(str(table.date))
    per_person = indicator.denominator == "population"
    last = indicator.over_time == "last"
    total = "arg_max({}, day)" if last else "sum({})"
    where = f"and ({indicator.where})" if indicator.where else ""
    wards = ward_codes() if CITY in codes else ()
    grain = "date" if last else "day"
    days = "1" if last else "count(distinct day)"
    return f"""
    select '{indicator.id}' as indicator, b.* replace (
        {"p.people" if per_person else "denominator"} as denominator) from (
      with base as (
        select {place} as part, {day} as day,
               cast(date_trunc('{FREQUENCIES[freq]}', {day}) as date) as date,
               cast({indicator.numerator} as double) as num,
               cast({"1" if per_person else indicator.denominator or "1"} as double) as den
        from {_sql_name(table.name)}
        where {place} in ({_sql_list((*codes, *wards))}) {where}
          and num is not null and den is not null
      ), placed as (
        select part as location, 1.0 as weight, * from base where part in ({_sql_list(codes)})
        union all by name
        select '{CITY}' as location, 1.0 / {len(ward_codes())} as weight, * from base
        where part in ({_sql_list(wards)})
          and {grain} not in (select {grain} from base where part = '{CITY}')
      ), parts as (
        select location, date, {total.format("num")} as num, {total.format("den")} as den,
               count(*) as n, {days} * any_value(weight) as covered
        from placed group by location, part, date
      )
      select location, date, sum(num) as numerator, sum(den) as denominator,
             cast(sum(n) as bigint) as n, sum(covered) as covered
      from parts group by location, date
    ) b {f"left join ({_people_sql()}) p using (location)" if per_person else ""}"""


def _people_sql() -> str:
    """Return SQL for the residents of each ward and of the city, which is all of them."""
    return f"""
    select ward_code as location, cast(population as double) as people from geography.wards
    union all select '{CITY}', cast(sum(population) as double) from geography.wards"""


def _sql_list(codes: Sequence[str]) -> str:
    return ", ".join(f"'{code}'" for code in codes) or "null"


def _sql_name(table: str) -> str:
    return ".".join(map(quote, table.split(".")))


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
