"""The outbreak behind the simulated COVID-19 tables: a tree of infections and its reports.

First the daily infections of each ward are drawn (`twin.outbreak_course`, which conditions them on
published totals and levels). Then each infection gets its infector among those infectious on that
day, in proportion to each one's own infectiousness (gamma with shape k, so that offspring is
negative binomial) and to the mixing of their wards; then a place, an incubation time apart from
the generation time, a severity, and the dates on which it was sampled, confirmed and reported, if
it ever was; the reports are drawn again, a few times at most, until the levels of 2021-10-23 are
those announced.

Values without source were chosen so that the shape of 2021 comes out; nothing was estimated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.twin.outbreak_course import (
    DELAYS,
    GENERATION,
    LEVEL_DAY,
    ORIGIN,
    PARAMETERS,
    Course,
    by_day,
    knots,
)
from ioc_analytics.twin.world import World

__all__ = ["KINDS", "Outbreak", "coverage", "draw_outbreak"]

_Array = NDArray[np.float64]
_Counts = NDArray[np.int64]
_Values = NDArray[Any]

KINDS = (
    "household",
    "workplace",
    "market",
    "lodging",
    "school",
    "hospital",
    "community",
    "imported",
)
_HOUSEHOLD, _WORKPLACE, _MARKET, _LODGING, _SCHOOL, _HOSPITAL, _COMMUNITY, _IMPORTED = range(8)
_BATCH = ("2021-08-09", "2021-08-29", "2021-09-03")  # confirmed from, to, registered on
_HELD = {5: (0.15, 2), 6: (0.40, 1)}  # weekday: share of its reports held, for days
# Share of adults with one dose and with two, DOMAIN.md D.4 and 0 (23 October); the rest chosen.
_DOSES = {
    "2021-03-08": (0.0, 0.0),
    "2021-06-19": (0.015, 0.003),
    "2021-07-15": (0.12, 0.008),
    "2021-08-01": (0.24, 0.012),
    "2021-08-19": (0.72, 0.024),
    "2021-09-21": (0.94, 0.30),
    "2021-10-05": (0.985, 0.70),
    "2021-10-23": (0.999, 0.9747),
    "2021-12-31": (1.0, 0.995),
}
_PROTECTION = (0.0, 0.3, 0.6)  # against infection, by doses
_SEVERE_IF = (1.0, 0.6, 0.25)  # factor on the risk of a severe course, by doses
_REPORT_DRAWS = 8
_SETTINGS_NEAR = np.cumsum([0.62, 0.10, 0.06, 0.10, 0.02, 0.02])
_SETTINGS_FAR = np.cumsum([0.00, 0.42, 0.16, 0.00, 0.03, 0.04])
_SCHOOLS_CLOSED = ("2020-02-01", "2020-05-04", "2021-05-10", "2022-02-07")
_LODGING_WARDS = ("26794", "26797", "26800", "26830", "26836", "26842", "26803")
_AGES = (0, 5, 15, 25, 35, 45, 55, 65, 75, 95)
_AGE_CDF = (0.0, 0.05, 0.15, 0.33, 0.57, 0.74, 0.87, 0.945, 0.98, 1.0)
_K = PARAMETERS["k"]


@dataclass(frozen=True)
class Outbreak:
    """What truly happened, and what of it came to be known.

    Attributes
    ----------
    people : DataFrame
        One row an infection in order of time; its index is the person's number. Days count from
        `ORIGIN`, -1 is “none”. `infector, generation, infected, ward, kind, place, household, row,
        workplace, age, doses, symptomatic, onset, severity` (0 none to 4 critical), `dies,
        reported, sampled, confirmed, report, first_ward, corrected, known_ward` (on the last day).
    R : ndarray, shape (T,)
        Mean number infected by one person, by day of transmission.
    multipliers : ndarray, shape (2, 34)
        Of the wards' exposure, in the wave and from `_AUTUMN_FROM` on, noise included.
    delays : ndarray, shape (T, 3)
        Mean days onset to sample, sample to result, result to registration.
    reported_share : ndarray, shape (T,)
        Chance of an infection of that day to be reported.
    """

    people: pd.DataFrame
    R: _Array
    multipliers: _Array
    delays: _Array
    reported_share: _Array


def draw_outbreak(world: World) -> Outbreak:
    """Return the outbreak of a simulated city up to its last day; drawn once for each city."""
    return _drawn(world.seed, world.start, world.days, world.history)


def coverage(dates: pd.DatetimeIndex) -> _Array:
    """Return the share of adults with at least one dose and with two, shape (T, 2), 0 to 1."""
    days = (dates.to_numpy().astype("datetime64[D]") - ORIGIN).astype(np.int64)
    return np.column_stack([knots({d: v[i] for d, v in _DOSES.items()}, days) for i in (0, 1)])


@lru_cache(maxsize=2)
def _drawn(seed: int, start: str, days: int, history: int) -> Outbreak:
    world = World(seed, start, days, history)
    n_days = max(by_day(str(world.end.date())) + 1, 1)
    course = Course.of(world, n_days)
    counts = course.draw(world.rng("epidemic course"))
    people = _tree(world, course, counts)
    delays = _delays(world, n_days)
    people |= _persons(world.rng("epidemic persons"), people)
    people |= _accepted_reports(world.rng("epidemic reports"), people, delays, course)
    return Outbreak(pd.DataFrame(people), course.R, course.multipliers, delays, course.reported)


# -- who infected whom, and where ------------------------------------------------------------------


def _tree(world: World, course: Course, counts: _Counts) -> dict[str, _Values]:
    """Give each infection an infector and a place, day by day."""
    rng = world.rng("epidemic tree")
    n_days, n_wards = counts.shape
    total = int(counts.sum())
    first = np.concatenate([[0], counts.sum(axis=1).cumsum()])
    people: dict[str, _Values] = {
        "infected": np.repeat(np.arange(n_days), counts.sum(axis=1)),
        "ward": np.repeat(np.tile(np.arange(n_wards), n_days), counts.ravel()),
        "infector": np.full(total, -1),
        "generation": np.zeros(total, dtype=np.int64),
        "kind": np.full(total, _IMPORTED),
        "place": np.full(total, -1),
        "household": np.arange(total),
    }
    people |= _homes(rng, course, people["ward"])
    infectiousness = rng.gamma(_K, 1 / _K, total) + 1e-12
    inside = np.ones(total, dtype=np.int64)  # infected people of the household of each founder
    for t in np.flatnonzero(counts.sum(axis=1)).tolist():
        begin = first[max(t - len(GENERATION), 0)]
        recent, new = slice(begin, first[t]), np.arange(first[t], first[t + 1])
        weight = infectiousness[recent] * GENERATION[t - people["infected"][recent] - 1]
        weight *= course.brake[t, people["ward"][recent]]
        mean, imported = course.expected(t, counts[max(t - len(GENERATION), 0) : t])
        own = rng.random(len(new)) >= (imported / mean)[people["ward"][new]]
        kernel = course.kernels[int(t >= course.autumn)]
        child = new[own] if len(weight) else new[:0]
        parent = begin + _infectors(
            rng, weight, people["ward"][recent], kernel, people["ward"][child]
        )
        people["infector"][child] = parent
        people["generation"][child] = people["generation"][parent] + 1
        _meet(rng, people, inside, child, parent, schools=_schools_open(t))
    return people


def _infectors(
    rng: np.random.Generator, weight: _Array, ward: _Counts, kernel: _Array, wards: _Counts
) -> _Counts:
    """Draw an infector for each infected person's ward: first the ward, then the person in it."""
    if not len(wards):
        return np.zeros(0, dtype=np.int64)
    load = np.bincount(ward, weight, len(kernel))
    chance = np.cumsum(load[:, None] * kernel, axis=0)[:, wards]
    source = (rng.random(len(wards)) * chance[-1] > chance).sum(axis=0)
    order = np.argsort(ward, kind="stable")
    running = np.cumsum(weight[order])
    before = np.concatenate([[0.0], np.cumsum(load)])
    drawn = before[source] + rng.random(len(wards)) * load[source]
    return order[np.minimum(np.searchsorted(running, drawn), len(order) - 1)]


