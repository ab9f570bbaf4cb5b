"""When a value is green, amber or red: thresholds as data, in force by day, known as of a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ioc_analytics import sectors
from ioc_analytics.errors import ContractError
from ioc_analytics.lake.store import Store
from ioc_analytics.places import REFERENCE

__all__ = ["judge", "states", "threshold_problems", "thresholds"]

_TABLE = "settings.thresholds"
_COLUMNS = ["indicator", "method", "green", "amber", "target", "basis", "source", "valid_from"]
_PERIODS = {"D": "D", "W": "W-SUN", "M": "M", "Q": "Q", "Y": "Y"}
_BEFORE = 12  # periods that a control chart looks back on
_SMALL = 9.0  # below this mean, mean - 3 sqrt(mean) is negative: the normal limits do not hold
_LIMITS = ((2, 0.02275), (3, 0.00135))  # sigmas and the normal law's share beyond them


@cache
def _defaults(folder: Path) -> pd.DataFrame:
    """Return the thresholds delivered with the package."""
    parts = []
    beside = [file.with_suffix(".csv") for file in sectors.outside().values()]
    for file in [*sorted(folder.glob("*.csv")), *(f for f in beside if f.exists())]:
        part = pd.read_csv(
            file, dtype={"indicator": str, "source": str}, parse_dates=["valid_from"]
        )
        if [*part] != _COLUMNS:
            raise ContractError(f"{file}: the header must be {','.join(_COLUMNS)}.")
        parts.append(part.astype({"green": float, "amber": float, "target": float}))
    frame = pd.concat([p for p in parts if len(p)], ignore_index=True)
    return frame.assign(origin="default")


def thresholds(store: Store | None = None, as_of: str | dt.date | None = None) -> pd.DataFrame:
    """Return the thresholds of all indicators: those delivered, overridden by the lake's.

    Parameters
    ----------
    store : Store, optional
        The lake whose table `settings.thresholds` overrides; default none.
    as_of : date or ISO text, optional
        Use only what the city had set by that day.

    Returns
    -------
    DataFrame
        `indicator, method ("cut" or "cchart"), green, amber, target (in the indicator's unit),
        basis ("official" or "proposed"), source, valid_from, origin ("default" or "lake")`, by
        indicator and `valid_from`. On a day the newest row with ``valid_from <= day`` is in force.

    Raises
    ------
    ContractError
        A delivered file has another header.

    Notes
    -----
    From the day on from which the lake has a row for an indicator, only the lake's rows count for
    it; before that day the delivered ones do.

    Examples
    --------
    >>> frame = thresholds().set_index("indicator")
    >>> frame.loc["procedures.on_time_rate", ["method", "green", "amber", "basis"]].to_dict()
    {'method': 'cut', 'green': 98.0, 'amber': 95.0, 'basis': 'proposed'}
    """
    frame = _defaults(REFERENCE / "thresholds")
    if store is not None and _TABLE in store.tables():
        own = store.read(_TABLE, as_of=as_of, columns=_COLUMNS).assign(origin="lake")
        own["valid_from"] = own["valid_from"].astype(frame["valid_from"].dtype)
        first = frame["indicator"].map(own.groupby("indicator")["valid_from"].min())
        kept = frame[first.isna() | (frame["valid_from"] < first)]
        frame = pd.concat([kept, own], ignore_index=True) if len(own) else kept
    return frame.sort_values(["indicator", "valid_from"], ignore_index=True)


def states(values: pd.DataFrame, thresholds: pd.DataFrame, freq: str = "W") -> pd.Series:
    """Return “green”, “amber”, “red” or None for each value; see `judge`."""
    return judge(values, thresholds, freq)["state"]


def judge(values: pd.DataFrame, thresholds: pd.DataFrame, freq: str = "W") -> pd.DataFrame:
    """Return for each value its state and the threshold that was in force.

    Parameters
    ----------
    values : DataFrame
        `indicator, location, date (period start), value`, such as `panel.measure` gives; one row
        for a period. A control chart needs the 12 periods before in the same frame.
    thresholds : DataFrame
        As `thresholds` returns; the row in force on the period's first day is used.
    freq : {"D", "W", "M", "Q", "Y"}
        Length of the periods.

    Returns
    -------
    DataFrame
        Index of `values`; `state` ("green", "amber", "red", None), `method, green, amber, target,
        basis, source`. All missing where no threshold was in force.

    Raises
    ------
    ContractError
        Unknown frequency.

    Notes
    -----
    What is not known has no state, never a green one: a missing value, an indicator that is not
    registered or neither better high nor low, a missing bound, no threshold in force.

    *cut*: reaching `green` is green, else reaching `amber` is amber, else red; a bound is reached
    from the better side, itself included.

    *cchart*: a count against the mean c of the 12 periods before, all of which must be known. From
    c = 9 on the limits are c + 2 sqrt(c) and c + 3 sqrt(c) (minus, where higher is better); beyond
    the first is amber, beyond the second red. Below 9 that approximation fails (at c = 0 one case
    would be red), and the exact law is used: given the sum S of the 12 and the new count x, x is
    Binomial(S + x, 1/13) when nothing has changed; a tail as rare as beyond 2 sigma (2.28 %) is
    amber, beyond 3 sigma (0.135 %) red. Values that are not whole, or negative, have no state.

    Examples
    --------
    >>> rule = pd.DataFrame({"indicator": ["procedures.on_time_rate"], "method": ["cut"],
    ...     "green": [98.0], "amber": [95.0], "target": [None], "basis": ["proposed"],
    ...     "source": [""], "valid_from": [pd.Timestamp("2021-01-01")]})
    >>> values = pd.DataFrame({"indicator": "procedures.on_time_rate", "location": "769",
    ...     "date": pd.to_datetime(["2021-10-04", "2021-10-11", "2021-10-18", "2021-10-25"]),
    ...     "value": [98.0, 95.5, 20.0, float("nan")]})
    >>> states(values, rule).to_list()
    ['green', 'amber', 'red', None]
    """
    if freq not in _PERIODS:
        raise ContractError(f"freq is one of {', '.join(_PERIODS)}, not “{freq}”.")
    rows = _with_rule(values, thresholds)
    sign = rows["indicator"].map(_signs()).astype(float)
    state = pd.Series(np.full(len(rows), None, dtype=object), index=rows.index)
    by_cut, by_chart = rows["method"] == "cut", rows["method"] == "cchart"
    state[by_cut] = _cut(rows[by_cut], sign[by_cut])
    state[by_chart] = _chart(rows, sign, _PERIODS[freq])[by_chart]
    rows["state"] = state
    rows.index = values.index
    return rows[["state", "method", "green", "amber", "target", "basis", "source"]]


def _signs() -> dict[str, float]:
    """Return 1 for an indicator that is better high, -1 for one better low."""
    sign = {"higher": 1.0, "lower": -1.0}
    return {i.id: sign[i.direction] for i in sectors.indicators().values() if i.direction in sign}


def _with_rule(values: pd.DataFrame, thresholds: pd.DataFrame) -> pd.DataFrame:
    """Return the values with the threshold in force on each one's day, in their order."""
    rows = values[["indicator", "location", "date", "value"]].copy()
    rows["date"] = pd.to_datetime(rows["date"]).astype("datetime64[ns]")
    rules = thresholds.assign(
        valid_from=pd.to_datetime(thresholds["valid_from"]).astype("datetime64[ns]")
    ).sort_values("valid_from")
    rows["_order"] = np.arange(len(rows))
    joined = pd.merge_asof(
        rows.sort_values("date"), rules, left_on="date", right_on="valid_from", by="indicator"
    )
    return joined.sort_values("_order", ignore_index=True)


