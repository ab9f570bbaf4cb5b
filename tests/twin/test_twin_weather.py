"""The simulated weather: its contract, its wet season, the province near the city."""

import numpy as np
import pandas as pd
import pytest
from frames import faults

from ioc_analytics import sectors
from ioc_analytics.twin import weather
from ioc_analytics.twin.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=3, start="2021-01-01", days=365)


@pytest.fixture(scope="module")
def days(world: World) -> pd.DataFrame:
    return weather.simulate(world)["geography.weather_daily"]


def test_frame_keeps_to_the_contract(world: World, days: pd.DataFrame):
    assert faults("geography.weather_daily", days, world) == []


def test_both_places_have_every_day_whose_figures_are_known(world: World, days: pd.DataFrame):
    for _, place in days.groupby("location"):
        assert place["date"].tolist() == world.dates[:-1].tolist()
    assert set(days["location"]) == {"769", "79"}


def test_the_city_has_the_rain_and_warmth_that_the_other_systems_are_drawn_from(
    world: World, days: pd.DataFrame
):
    city = days[days["location"] == "769"]
    assert city["rain_mm"].to_numpy() == pytest.approx(world.rain[:-1], abs=0.005)
    assert city["temp_c"].to_numpy() == pytest.approx(world.temperature[:-1], abs=0.005)


def test_rain_falls_from_may_to_november(days: pd.DataFrame):
    month = days.groupby(days["date"].dt.month)["rain_mm"].mean()
    assert month[[1, 2, 3]].mean() < 2 < 4 < month[[7, 8, 9]].mean()


def test_humidity_follows_rain_on_the_same_day_and_dew_point_lies_below(days: pd.DataFrame):
    city = days[days["location"] == "769"]
    change = city[["rain_mm", "rel_humidity_pct"]].diff().iloc[1:]
    assert np.corrcoef(change.T)[0, 1] > 0.5
    assert (days["dewpoint_c"] <= days["temp_c"]).all()
    assert (days["temp_max_c"] > days["temp_c"]).all()


def test_province_is_near_the_city_but_not_the_same(days: pd.DataFrame):
    wide = days.pivot(index="date", columns="location", values="rain_mm")
    assert 0.9 < wide.corr().iloc[0, 1] < 0.999


def test_same_seed_same_frames_other_seed_other_frames(world: World, days: pd.DataFrame):
    again = weather.simulate(World(seed=3, start="2021-01-01", days=365))
    pd.testing.assert_frame_equal(again["geography.weather_daily"], days)
    other = weather.simulate(World(seed=4, start="2021-01-01", days=365))
    assert not other["geography.weather_daily"]["rain_mm"].equals(days["rain_mm"])


def test_links_join_declared_indicators():
    for link in weather.LINKS:
        assert sectors.indicator(link.x).id == link.x
        assert sectors.indicator(link.y).id == link.y
