"""Each system's page: its indicators and their states, what it holds, how far to rely on it."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ioc_analytics import sectors
from ioc_analytics.contracts import Indicator, Table
from ioc_analytics.lake import Lake
from ioc_analytics.lake.panel import measure
from ioc_analytics.lake.quality import check, newest_day
from ioc_analytics.lake.readiness import readiness, readiness_history
from ioc_analytics.lake.revisions import quote
from ioc_analytics.lake.thresholds import judge, thresholds
from ioc_analytics.marts.mart import period_end, present, tables_of
from ioc_analytics.places import CITY, ward_codes

__all__ = ["figures", "findings", "readiness_course", "systems"]

_PERIODS = 60  # newest periods of an indicator that are kept
_BEFORE = 12  # further periods that a control chart looks back on
_PLACES = (CITY, "79", "VN", *ward_codes())  # what the city lacks may be known of those above it
_DAYS = 4  # days on which readiness is judged, the newest of the lake and those before it
_WEEKS_APART = 4
_REFERENCE = {"geography.wards"}  # facts delivered with the package, never simulated
_KEPT = ["value", "numerator", "denominator", "n", "coverage", "state", "method", "basis"]
_COLUMNS = [
    *("system", "indicator", "location", "freq", "date", *_KEPT),
    *("green", "amber", "target", "data_date", "simulated"),
]


def figures(lake: Lake) -> pd.DataFrame:
    """Return every indicator that has data, by its natural period, for the city and its wards.

    Columns: `system, indicator, location, freq ("W" also for what is known by day, "M", "Q", "Y"),
    date (period start), value, numerator, denominator, n, coverage, state ("green", "amber",
    "red", None), method, basis, green, amber, target, data_date (last day with data at the place),
    simulated`; ordered by system, indicator, place and date, at most 60 periods of each.

    A period with coverage below 1 has no state: a partial sum looks like a fall. The province
    ("79") and the country ("VN") are there where a table speaks of them.
    """
    known = [sectors.indicator(i) for i in present(lake, sectors.indicators())]
    rules = thresholds(lake)
    parts = []
    for freq in ("W", "M", "Q", "Y"):
        if chosen := [i.id for i in known if _shown(i) == freq]:
            long = measure(lake, chosen, freq, _PLACES)
            if long.empty:
                continue
            long = _newest(long, freq, _PERIODS + _BEFORE)
            complete = long["value"].where(long["coverage"] >= 1 - 1e-9)
            judged = judge(long.assign(value=complete), rules, freq)
            whole = pd.concat([long, judged], axis=1).assign(freq=freq)
            parts.append(_newest(whole, freq, _PERIODS))
    if not parts:
        return pd.DataFrame(columns=_COLUMNS)
    frame = pd.concat(parts, ignore_index=True)
    frame["system"] = frame["indicator"].str.partition(".")[0]
    frame["simulated"] = frame["indicator"].map(_simulated(lake, known)).astype(bool)
    frame["data_date"] = _data_dates(lake, frame)
    return frame.sort_values(["system", "indicator", "location", "date"], ignore_index=True)


def _shown(indicator: Indicator) -> str:
    """Return the period that an indicator is shown by: days make weeks."""
    return "W" if indicator.freq == "D" else indicator.freq


def _newest(long: pd.DataFrame, freq: str, periods: int) -> pd.DataFrame:
    """Return the newest periods of each indicator, counted back from its newest anywhere."""
    number = long["date"].dt.to_period({"W": "W-SUN"}.get(freq, freq)).astype("int64")
    newest = number.groupby(long["indicator"]).transform("max")
    return long[number > newest - periods]


def _simulated(lake: Lake, known: Iterable[Indicator]) -> dict[str, bool]:
    """Return for each indicator whether a table behind it is made up."""
    made_up = {name: lake.simulated(name) for name in lake.tables()}
    return {i.id: any(made_up[t] for t in tables_of(i) - _REFERENCE) for i in known}


def _data_dates(lake: Lake, frame: pd.DataFrame) -> pd.Series:
    """Return the last day with data of each indicator and place.

    It is the end of the newest period, but not later than the data behind it speak of.
    """
    newest = frame.groupby(["indicator", "location"])["date"].transform("max")
    ends = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[ns]")
    for freq, rows in frame.groupby("freq").groups.items():
        ends[rows] = period_end(pd.DatetimeIndex(newest[rows]), str(freq))
    last = frame["indicator"].map(_last_days(lake, frame["indicator"].unique()))
    return ends.mask(last < ends, last)


def _last_days(lake: Lake, ids: Iterable[str]) -> dict[str, pd.Timestamp]:
    """Return for each indicator the last day of which the tables behind it speak."""
    behind = {i: tables_of(sectors.indicator(i)) - _REFERENCE for i in ids}
    days = {t: _last_day(lake, sectors.table(t)) for t in set().union(*behind.values())}
    return {i: min(days[t] for t in names).as_unit("ns") for i, names in behind.items() if names}


def _last_day(lake: Lake, table: Table) -> pd.Timestamp:
    """Return the last day of which a table's files speak, at the latest the day they were made."""
    known_on = pd.Timestamp(lake.history(table.name)["as_of"].max())
    if table.events and len(covered := lake.covered(table.name)):
        return min(known_on, pd.Timestamp(covered["last"].max()))
    if table.freq != "D" or table.date is None:
        return known_on
    name = ".".join(map(quote, table.name.split(".")))
    day = lake.aggregate(f"select max(cast({quote(table.date)} as date)) as day from {name}")
    return min(known_on, pd.Timestamp(day["day"].iloc[0]))


