"""The overview: new cases of the wards by week, and the city's key figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ioc_analytics import sectors
from ioc_analytics.lake import Lake
from ioc_analytics.lake.panel import measure
from ioc_analytics.marts.mart import period_end, present
from ioc_analytics.places import CITY, places

__all__ = ["TILE_SOURCES", "tiles", "wards_week"]

_WEEKS_SHOWN = 26  # weeks that the overview's slider offers
_SPARK = 26  # periods in a tile's small chart
_TILES = (  # indicator, place, period
    ("epidemic.new_cases", CITY, "W"),
    ("epidemic.new_cases", "79", "W"),
    ("epidemic.new_deaths", "79", "W"),
    ("health.ili_share", "79", "W"),
    ("geography.temperature", "79", "W"),
    ("economy.retail_sales", "VN", "M"),
    ("economy.cpi_yoy", "VN", "M"),
)
TILE_SOURCES = tuple(dict.fromkeys([sectors.indicator(i).table for i, _, _ in _TILES]))


def wards_week(lake: Lake) -> pd.DataFrame:
    """Return new cases of every ward in every recent week, missing where nothing was reported.

    Columns: `ward_code, name, week (Monday), cases, rate (per 100,000), coverage (share of the
    week's days reported), population, population_basis, population_year, data_date (last day on
    which any ward reported), simulated`.
    """
    wards = lake.read("geography.wards")[
        ["ward_code", "population", "population_basis", "population_year"]
    ]
    wards["name"] = [places()[c].name_vi for c in wards["ward_code"]]
    ids = present(lake, ["epidemic.new_cases", "epidemic.case_rate"])
    long = measure(lake, ids, "W", "ward") if ids else pd.DataFrame()
    if long.empty:
        return wards.iloc[:0]
    weeks = pd.date_range(long["date"].min(), long["date"].max(), freq="W-MON")[-_WEEKS_SHOWN:]
    grid = wards.merge(pd.DataFrame({"week": weeks}), how="cross")
    for name, indicator in (("cases", "epidemic.new_cases"), ("rate", "epidemic.case_rate")):
        part = long.loc[long["indicator"] == indicator, ["location", "date", "value", "coverage"]]
        part = part.set_axis(["ward_code", "week", name, "coverage"], axis=1)
        part = part if name == "cases" else part.drop(columns="coverage")
        grid = grid.merge(part, how="left", on=["ward_code", "week"])
    grid["coverage"] = grid["coverage"].fillna(0.0)
    grid["data_date"] = measure(lake, ids[:1], "D", "ward")["date"].max()
    grid["simulated"] = lake.simulated("epidemic.cases_daily")
    return grid.sort_values(["week", "ward_code"], ignore_index=True)


def tiles(lake: Lake) -> pd.DataFrame:
    """Return the city's key figures: the newest complete period beside the one before it.

    Columns: `indicator, location, freq, date (period start), value, previous, data_date (last day
    with data), history (recent values, oldest first), simulated`.
    """
    return pd.DataFrame(
        [
            {"indicator": i, "location": place, "freq": freq, **_tile(lake, i, place, freq)}
            for i, place, freq in _TILES
        ]
    )


def _tile(lake: Lake, indicator: str, place: str, freq: str) -> dict[str, object]:
    nothing = {
        "date": pd.NaT,
        "value": np.nan,
        "previous": np.nan,
        "data_date": pd.NaT,
        "history": np.array([], dtype=float),
        "simulated": False,
    }
    if not present(lake, [indicator]):
        return nothing
    series = lake.panel([indicator], freq, [place]).iloc[:, 0]
    known = series.dropna()
    if known.empty:
        return nothing
    newest = known.index[-1]
    return {
        "date": newest,
        "value": known.iloc[-1],
        "previous": series.shift(1).loc[newest],
        "data_date": _data_date(lake, indicator, place),
        "history": series.loc[:newest].iloc[-_SPARK:].to_numpy(),
        "simulated": lake.simulated(sectors.indicator(indicator).table),
    }


def _data_date(lake: Lake, indicator: str, place: str) -> pd.Timestamp:
    """Return the end of the indicator's newest period of its own length that holds a value."""
    own = sectors.indicator(indicator).freq
    newest = measure(lake, [indicator], own, [place])["date"].max()
    return period_end(pd.DatetimeIndex([newest]), own)[0]
