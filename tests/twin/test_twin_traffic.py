"""Simulated traffic: contract, scale, and the planted effects of flow and rain."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frames import faults, newest

from ioc_analytics import sectors
from ioc_analytics.twin.traffic import LINKS, simulate
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
    table = sectors.table(name)
    if table.date in table.key:  # hours of cameras are known on the next day at the earliest
        return frame
    return frame.assign(**{str(table.date): frame[table.date].dt.normalize()})


# -- contract -------------------------------------------------------------------------------------


def test_every_table_of_the_system_is_simulated_and_keeps_to_its_contract(city, tables):
    wrong = {name: faults(name, at_midnight(name, frame), city) for name, frame in tables.items()}
    assert wrong == {t.name: [] for t in sectors.tables().values() if t.system == "traffic"}


def test_one_seed_gives_one_city_and_another_another():
    first, again, other = (simulate(World(s, "2021-01-01", 120)) for s in (SEED, SEED, SEED + 1))
    for name, frame in first.items():
        pd.testing.assert_frame_equal(frame, again[name])
        assert not frame.equals(other[name])


def test_links_join_declared_indicators():
    ours = {i for link in LINKS for i in (link.x, link.y) if i.startswith("traffic.")}
    assert ours
    assert ours <= set(sectors.indicators())


def r(x: pd.Series, y: pd.Series) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def by_day(world: World, days: pd.Series) -> pd.Series:
    """Return the number of events of each recent day."""
    counts = days.dt.normalize().value_counts()
    return counts.reindex(world.dates[world.recent], fill_value=0)


@pytest.fixture(scope="module")
def speed(tables: dict[str, pd.DataFrame]) -> pd.Series:
    """Return the mean speed of each day, distance over time."""
    rows = tables["traffic.flow_hourly"]
    time = rows["vehicles"] / rows["speed_kmh"]
    day = rows["hour"].dt.normalize()
    return rows["vehicles"].groupby(day).sum() / time.groupby(day).sum()


@pytest.fixture(scope="module")
def wet(city: World) -> pd.Series:
    return pd.Series(np.log1p(city.rain[city.recent]), city.dates[city.recent])


# -- scale ----------------------------------------------------------------------------------------


def test_two_years_are_at_the_city_s_scale(tables):
    accidents = newest("traffic.accidents", tables["traffic.accidents"])
    assert 1_500 < len(accidents) < 3_000
    assert 120 < accidents["deaths"].sum() < 320
    assert 210_000 < len(tables["traffic.flow_hourly"]) < 280_000
    assert 45_000 < len(tables["traffic.violations"]) < 80_000


def test_cameras_stand_in_a_dozen_wards_and_fail_now_and_then(city, tables):
    rows = tables["traffic.flow_hourly"]
    assert rows.groupby("camera_id")["location"].nunique().max() == 1
    assert rows["location"].nunique() == 12
    shown = len(rows) / (rows["camera_id"].nunique() * 24 * city.days)
    assert 0.97 < shown < 0.995


def test_points_of_congestion_start_as_published_and_are_reviewed_each_month(city, tables):
    rows = tables["traffic.congestion_points"]
    first = rows[rows["reviewed_on"] == rows["reviewed_on"].min()]["status"].value_counts()
    assert first.to_dict() == {"improved": 6, "improved_complex": 9, "no_change": 9}
    months = rows["reviewed_on"].dt.to_period("M")
    assert (rows.groupby(months).size() == 24).all()
    assert months.nunique() >= 12 * city.history


def test_a_later_death_corrects_an_accident_with_injured(tables):
    rows = tables["traffic.accidents"]
    both = rows[rows.duplicated("accident_id", keep=False)].groupby("accident_id")
    change = both[["deaths", "injured"]].last() - both[["deaths", "injured"]].first()
    assert len(change) > 10
    assert (change == [1, -1]).all(axis=None)


def test_helmets_are_an_offence_of_motorbikes_alone(tables):
    rows = tables["traffic.violations"]
    assert set(rows[rows["kind"] == "no_helmet"]["vehicle"]) == {"motorbike"}
    assert rows["plate"].str.fullmatch(r"59-X1 \d{3}\.\d{2}").all()


# -- links ----------------------------------------------------------------------------------------


def test_flow_follows_movement(city, tables):
    rows = tables["traffic.flow_hourly"]
    flow = rows.groupby(rows["hour"].dt.normalize())["vehicles"].mean()
    assert r(flow, pd.Series(city.mobility[city.recent], city.dates[city.recent])[flow.index]) > 0.9


def test_accidents_follow_the_flow_and_the_rain_of_the_same_day(city, tables, wet):
    rows = newest("traffic.accidents", tables["traffic.accidents"])
    accidents = by_day(city, rows["occurred_at"])
    flow = pd.Series(city.mobility[city.recent], accidents.index)
    assert r(accidents, flow) > 0.25
    assert r(accidents, wet) > 0.1


def test_rain_slows_the_same_day_not_the_next(city, speed, wet):
    slowed = np.log(speed) - np.polynomial.Polynomial.fit(
        city.mobility[city.recent][:-1], np.log(speed), 3
    )(city.mobility[city.recent][:-1])
    rain = wet[speed.index]
    assert r(slowed, rain) < -0.5
    assert abs(r(slowed[1:], rain.shift(1)[1:])) < abs(r(slowed, rain)) / 2


def test_full_roads_are_slow(city, speed):
    flow = pd.Series(city.mobility[city.recent], city.dates[city.recent])[speed.index]
    assert r(speed, flow) < -0.7
