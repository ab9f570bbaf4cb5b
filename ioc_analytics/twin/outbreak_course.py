"""How many are infected on each day in each ward of the simulated city.

A renewal process with superspreading, drawn several times over: the draw is kept whose expected
reports come nearest to the published running totals of the province (DOMAIN.md D.5, times the
city's share) and to the ward levels announced on 2021-10-23. So totals and levels vary less
between seeds than chance alone would make them.

Values without source were chosen so that the shape of 2021 comes out; nothing was estimated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.twin.world import World

__all__ = ["DELAYS", "GENERATION", "LEVEL_DAY", "ORIGIN", "PARAMETERS", "Course", "by_day", "knots"]

_Array = NDArray[np.float64]
_Counts = NDArray[np.int64]
_Values = NDArray[Any]

ORIGIN = np.datetime64("2020-01-20", "D")  # day 0
PARAMETERS = {
    "k": 0.4,  # dispersion of the number infected by one person
    "generation_mean": 5.0,
    "generation_sd": 2.5,
    "incubation_mean": 4.6,
    "incubation_sd": 2.4,
    "symptomatic": 0.65,
    "source_known_wrong": 0.03,  # share of the sources named that are not the infector
    "wrong_ward": 0.012,  # share first registered in another ward
    "batch_share": 0.13,  # of the cases confirmed 9-29 August, registered on 3 September
    "city_share": 0.095,  # of the province's cases, DOMAIN.md D.5
}
_K = PARAMETERS["k"]
# R by measure in force (DOMAIN.md D.4), from the day of transmission on.
_R = {
    "2020-01-20": 0.70,
    "2021-04-20": 0.95,  # fourth wave
    "2021-05-31": 1.40,  # Directive 15
    "2021-06-20": 2.10,  # Directive 10
    "2021-07-09": 1.24,  # Directive 16
    "2021-07-26": 0.93,  # curfew
    "2021-08-15": 1.15,
    "2021-08-23": 1.12,  # everyone stays where they are
    "2021-09-12": 0.47,  # most adults have a dose
    "2021-10-01": 0.77,  # reopening
    "2021-11-01": 1.00,
    "2022-01-15": 0.75,
    "2022-02-10": 1.25,
    "2022-03-20": 0.60,
}
# Infections a day brought in from elsewhere.
_IMPORTS = {
    "2020-01-20": 0.02,
    "2020-03-10": 0.40,
    "2020-04-01": 0.02,
    "2020-07-25": 0.30,
    "2020-08-20": 0.02,
    "2020-11-26": 0.30,
    "2020-12-06": 0.02,
    "2021-02-03": 0.60,
    "2021-02-14": 0.02,
    "2021-04-20": 0.60,
    "2021-05-31": 0.25,
}
# Share of infections that is ever reported; severe ones always are.
_REPORTED = {
    "2020-01-20": 0.92,
    "2021-05-31": 0.80,
    "2021-07-10": 0.64,
    "2021-08-20": 0.54,
    "2021-09-20": 0.64,
    "2021-10-24": 0.70,
    "2022-02-01": 0.50,
}
# Mean days from onset to sample, sample to result, result to registration; a week's own factor
# is laid over them.
DELAYS = {
    "2020-01-20": (2.0, 0.8, 0.6),
    "2021-06-20": (2.2, 0.8, 0.7),
    "2021-07-15": (2.8, 1.5, 1.4),
    "2021-08-20": (3.4, 1.7, 2.2),
    "2021-09-15": (2.8, 1.0, 1.8),
    "2021-10-10": (2.4, 0.7, 1.0),
}
# Declared multipliers of the wards' exposure in the wave; others 1, all with noise of their own.
_WAVE = {
    "26794": 1.25,  # Linh Xuân
    "26797": 1.30,  # Bình Chiểu
    "26800": 1.35,  # Linh Trung
    "26803": 1.25,  # Tam Bình
    "26842": 1.15,  # Tăng Nhơn Phú A
    "26857": 0.70,  # Long Phước
    "27088": 0.65,  # Thảo Điền
    "27115": 0.70,  # An Lợi Đông
    "27118": 0.40,  # Thủ Thiêm
}
_AUTUMN_FROM = "2021-09-10"
_AUTUMN = {
    "26848": 2.9,  # Phước Long B
    "26851": 2.9,  # Phước Long A
    "26863": 3.0,  # Phước Bình
    "27091": 3.8,  # An Phú
    "27115": 0.30,
    "27118": 0.02,
}
_WARD_NOISE = (0.18, 0.12)  # sd of the log multiplier, wave and autumn
_LOCKED = {"26800": 0.85, "26803": 0.85}  # Linh Trung, Tam Bình: R lower
_LOCKED_DAYS = ("2021-07-18", "2021-07-30")
_MIXING = 0.42  # share of infections outside the infector's ward
_NEAR_KM, _ANYWHERE = 4.0, 0.15  # reach of neighbours, weight of wards however far
_DRAWS = (48, 320, 1)  # of the wave, of the autumn, of what follows
_OFF = 1.25  # totals within this factor are as good as met
_WAVE_FROM = "2021-04-27"
_TOTALS = {
    "2021-06-20": 1_618,
    "2021-07-18": 31_391,
    "2021-08-01": 94_295,
    "2021-08-29": 209_921,
    "2021-09-21": 348_220,
}
LEVEL_DAY = "2021-10-23"
_LEVEL_2 = ("26848", "26851", "26863", "27091")  # DOMAIN.md 0
_SLACK = 1.6  # standard deviations kept from a level's cut


def by_day(day: str) -> int:
    """Return the number of days from `ORIGIN` to a day."""
    return int((np.datetime64(day, "D") - ORIGIN).astype(int))


def knots(values: Mapping[str, float], days: _Values) -> _Array:
    """Return values between knots in proportion to the days, which count from `ORIGIN`."""
    return np.asarray(np.interp(days, [by_day(d) for d in values], [*values.values()]))


@dataclass(frozen=True)
class Course:
    """What the number of infections by day and ward is drawn from."""

    codes: tuple[str, ...]
    population: _Array
    R: _Array  # (T,)
    brake: _Array  # (T, 34): factor on R of a locked ward
    imports: _Array  # (T,)
    reported: _Array  # (T,)
    multipliers: _Array  # (2, 34)
    shares: _Array  # (2, 34) of exposure, wave and autumn
    kernels: _Array  # (2, 34, 34): infector's ward to infected one's, rows add to 1
    autumn: int  # first day of the second phase

    @classmethod
    def of(cls, world: World, n_days: int) -> Course:
        """Lay out the parameters of a city by day and ward."""
        wards, days = world.wards, ORIGIN + np.arange(n_days)
        codes = tuple(wards["ward_code"])
        brake = np.ones((n_days, len(codes)))
        locked = (days >= np.datetime64(_LOCKED_DAYS[0])) & (days <= np.datetime64(_LOCKED_DAYS[1]))
        for code, factor in _LOCKED.items():
            brake[locked, codes.index(code)] = factor
        rng = world.rng("epidemic wards")
        multipliers = np.stack(
            [
                np.array([declared.get(c, 1.0) for c in codes]) * rng.lognormal(0, sd, len(codes))
                for declared, sd in zip((_WAVE, _AUTUMN), _WARD_NOISE, strict=True)
            ]
        )
        population = wards["population"].to_numpy(float)
        shares = multipliers * population
        shares /= shares.sum(axis=1, keepdims=True)
        R = pd.Series(_steps(_R, days)).rolling(5, min_periods=1, center=True).mean()
        return cls(
            codes,
            population,
            R.to_numpy(),
            brake,
            _steps(_IMPORTS, days),
            knots(_REPORTED, np.arange(n_days)),
            multipliers,
            shares,
            np.stack([_kernel(world, share) for share in shares]),
            by_day(_AUTUMN_FROM),
        )

    def expected(self, t: int, recent: _Values) -> tuple[_Array, _Array]:
        """Return expected infections of day t, shape (…, 34), and those of them brought in."""
        phase = int(t >= self.autumn)
        infectious = np.tensordot(GENERATION[: len(recent)], recent[::-1], 1)
        imported = self.imports[t] * self.shares[phase]
        passed = (infectious * self.brake[t] * self.R[t]) @ self.kernels[phase]
        return passed + imported, imported

    def draw(self, rng: np.random.Generator) -> _Counts:
        """Draw infections by day and ward: the wave, then the autumn, then what follows.

        Of several draws of each part the one nearest to what was published is kept.
        """
        n_days = len(self.R)
        chosen = np.zeros((0, len(self.codes)), dtype=np.int64)
        for end, draws in zip((self.autumn, by_day(LEVEL_DAY) + 1, n_days), _DRAWS, strict=True):
            if len(chosen) < min(end, n_days):
                new = self._continued(rng, chosen, min(end, n_days), draws)
                chosen = new[:, int(np.argmin(self._misses(new)))]
        return chosen

    def _continued(self, rng: np.random.Generator, past: _Counts, end: int, draws: int) -> _Counts:
        """Draw the days up to `end` several times from one past, shape (end, draws, 34)."""
        new = np.zeros((end, draws, len(self.codes)), dtype=np.int64)
        new[: len(past)] = past[:, None]
        for t in range(len(past), end):
            mean, _ = self.expected(t, new[max(t - len(GENERATION), 0) : t])
            size = _K * mean / self.R[t] + 1e-9
            new[t] = rng.negative_binomial(size, _K / (_K + self.R[t]))
        return new

    def _misses(self, new: _Counts) -> _Array:
        """Return how far each draw's expected reports are from what was published."""
        misses = np.zeros(new.shape[1])
        before = self._until(new, min(by_day(_WAVE_FROM), len(new)) - 1)
        for day, published in _TOTALS.items():
            if by_day(day) < len(new):
                total = (self._until(new, by_day(day)) - before).sum(axis=1)
                off = np.abs(np.log(np.maximum(total, 1) / (PARAMETERS["city_share"] * published)))
                misses += np.maximum(off / np.log(_OFF) - 1, 0) + 0.01 * off
        if len(new) == by_day(LEVEL_DAY) + 1:
            cases = self._until(new, len(new) - 1) - self._until(new, len(new) - 15)
            misses += self.wrong_levels(cases, _SLACK)
        return misses

    def wrong_levels(self, cases: _Array, slack: float) -> _Array:
        """Count wards whose cases of 14 days, `slack` sd aside, give another level."""
        cut = self.population / 1000  # 50 per 100,000 and week
        sd = slack * np.sqrt(cases)
        second = np.isin(self.codes, _LEVEL_2)
        wrong = np.where(
            second,
            (cases - sd < cut) | (cases + sd >= 3 * cut),
            (cases + sd >= cut) & (cases > 0.5),
        )
        return np.asarray(wrong.sum(axis=1) + 2.0 * (cases.sum(axis=1) > 0.85 * cut.sum()))

    def _until(self, new: _Counts, day: int) -> _Array:
        """Return expected reports up to and including a day, shape (draws, 34)."""
        from scipy.stats import gamma

        infected = np.arange(day + 1)
        steps = [knots({d: v[i] for d, v in DELAYS.items()}, infected) for i in range(3)]
        mean = PARAMETERS["incubation_mean"] + 0.85 * np.sum(steps, axis=0) + 0.7
        known = gamma.cdf(day - infected + 0.5, 4.0, scale=mean / 4.0)
        return np.tensordot(known * self.reported[: day + 1], new[: day + 1], 1)


