"""The economy of the simulated city: figures by month, plans, enterprises, jobs, social support.

The measures of 2021 close shops and firms in the same month, cut the jobs offered a month later and
set off the support packages of July to October. Tết, the budget year and the rush to disburse at
its end give the seasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.calendar import holiday_shares
from ioc_analytics.places import CITY
from ioc_analytics.twin.world import Link, World

__all__ = ["LINKS", "simulate"]

_Array = NDArray[np.float64]
_Counts = NDArray[np.int64]

LINKS = (
    Link(
        "traffic.flow",
        "economy.jobs_offered",
        1,
        1,
        "M",
        "common",
        "The measures empty the streets at once; employers stop hiring a month later.",
    ),
    Link(
        "economy.enterprises_founded",
        "economy.jobs_offered",
        1,
        1,
        "M",
        "common",
        "Few firms begin under the measures, and hiring follows a month later.",
    ),
    Link(
        "economy.retail_sales",
        "economy.enterprises_founded",
        0,
        1,
        "M",
        "common",
        "The measures close shops and keep firms from beginning in the same month.",
    ),
    Link(
        "geography.rain",
        "economy.permits_issued",
        0,
        1,
        "W",
        "none",
        "Permits have the offices' calendar, not the weather's.",
    ),
    Link(
        "geography.temperature",
        "economy.jobs_offered",
        0,
        1,
        "M",
        "none",
        "Hiring peaks after Tết, heat in April; nothing joins them.",
    ),
)


class _Vintage(NamedTuple):
    """A status of a monthly figure: when it is published and how far off it is."""

    status: str
    days: int  # from the last day of the month
    error: float  # sd on the log scale


_VINTAGES = (
    _Vintage("estimate", -3, 0.040),
    _Vintage("preliminary", 20, 0.012),
    _Vintage("official", 135, 0.0),
)


@dataclass(frozen=True, slots=True)
class _Planned:
    """A planned figure: its year, how it spreads over the months and what the measures do."""

    code: str
    location: str
    year: float  # in 2020
    growth: float  # a year
    shares: Sequence[float]  # of the year by month
    closed: float  # log change under full restriction
    unit: str
    agency: str


# Revenue peaks in January, April and December, disbursement in November to January (DOMAIN.md C.1).
_REVENUE = (0.115, 0.065, 0.070, 0.100, 0.075, 0.070, 0.085, 0.075, 0.070, 0.085, 0.085, 0.105)
_SPENDING = (0.060, 0.055, 0.070, 0.070, 0.075, 0.085, 0.080, 0.080, 0.080, 0.085, 0.100, 0.160)
_DISBURSED = (0.050, 0.015, 0.025, 0.030, 0.035, 0.045, 0.050, 0.060, 0.070, 0.090, 0.170, 0.300)
_TRADE = (0.080, 0.065, 0.085, 0.083, 0.084, 0.084, 0.085, 0.086, 0.084, 0.087, 0.087, 0.090)
_BN, _USD = "tỷ đồng", "triệu USD"
_TREASURY, _OFFICE = "Kho bạc Nhà nước", "Cục Thống kê"
_PLANS = (
    _Planned("budget_revenue", CITY, 8_600, 0.05, _REVENUE, -0.35, _BN, "Chi cục Thuế"),
    _Planned("budget_expenditure", CITY, 5_400, 0.05, _SPENDING, 0.05, _BN, "Phòng Tài chính"),
    _Planned("public_investment", CITY, 2_900, 0.08, _DISBURSED, -1.0, _BN, _TREASURY),
    _Planned("budget_revenue", "79", 372_000, 0.05, _REVENUE, -0.30, _BN, "Cục Thuế"),
    _Planned("public_investment", "79", 33_000, 0.07, _DISBURSED, -0.9, _BN, _TREASURY),
    _Planned("exports", "79", 44_000, 0.06, _TRADE, -0.35, _USD, _OFFICE),
    _Planned("imports", "79", 50_000, 0.06, _TRADE, -0.25, _USD, _OFFICE),
)


class _Package(NamedTuple):
    """A support package: who, when, how many of the residents, how much each, days to pay."""

    name: str
    first: str
    last: str
    share: float
    million: float  # đồng, millions
    days: float


_PACKAGES = (
    _Package("informal_workers", "2021-07-01", "2021-08-10", 0.045, 1.5, 5),
    _Package("poor_households", "2021-07-15", "2021-08-31", 0.020, 1.5, 5),
    _Package("hardship", "2021-08-10", "2021-09-20", 0.140, 1.5, 8),
    _Package("hardship", "2021-09-25", "2021-10-31", 0.520, 1.0, 7),
    _Package("enterprises", "2021-08-01", "2021-10-20", 0.004, 2.0, 12),
)
_LIST = 450  # persons on one list, about


def simulate(world: World) -> dict[str, pd.DataFrame]:
    """Draw the tables of the socio-economic system.

    Parameters
    ----------
    world : World
        The measures come from `world.stringency`.

    Returns
    -------
    dict of str to DataFrame
        Canonical frames by table. Monthly figures reach over all of `world.dates`, support lists
        and permits over the recent days. `_known` is when the city learnt of a row; plans hold a
        row each for estimate, preliminary and official figure, support lists one at approval and
        one at payment. What the city had not learnt by the last day is absent.

    Examples
    --------
    >>> plans = simulate(World(seed=1, start="2021-06-01", days=28))["economy.plan_monthly"]
    >>> plans["status"].unique().tolist()
    ['estimate', 'preliminary', 'official']
    """
    tables = {
        "economy.monthly": _figures(world),
        "economy.plan_monthly": _plans(world),
        "economy.enterprises_monthly": _enterprises(world),
        "economy.support_payments": _support(world),
        "economy.jobs_monthly": _jobs(world),
        "economy.permits": _permits(world),
    }
    return {name: f[f["_known"] <= world.end].reset_index(drop=True) for name, f in tables.items()}


# -- months ---------------------------------------------------------------------------------------


def _months(world: World, earlier: int = 0) -> pd.DatetimeIndex:
    """Return the first days of the whole months of the simulated days, and `earlier` before."""
    last = world.dates[-1] + pd.Timedelta(days=1) - pd.DateOffset(months=1)
    months = pd.date_range(world.dates[0], last, freq="MS")
    first = months[0] - pd.DateOffset(months=earlier)
    return pd.date_range(first, months[-1], freq="MS")


def _closed(world: World, months: pd.DatetimeIndex, lag: int = 0) -> _Array:
    """Return the mean stringency of the month `lag` months before each one; 0 before the start."""
    by_month = pd.Series(world.stringency, world.dates).resample("MS").mean()
    asked = months - pd.DateOffset(months=lag)
    return np.asarray(by_month.reindex(asked, fill_value=0.0), dtype=float)


def _tet(months: pd.DatetimeIndex) -> tuple[_Array, _Array, _Array]:
    """Return the share of each month that lies before, in and after Tết."""
    before, during, after, _ = holiday_shares(months + pd.offsets.MonthEnd(), "M").T
    return before, during, after


def _ar1(rng: np.random.Generator, n: int, memory: float, sd: float) -> _Array:
    from scipy.signal import lfilter

    shocks = rng.normal(0, sd * np.sqrt(1 - memory**2), n + 50)
    return np.asarray(lfilter([1.0], [1.0, -memory], shocks))[50:]


def _published(frame: pd.DataFrame, days: int) -> pd.DataFrame:
    """Return the frame with the day on which a month's rows are published."""
    last = frame["month"] + pd.offsets.MonthEnd()
    return frame.assign(_known=last + pd.Timedelta(days=days))


