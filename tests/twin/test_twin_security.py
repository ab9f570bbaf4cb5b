"""Simulated incidents and fires: contract, scale, movement behind the first, nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frames import faults, newest

from ioc_analytics import sectors
from ioc_analytics.places import ward_codes
from ioc_analytics.twin.security import LINKS, simulate
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
    assert wrong == {t.name: [] for t in sectors.tables().values() if t.system == "security"}


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
    ours = {i for link in LINKS for i in (link.x, link.y) if i.startswith("security.")}
    assert ours
    assert ours <= set(sectors.indicators())


def r(x: pd.Series, y: pd.Series) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def by_day(world: World, days: pd.Series) -> pd.Series:
    """Return the number of events of each recent day."""
    counts = days.dt.normalize().value_counts()
    return counts.reindex(world.dates[world.recent], fill_value=0)


# -- scale ----------------------------------------------------------------------------------------


def test_two_years_hold_ten_thousand_incidents_and_some_hundred_fires(tables):
    incidents = newest("security.incidents", tables["security.incidents"])
    assert 8_000 < len(incidents) < 15_000
    assert 900 < (incidents["category"] == "criminal").sum() < 2_500
    assert 200 < len(tables["security.fires"]) < 600


def test_about_seven_in_ten_offences_are_solved_and_nine_in_ten_of_the_gravest(tables):
    rows = newest("security.incidents", tables["security.incidents"])
    crimes = rows[rows["category"] == "criminal"]
    grave = crimes["severity"].isin(["very_serious", "extremely_serious"])
    assert 0.66 < (crimes["status"] == "solved").mean() < 0.78
    assert 0.84 < (crimes["status"] == "solved")[grave].mean() < 0.95


def test_incidents_first_stand_open_and_are_then_solved_or_suspended(tables):
    rows = tables["security.incidents"]
    twice = rows[rows.duplicated("incident_id", keep=False)]
    by_number = twice.groupby("incident_id")["status"]
    assert set(by_number.first()) == {"investigating"}
    assert set(by_number.last()) == {"solved", "suspended"}
    assert rows.groupby("incident_id").size().max() == 2


def test_wards_differ_for_good(tables):
    rows = newest("security.incidents", tables["security.incidents"])
    half = rows["reported_at"] < "2021-01-01"
    early, late = (
        rows[part]["location"].value_counts().reindex(ward_codes(), fill_value=0)
        for part in (half, ~half)
    )
    assert r(early, late) > 0.95


# -- links ----------------------------------------------------------------------------------------


def test_incidents_follow_movement_on_the_same_day(city, tables):
    rows = newest("security.incidents", tables["security.incidents"])
    incidents = by_day(city, rows["reported_at"])
    assert r(incidents, pd.Series(city.mobility[city.recent], incidents.index)) > 0.4


def test_fires_follow_neither_movement_nor_incidents(city, tables):
    fires = by_day(city, tables["security.fires"]["reported_at"])
    incidents = by_day(
        city, newest("security.incidents", tables["security.incidents"])["reported_at"]
    )
    chance = 3 / np.sqrt(len(fires))  # three standard errors of a correlation of nothing
    assert abs(r(fires, pd.Series(city.mobility[city.recent], fires.index))) < chance
    assert abs(r(fires, incidents)) < chance
