"""Simulated police incidents and fires.

Incidents follow the movement of people; fires follow nothing but their own season, so that a link
found between them and another system is a false alarm.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.twin.events import known_in_time, points, scatter, times
from ioc_analytics.twin.world import Link, World

__all__ = ["LINKS", "simulate"]

_Array = NDArray[np.float64]
_Index = NDArray[np.int64]

LINKS = (
    Link(
        "traffic.flow",
        "security.incident_count",
        0,
        1,
        kind="common",
        words="Where people move there is trouble: both follow the mobility of the same day.",
    ),
    Link("geography.rain", "security.fire_count", 0, 1, kind="none", words="Both have a season."),
    Link("traffic.flow", "security.fire_count", 0, 1, kind="none"),
    Link("security.crimes", "security.fire_count", 0, 1, kind="none"),
    Link("social_media.negative_share", "security.fire_count", 0, 1, kind="none"),
    Link("education.illness_absence_rate", "security.fire_count", 0, 1, freq="W", kind="none"),
)

_INCIDENTS_PER_DAY = 17.0
_FIRES_PER_DAY = 0.45
_SUSPENDED_AFTER = 120  # days until an incident that is not solved is suspended
_GRAVE_UNSOLVED = 0.3  # grave offences stay unsolved so often beside others of their type
_LEVELS = ("less_serious", "serious", "very_serious", "extremely_serious")
# type: (category, share, share of each severity, chance of being solved, median days until then)
_TYPES = {
    "theft": ("criminal", 0.066, (0.72, 0.24, 0.03, 0.01), 0.64, 12),
    "snatching": ("criminal", 0.008, (0.05, 0.80, 0.13, 0.02), 0.74, 9),
    "robbery": ("criminal", 0.003, (0.0, 0.35, 0.50, 0.15), 0.88, 7),
    "fraud": ("criminal", 0.020, (0.35, 0.45, 0.12, 0.08), 0.56, 25),
    "assault": ("criminal", 0.013, (0.45, 0.45, 0.09, 0.01), 0.94, 4),
    "murder": ("criminal", 0.001, (0.0, 0.0, 0.30, 0.70), 0.99, 3),
    "drugs": ("criminal", 0.020, (0.30, 0.45, 0.18, 0.07), 0.97, 1),
    "gambling": ("criminal", 0.009, (0.70, 0.30, 0.0, 0.0), 0.98, 1),
    "disorder": ("public_order", 0.17, (1.0, 0.0, 0.0, 0.0), 0.96, 2),
    "dispute": ("public_order", 0.18, (1.0, 0.0, 0.0, 0.0), 0.95, 2),
    "noise": ("public_order", 0.27, (1.0, 0.0, 0.0, 0.0), 0.97, 1),
    "encroachment": ("public_order", 0.17, (1.0, 0.0, 0.0, 0.0), 0.93, 3),
    "other": ("public_order", 0.07, (1.0, 0.0, 0.0, 0.0), 0.90, 5),
}
_OBJECTS = {
    "dwelling": 0.30,
    "dwelling_shop": 0.12,
    "workshop": 0.16,
    "market": 0.02,
    "vehicle": 0.10,
    "grid": 0.14,
    "waste": 0.10,
    "other": 0.06,
}
_CAUSES = {
    "electrical": 0.55,
    "carelessness": 0.18,
    "technical": 0.06,
    "arson": 0.02,
    "unknown": 0.19,
}
_HOURS_CRIME = np.array([6, 5, 4, 3, 2, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 6, 7, 8, 8, 8, 7, 7.0])
_HOURS_FIRE = np.array([3, 3, 3, 2, 2, 2, 3, 3, 4, 5, 5, 6, 6, 6, 6, 5, 5, 5, 5, 5, 5, 4, 4, 3.0])


def simulate(world: World) -> dict[str, pd.DataFrame]:
    """Simulate `security.incidents` and `security.fires`.

    Parameters
    ----------
    world : World
        The city's signals.

    Returns
    -------
    dict of str to DataFrame
        Columns of the contract and `_known`, the day on which the city came to know the row. An
        incident has a row when it is registered and another when it is solved or suspended.
        Nothing that became known after the world's last day is in it.

    Examples
    --------
    >>> tables = simulate(World(seed=1, start="2021-03-01", days=28, history=1))
    >>> tables["security.incidents"]["status"].unique().tolist()
    ['investigating', 'solved']
    """
    return {"security.incidents": _incidents(world), "security.fires": _fires(world)}


# -- incidents ------------------------------------------------------------------------------------


def _incidents(world: World) -> pd.DataFrame:
    rng = world.rng("security incidents")
    day, ward = scatter(rng, _incident_mean(world, rng), 0.03)
    n = len(day)
    kind = rng.choice(len(_TYPES), n, p=_column(1) / _column(1).sum())
    reported = times(world, rng, day, _HOURS_CRIME)
    frame = pd.DataFrame(
        {
            "incident_id": _ids("VV", reported),
            "reported_at": reported,
            "location": world.wards["ward_code"].to_numpy()[ward],
            "category": np.array([t[0] for t in _TYPES.values()], dtype=object)[kind],
            "type": np.array(list(_TYPES), dtype=object)[kind],
            "severity": _severity(rng, kind),
            "status": "investigating",
            "solved_at": pd.NaT,
            "reporter": [f"Người dân {i:06d}" for i in rng.integers(0, 400_000, n)],
            "address": _addresses(rng, n),
            **points(world, rng, ward),
        }
    ).astype({"solved_at": "datetime64[ns]"})
    frame["_known"] = reported.normalize() + _registration(rng, world, day, ward)
    return _with_outcomes(world, rng, frame, kind)


def _incident_mean(world: World, rng: np.random.Generator) -> _Array:
    """Return the expected incidents of each recent day in each ward."""
    calendar = world.profile((1.0, 0.98, 0.98, 1.0, 1.06, 1.08, 1.02), (1.25, 0.85, 1.0))
    level = calendar * (0.35 + 0.65 * world.mobility) * np.exp(0.12 * world.noise("incidents", 0.9))
    return _INCIDENTS_PER_DAY * np.outer(level[world.recent], _weights(world, rng, 8.0))


def _with_outcomes(
    world: World, rng: np.random.Generator, frame: pd.DataFrame, kind: _Index
) -> pd.DataFrame:
    """Add the revision in which each incident is solved, or suspended for good."""
    n = len(frame)
    grave = frame["severity"].isin(_LEVELS[2:]).to_numpy()
    solved = rng.random(n) > (1 - _column(3)[kind]) * np.where(grave, _GRAVE_UNSOLVED, 1.0)
    days = np.minimum(_column(4)[kind] * rng.lognormal(0, 1.1, n), 700.0)
    later = frame.copy()
    when = (frame["reported_at"] + pd.to_timedelta(days * 1440, unit="min")).dt.floor("min")
    later["solved_at"] = when.where(solved)
    later["status"] = np.where(solved, "solved", "suspended")
    told = when.dt.normalize() + pd.to_timedelta(rng.geometric(0.6, n) - 1, unit="D")
    shelved = frame["reported_at"].dt.normalize() + pd.Timedelta(days=_SUSPENDED_AFTER)
    later["_known"] = told.where(solved, shelved)
    at_once = (later["_known"] <= frame["_known"]).to_numpy()
    later.loc[at_once, "_known"] = frame["_known"][at_once]
    return known_in_time(world, pd.concat([frame[~at_once], later]))


def _severity(rng: np.random.Generator, kind: _Index) -> NDArray[np.object_]:
    """Draw the severity of incidents of each type."""
    bounds = np.cumsum([t[2] for t in _TYPES.values()], axis=1)[kind]
    return np.array(_LEVELS, dtype=object)[
        (rng.random(len(kind))[:, None] > bounds[:, :-1]).sum(axis=1)
    ]


def _column(position: int) -> _Array:
    """Return one column of the table of incident types."""
    return np.array([float(t[position]) for t in _TYPES.values()])  # type: ignore[arg-type]


def _registration(
    rng: np.random.Generator, world: World, day: _Index, ward: _Index
) -> pd.TimedeltaIndex:
    """Days until an incident is registered; a few wards hand in theirs on Mondays."""
    late = rng.geometric(0.85, len(day)) - 1
    weekly = np.isin(ward, rng.choice(len(world.wards), 3, replace=False))
    weekday = world.dates[world.recent].dayofweek.to_numpy()[day]
    return pd.to_timedelta(np.where(weekly, 7 - weekday, late), unit="D")


def _addresses(rng: np.random.Generator, n: int) -> list[str]:
    house, street, quarter = (rng.integers(1, top, n) for top in (400, 60, 10))
    parts = zip(house, street, quarter, strict=True)
    return [f"{a} Đường số {b}, khu phố {c}" for a, b, c in parts]


# -- fires ----------------------------------------------------------------------------------------


def _fires(world: World) -> pd.DataFrame:
    rng = world.rng("security fires")
    year = 2 * np.pi * (world.dates.dayofyear.to_numpy() - 60) / 365.25
    level = np.exp(0.35 * np.cos(year) + 0.1 * world.noise("fires", 0.9))
    mean = _FIRES_PER_DAY * np.outer(level[world.recent], _weights(world, rng, 6.0))
    day, ward = scatter(rng, mean, 0.02)
    n = len(day)
    reported = times(world, rng, day, _HOURS_FIRE)
    arrived = reported + _minutes(rng.lognormal(np.log(9), 0.4, n))
    area = rng.lognormal(0, 1.0, n)
    frame = pd.DataFrame(
        {
            "fire_id": _ids("PCCC", reported),
            "reported_at": reported,
            "location": world.wards["ward_code"].to_numpy()[ward],
            "arrived_at": arrived,
            "extinguished_at": arrived + _minutes(25 * area + 3),
            "object": rng.choice(list(_OBJECTS), n, p=list(_OBJECTS.values())),
            "cause": rng.choice(list(_CAUSES), n, p=list(_CAUSES.values())),
            "deaths": rng.poisson(0.02 * area),
            "injured": rng.poisson(0.06 * area),
            "damage_million_vnd": (30 * area**1.5).round(1),
            **points(world, rng, ward),
        }
    )
    delay = pd.to_timedelta(rng.geometric(0.7, n), unit="D")
    frame["_known"] = reported.normalize() + delay
    return known_in_time(world, frame)


def _minutes(values: _Array) -> pd.TimedeltaIndex:
    return pd.to_timedelta(np.ceil(values), unit="min")


# -- events in place and time ---------------------------------------------------------------------


def _weights(world: World, rng: np.random.Generator, evenness: float) -> _Array:
    """Return the wards' shares of events: residents, and what each ward is like for good."""
    share = world.wards["population"].to_numpy() * rng.gamma(evenness, 1 / evenness, 34)
    return np.asarray(share / share.sum())


def _ids(prefix: str, times: pd.DatetimeIndex) -> list[str]:
    years = zip(times.year, range(1, len(times) + 1), strict=True)
    return [f"{prefix}-{year}-{number:06d}" for year, number in years]
