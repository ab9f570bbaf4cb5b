"""Simulated procedures: true to the contract, of the city's scale, late when offices overflow."""

import numpy as np
import pandas as pd
import pytest

from ioc_analytics import sectors
from ioc_analytics.calendar import public_holidays
from ioc_analytics.office import working_hours
from ioc_analytics.places import CITY, ward_codes
from ioc_analytics.twin.procedures import LINKS, simulate
from ioc_analytics.twin.queues import OfficeClock, backlog, queue_days
from ioc_analytics.twin.world import World

START, DAYS = "2021-08-01", 200  # the reopening of October 2021 lies within


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=3, start=START, days=DAYS)


@pytest.fixture(scope="module")
def tables(world: World) -> dict[str, pd.DataFrame]:
    return simulate(world)


@pytest.fixture(scope="module")
def files(tables) -> pd.DataFrame:
    """The newest revision of each file."""
    rows = tables["procedures.files"].sort_values("_known", kind="stable")
    return rows.drop_duplicates("file_id", keep="last")


# -- offices' clock and queue ---------------------------------------------------------------------


def test_the_office_clock_counts_as_the_law_does():
    clock = OfficeClock(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-03-01"))
    times = pd.to_datetime(["2024-01-05T16:00", "2024-01-08T08:30", "2024-02-20T12:15"])
    hours = clock.hours(times.to_numpy().astype("M8[s]"))
    for i, j in ((0, 1), (1, 2)):
        by_law = working_hours(times[i].to_pydatetime(), times[j].to_pydatetime())
        assert hours[j] - hours[i] == pytest.approx(by_law)


def test_the_clock_reads_back_the_moment_that_office_hours_end_at():
    clock = OfficeClock(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-03-01"))
    moments = clock.moments(np.array([8.0, 12.5, np.inf, np.nan]))
    assert moments[:2].astype(str).tolist() == ["2024-01-02T17:00:00", "2024-01-03T13:30:00"]
    assert np.isnat(moments[2:]).all()


def test_first_in_first_out():
    arrivals = np.array([[5], [0], [1], [1]])
    left = backlog(arrivals, np.array([[2.0], [2.0], [2.0], [0.5]]))
    assert left.ravel().tolist() == [3, 1, 0, 0.5]
    assert queue_days(arrivals, left).tolist() == [0, 0, 1, 1, 2, 2, 3]


def test_an_item_whose_turn_never_comes_is_put_after_the_last_day():
    arrivals = np.array([[1], [3]])
    left = backlog(arrivals, np.array([[1.0], [1.0]]))
    assert queue_days(arrivals, left).tolist() == [0, 1, 2, 2]


# -- contract -------------------------------------------------------------------------------------


def test_tables_have_the_columns_of_their_contracts(tables):
    assert set(tables) == {t.name for t in sectors.procedures.TABLES}
    for name, frame in tables.items():
        declared = {c.name for c in sectors.table(name).columns} - {"location_name"}
        assert set(frame.columns) - {"_known"} == declared


def test_no_revision_stands_twice_and_codes_are_allowed_ones(tables):
    for name, frame in tables.items():
        table = sectors.table(name)
        assert not frame.duplicated([*table.key, "_known"]).any()
        for column in table.columns:
            if column.allowed:
                assert set(frame[column.name].dropna()) <= set(column.allowed)
            if column.minimum is not None:
                assert (frame[column.name].dropna() >= column.minimum).all()
            if column.maximum is not None:
                assert (frame[column.name].dropna() <= column.maximum).all()


def test_no_event_precedes_the_one_before_it(tables):
    frame = tables["procedures.files"]
    for column in sectors.table("procedures.files").columns:
        if column.not_before:
            assert not (frame[column.name] < frame[column.not_before]).any()


def test_nothing_is_known_before_it_happened_or_after_the_end(world, tables):
    frame = tables["procedures.files"]
    for moment in ("received_at", "paused_from", "returned_at"):
        assert not (frame[moment].dt.normalize() > frame["_known"]).any()
    for frame in tables.values():
        assert frame["_known"].max() <= world.end


def test_the_balance_of_each_month_is_kept_also_in_first_reports(tables):
    m = tables["procedures.monthly"]
    assert (m["brought_forward"] + m["received"] == m["solved"] + m["open"]).all()
    assert (m["solved_on_time"] <= m["solved"]).all()
    assert (m["open_overdue"] <= m["open"]).all()
    newest = m.drop_duplicates(["month", "location"], keep="last")
    by_month = newest.pivot(index="month", columns="location")
    carried = by_month["open"].shift().iloc[1:] - by_month["brought_forward"].iloc[1:]
    assert (carried == 0).all(axis=None)


def test_months_count_the_same_files_as_the_event_table(tables, files):
    month = files["received_at"].dt.to_period("M").dt.start_time
    counted = files.groupby([month, "location"]).size()
    m = tables["procedures.monthly"].drop_duplicates(["month", "location"], keep="last")
    reported = m.set_index(["month", "location"])["received"]
    reported = reported[reported.index.get_level_values(0) >= pd.Timestamp(START)]
    assert (counted.reindex(reported.index, fill_value=0) == reported).all()


def test_the_score_of_each_place_adds_up(tables):
    index = tables["procedures.service_index"]
    assert set(index["location"]) == {*ward_codes(), CITY}
    parts = index.filter(like="_points").drop(columns="total_points").sum(axis=1)
    assert (parts - index["total_points"]).abs().max() < 0.05


# -- scale and behaviour --------------------------------------------------------------------------


def test_a_normal_month_brings_the_files_of_a_city_of_a_million(files):
    january = files["received_at"].dt.to_period("M") == "2022-01"
    assert 10_000 < january.sum() < 25_000
    assert files["location"].nunique() == 34


def test_no_file_is_solved_while_offices_are_closed(files):
    returned = files["returned_at"].dropna()
    assert (returned.dt.dayofweek < 5).all()
    holidays = [*public_holidays(2021), *public_holidays(2022)]
    assert not returned.dt.normalize().isin(pd.to_datetime(holidays)).any()


def test_files_get_late_after_the_reopening_when_deferred_ones_come(files):
    solved = files.dropna(subset="returned_at")
    on_time = solved["returned_at"] <= solved["extended_due_at"].fillna(solved["due_at"])
    share = on_time.groupby(solved["returned_at"].dt.to_period("M").astype(str)).mean()
    assert share["2021-09"] > 0.96
    assert 0.75 < share["2021-10"] < share["2021-09"] - 0.04
    volume = files.groupby(files["received_at"].dt.to_period("M").astype(str)).size()
    assert volume["2021-10"] > 2 * volume["2021-09"]


def test_files_that_are_not_solved_stay_open(world, files):
    still = files["returned_at"].isna()
    assert set(files.loc[still, "status"]) == {"processing", "supplement"}
    assert 500 < still.sum() < 8_000
    assert not (files["returned_at"] > world.end + pd.Timedelta(days=1)).any()


def test_the_newest_files_were_first_known_as_open(world, tables):
    frame = tables["procedures.files"]
    first = frame.sort_values("_known", kind="stable").groupby("file_id").nth(0)
    recent = first[first["received_at"] > world.end - pd.Timedelta(days=50)]
    waited = recent[recent["_known"] == recent["received_at"].dt.normalize()]
    assert waited["returned_at"].isna().mean() > 0.4
    revised = frame[frame.duplicated("file_id", keep=False)]
    assert revised["file_id"].nunique() > 5_000


def test_online_files_become_more():
    later = simulate(World(seed=3, start="2023-03-01", days=40))["procedures.files"]
    earlier = simulate(World(seed=3, start="2020-06-15", days=40))["procedures.files"]
    online = [f["channel"].str.startswith("online").mean() for f in (earlier, later)]
    assert online[1] > online[0] + 0.15


def test_what_comes_in_waits_so_open_files_follow_by_week():
    calm = World(seed=3, start="2019-10-21", days=600)
    frame = simulate(calm)["procedures.files"].sort_values("_known", kind="stable")
    files = frame.drop_duplicates("file_id", keep="last")
    days = calm.dates[calm.recent]
    received, returned = (
        files[moment].dt.normalize().value_counts().reindex(days, fill_value=0)
        for moment in ("received_at", "returned_at")
    )
    weeks = pd.DataFrame({"in": received, "open": (received - returned).cumsum()})
    weeks = np.log(weeks.resample("W").agg({"in": "sum", "open": "last"}).iloc[5:-1]).diff()
    r = {lag: weeks["open"].corr(weeks["in"].shift(lag)) for lag in (-2, -1, 0, 1, 2)}
    assert max(r, key=lambda k: r[k]) == 0
    assert r[0] > 0.4


def test_links_name_known_indicators_of_this_system():
    assert any(link.kind == "none" for link in LINKS)
    for link in LINKS:
        own = [n for n in (link.x, link.y) if n.startswith("procedures.")]
        assert own
        assert set(own) <= set(sectors.indicators())


def test_one_seed_gives_one_city():
    one, same, other = (
        simulate(World(seed=seed, start="2021-03-01", days=30)) for seed in (1, 1, 2)
    )
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, same[name])
    assert len(one["procedures.files"]) != len(other["procedures.files"])
