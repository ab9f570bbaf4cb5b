"""The COVID-19 tables that count by day: cases, quarantine, isolation, care, tests, vaccines.

All of them are counted from the reported cases of the simulated outbreak, so that they agree with
the line list; only tests that found nothing, contacts in isolation and vaccines are drawn here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.twin.outbreak import Outbreak, coverage
from ioc_analytics.twin.outbreak_course import ORIGIN, by_day, knots
from ioc_analytics.twin.world import World

__all__ = ["TIER_SCHEMES", "cases_by_day", "daily_tables"]

_Array = NDArray[np.float64]
_Counts = NDArray[np.int64]
_Values = NDArray[Any]

_COUNTED_FROM = "2020-02-01"
_WAVE_FROM = "2021-04-27"
_SITES_FROM = "2021-05-01"
_ZONES_FROM = "2021-08-15"
_ANTIGEN_FROM = "2021-07-10"
_DOSES_FROM, _THIRD_FROM, _CHILDREN_FROM = "2021-03-08", "2021-12-10", "2021-10-27"

# The city's share of the province's cases, and the province's of the country's; DOMAIN.md D.5 for
# the first (9-10 % in the wave), the rest chosen.
_OF_PROVINCE = {"2020-02-01": 0.20, "2021-05-20": 0.095, "2021-09-10": 0.095, "2021-10-10": 0.05}
_OF_COUNTRY = {
    "2020-02-01": 0.25,
    "2021-05-15": 0.10,
    "2021-07-05": 0.60,
    "2021-08-31": 0.50,
    "2021-10-10": 0.27,
    "2021-11-30": 0.10,
}
_DEATHS_OF_COUNTRY = 0.77
# Tier of each severity (0 none to 4 critical) by number of tiers of the scheme (DOMAIN.md B.6);
# the days between the schemes are from memory.
TIER_SCHEMES = {
    "2020-01-20": (1, 1, 2, 3, 3),
    "2021-07-14": (1, 1, 2, 3, 4),
    "2021-07-22": (1, 2, 3, 4, 5),
    "2021-09-20": (1, 1, 2, 3, 3),
}
_HOSPITALS = ("26836", "26806", "27100")  # wards with a hospital
_F1_PER_CASE = 3.0
_ISOLATION_DAYS = {"2020-01-20": 14, "2021-05-05": 21, "2021-07-14": 14}  # DOMAIN.md B.2
_F1_CENTRAL = {"2021-07-10": 1.0, "2021-08-01": 0.5, "2021-09-15": 0.15}
_LARGE_SITES = {"27118": 1200, "27115": 1500, "26800": 2500, "27112": 800}
# Positives per person tested, where no zones are told; and by zone (DOMAIN.md B.6).
_POSITIVITY = {
    "2020-02-01": 0.004,
    "2021-06-10": 0.008,
    "2021-07-20": 0.075,
    "2021-08-14": 0.050,
}
_ZONES = {"green": (0.10, 0.008), "yellow": (0.25, 0.015), "orange": (0.35, 0.036)}
_RED = (0.30, 0.036)
_POOL = 4.0  # people in one PCR sample, mean
_AGE_SHARES = {"18": 0.76, "50": 0.22, "65": 0.06}  # of residents, chosen
_OF_ADULTS = {"18": (1.0, 1.0), "50": (0.975, 0.955), "65": (0.955, 0.915)}  # reached on 23 October
_ELDERLY_LAG = {"27118": 0.75}  # Thủ Thiêm has few and reached fewer of them


def daily_tables(world: World, o: Outbreak, cases: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables that count by day.

    `cases` holds the reported ones, columns of `Outbreak.people` and `home, facility, ended,
    announced, oxygen, ventilated, antigen`, days counted from the outbreak's origin.
    """
    f1_home, f1_central = _contacts_isolated(world, cases, len(o.R))
    return {
        "epidemic.cases_daily": _cases_daily(world, cases, len(o.R)),
        "epidemic.quarantine_sites": _quarantine(world, f1_central),
        "epidemic.isolation_daily": _isolation(world, cases, f1_home, f1_central),
        "epidemic.treatment_daily": _treatment(world, cases, len(o.R)),
        "epidemic.tests_daily": _tests(world, cases, len(o.R)),
        "epidemic.vaccination_daily": _vaccination(world, len(o.R)),
    }


