"""Scores of probabilistic forecasts over plain arrays; lower is better, except coverage.

Shapes: ``obs`` is ``(...)``, ``predicted`` is ``(..., q)`` with one value per quantile level, and
``fct`` is ``(..., m)`` with one value per ensemble member. A missing value (NaN) in an input makes
the score of that forecast missing; nothing is dropped here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ioc_analytics.errors import ContractError

__all__ = [
    "WisParts",
    "crps_ensemble",
    "interval_coverage",
    "interval_score",
    "mae",
    "pinball",
    "wis",
    "wis_parts",
]

_Floats = NDArray[np.float64]
_LEVEL_TOLERANCE = 1e-9


class WisParts(NamedTuple):
    """The three additive parts of the weighted interval score, each of shape ``(...)``.

    Attributes
    ----------
    dispersion : numpy.ndarray
        Penalty for wide intervals.
    overprediction : numpy.ndarray
        Penalty because the forecast lies above what happened.
    underprediction : numpy.ndarray
        Penalty because the forecast lies below what happened.
    """

    dispersion: _Floats
    overprediction: _Floats
    underprediction: _Floats


def mae(obs: ArrayLike, predicted: ArrayLike, axis: int | None = None) -> _Floats:
    """Mean absolute error of point predictions.

    The mean of ``|obs - predicted|``, in the unit of the observations.

    Parameters
    ----------
    obs, predicted : array_like, shape (...)
        Observed and predicted values; broadcast against each other.
    axis : int, optional
        Axis to average over; by default all of them.

    Returns
    -------
    numpy.ndarray
        The mean, NaN where an input on that axis is NaN.

    Examples
    --------
    >>> float(mae([1.0, 2.0], [2.0, 5.0]))
    2.0
    """
    return np.asarray(np.mean(np.abs(_float(obs) - _float(predicted)), axis=axis))


def pinball(obs: ArrayLike, predicted: ArrayLike, quantile_level: ArrayLike) -> _Floats:
    """Pinball (quantile) loss of each predicted quantile.

    With level ``t`` and quantile ``q``: ``t * (y - q)`` when the observation ``y`` lies at or above
    ``q``, else ``(1 - t) * (q - y)``; unit of the observations, 0 is perfect.

    Parameters
    ----------
    obs : array_like, shape (...)
        What happened.
    predicted : array_like, shape (..., q)
        Predicted quantiles, last axis ordered as `quantile_level`.
    quantile_level : array_like, shape (q,)
        Levels strictly between 0 and 1.

    Returns
    -------
    numpy.ndarray, shape (..., q)
        Loss per level; NaN where `obs` or the quantile is NaN.

    Raises
    ------
    ContractError
        If a level lies outside (0, 1) or the last axis does not match the levels.

    References
    ----------
    Koenker, R. and Bassett, G. (1978). Regression quantiles. doi:10.2307/1913643

    Examples
    --------
    A high quantile is punished more for being too low than for being too high:

    >>> pinball([10.0, 10.0], [[8.0], [12.0]], [0.9]).ravel().round(6).tolist()
    [1.8, 0.2]
    """
    level = _require_levels(quantile_level)
    quantiles = _require_last_axis(predicted, level)
    error = _float(obs)[..., np.newaxis] - quantiles
    return np.asarray(np.maximum(level * error, (level - 1.0) * error))


def wis(obs: ArrayLike, predicted: ArrayLike, quantile_level: ArrayLike) -> _Floats:
    """Weighted interval score: the mean over the quantile levels of twice the pinball loss.

    For K central intervals and the median this equals the interval form of Bracher et al. with
    weights alpha/2 and 1/2; it approximates the CRPS and has the unit of the observations.

    Parameters
    ----------
    obs : array_like, shape (...)
        What happened.
    predicted : array_like, shape (..., q)
        Predicted quantiles, last axis ordered as `quantile_level`.
    quantile_level : array_like, shape (q,)
        Levels strictly between 0 and 1; any set, not only symmetric ones.

    Returns
    -------
    numpy.ndarray, shape (...)
        The score; NaN where `obs` or a quantile is NaN.

    References
    ----------
    Bracher, J., Ray, E. L., Gneiting, T. and Reich, N. G. (2021). Evaluating epidemic forecasts in
    an interval format. doi:10.1371/journal.pcbi.1008618

    Examples
    --------
    With the median alone it is the absolute error:

    >>> float(wis(10.0, [7.0], [0.5]))
    3.0
    >>> float(wis(10.0, [7.0, 9.0, 12.0], [0.25, 0.5, 0.75]))
    1.1666666666666667
    """
    return np.asarray(2.0 * pinball(obs, predicted, quantile_level).mean(axis=-1))


def wis_parts(obs: ArrayLike, predicted: ArrayLike, quantile_level: ArrayLike) -> WisParts:
    """Weighted interval score split into dispersion, overprediction and underprediction.

    Overprediction is positive when the forecast lies above the truth. The three parts add up to
    `wis` exactly (to rounding).

    Parameters
    ----------
    obs : array_like, shape (...)
        What happened.
    predicted : array_like, shape (..., q)
        Predicted quantiles, not decreasing in the level.
    quantile_level : array_like, shape (q,)
        The median and pairs of levels ``a, 1 - a``; any order.

    Returns
    -------
    WisParts
        Three arrays of shape ``(...)``, in the unit of the observations.

    Raises
    ------
    ContractError
        If the levels are not symmetric around a median: the split is not defined then.

    References
    ----------
    Bracher et al. (2021), doi:10.1371/journal.pcbi.1008618, equation 4.

    Examples
    --------
    A forecast above the truth:

    >>> parts = wis_parts(4.0, [7.0, 9.0, 12.0], [0.25, 0.5, 0.75])
    >>> [round(float(part), 3) for part in parts]
    [0.833, 3.667, 0.0]
    """
    level = _require_levels(quantile_level)
    order = np.argsort(level)
    level = level[order]
    _require_symmetric(level)
    quantiles = _require_last_axis(predicted, level)[..., order]
    y = _float(obs)[..., np.newaxis]
    half = level.size // 2
    lower, median, upper = (
        quantiles[..., :half],
        quantiles[..., half],
        quantiles[..., :half:-1],
    )
    alpha = 2.0 * level[:half]
    above, below = np.maximum(lower - y, 0.0), np.maximum(y - upper, 0.0)
    y = y[..., 0]
    missing = np.where(np.isnan(y + quantiles.sum(axis=-1)), np.nan, 0.0)
    return WisParts(
        np.asarray((alpha * (upper - lower)).sum(axis=-1) / level.size + missing),
        np.asarray((2.0 * above.sum(axis=-1) + np.maximum(median - y, 0.0)) / level.size + missing),
        np.asarray((2.0 * below.sum(axis=-1) + np.maximum(y - median, 0.0)) / level.size + missing),
    )


def interval_score(obs: ArrayLike, lower: ArrayLike, upper: ArrayLike, alpha: float) -> _Floats:
    """Interval (Winkler) score of a central prediction interval.

    ``(u - l) + 2/alpha * (l - y)+ + 2/alpha * (y - u)+`` for the interval ``[l, u]`` that should
    hold the observation ``y`` with probability ``1 - alpha``; unit of the observations.

    Parameters
    ----------
    obs, lower, upper : array_like, shape (...)
        What happened and the bounds; broadcast against each other.
    alpha : float
        Probability outside the interval, in (0, 1); 0.05 for a 95 % interval.

    Returns
    -------
    numpy.ndarray, shape (...)
        The score; NaN where an input is NaN.

    Raises
    ------
    ContractError
        If `alpha` lies outside (0, 1).

    References
    ----------
    Gneiting, T. and Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and
    estimation. doi:10.1198/016214506000001437

    Examples
    --------
    >>> interval_score([1.0, 5.0], 0.0, 2.0, alpha=0.5).tolist()
    [2.0, 14.0]
    """
    if not 0.0 < alpha < 1.0:
        raise ContractError(f"alpha must lie between 0 and 1, got {alpha}")
    y, low, high = _float(obs), _float(lower), _float(upper)
    outside = np.maximum(low - y, 0.0) + np.maximum(y - high, 0.0)
    return np.asarray(high - low + 2.0 / alpha * outside)


def interval_coverage(obs: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> _Floats:
    """Whether each interval holds its observation, bounds included.

    Parameters
    ----------
    obs, lower, upper : array_like, shape (...)
        What happened and the bounds; broadcast against each other.

    Returns
    -------
    numpy.ndarray, shape (...)
        1.0 inside, 0.0 outside, NaN where an input is NaN; the mean is the empirical coverage, to
        be compared with the nominal one (higher is not better).

    Examples
    --------
    >>> interval_coverage([1.0, 3.0, float("nan")], 0.0, 1.0).tolist()
    [1.0, 0.0, nan]
    """
    y, low, high = _float(obs), _float(lower), _float(upper)
    inside = ((low <= y) & (y <= high)).astype(float)
    return np.asarray(np.where(np.isnan(y + low + high), np.nan, inside))


def crps_ensemble(obs: ArrayLike, fct: ArrayLike) -> _Floats:
    """Continuous ranked probability score of an ensemble taken as a distribution.

    ``mean |x - y| - 1/2 mean |x - x'|`` over all pairs of members, a member with itself included;
    unit of the observations, 0 is perfect.

    Parameters
    ----------
    obs : array_like, shape (...)
        What happened.
    fct : array_like, shape (..., m)
        Ensemble members on the last axis, in any order.

    Returns
    -------
    numpy.ndarray, shape (...)
        The score; NaN where `obs` or a member is NaN.

    Notes
    -----
    Costs ``m log m`` per forecast. Small ensembles are punished for being small (this is not the
    "fair" estimator).

    References
    ----------
    Gneiting and Raftery (2007), doi:10.1198/016214506000001437, equation 21.

    Examples
    --------
    >>> float(crps_ensemble(2.0, [1.0, 3.0]))
    0.5
    """
    members = np.sort(_float(fct), axis=-1)
    m = members.shape[-1]
    accuracy = np.abs(members - _float(obs)[..., np.newaxis]).mean(axis=-1)
    weight = 2.0 * np.arange(1, m + 1) - m - 1.0
    return np.asarray(accuracy - (weight * members).sum(axis=-1) / m**2)


def _float(values: ArrayLike) -> _Floats:
    """Values as a float array."""
    return np.asarray(values, dtype=np.float64)


def _require_levels(quantile_level: ArrayLike) -> _Floats:
    """Levels as a float vector, all strictly between 0 and 1."""
    level = np.atleast_1d(_float(quantile_level))
    if level.ndim != 1 or not np.all((level > 0.0) & (level < 1.0)):
        raise ContractError(f"quantile levels must lie between 0 and 1, got {level.tolist()}")
    return level


def _require_last_axis(predicted: ArrayLike, level: _Floats) -> _Floats:
    """Predictions as a float array whose last axis matches the levels."""
    quantiles = _float(predicted)
    if quantiles.ndim == 0 or quantiles.shape[-1] != level.size:
        raise ContractError(
            f"predicted has shape {quantiles.shape}, its last axis must hold {level.size} levels"
        )
    return quantiles


def _require_symmetric(level: _Floats) -> None:
    """Refuse sorted levels that are not pairs around a median."""
    if level.size % 2 == 0 or np.any(np.abs(level + level[::-1] - 1.0) > _LEVEL_TOLERANCE):
        raise ContractError(
            "the parts of the WIS need the median and pairs of levels a and 1 - a, "
            f"got {level.tolist()}"
        )
