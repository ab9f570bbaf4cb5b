"""Simulated feedback: true to the contract, and it follows rain, mood and cases at their lags."""

import numpy as np
import pandas as pd
import pytest

from ioc_analytics import sectors
from ioc_analytics.places import places
from ioc_analytics.twin.feedback import LINKS, simulate
from ioc_analytics.twin.world import World

START, DAYS = "2022-04-15", 400  # after the measures


@pytest.fixture(scope="module")
def world() -> World:
    world = World(seed=5, start=START, days=DAYS)
    rng = np.random.default_rng(5)
    wave = 6 * np.exp(world.noise("test cases", 0.9)[:, None]) * np.ones((1, len(world.wards)))
    world.signals["cases"] = rng.poisson(wave)
    return world


@pytest.fixture(scope="module")
def revisions(world: World) -> pd.DataFrame:
    return simulate(world)["feedback.requests"]


@pytest.fixture(scope="module")
def requests(revisions: pd.DataFrame) -> pd.DataFrame:
    """The newest revision of each request."""
    rows = revisions.sort_values("_known", kind="stable")
    return rows.drop_duplicates("request_id", keep="last")


def daily(world: World, rows: pd.DataFrame) -> pd.Series:
    days = world.dates[world.recent]
    return rows["received_at"].dt.normalize().value_counts().reindex(days, fill_value=0)


def best_lag(signal: np.ndarray, world: World, y: pd.Series) -> tuple[int, float]:
    """Return the lag of the highest correlation of changes over a week, and that correlation."""
    change = y.diff(7).to_numpy()[14:]
    r = {}
    for lag in range(8):
        x = pd.Series(signal).diff(7).to_numpy()[world.first - lag : len(signal) - lag][14:]
        r[lag] = np.corrcoef(x, change)[0, 1]
    lag = max(r, key=lambda k: r[k])
    return lag, r[lag]


# -- contract -------------------------------------------------------------------------------------


def test_columns_codes_and_ranges_are_those_of_the_contract(revisions):
    table = sectors.table("feedback.requests")
    declared = {c.name for c in table.columns} - {"location_name"}
    assert set(revisions.columns) - {"_known"} == declared
    assert not revisions.duplicated(["request_id", "_known"]).any()
    for column in table.columns:
        values = revisions.get(column.name, pd.Series(dtype=float)).dropna()
        if column.allowed:
            assert set(values) <= set(column.allowed)
        if column.minimum is not None:
            assert (values >= column.minimum).all()
        if column.maximum is not None:
            assert (values <= column.maximum).all()
        if column.not_before:
            assert not (revisions[column.name] < revisions[column.not_before]).any()


def test_nothing_is_known_before_it_happened_or_after_the_end(world, revisions):
    for moment in ("received_at", "assigned_at", "resolved_at"):
        assert not (revisions[moment].dt.normalize() > revisions["_known"]).any()
    known = revisions[revisions["_known"] <= world.end]
    assert len(known) == len(revisions)


def test_open_requests_have_no_answer(revisions):
    is_open = revisions["status"].isin(["new", "processing"])
    assert (revisions["resolved_at"].isna() == is_open).all()
    assert (revisions.loc[is_open, "satisfied"] == "unknown").all()
    assert (revisions["assigned_at"].isna() == (revisions["status"] == "new")).all()


# -- scale ----------------------------------------------------------------------------------------


def test_the_city_s_volume_and_quality_of_answers(requests):
    assert 60 < len(requests) / DAYS < 180
    assert requests["location"].nunique() == 34
    done = requests[requests["status"] == "resolved"]
    on_time = (done["resolved_at"] <= done["due_at"]).mean()
    assert 0.92 < on_time < 0.97
    others = requests[requests["topic"] != "health"]  # a wave of cases is part of the fixture
    assert 0.4 < (others["topic"] == "procedures").mean() < 0.55
    assert 0.03 < (done["reopened"] > 0).mean() < 0.06
    unanswered = requests["resolved_at"].isna()
    assert 0.005 < unanswered.mean() < 0.05


def test_addresses_name_their_ward_in_most_cases_and_no_person(requests):
    plain = requests["address"].str.lower()
    names = requests["location"].map({c: p.name_vi.lower() for c, p in places().items()})
    named = [name in text for name, text in zip(names, plain, strict=True)]
    assert 0.7 < np.mean(named) < 0.95
    assert requests["reporter_name"].str.fullmatch(r"Người dân \d{6}").all()
    numbers = requests["content"].str.extractall(r"(\d{4} \d{3} \d{3})")[0]
    assert len(numbers) > 1_000
    assert numbers.str.startswith("0900 ").all()
    plates = requests["content"].str.extractall(r"(\d\d-X1 \S+?)\.?(?: |$)")[0]
    assert len(plates) > 100
    assert plates.str.fullmatch(r"59-X1 \d{3}\.\d{2}").all()


def test_coordinates_lie_around_their_ward(world, requests):
    wards = world.wards.set_index("ward_code").loc[requests["location"]]
    north = (requests["lat"].to_numpy() - wards["lat"].to_numpy()) * 110.6
    spread = np.sqrt(wards["area_km2"].to_numpy())
    assert np.nanmax(np.abs(north) / spread) < 2
    assert 0.05 < requests["lat"].isna().mean() < 0.15


def test_some_places_come_back_again_and_again(requests):
    spots = requests[requests["topic"] != "procedures"].dropna(subset="lat")
    cells = spots.groupby([spots["lat"].round(3), spots["lon"].round(3)]).size()
    assert (cells >= 20).sum() >= 20


# -- links ----------------------------------------------------------------------------------------


def test_floods_are_reported_a_day_after_the_rain(world, requests):
    flooded = daily(world, requests[requests["topic"] == "flooding"])
    lag, r = best_lag(np.minimum(world.rain, 60), world, flooded)
    assert lag == 1
    assert r > 0.6


def test_discontent_reaches_the_hotline_after_three_days(world, requests):
    others = requests[~requests["topic"].isin(["health", "flooding"])]
    lag, r = best_lag(world.discontent, world, np.log(daily(world, others)))
    assert lag == 3
    assert r > 0.4


def test_cases_bring_requests_about_health_two_days_later(world, requests):
    health = daily(world, requests[requests["topic"] == "health"])
    lag, r = best_lag(world.signals["cases"].sum(axis=1), world, health)
    assert lag == 2
    assert r > 0.6


def test_noise_is_a_matter_of_weekends(world, requests):
    noise = daily(world, requests[requests["topic"] == "noise"])
    weekend = noise.index.dayofweek >= 5
    assert noise[weekend].mean() > 1.5 * noise[~weekend].mean()


def test_links_say_what_was_planted():
    planted = {(link.x, link.y): link.lag for link in LINKS if link.kind != "none"}
    assert planted[("geography.rain", "feedback.flooding_requests")] == 1
    assert planted[("epidemic.new_cases", "feedback.health_requests")] == 2
    assert planted[("social_media.negative_share", "feedback.requests")] == 3
    own = {n for link in LINKS for n in (link.x, link.y) if n.startswith("feedback.")}
    assert own <= set(sectors.indicators())


def test_one_seed_gives_one_city_with_and_without_an_epidemic():
    one, same, other = (
        simulate(World(seed=seed, start="2021-03-01", days=60))["feedback.requests"]
        for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same)
    assert not one["received_at"].equals(other["received_at"])