def _homes(rng: np.random.Generator, course: Course, ward: _Values) -> dict[str, _Values]:
    """Draw household size, lodging row (-1 none) and workplace of each person."""
    n, people = len(ward), course.population[ward]
    lodgers = np.where(np.isin(course.codes, _LODGING_WARDS), 0.30, 0.08)[ward]
    row = ward * 1000 + (rng.random(n) * np.maximum(people / 300, 2)).astype(np.int64)
    far = rng.random(n) < 0.5
    site = np.where(far, rng.choice(len(course.codes), n, p=course.shares[0]), ward)
    firms = np.minimum(np.maximum(course.population[site] / 250, 3), 999)
    return {
        "size": rng.choice(np.arange(1, 8), n, p=[0.08, 0.16, 0.20, 0.26, 0.15, 0.09, 0.06]),
        "row": np.where(rng.random(n) < lodgers, row, -1),
        "workplace": site * 1000 + (firms * rng.random(n) ** 2).astype(np.int64),
    }


def _schools_open(t: int) -> bool:
    closed_1, open_1, closed_2, open_2 = map(by_day, _SCHOOLS_CLOSED)
    return not (closed_1 <= t < open_1 or closed_2 <= t < open_2)


def _meet(
    rng: np.random.Generator,
    people: dict[str, _Values],
    inside: _Counts,
    child: _Counts,
    parent: _Counts,
    *,
    schools: bool,
) -> None:
    """Draw the kind of place of each infection, and what the two people share by it."""
    near = people["ward"][child] == people["ward"][parent]
    u = rng.random(len(child))
    kind = np.where(near, np.searchsorted(_SETTINGS_NEAR, u), np.searchsorted(_SETTINGS_FAR, u))
    row, home = people["row"][parent], people["household"][parent]
    kind[(kind == _LODGING) & (row < 0)] = _HOUSEHOLD
    full = inside[home] + _order(np.where(kind == _HOUSEHOLD, home, -1)) >= people["size"][home]
    kind[(kind == _HOUSEHOLD) & full] = _COMMUNITY
    if not schools:
        kind[kind == _SCHOOL] = _COMMUNITY
    same_home = kind == _HOUSEHOLD
    np.add.at(inside, home[same_home], 1)
    ward = people["ward"][parent] * 1000
    places = [home, people["workplace"][parent], ward + parent % 3, row, ward + parent % 4]
    places += [parent % 3, np.full(len(child), -1)]
    people["kind"][child], people["place"][child] = kind, np.choose(kind, places)
    for name, shared in (
        ("household", same_home),
        ("row", same_home | (kind == _LODGING)),
        ("workplace", kind == _WORKPLACE),
    ):
        people[name][child[shared]] = people[name][parent[shared]]


