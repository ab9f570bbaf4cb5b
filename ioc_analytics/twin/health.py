"""The health system of the simulated city: diseases by week, clinics, beds, staff, vaccination.

Dengue follows the rain of six weeks before, on top of a season and of large years; hand, foot and
mouth disease follows the schools; influenza-like illness follows the respiratory noise that pupils'
absences follow too; beds fill a week after COVID-19 cases are reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.twin.world import Link, World, delayed

__all__ = ["LINKS", "simulate"]

_Array = NDArray[np.float64]
_Counts = NDArray[np.int64]

LINKS = (
    Link(
        "geography.rain",
        "health.dengue_cases",
        6,
        1,
        "W",
        words="Wet weeks breed mosquitoes; cases follow six weeks later.",
    ),
    Link("epidemic.new_cases", "health.bed_occupancy", 7, 1, words="A week to the ward."),
    Link("epidemic.new_cases", "health.icu_occupancy", 10, 1, words="Ten days to intensive care."),
    Link(
        "geography.rain",
        "health.measles_cases",
        6,
        1,
        "W",
        "none",
        "Measles has a season of its own.",
    ),
    Link(
        "geography.temperature",
        "health.hfmd_cases",
        4,
        1,
        "W",
        "none",
        "Hand, foot and mouth disease follows the schools, not the weather.",
    ),
)


@dataclass(frozen=True, slots=True)
class _Disease:
    """How common a disease is and what becomes of its cases."""

    name: str
    weekly: float  # cases in the city in an average week of an average year
    size: float  # negative binomial size of a ward's week: smaller is more overdispersed
    patchy: float  # sd of the lasting differences between wards, log scale
    drift: float  # sd of what changes slowly within a ward, log scale
    inpatient: float
    severe: float  # of inpatients
    fatal: float  # of severe cases
    outbreak: float  # new outbreaks a case


_DISEASES = (
    _Disease("dengue", 33, 6, 0.45, 0.25, 0.42, 0.04, 0.03, 0.057),
    _Disease("hfmd", 26, 5, 0.30, 0.20, 0.30, 0.04, 0.004, 0.04),
    _Disease("measles", 1.1, 0.8, 0.40, 0.30, 0.55, 0.05, 0.01, 0.03),
)
# Years beside an average one: the large ones of DOMAIN.md D.3; other years are drawn.
_YEARS = {
    "dengue": {2019: 2.9, 2021: 0.6, 2022: 3.9},
    "hfmd": {},
    "measles": {2018: 2.0, 2019: 4.0, 2020: 0.7, 2021: 0.3, 2022: 0.3},
}
_RAIN_LAG, _RAIN_EFFECT = 6, 0.30  # weeks; log cases for one sd of log weekly rain
_SCHOOL_LAG, _SCHOOL_EFFECT = 2, 0.75  # weeks; log cases between closed and open schools
_SHUT = (("2020-02-03", "2020-05-10"), ("2021-05-10", "2022-02-13"))  # no pupils in classrooms
_KNOWN = np.array([0.70, 0.90, 0.97])  # share of a week's cases known 0, 1 and 2 weeks on
_REVISED_WEEKS = 12  # newest weeks whose first reports and revisions are all kept
_FIRST_REPORT = 9  # days from the Monday of a week to its first report
_HOSPITALS, _HOSPITAL_BEDS, _STATION_BEDS = 20, 2_600, 4  # 27 beds for 10,000 residents
_ICU_FROM, _ICU_SHARE = 120, 0.06  # beds from which a hospital has intensive care, and its part
_BED_LAG, _ICU_LAG = 7, 10  # days after cases are reported
_BEDS_A_CASE, _ICU_A_CASE = 3.2, 0.22  # in use for each case reported a day
# After two doses, and with the milder variant, this share of them still needs a bed.
_MILDER, _MILDER_FROM, _MILDER_TO = 0.3, "2021-11-15", "2022-01-31"
_DENGUE_STAY = 5.0  # days in hospital


def simulate(world: World) -> dict[str, pd.DataFrame]:
    """Draw the tables of the health system.

    Parameters
    ----------
    world : World
        Reported COVID-19 cases are taken from ``world.signals["cases"]`` where present.

    Returns
    -------
    dict of str to DataFrame
        Canonical frames by table. Weekly and monthly figures reach over all of `world.dates`,
        beds over the recent days. `_known` is when the city learnt of a row; what it had not
        learnt by the last day is absent. Diseases of the last 12 weeks hold all revisions.

    Examples
    --------
    >>> tables = simulate(World(seed=1, start="2021-06-01", days=28, history=1))
    >>> sorted(tables["health.notifiable_weekly"]["disease"].unique())
    ['dengue', 'hfmd', 'measles']
    """
    courses = {d.name: _course(world, d) for d in _DISEASES}
    facilities = _facilities(world)
    notifiable = [_reports(world, name, course) for name, course in courses.items()]
    tables = {
        "health.notifiable_weekly": pd.concat(notifiable, ignore_index=True),
        "health.ili_weekly": _clinics(world),
        "health.facilities": facilities.drop(columns="icu_beds"),
        "health.beds_daily": _bed_days(world, facilities, courses["dengue"]["inpatients"]),
        "health.staff_monthly": _staff(world, facilities),
        "health.vaccination_monthly": _vaccination(world),
    }
    return {name: f[f["_known"] <= world.end].reset_index(drop=True) for name, f in tables.items()}


# -- weeks, seasons, noise ------------------------------------------------------------------------


def _weeks(world: World) -> pd.DatetimeIndex:
    """Return the Mondays of the weeks that lie whole in the simulated days."""
    last = world.dates[-1] - pd.Timedelta(days=6)
    return pd.date_range(world.dates[0], last, freq="W-MON")


def _months(world: World) -> pd.DatetimeIndex:
    """Return the first days of the months that lie whole in the simulated days."""
    last = world.dates[-1] + pd.Timedelta(days=1) - pd.DateOffset(months=1)
    return pd.date_range(world.dates[0], last, freq="MS")


def _weekly(world: World, values: NDArray[np.generic]) -> _Array:
    """Return the mean of a daily signal over each week, shape (weeks,)."""
    weeks = _weeks(world)
    first = int((weeks[0] - world.dates[0]).days)
    days = np.asarray(values, dtype=float)[first : first + 7 * len(weeks)]
    return np.asarray(days.reshape(-1, 7).mean(axis=1))


def _drift(rng: np.random.Generator, shape: tuple[int, int], memory: float, sd: float) -> _Array:
    """Return noise with memory along axis 0, standard deviation `sd`."""
    from scipy.signal import lfilter

    shocks = rng.normal(0, sd * np.sqrt(1 - memory**2), (shape[0] + 50, shape[1]))
    return np.asarray(lfilter([1.0], [1.0, -memory], shocks, axis=0))[50:]


def _season(dates: pd.DatetimeIndex, peak_day: float, per_year: int = 1) -> _Array:
    """Return a wave between -1 and 1, highest on the given day of the year."""
    turn = 2 * np.pi * per_year * (dates.dayofyear.to_numpy() - peak_day) / 365.25
    return np.asarray(np.cos(turn))


def _years(rng: np.random.Generator, weeks: pd.DatetimeIndex, known: dict[int, float]) -> _Array:
    """Return the log level of each week's year, reached in August and sliding in between."""
    years = np.arange(weeks[0].year - 1, weeks[-1].year + 2)
    drawn = rng.normal(0, 0.25, len(years))
    level = [np.log(known.get(int(y), np.exp(d))) for y, d in zip(years, drawn, strict=True)]
    return np.interp(weeks.year + weeks.dayofyear / 365.25, years + 0.62, level)