def _by_ward(world: World, months: pd.DatetimeIndex, counts: dict[str, _Counts]) -> pd.DataFrame:
    codes = world.wards["ward_code"].to_numpy()
    frame = pd.DataFrame(
        {"month": np.repeat(months, len(codes)), "location": np.tile(codes, len(months))}
    )
    return frame.assign(**{name: values.ravel() for name, values in counts.items()})


# -- figures and plans ----------------------------------------------------------------------------


def _figures(world: World) -> pd.DataFrame:
    """Draw retail sales, budget investment, prices and output; each month known by its 29th day."""
    rng = world.rng("economy figures")
    months = _months(world, earlier=12)
    n, year = len(months), np.arange(len(months)) / 12
    before, during, after = _tet(months)
    closed = _closed(world, months)
    retail = 380e3 * np.exp(0.09 * year + 0.10 * before - 0.05 * during - 0.05 * after)
    retail *= np.exp(-0.40 * closed + _ar1(rng, n, 0.4, 0.012))
    output = np.exp(0.08 * year + 0.08 * before - 0.9 * during - 0.1 * after)
    output *= np.exp(-0.25 * closed + _ar1(rng, n, 0.5, 0.015))
    season = np.cos(2 * np.pi * (months.dayofyear.to_numpy() - 330) / 365.25)
    budget = 1_900 * np.exp(0.07 * year + 0.45 * season - 0.8 * during - 0.5 * closed)
    budget *= np.exp(_ar1(rng, n, 0.3, 0.15))
    iip = np.append(np.full(12, np.nan), 100 * (output[12:] / output[:-12] - 1))
    prices = 2.9 + _ar1(rng, n, 0.93, 1.1)
    series = (
        ("retail_sales", "VN", retail.round(1), _BN),
        ("retail_sales", "79", (0.21 * retail * np.exp(-0.25 * closed)).round(1), _BN),
        ("retail_sales", CITY, (0.024 * retail * np.exp(-0.35 * closed)).round(1), _BN),
        ("state_budget_investment", "79", budget.round(1), _BN),
        ("cpi_yoy", "VN", prices.round(2), "% so với cùng kỳ"),
        ("iip_yoy", "VN", iip.round(2), "% so với cùng kỳ"),
    )
    parts = [
        pd.DataFrame(
            {"month": months, "location": place, "series": name, "value": value, "unit": unit}
        ).iloc[12:]
        for name, place, value, unit in series
    ]
    return _published(pd.concat(parts, ignore_index=True), -1)