def _order(groups: _Counts) -> _Counts:
    """Return each item's place (0, 1, …) within its group."""
    by_group = np.argsort(groups, kind="stable")
    ranked = groups[by_group]
    order = np.empty(len(groups), dtype=np.int64)
    order[by_group] = np.arange(len(groups)) - np.searchsorted(ranked, ranked)
    return order


# -- who they are, and how ill ---------------------------------------------------------------------


def _persons(rng: np.random.Generator, people: Mapping[str, _Values]) -> dict[str, _Values]:
    """Draw age, doses received before infection, symptoms and the course of the illness."""
    kind, n = people["kind"], len(people["kind"])
    age = np.interp(rng.random(n), _AGE_CDF, _AGES).astype(np.int64)
    age = np.where(kind == _WORKPLACE, np.clip(age, 18, 60), age)
    age = np.where(kind == _SCHOOL, rng.integers(6, 18, n), age)
    doses = _doses(rng, people["infected"], age)
    incubation = _whole(rng, PARAMETERS["incubation_mean"], PARAMETERS["incubation_sd"], n)
    risk = np.array(_SEVERE_IF)[doses] / (1 + np.exp(6.25 - 0.069 * age))
    u = rng.random(n)
    symptomatic = (rng.random(n) < PARAMETERS["symptomatic"]) | (u < 3 * risk)
    severity = np.where(symptomatic, 1, 0)
    for level, factor in ((2, 3.0), (3, 1.0), (4, 0.45)):
        severity[u < factor * risk] = level
    dies = (severity >= 3) & (rng.random(n) < 0.50 + 0.005 * age)
    return {
        "age": age,
        "doses": doses,
        "symptomatic": symptomatic,
        "onset": np.where(symptomatic, people["infected"] + incubation, -1),
        "severity": severity,
        "dies": dies,
    }


def _doses(rng: np.random.Generator, infected: _Values, age: _Counts) -> _Counts:
    """Draw doses among the infected: fewer than among all, for the vaccine protects."""
    one, two = coverage(pd.DatetimeIndex(ORIGIN + infected.astype(np.int64))).T
    free = np.stack([1 - one, one - two, two]) * (1 - np.array(_PROTECTION))[:, None]
    free /= free.sum(axis=0)
    u = rng.random(len(age))
    return np.where(age >= 18, (u > free[0]).astype(np.int64) + (u > free[0] + free[1]), 0)


def _whole(rng: np.random.Generator, mean: _Array | float, sd: float, n: int) -> _Counts:
    """Draw gamma delays in whole days, at least 1."""
    shape = (mean / sd) ** 2
    return np.maximum(np.rint(rng.gamma(shape, mean / shape, n)), 1).astype(np.int64)