def _coloured(green: pd.Series, amber: pd.Series, known: pd.Series) -> pd.Series:
    colours = np.select([green, amber], ["green", "amber"], "red")
    coloured = pd.Series(colours, index=known.index, dtype=object)
    coloured[~known] = None
    return coloured


def _cut(rows: pd.DataFrame, sign: pd.Series) -> pd.Series:
    value, green, amber = (sign * rows[c].astype(float) for c in ("value", "green", "amber"))
    return _coloured(value >= green, value >= amber, value.notna() & green.notna() & amber.notna())


def _chart(rows: pd.DataFrame, sign: pd.Series, freq: str) -> pd.Series:
    """Return states by control chart; a row without 12 known periods before it has none."""
    total = _sum_before(rows, freq)
    value = rows["value"].astype(float)
    whole = (value >= 0) & (value == value.round())
    known = whole & total.notna() & sign.notna()
    beyond = []
    mean = total / _BEFORE
    for sigmas, tail in _LIMITS:
        limit = mean - sign * sigmas * np.sqrt(mean)
        far = (sign * (limit - value)) > 0
        rare = _tail(value, total, sign, known) < tail
        beyond.append(far.where(mean >= _SMALL, rare))
    return _coloured(~beyond[0], ~beyond[1], known)


def _sum_before(rows: pd.DataFrame, freq: str) -> pd.Series:
    """Return the sum over the 12 periods before each row's; missing where one is not known."""
    periods = pd.PeriodIndex(rows["date"], freq=freq)
    number = pd.Series(periods.astype("int64"), index=rows.index)
    ordered = rows.assign(_period=number).sort_values(["indicator", "location", "_period"])
    value = ordered["value"].where(ordered["value"] >= 0)
    first = ordered.groupby(["indicator", "location"], sort=False)["_period"].shift(_BEFORE)
    sums = value.fillna(0).cumsum().diff(_BEFORE).shift(fill_value=0)
    gaps = value.isna().cumsum().diff(_BEFORE).shift(fill_value=0)
    start = pd.Series(np.arange(len(ordered)) == _BEFORE, index=ordered.index)
    sums = sums.mask(start, value.iloc[:_BEFORE].sum())
    gaps = gaps.mask(start, value.iloc[:_BEFORE].isna().sum())
    return sums.where((ordered["_period"] - first == _BEFORE) & (gaps == 0)).reindex(rows.index)


