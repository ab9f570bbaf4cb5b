"""Simulated posts: their volume follows the day, the epidemic and chance, their tone the mood."""

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
        "epidemic.new_cases",
        "social_media.epidemic_posts",
        1,
        1,
        words="People write about the epidemic the day after cases are published.",
    ),
    Link("security.fire_count", "social_media.mentions", 0, 1, kind="none"),
    Link("geography.rain", "social_media.net_sentiment", 0, 1, kind="none"),
    Link("traffic.accident_count", "social_media.spread", 0, 1, kind="none"),
)

_POSTS_PER_DAY = 150.0  # on all topics but the epidemic
_EPIDEMIC_PER_DAY = 9.0  # without a case
_CASES_ON_POSTS = 0.37  # rise of log posts per log(1 + the city's cases of the day before)
_MOOD_ON_NEGATIVE = 0.35  # rise of log odds, negative against neutral, per sd of discontent
_MOOD_ON_POSITIVE = -0.15
# topic: (share among the topics but the epidemic, log odds against neutral: negative, positive)
_TOPICS = {
    "epidemic": (0.0, -0.05, -0.30),
    "traffic": (0.17, 0.35, -0.90),
    "environment": (0.11, 0.30, -0.80),
    "security": (0.12, 0.10, -0.50),
    "land": (0.12, 0.05, -0.30),
    "procedures": (0.08, -0.20, 0.10),
    "economy": (0.15, -0.45, 0.10),
    "education": (0.10, -0.60, 0.25),
    "health": (0.08, -0.45, 0.05),
    "other": (0.07, -0.60, -0.20),
}
_UNITS = {
    "epidemic": "Trung tâm Y tế",
    "traffic": "Đội Cảnh sát giao thông",
    "environment": "Phòng Tài nguyên và Môi trường",
    "security": "Công an thành phố",
    "land": "Phòng Quản lý đô thị",
    "procedures": "Văn phòng HĐND và UBND",
    "economy": "Phòng Kinh tế",
    "education": "Phòng Giáo dục và Đào tạo",
    "health": "Phòng Y tế",
    "other": "Phòng Văn hoá và Thông tin",
}
_SOURCES = {
    "facebook": 0.52,
    "tiktok": 0.16,
    "youtube": 0.08,
    "zalo": 0.05,
    "press": 0.14,
    "forum": 0.05,
}
_TONES = ("negative", "neutral", "positive")
_HOURS = np.array(
    [10, 6, 4, 3, 4, 10, 22, 34, 42, 46, 48, 50, 48, 40, 42, 44, 46, 48, 50, 56, 64, 62, 44, 22.0]
)


def simulate(world: World) -> dict[str, pd.DataFrame]:
    """Simulate `social_media.posts`.

    Parameters
    ----------
    world : World
        The city's signals; reported cases under `signals["cases"]`, none when absent.

    Returns
    -------
    dict of str to DataFrame
        Columns of the contract and `_known`, the day on which the city came to know the row: a
        post has a row when it is found and another when it was checked or handled.

    Examples
    --------
    >>> posts = simulate(World(seed=1, start="2021-03-01", days=28))["social_media.posts"]
    >>> sorted(posts["sentiment"].unique())
    ['negative', 'neutral', 'positive']
    """
    rng = world.rng("social media posts")
    day, ward, topic = _posts(world, rng)
    n = len(day)
    minute = 60 * rng.choice(24, n, p=_HOURS / _HOURS.sum()) + rng.integers(0, 60, n)
    minute = minute[np.lexsort((minute, day))]
    posted = world.dates[world.recent][day] + pd.to_timedelta(minute, unit="min")
    tone = _tones(world, rng, day, topic)
    source = rng.choice(len(_SOURCES), n, p=list(_SOURCES.values()))
    frame = pd.DataFrame(
        {
            "post_id": [f"MXH-{i + 1:07d}" for i in range(n)],
            "posted_at": posted,
            "location": world.wards["ward_code"].to_numpy()[ward],
            "source": np.array(list(_SOURCES), dtype=object)[source],
            "topic": np.array(list(_TOPICS), dtype=object)[topic],
            "sentiment": np.array(_TONES, dtype=object)[tone],
            "interactions": _interactions(rng, tone, source),
            "verification": "unchecked",
            "handled_at": pd.NaT,
            "unit": None,
            "url": [f"https://example.org/p/{i + 1}" for i in range(n)],
            "author": [f"Tài khoản {i:06d}" for i in rng.integers(0, 300_000, n)],
            "_known": posted.normalize() + pd.to_timedelta(rng.geometric(0.9, n) - 1, unit="D"),
        }
    ).astype({"handled_at": "datetime64[ns]"})
    frame = pd.concat([frame, _answers(rng, frame, tone)])
    frame = frame[frame["_known"] <= world.end]
    return {"social_media.posts": frame.sort_values(["_known", "post_id"], ignore_index=True)}