# -- notifiable diseases --------------------------------------------------------------------------


def _course(world: World, disease: _Disease) -> dict[str, _Counts]:
    """Draw what truly happened by week and ward: cases and what became of them."""
    rng = world.rng(f"health {disease.name}")
    weeks, people = _weeks(world), world.wards["population"].to_numpy(float)
    shape = (len(weeks), len(people))
    level = _years(rng, weeks, _YEARS[disease.name]) + _driver(world, disease.name)
    level += _drift(rng, (shape[0], 1), 0.7, 0.10)[:, 0]
    share = people * rng.lognormal(0, disease.patchy, shape[1])
    own = _drift(rng, shape, 0.9, disease.drift)
    mean = disease.weekly * np.exp(level)[:, None] * share / share.sum() * np.exp(own)
    cases = rng.negative_binomial(disease.size, disease.size / (disease.size + mean))
    inpatients = rng.binomial(cases, disease.inpatient)
    severe = rng.binomial(inpatients, disease.severe)
    return {
        "cases": cases,
        "inpatients": inpatients,
        "outpatients": cases - inpatients,
        "severe": severe,
        "deaths": rng.binomial(severe, disease.fatal),
        "new_outbreaks": rng.binomial(cases, disease.outbreak),
    }


def _driver(world: World, name: str) -> _Array:
    """Return what moves a disease from week to week, log scale, shape (weeks,)."""
    weeks = _weeks(world)
    if name == "dengue":
        rain = np.log1p(_weekly(world, delayed(world.rain, 7 * _RAIN_LAG)))
        return 0.55 * _season(weeks, 255) + _RAIN_EFFECT * (rain - rain.mean()) / rain.std()
    if name == "hfmd":
        school = _weekly(world, delayed(_school_open(world), 7 * _SCHOOL_LAG))
        return 0.30 * _season(weeks, 95, per_year=2) + _SCHOOL_EFFECT * (school - 0.6)
    return 0.6 * _season(weeks, 75)


