"""Simulated registers of documents and tasks of the wards' and the city's offices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.places import CITY
from ioc_analytics.twin.queues import DAY_HOURS, OfficeClock, backlog, queue_days
from ioc_analytics.twin.world import Link, World, delayed

__all__ = ["LINKS", "simulate"]

_Array = NDArray[np.float64]
_Bools = NDArray[np.bool_]
_Ints = NDArray[np.int64]
_Words = NDArray[np.object_]

_REPLY_LAG = 2  # days

LINKS = (
    Link(
        "documents.incoming",
        "documents.outgoing",
        lag=_REPLY_LAG,
        sign=1,
        words="What comes in is answered two days later.",
    ),
    Link("geography.rain", "documents.incoming", lag=0, sign=1, kind="none"),
    Link("geography.rain", "documents.on_time_rate", lag=0, sign=1, kind="none"),
    Link("geography.temperature", "documents.outgoing", lag=0, sign=1, kind="none"),
    Link(
        "procedures.online_full_share",
        "documents.e_signed_share",
        lag=0,
        sign=1,
        freq="M",
        kind="none",
        words="Both rise over the years, each for its own reasons.",
    ),
)

_PER_WARD_DAY = 9.2  # documents of a ward's office on an office day
_PER_CITY_DAY = 95.0  # of the city's own offices together
_OUTGOING = 0.38
_WEEKDAYS = (1.15, 1.05, 1.0, 0.98, 1.02, 0.0, 0.0)
_TET = (1.1, 0.0, 0.9)
_RESERVE = 1.3  # capacity of an office day beside the mean of office days
_TASKS_PER_DAY = 6.5
_REVISED_DAYS = 60  # so far back rows are given as they stood before they were handled
_CITY_OFFICES = (
    "Văn phòng HĐND và UBND",
    "Phòng Nội vụ",
    "Phòng Tài chính - Kế hoạch",
    "Phòng Quản lý đô thị",
    "Phòng Tài nguyên và Môi trường",
    "Phòng Y tế",
    "Phòng Giáo dục và Đào tạo",
    "Phòng Văn hóa và Thông tin",
    "Thanh tra thành phố",
)
_WARD_DESKS = ("Văn phòng - Thống kê", "Địa chính - Xây dựng", "Tư pháp - Hộ tịch", "Văn hóa")
_ISSUERS = (
    "UBND Thành phố Hồ Chí Minh",
    "UBND thành phố Thủ Đức",
    "Sở Nội vụ",
    "Sở Y tế",
    "Sở Thông tin và Truyền thông",
    "Sở Tài nguyên và Môi trường",
    "Công an thành phố Thủ Đức",
    "Đơn vị khác",
)
_SUBJECTS = (
    "công tác cải cách hành chính",
    "công tác phòng, chống dịch bệnh",
    "rà soát, cập nhật số liệu quý",
    "xử lý kiến nghị của cử tri",
    "giải quyết đơn thư của công dân",
    "kiểm tra trật tự xây dựng",
    "bảo đảm an toàn giao thông",
    "chuyển đổi số và chữ ký số",
    "chi trả chính sách an sinh xã hội",
    "công tác bảo vệ môi trường",
)


class _Kind(NamedTuple):
    """A kind of document: its shares among what comes in and goes out, its words and number."""

    incoming: float
    outgoing: float
    words: str
    mark: str


_KINDS = {
    "dispatch": _Kind(0.42, 0.30, "V/v", "UBND"),
    "decision": _Kind(0.10, 0.22, "Quyết định về", "QĐ-UBND"),
    "report": _Kind(0.10, 0.20, "Báo cáo về", "BC-UBND"),
    "plan": _Kind(0.08, 0.07, "Kế hoạch về", "KH-UBND"),
    "notice": _Kind(0.12, 0.08, "Thông báo về", "TB-UBND"),
    "proposal": _Kind(0.03, 0.07, "Tờ trình về", "TTr-UBND"),
    "invitation": _Kind(0.14, 0.06, "Mời họp về", "GM-UBND"),
    "telegram": _Kind(0.01, 0.0, "Công điện về", "CĐ-UBND"),
}
_URGENCY = ("normal", "urgent", "very_urgent", "express")
_URGENT_DAYS = (0, 3, 2, 1)  # terms in office days; a normal document has its own


def simulate(world: World) -> dict[str, pd.DataFrame]:
    """Return the register of documents and the leaders' tasks of the recent days."""
    return {"documents.register": _register(world), "documents.tasks": _tasks(world)}


