"""Simulated schools and their attendance.

Pupils fall ill a week after the clinics see the same infections rise; schools close, and their
rows cease, while the measures of the epidemic are hard.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.twin.world import Link, World, delayed

__all__ = ["LINKS", "simulate"]

_Array = NDArray[np.float64]
_Index = NDArray[np.int64]

LINKS = (
    Link(
        "health.ili_cases",
        "education.illness_absence_rate",
        1,
        1,
        freq="W",
        kind="common",
        words="One season of respiratory infections: clinics at once, absence a week later.",
    ),
    Link("geography.rain", "education.illness_absence_rate", 0, 1, freq="W", kind="none"),
    Link("traffic.flow", "education.illness_absence_rate", 0, 1, freq="W", kind="none"),
    Link("social_media.mentions", "education.illness_absence_rate", 0, 1, freq="W", kind="none"),
)

# level: residents per school, pupils per school, pupils per class, teachers per class,
# rooms per class, share taught two sessions a day, share absent ill, share absent otherwise
_LEVELS = {
    "preschool": (8_500, 285, 27, 1.9, 1.24, 1.0, 0.018, 0.020),
    "primary": (14_000, 1_080, 38, 1.35, 1.10, 0.75, 0.011, 0.008),
    "lower_secondary": (24_000, 1_250, 43, 1.8, 1.02, 0.35, 0.008, 0.009),
    "upper_secondary": (48_000, 1_200, 42, 2.2, 1.16, 0.50, 0.006, 0.010),
    "continuing": (500_000, 900, 40, 1.2, 0.90, 0.0, 0.006, 0.030),
}
_NAMES = {
    "preschool": "Trường Mầm non số",
    "primary": "Trường Tiểu học số",
    "lower_secondary": "Trường THCS số",
    "upper_secondary": "Trường THPT số",
    "continuing": "Trung tâm GDTX số",
}
_PRIVATE = (0.62, 0.12, 0.10, 0.22, 0.0)
_DAILY_LEVELS = 4  # centres of continuing education do not report attendance
_FEWEST_RESIDENTS = 1_000  # a ward with fewer has no school
_SCHOOL_AGE = 0.23  # share of residents aged 3 to 18
_GROWTH = 1.028  # pupils of a year beside those of the year before; sizes are those of 2021
_OPENING = "09-05"  # first day of the school year, DOMAIN.md D.2
_CLOSED_ABOVE = 0.2  # stringency from which lessons are online
_BACK_2021 = "2021-12-13"  # secondary schools return (DOMAIN.md D.2)
_ABSENCE_LAG = 7  # days after the clinics
_YEARS_BEFORE = 2  # attendance and schools reach back so far before the recent days
_WEEKLY_BATCH = 0.12  # share of wards that send a week's attendance on the Monday after


def simulate(world: World) -> dict[str, pd.DataFrame]:
    """Simulate the tables of the education system.

    Parameters
    ----------
    world : World
        The city's signals.

    Returns
    -------
    dict of str to DataFrame
        `education.attendance_daily` of the school days from two years before the world's start,
        `education.schools` and `education.school_age` of every school year that these touch:
        columns of the contract and `_known`, the day on which the city came to know the row.

    Examples
    --------
    >>> tables = simulate(World(seed=1, start="2021-07-01", days=92, history=1))
    >>> str(tables["education.attendance_daily"]["date"].max().date())  # closed from then on
    '2021-05-28'
    """
    schools = _schools(world)
    return {
        "education.schools": _with_corrections(world, schools),
        "education.school_age": _school_age(world, schools),
        "education.attendance_daily": _attendance(world, schools),
    }


# -- schools --------------------------------------------------------------------------------------


def _span(world: World) -> slice:
    """Return the days of which attendance is told."""
    return slice(max(0, world.first - 365 * _YEARS_BEFORE), len(world.dates))


def _years(world: World) -> list[int]:
    """Return the school years that those days touch, each by the year it begins in."""
    dates = world.dates[_span(world)]
    first, last = (day.year - (day < _opening(day.year)) for day in (dates[0], dates[-1]))
    return list(range(first, last + 1))


def _opening(year: int) -> pd.Timestamp:
    return pd.Timestamp(f"{year}-{_OPENING}").as_unit("ns")


def _schools(world: World) -> pd.DataFrame:
    """Return the truth about each school in each year."""
    rng = world.rng("education schools")
    level, ward = _founded(world, rng)
    n, facts = len(level), np.array(list(_LEVELS.values()))[level]
    size = rng.lognormal(np.log(facts[:, 1]) - 0.03, 0.25)
    room = facts[:, 4] * rng.lognormal(0, 0.12, 34)[ward] * rng.lognormal(0, 0.1, n)
    crowded = facts[:, 2] * rng.lognormal(0, 0.05, 34)[ward] * rng.lognormal(0, 0.05, n)
    both = np.clip(facts[:, 5] + rng.normal(0, 0.15, n) * (facts[:, 5] < 1), 0, 1)
    private = rng.random(n) < np.array(_PRIVATE)[level]
    staff = facts[:, 3] * rng.lognormal(0, 0.06, n)
    built = np.ceil(size / crowded * room).astype(int)
    frames = []
    for step, year in enumerate(_years(world)):
        pupils = (size * _GROWTH ** (year - 2021) * rng.lognormal(0, 0.02, n)).astype(int)
        classes = np.ceil(pupils / crowded).astype(int)
        frame = pd.DataFrame(
            {
                "school_id": [f"TR-{i + 1:04d}" for i in range(n)],
                "year_start": _opening(year),
                "location": world.wards["ward_code"].to_numpy()[ward],
                "name": [f"{list(_NAMES.values())[k]} {i + 1:03d}" for i, k in enumerate(level)],
                "level": np.array(list(_LEVELS), dtype=object)[level],
                "type": np.where(private, "private", "public"),
                "classes": classes,
                "pupils": pupils,
                "teachers": np.round(classes * staff).astype(int),
                "rooms": built + rng.binomial(6, 0.1 * step / (step + 1), n),
                "two_session_pupils": (pupils * np.where(level == 4, 0, both)).astype(int),
            }
        )
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _founded(world: World, rng: np.random.Generator) -> tuple[_Index, _Index]:
    """Return level and ward of every school: at least a kindergarten and a primary in a ward."""
    people = world.wards["population"].to_numpy()
    per_school = np.array([v[0] for v in _LEVELS.values()])
    wanted = people[:, None] / per_school
    counts = np.floor(wanted + rng.random(wanted.shape)).astype(int)
    counts[:, :2] = np.maximum(counts[:, :2], 1)
    counts[people < _FEWEST_RESIDENTS] = 0
    cells = np.repeat(np.arange(counts.size), counts.ravel())
    return cells % len(_LEVELS), cells // len(_LEVELS)


def _with_corrections(world: World, schools: pd.DataFrame) -> pd.DataFrame:
    """Date the reports of the autumn, and add the few that schools correct in winter."""
    rng = world.rng("education corrections")
    first = schools["year_start"] + pd.to_timedelta(rng.integers(20, 40, len(schools)), unit="D")
    schools = schools.assign(_known=first)
    wrong = rng.random(len(schools)) < 0.05
    before = schools.copy()
    before.loc[wrong, "pupils"] = (before["pupils"][wrong] * 1.08).round().astype(int)
    after = schools[wrong].assign(_known=first[wrong] + pd.Timedelta(days=90))
    return _known_in_time(world, pd.concat([before, after]))


def _school_age(world: World, schools: pd.DataFrame) -> pd.DataFrame:
    rng = world.rng("education school age")
    codes = world.wards["ward_code"].to_numpy()
    rooms = schools.pivot_table("rooms", "year_start", "location", aggfunc="sum", fill_value=0)
    rooms = rooms.reindex(columns=codes, fill_value=0)
    young = world.wards["population"].to_numpy() * _SCHOOL_AGE * rng.lognormal(0, 0.06, 34)
    since = pd.DatetimeIndex(rooms.index).year.to_numpy()[:, None] - 2021.0
    children = np.round(young * _GROWTH**since * rng.lognormal(0, 0.005, (len(rooms), 34)))
    years = rooms.index.repeat(34)
    frame = pd.DataFrame(
        {
            "year_start": years,
            "location": np.tile(codes, len(rooms)),
            "school_age_population": children.astype(int).ravel(),
            "rooms": rooms.to_numpy().ravel(),
            "moved_in": rng.poisson(0.03 * children).ravel(),
            "_known": years + pd.Timedelta(days=100),
        }
    )
    return _known_in_time(world, frame)


# -- attendance -----------------------------------------------------------------------------------


def _attendance(world: World, schools: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each school day, ward and level that has a school there."""
    rng = world.rng("education attendance")
    day, ward, level = np.nonzero(_open(world)[:, None, :] & np.ones((1, 34, 1), dtype=bool))
    enrolled = _enrolled(world, schools)[_year_of(world)[day], ward, level]
    reported = (enrolled > 0) & (rng.random(len(day)) > 0.01)
    day, ward, level, enrolled = (a[reported] for a in (day, ward, level, enrolled))
    ill, other = _absent(world, rng, (day, ward, level), enrolled)
    dates = world.dates[_span(world)][day]
    frame = pd.DataFrame(
        {
            "date": dates,
            "location": world.wards["ward_code"].to_numpy()[ward],
            "level": np.array(list(_LEVELS), dtype=object)[level],
            "enrolled": enrolled,
            "present": enrolled - ill - other,
            "absent_ill": ill,
            "_known": dates + _sent(rng, dates, ward),
        }
    )
    return _known_in_time(world, frame)


