"""Prophet (``prophet``): trend with changepoints, seasons, Vietnamese holidays and moving Tết.

Holidays enter as regressors, the share of each period that lies before, in or after the Tết break
or on another holiday, so that days, weeks, months and quarters are treated alike.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.calendar import holiday_shares
from ioc_analytics.errors import NotEnoughData
from ioc_analytics.forecasting.ets import from_scale, require_plausible, to_scale
from ioc_analytics.forecasting.interface import (
    N_PATHS,
    SEASON,
    Model,
    Prediction,
    Request,
    Series,
    per_series,
)

__all__ = ["make_model"]

_Floats = NDArray[np.float64]
_MIN_OBSERVATIONS = 20
_YEARS_FOR_SEASON = 2
_PERIODS_A_YEAR = {"D": 365, "W": 52, "M": 12, "Q": 4}
_YEARLY_ORDER = {"D": 10, "W": 10, "M": 5, "Q": 1}  # Fourier pairs that the sampling can carry
_HOLIDAY_PRIOR_SCALE = 0.5


def make_model() -> Model:
    """Build the ``prophet`` model.

    Returns
    -------
    Model
        Fails per series on too short, constant or diverging ones; missing values are left out of
        the fit, not filled.
    """
    return per_series(_predict)


def _predict(series: Series, request: Request) -> Prediction:
    """Fit one series and draw its future."""
    observed = ~np.isnan(series.obs)
    if observed.sum() < _MIN_OBSERVATIONS:
        raise NotEnoughData(f"{observed.sum()} observations, {_MIN_OBSERVATIONS} needed")
    frame = _design(series, request.horizon)
    size = series.obs.size
    history, future = frame[:size][observed], frame[size:]
    seed = int(request.rng(series).integers(2**31))
    with _quiet(), _numpy_seeded(seed):
        try:
            model = _prophet(series, history).fit(history, seed=seed)
        except (RuntimeError, ValueError) as problem:
            raise NotEnoughData(f"Prophet could not be fitted ({problem})") from problem
        paths = model.predictive_samples(future)["yhat"].T
    prediction = request.from_paths(from_scale(paths, series.nonnegative), series.nonnegative)
    return require_plausible(prediction, series, request)


def _design(series: Series, horizon: int) -> pd.DataFrame:
    """History and future as Prophet wants them: ds, y and one column per regressor."""
    ends = np.concatenate([series.dates, series.future(horizon)])
    values = np.concatenate([series.obs, np.full(horizon, np.nan)])
    columns: dict[str, Any] = {"ds": ends, "y": to_scale(values, series.nonnegative)}
    shares = holiday_shares(ends, series.freq)
    for name, share in zip(("pre", "tet", "post", "holiday"), shares.T, strict=True):
        columns[f"calendar_{name}"] = share
    given = series.regressors if series.regressors is not None else np.empty((ends.size, 0))
    for number, column in enumerate(given.T):
        columns[f"regressor_{number}"] = column
    return pd.DataFrame(columns)


def _prophet(series: Series, history: pd.DataFrame) -> Any:
    """Unfitted Prophet with the seasons and regressors that this history can tell apart."""
    from prophet import Prophet  # slow to import

    years = series.obs.size / _PERIODS_A_YEAR[series.freq]
    yearly = _YEARLY_ORDER[series.freq] if years >= _YEARS_FOR_SEASON else False
    weekly = series.freq == "D" and series.obs.size >= 2 * SEASON["D"]
    model = Prophet(
        yearly_seasonality=yearly,
        weekly_seasonality=weekly,
        daily_seasonality=False,
        uncertainty_samples=N_PATHS,
    )
    for column in history.columns.drop(["ds", "y"]):
        if history[column].max() > history[column].min():
            model.add_regressor(column, prior_scale=_HOLIDAY_PRIOR_SCALE)
    return model


@contextmanager
def _numpy_seeded(seed: int) -> Iterator[None]:
    """Seed numpy's global state, which Prophet draws from, and put the old state back."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back the log lines of Prophet and cmdstanpy, which sets its level when imported."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
