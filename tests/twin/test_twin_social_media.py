"""Simulated posts: contract, scale, and the planted effects of mood and cases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frames import faults, newest

from ioc_analytics import sectors
from ioc_analytics.places import ward_codes
from ioc_analytics.twin.social_media import LINKS, simulate
from ioc_analytics.twin.world import World

SEED = 7


@pytest.fixture(scope="module")
def city() -> World:
    """Two years."""
    return World(SEED, "2020-01-01", 735)


@pytest.fixture(scope="module")
def tables(city: World) -> dict[str, pd.DataFrame]:
    return simulate(city)


def at_midnight(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return events at the beginning of their day, for `_known` is a day."""
    day = str(sectors.table(name).date)
    return frame.assign(**{day: frame[day].dt.normalize()})


# -- contract -------------------------------------------------------------------------------------


def test_every_table_of_the_system_is_simulated_and_keeps_to_its_contract(city, tables):
    wrong = {name: faults(name, at_midnight(name, frame), city) for name, frame in tables.items()}
    assert wrong == {t.name: [] for t in sectors.tables().values() if t.system == "social_media"}


def test_no_event_comes_before_the_one_that_it_follows(tables):
    columns = [(n, c) for n in tables for c in sectors.table(n).columns if c.not_before]
    early = {c.name: int((tables[n][c.name] < tables[n][c.not_before]).sum()) for n, c in columns}
    assert early == dict.fromkeys([c.name for _, c in columns], 0)
    assert early


def test_one_seed_gives_one_city_and_another_another():
    first, again, other = (simulate(World(s, "2021-01-01", 120)) for s in (SEED, SEED, SEED + 1))
    for name, frame in first.items():
        pd.testing.assert_frame_equal(frame, again[name])
        assert not frame.equals(other[name])


def test_links_join_declared_indicators():
    ours = {i for link in LINKS for i in (link.x, link.y) if i.startswith("social_media.")}
    assert ours
    assert ours <= set(sectors.indicators())


def r(x: pd.Series, y: pd.Series) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def by_day(world: World, days: pd.Series) -> pd.Series:
    """Return the number of events of each recent day."""
    counts = days.dt.normalize().value_counts()
    return counts.reindex(world.dates[world.recent], fill_value=0)


@pytest.fixture(scope="module")
def posts(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return newest("social_media.posts", tables["social_media.posts"])


# -- scale ----------------------------------------------------------------------------------------


def test_two_years_hold_more_than_a_hundred_thousand_posts(posts):
    assert 100_000 < len(posts) < 160_000
    assert set(posts["location"]) <= set(ward_codes())


def test_tones_are_near_those_of_a_published_report(posts):
    share = posts["sentiment"].value_counts(normalize=True)
    assert share["negative"] == pytest.approx(4_822 / 14_830, abs=0.04)
    assert share["positive"] == pytest.approx(4_156 / 14_830, abs=0.04)


def test_a_post_is_found_unchecked_and_may_be_handled_later(tables, posts):
    first = tables["social_media.posts"].drop_duplicates("post_id")
    assert set(first["verification"]) == {"unchecked"}
    assert first["handled_at"].isna().all()
    fake = posts[posts["verification"] == "fake"]
    assert 0.85 < fake["handled_at"].notna().mean() < 0.97


def test_a_few_posts_are_seen_by_very_many(posts):
    assert posts["interactions"].quantile(0.999) > 50 * posts["interactions"].median()


# -- links ----------------------------------------------------------------------------------------


def test_the_mood_shows_in_the_negative_share_of_the_same_day(city, posts):
    day = posts["posted_at"].dt.normalize()
    share = (posts["sentiment"] == "negative").groupby(day).mean()
    mood = pd.Series(city.discontent, city.dates)
    at_lag = {lag: r(share, mood.shift(lag)[share.index]) for lag in (0, 3, 7)}
    assert at_lag[0] > 0.7
    assert at_lag[0] == max(at_lag.values())


def test_posts_about_the_epidemic_follow_cases_by_a_day():
    city = World(SEED, "2021-01-01", 200)
    rng = np.random.default_rng(1)
    cases = rng.poisson(rng.gamma(0.5, 20, (len(city.dates), 1)), (len(city.dates), 34))
    city.signals["cases"] = cases.astype(float)
    rows = newest("social_media.posts", simulate(city)["social_media.posts"])
    written = by_day(city, rows[rows["topic"] == "epidemic"]["posted_at"])[:-2]
    heard = pd.Series(np.log1p(cases.sum(axis=1)), city.dates)
    at_lag = {lag: r(np.log1p(written), heard.shift(lag)[written.index]) for lag in (0, 1, 2)}
    assert at_lag[1] > 0.8
    assert abs(at_lag[0]) < 0.4
    assert abs(at_lag[2]) < 0.4


def test_without_cases_the_epidemic_is_a_topic_among_others(posts):
    assert 0.03 < (posts["topic"] == "epidemic").mean() < 0.12
