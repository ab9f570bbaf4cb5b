"""Models by name, and the two that need no fitting: ``naive`` and ``seasonal_naive``.

A later model plugs in by `register_model`; callers only ever use its name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from ioc_analytics.errors import ContractError, NotEnoughData
from ioc_analytics.forecasting.interface import (
    N_PATHS,
    SEASON,
    Model,
    Prediction,
    Request,
    Series,
    per_series,
)

__all__ = ["BASELINE", "make_models", "naive_prediction", "one_step_changes", "register_model"]

BASELINE = "naive"
"""The model that every other one falls back to and is compared with."""

_Floats = NDArray[np.float64]
_MIN_DIFFERENCES = 4
_MIN_SEASONAL_DIFFERENCES = 8


def register_model(name: str, factory: Callable[[], Model]) -> None:
    """Make a model known under a name.

    Parameters
    ----------
    name : str
        The ``model_id`` of its forecasts; letters, digits and ``_`` only, as the hubs want it.
    factory : callable
        Called without arguments when the model is used; returns the model. Import slow libraries
        inside it.

    Raises
    ------
    ContractError
        If the name is not usable or already taken by another factory.

    Examples
    --------
    >>> from ioc_analytics.forecasting.interface import Failure
    >>> def make_refusal():
    ...     return lambda series, request: [Failure("never fits") for _ in series]
    >>> register_model("refusal", make_refusal)
    """
    if not name.replace("_", "").isalnum() or not name.isascii():
        raise ContractError(f"model name {name!r}: use letters, digits and '_' only")
    if _REGISTRY.setdefault(name, factory) is not factory:
        raise ContractError(f"model name {name!r} is already taken; choose another one")


def make_models(names: Sequence[str]) -> dict[str, Model]:
    """Build the models of the given names.

    Parameters
    ----------
    names : sequence of str
        Registered names, each once.

    Returns
    -------
    dict of str to Model
        In the given order.

    Raises
    ------
    ContractError
        If a name is unknown or given twice, or if there is none.
    """
    if isinstance(names, str):
        raise ContractError(f"models must be a list of names, e.g. [{names!r}]")
    unknown = sorted(set(names) - set(_REGISTRY))
    if unknown or not names:
        raise ContractError(f"unknown models {unknown}; known are {sorted(_REGISTRY)}")
    if len(set(names)) < len(names):
        raise ContractError(f"models are named twice in {list(names)}")
    return {name: _REGISTRY[name]() for name in names}


def naive_prediction(series: Series, request: Request) -> Prediction:
    """Flat forecast with the spread of past one-step changes, as the forecast hubs' baseline.

    The median of every period is the last observation. Past differences between neighbouring
    observed periods, with both signs, are resampled and added up over the steps; a place that
    reports late gets the steps it is behind on top.

    Parameters
    ----------
    series : Series
        History; needs at least four differences.
    request : Request
        What to return.

    Returns
    -------
    Prediction
        Quantiles and paths; symmetric around the last observation before the cut at 0.

    Raises
    ------
    NotEnoughData
        If there are fewer than four pairs of neighbouring observations.

    References
    ----------
    Cramer, E. Y. et al. (2022). Evaluation of individual and ensemble probabilistic forecasts of
    COVID-19 mortality in the United States. doi:10.1073/pnas.2113561119 (supplement: baseline)
    """
    differences = one_step_changes(series)
    draws = _symmetric_draws(differences, request.horizon + series.gap, request.rng(series))
    paths = series.reported[-1] + _mirrored(draws.cumsum(axis=1)[:, series.gap :])
    note = "" if np.any(differences) else "all observations are equal: the forecast has no spread"
    return request.from_paths(paths, series.nonnegative, note)


def one_step_changes(series: Series) -> _Floats:
    """One-step changes between neighbouring observed periods, the least a forecast needs.

    Parameters
    ----------
    series : Series
        History.

    Returns
    -------
    numpy.ndarray
        Later minus earlier value, at least four of them.

    Raises
    ------
    NotEnoughData
        If there are fewer.
    """
    differences = _observed(np.diff(series.reported))
    if differences.size < _MIN_DIFFERENCES:
        raise NotEnoughData(
            f"{differences.size} pairs of neighbouring observations, {_MIN_DIFFERENCES} needed"
        )
    return differences


def _seasonal_naive_prediction(series: Series, request: Request) -> Prediction:
    """Last season again, with the spread of past changes from season to season."""
    season, history = SEASON[series.freq], series.reported
    differences = history[season:] - history[:-season]
    if _observed(differences).size < _MIN_SEASONAL_DIFFERENCES:
        raise NotEnoughData(
            f"{history.size} periods, at least {season + _MIN_SEASONAL_DIFFERENCES} needed "
            f"for a season of {season}"
        )
    steps = request.horizon + series.gap
    centre = _last_season(history, season)[np.arange(steps) % season]
    errors = _season_errors(differences, season, steps, request.rng(series))
    paths = centre + _mirrored(errors)
    return request.from_paths(paths[:, series.gap :], series.nonnegative)


def _symmetric_draws(differences: _Floats, steps: int, rng: np.random.Generator) -> _Floats:
    """Draws of one-step changes of both signs, shape (N_PATHS / 2, steps), each step complete."""
    both = np.concatenate([differences, -differences])
    count = N_PATHS // 2
    grid = np.quantile(both, (np.arange(count) + 0.5) / count)
    return rng.permuted(np.tile(grid, (steps, 1)), axis=1).T


def _mirrored(errors: _Floats) -> _Floats:
    """Each error path followed by its mirror image, so that medians are exact."""
    return np.stack([errors, -errors], axis=1).reshape(-1, errors.shape[1])


def _last_season(history: _Floats, season: int) -> _Floats:
    """Newest observed value of each phase of the season, next phase first."""
    padding = np.full(-history.size % season, np.nan)
    phases = np.concatenate([padding, history]).reshape(-1, season)
    newest = phases.shape[0] - 1 - np.argmax(~np.isnan(phases[::-1]), axis=0)
    values = phases[newest, np.arange(season)]
    return np.where(np.isnan(values), np.nanmean(history), values)


def _season_errors(
    differences: _Floats, season: int, steps: int, rng: np.random.Generator
) -> _Floats:
    """Sum runs of past seasonal changes over seasons, shape (N_PATHS / 2, steps)."""
    filled = np.where(
        np.isnan(differences),
        rng.choice(_observed(differences), size=differences.size),
        differences,
    )
    count, n_seasons = N_PATHS // 2, -(-steps // season)
    start = rng.integers(filled.size, size=(count, n_seasons, 1))
    sign = rng.choice(np.array([-1.0, 1.0]), size=(count, n_seasons, 1))
    runs = sign * filled[(start + np.arange(min(season, steps))) % filled.size]
    return np.asarray(runs.cumsum(axis=1).reshape(count, -1)[:, :steps])


def _observed(values: _Floats) -> _Floats:
    """Values without the missing ones."""
    return values[~np.isnan(values)]


def _later(module: str) -> Callable[[], Model]:
    """Make a factory that imports its module only when the model is used."""

    def factory() -> Model:
        model: Model = import_module(module).make_model()
        return model

    return factory


def _naive(series: Sequence[Series], request: Request) -> list[Prediction]:
    """Baseline on every series; those too short for it were left out before."""
    return [naive_prediction(each, request) for each in series]


_REGISTRY: dict[str, Callable[[], Model]] = {
    BASELINE: lambda: _naive,
    "seasonal_naive": lambda: per_series(_seasonal_naive_prediction),
    "ets": _later("ioc_analytics.forecasting.ets"),
    "prophet": _later("ioc_analytics.forecasting.prophet_model"),
}
