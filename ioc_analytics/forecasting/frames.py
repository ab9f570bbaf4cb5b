"""Between frames and models: observations to regular series, predictions to the hub format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.calendar import infer_freq, period_ends
from ioc_analytics.errors import ContractError
from ioc_analytics.forecasting.interface import Prediction, Request, Series

__all__ = [
    "FORECAST_COLUMNS",
    "known_at",
    "make_series",
    "prediction_frame",
    "require_observations",
]

FORECAST_COLUMNS = (
    "model_id",
    "reference_date",
    "target",
    "horizon",
    "target_end_date",
    "location",
    "output_type",
    "output_type_id",
    "value",
)
"""Columns of a forecast frame in their order (DESIGN.md 4)."""

_KEY = ["target", "location", "target_end_date"]
_MIN_DATES_TO_JUDGE = 8  # fewer dates of one place do not prove another frequency
_MAX_NEGATIVE_SHARE = 0.2  # more than this are not corrections of counts


def require_observations(observations: pd.DataFrame) -> pd.DataFrame:
    """Check an observation frame at the door.

    Parameters
    ----------
    observations : pandas.DataFrame
        Columns ``target, location, target_end_date, observation`` and optionally ``as_of``; others
        are ignored.

    Returns
    -------
    pandas.DataFrame
        Those columns only: names as text, dates as days, observations as floats (NaN = missing).

    Raises
    ------
    ContractError
        If a column is absent, a key is missing, a value is not a number or infinite, or two rows
        say something about the same target, place, date and day of knowledge.
    """
    wanted = [*_KEY, "observation"]
    absent = [name for name in wanted if name not in observations]
    if absent:
        raise ContractError(f"observations lack the columns {absent}; they need {wanted}")
    wanted += ["as_of"] if "as_of" in observations else []
    checked = observations[wanted].reset_index(drop=True)
    empty = [name for name in wanted if name != "observation" and checked[name].isna().any()]
    if empty:
        raise ContractError(f"observations have missing values in {empty}; remove or fill them")
    checked = checked.astype({"target": str, "location": str})
    for name in wanted[2:]:
        checked[name] = _converted(checked[name])
    if np.isinf(checked["observation"]).any():
        raise ContractError(f"observations of {_culprit(checked, np.isinf)} are infinite")
    twice = checked[checked.duplicated([name for name in wanted if name != "observation"])]
    if len(twice):
        first = twice.iloc[0]
        raise ContractError(
            f"{len(twice)} observations are given twice, first {first['target']} / "
            f"{first['location']} on {first['target_end_date'].date()}; keep one row, or tell "
            "revisions apart by a column as_of"
        )
    return checked


def known_at(frame: pd.DataFrame, cutoff: Any = None, key: Sequence[str] = _KEY) -> pd.DataFrame:
    """Newest revision of each row as it was known on a day.

    Parameters
    ----------
    frame : pandas.DataFrame
        Observations, with or without ``as_of``.
    cutoff : date-like, optional
        Rows of later periods or learnt later are left out; by default nothing is.
    key : sequence of str
        Columns that name a row.

    Returns
    -------
    pandas.DataFrame
        One row per key, without ``as_of``, in order of the key.
    """
    if cutoff is not None:
        frame = frame[frame["target_end_date"] <= pd.Timestamp(cutoff)]
    if "as_of" in frame:
        if cutoff is not None:
            frame = frame[frame["as_of"] <= pd.Timestamp(cutoff)]
        frame = frame.sort_values("as_of", kind="stable").drop_duplicates(list(key), keep="last")
        frame = frame.drop(columns="as_of")
    return frame.sort_values(list(key), kind="stable")


def make_series(known: pd.DataFrame, nonnegative: bool) -> list[Series]:
    """Cut checked observations into regular series.

    The last date seen is that of the target: a place that is behind keeps missing values at its
    end. Periods without a row are missing.

    Parameters
    ----------
    known : pandas.DataFrame
        One row per target, location and date (`known_at`).
    nonnegative : bool
        Whether the values are counts, amounts or rates.

    Returns
    -------
    list of Series
        By target and location; places without any observation have no series.

    Raises
    ------
    ContractError
        If dates of a target fit no frequency or places of it have different ones, or if more than
        a fifth of a nonnegative series is negative.
    """
    return [
        series
        for target, rows in known.groupby("target", sort=True)
        if rows["target_end_date"].min() < rows["target_end_date"].max()
        for series in _series_of_target(str(target), rows, nonnegative)
    ]


def prediction_frame(
    model_id: str, pairs: Sequence[tuple[Series, Prediction]], request: Request
) -> pd.DataFrame:
    """Predictions of one model as rows of the hub format.

    Parameters
    ----------
    model_id : str
        Name of the model in the result.
    pairs : sequence of (Series, Prediction)
        What was forecast.
    request : Request
        What was asked.

    Returns
    -------
    pandas.DataFrame
        `FORECAST_COLUMNS`; by series, horizon, then quantiles before samples.
    """
    levels = np.array(request.quantile_levels)
    ids = np.concatenate([levels, np.arange(request.samples, dtype=float)])
    kinds = np.repeat(["quantile", "sample"], [levels.size, request.samples])
    values = [np.hstack([p.quantiles, p.paths.T]).ravel() for _, p in pairs]
    ends = [series.future(request.horizon) for series, _ in pairs]
    n, per_period = len(pairs), ids.size
    per_series = request.horizon * per_period
    columns: dict[str, Any] = {
        "model_id": np.repeat(np.array([model_id], dtype=object), n * per_series),
        "reference_date": np.repeat([end[0] for end in ends], per_series),
        "target": np.repeat(np.array([s.target for s, _ in pairs], dtype=object), per_series),
        "horizon": np.tile(np.repeat(np.arange(request.horizon), per_period), n),
        "target_end_date": np.repeat(np.concatenate(ends), per_period),
        "location": np.repeat(np.array([s.location for s, _ in pairs], dtype=object), per_series),
        "output_type": np.tile(kinds.astype(object), n * request.horizon),
        "output_type_id": np.tile(ids, n * request.horizon),
        "value": np.concatenate(values),
    }
    frame = pd.DataFrame(columns)
    dates = ["reference_date", "target_end_date"]
    return frame.astype(dict.fromkeys(dates, "datetime64[ns]"))


def _converted(column: pd.Series) -> pd.Series:
    """Column as days or as floats, with an error that shows what does not fit."""
    try:
        if column.name == "observation":
            return pd.to_numeric(column).astype(float)
        return pd.to_datetime(column, format="ISO8601").dt.tz_localize(None).dt.normalize()
    except (ValueError, TypeError, AttributeError) as problem:
        raise ContractError(f"column {column.name!r} cannot be read: {problem}") from problem


def _culprit(checked: pd.DataFrame, is_bad: Any) -> str:
    """Target, location and date of the first bad observation."""
    row = checked[is_bad(checked["observation"])].iloc[0]
    return f"{row['target']} / {row['location']} on {row['target_end_date'].date()}"


def _series_of_target(target: str, rows: pd.DataFrame, nonnegative: bool) -> Iterator[Series]:
    """Regular series of the places of one target."""
    freq = _freq_of_target(target, rows)
    last = rows["target_end_date"].max().to_datetime64()
    observed = rows.dropna(subset="observation")
    for location, place in observed.groupby("location", sort=True):
        values = place["observation"].to_numpy()
        if nonnegative and np.mean(values < 0) > _MAX_NEGATIVE_SHARE:
            raise ContractError(
                f"{np.mean(values < 0):.0%} of {target} / {location} is negative; pass "
                "nonnegative=False if it may be, else check the data"
            )
        dates = place["target_end_date"].to_numpy().astype("datetime64[D]")
        grid = _grid(dates[0], last, freq)
        filled = np.full(grid.size, np.nan)
        filled[np.searchsorted(grid, dates)] = values
        yield Series(target, str(location), freq, grid, filled, nonnegative)


def _grid(first: np.datetime64, last: np.datetime64, freq: str) -> NDArray[np.datetime64]:
    """All period ends from the first to the last one."""
    longest = int((last - first).astype("timedelta64[D]").astype(int)) + 1
    ends = np.concatenate([[first], period_ends(first, freq, longest // _SHORTEST_DAYS[freq] + 1)])
    return ends[ends <= last]


_SHORTEST_DAYS = {"D": 1, "W": 7, "M": 28, "Q": 90}


def _freq_of_target(target: str, rows: pd.DataFrame) -> str:
    """Frequency of a target, the same for all its places."""
    dates = {str(place): own["target_end_date"] for place, own in rows.groupby("location")}
    own = {place: freq for place, days in dates.items() if (freq := _own_freq(days))}
    if len(set(own.values())) > 1:
        found = ", ".join(f"{_key_of(own, freq)} {freq!r}" for freq in sorted(set(own.values())))
        raise ContractError(f"target {target} mixes frequencies ({found}); make them two targets")
    try:
        freq = infer_freq(rows["target_end_date"].to_numpy())
    except ContractError as problem:
        culprit = next((f", location {place}" for place in dates if place not in own), "")
        raise ContractError(f"target {target}{culprit}: {problem}") from problem
    if own and freq not in own.values():
        last_day = {place: dates[place].iloc[-1].day_name() for place in own}
        found = ", ".join(f"{_key_of(last_day, day)} {day}" for day in sorted({*last_day.values()}))
        raise ContractError(f"weeks of target {target} end on different weekdays ({found})")
    return freq


def _key_of(places: dict[str, str], value: str) -> str:
    """First place with a value."""
    return next(place for place, own in places.items() if own == value)


def _own_freq(days: pd.Series) -> str:
    """Frequency of one place, empty if its dates do not tell."""
    if len(days) < _MIN_DATES_TO_JUDGE:
        return ""
    try:
        return infer_freq(days.to_numpy())
    except ContractError:
        return ""