def _school_open(world: World) -> NDArray[np.bool_]:
    """Return whether pupils are in their classrooms: terms, Tết, the closures of 2020-2022."""
    day = world.dates.dayofyear.to_numpy()
    is_open = ((day < 151) | (day >= 248)) & ~((world.tet >= -4) & (world.tet < 8))
    for first, last in _SHUT:
        is_open &= ~((world.dates >= pd.Timestamp(first)) & (world.dates <= pd.Timestamp(last)))
    return np.asarray(is_open)


def _reports(world: World, name: str, final: dict[str, _Counts]) -> pd.DataFrame:
    """Return the rows of a disease: old weeks once, new ones as each week made them known."""
    rng = world.rng(f"health {name} reports")
    weeks = _weeks(world)
    year = weeks.isocalendar()["year"].to_numpy(np.int64)
    known = _known_cases(rng, final["cases"])
    parts = []
    for ago in range(len(known)):
        counts = _part_of(rng, final, known[ago]) if ago < len(known) - 1 else final
        counts = {**counts, "cumulative_cases": _running(known, ago, year)}
        frame = _grid(world, weeks, counts).assign(disease=name)
        late = pd.Timedelta(days=_FIRST_REPORT + 7 * ago)
        frame["_known"] = frame["week_start"] + late
        frame = frame[frame["week_start"] >= weeks[-_REVISED_WEEKS:][0]] if ago else frame
        parts.append(frame)
    rows = pd.concat(parts, ignore_index=True)
    told = [c for c in rows.columns if c != "_known"]  # a revision that says the same is none
    return rows.drop_duplicates(told, keep="first")


