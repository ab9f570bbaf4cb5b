"""Simulated traffic: cameras, accidents, violations and points of congestion.

Movement makes flow, flow makes accidents and slows itself, rain slows it and makes accidents.
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
    Link("traffic.flow", "traffic.accident_count", 0, 1, words="Accidents grow with the flow."),
    Link("traffic.flow", "traffic.mean_speed", 0, -1, words="Full roads are slow."),
    Link("traffic.flow", "traffic.violation_count", 0, 1, words="More vehicles, more violations."),
    Link("geography.rain", "traffic.mean_speed", 0, -1, words="Rain slows the same day's flow."),
    Link("geography.rain", "traffic.accident_count", 0, 1, words="Wet roads."),
    Link("security.fire_count", "traffic.accident_count", 0, 1, kind="none"),
    Link(
        "security.fire_count", "traffic.mean_speed", 0, 1, kind="none", words="Both have a season."
    ),
    Link("geography.rain", "traffic.violation_count", 0, 1, kind="none"),
)

_CAMERAS = 14
_ACCIDENTS_PER_DAY = 3.4
_VIOLATIONS_PER_DAY = 95.0
_RAIN_ON_SPEED = 0.055  # fall of log speed per log(1 + mm) on the wettest hours
_RAIN_ON_ACCIDENTS = 0.14  # rise of log accidents per log(1 + mm)
_FLOW_ON_ACCIDENTS = 0.85  # elasticity
# Flow of each hour beside the busiest one, working days: two peaks.
_HOURS = np.array(
    [12, 8, 6, 7, 14, 38, 78, 100, 86, 68, 62, 64, 60, 60, 64, 70, 88, 98, 84, 64, 52, 42, 30, 18]
)
_HOURS_RAIN = np.array([4.0] * 12 + [6, 8, 10, 10, 10, 10, 9, 8, 7, 6, 5, 4]) / 10
_HOURS_ACCIDENT = np.array(
    [5, 4, 3, 3, 3, 4, 5, 5, 4, 4, 4, 4, 4, 4, 4, 4, 5, 6, 7, 7, 7, 7, 7, 6], dtype=float
)
_SEVERITIES = ("collision", "less_serious", "serious", "very_serious", "extremely_serious")
_SEVERITY_SHARES = (0.45, 0.43, 0.11, 0.008, 0.002)
_MODES = {"road": 0.985, "rail": 0.009, "water": 0.006}
_LATER_DEATHS = 0.03  # share of accidents with injured of whom one dies within 30 days

# vehicle: (share, fines in thousand đồng by kind of violation, in the order of _KINDS)
_KINDS = {
    "speeding": 0.24,
    "red_light": 0.14,
    "wrong_lane": 0.14,
    "forbidden_road": 0.12,
    "parking": 0.14,
    "no_helmet": 0.12,
    "alcohol": 0.06,
    "other": 0.04,
}
_VEHICLES = {
    "motorbike": (0.62, (700, 900, 500, 500, 250, 250, 4500, 300)),
    "car": (0.19, (2500, 4000, 4500, 1500, 900, 0, 17_000, 900)),
    "truck": (0.12, (2500, 4000, 4500, 1500, 900, 0, 17_000, 900)),
    "container": (0.04, (3500, 4000, 4500, 3000, 1500, 0, 17_000, 1500)),
    "bus": (0.03, (2500, 4000, 4500, 1500, 900, 0, 17_000, 900)),
}
_STATUSES = ("improved", "improved_complex", "no_change")
_STATUS_START = (6, 9, 9)  # of 24 points, as in a published review (DOMAIN.md C.5)
# Chance of each status at the next review, by the present one.
_STATUS_NEXT = ((0.93, 0.06, 0.01), (0.05, 0.91, 0.04), (0.01, 0.06, 0.93))


def simulate(world: World) -> dict[str, pd.DataFrame]:
    """Simulate the tables of the traffic system.

    Parameters
    ----------
    world : World
        The city's signals.

    Returns
    -------
    dict of str to DataFrame
        `traffic.accidents`, `traffic.flow_hourly`, `traffic.violations` and
        `traffic.congestion_points`: columns of the contract and `_known`, the day on which the
        city came to know the row. An accident of whose injured one dies later has two rows.
        Hours in which a camera was out of order are absent.

    Examples
    --------
    >>> tables = simulate(World(seed=1, start="2021-03-01", days=28, history=1))
    >>> tables["traffic.flow_hourly"]["camera_id"].nunique()
    14
    """
    flow, volume = _flow(world)
    return {
        "traffic.flow_hourly": flow,
        "traffic.accidents": _accidents(world, volume),
        "traffic.violations": _violations(world, volume),
        "traffic.congestion_points": _congestion_points(world),
    }


# -- cameras --------------------------------------------------------------------------------------


def _flow(world: World) -> tuple[pd.DataFrame, _Array]:
    """Return the cameras' hours, and the city's true flow of each recent day, 1 on a normal one."""
    rng = world.rng("traffic flow")
    wards = _camera_wards(world, rng)
    peak = rng.uniform(1800, 5200, _CAMERAS)  # vehicles in the busiest hour of a normal day
    free = rng.choice([40.0, 45.0, 50.0, 60.0], _CAMERAS)
    vehicles = _vehicles(world, rng, peak)
    load = vehicles / (peak * rng.uniform(0.85, 1.15, _CAMERAS))
    rain = np.log1p(world.rain[world.recent])[:, None, None] * _HOURS_RAIN[:, None]
    speed = free * np.exp(-_RAIN_ON_SPEED * rain) / (1 + 0.55 * np.minimum(load, 1.8) ** 3)
    speed = np.clip(speed * rng.lognormal(0, 0.05, speed.shape), 4.0, None).round(1)
    faulty = np.where(rng.random(speed.shape) < 2e-4, rng.uniform(2, 4, speed.shape), 1.0)
    counts = (vehicles * faulty).round().astype(np.int64)
    day, hour, camera = (i.ravel() for i in np.indices(counts.shape))
    frame = pd.DataFrame(
        {
            "camera_id": _camera_names()[camera],
            "hour": world.dates[world.recent][day] + pd.to_timedelta(hour, unit="h"),
            "location": wards[camera],
            "vehicles": counts.ravel(),
            "speed_kmh": speed.ravel(),
            "free_flow_kmh": free[camera],
            "density_per_km": (counts / speed).round(1).ravel(),
            "_known": world.dates[world.recent][day] + _upload(rng, counts.shape),
        }
    )
    frame = frame[_works(rng, counts.shape).ravel() & (frame["_known"] <= world.end).to_numpy()]
    normal = peak.sum() * _HOURS.sum() / 100
    return frame.reset_index(drop=True), vehicles.sum(axis=(1, 2)) / normal


def _vehicles(world: World, rng: np.random.Generator, peak: _Array) -> _Array:
    """Return the true flow by day, hour and camera."""
    day = world.mobility * np.exp(0.04 * world.noise("flow", 0.4))
    shape = (world.days, 24, len(peak))
    flow = day[world.recent, None, None] * (_HOURS / 100)[:, None] * peak
    return np.asarray(flow * rng.lognormal(0, 0.08, shape))


def _camera_wards(world: World, rng: np.random.Generator) -> NDArray[np.object_]:
    """Place the cameras, two of them beside another; wards with more people are likelier."""
    people = world.wards["population"].to_numpy()
    chosen = rng.choice(34, _CAMERAS - 2, replace=False, p=people / people.sum())
    places = np.sort(np.concatenate([chosen, chosen[:2]]))
    return np.asarray(world.wards["ward_code"].to_numpy(dtype=object)[places])


def _camera_names() -> NDArray[np.object_]:
    return np.array([f"CAM-{i + 1:02d}" for i in range(_CAMERAS)], dtype=object)


def _works(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Tell which hours were recorded: cameras fail for single hours and for whole days."""
    days, _, cameras = shape
    day_lost = rng.random((days, 1, cameras)) < 0.008
    return ~(day_lost | (rng.random(shape) < 0.004))


