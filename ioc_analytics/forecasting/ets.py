"""Exponential smoothing (``ets``): additive-error state space models on a transformed scale.

The smoothing parameters are estimated by statsforecast's ``ets_f``. Errors and components are
additive on the transformed scale, so the h-step distribution is exactly normal there: quantiles
and joint paths follow in closed form, without the simulation that other ETS classes need.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ioc_analytics.errors import NotEnoughData
from ioc_analytics.forecasting.interface import (
    SEASON,
    Model,
    Prediction,
    Request,
    Series,
    per_series,
)

__all__ = ["fill_gaps", "from_scale", "make_model", "require_plausible", "to_scale"]

_Floats = NDArray[np.float64]
_MIN_OBSERVATIONS = 10
_MIN_SEASONS = 2
_MAX_MISSING_SHARE = 0.25
_POWER = 0.25  # fourth root: steadies the spread of counts and, unlike a log, stays tame upwards
_WINDOW = {"D": 365, "W": 104}  # newest periods fitted; older ones belong to other regimes
_PLAUSIBLE_FACTOR = 10.0  # a median above ten times all that was ever seen is a diverged fit


class _Fit(NamedTuple):
    """Normal forecast on the transformed scale: mean, and weights of past errors per step."""

    mean: _Floats
    weights: _Floats
    sigma: float


def make_model() -> Model:
    """Build the ``ets`` model.

    Weeks get a level only: a season of 52 states is more than ten years of weeks can carry and
    diverges, and a damped trend made real weekly epidemics worse (docs/decisions.md). Days, months
    and quarters may have a damped trend and, from two full seasons on, an additive season.

    Returns
    -------
    Model
        Fails per series on too short, mostly missing, constant or diverging ones.
    """
    return per_series(_predict)


def to_scale(values: _Floats, nonnegative: bool) -> _Floats:
    """Transform observations: signed fourth root of counts, anything else as it is.

    Parameters
    ----------
    values : numpy.ndarray
        Observations; a negative correction of a count keeps its sign.
    nonnegative : bool
        Whether the series is a count or amount.

    Returns
    -------
    numpy.ndarray
        Same shape; NaN stays NaN.

    Examples
    --------
    >>> to_scale(np.array([16.0, -1.0]), nonnegative=True).tolist()
    [2.0, -1.0]
    """
    return np.sign(values) * np.abs(values) ** _POWER if nonnegative else values


def from_scale(scaled: _Floats, nonnegative: bool) -> _Floats:
    """Undo `to_scale`; what lies below 0 there becomes 0 when the series is nonnegative.

    Parameters
    ----------
    scaled : numpy.ndarray
        Values on the transformed scale.
    nonnegative : bool
        As in `to_scale`.

    Returns
    -------
    numpy.ndarray
        Same shape, unit of the observations.

    Examples
    --------
    >>> from_scale(np.array([2.0, -1.0]), nonnegative=True).tolist()
    [16.0, 0.0]
    """
    return np.maximum(scaled, 0.0) ** (1.0 / _POWER) if nonnegative else scaled


def fill_gaps(values: _Floats) -> tuple[_Floats, str]:
    """Fill inner missing values by straight lines.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        First and last value observed.

    Returns
    -------
    tuple of numpy.ndarray and str
        The filled values, and a note that says how many were filled (empty if none).

    Raises
    ------
    NotEnoughData
        If more than a quarter of the values are missing.

    Examples
    --------
    >>> filled, note = fill_gaps(np.array([1.0, np.nan, 3.0, 4.0]))
    >>> filled.tolist(), note
    ([1.0, 2.0, 3.0, 4.0], '1 of 4 values were missing and interpolated')
    """
    missing = np.isnan(values)
    if not missing.any():
        return values, ""
    count = f"{missing.sum()} of {values.size} values"
    if missing.mean() > _MAX_MISSING_SHARE:
        raise NotEnoughData(f"{count} are missing, at most {_MAX_MISSING_SHARE:.0%} can be filled")
    where = np.arange(values.size)
    filled = np.interp(where, where[~missing], values[~missing])
    return filled, f"{count} were missing and interpolated"


def require_plausible(prediction: Prediction, series: Series, request: Request) -> Prediction:
    """Refuse a forecast that diverged.

    Parameters
    ----------
    prediction : Prediction
        What a fit gave.
    series : Series
        Its history.
    request : Request
        What was asked.

    Returns
    -------
    Prediction
        The same one.

    Raises
    ------
    NotEnoughData
        If a value is not finite, or the quantile nearest the median is more than ten times as
        large as the largest observation.
    """
    if not np.isfinite(prediction.quantiles).all():
        raise NotEnoughData("the fit diverged: its forecast is not finite")
    middle = int(np.argmin(np.abs(np.array(request.quantile_levels) - 0.5)))
    largest = float(np.nanmax(np.abs(series.obs)))
    if np.abs(prediction.quantiles[:, middle]).max() > _PLAUSIBLE_FACTOR * largest:
        raise NotEnoughData(
            f"the fit diverged: its median is more than {_PLAUSIBLE_FACTOR:.0f} times "
            "the largest observation"
        )
    return prediction


def _predict(series: Series, request: Request) -> Prediction:
    """Fit one series and forecast it."""
    observed = int((~np.isnan(series.obs)).sum())
    if observed < _MIN_OBSERVATIONS:
        raise NotEnoughData(f"{observed} observations, {_MIN_OBSERVATIONS} needed")
    filled, note = fill_gaps(to_scale(series.reported, series.nonnegative))
    fit = _fit(filled, series.freq, request.horizon + series.gap)
    spread = fit.sigma * np.sqrt((fit.weights**2).sum(axis=1))
    levels = ndtri(np.array(request.quantile_levels))
    quantiles = fit.mean[:, np.newaxis] + spread[:, np.newaxis] * levels
    noise = request.rng(series).standard_normal((request.samples, fit.mean.size))
    paths = fit.mean + fit.sigma * noise @ fit.weights.T
    prediction = Prediction(
        from_scale(quantiles, series.nonnegative)[series.gap :],
        from_scale(paths, series.nonnegative)[:, series.gap :],
        note,
    )
    return require_plausible(prediction, series, request)


def _fit(values: _Floats, freq: str, steps: int) -> _Fit:
    """Best additive model by AICc; which ones are tried depends on the frequency."""
    from statsforecast.ets import ets_f, forecast_ets  # slow to import

    values = values[-_WINDOW.get(freq, values.size) :]
    trends = (("N", False),) if freq == "W" else (("N", False), ("A", True))
    seasonal = freq != "W" and values.size >= _MIN_SEASONS * SEASON[freq] + _MIN_OBSERVATIONS
    season, kind = (SEASON[freq], "Z") if seasonal else (1, "N")
    fits: list[dict[str, Any]] = []
    for trend, damped in trends:
        try:
            with np.errstate(all="ignore"):
                fits.append(ets_f(values, m=season, model=f"A{trend}{kind}", damped=damped))
        except Exception as problem:  # the library raises bare Exception when no fit works
            reason = f"exponential smoothing could not be fitted ({problem})"
    if not fits:
        raise NotEnoughData(reason)
    best = min(fits, key=lambda fit: fit["aicc"] if np.isfinite(fit["aicc"]) else np.inf)
    mean = forecast_ets(best, h=steps)["mean"]
    return _Fit(mean, _error_weights(best, steps), float(np.sqrt(best["sigma2"])))


def _error_weights(fit: dict[str, Any], steps: int) -> _Floats:
    """Lower triangular (steps, steps) weights of the future one-step errors on each step."""
    alpha, beta, gamma, phi = np.nan_to_num(fit["par"][:4])
    lag = np.arange(1, steps)
    response = alpha + beta * np.cumsum(phi**lag)
    if fit["components"][2] == "A":
        response = response + gamma * (lag % fit["m"] == 0)
    response = np.concatenate([[1.0], response])
    back = np.subtract.outer(np.arange(steps), np.arange(steps))
    return np.where(back >= 0, response[np.maximum(back, 0)], 0.0)
