"""The weather of the simulated city, from the world's rain and temperature."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.places import CITY
from ioc_analytics.twin.world import Link, World

__all__ = ["LINKS", "simulate"]

_Array = NDArray[np.float64]

_PROVINCE = "79"
_SHARED = 0.8  # of the province's rain that is the city's own

LINKS = (
    Link("geography.rain", "geography.humidity", 0, 1, words="Wet days are humid."),
    Link(
        "geography.temperature",
        "geography.rain",
        0,
        1,
        kind="none",
        words="Both have a season; within it neither follows the other.",
    ),
)


def simulate(world: World) -> dict[str, pd.DataFrame]:
    """Draw the weather of each day at the city (769) and over the province (79).

    Parameters
    ----------
    world : World
        Its rain and temperature are those of the city.

    Returns
    -------
    dict of str to DataFrame
        `geography.weather_daily`, a row for each day of `world.dates` but the last and each of the
        two places; `_known` is the day after.

    Examples
    --------
    >>> days = simulate(World(seed=1, start="2021-01-01", days=3))["geography.weather_daily"]
    >>> days.groupby("location").size().to_dict()
    {'769': 1463, '79': 1463}
    """
    rng = world.rng("weather province")
    own = rng.gamma(0.8, 11.0, len(world.dates)) * (rng.random(len(world.dates)) < 0.45)
    rain = np.where(world.rain > 0, _SHARED * world.rain + (1 - _SHARED) * own, 0.1 * own)
    temperature = world.temperature - 0.2 + rng.normal(0, 0.25, len(world.dates))
    parts = [
        _place(world, CITY, world.rain, world.temperature),
        _place(world, _PROVINCE, rain, temperature),
    ]
    frame = pd.concat(parts, ignore_index=True)
    return {"geography.weather_daily": frame[frame["_known"] <= world.end]}


def _place(world: World, code: str, rain: _Array, temperature: _Array) -> pd.DataFrame:
    """Return what a station of the place measures, all consistent with its rain and warmth."""
    rng = world.rng(f"weather station {code}")
    n = len(world.dates)
    soil = _soil(rain)
    humidity = 66 + 14 * soil + 4.5 * np.log1p(rain) - 0.8 * (temperature - 28.3)
    humidity = np.clip(humidity + rng.normal(0, 2.0, n), 35, 99)
    wind = np.clip(2.1 + 0.5 * _season(world, 75) + rng.normal(0, 0.5, n), 0.3, None)
    uv = 2.2 + 0.3 * _season(world, 100) - 0.15 * np.log1p(rain) + rng.normal(0, 0.2, n)
    warm = rng.normal(0, 0.7, n)
    frame = pd.DataFrame(
        {
            "date": world.dates,
            "location": code,
            "temp_c": temperature,
            "temp_max_c": temperature + np.clip(5.0 - 0.5 * np.log1p(rain) + warm, 1.0, None),
            "dewpoint_c": _dewpoint(temperature, humidity),
            "rel_humidity_pct": humidity,
            "rain_mm": rain,
            "pressure_kpa": 100.42 + 0.16 * _season(world, 10) + rng.normal(0, 0.06, n),
            "wind_2m_ms": wind,
            "wind_10m_ms": 1.45 * wind,
            "uv_index": np.clip(uv, 0.3, None),
            "soil_moisture": np.clip(0.3 + 0.45 * soil, 0, 1),
        }
    ).round(2)
    frame["_known"] = world.dates + pd.Timedelta(days=1)
    return frame


def _season(world: World, peak_day: int) -> _Array:
    """Return a wave of one year between -1 and 1, highest on the given day of the year."""
    return np.cos(2 * np.pi * (world.dates.dayofyear.to_numpy() - peak_day) / 365.25)


def _soil(rain: _Array, memory: float = 0.94) -> _Array:
    """Return how wet the ground is, 0 to 1: what is left of the rain of past weeks."""
    from scipy.signal import lfilter

    start = [memory * rain[:60].mean()]
    wet = np.asarray(lfilter([1 - memory], [1.0, -memory], rain, zi=start)[0])
    return np.asarray(1 - np.exp(-wet / 4))


def _dewpoint(temperature: _Array, humidity: _Array) -> _Array:
    """Return the dew point, °C: Magnus over water, coefficients of Alduchov and Eskridge (1996)."""
    magnus = np.log(humidity / 100) + 17.625 * temperature / (243.04 + temperature)
    return np.asarray(243.04 * magnus / (17.625 - magnus))
