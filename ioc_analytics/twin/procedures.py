"""Simulated files of administrative procedures: arrivals, a queue that may overflow, returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.places import CITY
from ioc_analytics.twin.queues import DAY_HOURS, OfficeClock, backlog, queue_days
from ioc_analytics.twin.world import Link, World

__all__ = ["LINKS", "simulate"]

_Array = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Moments = NDArray[np.datetime64]

LINKS = (
    Link(
        "procedures.received",
        "procedures.open_files",
        lag=0,
        sign=1,
        freq="W",
        words="Files that come in wait until they are solved.",
    ),
    Link("geography.rain", "procedures.received", lag=0, sign=1, kind="none"),
    Link("geography.temperature", "procedures.on_time_rate", lag=0, sign=1, kind="none"),
    Link(
        "procedures.digitised_share",
        "documents.e_signed_share",
        lag=0,
        sign=1,
        freq="M",
        kind="none",
        words="Both rise over the years, each for its own reasons.",
    ),
)


class _Field(NamedTuple):
    """A field of procedures: its share of all files, legal term and how its files go."""

    share: float
    term_days: float
    fee: float  # share of files with a fee
    supplement: float  # share of files that wait for supplements
    online: float  # on the scale of log odds
    procedures: int
    office: str  # empty: the ward's own


_FIELDS = {
    "certification": _Field(0.34, 1, 0.95, 0.0, -1.2, 4, ""),
    "civil_status": _Field(0.22, 3, 0.35, 0.03, 0.5, 9, ""),
    "household_business": _Field(0.09, 3, 0.9, 0.06, 0.8, 5, "Phòng Kinh tế"),
    "land": _Field(0.12, 20, 0.8, 0.12, -0.8, 12, "Chi nhánh Văn phòng đăng ký đất đai"),
    "construction": _Field(0.06, 15, 0.7, 0.16, 0.1, 6, "Phòng Quản lý đô thị"),
    "social_support": _Field(0.09, 10, 0.0, 0.07, 0.0, 11, ""),
    "labour": _Field(0.03, 7, 0.0, 0.05, 0.4, 5, "Phòng Lao động, Thương binh và Xã hội"),
    "education": _Field(0.02, 5, 0.0, 0.04, 0.4, 4, "Phòng Giáo dục và Đào tạo"),
    "trade": _Field(0.02, 10, 0.8, 0.08, 0.5, 4, "Phòng Kinh tế"),
    "environment": _Field(0.01, 15, 0.5, 0.12, 0.0, 3, "Phòng Tài nguyên và Môi trường"),
}
_FILES_PER_RESIDENT = 5.3e-4  # a day, over all days of a week
_WEEKDAYS = (1.62, 1.42, 1.35, 1.32, 1.20, 0.06, 0.03)  # at weekends only online
_TET = (1.12, 0.25, 1.25)
_RESERVE = 2.0  # capacity of a normal office day beside the mean of all days
_REVISED_DAYS = 60  # so far back rows are given as they stood before the file was returned
_APPLICANTS = 150_000
_EVENING = 17.0


@dataclass(frozen=True)
class _Files:
    """All files of all days, an array entry each, in order of ward and day."""

    ward: _Ints
    day: _Ints
    field: _Ints
    evening: NDArray[np.bool_]
    received: _Moments
    due: _Moments
    extended: _Moments  # NaT: as promised
    paused: _Moments
    resumed: _Moments
    returned: _Moments

    def take(self, chosen: NDArray[np.bool_]) -> _Files:
        """Return some of the files."""
        return _Files(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    @property
    def limit(self) -> _Moments:
        """When each file is due in the end."""
        return np.where(np.isnat(self.extended), self.due, self.extended)


def simulate(world: World) -> dict[str, pd.DataFrame]:
    """Return the files of the recent days, the balance of all months and the service score."""
    files = _work(world)
    monthly = _monthly(world, files)
    return {
        "procedures.files": _file_rows(world, files.take(files.day >= world.first)),
        "procedures.monthly": _monthly_rows(world, monthly),
        "procedures.service_index": _service_index(world, monthly),
    }


# -- work and queue -------------------------------------------------------------------------------


def _demand(world: World) -> _Array:
    """Return the files that people bring on each day; what a lockdown defers comes afterwards."""
    rng = world.rng("procedures demand")
    people = world.wards["population"].to_numpy(float)
    habits = people * np.exp(rng.normal(0, 0.25, len(people)))
    city = _FILES_PER_RESIDENT * people.sum() * habits / habits.sum()
    mood = np.exp(0.08 * world.noise("procedures demand", 0.8))
    wish = np.outer(world.profile(_WEEKDAYS, _TET) * mood, city)
    comes = wish * (1 - 0.75 * world.stringency)[:, None]
    deferred = np.zeros(len(people))
    for day in range(len(comes)):
        deferred = deferred + 0.42 * (wish[day] - comes[day])
        if world.stringency[day] < 0.5 and world.workday[day]:
            comes[day] += 0.024 * deferred
            deferred = 0.976 * deferred
    return comes


def _capacity(world: World, demand: _Array) -> _Array:
    """Return how many files each office can take up on each day."""
    rng = world.rng("procedures capacity")
    usual = np.median(demand[: min(len(demand), 365)][world.workday[:365]], axis=0) / 1.35
    skill = np.exp(rng.normal(0, 0.05, len(usual)))
    staff = world.workday * (1 - 0.52 * world.stringency)
    return np.outer(staff * _RESERVE, usual * skill)


def _work(world: World) -> _Files:
    """Let every file of every day arrive, wait its turn, pause where it must and be returned."""
    rng = world.rng("procedures files")
    demand = _demand(world)
    arrivals = rng.poisson(demand * rng.gamma(20, 1 / 20, demand.shape))
    turn = queue_days(arrivals, backlog(arrivals, _capacity(world, demand)))
    counts = arrivals.T.ravel()
    days, wards = arrivals.shape
    ward = np.repeat(np.repeat(np.arange(wards), days), counts)
    day = np.repeat(np.tile(np.arange(days), wards), counts)
    clock = OfficeClock(world.dates[0], world.end + pd.Timedelta(days=200))
    evening, received = _received(world, rng, day)
    field = _fields(world, rng, ward)
    start = clock.hours(received)
    wait = np.maximum(clock.before[np.minimum(turn, days - 1)] - start, 0)
    wait[turn >= days] = np.inf  # its turn comes after the last day
    return _done(rng, clock, (ward, day, field, evening, received), start, wait)


def _received(
    world: World, rng: np.random.Generator, day: _Ints
) -> tuple[NDArray[np.bool_], _Moments]:
    evening = (rng.random(len(day)) < 0.10) | ~world.workday[day]
    hour = np.where(
        evening,
        _EVENING + 5.5 * rng.random(len(day)),
        7.5 + 9.0 * rng.beta(1.3, 1.6, len(day)),
    )
    minute = (hour * 60).astype("m8[m]")
    return evening, world.dates.to_numpy()[day].astype("M8[s]") + minute


def _fields(world: World, rng: np.random.Generator, ward: _Ints) -> _Ints:
    """Draw each file's field: wards differ in what their people need."""
    shares = np.array([f.share for f in _FIELDS.values()])
    mixes = world.rng("procedures fields").dirichlet(80 * shares, len(world.wards))
    ends = np.arange(len(mixes))[:, None] + np.cumsum(mixes, axis=1)
    return np.minimum(
        np.searchsorted(ends.ravel(), ward + rng.random(len(ward))) - ward * len(shares),
        len(shares) - 1,
    )


