"""Single events scattered over the simulated city: on which day, in which ward, when and where."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.twin.world import World

__all__ = ["known_in_time", "points", "scatter", "times"]

_Array = NDArray[np.float64]
_Index = NDArray[np.int64]

_DEGREES_PER_KM = 1 / 111.0


def scatter(rng: np.random.Generator, mean: _Array, spread: float = 0.02) -> tuple[_Index, _Index]:
    """Draw events from the means by day and ward; return the day and the ward of each."""
    mood = rng.gamma(1 / spread, spread, (len(mean), 1))  # variance of a day beyond Poisson
    counts = rng.poisson(mean * mood)
    cells = np.repeat(np.arange(counts.size), counts.ravel())
    day, ward = cells // counts.shape[1], cells % counts.shape[1]
    return day, ward[np.lexsort((rng.random(len(day)), day))]  # wards in no order within a day


def times(world: World, rng: np.random.Generator, day: _Index, hours: _Array) -> pd.DatetimeIndex:
    """Return a minute of each event's day, ascending over all events."""
    minute = 60 * rng.choice(24, len(day), p=hours / hours.sum()) + rng.integers(0, 60, len(day))
    order = np.lexsort((minute, day))
    return world.dates[world.recent][day] + pd.to_timedelta(minute[order], unit="min")


def points(world: World, rng: np.random.Generator, ward: _Index) -> dict[str, _Array]:
    """Return places scattered about the wards' centres, as wide as the wards are large."""
    wards = world.wards
    reach = 0.25 * _DEGREES_PER_KM * np.sqrt(wards["area_km2"].to_numpy())[ward]
    return {
        name: (wards[name].to_numpy()[ward] + reach * rng.normal(0, 1, len(ward))).round(5)
        for name in ("lat", "lon")
    }


def known_in_time(world: World, frame: pd.DataFrame) -> pd.DataFrame:
    """Keep what was known by the world's last day, in the order in which it became known."""
    kept = frame[frame["_known"] <= world.end]
    return kept.sort_values(["_known", frame.columns[0]], ignore_index=True)
