"""Simulated documents: true to the contract, answered after what came in, blind to the weather."""

import numpy as np
import pandas as pd
import pytest

from ioc_analytics import sectors
from ioc_analytics.places import CITY, ward_codes
from ioc_analytics.twin.documents import LINKS, simulate
from ioc_analytics.twin.world import World

START, DAYS = "2021-01-01", 500


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=4, start=START, days=DAYS)


@pytest.fixture(scope="module")
def tables(world: World) -> dict[str, pd.DataFrame]:
    return simulate(world)


@pytest.fixture(scope="module")
def register(tables) -> pd.DataFrame:
    """The newest revision of each document."""
    rows = tables["documents.register"].sort_values("_known", kind="stable")
    return rows.drop_duplicates("document_id", keep="last")


def residual(world: World, rows: pd.DataFrame) -> pd.Series:
    """Return the log of the number by office day, without weekday and month."""
    days = world.dates[world.recent]
    calm = world.workday[world.recent] & (np.abs(world.tet[world.recent]) > 25)
    counts = rows["registered_at"].dt.normalize().value_counts().reindex(days)
    log = np.log(counts.where(calm))
    log = log - log.groupby(days.dayofweek).transform("mean")
    return log - log.groupby(days.to_period("M")).transform("mean")


def test_columns_codes_and_order_are_those_of_the_contract(tables):
    assert set(tables) == {t.name for t in sectors.documents.TABLES}
    for name, frame in tables.items():
        table = sectors.table(name)
        assert set(frame.columns) - {"_known"} == {c.name for c in table.columns} - {
            "location_name"
        }
        assert not frame.duplicated([*table.key, "_known"]).any()
        for column in table.columns:
            if column.allowed:
                assert set(frame[column.name].dropna()) <= set(column.allowed)
            if column.not_before:
                assert not (frame[column.name] < frame[column.not_before]).any()


def test_nothing_is_known_before_it_happened_or_after_the_end(world, tables):
    register, tasks = tables["documents.register"], tables["documents.tasks"]
    assert not (register["completed_at"].dt.normalize() > register["_known"]).any()
    assert not (tasks["done_on"] > tasks["_known"]).any()
    assert max(f["_known"].max() for f in tables.values()) <= world.end


def test_a_done_document_has_its_day_and_an_open_one_none(register):
    done = (register["direction"] == "in") & (register["status"] == "done")
    assert register.loc[done, "completed_at"].notna().all()
    assert register.loc[register["status"] == "processing", "completed_at"].isna().all()
    assert (register.loc[register["status"] == "processing", "direction"] == "in").all()


def test_the_volume_of_wards_and_city_on_an_office_day(world, register):
    office_days = world.workday[world.recent].sum()
    assert 330 < len(register) / office_days < 520
    assert set(register["location"]) == {*ward_codes(), CITY}
    assert 0.33 < (register["direction"] == "out").mean() < 0.43
    assert register["registered_at"].dt.dayofweek.max() == 4


def test_entry_numbers_run_through_each_office_s_year(register):
    book = [register["location"], register["direction"], register["registered_at"].dt.year]
    entries = register.groupby(book)["entry_no"]
    assert (entries.max() == entries.size()).all()
    assert (entries.nunique() == entries.size()).all()


def test_most_documents_are_in_time_and_fewer_when_offices_are_short_of_people(register):
    due = register.dropna(subset="completed_at")
    on_time = due["completed_at"].dt.normalize() <= due["due_on"]
    by_quarter = on_time.groupby(due["completed_at"].dt.to_period("Q").astype(str)).mean()
    assert by_quarter["2021Q2"] > 0.97
    assert 0.88 < by_quarter["2021Q4"] < by_quarter["2021Q2"] - 0.005


def test_signing_becomes_the_rule(register):
    out = register[register["direction"] == "out"]
    share = out["e_signed"].astype(float).groupby(out["registered_at"].dt.to_period("Q")).mean()
    assert share.iloc[-1] > share.iloc[0] + 0.15


def test_tasks_are_some_thousand_and_most_are_done_on_time(tables):
    tasks = tables["documents.tasks"]
    assert 1_500 < tasks["task_id"].nunique() < 5_000
    done = tasks[tasks["status"] == "done"]
    on_time = done["done_on"] <= done["extended_due_on"].fillna(done["due_on"])
    assert 0.82 < on_time.mean() < 0.95
    assert tasks.groupby("task_id").size().max() == 2


def test_what_comes_in_is_answered_two_days_later(world, register):
    out, into = (residual(world, register[register["direction"] == d]) for d in ("out", "in"))
    r = {lag: out.corr(into.shift(lag)) for lag in range(6)}
    assert max(r, key=lambda k: r[k]) == 2
    assert r[2] > 0.3


def test_rain_has_nothing_to_do_with_documents(world, register):
    """Two autocorrelated series of 340 days: |r| beyond 0.2 would be 3 standard errors."""
    rain = pd.Series(np.sqrt(world.rain[world.recent]), world.dates[world.recent])
    r = residual(world, register).corr(
        rain - rain.groupby(rain.index.to_period("M")).transform("mean")
    )
    assert abs(r) < 0.2


def test_links_name_known_indicators_and_say_what_is_unrelated():
    own = {n for link in LINKS for n in (link.x, link.y) if n.startswith("documents.")}
    assert own <= set(sectors.indicators())
    assert ("geography.rain", "documents.incoming") in {
        (link.x, link.y) for link in LINKS if link.kind == "none"
    }


def test_one_seed_gives_one_city():
    one, same, other = (
        simulate(World(seed=seed, start="2021-03-01", days=60)) for seed in (1, 1, 2)
    )
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, same[name])
    assert len(one["documents.register"]) != len(other["documents.register"])
