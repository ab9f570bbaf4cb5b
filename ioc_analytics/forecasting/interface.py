"""What a forecasting model is: series in, one prediction a series out, no frames.

A model is any callable ``model(series, request) -> outcomes`` with one outcome per series in the
same order: a `Prediction`, or a `Failure` with the reason (that series then falls back to the
``naive`` model and the reason is shown). It sees all series of a frequency at once, so a pooled
model is written the same way as one that fits each series alone (`per_series`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ioc_analytics.calendar import period_ends
from ioc_analytics.errors import NotEnoughData

__all__ = [
    "N_PATHS",
    "SEASON",
    "Failure",
    "Model",
    "Prediction",
    "Request",
    "Series",
    "per_series",
]

N_PATHS = 10_000
"""Sample paths behind simulated quantiles; also the most that a caller may ask for."""

SEASON = {"D": 7, "W": 52, "M": 12, "Q": 4}
"""Periods in a season of each frequency."""

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Series:
    """One regular series as it was known at the cutoff.

    Attributes
    ----------
    target, location : str
        What is counted and where.
    freq : {"D", "W", "M", "Q"}
        Length of a period.
    dates : numpy.ndarray of datetime64[D], shape (n,)
        Period ends without holes, from the first observed one to the last date seen.
    obs : numpy.ndarray, shape (n,)
        Observations; NaN = missing, also at the end when this place reports late.
    nonnegative : bool
        Whether forecasts are cut off at 0.
    regressors : numpy.ndarray, shape (n + horizon, k), optional
        Values known in advance, for `dates` and the periods to be forecast.
    """

    target: str
    location: str
    freq: str
    dates: NDArray[np.datetime64]
    obs: _Floats
    nonnegative: bool = True
    regressors: _Floats | None = None

    @property
    def gap(self) -> int:
        """Missing periods between the last observation and the last date seen."""
        return int(np.argmax(~np.isnan(self.obs[::-1])))

    @property
    def reported(self) -> _Floats:
        """Values up to the last observation (inner ones may be missing)."""
        return self.obs[: self.obs.size - self.gap]

    def future(self, horizon: int) -> NDArray[np.datetime64]:
        """Return the ends of the periods to be forecast, shape (horizon,)."""
        return period_ends(self.dates[-1], self.freq, horizon)


@dataclass(frozen=True, eq=False)
class Prediction:
    """Forecast of one series, first period after the last date seen first.

    Attributes
    ----------
    quantiles : numpy.ndarray, shape (horizon, q)
        Not decreasing along the levels of the request.
    paths : numpy.ndarray, shape (samples, horizon)
        Joint sample paths, as many as the request wants (0 unless asked for).
    note : str
        What a reader should know about this fit; empty if nothing.
    """

    quantiles: _Floats
    paths: _Floats
    note: str = ""


@dataclass(frozen=True)
class Failure:
    """Why a model cannot forecast a series.

    Attributes
    ----------
    reason : str
        One clause for a reader, e.g. "8 observations, 10 needed".
    """

    reason: str


@dataclass(frozen=True)
class Request:
    """What is asked of a model.

    Attributes
    ----------
    model_id : str
        Name under which the model runs; part of its random stream.
    horizon : int
        Periods to forecast after the last date seen.
    quantile_levels : tuple of float
        Ascending levels in (0, 1).
    samples : int
        Sample paths to return, at most `N_PATHS`.
    seed : int
        Seed of the whole run, at least 0.
    """

    model_id: str
    horizon: int
    quantile_levels: tuple[float, ...]
    samples: int = 0
    seed: int = 0

    def rng(self, series: Series) -> np.random.Generator:
        """Random stream of this model on this series, whatever else runs beside it."""
        identity = (self.model_id, series.target, series.location, str(series.dates[-1]))
        digest = hashlib.sha256("\x1f".join(identity).encode()).digest()
        return np.random.default_rng([self.seed, *np.frombuffer(digest, dtype="<u4").tolist()])

    def from_paths(self, paths: _Floats, nonnegative: bool, note: str = "") -> Prediction:
        """Prediction from simulated paths, shape (n, horizon) with n at least `samples`."""
        kept = np.maximum(paths, 0.0) if nonnegative else paths
        quantiles = np.quantile(kept, self.quantile_levels, axis=0).T
        return Prediction(quantiles, kept[: self.samples], note)


class Model(Protocol):
    """Callable that forecasts many series of one frequency; must be picklable by joblib."""

    def __call__(
        self, series: Sequence[Series], request: Request
    ) -> Sequence[Prediction | Failure]:
        """One outcome per series, in the same order."""


def per_series(fit: Callable[[Series, Request], Prediction]) -> Model:
    """Model that fits each series alone.

    A series that never changed is not fitted (every model would only promise that it stays so),
    and a series for which `fit` raises NotEnoughData fails with that message; the others go on.

    Parameters
    ----------
    fit : callable
        ``fit(series, request) -> Prediction``; raises NotEnoughData with the reason if it cannot.

    Returns
    -------
    Model
        The batch form of `fit`.
    """

    def one(series: Series, request: Request) -> Prediction | Failure:
        if np.nanmin(series.obs) == np.nanmax(series.obs):
            return Failure("all observations are equal")
        try:
            return fit(series, request)
        except NotEnoughData as problem:
            return Failure(str(problem))

    def model(series: Sequence[Series], request: Request) -> list[Prediction | Failure]:
        return [one(each, request) for each in series]

    return model