def _known_cases(rng: np.random.Generator, cases: _Counts) -> _Counts:
    """Return how many cases are known 0, 1, 2 and 3 weeks on, shape (4, weeks, wards).

    The share varies by week. Of weeks before the newest 12 all is known at once.
    """
    known = np.repeat(cases[None], len(_KNOWN) + 1, axis=0)
    for ago in reversed(range(len(_KNOWN))):
        share = _KNOWN[ago] / np.append(_KNOWN, 1.0)[ago + 1]
        varied = rng.beta(30 * share, 30 * (1 - share), (len(cases), 1))
        known[ago] = rng.binomial(known[ago + 1], varied)
    known[:, :-_REVISED_WEEKS] = cases[:-_REVISED_WEEKS]
    return known


def _part_of(
    rng: np.random.Generator, final: dict[str, _Counts], cases: _Counts
) -> dict[str, _Counts]:
    """Return what is known of the patients when only some of the cases are."""
    inpatients = rng.hypergeometric(final["inpatients"], final["outpatients"], cases)
    severe = rng.hypergeometric(final["severe"], final["inpatients"] - final["severe"], inpatients)
    return {
        "cases": cases,
        "inpatients": inpatients,
        "outpatients": cases - inpatients,
        "severe": severe,
        "deaths": np.minimum(final["deaths"], severe),
        "new_outbreaks": np.minimum(final["new_outbreaks"], cases),
    }


def _running(known: _Counts, ago: int, year: NDArray[np.int64]) -> _Counts:
    """Return cases since the year began as they were known `ago` weeks after the first report."""
    newest = len(known) - 1
    total = pd.DataFrame(known[newest]).groupby(year).cumsum().to_numpy()
    for back in range(newest - ago):
        unknown = known[newest] - known[ago + back]
        same_year = (year[back:] == year[: len(year) - back])[:, None]
        total[back:] -= np.where(same_year, unknown[: len(year) - back], 0)
    return np.asarray(total)


def _grid(
    world: World, dates: pd.DatetimeIndex, counts: dict[str, _Counts], date: str = "week_start"
) -> pd.DataFrame:
    """Return arrays of shape (dates, wards) as a row for each date and ward."""
    codes = world.wards["ward_code"].to_numpy()
    frame = pd.DataFrame(
        {date: np.repeat(dates, len(codes)), "location": np.tile(codes, len(dates))}
    )
    return frame.assign(**{name: values.ravel() for name, values in counts.items()})


# -- clinics of the province ----------------------------------------------------------------------


def _clinics(world: World) -> pd.DataFrame:
    """Draw visits and influenza-like illness at the province's sentinel clinics."""
    rng = world.rng("health ili")
    weeks = _weeks(world)
    closed = _weekly(world, world.stringency)
    reports = np.maximum(rng.poisson(130 * (1 - 0.5 * closed)), 5)
    patients = rng.negative_binomial(60, 60 / (60 + 38 * reports))
    level = -2.65 + 0.12 * _season(weeks, 285) + 0.06 * _season(weeks, 15) - 0.5 * closed
    level += 0.5 * _weekly(world, world.noise("respiratory", 0.98))
    ili = rng.binomial(patients, 1 / (1 + np.exp(-level)))
    return pd.DataFrame(
        {
            "week_start": weeks,
            "location": "79",
            "reports": reports,
            "clinics": np.minimum(rng.binomial(34, 0.8 * (1 - 0.4 * closed)).clip(3), reports),
            "patients": patients,
            "ili": ili,
            "ili_pct": (100 * ili / patients).round(3),
            "_known": weeks + pd.Timedelta(days=_FIRST_REPORT),
        }
    )


# -- facilities, beds, staff ----------------------------------------------------------------------