def _done(
    rng: np.random.Generator,
    clock: OfficeClock,
    given: tuple[_Ints, _Ints, _Ints, NDArray[np.bool_], _Moments],
    start: _Array,
    wait: _Array,
) -> _Files:
    """Return the files with their due times, pauses and returns, on the offices' clock."""
    field, n = given[2], len(start)
    terms = DAY_HOURS * np.array([f.term_days for f in _FIELDS.values()])[field]
    used = 0.5 * np.exp(0.32 * rng.standard_normal(n))
    used = np.where((used > 1) & (used < 1.25) & (rng.random(n) < 0.6), 0.97, used)
    used = np.where(rng.random(n) < 0.004, used * 6, used)  # forgotten in a drawer
    asks = rng.random(n) < np.array([f.supplement for f in _FIELDS.values()])[field]
    pause = np.where(asks, np.clip(20 * np.exp(0.8 * rng.standard_normal(n)), 1, 400), 0.0)
    paused = np.where(asks, start + wait + 0.3 * terms * used, np.nan)
    extra = (used > 1.25) & ~asks & (rng.random(n) < 0.3)  # an apology with a new date
    extended = np.where(asks, start + terms + pause, np.where(extra, start + 1.5 * terms, np.nan))
    finish = start + wait + terms * used + pause
    some = np.flatnonzero(~np.isnan(extended))
    later = [np.full(n, np.datetime64("NaT", "s")) for _ in range(3)]
    for moments, hours in zip(later, (extended, paused, paused + pause), strict=True):
        moments[some] = _minutes(clock, hours[some])
    due, returned = _minutes(clock, start + terms), _minutes(clock, finish)
    return _Files(*given, due, later[0], later[1], later[2], returned)