# -- register -------------------------------------------------------------------------------------


def _arrivals(
    world: World, rng: np.random.Generator, usual: _Array, lag: int, stringent: float
) -> _Ints:
    """Return documents by recent day and office: the city's business, `lag` days later."""
    month = world.dates.month.to_numpy()
    season = 1 + 0.16 * (month == 12) + 0.06 * np.isin(month, (3, 6, 9)) - 0.04 * (month == 1)
    business = np.exp(0.13 * delayed(world.noise("documents business", 0.75), lag))
    daily = world.profile(_WEEKDAYS, _TET) * season * business * (1 + stringent * world.stringency)
    expected = np.outer((daily * world.workday)[world.recent], usual)
    return rng.poisson(expected * rng.gamma(25, 1 / 25, expected.shape))


def _register(world: World) -> pd.DataFrame:
    rng = world.rng("documents register")
    people = world.wards["population"].to_numpy(float)
    wards = np.sqrt(people) * np.exp(rng.normal(0, 0.15, len(people)))
    usual = np.append(_PER_WARD_DAY * len(people) * wards / wards.sum(), _PER_CITY_DAY)
    incoming = _arrivals(world, rng, (1 - _OUTGOING) * usual, 0, 0.10)
    outgoing = _arrivals(world, rng, _OUTGOING * usual, _REPLY_LAG, 0.0)
    (office, day), (office_out, day_out) = _spread(incoming), _spread(outgoing)
    is_out = np.repeat([False, True], [len(day), len(day_out)])
    queued = _waiting(world, incoming, (1 - _OUTGOING) * usual)
    wait = np.concatenate([queued, np.zeros(len(day_out))])
    office, day = np.append(office, office_out), np.append(day, day_out)
    recent = world.dates[world.recent]
    clock = OfficeClock(recent[0], world.end + pd.Timedelta(days=200))
    minute = np.floor(60 * (7.5 + 9.3 * rng.beta(1.4, 1.5, len(day))))
    registered = recent.to_numpy()[day].astype("M8[s]") + (60 * minute).astype("m8[s]")
    frame = _described(world, rng, office, day, registered, is_out)
    frame = _handled(rng, clock, frame, wait)
    return _revisions(world, rng, frame.sort_values("registered_at", ignore_index=True))


def _spread(counts: _Ints) -> tuple[_Ints, _Ints]:
    """Return the office and the day of each document, by office and day."""
    days, offices = counts.shape
    office, day = np.repeat(np.arange(offices), days), np.tile(np.arange(days), offices)
    return np.repeat(office, counts.T.ravel()), np.repeat(day, counts.T.ravel())


def _waiting(world: World, counts: _Ints, usual: _Array) -> _Array:
    """Return the office days until each document's turn comes; infinite where it never does."""
    open_day = world.workday[world.recent]
    staff = open_day * (1 - 0.10 * world.stringency[world.recent])
    turn = queue_days(counts, backlog(counts, np.outer(staff * _RESERVE, usual)))
    passed = np.cumsum(open_day)
    _, day = _spread(counts)
    wait = np.asarray(passed[np.minimum(turn, len(passed) - 1)] - passed[day], dtype=float)
    wait[turn >= len(passed)] = np.inf
    return wait