def cases_by_day(world: World, cases: pd.DataFrame, n_days: int) -> _Array:
    """Return reported cases by day of the world and ward, as known on its last day, (T, 34)."""
    by_origin = _count(cases["report"], cases["known_ward"], (n_days, len(world.wards)))
    result = np.zeros((len(world.dates), len(world.wards)))
    day = (world.dates.to_numpy().astype("datetime64[D]") - ORIGIN).astype(np.int64)
    inside = (day >= 0) & (day < n_days)
    result[inside] = by_origin[day[inside]]
    return result


def _count(day: Any, ward: Any, shape: tuple[int, int]) -> _Counts:
    flat = np.asarray(day) * shape[1] + np.asarray(ward)
    return np.bincount(flat[np.asarray(day) < shape[0]], minlength=shape[0] * shape[1]).reshape(
        shape
    )


def _grid(world: World, values: Mapping[str, _Values], since: str) -> pd.DataFrame:
    """Return a row a day and ward from matrices of shape (days from the origin, 34)."""
    n_days = len(next(iter(values.values())))
    begin = min(max(by_day(since), by_day(str(world.dates[0].date()))), n_days)
    days = pd.DatetimeIndex(ORIGIN + np.arange(begin, n_days))
    codes = world.wards["ward_code"].to_numpy()
    frame = pd.DataFrame(
        {"date": np.repeat(days, len(codes)), "location": np.tile(codes, len(days))}
    )
    for name, matrix in values.items():
        frame[name] = matrix[begin:].ravel()
    frame["_known"] = frame["date"]
    return frame


