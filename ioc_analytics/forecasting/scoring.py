"""How good the forecasts were: scores against the truth known now, and their summary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ioc_analytics.core.scores import interval_coverage, wis_parts
from ioc_analytics.errors import ContractError
from ioc_analytics.forecasting.frames import known_at, require_observations
from ioc_analytics.forecasting.models import BASELINE

__all__ = ["score", "scoreboard"]

_KEY = ["model_id", "target", "location", "reference_date", "horizon"]
_TRUTH_KEY = ["target", "location", "target_end_date"]
_SCORES = [
    "wis",
    "dispersion",
    "overprediction",
    "underprediction",
    "ae",
    "coverage_50",
    "coverage_95",
]
_BOARD = ["wis", "relative_wis", "mae", "coverage_50", "coverage_95", "n", "n_common"]
_LEVEL_DIGITS = 6


def score(forecasts: pd.DataFrame, observations: pd.DataFrame) -> pd.DataFrame:
    """Score quantile forecasts against the newest truth.

    ``wis`` is the mean over the quantile levels of twice the pinball loss and equals ``dispersion +
    overprediction + underprediction`` (overprediction: the forecast lay above the truth); ``ae`` is
    the absolute error of the median; all in the unit of the observations, lower is better.
    ``coverage_50`` and ``coverage_95`` say whether the central interval held the truth (1 or 0).

    Parameters
    ----------
    forecasts : pandas.DataFrame
        Rows of ``output_type="quantile"`` with the median and symmetric levels, not the samples.
        The levels may differ between models, not within one.
    observations : pandas.DataFrame
        As in `forecast`; of several revisions the newest counts.

    Returns
    -------
    pandas.DataFrame
        ``model_id, target, location, reference_date, horizon`` and the seven scores, ordered by
        the first five. Forecasts without a truth (not yet happened, missing) have no row. A
        coverage is NaN where the levels do not hold its interval.

    Raises
    ------
    ContractError
        If a quantile is given twice, the levels differ within a model, or they are not symmetric
        around a median.

    Examples
    --------
    >>> day = pd.Timestamp("2021-10-24")
    >>> truth = pd.DataFrame({"target": ["cases"], "location": ["769"],
    ...                       "target_end_date": [day], "observation": [4.0]})
    >>> made = pd.DataFrame({"model_id": "high", "reference_date": day, "target": "cases",
    ...     "horizon": 0, "target_end_date": day, "location": "769", "output_type": "quantile",
    ...     "output_type_id": [0.25, 0.5, 0.75], "value": [7.0, 9.0, 12.0]})
    >>> row = score(made, truth).iloc[0]
    >>> row[["wis", "overprediction", "underprediction", "ae"]].astype(float).round(2).tolist()
    [4.5, 3.67, 0.0, 5.0]
    """
    truth = known_at(require_observations(observations)).dropna(subset="observation")
    quantiles = _require_quantiles(forecasts)
    scored = [_score_model(rows, truth) for _, rows in quantiles.groupby("model_id", sort=True)]
    if not scored:
        return pd.DataFrame(columns=[*_KEY, *_SCORES])
    return pd.concat(scored, ignore_index=True)[[*_KEY, *_SCORES]]


def scoreboard(
    scores: pd.DataFrame, by: Sequence[str] = (), baseline: str = BASELINE
) -> pd.DataFrame:
    """Mean scores per model, and the WIS relative to a baseline on the forecasts both made.

    Parameters
    ----------
    scores : pandas.DataFrame
        Result of `score`.
    by : sequence of str
        Further columns to split by, e.g. ``["target", "location"]`` or ``["horizon"]``.
    baseline : str
        Model to compare with.

    Returns
    -------
    pandas.DataFrame
        ``model_id``, `by`, then ``wis, relative_wis, mae, coverage_50, coverage_95, n,
        n_common``; ordered by `by` and ``wis``. ``relative_wis`` is the sum of the model's WIS
        over that of the baseline on their ``n_common`` common forecasts: below 1 is better than
        the baseline, NaN where there is none in common. The other means are over all ``n``
        forecasts of the model.

    Raises
    ------
    ContractError
        If the baseline has no scores.

    Examples
    --------
    >>> one = pd.DataFrame({"model_id": ["naive", "sharp"], "target": "cases", "location": "769",
    ...     "reference_date": pd.Timestamp("2021-10-24"), "horizon": 0, "wis": [4.0, 1.0],
    ...     "ae": [4.0, 2.0], "coverage_50": [0.0, 1.0], "coverage_95": 1.0})
    >>> scoreboard(one)[["model_id", "relative_wis"]].values.tolist()
    [['sharp', 0.25], ['naive', 1.0]]
    """
    is_baseline = scores["model_id"] == baseline
    if not is_baseline.any():
        raise ContractError(
            f"there are no scores of the baseline {baseline!r}; models scored are "
            f"{sorted(scores['model_id'].unique())}"
        )
    shared = scores.loc[is_baseline, [*_KEY[1:], "wis"]].rename(columns={"wis": "_baseline"})
    joined = scores.merge(shared, on=_KEY[1:], how="left")
    joined["_wis"] = joined["wis"].where(joined["_baseline"].notna())
    board = joined.groupby(["model_id", *by], as_index=False, sort=True).agg(
        wis=("wis", "mean"),
        _wis=("_wis", "sum"),
        _baseline=("_baseline", "sum"),
        mae=("ae", "mean"),
        coverage_50=("coverage_50", "mean"),
        coverage_95=("coverage_95", "mean"),
        n=("wis", "size"),
        n_common=("_baseline", "count"),
    )
    board["relative_wis"] = board["_wis"] / board["_baseline"].where(board["_baseline"] > 0)
    ordered = board.sort_values([*by, "wis"], kind="stable", ignore_index=True)
    return ordered[["model_id", *by, *_BOARD]]


def _require_quantiles(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Quantile rows with dates as days, names as text and levels as rounded numbers."""
    absent = [name for name in (*_KEY, "target_end_date", "value") if name not in forecasts]
    if absent:
        raise ContractError(f"forecasts lack the columns {absent}")
    rows = forecasts[forecasts["output_type"] == "quantile"]
    rows = rows.assign(
        target=rows["target"].astype(str),
        location=rows["location"].astype(str),
        reference_date=pd.to_datetime(rows["reference_date"]),
        target_end_date=pd.to_datetime(rows["target_end_date"]),
        output_type_id=pd.to_numeric(rows["output_type_id"]).round(_LEVEL_DIGITS),
    )
    twice = rows[rows.duplicated([*_KEY, "output_type_id"])]
    if len(twice):
        first = twice.iloc[0]
        raise ContractError(
            f"{len(twice)} quantiles are given twice, first {first['model_id']} on "
            f"{first['target']} / {first['location']}, {first['reference_date'].date()}"
        )
    return rows