def _upload(rng: np.random.Generator, shape: tuple[int, ...]) -> pd.TimedeltaIndex:
    """Days until a camera's day is uploaded: the next one, seldom some more."""
    days, hours, cameras = shape
    late = np.where(
        rng.random((days, 1, cameras)) < 0.01, rng.integers(2, 6, (days, 1, cameras)), 1
    )
    return pd.to_timedelta(np.broadcast_to(late, (days, hours, cameras)).ravel(), unit="D")


# -- accidents ------------------------------------------------------------------------------------


def _accidents(world: World, volume: _Array) -> pd.DataFrame:
    rng = world.rng("traffic accidents")
    wet = np.log1p(world.rain[world.recent])
    level = volume**_FLOW_ON_ACCIDENTS * np.exp(_RAIN_ON_ACCIDENTS * (wet - wet.mean()))
    roads = np.sqrt(world.wards["population"].to_numpy() * world.wards["area_km2"].to_numpy())
    share = roads * rng.gamma(5.0, 0.2, 34)
    day, ward = scatter(rng, _ACCIDENTS_PER_DAY * np.outer(level, share / share.sum()), 0.02)
    n = len(day)
    when = times(world, rng, day, _HOURS_ACCIDENT)
    severity = rng.choice(5, n, p=_SEVERITY_SHARES)
    frame = pd.DataFrame(
        {
            "accident_id": [f"TN-{t.year}-{i + 1:05d}" for i, t in enumerate(when)],
            "occurred_at": when,
            "location": world.wards["ward_code"].to_numpy()[ward],
            "road": [f"Đường số {i}" for i in rng.integers(1, 60, n)],
            "mode": rng.choice(list(_MODES), n, p=list(_MODES.values())),
            "severity": np.array(_SEVERITIES, dtype=object)[severity],
            **_harm(rng, severity),
            **points(world, rng, ward),
            "_known": when.normalize() + pd.to_timedelta(rng.geometric(0.75, n) - 1, unit="D"),
        }
    )
    return known_in_time(world, pd.concat([frame, _late_deaths(rng, frame)]))