def _minutes(clock: OfficeClock, hours: _Array) -> _Moments:
    """Return moments to the minute, as the systems write them."""
    return clock.moments(hours).astype("M8[m]").astype("M8[s]")


# -- rows of files --------------------------------------------------------------------------------


def _file_rows(world: World, files: _Files) -> pd.DataFrame:
    """Return the rows of the recent files, with what was known of the newest before the end."""
    rng = world.rng("procedures rows")
    frame = _described(world, rng, files)
    end = np.datetime64(world.end.date(), "D")
    late = np.where(rng.random(len(frame)) < 0.03, rng.integers(1, 5, len(frame)), 0)
    known = files.returned.astype("M8[D]") + late
    settled = known <= end  # NaT is not
    begun, stopped = files.received.astype("M8[D]"), files.paused.astype("M8[D]")
    opening = ~settled | (known > np.maximum(end - _REVISED_DAYS, begun))
    waits = ~settled & (stopped > begun) & (stopped <= end) & ~(files.resumed <= end)
    parts = [np.flatnonzero(kind) for kind in (settled, opening, waits)]
    rows = frame.iloc[np.concatenate(parts)].reset_index(drop=True)
    rows["_known"] = np.concatenate(
        [day[part] for day, part in zip((known, begun, stopped), parts, strict=True)]
    ).astype("M8[s]")
    kind = np.repeat([0, 1, 2], [len(part) for part in parts])
    nothing = np.datetime64("NaT", "s")
    rows.loc[kind > 0, ["extended_due_at", "paused_until", "returned_at"]] = nothing
    rows.loc[kind == 1, "paused_from"] = nothing
    rows.loc[kind > 0, "rating"] = None
    rows.loc[kind > 0, "status"] = np.where(kind == 1, "processing", "supplement")[kind > 0]
    return rows


def _described(world: World, rng: np.random.Generator, files: _Files) -> pd.DataFrame:
    """Return the files as they stand in the end."""
    n = len(files.ward)
    kinds = list(_FIELDS.values())
    field = np.array(list(_FIELDS), dtype=object)[files.field]
    online = _is_online(world, rng, files)
    number = 1 + (rng.random(n) * np.array([k.procedures for k in kinds])[files.field]).astype(int)
    code_of = np.array(
        [[f"1.{10 + f:03}{p:03}" for p in range(13)] for f in range(len(kinds))], "O"
    )
    own = np.array([f"UBND phường {name}" for name in world.wards["name_vi"]], dtype=object)
    offices = np.array([k.office for k in kinds], dtype=object)[files.field]
    person = rng.integers(0, _APPLICANTS, n)
    late = files.returned > files.limit
    return pd.DataFrame(
        {
            "file_id": _file_ids(world, files),
            "procedure_code": code_of[files.field, number],
            "field": field,
            "office": np.where(offices == "", own[files.ward], offices),
            "location": world.wards["ward_code"].to_numpy(object)[files.ward],
            "channel": _channels(world, rng, files, online),
            "received_at": files.received,
            "due_at": files.due,
            "extended_due_at": files.extended,
            "paused_from": files.paused,
            "paused_until": files.resumed,
            "returned_at": files.returned,
            "status": rng.choice(["returned", "refused", "withdrawn"], n, p=[0.968, 0.024, 0.008]),
            "digitised": pd.array(rng.random(n) < _rising(world, 0.45, 0.9)[files.day], "boolean"),
            "paid_online": _payments(rng, files, online),
            "rating": _ratings(rng, late),
            "applicant_name": _numbered("Người dân {:06}")[person],
            "applicant_id": _numbered("000{:09}")[person],
        }
    )