def _kernel(world: World, share: _Array) -> _Array:
    """Return the chance of each ward for those infected by someone of each ward."""
    lat, lon = np.deg2rad(world.wards[["lat", "lon"]].to_numpy(float).T)
    x, y = 6371 * lon * np.cos(lat.mean()), 6371 * lat
    km = np.hypot(x[:, None] - x, y[:, None] - y)
    near = share * (_ANYWHERE + np.exp(-km / _NEAR_KM))
    near /= near.sum(axis=1, keepdims=True)
    return (1 - _MIXING) * np.eye(len(share)) + _MIXING * near


def _pmf(mean: float, sd: float, n: int) -> _Array:
    """Delays of 1 to n days in the proportions of a gamma density."""
    days = np.arange(1, n + 1)
    weights = days ** ((mean / sd) ** 2 - 1) * np.exp(-days * mean / sd**2)
    return np.asarray(weights / weights.sum())


GENERATION = _pmf(PARAMETERS["generation_mean"], PARAMETERS["generation_sd"], 14)


def _steps(values: Mapping[str, float], days: NDArray[np.datetime64]) -> _Array:
    """Return the value in force on each day."""
    since = np.array(list(values), dtype="datetime64[D]")
    found = np.searchsorted(since, days, side="right") - 1
    return np.array(list(values.values()))[np.maximum(found, 0)]