def systems(lake: Lake) -> pd.DataFrame:
    """Return what the lake holds of each of the city's systems, in the city's order.

    Columns: `system, vi, en, indicators (declared), with_data (of which every table holds data),
    tables (declared), tables_held, rows, first, last, known_on, simulated (a table of it is made
    up)`. A system without data has 0 tables held and no days. Its scores are in `readiness`.
    """
    held = lake.status().set_index("table") if lake.tables() else pd.DataFrame()
    known = set(present(lake, sectors.indicators()))
    rows = []
    for system in sectors.systems().values():
        if system.id == "settings":
            continue
        tables = [t.name for t in sectors.tables().values() if t.system == system.id]
        own = [i for i in sectors.indicators() if i.partition(".")[0] == system.id]
        row = {"system": system.id, "vi": system.vi, "en": system.en, "tables": len(tables)}
        row |= {"indicators": len(own), "with_data": len(known & set(own))}
        rows.append(row | _holdings(held[held.index.isin(tables)]))
    return pd.DataFrame(rows)


def _holdings(held: pd.DataFrame) -> dict[str, object]:
    """Return rows and days of a system's tables, taken together."""
    if held.empty:
        return {"tables_held": 0, "rows": 0, "simulated": False}
    days = {n: pd.to_datetime(held[n]).dt.normalize() for n in ("first", "last", "known_on")}
    return {
        "tables_held": len(held),
        "rows": int(held["rows"].sum()),
        "first": days["first"].min(),
        "last": days["last"].max(),
        "known_on": days["known_on"].max(),
        "simulated": bool(held["simulated"].any()),
    }


def readiness_course(lake: Lake) -> pd.DataFrame:
    """Return `lake.readiness` on the newest day of the lake and, four weeks apart, before it."""
    newest = newest_day(lake)
    if newest is None:
        return readiness(lake)
    back = pd.date_range(end=newest, periods=_DAYS, freq=f"{7 * _WEEKS_APART}D")
    return readiness_history(lake, [day.date() for day in back])


def findings(lake: Lake) -> pd.DataFrame:
    """Return what `lake.quality` finds, errors first, without its examples.

    An example quotes a row; a mart holds aggregates only.
    """
    return check(lake).drop(columns="example")