def _plans(world: World) -> pd.DataFrame:
    parts = [_plan(world, planned) for planned in _PLANS]
    return pd.concat(parts, ignore_index=True)


def _plan(world: World, planned: _Planned) -> pd.DataFrame:
    """Draw the months of one planned figure, each as estimated, preliminary and official."""
    rng = world.rng(f"economy plan {planned.code} {planned.location}")
    months = _months(world, earlier=12)
    years = months.year.to_numpy()
    plan = planned.year * np.exp(planned.growth * (years - 2020))
    closed = _closed(world, months)
    truth = plan * np.asarray(planned.shares)[months.month - 1]
    truth *= np.exp(planned.closed * closed + _ar1(rng, len(months), 0.4, 0.06))
    parts = []
    previous = truth
    for vintage in reversed(_VINTAGES):
        actual = truth * np.exp(rng.normal(0, vintage.error, len(months)))
        # earlier months stand in the running total as they stood at the next better status
        year_so_far = pd.Series(previous).groupby(years).cumsum().to_numpy() - previous + actual
        frame = pd.DataFrame(
            {
                "month": months,
                "location": planned.location,
                "indicator_code": planned.code,
                "unit": planned.unit,
                "plan": plan.round(0),
                "actual": actual.round(1),
                "cumulative": year_so_far.round(1),
                "same_period_last_year": pd.Series(truth).shift(12).round(1),
                "status": vintage.status,
                "source_agency": planned.agency,
            }
        )
        parts.append(_published(frame.iloc[12:], vintage.days))
        previous = actual
    return pd.concat(parts[::-1], ignore_index=True)


# -- enterprises and jobs -------------------------------------------------------------------------