def _harm(rng: np.random.Generator, severity: _Index) -> dict[str, _Index]:
    """Draw deaths and injured of accidents of each severity."""
    n = len(severity)
    deaths = np.select(
        [severity == 2, severity == 3, severity == 4],
        [rng.binomial(1, 0.6, n), np.full(n, 2), 3 + rng.poisson(0.4, n)],
        0,
    )
    injured = rng.poisson(np.array([0.15, 0.3, 0.7, 1.0, 3.0])[severity])
    return {"deaths": deaths, "injured": injured + (severity == 1)}


def _late_deaths(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the corrections of accidents of whose injured one died within 30 days."""
    dies = (frame["injured"] > 0) & (rng.random(len(frame)) < _LATER_DEATHS)
    dead = frame[dies].copy()
    dead["deaths"] += 1
    dead["injured"] -= 1
    mild = dead["severity"].isin(_SEVERITIES[:2])
    dead["severity"] = dead["severity"].where(~mild, "serious")
    dead["_known"] += pd.to_timedelta(rng.integers(1, 31, len(dead)), unit="D")
    return dead


# -- violations -----------------------------------------------------------------------------------


def _violations(world: World, volume: _Array) -> pd.DataFrame:
    rng = world.rng("traffic violations")
    drive = np.exp(0.25 * world.noise("enforcement", 0.93))[world.recent]  # campaigns come and go
    share = world.wards["population"].to_numpy() * rng.gamma(2.0, 0.5, 34)
    day, ward = scatter(rng, _VIOLATIONS_PER_DAY * np.outer(volume * drive, share / share.sum()))
    n = len(day)
    when = times(world, rng, day, _HOURS.astype(float))
    vehicle = rng.choice(len(_VEHICLES), n, p=[v[0] for v in _VEHICLES.values()])
    kind = _kinds(rng, vehicle)
    camera = rng.random(n) < 0.7
    fines = np.array([v[1] for v in _VEHICLES.values()])[vehicle, kind] * 1000
    known = when.normalize() + pd.to_timedelta(np.where(camera, rng.geometric(0.3, n), 0), unit="D")
    frame = pd.DataFrame(
        {
            "violation_id": [f"VP-{i + 1:07d}" for i in range(n)],
            "detected_at": when,
            "location": world.wards["ward_code"].to_numpy()[ward],
            "plate": _plates(rng, n),
            "vehicle": np.array(list(_VEHICLES), dtype=object)[vehicle],
            "kind": np.array(list(_KINDS), dtype=object)[kind],
            "source": np.where(camera, "camera", "patrol"),
            "fine_vnd": (fines * rng.uniform(0.9, 1.3, n) / 50_000).round().astype(np.int64)
            * 50_000,
            "_known": known,
        }
    )
    return known_in_time(world, frame)


def _kinds(rng: np.random.Generator, vehicle: _Index) -> _Index:
    """Draw the kind of each violation; helmets are for motorbikes alone."""
    kind = rng.choice(len(_KINDS), len(vehicle), p=list(_KINDS.values()))
    helmet = list(_KINDS).index("no_helmet")
    return np.where((kind == helmet) & (vehicle > 0), list(_KINDS).index("speeding"), kind)


def _plates(rng: np.random.Generator, n: int) -> list[str]:
    """Return plates, of which some come again and again."""
    number = (100_000 * rng.beta(0.6, 1.0, n)).astype(int)
    return [f"59-X1 {i // 100:03d}.{i % 100:02d}" for i in number]


# -- points of congestion -------------------------------------------------------------------------


def _congestion_points(world: World) -> pd.DataFrame:
    """Return the monthly reviews, on the 25th, of 24 points over all the years."""
    rng = world.rng("traffic congestion points")
    days = world.dates[world.dates.day == 25]
    n = sum(_STATUS_START)
    ward = rng.choice(34, n, p=(world.wards["population"] / world.wards["population"].sum()))
    status = np.repeat(np.arange(3), _STATUS_START)
    seen = []
    for _ in days:
        seen.append(status)
        bounds = np.cumsum(_STATUS_NEXT, axis=1)[status]
        status = (rng.random(n)[:, None] > bounds[:, :-1]).sum(axis=1)
    point = np.tile(np.arange(n), len(days))
    frame = pd.DataFrame(
        {
            "point_id": [f"UT-{i + 1:02d}" for i in point],
            "reviewed_on": days.repeat(n),
            "location": world.wards["ward_code"].to_numpy()[ward][point],
            "name": [f"Nút giao số {i + 1:02d}" for i in point],
            "status": np.array(_STATUSES, dtype=object)[np.concatenate(seen)],
            **{k: v[point] for k, v in points(world, rng, ward).items()},
            "_known": days.repeat(n) + pd.Timedelta(days=3),
        }
    )
    return known_in_time(world, frame)


# -- events in place and time ---------------------------------------------------------------------
