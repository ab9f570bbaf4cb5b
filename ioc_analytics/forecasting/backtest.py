"""Past forecasts made again: at each cutoff the models see only what was known then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from joblib import Parallel, delayed

from ioc_analytics.calendar import infer_freq
from ioc_analytics.errors import ContractError, NotEnoughData
from ioc_analytics.forecasting.frames import require_observations
from ioc_analytics.forecasting.plan import make_plan
from ioc_analytics.forecasting.predict import HUB_QUANTILES, tell

__all__ = ["backtest"]


def backtest(
    observations: pd.DataFrame,
    models: Sequence[str],
    horizon: int,
    cutoffs: Sequence[Any] | None = None,
    *,
    n_cutoffs: int = 10,
    step: int = 1,
    quantile_levels: Sequence[float] = HUB_QUANTILES,
    regressors: pd.DataFrame | None = None,
    seed: int = 0,
    samples: int | None = None,
    nonnegative: bool = True,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Forecast from several past days with the data known on each.

    A fold keeps the rows with ``target_end_date <= cutoff`` and, where there is a column ``as_of``,
    of those the newest revision with ``as_of <= cutoff``; it equals `forecast` on these rows.

    Parameters
    ----------
    observations : pandas.DataFrame
        As in `forecast`.
    models : sequence of str
        Registered names; list ``naive`` too if the result is to be compared with it.
    horizon : int
        Number of periods, at least 1.
    cutoffs : sequence of date-like, optional
        Days on which forecasts are made. By default the `n_cutoffs` newest dates, `step` dates
        apart, after which `horizon` dates follow.
    n_cutoffs, step : int
        How many default cutoffs, and how many dates between them.
    quantile_levels, seed, samples, nonnegative
        As in `forecast`.
    regressors : pandas.DataFrame, optional
        As in `forecast`; handed to every fold whole, so only what was known in advance.
    n_jobs : int
        Processes of joblib (its backend may be a Dask cluster); the result is the same for any.

    Returns
    -------
    pandas.DataFrame
        Forecasts of all folds in the shape of `forecast`, in order of cutoff; `notes` lists what
        was left out or fell back.

    Raises
    ------
    ContractError
        If an argument is not as described, or two cutoffs see the same last date and so would
        give two forecasts with one name.
    NotEnoughData
        If no series can be forecast on any cutoff.

    Warns
    -----
    ForecastWarning
        Once, if a series was left out or a model fell back to ``naive`` on it.

    Examples
    --------
    >>> weeks = pd.date_range("2021-08-01", periods=9, freq="7D")
    >>> cases = pd.DataFrame({"target": "cases", "location": "769", "target_end_date": weeks,
    ...                       "observation": [4, 6, 9, 7, 8, 12, 10, 9, 11]})
    >>> folds = backtest(cases, ["naive"], horizon=1, n_cutoffs=2)
    >>> folds["reference_date"].dt.strftime("%Y-%m-%d").unique().tolist()
    ['2021-09-19', '2021-09-26']
    """
    plan = make_plan(models, horizon, quantile_levels, regressors, seed, samples, nonnegative)
    checked = require_observations(observations)
    if cutoffs is None:
        days = _default_cutoffs(checked, horizon, n_cutoffs, step)
    else:
        days = sorted({pd.Timestamp(cutoff) for cutoff in cutoffs})
    if not days:
        raise ContractError("no cutoff is given; name at least one day")
    folds: list[pd.DataFrame] = Parallel(n_jobs=n_jobs)(
        delayed(plan.run)(checked, day) for day in days
    )
    told = [note for fold in folds for note in fold.attrs["notes"]]
    for fold in folds:
        fold.attrs = {}  # pandas would compare the notes of all folds
    made = [fold for fold in folds if len(fold)]
    if not made:
        raise NotEnoughData(_why_nothing(days, told))
    result: pd.DataFrame = pd.concat(made, ignore_index=True)
    _require_one_name(result)
    result.attrs["notes"] = told
    tell(result)
    return result


def _default_cutoffs(
    checked: pd.DataFrame, horizon: int, n_cutoffs: int, step: int
) -> list[pd.Timestamp]:
    """Newest dates that leave the horizon to be scored, in order of time."""
    if n_cutoffs < 1 or step < 1:
        raise ContractError(f"n_cutoffs and step must be at least 1, got {n_cutoffs} and {step}")
    freqs = {infer_freq(dates) for _, dates in checked.groupby("target")["target_end_date"]}
    if len(freqs) > 1:
        raise ContractError(
            "targets of different frequency have no default cutoffs in common; give cutoffs, or "
            "call backtest once for each frequency"
        )
    dates = checked.dropna(subset="observation")["target_end_date"].drop_duplicates().sort_values()
    known = dates.tolist()[: -int(horizon)]
    if not known:
        raise NotEnoughData(f"{len(dates)} dates leave none before a horizon of {horizon}")
    return known[::-step][:n_cutoffs][::-1]


def _require_one_name(forecasts: pd.DataFrame) -> None:
    """Refuse forecasts of two cutoffs that carry the same reference date."""
    key = ["model_id", "reference_date", "target", "location", "horizon", "output_type"]
    twice = forecasts[forecasts.duplicated([*key, "output_type_id"])]
    if len(twice):
        day = twice["reference_date"].iloc[0].date()
        raise ContractError(
            f"two cutoffs see the same last date and both forecast {day}; keep one of them"
        )


def _why_nothing(days: Sequence[pd.Timestamp], told: Sequence[dict[str, str]]) -> str:
    """Sentence for the case that no fold has a forecast."""
    reason = f"{told[-1]['target']} / {told[-1]['location']}: {told[-1]['reason']}" if told else ""
    return (
        f"nothing can be forecast on any of {len(days)} cutoffs up to {days[-1].date()}"
        f"{'; ' + reason if reason else ', there are no observations before'}"
    )