def _enterprises(world: World) -> pd.DataFrame:
    """Draw enterprises founded, dissolved, suspended and re-opened out of those that stand idle."""
    rng = world.rng("economy enterprises")
    months = _months(world)
    closed = _closed(world, months)[:, None]
    _, during, after = _tet(months)
    share = _ward_shares(world, rng)
    year = np.arange(len(months))[:, None] / 12
    calm = np.exp(-0.9 * during - 0.3 * after)[:, None]
    founded = _negative_binomial(rng, 720 * share * calm * np.exp(0.04 * year - 2.2 * closed))
    dissolved = _negative_binomial(rng, 110 * share * calm * np.exp(0.03 * year - 0.6 * closed))
    january = (months.month == 1)[:, None]
    suspended = _negative_binomial(rng, 190 * share * np.exp(0.9 * january + 1.1 * closed))
    idle = np.round(900 * share).astype(np.int64)
    opening = 0.20 * np.exp(0.6 * january - 2.5 * closed)
    at_start, reopened = np.empty_like(suspended), np.empty_like(suspended)
    for t in range(len(months)):
        at_start[t] = idle
        reopened[t] = rng.binomial(idle, np.minimum(opening[t], 1))
        idle = idle + suspended[t] - reopened[t] - rng.binomial(idle - reopened[t], 0.01)
    counts = {
        "founded": founded,
        "dissolved": dissolved,
        "suspended": suspended,
        "reopened": reopened,
        "idle_at_start": at_start,
    }
    return _published(_by_ward(world, months, counts), 6)


def _jobs(world: World) -> pd.DataFrame:
    """Draw jobs offered, sought and filled; employers answer to the measures a month later."""
    rng = world.rng("economy jobs")
    months = _months(world)
    closed = _closed(world, months, lag=1)
    before, during, after = _tet(months)
    share = _ward_shares(world, rng)
    hiring = 0.9 * after - 0.8 * during - 0.3 * before + _ar1(rng, len(months), 0.5, 0.06)
    offered = 6_200 * share * np.exp(hiring - 1.4 * closed)[:, None]
    seeking = 0.8 * after - 0.5 * during - 0.5 * closed + _ar1(rng, len(months), 0.5, 0.06)
    sought = _negative_binomial(rng, 5_600 * share * np.exp(seeking)[:, None])
    places = _negative_binomial(rng, offered)
    filled = rng.binomial(np.minimum(places, sought), 0.58)
    counts = {"offered": places, "sought": sought, "filled": filled}
    return _published(_by_ward(world, months, counts), 5)


def _ward_shares(world: World, rng: np.random.Generator) -> _Array:
    """Return lasting shares of the wards, by residents and chance, shape (1, wards)."""
    share = world.wards["population"].to_numpy(float) * rng.lognormal(0, 0.35, len(world.wards))
    return np.asarray(share / share.sum())[None]


def _negative_binomial(rng: np.random.Generator, mean: _Array, size: float = 25) -> _Counts:
    return np.asarray(rng.negative_binomial(size, size / (size + mean)))


# -- support and permits --------------------------------------------------------------------------


def _support(world: World) -> pd.DataFrame:
    """Draw lists of persons approved for support, and again once they are paid."""
    rng = world.rng("economy support")
    lists = pd.concat([_allowances(world, rng), *(_lists(world, rng, p) for p in _PACKAGES)])
    lists = lists.sort_values(["approved_on", "location", "package"], ignore_index=True)
    lists.insert(0, "list_id", [f"HT-{i:06}" for i in range(1, len(lists) + 1)])
    wait = np.ceil(rng.gamma(2.0, lists["days"] / 2.0))
    paid_on = lists["approved_on"] + pd.to_timedelta(wait, unit="D")
    present = rng.beta(45, 1.2, len(lists))
    paid = rng.binomial(lists["persons_listed"], present)
    amount = (paid * lists["million"]).round(1)
    lists = lists.drop(columns=["days", "million"])
    never = rng.random(len(lists)) < 0.015  # returned to be checked, and not paid
    unpaid = pd.Series(pd.NaT, lists.index)
    first = lists.assign(
        persons_paid=0, amount_paid=0.0, paid_on=unpaid, _known=lists["approved_on"]
    )
    second = lists.assign(persons_paid=paid, amount_paid=amount, paid_on=paid_on, _known=paid_on)
    return pd.concat([first, second[~never]], ignore_index=True)