def _posts(world: World, rng: np.random.Generator) -> tuple[_Index, _Index, _Index]:
    """Return day, ward and topic of each post, by day and in no order within it."""
    others = np.array([t[0] for t in _TOPICS.values()])
    means = _volume(world, rng)[:, :, None] * others
    means[:, :, 0] = _about_epidemic(world, rng)
    counts = rng.poisson(means)
    cells = np.repeat(np.arange(counts.size), counts.ravel())
    day, ward, topic = np.unravel_index(cells, counts.shape)
    order = np.lexsort((rng.random(len(day)), day))
    return day, ward[order], topic[order]


def _volume(world: World, rng: np.random.Generator) -> _Array:
    """Return the expected posts by recent day and ward, the epidemic's not among them."""
    calendar = world.profile((1.0, 1.02, 1.02, 1.0, 1.0, 0.9, 0.86), (1.02, 0.7, 1.05))
    level = calendar * np.exp(0.1 * world.noise("talk of the town", 0.8))
    waves = np.where(rng.random(world.days) < 0.008, rng.uniform(1.3, 2.2, world.days), 1.0)
    share = world.wards["population"].to_numpy() * rng.gamma(3.0, 1 / 3, 34)
    return _POSTS_PER_DAY * np.outer(level[world.recent] * waves, share / share.sum())


def _about_epidemic(world: World, rng: np.random.Generator) -> _Array:
    """Return the expected posts about the epidemic, by recent day and ward."""
    shape = (len(world.dates), len(world.wards))
    cases = delayed(world.signals.get("cases", np.zeros(shape)), 1)
    level = np.exp(_CASES_ON_POSTS * np.log1p(cases.sum(axis=1)))
    level *= np.exp(0.15 * world.noise("talk of the epidemic", 0.7))
    share = world.wards["population"].to_numpy() * rng.gamma(3.0, 1 / 3, 34)
    return _EPIDEMIC_PER_DAY * np.outer(level[world.recent], share / share.sum())


def _tones(world: World, rng: np.random.Generator, day: _Index, topic: _Index) -> _Index:
    """Draw negative (0), neutral (1) or positive (2): by topic, and by the mood of the day."""
    odds = np.array([t[1:] for t in _TOPICS.values()])[topic]
    mood = world.discontent[world.recent][day]
    negative = np.exp(odds[:, 0] + _MOOD_ON_NEGATIVE * mood)
    positive = np.exp(odds[:, 1] + _MOOD_ON_POSITIVE * mood)
    draw = rng.random(len(day)) * (1 + negative + positive)
    return (draw > negative).astype(int) + (draw > 1 + negative)


def _interactions(rng: np.random.Generator, tone: _Index, source: _Index) -> _Index:
    """Draw interactions: most posts are hardly seen, a few by thousands."""
    middle = 2.8 + np.array([0.3, 0.0, 0.05])[tone]
    middle = middle - np.where(source == list(_SOURCES).index("press"), 0.6, 0.0)
    return np.asarray(rng.lognormal(middle, 1.5).astype(np.int64))


def _answers(rng: np.random.Generator, frame: pd.DataFrame, tone: _Index) -> pd.DataFrame:
    """Return the revision of each post that was checked or handled."""
    n = len(frame)
    epidemic = (frame["topic"] == "epidemic").to_numpy()
    fake = rng.random(n) < np.where(epidemic, 0.03, 0.006) * np.where(tone == 0, 2.0, 0.6)
    genuine = ~fake & (rng.random(n) < np.where(tone == 0, 0.12, 0.03))
    handled = rng.random(n) < np.select([fake, tone == 0], [0.93, 0.22], 0.01)
    hours = rng.lognormal(np.log(14), 0.9, n) * np.where(fake, 0.6, 1.0)
    answered = frame["posted_at"] + pd.to_timedelta((hours * 60).round(), unit="min")
    checked = frame["posted_at"].dt.normalize() + pd.to_timedelta(rng.integers(1, 4, n), unit="D")
    later = frame.assign(
        verification=np.select([fake, genuine], ["fake", "genuine"], "unchecked"),
        handled_at=answered.where(handled),
        unit=frame["topic"].map(_UNITS).astype(object).mask(~handled),
    )
    told = answered.dt.normalize().where(handled, checked)
    later["_known"] = np.maximum(told, frame["_known"] + pd.Timedelta(days=1))
    return later[fake | genuine | handled]
