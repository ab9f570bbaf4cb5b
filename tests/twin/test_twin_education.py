"""Simulated schools: contract, scale, school days, and the planted lag of absence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frames import faults, newest

from ioc_analytics import sectors
from ioc_analytics.twin.education import LINKS, simulate
from ioc_analytics.twin.world import World

SEED = 7


@pytest.fixture(scope="module")
def city() -> World:
    """Two years."""
    return World(SEED, "2020-01-01", 735)


@pytest.fixture(scope="module")
def tables(city: World) -> dict[str, pd.DataFrame]:
    return simulate(city)


# -- contract -------------------------------------------------------------------------------------


def test_every_table_of_the_system_is_simulated_and_keeps_to_its_contract(city, tables):
    wrong = {name: faults(name, frame, city) for name, frame in tables.items()}
    assert wrong == {t.name: [] for t in sectors.tables().values() if t.system == "education"}


def test_one_seed_gives_one_city_and_another_another():
    first, again, other = (simulate(World(s, "2021-01-01", 120)) for s in (SEED, SEED, SEED + 1))
    for name, frame in first.items():
        pd.testing.assert_frame_equal(frame, again[name])
        assert not frame.equals(other[name])


def test_links_join_declared_indicators():
    ours = {i for link in LINKS for i in (link.x, link.y) if i.startswith("education.")}
    assert ours
    assert ours <= set(sectors.indicators())


def r(x: pd.Series, y: pd.Series) -> float:
    return float(np.corrcoef(x, y)[0, 1])


@pytest.fixture(scope="module")
def schools(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return newest("education.schools", tables["education.schools"])


# -- scale ----------------------------------------------------------------------------------------


def test_two_hundred_and_sixty_schools_teach_two_hundred_thousand(schools):
    now = schools[schools["year_start"] == "2021-09-05"]
    assert 230 < len(now) < 290
    assert 180_000 < now["pupils"].sum() < 230_000


def test_classes_are_as_full_as_the_city_s(schools):
    of_level = schools.groupby("level")[["pupils", "classes"]].sum()
    per_class = of_level["pupils"] / of_level["classes"]
    assert 34 < per_class["primary"] < 40
    assert 39 < per_class["lower_secondary"] < 45


def test_rooms_per_10000_of_school_age_fall_towards_the_published_294(tables, schools):
    rows = tables["education.school_age"].groupby("year_start")[["rooms", "school_age_population"]]
    rate = 1e4 * rows.sum()["rooms"] / rows.sum()["school_age_population"]
    assert rate.iloc[-1] == pytest.approx(294, abs=15)
    assert rate.is_monotonic_decreasing
    told = schools.groupby("year_start")["rooms"].sum()
    assert (rows.sum()["rooms"] == told[rate.index]).all()


def test_pupils_are_fewer_than_residents_of_school_age(tables, schools):
    residents = tables["education.school_age"].groupby("year_start")["school_age_population"].sum()
    pupils = schools.groupby("year_start")["pupils"].sum()[residents.index]
    assert (pupils < residents).all()


def test_schools_correct_what_they_said(tables):
    rows = tables["education.schools"]
    twice = rows[rows.duplicated(["school_id", "year_start"], keep=False)]
    pupils = twice.groupby(["school_id", "year_start"])["pupils"]
    assert len(pupils) > 20
    assert (pupils.last() < pupils.first()).all()


# -- school days ----------------------------------------------------------------------------------


def test_attendance_is_of_school_days_only(city, tables):
    days = pd.DatetimeIndex(tables["education.attendance_daily"]["date"].unique())
    place = city.dates.get_indexer(days)
    assert city.workday[place].all()
    assert not set(days.month) & {6, 7, 8}
    assert not ((city.tet[place] >= -3) & (city.tet[place] <= 5)).any()


def test_schools_close_under_hard_measures_and_secondary_ones_return_first(tables):
    rows = tables["education.attendance_daily"]
    autumn = rows[(rows["date"] >= "2021-06-01") & (rows["date"] <= "2021-12-31")]
    assert autumn["date"].min() == pd.Timestamp("2021-12-13")
    assert set(autumn["level"]) == {"lower_secondary", "upper_secondary"}


def test_attendance_has_some_tens_of_thousands_of_rows(tables):
    assert 50_000 < len(tables["education.attendance_daily"]) < 90_000


# -- links ----------------------------------------------------------------------------------------


def test_illness_follows_infections_by_a_week(city, tables):
    rows = tables["education.attendance_daily"].groupby("date")[["absent_ill", "enrolled"]].sum()
    absence = np.log(rows["absent_ill"] / rows["enrolled"]).resample("W").mean()
    latent = pd.Series(0.5 * city.noise("respiratory", 0.98), city.dates).resample("W").mean()
    frame = pd.DataFrame({lag: latent.shift(lag) for lag in (0, 1, 2)}).diff()
    change = absence.diff()
    told = change.notna()
    at_lag = {lag: r(change[told], frame[lag][change.index][told]) for lag in frame}
    assert at_lag[1] > 0.7
    assert max(abs(at_lag[0]), abs(at_lag[2])) < 0.4