def _described(
    world: World,
    rng: np.random.Generator,
    office: _Ints,
    day: _Ints,
    registered: NDArray[np.datetime64],
    outgoing: _Bools,
) -> pd.DataFrame:
    """Return documents with all that is known of them when they are registered."""
    n = len(office)
    kind = _draw_kind(rng, outgoing)
    codes = np.array([*world.wards["ward_code"], CITY], dtype=object)
    names = [f"UBND phường {name}" for name in world.wards["name_vi"]]
    senders = np.array([*names, "UBND thành phố Thủ Đức"], dtype=object)
    issuer = np.where(
        outgoing, senders[office], np.array(_ISSUERS, "O")[rng.integers(0, len(_ISSUERS), n)]
    )
    days = registered.astype("M8[D]")
    entry = _entry_numbers(office, days, outgoing)
    subject = rng.integers(0, len(_SUBJECTS), n)
    summaries = np.array([[f"{k.words} {s}" for s in _SUBJECTS] for k in _KINDS.values()], "O")
    return pd.DataFrame(
        {
            "document_id": _document_ids(codes[office], days, outgoing, entry),
            "direction": np.where(outgoing, "out", "in").astype(object),
            "registered_at": registered,
            "entry_no": entry,
            "reference_no": _reference_numbers(rng, kind, outgoing, entry),
            "kind": np.array(list(_KINDS), dtype=object)[kind],
            "summary": summaries[kind, subject],
            "urgency": _urgency(world, rng, day, kind),
            "secrecy": np.full(n, "none", dtype=object),
            "issuer": issuer,
            "issued_on": days - np.where(outgoing, 0, rng.geometric(0.45, n) - 1),
            "location": codes[office],
            "lead_unit": _lead_units(rng, office, len(names)),
            "handler": _handlers(rng, office),
            "e_signed": _signed(world, rng, day, outgoing),
        }
    )


def _draw_kind(rng: np.random.Generator, outgoing: _Bools) -> _Ints:
    shares = [np.cumsum([getattr(k, way) for k in _KINDS.values()]) for way in _Kind._fields[:2]]
    u = rng.random(len(outgoing))
    drawn = [np.minimum(np.searchsorted(s, u), len(_KINDS) - 1) for s in shares]
    telegram = len(_KINDS) - 1  # wards send none
    return np.where(outgoing, np.minimum(drawn[1], telegram - 1), drawn[0])


def _entry_numbers(office: _Ints, days: NDArray[np.datetime64], outgoing: _Bools) -> _Ints:
    """Return the numbers in each office's books; a book begins anew with the year."""
    group = [office, days.astype("M8[Y]").astype(int), outgoing]
    return np.asarray(pd.Series(0, index=range(len(office))).groupby(group).cumcount() + 1)


def _document_ids(
    codes: _Words, days: NDArray[np.datetime64], outgoing: _Bools, entry: _Ints
) -> _Words:
    years = days.astype("M8[Y]").astype(int) + 1970
    rows = zip(codes.tolist(), years.tolist(), outgoing.tolist(), entry.tolist(), strict=True)
    return np.array([f"H29.126.{c}.{y}.{'DI' if o else 'DEN'}.{e}" for c, y, o, e in rows], "O")


def _reference_numbers(
    rng: np.random.Generator, kind: _Ints, outgoing: _Bools, entry: _Ints
) -> _Words:
    """Return the senders' own numbers: for what goes out the office's own."""
    number = np.where(outgoing, entry, rng.integers(1, 9_000, len(kind)))
    marks = [k.mark for k in _KINDS.values()]
    rows = zip(number.tolist(), kind.tolist(), strict=True)
    return np.array([f"{n}/{marks[k]}" for n, k in rows], dtype=object)