def _open(world: World) -> NDArray[np.bool_]:
    """Tell on which of those days schools of each daily level hold lessons in person."""
    dates = world.dates
    month_day = dates.month * 100 + dates.day
    term = (month_day >= 905) | (month_day <= 531)
    taught = world.workday & np.asarray(term) & ~((world.tet >= -3) & (world.tet <= 5))
    free = np.repeat(world.stringency[:, None] < _CLOSED_ABOVE, _DAILY_LEVELS, axis=1)
    free[:, 2:] |= np.asarray(dates >= pd.Timestamp(_BACK_2021))[:, None]
    return np.asarray(taught[:, None] & free)[_span(world)]


def _year_of(world: World) -> _Index:
    """Return the position of each day's school year among `_years`."""
    dates = world.dates[_span(world)]
    started = np.asarray(dates.month * 100 + dates.day >= 905)
    return dates.year.to_numpy() - ~started - _years(world)[0]


def _enrolled(world: World, schools: pd.DataFrame) -> _Index:
    """Return pupils by school year, ward and level."""
    axes = (
        ("year_start", [_opening(year) for year in _years(world)]),
        ("location", world.wards["ward_code"].tolist()),
        ("level", list(_LEVELS)),
    )
    cube = np.zeros([len(values) for _, values in axes], dtype=np.int64)
    place = tuple(pd.Index(values).get_indexer(pd.Index(schools[name])) for name, values in axes)
    np.add.at(cube, place, schools["pupils"].to_numpy())
    return cube