def _score_model(rows: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Scores of one model, one row per forecast with a truth."""
    wide = rows.pivot(index=[*_KEY, "target_end_date"], columns="output_type_id", values="value")
    if wide.isna().any(axis=None):
        name, holes = wide.index[0][0], wide.columns[wide.isna().any()].tolist()
        raise ContractError(f"forecasts of {name} lack the levels {holes} in some places")
    level = wide.columns.to_numpy(dtype=float)
    table = wide.reset_index().merge(truth, on=_TRUTH_KEY, how="inner")
    predicted, obs = table[wide.columns].to_numpy(), table["observation"].to_numpy()
    parts = wis_parts(obs, predicted, level)
    result = table[_KEY].assign(
        wis=sum(parts),
        **parts._asdict(),
        ae=np.abs(obs - predicted[:, level.size // 2]),
        coverage_50=_coverage(obs, predicted, level, 0.5),
        coverage_95=_coverage(obs, predicted, level, 0.95),
    )
    return result.sort_values(_KEY, kind="stable")


def _coverage(
    obs: np.ndarray, predicted: np.ndarray, level: np.ndarray, probability: float
) -> np.ndarray:
    """Whether the central interval of a probability held each truth; NaN without such levels."""
    bounds = [(1.0 - probability) / 2.0, (1.0 + probability) / 2.0]
    where = [np.flatnonzero(np.isclose(level, bound)) for bound in bounds]
    if any(found.size == 0 for found in where):
        return np.full(obs.shape, np.nan)
    return interval_coverage(obs, predicted[:, where[0][0]], predicted[:, where[1][0]])