def _facilities(world: World) -> pd.DataFrame:
    """Draw twenty hospitals and clinics with beds, and a health station in each ward."""
    rng = world.rng("health facilities")
    wards = world.wards
    people = wards["population"].to_numpy(float)
    size = np.sort(rng.lognormal(0, 0.9, _HOSPITALS))[::-1]
    beds = np.maximum(np.round(_HOSPITAL_BEDS * size / size.sum()), 15)
    home = np.append(rng.choice(len(wards), _HOSPITALS, p=people / people.sum()), wards.index)
    labels = ["Bệnh viện"] * 10 + ["Trung tâm y tế"] * 3 + ["Phòng khám đa khoa"] * 7
    names = [f"{label} mô phỏng {i:02}" for i, label in enumerate(labels, 1)]
    beds = np.append(beds, np.full(len(wards), _STATION_BEDS)).astype(np.int64)
    big = np.arange(len(home)) < _HOSPITALS
    return pd.DataFrame(
        {
            "facility_id": [f"CS{i:03}" for i in range(1, len(home) + 1)],
            "facility_name": [*names, *("Trạm y tế phường " + wards["name_vi"])],
            "location": wards["ward_code"].to_numpy()[home],
            "kind": ["hospital"] * 10 + ["center"] * 3 + ["clinic"] * 7 + ["station"] * len(wards),
            "ownership": np.where(big & (rng.random(len(home)) < 0.4), "private", "public"),
            "beds": beds,
            "doctors": np.where(big, np.round(0.3 * beds), 2).astype(np.int64),
            "nurses": np.where(big, np.round(0.7 * beds), 5).astype(np.int64),
            "ambulances": np.where(beds >= 60, 1 + beds // 150, 0),
            "lat": (wards["lat"].to_numpy()[home] + rng.normal(0, 0.003, len(home))).round(6),
            "lon": (wards["lon"].to_numpy()[home] + rng.normal(0, 0.003, len(home))).round(6),
            "icu_beds": np.where(beds >= _ICU_FROM, np.round(_ICU_SHARE * beds), 0).astype(int),
            "_known": world.dates[0],
        }
    )


def _bed_days(world: World, facilities: pd.DataFrame, dengue: _Counts) -> pd.DataFrame:
    """Draw beds in use by facility and day: usual patients, dengue, COVID-19."""
    rng = world.rng("health beds")
    planned = facilities["beds"].to_numpy(float)
    share = np.where(facilities["kind"] == "station", 0, planned)
    surge = delayed(world.stringency, 14)[:, None] * (share > 0)
    share = share / share.sum()
    beds = np.round(planned * (1 + 0.35 * surge))
    usual = 0.80 * world.profile((1.03, 1.04, 1.03, 1.02, 1.0, 0.95, 0.93), (0.94, 0.65, 0.95))
    usual = (usual * (1 - 0.30 * world.stringency))[:, None] * planned
    usual = usual * np.where(facilities["kind"] == "station", 0.4, 1.0)
    usual = usual * np.exp(_drift(rng, usual.shape, 0.85, 0.05))
    covid = _BEDS_A_CASE * _covid(world, _BED_LAG) + _dengue_patients(world, dengue)
    occupied = rng.poisson(20 * _held(usual + covid[:, None] * share, 1.08 * beds)) / 20
    icu_planned = facilities["icu_beds"].to_numpy(float)
    icu_beds = np.round(icu_planned * (1 + 0.8 * surge))
    icu = 0.62 * icu_planned * np.exp(_drift(rng, usual.shape, 0.8, 0.06))
    icu = icu + _ICU_A_CASE * _covid(world, _ICU_LAG)[:, None] * icu_planned / icu_planned.sum()
    icu_occupied = np.round(_held(icu, icu_beds))
    ventilators = np.round(0.7 * icu_beds)
    used = rng.binomial(ventilators.astype(int), _share(0.75 * icu_occupied, icu_beds))
    counts = {
        "beds_planned": np.broadcast_to(planned, beds.shape),
        "beds": beds,
        "occupied": np.round(occupied),
        "icu_beds": icu_beds,
        "icu_occupied": icu_occupied,
        "ventilators": ventilators,
        "ventilators_used": used,
    }
    return _by_facility(world, facilities, counts)


def _by_facility(world: World, facilities: pd.DataFrame, counts: dict[str, _Array]) -> pd.DataFrame:
    days = world.dates[world.recent]
    frame = pd.DataFrame(
        {
            "date": np.repeat(days, len(facilities)),
            "facility_id": np.tile(facilities["facility_id"], len(days)),
            "location": np.tile(facilities["location"], len(days)),
        }
    )
    for name, values in counts.items():
        frame[name] = values[world.recent].ravel().astype(np.int64)
    return frame.assign(_known=frame["date"] + pd.Timedelta(days=1))


def _covid(world: World, lag: int) -> _Array:
    """Return cases that need a bed, `lag` days after report and smoothed over three days."""
    cases = world.signals.get("cases", np.zeros((len(world.dates), 1))).sum(axis=1)
    turn = [(pd.Timestamp(day) - world.dates[0]).days for day in (_MILDER_FROM, _MILDER_TO)]
    cases = cases * np.interp(np.arange(len(cases)), turn, [1.0, _MILDER])
    return np.asarray(np.mean([delayed(cases, lag + k) for k in (-1, 0, 1)], axis=0))


def _dengue_patients(world: World, inpatients: _Counts) -> _Array:
    """Return dengue patients in hospital on each day, a week after their cases, shape (T,)."""
    middle = (_weeks(world) - world.dates[0]).days.to_numpy() + 3
    daily = np.interp(np.arange(len(world.dates)), middle, inpatients.sum(axis=1) / 7)
    return _DENGUE_STAY * delayed(daily, _BED_LAG)


def _held(need: _Array, room: _Array) -> _Array:
    """Return what is needed, bent so that it comes near the room there is and not above it."""
    ratio = _share(need, room)
    return np.asarray(need / (1 + ratio**8) ** 0.125)


def _share(part: _Array, whole: _Array) -> _Array:
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=whole > 0)


