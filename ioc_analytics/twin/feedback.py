"""Simulated citizen feedback: what people complain of, where, and how soon it is answered."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.places import REFERENCE
from ioc_analytics.twin.world import Link, World, delayed

__all__ = ["LINKS", "simulate"]

_Array = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Words = NDArray[np.object_]
_Moments = NDArray[np.datetime64]

_RAIN_LAG, _MOOD_LAG, _CASES_LAG = 1, 3, 2  # days

LINKS = (
    Link(
        "geography.rain",
        "feedback.flooding_requests",
        lag=_RAIN_LAG,
        sign=1,
        words="People report flooded streets on the day after heavy rain.",
    ),
    Link(
        "social_media.negative_share",
        "feedback.requests",
        lag=_MOOD_LAG,
        sign=1,
        kind="common",
        words="Discontent shows in posts at once and reaches the hotline three days later.",
    ),
    Link(
        "epidemic.new_cases",
        "feedback.health_requests",
        lag=_CASES_LAG,
        sign=1,
        words="Where cases are reported people ask for tests, medicine and care two days later.",
    ),
    Link("geography.temperature", "feedback.satisfaction", lag=0, sign=1, kind="none"),
    Link("geography.rain", "feedback.noise_requests", lag=0, sign=1, kind="none"),
)


class _Topic(NamedTuple):
    """A topic: its share of requests, when people write, how long the office may take."""

    share: float
    weekend: float  # volume on Saturday and Sunday beside a working day
    evening: float  # share written between 18 and 24 o'clock
    days: float  # term
    templates: tuple[str, ...]


_TOPICS = {
    "procedures": _Topic(
        0.46,
        0.35,
        0.15,
        5,
        (
            "Hồ sơ nộp đã quá ngày hẹn mà chưa có kết quả.",
            "Cho hỏi thủ tục cấp đổi giấy chứng nhận cần những giấy tờ gì.",
            "Nộp hồ sơ trực tuyến bị báo lỗi, không thanh toán được lệ phí.",
            "Xin hỏi tình trạng xử lý hồ sơ đăng ký hộ kinh doanh.",
            "Bộ phận một cửa yêu cầu bổ sung giấy tờ nhiều lần.",
        ),
    ),
    "noise": _Topic(
        0.13,
        2.1,
        0.75,
        1,
        (
            "Quán nhậu mở loa kẹo kéo rất to đến khuya.",
            "Hàng xóm hát karaoke gây ồn, trẻ em không ngủ được.",
            "Công trình xây dựng thi công gây ồn ban đêm.",
        ),
    ),
    "infrastructure": _Topic(
        0.11,
        0.8,
        0.2,
        10,
        (
            "Mặt đường có ổ gà lớn, nhiều người té ngã.",
            "Nắp hố ga bị vỡ, rất nguy hiểm cho người đi xe máy.",
            "Đường đào lên lắp cống mà lâu chưa tái lập mặt đường.",
        ),
    ),
    "flooding": _Topic(
        0.04,
        1.0,
        0.3,
        3,
        (
            "Đường ngập sâu sau cơn mưa, xe chết máy.",
            "Cống bị nghẹt, nước tràn vào nhà dân.",
            "Nước mưa không thoát, ngập cả con hẻm.",
        ),
    ),
    "waste": _Topic(
        0.06,
        1.0,
        0.2,
        2,
        (
            "Rác tồn đọng nhiều ngày chưa thu gom, bốc mùi hôi.",
            "Có người đổ xà bần lén ở bãi đất trống.",
        ),
    ),
    "lighting": _Topic(
        0.03,
        1.0,
        0.7,
        3,
        ("Đèn đường bị hỏng, cả đoạn tối om.", "Trụ đèn nghiêng sau cơn gió lớn."),
    ),
    "building": _Topic(
        0.035,
        0.6,
        0.1,
        10,
        ("Nhà xây không phép, lấn ra hẻm.", "Xây thêm tầng sai giấy phép xây dựng."),
    ),
    "pavement": _Topic(
        0.04,
        1.1,
        0.35,
        2,
        (
            "Hàng quán lấn chiếm vỉa hè, người đi bộ phải xuống đường.",
            "Chợ tự phát lấn lòng đường.",
        ),
    ),
    "traffic": _Topic(
        0.035,
        0.9,
        0.3,
        3,
        (
            "Xe tải đậu sai quy định chắn đường, biển số {plate}.",
            "Đèn tín hiệu giao thông bị hỏng, kẹt xe giờ cao điểm.",
            "Xe {plate} chạy vào giờ cấm.",
        ),
    ),
    "security": _Topic(
        0.015,
        1.2,
        0.5,
        2,
        ("Có nhóm thanh niên tụ tập đua xe ban đêm.", "Thường xảy ra trộm cắp xe máy."),
    ),
    "utilities": _Topic(
        0.015, 1.0, 0.3, 2, ("Cúp nước không báo trước.", "Nước sinh hoạt bị đục.")
    ),
    "health": _Topic(
        0.015,
        0.9,
        0.3,
        1,
        (
            "Người nhà có kết quả dương tính, chưa được cấp thuốc.",
            "Xin hỏi lịch tiêm chủng của phường.",
            "Khu trọ có ca mắc, đề nghị xét nghiệm.",
        ),
    ),
    "social_support": _Topic(
        0.02,
        0.7,
        0.2,
        7,
        ("Chưa nhận được tiền hỗ trợ người lao động.", "Xin hỏi danh sách nhận trợ cấp."),
    ),
    "other": _Topic(0.015, 0.8, 0.2, 5, ("Góp ý về cách phục vụ.", "Cây xanh ngã đổ.")),
}
_NAMES = tuple(_TOPICS)
_REQUESTS_PER_DAY = 78.0  # of the city on a mean day
_TET = (1.05, 0.45, 1.05)
_REVISED_DAYS = 60  # so far back rows are given as they stood before the answer
_SPOTS = 6  # places of a ward about which people complain again and again
_KM_PER_DEGREE = 110.6


def simulate(world: World) -> dict[str, pd.DataFrame]:
    """Return the requests of the recent days."""
    rng = world.rng("feedback requests")
    expected = _expected(world)
    counts = rng.poisson(expected * rng.gamma(4, 0.25, expected.shape))
    counts = _with_outbursts(rng, counts)
    topics, days, wards = (axis.ravel() for axis in np.indices(counts.shape))
    topic, day, ward = (np.repeat(axis, counts.ravel()) for axis in (topics, days, wards))
    order = rng.permutation(len(day))
    order = order[np.argsort(day[order], kind="stable")]
    topic, day, ward = topic[order], day[order], ward[order]
    load = counts.sum(axis=0)
    frame = _handled(world, rng, topic, day, ward, _pressure(load)[day, ward])
    frame = frame.assign(**_told(world, rng, topic, ward))
    return {"feedback.requests": _revisions(world, rng, frame)}


# -- volumes --------------------------------------------------------------------------------------


def _expected(world: World) -> _Array:
    """Return the expected requests of the recent days, shape (topics, days, wards)."""
    rng = world.rng("feedback wards")
    people = world.wards["population"].to_numpy(float)
    usual = np.outer([t.share for t in _TOPICS.values()], people)
    usual *= np.exp(rng.normal(0, 0.3, usual.shape) + rng.normal(0, 0.2, len(people)))
    usual *= _REQUESTS_PER_DAY / usual.sum()
    mood = 0.22 * delayed(world.discontent, _MOOD_LAG)
    growth = 0.18 * ((world.dates - pd.Timestamp(world.start)).days.to_numpy() / 365.25)
    rows = []
    for topic in _NAMES:
        calendar = world.profile(_week(_TOPICS[topic].weekend), _TET)
        own = 0.08 * world.noise(f"feedback {topic}", 0.7)
        rows.append(calendar * np.exp(mood + growth + own) * _moved(world, topic))
    daily = np.array(rows)[:, :, None] * usual[:, None, :]
    daily[_NAMES.index("health")] += _about_cases(world)
    return np.asarray(daily[:, world.recent])


def _week(weekend: float) -> tuple[float, ...]:
    """Return seven factors from Monday with mean 1."""
    days = np.array([1.05, 1.0, 1.0, 1.0, 1.0, weekend, weekend])
    return tuple(days / days.mean())


def _moved(world: World, topic: str) -> _Array:
    """Return the factor by which weather and measures move a topic, by day."""
    stringency = world.stringency
    if topic == "flooding":
        rain = delayed(np.minimum(world.rain, 60), _RAIN_LAG)
        return np.asarray(0.35 + 0.14 * rain)
    if topic in ("social_support", "health"):
        return np.asarray(1 + 6 * stringency)
    if topic in ("traffic", "pavement", "noise", "procedures"):
        return np.asarray(1 - 0.6 * stringency)
    return np.asarray(1 - 0.25 * stringency)


def _about_cases(world: World) -> _Array:
    """Return requests that follow reported cases, fewer per case when there are many."""
    cases = world.signals.get("cases")
    if cases is None:
        return np.zeros((len(world.dates), len(world.wards)))
    return np.asarray(0.35 * delayed(np.maximum(cases, 0), _CASES_LAG) ** 0.75)


def _with_outbursts(rng: np.random.Generator, counts: _Ints) -> _Ints:
    """Add days on which one matter brings a ward many requests (about one in 120 days)."""
    counts = counts.copy()
    for _ in range(rng.poisson(counts.shape[1] / 120)):
        topic = rng.choice([_NAMES.index(t) for t in ("waste", "infrastructure", "utilities")])
        day, ward = (int(rng.integers(n)) for n in counts.shape[1:])
        counts[topic, day, ward] += rng.integers(12, 45)
    return counts


def _pressure(load: _Ints) -> _Array:
    """Return how much busier than usual each ward was over the last week, by day."""
    total = np.vstack([np.zeros(load.shape[1]), np.cumsum(load, axis=0)])
    first = np.maximum(np.arange(len(load)) - 6, 0)
    recent = (total[1:] - total[first]) / (np.arange(len(load)) - first + 1)[:, None]
    return np.asarray(recent / np.maximum(load.mean(axis=0), 0.05))


# -- handling -------------------------------------------------------------------------------------


def _handled(
    world: World, rng: np.random.Generator, topic: _Ints, day: _Ints, ward: _Ints, pressure: _Array
) -> pd.DataFrame:
    """Return requests with their times, answers and what people thought of these."""
    n = len(day)
    kinds = list(_TOPICS.values())
    dates = world.dates[world.recent].to_numpy().astype("M8[s]")
    hour = _hours(rng, np.array([k.evening for k in kinds])[topic])
    received = dates[day] + np.floor(hour * 60).astype("m8[m]")
    busy = np.maximum(pressure, 0.4) ** 0.5
    skill = np.exp(world.rng("feedback skill").normal(0, 0.15, len(world.wards)))[ward]
    wait = 1.1 * busy * np.exp(0.9 * rng.standard_normal(n)) + np.where(hour > 21, 24 - hour, 0)
    term = 24.0 * np.array([k.days for k in kinds])[topic]
    used = 0.42 * busy**0.6 * skill * np.exp(0.42 * rng.standard_normal(n))
    used = np.where(rng.random(n) < 0.012, used * 9, used)
    assigned = received + _minutes(wait)
    due = received + _minutes(term)
    resolved = assigned + _minutes(term * used)
    late = resolved > due
    rejected = rng.random(n) < 0.03
    codes = dates[day].astype("M8[D]").astype(str)
    names = world.wards["name_vi"].to_numpy()
    offices = np.array([f"UBND phường {name}" for name in names], dtype=object)
    return pd.DataFrame(
        {
            "request_id": np.array(
                [f"PA-{d[2:4]}{d[5:7]}-{i:06}" for i, d in enumerate(codes, 1)], dtype=object
            ),
            "received_at": received,
            "channel": _channels(rng, dates[day]),
            "topic": np.array(_NAMES, dtype=object)[topic],
            "location": world.wards["ward_code"].to_numpy(object)[ward],
            "office": offices[ward],
            "assigned_at": assigned,
            "due_at": due,
            "resolved_at": resolved,
            "status": np.where(rejected, "rejected", "resolved"),
            "reopened": rng.poisson(np.where(late, 0.12, 0.04)) * ~rejected,
            "satisfied": _opinions(rng, late),
        }
    )


def _hours(rng: np.random.Generator, evening: _Array) -> _Array:
    """Draw the hour of the day: evenings for noise, working hours for most else."""
    n = len(evening)
    late = 18 + 5.99 * rng.beta(2.2, 1.6, n)
    return np.asarray(np.where(rng.random(n) < evening, late, 6 + 13 * rng.beta(1.5, 1.7, n)))


def _minutes(hours: _Array) -> NDArray[np.timedelta64]:
    return np.round(hours * 60).astype("m8[m]")


def _channels(rng: np.random.Generator, moments: _Moments) -> _Words:
    """Draw channels: the app takes over from the hotline as the years go by."""
    years = (moments - np.datetime64("2021-01-01")).astype("m8[D]").astype(float) / 365.25
    app = 0.3 + 0.3 / (1 + np.exp(-1.5 * (years - 0.8)))
    u = rng.random(len(moments))
    rest = np.searchsorted(np.cumsum([0.62, 0.14, 0.18]), (u - app) / (1 - app))
    names = np.array(["hotline", "web", "zalo", "email", "app"], dtype=object)
    return np.asarray(names[np.where(u < app, 4, rest)])


def _opinions(rng: np.random.Generator, late: NDArray[np.bool_]) -> _Words:
    n = len(late)
    pleased = rng.random(n) < np.where(late, 0.45, 0.93)
    told = rng.random(n) < 0.35
    return np.where(told, np.where(pleased, "yes", "no"), "unknown").astype(object)


# -- words and places -----------------------------------------------------------------------------

_STREETS = {
    "Quận 2": "Trần Não, Lương Định Của, Nguyễn Duy Trinh, Nguyễn Thị Định, Đồng Văn Cống, "
    "Nguyễn Hoàng, Đường số 5, Đường số 12",
    "Quận 9": "Lê Văn Việt, Đỗ Xuân Hợp, Nguyễn Xiển, Lã Xuân Oai, Man Thiện, Nguyễn Văn Tăng, "
    "Lò Lu, Đường 109, Đường số 8",
    "Quận Thủ Đức": "Võ Văn Ngân, Kha Vạn Cân, Tô Ngọc Vân, Quốc lộ 13, Đặng Văn Bi, "
    "Hoàng Diệu 2, Tỉnh lộ 43, Đường số 17, Đường số 6",
}
_SHORT = {"Quận 2": "Q2", "Quận 9": "Q.9", "Quận Thủ Đức": "Q. Thủ Đức"}


def _told(
    world: World, rng: np.random.Generator, topic: _Ints, ward: _Ints
) -> dict[str, _Words | _Array | pd.api.extensions.ExtensionArray]:
    """Return what people write: text, address, coordinates; some come back to the same places."""
    n = len(topic)
    spots = world.rng("feedback spots")
    again = (rng.random(n) < 0.3) & (topic != _NAMES.index("procedures"))
    spot = rng.integers(0, _SPOTS, n)
    offset = rng.normal(0, 1, (n, 2))
    fixed = spots.normal(0, 1, (len(world.wards), _SPOTS, 2))
    offset = np.where(again[:, None], fixed[ward, spot] + 0.02 * offset, offset)
    spread = 0.28 * np.sqrt(world.wards["area_km2"].to_numpy())[ward] / _KM_PER_DEGREE
    known = rng.random(n) < 0.9
    lat, lon = (
        np.where(known, (world.wards[c].to_numpy()[ward] + spread * offset[:, i]).round(5), np.nan)
        for i, c in enumerate(("lat", "lon"))
    )
    person = rng.integers(0, 1_000_000, n)
    return {
        "content": _contents(rng, topic, person),
        "address": _addresses(world, rng, ward, np.where(again, spot, -1)),
        "lat": lat,
        "lon": lon,
        "photos": pd.array(rng.poisson(np.where(topic == 0, 0.2, 1.3)), "Int64"),
        "reporter_name": np.array([f"Người dân {p:06}" for p in person.tolist()], dtype=object),
        "reporter_phone": np.array(
            [f"0900 {p // 1000:03} {p % 1000:03}" for p in person.tolist()], dtype=object
        ),
    }


def _contents(rng: np.random.Generator, topic: _Ints, person: _Ints) -> _Words:
    """Return texts; one in twelve names a phone, those about vehicles a plate."""
    choice = rng.random(len(topic))
    plate = rng.integers(0, 100_000, len(topic))
    phone = np.where(rng.random(len(topic)) < 1 / 12, person, -1)
    texts = []
    rows = zip(*(a.tolist() for a in (topic, choice, plate, phone)), strict=True)
    templates = [k.templates for k in _TOPICS.values()]
    for kind, u, number, p in rows:
        text = templates[kind][int(u * len(templates[kind]))]
        if "{" in text:
            text = text.format(plate=f"59-X1 {number // 100:03}.{number % 100:02}")
        if p >= 0:
            text += f" Liên hệ 0900 {p // 1000:03} {p % 1000:03}."
        texts.append(text)
    return np.array(texts, dtype=object)


def _addresses(world: World, rng: np.random.Generator, ward: _Ints, spot: _Ints) -> _Words:
    """Return addresses as people write them: alleys, old districts, no accents, no ward."""
    districts = pd.read_csv(REFERENCE / "wards.csv", dtype={"ward_code": str})
    old = districts.set_index("ward_code")["old_district"][world.wards["ward_code"]].tolist()
    by_district = {district: names.split(", ") for district, names in _STREETS.items()}
    names = world.wards["name_vi"].tolist()
    fixed = world.rng("feedback houses").integers(1, 500, (len(names), _SPOTS)).tolist()
    house, alley, pick, form, plain = (
        rng.integers(0, limit, len(ward)).tolist() for limit in (500, 60, 1_000, 100, 100)
    )
    texts = []
    for i, (w, s) in enumerate(zip(ward.tolist(), spot.tolist(), strict=True)):
        streets = by_district[old[w]]
        number = fixed[w][s] if s >= 0 else house[i] + 1
        street = streets[(s if s >= 0 else pick[i]) % len(streets)]
        text = _address(number, alley[i], street, names[w], _SHORT[old[w]], form[i])
        texts.append(_without_accents(text) if plain[i] < 12 else text)
    return np.array(texts, dtype=object)


def _address(number: int, alley: int, street: str, ward: str, district: str, form: int) -> str:
    """Return one address in one of the forms that people use; `form` is a percentage point."""
    if form < 30:
        return f"{number} {street}, phường {ward}, TP Thủ Đức"
    if form < 45:
        return f"{number}/{alley + 1} {street}, P. {ward}"
    if form < 60:
        return f"Hẻm {number} {street}, P.{ward}, {district}"
    if form < 70:
        return f"số {number}/{alley + 1}/{alley % 7 + 1} đường {street} phường {ward}"
    if form < 80:
        return f"{street} gần số nhà {number}, {ward}, {district}"
    if form < 88:
        return f"hẻm {number} đường {street}, {ward.upper()}"
    if form < 95:
        return f"{number} {street}, TP.HCM"  # the ward is left out
    return f"gần chợ, P {ward}"


_PLAIN = str.maketrans(
    "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
    "ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴĐ",
    "aaaaaaaaaaaaaaaaaeeeeeeeeeeeiiiiiooooooooooooooooouuuuuuuuuuuyyyyyd"
    "AAAAAAAAAAAAAAAAAEEEEEEEEEEEIIIIIOOOOOOOOOOOOOOOOOUUUUUUUUUUUYYYYYD",
)


def _without_accents(text: str) -> str:
    return text.translate(_PLAIN)


# -- what was known when --------------------------------------------------------------------------


def _revisions(world: World, rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the day on which each became known; the newest also as they began."""
    end = np.datetime64(world.end.date(), "D")
    begun = frame["received_at"].to_numpy().astype("M8[D]")
    resolved = frame["resolved_at"].to_numpy().astype("M8[D]")
    known = resolved + np.where(rng.random(len(frame)) < 0.02, rng.integers(1, 4, len(frame)), 0)
    settled = (known <= end) & (rng.random(len(frame)) >= 0.008)  # some are never answered
    opening = ~settled | (known > np.maximum(end - _REVISED_DAYS, begun))
    parts = [np.flatnonzero(settled), np.flatnonzero(opening)]
    rows = frame.iloc[np.concatenate(parts)].reset_index(drop=True)
    rows["_known"] = np.concatenate([known[parts[0]], begun[parts[1]]]).astype("M8[s]")
    is_open = np.arange(len(rows)) >= len(parts[0])
    nothing = np.datetime64("NaT", "s")
    rows.loc[is_open | (rows["status"] == "rejected"), "satisfied"] = "unknown"
    rows.loc[is_open, "resolved_at"] = nothing
    unassigned = is_open & (rows["assigned_at"].dt.normalize() > rows["_known"]).to_numpy()
    rows.loc[unassigned, "assigned_at"] = nothing
    rows.loc[is_open, "status"] = np.where(unassigned, "new", "processing")[is_open]
    rows.loc[is_open, "reopened"] = 0
    return rows