def _tail(value: pd.Series, total: pd.Series, sign: pd.Series, known: pd.Series) -> pd.Series:
    """Return how likely a count this bad is, given its sum with the 12 before, when all is same."""
    from scipy.stats import binom

    x = value.where(known, 0.0).to_numpy()
    n = x + total.where(known, 0.0).to_numpy()
    share = 1 / (_BEFORE + 1)
    worse = np.where(sign < 0, binom.sf(x - 1, n, share), binom.cdf(x, n, share))
    return pd.Series(worse, index=value.index)


def threshold_problems(frame: pd.DataFrame) -> list[str]:
    """Return what is wrong with thresholds, a sentence for each; nothing when all is right.

    Parameters
    ----------
    frame : DataFrame
        As `thresholds` returns.

    Returns
    -------
    list of str
        Unknown indicators, methods and bases; official rows without source; missing bounds; bounds
        in the wrong order for the indicator's direction; two rows from the same day.

    Examples
    --------
    >>> threshold_problems(thresholds().assign(basis="heard"))[0].partition(": ")[2]
    'basis is official or proposed, not “heard”.'
    """
    known, found = sectors.indicators(), []
    for row in frame[_COLUMNS].to_dict("records"):
        name = f"{row['indicator']} from {row['valid_from']:%Y-%m-%d}"
        if row["indicator"] not in known:
            found.append(f"{name}: there is no such indicator.")
            continue
        direction = known[row["indicator"]].direction
        found += [f"{name}: {why}." for why in _row_problems(row, direction)]
    twice = frame[frame.duplicated(["indicator", "valid_from"])]
    found += [
        f"{row.indicator}: two rows from {row.valid_from:%Y-%m-%d}." for row in twice.itertuples()
    ]
    return found


def _row_problems(row: Mapping[Hashable, Any], direction: str) -> list[str]:
    found = []
    if row["basis"] not in ("official", "proposed"):
        found.append(f"basis is official or proposed, not “{row['basis']}”")
    if row["basis"] == "official" and (pd.isna(row["source"]) or not row["source"].strip()):
        found.append("an official threshold names its source")
    if row["method"] not in ("cut", "cchart"):
        found.append(f"method is cut or cchart, not “{row['method']}”")
    if direction == "neutral":
        found.append("the indicator is better neither high nor low")
    green, amber = row["green"], row["amber"]
    missing = [pd.isna(green), pd.isna(amber)]
    if row["method"] == "cchart" and not all(missing):
        found.append("a control chart has no bounds")
    if row["method"] == "cut":
        sign = 1 if direction == "higher" else -1
        if any(missing):
            found.append("a cut needs green and amber")
        elif direction != "neutral" and sign * green < sign * amber:
            found.append(f"green {green:g} is not the better bound ({direction} is better)")
    return found