def _lists(world: World, rng: np.random.Generator, package: _Package) -> pd.DataFrame:
    """Draw the lists of a package: about one for each 450 persons, on working days of its span."""
    days = world.dates[world.recent]
    last = min(pd.Timestamp(package.last), days[-1])
    spell = pd.date_range(package.first, package.last)
    weight = np.exp(-(np.linspace(-1.3, 1.7, len(spell)) ** 2)) * (spell.dayofweek < 6)
    people = world.wards["population"].to_numpy(float) * rng.lognormal(0, 0.2, len(world.wards))
    number = rng.poisson(np.maximum(people * package.share / _LIST, 0.8))
    drawn = rng.choice(len(spell), number.sum(), p=weight / weight.sum())
    approved = pd.DatetimeIndex(spell[drawn])
    persons = 1 + rng.negative_binomial(6, 6 / (6 + _LIST), number.sum())
    frame = _listing(world, package, np.repeat(np.arange(len(people)), number), approved, persons)
    return frame[(frame["approved_on"] >= days[0]) & (frame["approved_on"] <= last)]


def _allowances(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Draw each ward's monthly list of social allowances, paid from the tenth."""
    months = pd.date_range(world.start, world.end, freq="MS")
    wards = len(world.wards)
    people = world.wards["population"].to_numpy(float) * 0.011 * rng.lognormal(0, 0.2, wards)
    persons = rng.poisson(np.tile(people, len(months)))
    after = pd.to_timedelta(rng.integers(2, 7, len(persons)), unit="D")
    days = pd.DatetimeIndex(np.repeat(months, wards) + after)
    package = _Package("monthly_allowance", "", "", 0, 0.48, 6)
    return _listing(world, package, np.tile(np.arange(wards), len(months)), days, persons)


def _listing(
    world: World,
    package: _Package,
    ward: NDArray[np.int64],
    approved: pd.DatetimeIndex,
    persons: _Counts,
) -> pd.DataFrame:
    per_household = 3.1 if package.name in ("hardship", "poor_households") else 1.1
    return pd.DataFrame(
        {
            "approved_on": approved,
            "location": world.wards["ward_code"].to_numpy()[ward],
            "package": package.name,
            "households_listed": np.ceil(persons / per_household).astype(np.int64),
            "persons_listed": persons,
            "days": package.days,
            "million": package.million,
        }
    )


def _permits(world: World) -> pd.DataFrame:
    """Draw building permits on office days, fewer under the measures and more at the year's end."""
    rng = world.rng("economy permits")
    days = world.dates
    season = 0.25 * np.cos(2 * np.pi * (days.dayofyear.to_numpy() - 320) / 365.25)
    level = 15 * np.exp(season - 2.0 * world.stringency) * world.workday
    level = level * world.profile((1.1, 1.0, 1.0, 1.0, 0.95, 1.0, 0.0), (1.2, 0.0, 0.7))
    mean = level[world.recent, None] * _ward_shares(world, rng)
    number = _negative_binomial(rng, mean, 8)
    day, ward = (
        np.repeat(axis, number.ravel()) for axis in np.indices(number.shape).reshape(2, -1)
    )
    issued = days[world.recent][day]
    kind = rng.choice(["house", "repair", "works"], len(day), p=[0.82, 0.13, 0.05])
    scale = np.select([kind == "house", kind == "repair"], [210.0, 120.0], 1_400.0)
    serial = pd.Series(1, range(len(day))).groupby(issued.year).cumsum()
    return pd.DataFrame(
        {
            "permit_id": [f"{n:05}/GPXD-{y}" for n, y in zip(serial, issued.year, strict=True)],
            "issued_on": issued,
            "location": world.wards["ward_code"].to_numpy()[ward],
            "kind": kind,
            "floor_area_m2": (scale * rng.lognormal(0, 0.45, len(day))).round(1),
            "_known": issued + pd.Timedelta(days=1),
        }
    )