# -- what is reported, and when --------------------------------------------------------------------


def _delays(world: World, n_days: int) -> _Array:
    """Return the mean delays of each day: a trend, and a factor that changes by week."""
    days = np.arange(n_days)
    trend = np.column_stack([knots({d: v[i] for d, v in DELAYS.items()}, days) for i in range(3)])
    weeks = np.arange(n_days) // 7  # day 0 is a Monday
    factor = world.rng("epidemic delays").lognormal(0, 0.15, (n_days // 7 + 1, 3))
    return np.asarray(trend * factor[weeks])


def _accepted_reports(
    rng: np.random.Generator,
    people: Mapping[str, _Values],
    delays: _Array,
    course: Course,
) -> dict[str, _Values]:
    """Draw the reports again, a few times at most, until the levels are those announced."""
    best, fewest = {}, np.inf
    for _ in range(_REPORT_DRAWS):
        reports = _reports(rng, people, delays, course)
        wrong = _levels_missed(reports, course)
        if wrong < fewest:
            best, fewest = reports, wrong
        if not wrong:
            break
    return best


def _levels_missed(reports: Mapping[str, _Values], course: Course) -> float:
    """Count the wards whose reported cases of 14 days give another level than announced."""
    day = by_day(LEVEL_DAY)
    if day >= len(course.R):
        return 0.0
    recent = reports["reported"] & (reports["report"] > day - 14) & (reports["report"] <= day)
    cases = np.bincount(reports["known_ward"][recent], minlength=len(course.codes))
    return float(course.wrong_levels(cases[None].astype(float), slack=0.0)[0])


def _reports(
    rng: np.random.Generator,
    people: Mapping[str, _Values],
    delays: _Array,
    course: Course,
) -> dict[str, _Values]:
    """Draw whether and when each infection is sampled, confirmed and registered, and where."""
    n, last = len(people["infected"]), len(delays) - 1
    chance = course.reported[people["infected"]] * np.where(people["symptomatic"], 1.1, 0.82)
    reported = (rng.random(n) < chance) | (people["severity"] >= 3)
    sampled = _sampled(rng, people, delays, reported)

    def passed(day: _Counts, step: int) -> _Counts:
        """Draw a delay whose mean is that of the day on which it begins."""
        return rng.poisson(rng.gamma(2.0, delays[np.minimum(day, last), step] / 2.0))

    confirmed = sampled + passed(sampled, 1)
    report = confirmed + passed(confirmed, 2)
    slow = rng.random(n) < 0.006  # files found again weeks later
    report = report + np.where(slow, rng.exponential(25, n), 0).astype(np.int64)
    begin, end, registered = map(by_day, _BATCH)
    batch = (confirmed >= begin) & (confirmed <= end) & (rng.random(n) < PARAMETERS["batch_share"])
    report = np.where(batch, registered, report)
    for weekday, (share, days) in _HELD.items():
        held = (report % 7 == weekday) & (rng.random(n) < share)
        report = report + np.where(held, days, 0)
    moved = (rng.random(n) < PARAMETERS["wrong_ward"]) & ~people["dies"]
    other = (people["ward"] + rng.integers(1, 4, n)) % len(course.codes)
    corrected = np.where(moved, report + rng.integers(3, 11, n), -1)
    return {
        "reported": reported & (report <= last),
        "sampled": sampled,
        "confirmed": confirmed,
        "report": report,
        "first_ward": np.where(moved, other, people["ward"]),
        "corrected": corrected,
        "known_ward": np.where(moved & (corrected > last), other, people["ward"]),
    }


def _sampled(
    rng: np.random.Generator,
    people: Mapping[str, _Values],
    delays: _Array,
    reported: NDArray[np.bool_],
) -> _Counts:
    """Draw the day of the sample: for symptoms, by screening, or earlier as someone's contact."""
    infected, n, last = people["infected"], len(people["infected"]), len(delays) - 1
    begins = np.where(people["symptomatic"], people["onset"], infected + 4)
    mean = delays[np.minimum(begins, last), 0]
    alone = np.maximum(begins + np.rint(rng.gamma(1.6, mean / 1.6)), infected + 1).astype(np.int64)
    source = people["infector"]
    found = (source >= 0) & reported[source]
    traced = found & (rng.random(n) < np.where(people["kind"] == _HOUSEHOLD, 0.55, 0.15))
    called = np.maximum(alone[source] + 1 + rng.integers(0, 3, n), infected + 2)
    return np.where(traced, np.minimum(alone, called), alone)