def _urgency(world: World, rng: np.random.Generator, day: _Ints, kind: _Ints) -> _Words:
    """Draw the urgency: an epidemic makes more of it; telegrams are express."""
    calm = np.cumsum([0.865, 0.10, 0.03])
    stringency = world.stringency[world.recent][day]
    u = rng.random(len(day)) * (1 - 0.35 * stringency) + 0.35 * stringency * (day >= 0)
    level = np.searchsorted(calm, u)
    telegram = len(_KINDS) - 1
    return np.array(_URGENCY, dtype=object)[np.where(kind == telegram, 3, level)]


def _lead_units(rng: np.random.Generator, office: _Ints, city: int) -> _Words:
    u = rng.random(len(office))
    desks, offices = (np.array(names, dtype=object) for names in (_WARD_DESKS, _CITY_OFFICES))
    return np.where(
        office == city, offices[(u * len(offices)).astype(int)], desks[(u * len(desks)).astype(int)]
    )


def _handlers(rng: np.random.Generator, office: _Ints) -> _Words:
    names = np.array([f"Cán bộ {i:04}" for i in range(12 * (office.max() + 1))], dtype=object)
    return names[12 * office + rng.integers(0, 12, len(office))]


def _signed(
    world: World, rng: np.random.Generator, day: _Ints, outgoing: _Bools
) -> pd.api.extensions.ExtensionArray:
    """Draw whether a document was signed electronically, which becomes the rule over the years."""
    years = (world.dates[world.recent] - pd.Timestamp("2021-01-01")).days.to_numpy() / 365.25
    wave = 0.25 * world.noise("documents signing", 0.97)[world.recent]
    odds = np.exp(0.2 + 1.1 * years + wave)[day] * np.where(outgoing, 1.0, 0.7)
    return pd.array(rng.random(len(day)) < odds / (1 + odds), dtype="boolean")


def _handled(
    rng: np.random.Generator, clock: OfficeClock, frame: pd.DataFrame, wait: _Array
) -> pd.DataFrame:
    """Add due day and completion: outgoing documents are done, some others are only for reading."""
    n = len(frame)
    incoming = (frame["direction"] == "in").to_numpy()
    has_due = incoming & (rng.random(n) < 0.72)
    level = pd.Categorical(frame["urgency"], _URGENCY).codes
    term = np.where(level > 0, np.array(_URGENT_DAYS)[level], rng.choice([5, 7, 10, 15], n))
    start = clock.hours(frame["registered_at"].to_numpy())
    used = 0.48 * np.exp(0.36 * rng.standard_normal(n))
    used = np.where((used > 1) & (used < 1.2) & (rng.random(n) < 0.5), 0.95, used)
    used = np.where(rng.random(n) < 0.005, used * 5, used)
    queued = wait * np.where(level > 0, 0.1, 0.5) * DAY_HOURS  # urgent ones go to the front
    finish = clock.moments(start + queued + np.maximum(DAY_HOURS * term * used, 0.25))
    due = clock.moments(start + DAY_HOURS * term).astype("M8[D]").astype("M8[s]")
    nothing = np.datetime64("NaT", "s")
    return frame.assign(
        issued_on=frame["issued_on"].astype("datetime64[s]"),
        due_on=np.where(has_due, due, nothing),
        completed_at=np.where(has_due, finish.astype("M8[m]").astype("M8[s]"), nothing),
        status=np.where(incoming & ~has_due, "for_information", "done"),
    )