def _file_ids(world: World, files: _Files) -> NDArray[np.object_]:
    """Return numbers that begin anew with each ward and day, as the one-stop shops give them."""
    group = files.ward * len(world.dates) + files.day
    first = np.concatenate([[0], np.flatnonzero(np.diff(group)) + 1])
    sizes = np.diff(np.append(first, len(group)))
    number = np.arange(len(group)) - np.repeat(first, sizes) + 1
    days = world.dates.strftime("%y%m%d").to_numpy(object)[files.day[first]]
    wards = world.wards["ward_code"].to_numpy(object)[files.ward[first]]
    prefix = np.repeat([f"H29.{w}-{d}-" for w, d in zip(wards, days, strict=True)], sizes)
    pairs = zip(prefix.tolist(), number.tolist(), strict=True)
    return np.array([f"{start}{n:04}" for start, n in pairs], dtype=object)


def _numbered(pattern: str) -> NDArray[np.object_]:
    return np.array([pattern.format(i) for i in range(_APPLICANTS)], dtype=object)


def _rising(world: World, midpoint: float, speed: float) -> _Array:
    """Return a share that rises over the years, by day; `midpoint` is in years after 2021."""
    years = (world.dates - pd.Timestamp("2021-01-01")).days.to_numpy() / 365.25
    return np.asarray(1 / (1 + np.exp(-speed * (years - midpoint))))


def _is_online(world: World, rng: np.random.Generator, files: _Files) -> NDArray[np.bool_]:
    """Draw whether a file came in online: ever more, and more while people stay at home."""
    share = _rising(world, 0.6, 0.8)[files.day]
    habit = world.rng("procedures online").normal(0, 0.4, len(world.wards))
    lift = np.array([f.online for f in _FIELDS.values()])[files.field] + habit[files.ward]
    lift = lift + 1.2 * world.stringency[files.day]
    odds = share / (1 - share) * np.exp(lift)
    return np.asarray(files.evening | (rng.random(len(share)) < odds / (1 + odds)))


def _channels(
    world: World, rng: np.random.Generator, files: _Files, online: NDArray[np.bool_]
) -> NDArray[np.object_]:
    u = rng.random(len(online))
    names = np.array(["online_full", "online_partial", "postal", "direct"], dtype=object)
    full = _rising(world, -0.2, 0.5)[files.day]
    return names[np.where(online, np.where(u < full, 0, 1), np.where(u < 0.03, 2, 3))]


def _payments(
    rng: np.random.Generator, files: _Files, online: NDArray[np.bool_]
) -> pd.api.extensions.ExtensionArray:
    """Return whether the fee was paid online; missing where none is due."""
    n = len(online)
    fee = rng.random(n) < np.array([f.fee for f in _FIELDS.values()])[files.field]
    paid = rng.random(n) < np.where(online, 0.62, 0.08)
    return pd.arrays.BooleanArray(paid, ~fee)