def _joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [f for f in frames if len(f)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


# -- cases and deaths -----------------------------------------------------------------------------


def _cases_daily(world: World, cases: pd.DataFrame, n_days: int) -> pd.DataFrame:
    """Count reported cases and deaths; a case that moves to another ward revises both wards."""
    shape = (n_days, len(world.wards))
    first = _count(cases["report"], cases["first_ward"], shape)
    dead = cases[cases["dies"] & (cases["announced"] < n_days)]
    deaths = _count(dead["announced"], dead["known_ward"], shape)
    late = cases[(cases["corrected"] >= 0) & (cases["corrected"] < n_days)]
    moves = _count(late["corrected"], late["ward"], shape)
    moves -= _count(late["corrected"], late["first_ward"], shape)
    values = {
        "new_cases": first,
        "new_deaths": deaths,
        "cumulative_cases": (first + moves).cumsum(axis=0),
        "cumulative_deaths": deaths.cumsum(axis=0),
    }
    wards = _grid(world, values, _COUNTED_FROM)
    revised = _revised(world, late, first, deaths)
    frames = [wards, revised[revised["date"] >= wards["date"].min()]]
    final = _count(cases["report"], cases["known_ward"], shape)
    frames += _above(world, final.sum(axis=1), deaths.sum(axis=1))
    return _joined(frames)


def _revised(world: World, late: pd.DataFrame, first: _Counts, deaths: _Counts) -> pd.DataFrame:
    """Return the rows that change when cases move to the ward in which they live."""
    counts, died = first.copy(), deaths.cumsum(axis=0)
    codes = world.wards["ward_code"].to_numpy()
    parts = []
    day: Any
    for day, moved in late.sort_values("report").groupby("corrected"):
        np.subtract.at(counts, (moved["report"], moved["first_ward"]), 1)
        np.add.at(counts, (moved["report"], moved["ward"]), 1)
        for ward in np.unique(moved[["first_ward", "ward"]].to_numpy()):
            touched = (moved["ward"] == ward) | (moved["first_ward"] == ward)
            days = np.arange(int(moved["report"][touched].min()), int(day))
            parts.append(
                pd.DataFrame(
                    {
                        "date": ORIGIN + days,
                        "location": codes[ward],
                        "new_cases": counts[days, ward],
                        "new_deaths": deaths[days, ward],
                        "cumulative_cases": counts[:, ward].cumsum()[days],
                        "cumulative_deaths": died[days, ward],
                        "_known": ORIGIN + int(day),
                    }
                )
            )
    if not parts:
        return pd.DataFrame({"date": pd.DatetimeIndex([])})
    frame = pd.concat(parts, ignore_index=True)
    return frame.astype({"date": "datetime64[ns]", "_known": "datetime64[ns]"})


def _above(world: World, cases: _Counts, deaths: _Counts) -> list[pd.DataFrame]:
    """Extrapolate the city's counts to the province and the country."""
    rng = world.rng("epidemic province")
    begin = max(by_day(_COUNTED_FROM), by_day(str(world.dates[0].date())))
    if begin >= len(cases):
        return []
    day = np.arange(len(cases))
    frames = []
    counted = {"cases": cases, "deaths": deaths}
    for code, part in (("79", _OF_PROVINCE), ("VN", _OF_COUNTRY)):
        share, frame = knots(part, day), pd.DataFrame({"date": ORIGIN + day})
        for what, below in counted.items():
            of = (
                np.full(len(day), _DEATHS_OF_COUNTRY) if (code, what) == ("VN", "deaths") else share
            )
            mean = pd.Series(below / of).rolling(3, min_periods=1).mean().to_numpy()
            drawn = rng.negative_binomial(60, 60 / (60 + mean))
            counted[what] = np.maximum(drawn, below)
            frame[f"new_{what}"] = counted[what]
            frame[f"cumulative_{what}"] = counted[what].cumsum()
        frame = frame.iloc[begin:].astype({"date": "datetime64[ns]"})
        frames.append(frame.assign(location=code, _known=frame["date"]))
    at = np.searchsorted(world.dates, frames[1]["date"])
    frames[1]["stringency_index"] = (20 + 74 * world.stringency[at]).round(2)
    return frames


# -- isolation and quarantine ----------------------------------------------------------------------


def _stock(
    begin: _Values,
    end: _Values,
    place: _Values,
    shape: tuple[int, int],
    weight: _Values | None = None,
) -> _Counts:
    """Count who is there at the end of each day: from `begin` up to the day before `end`."""
    change = np.zeros((shape[0] + 1, shape[1]), dtype=np.int64)
    ones = np.ones(len(begin), dtype=np.int64) if weight is None else np.asarray(weight)
    np.add.at(change, (np.minimum(begin, shape[0]), place), ones)
    np.subtract.at(change, (np.clip(end, begin, shape[0]), place), ones)
    return change[:-1].cumsum(axis=0)


def _contacts_isolated(world: World, cases: pd.DataFrame, n_days: int) -> tuple[_Counts, _Counts]:
    """Return close contacts isolated at home and in quarantine sites, shape (T, 34) each."""
    rng = world.rng("epidemic isolation")
    contacts = rng.poisson(_F1_PER_CASE, len(cases))
    report, ward = cases["report"].to_numpy(), cases["known_ward"].to_numpy()
    central = rng.binomial(contacts, knots(_F1_CENTRAL, report))
    since = [by_day(d) for d in _ISOLATION_DAYS]
    length = np.array(list(_ISOLATION_DAYS.values()))[np.searchsorted(since, report, "right") - 1]
    shape = (n_days, len(world.wards))
    home = _stock(report, report + length, ward, shape, contacts - central)
    return home, _stock(report, report + length, ward, shape, central)


def _isolation(
    world: World, cases: pd.DataFrame, f1_home: _Counts, f1_central: _Counts
) -> pd.DataFrame:
    home = cases[cases["home"]]
    begin, end, ward = (home[c].to_numpy() for c in ("report", "ended", "known_ward"))
    values = {
        "f0_home": _stock(begin, end, ward, f1_home.shape),
        "f1_home": f1_home,
        "f1_central": f1_central,
    }
    return _grid(world, values, _COUNTED_FROM)


def _quarantine(world: World, f1_central: _Counts) -> pd.DataFrame:
    """Fill each ward's own site first; those without room go to the large ones."""
    capacity = np.maximum(world.wards["population"].to_numpy() // 2500 * 10, 20)
    inside = np.minimum(f1_central, capacity)
    frame = _grid(world, {"occupied": inside}, _SITES_FROM)
    frame["site_id"] = "CL-" + frame["location"]
    frame["capacity"] = np.tile(capacity, len(frame) // len(capacity))
    over = (f1_central - inside).sum(axis=1)
    room = np.array(list(_LARGE_SITES.values()))
    placed = np.zeros((len(over), len(room)), dtype=np.int64)
    for i, places in enumerate(room):
        left = over - placed.sum(axis=1)
        placed[:, i] = left if i == len(room) - 1 else np.minimum(left, int(0.97 * places))
    dates = pd.DatetimeIndex(frame["date"].unique())
    large = [
        pd.DataFrame({"date": dates, "location": code, "site_id": f"CL-{code}-L"}).assign(
            occupied=placed[len(over) - len(dates) :, i], capacity=places, _known=dates
        )
        for i, (code, places) in enumerate(_LARGE_SITES.items())
    ]
    return _joined([frame, *large])


# -- treatment -------------------------------------------------------------------------------------


def _treatment(world: World, cases: pd.DataFrame, n_days: int) -> pd.DataFrame:
    """Count patients by facility, tier and day; the number of tiers follows the scheme in force."""
    codes = [*world.wards["ward_code"], *_HOSPITALS]
    names = [f"DT-{c}" for c in world.wards["ward_code"]] + [f"BV-{c}" for c in _HOSPITALS]
    shape = (n_days, 5 * len(codes))
    inside = cases[~cases["home"]]
    slot = (inside["facility"] * 5 + inside["severity"]).to_numpy()
    begin, end = inside["confirmed"].to_numpy(), inside["ended"].to_numpy()
    dead = inside["dies"].to_numpy() & (end < n_days)
    counts = {
        "inpatients": _stock(begin, end, slot, shape),
        "oxygen": _stock(begin, end, slot, shape, inside["oxygen"].to_numpy(np.int64)),
        "ventilated": _stock(begin, end, slot, shape, inside["ventilated"].to_numpy(np.int64)),
        "deaths": _count(end[dead], slot[dead], shape),
    }
    starts = [*(by_day(d) for d in TIER_SCHEMES), n_days]
    begin_day = max(by_day(_WAVE_FROM), by_day(str(world.dates[0].date())))
    parts = [
        _tiers(counts, tiers, names, codes, np.arange(max(a, begin_day), min(b, n_days)))
        for tiers, a, b in zip(TIER_SCHEMES.values(), starts, starts[1:], strict=False)
        if max(a, begin_day) < min(b, n_days)
    ]
    return _joined(parts)


def _tiers(
    counts: Mapping[str, _Counts],
    tiers: tuple[int, ...],
    names: list[str],
    codes: list[str],
    days: _Counts,
) -> pd.DataFrame:
    """Return the rows of one scheme: field facilities keep its lower tiers, hospitals the rest."""
    parts = []
    for tier in range(1, max(tiers) + 1):
        held = [s for s in range(5) if tiers[s] == tier]
        places = np.arange(34) if held[-1] <= 1 else np.arange(34, len(names))
        part = pd.DataFrame(
            {
                "date": np.repeat(ORIGIN + days, len(places)),
                "location": np.tile(np.array(codes)[places], len(days)),
                "facility_id": np.tile(np.array(names)[places], len(days)),
                "tier_scheme": max(tiers),
                "tier": tier,
            }
        )
        for name, matrix in counts.items():
            of_tier = sum(matrix[np.ix_(days, places * 5 + s)] for s in held)
            part[name] = np.asarray(of_tier).ravel()
        peak = part.groupby("facility_id")["inpatients"].transform("max")
        spare = 0.98 if tier == max(tiers) else 1.15
        part["beds"] = (np.ceil(peak * spare / 5) * 5).clip(lower=10).astype(np.int64)
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True).astype({"date": "datetime64[ns]"})
    return frame.assign(_known=frame["date"])


# -- tests -----------------------------------------------------------------------------------------


def _tests(world: World, cases: pd.DataFrame, n_days: int) -> pd.DataFrame:
    """Count those found, and draw those tested without finding, by zone where there are zones."""
    rng = world.rng("epidemic tests")
    shape = (n_days, len(world.wards))
    parts = []
    for test, since in (("pcr", _COUNTED_FROM), ("antigen", _ANTIGEN_FROM)):
        chosen = cases[cases["antigen"] == (test == "antigen")]
        found = _count(chosen["confirmed"], chosen["known_ward"], shape)
        left = found.copy()
        left[by_day(_ZONES_FROM) :] = 0
        open_days = _grid(world, {"positives": left}, since)
        open_days = open_days[open_days["date"] < _ZONES_FROM].assign(zone="unzoned")
        parts.append(_tested(rng, world, open_days, test, knots(_POSITIVITY, np.arange(n_days))))
        split = rng.multinomial(found, [*(s for s, _ in _ZONES.values()), _RED[0]])
        for i, (zone, (_, positivity)) in enumerate([*_ZONES.items(), ("red", _RED)]):
            rows = _grid(world, {"positives": split[..., i]}, _ZONES_FROM).assign(zone=zone)
            parts.append(_tested(rng, world, rows, test, np.full(n_days, positivity)))
    return _joined(parts)


def _tested(
    rng: np.random.Generator, world: World, rows: pd.DataFrame, test: str, positivity: _Array
) -> pd.DataFrame:
    """Add the people tested and the samples; a PCR sample pools several people from July 2021."""
    day = (rows["date"].to_numpy().astype("datetime64[D]") - ORIGIN).astype(np.int64)
    weekday = np.array([1.1, 1.05, 1.0, 1.0, 1.05, 0.95, 0.8])[rows["date"].dt.dayofweek]
    people = world.wards.set_index("ward_code")["population"].loc[rows["location"]].to_numpy()
    basic = people * 2e-4 * weekday * np.where(rows["zone"] == "unzoned", 1.0, 0.4)
    mean = rows["positives"] / positivity[day] * rng.lognormal(0, 0.12, len(rows)) + basic
    tested = np.maximum(rng.poisson(mean), rows["positives"])
    pool = np.where((test == "pcr") & (rows["date"] >= "2021-07-01"), _POOL, 1.0)
    samples = np.ceil(tested / pool).astype(np.int64)
    return rows.assign(test_type=test, people=tested, samples=samples)


# -- vaccination -----------------------------------------------------------------------------------


def _vaccination(world: World, n_days: int) -> pd.DataFrame:
    """Spread the city's coverage over its wards; the elderly are reached less."""
    rng = world.rng("epidemic vaccination")
    population = world.wards["population"].to_numpy(float)
    pace = rng.lognormal(0, 0.1, len(population))
    elderly = np.clip(rng.normal(1.0, 0.02, len(population)), 0.93, 1.035)
    lag = world.wards["ward_code"].map(_ELDERLY_LAG).to_numpy(float)
    elderly = np.where(np.isnan(lag), elderly, lag)
    city = _campaign(rng, n_days)
    values: dict[str, _Values] = {}
    for age, share in _AGE_SHARES.items():
        people = np.rint(share * population)
        values[f"people_{age}"] = np.tile(people.astype(np.int64), (n_days, 1))
        for i, name in enumerate(("dose1", "full")):
            reached = _OF_ADULTS[age][i] * (elderly if age != "18" else 1.0)
            part = _spread(city[:, i], pace, population)
            values[f"{name}_{age}"] = np.floor(people * np.minimum(part * reached, 1)).astype(int)
        values[f"full_{age}"] = np.minimum(values[f"full_{age}"], values[f"dose1_{age}"])
    for name, counted in (("doses_1", "dose1_18"), ("doses_2", "full_18")):
        values[name] = np.diff(values[counted], axis=0, prepend=values[counted][:1])
    day = np.arange(n_days)
    for name, since, rate in (
        ("doses_3", _THIRD_FROM, 5e-3),
        ("child_doses", _CHILDREN_FROM, 4e-3),
    ):
        under_way = (day >= by_day(since)) & (day < by_day(since) + 90)
        values[name] = rng.poisson(np.outer(under_way * rate, population))
    return _grid(world, values, _DOSES_FROM)


def _spread(city: _Array, pace: _Array, population: _Array) -> _Array:
    """Return the coverage of wards of unequal pace, (T, 34), which add up to the city's."""
    left = np.maximum(1 - city, 0)[:, None]
    wards = left**pace
    mean = (wards @ population / population.sum())[:, None]
    return 1 - np.minimum(wards * np.divide(left, mean, out=np.ones_like(mean), where=mean > 0), 1)


def _campaign(rng: np.random.Generator, n_days: int) -> _Array:
    """Return the city's coverage with one dose and two by day, slower on Sundays, (T, 2)."""
    dates = pd.DatetimeIndex(ORIGIN + np.arange(n_days))
    cover = coverage(dates)
    pace = np.array([1.0, 1.1, 1.1, 1.1, 1.1, 1.0, 0.6])[dates.dayofweek]
    pace = pace * rng.lognormal(0, 0.15, n_days)
    steps = np.diff(cover, axis=0, prepend=0.0)
    uneven = steps * pace[:, None]
    week = (np.arange(n_days) + 1) // 7  # from Sunday on, each with its own sum
    for i in (0, 1):
        made = np.bincount(week, uneven[:, i])
        factor = np.bincount(week, steps[:, i]) / np.where(made > 0, made, 1.0)
        uneven[:, i] *= factor[week]
    return np.minimum(uneven.cumsum(axis=0), 1.0)
