"""What drives the simulated city: days, wards, weather, holidays, measures and mood.

Every system of the twin is drawn from these signals, each with its own lag, so that the links
between systems are known: they stand as `Link`s beside the simulated tables.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.calendar import public_holidays, tet_day
from ioc_analytics.places import REFERENCE

__all__ = ["Link", "World", "delayed"]

_Array = NDArray[np.float64]

# How hard life is restricted from each day on, 0 free to 1 everyone at home: the days are those of
# the measures of 2020-2022 (DOMAIN.md D.4), the values were chosen.
_STRINGENCY = {
    "2020-04-01": 0.55,
    "2020-04-23": 0.15,
    "2020-05-10": 0.0,
    "2021-05-31": 0.35,
    "2021-06-20": 0.45,
    "2021-07-09": 0.75,
    "2021-07-26": 0.82,
    "2021-08-23": 0.95,
    "2021-09-14": 0.85,
    "2021-10-01": 0.45,
    "2021-11-01": 0.25,
    "2022-01-16": 0.10,
    "2022-04-15": 0.0,
}
_MOOD_MEMORY = 0.9  # share of the city's discontent that stays from one day to the next


@dataclass(frozen=True, slots=True)
class Link:
    """A planted link: `x` moves first, `y` follows after `lag` periods of `freq`.

    `sign` is +1 or -1. `kind` "cause" means that y is drawn from x's own signal; "common" that
    both follow a third one, each with its own delay; "none" that nothing joins them.
    """

    x: str
    y: str
    lag: int
    sign: int
    freq: Literal["D", "W", "M"] = "D"
    kind: Literal["cause", "common", "none"] = "cause"
    words: str = ""


@dataclass
class World:
    """The signals of one simulated city.

    Parameters
    ----------
    seed : int
        The same seed gives the same city.
    start : str
        First day of the systems that keep single events (requests, files, posts).
    days : int
        Their number of days. Figures by week and month reach back to `history` years before.

    Attributes
    ----------
    dates : DatetimeIndex, shape (T,)
        All days, from `history` years before `start` to the last day.
    first : int
        Position of `start` in `dates`; `recent` is the slice from there.
    wards : DataFrame, 34 rows
        `ward_code, name_vi, population, area_km2, lat, lon`, ascending by code.
    """

    seed: int
    start: str
    days: int
    history: int = 4
    signals: dict[str, _Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Lay out days and wards."""
        begin = pd.Timestamp(self.start)
        self.end = begin + pd.Timedelta(days=self.days - 1)
        self.dates = pd.date_range(begin - pd.DateOffset(years=self.history), self.end)
        self.first = len(self.dates) - self.days
        self.recent = slice(self.first, len(self.dates))
        columns = ["ward_code", "name_vi", "population", "area_km2", "lat", "lon"]
        wards = pd.read_csv(REFERENCE / "wards.csv", dtype={"ward_code": str})
        self.wards = wards.sort_values("ward_code", ignore_index=True)[columns]

    def rng(self, name: str) -> np.random.Generator:
        """Return the generator of one part of the city; parts do not disturb one another."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    # -- calendar -----------------------------------------------------------------------------

    @cached_property
    def holiday(self) -> NDArray[np.bool_]:
        """Whether each day is a public holiday, shape (T,)."""
        years = range(self.dates[0].year, self.dates[-1].year + 1)
        days = [d for year in years for d in public_holidays(year)]
        return np.asarray(self.dates.isin(pd.to_datetime(days)))

    @cached_property
    def workday(self) -> NDArray[np.bool_]:
        """Whether offices are open on each day, shape (T,)."""
        return np.asarray(self.dates.dayofweek < 5) & ~self.holiday

    @cached_property
    def tet(self) -> NDArray[np.int64]:
        """Days from the first day of the nearest Tết, negative before it, shape (T,)."""
        years = range(self.dates[0].year - 1, self.dates[-1].year + 2)
        days = pd.to_datetime([tet_day(year) for year in years]).to_numpy()
        gaps = (self.dates.to_numpy()[:, None] - days).astype("timedelta64[D]").astype(np.int64)
        return gaps[np.arange(len(gaps)), np.abs(gaps).argmin(axis=1)]

    def profile(self, weekday: tuple[float, ...], tet: tuple[float, float, float]) -> _Array:
        """Return the calendar's factor on a daily volume, shape (T,).

        `weekday` holds seven factors from Monday; `tet` those of the two weeks before, of the
        holiday itself (days 0 to 6) and of the two weeks after. A public holiday counts as Sunday.
        """
        factor = np.asarray(weekday)[np.where(self.holiday, 6, self.dates.dayofweek)]
        before, during, after = tet
        factor = np.where((self.tet >= -14) & (self.tet < 0), factor * before, factor)
        factor = np.where((self.tet >= 0) & (self.tet < 7), factor * during, factor)
        return np.where((self.tet >= 7) & (self.tet < 21), factor * after, factor)

    # -- signals ------------------------------------------------------------------------------

    @cached_property
    def temperature(self) -> _Array:
        """Mean temperature of each day, °C, shape (T,)."""
        season = 28.3 + 1.6 * np.cos(2 * np.pi * (self.dates.dayofyear.to_numpy() - 115) / 365.25)
        return season + self._ar1("temperature", 0.7, 0.9)

    @cached_property
    def rain(self) -> _Array:
        """Rain of each day, mm, shape (T,): a wet season from May to November."""
        rng = self.rng("rain")
        year = 2 * np.pi * (self.dates.dayofyear.to_numpy() - 227) / 365.25
        wet = 1 / (1 + np.exp(-(-0.6 + 2.0 * np.cos(year))))
        spell = self._ar1("rain spells", 0.6, 1.0)
        falls = rng.random(len(self.dates)) < np.clip(wet * np.exp(0.35 * spell), 0, 0.95)
        return np.where(falls, rng.gamma(0.8, 11.0, len(self.dates)), 0.0)

    @cached_property
    def stringency(self) -> _Array:
        """How hard life is restricted on each day, 0 to 1, shape (T,)."""
        level = np.zeros(len(self.dates))
        for day, value in _STRINGENCY.items():
            level[self.dates >= pd.Timestamp(day)] = value
        return level

    @cached_property
    def mobility(self) -> _Array:
        """Movement in the city beside a normal day (1), shape (T,): calendar and measures."""
        normal = self.profile((1.0, 1.0, 1.0, 1.0, 1.03, 0.9, 0.78), (1.06, 0.55, 0.92))
        return normal * (1 - 0.85 * self.stringency) * np.exp(self._ar1("mobility", 0.5, 0.03))

    @cached_property
    def discontent(self) -> _Array:
        """What bothers people, mean 0 and sd 1, a slow autoregression, shape (T,)."""
        return self._ar1("discontent", _MOOD_MEMORY, 1.0)

    def noise(self, name: str, memory: float = 0.6) -> _Array:
        """Return an autoregression of one part's own, mean 0 and sd 1, shape (T,)."""
        return self._ar1(name, memory, 1.0)

    def _ar1(self, name: str, memory: float, sd: float) -> _Array:
        from scipy.signal import lfilter

        shocks = self.rng(name).normal(0, np.sqrt(1 - memory**2), len(self.dates) + 100)
        return sd * np.asarray(lfilter([1.0], [1.0, -memory], shocks))[100:]


def delayed(values: NDArray[np.generic], lag: int) -> _Array:
    """Return daily values `lag` days later along axis 0; the first days repeat the first value."""
    values = np.asarray(values, dtype=float)
    return np.concatenate([np.repeat(values[:1], lag, axis=0), values[: len(values) - lag]])