def _absent(
    world: World, rng: np.random.Generator, cell: tuple[_Index, _Index, _Index], enrolled: _Index
) -> tuple[_Index, _Index]:
    """Draw the pupils absent ill, and absent for another reason."""
    day, ward, level = cell
    facts = np.array(list(_LEVELS.values()))
    week = np.array([1.1, 1.0, 0.97, 0.98, 1.05, 1.0, 1.0])[world.dates.dayofweek]
    season = 1 + 0.25 * np.cos(2 * np.pi * (world.dates.dayofyear.to_numpy() - 290) / 365.25)
    wave = delayed(season * np.exp(0.5 * world.noise("respiratory", 0.98)), _ABSENCE_LAG)
    ill = facts[level, 6] * (wave * week)[_span(world)][day] * rng.lognormal(0, 0.15, 34)[ward]
    ill = np.minimum(ill * rng.gamma(40, 1 / 40, len(day)), 0.3)
    before_tet = 1 + 0.5 * ((world.tet < 0) & (world.tet >= -10))[_span(world)][day]
    other = facts[level, 7] * before_tet * rng.lognormal(0, 0.2, 34)[ward]
    sick = rng.binomial(enrolled, ill)
    return sick, rng.binomial(enrolled - sick, np.minimum(other, 0.3))


def _sent(rng: np.random.Generator, dates: pd.DatetimeIndex, ward: _Index) -> pd.TimedeltaIndex:
    """Days until attendance is sent: at once, seldom later, from a few wards each Monday."""
    weekly = (rng.random(34) < _WEEKLY_BATCH)[ward]
    late = rng.geometric(0.95, len(ward)) - 1
    return pd.to_timedelta(np.where(weekly, 7 - dates.dayofweek, late), unit="D")


def _known_in_time(world: World, frame: pd.DataFrame) -> pd.DataFrame:
    """Keep what was known by the world's last day, in the order in which it became known."""
    kept = frame[frame["_known"] <= world.end]
    return kept.sort_values(["_known", *frame.columns[:3]], ignore_index=True)