def _revisions(world: World, rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the day on which each became known; the newest also as registered."""
    end = np.datetime64(world.end.date(), "D")
    begun = frame["registered_at"].to_numpy().astype("M8[D]")
    completed = frame["completed_at"].to_numpy().astype("M8[D]")
    to_do = frame["due_on"].notna().to_numpy()
    late = np.where(rng.random(len(frame)) < 0.03, rng.integers(1, 6, len(frame)), 0)
    known = np.where(to_do, completed + late, begun)
    settled = known <= end
    opening = to_do & (~settled | (known > np.maximum(end - _REVISED_DAYS, begun)))
    parts = [np.flatnonzero(settled), np.flatnonzero(opening)]
    rows = frame.iloc[np.concatenate(parts)].reset_index(drop=True)
    rows["_known"] = np.concatenate([known[parts[0]], begun[parts[1]]]).astype("M8[s]")
    is_open = np.arange(len(rows)) >= len(parts[0])
    rows.loc[is_open, "completed_at"] = np.datetime64("NaT", "s")
    rows.loc[is_open, "status"] = "processing"
    return rows


# -- tasks ----------------------------------------------------------------------------------------


def _tasks(world: World) -> pd.DataFrame:
    """Return the tasks that leaders give to wards and offices, with what was known when."""
    rng = world.rng("documents tasks")
    recent = world.dates[world.recent]
    open_day = world.workday[world.recent]
    pace = _TASKS_PER_DAY * open_day * (1 + 0.8 * world.stringency[world.recent])
    day = np.repeat(np.arange(len(recent)), rng.poisson(pace))
    n = len(day)
    assigned = recent.to_numpy()[day].astype("M8[D]")
    units = [f"UBND phường {name}" for name in world.wards["name_vi"]]
    to_city = rng.random(n) < 0.45
    ward = rng.integers(0, len(units), n)
    office = np.array(_CITY_OFFICES, dtype=object)[rng.integers(0, len(_CITY_OFFICES), n)]
    term = rng.choice([5, 7, 10, 15, 30, 45, 60], n, p=[0.1, 0.15, 0.2, 0.25, 0.2, 0.06, 0.04])
    used = 0.78 * np.exp(0.24 * rng.standard_normal(n))
    used = np.where(rng.random(n) < 0.02, 4 * used, used)
    extended = (used > 1.1) & (rng.random(n) < 0.25)
    subject = rng.integers(0, len(_SUBJECTS), n)
    frame = pd.DataFrame(
        {
            "task_id": np.array(
                [f"NV-{d}-{i:05}" for i, d in enumerate(assigned, 1)], dtype=object
            ),
            "assigned_on": assigned.astype("M8[s]"),
            "location": np.where(to_city, CITY, world.wards["ward_code"].to_numpy(object)[ward]),
            "assigned_by": rng.choice(np.array(["Chủ tịch", "Phó Chủ tịch"], "O"), n, p=[0.4, 0.6]),
            "lead_unit": np.where(to_city, office, np.array(units, dtype=object)[ward]),
            "content": np.array([f"Báo cáo {s}" for s in _SUBJECTS], dtype=object)[subject],
            "source_no": np.array([f"{x}/TB-VP" for x in rng.integers(1, 900, n)], dtype=object),
            "due_on": (assigned + term).astype("M8[s]"),
            "extended_due_on": np.where(
                extended, (assigned + term + 10).astype("M8[s]"), np.datetime64("NaT", "s")
            ),
            "done_on": (assigned + np.maximum(1, np.round(term * used)).astype(int)).astype(
                "M8[s]"
            ),
            "status": np.where(rng.random(n) < 0.015, "cancelled", "done"),
        }
    )
    return _task_revisions(world, frame)


def _task_revisions(world: World, frame: pd.DataFrame) -> pd.DataFrame:
    """Return each task as it was given, and as done or cancelled where that is known."""
    done = np.flatnonzero(frame["done_on"] <= world.end)
    rows = frame.iloc[np.concatenate([np.arange(len(frame)), done])].reset_index(drop=True)
    is_open = np.arange(len(rows)) < len(frame)
    rows["_known"] = rows["assigned_on"].where(is_open, rows["done_on"])
    nothing = np.datetime64("NaT", "s")
    rows.loc[is_open, ["extended_due_on", "done_on"]] = nothing
    rows.loc[is_open, "status"] = "doing"
    rows.loc[rows["status"] == "cancelled", "done_on"] = nothing
    return rows