def _ratings(rng: np.random.Generator, late: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Draw ratings, which one applicant in four gives; late files make them worse."""
    n = len(late)
    names = np.array(
        ["very_satisfied", "satisfied", "neutral", "unsatisfied", "very_unsatisfied"], dtype=object
    )
    usual, angry = np.cumsum([0.45, 0.42, 0.1, 0.02, 0.01]), np.cumsum([0.1, 0.2, 0.3, 0.25, 0.15])
    u = rng.random(n)
    choice = np.where(late, np.searchsorted(angry, u), np.searchsorted(usual, u))
    rated = names[np.minimum(choice, 4)]
    rated[rng.random(n) >= 0.25] = None
    return rated


# -- months ---------------------------------------------------------------------------------------


class _Monthly(NamedTuple):
    """Figures by month and ward; `months` are all complete ones."""

    months: pd.DatetimeIndex
    brought_forward: _Ints
    received: _Ints
    solved: _Ints
    solved_on_time: _Ints
    open: _Ints
    open_overdue: _Ints


def _monthly(world: World, files: _Files) -> _Monthly:
    """Count the files of all days by month, without the first, whose past is not known."""
    months = pd.date_range(world.dates[0].to_period("M").start_time, world.end, freq="MS")
    first = months[0].to_numpy().astype("M8[M]")

    def count(moments: _Moments, chosen: NDArray[np.bool_] | slice = slice(None)) -> _Ints:
        month = (moments[chosen].astype("M8[M]") - first).astype(int)
        month = np.where(np.isnat(moments[chosen]), len(months), np.minimum(month, len(months)))
        shape = (len(world.wards), len(months) + 1)
        flat = np.bincount(files.ward[chosen] * shape[1] + month, minlength=shape[0] * shape[1])
        return flat.reshape(shape).T[:-1]

    received, solved = count(files.received), count(files.returned)
    limit = files.limit
    late = ~(files.returned <= limit)
    still = np.cumsum(received - solved, axis=0)
    overdue = np.cumsum(count(limit, late) - count(files.returned, late), axis=0)
    shown = slice(1, len(months) - int(not world.end.is_month_end))
    before = np.vstack([np.zeros_like(still[:1]), still[:-1]])
    figures = (before, received, solved, count(files.returned, ~late), still, overdue)
    return _Monthly(months[shown], *(f[shown] for f in figures))


def _monthly_rows(world: World, monthly: _Monthly) -> pd.DataFrame:
    """Return the months as the wards report them; some first report late files only later."""
    months, wards = monthly.received.shape
    frame = pd.DataFrame(
        {
            "month": np.repeat(monthly.months.to_numpy().astype("M8[s]"), wards),
            "location": np.tile(world.wards["ward_code"].to_numpy(object), months),
            "unit": np.tile([f"UBND phường {name}" for name in world.wards["name_vi"]], months),
            **{name: getattr(monthly, name).ravel() for name in monthly._fields[1:]},
        }
    )
    frame["_known"] = frame["month"] + pd.offsets.MonthEnd() + pd.Timedelta(days=5)
    rng = world.rng("procedures corrections")
    missed = np.where(rng.random(len(frame)) < 0.04, rng.binomial(frame["solved_on_time"], 0.02), 0)
    wrong = missed > 0
    first = frame[wrong].copy()
    first[["solved", "solved_on_time"]] -= missed[wrong][:, None]
    first["open"] += missed[wrong]
    frame.loc[wrong, "_known"] += pd.Timedelta(days=20)
    rows = pd.concat([first, frame], ignore_index=True)
    return rows[rows["_known"] <= world.end].reset_index(drop=True)


def _service_index(world: World, monthly: _Monthly) -> pd.DataFrame:
    """Return the five parts of the service score of each ward and of the city.

    The rules are of August 2022; earlier months are scored back by them.
    """
    people = world.wards["population"].to_numpy(float)
    shares: dict[str, _Array] = {}
    for name, level, speed in (
        ("transparency", 0.8, 0.25),
        ("digitisation", -0.2, 0.55),
        ("online", -0.4, 0.6),
        ("satisfaction", 2.6, 0.15),
    ):
        rng = world.rng(f"procedures {name}")
        years = ((monthly.months - pd.Timestamp("2021-01-01")).days / 365.25).to_numpy()
        wards = rng.normal(0, 0.3, len(people))
        odds = level + speed * years[:, None] + wards
        share = 1 / (1 + np.exp(-(odds + rng.normal(0, 0.08, odds.shape))))
        shares[name] = np.column_stack([share, share @ people / people.sum()])
    on_time, solved = (
        np.column_stack([f, f.sum(axis=1)]) for f in (monthly.solved_on_time, monthly.solved)
    )
    shares["progress"] = on_time / np.maximum(solved, 1)
    return _index_rows(world, monthly.months, shares)


def _index_rows(world: World, months: pd.DatetimeIndex, shares: dict[str, _Array]) -> pd.DataFrame:
    full = {"transparency": 18, "progress": 20, "digitisation": 22, "online": 22}
    full["satisfaction"] = 18
    codes = [*world.wards["ward_code"], CITY]
    points = {f"{k}_points": (p * shares[k]).ravel().round(2) for k, p in full.items()}
    frame = pd.DataFrame(
        {
            "month": np.repeat(months.to_numpy().astype("M8[s]"), len(codes)),
            "location": np.tile(np.array(codes, dtype=object), len(months)),
            **points,
            "total_points": np.sum(list(points.values()), axis=0).round(2),
        }
    )
    frame["_known"] = frame["month"] + pd.offsets.MonthEnd() + pd.Timedelta(days=8)
    return frame[frame["_known"] <= world.end].reset_index(drop=True)