def _staff(world: World, facilities: pd.DataFrame) -> pd.DataFrame:
    """Draw doctors and nurses by facility and month: slow growth, some leave after the wave."""
    rng = world.rng("health staff")
    months = _months(world)
    years = np.arange(len(months))[:, None] / 12
    resigned = (months >= pd.Timestamp("2021-10-01")) & (months < pd.Timestamp("2022-10-01"))
    shape = (len(months), len(facilities))
    trend = 0.95 + 0.012 * years - 0.05 * resigned[:, None] + _drift(rng, shape, 0.95, 0.03)
    frame = pd.DataFrame(
        {
            "month": np.repeat(months, len(facilities)),
            "facility_id": np.tile(facilities["facility_id"], len(months)),
            "location": np.tile(facilities["location"], len(months)),
        }
    )
    for name in ("doctors", "nurses"):
        count = np.maximum(np.round(facilities[name].to_numpy() * trend), 1)
        frame[name] = count.ravel().astype(np.int64)
    return frame.assign(_known=frame["month"] + pd.offsets.MonthBegin() + pd.Timedelta(days=9))


def _vaccination(world: World) -> pd.DataFrame:
    """Draw children due and vaccinated; sessions stop with the measures, some catch up later."""
    rng = world.rng("health vaccination")
    months = _months(world)
    people = world.wards["population"].to_numpy(float)
    closed = pd.Series(world.stringency, world.dates).resample("MS").mean()[months].to_numpy()
    after = np.append(0.0, closed[:-1])
    ward = rng.normal(0, 0.25, len(people))
    due = rng.poisson(people * 0.014 / 12, (len(months), len(people)))
    parts = []
    for name, usual in (("full", 2.9), ("bcg", 3.6), ("dpt3", 3.0), ("measles1", 3.1)):
        level = usual - 3.2 * closed + 0.6 * (after > closed) * after
        logit = level[:, None] + ward + rng.normal(0, 0.15, due.shape)
        counts = {"due": due, "vaccinated": rng.binomial(due, 1 / (1 + np.exp(-logit)))}
        parts.append(_grid(world, months, counts, "month").assign(vaccine=name))
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(_known=frame["month"] + pd.offsets.MonthBegin() + pd.Timedelta(days=14))
