"""The simulated health system: its contract, its size, its seasons and its planted links."""

import numpy as np
import pandas as pd
import pytest
from frames import faults, newest

from ioc_analytics import sectors
from ioc_analytics.places import ward_codes
from ioc_analytics.twin import health
from ioc_analytics.twin.world import World

START, DAYS = "2021-01-01", 735
DISEASES = "health.notifiable_weekly"


@pytest.fixture(scope="module")
def world() -> World:
    """Two years, with reported cases that jump about, so that a lag can be read off."""
    world = World(seed=3, start=START, days=DAYS)
    draws = np.random.default_rng(20211023)
    level = 300 * np.exp(np.repeat(draws.normal(0, 0.7, len(world.dates) // 5 + 1), 5))
    cases = draws.poisson(level[: len(world.dates), None] / 34, (len(world.dates), 34))
    world.signals["cases"] = cases.astype(float)
    return world


@pytest.fixture(scope="module")
def tables(world: World) -> dict[str, pd.DataFrame]:
    return health.simulate(world)


@pytest.fixture(scope="module")
def weeks(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return cases of the city by week and disease, without the newest, incomplete weeks."""
    rows = newest(DISEASES, tables[DISEASES])
    by_week = rows.pivot_table(index="week_start", columns="disease", values="cases", aggfunc="sum")
    return by_week.iloc[:-4]


def lag_of_change(x: np.ndarray, y: np.ndarray, longest: int) -> int:
    """Return the lag at which the changes of y follow those of x most closely."""
    x, y = np.diff(x), np.diff(y)
    r = [abs(np.corrcoef(x[: len(x) - k], y[k:])[0, 1]) for k in range(longest + 1)]
    return int(np.argmax(r))


# -- contract and size ----------------------------------------------------------------------------


def test_every_table_of_the_system_is_simulated_and_keeps_to_its_contract(world, tables):
    assert set(tables) == {t.name for t in sectors.tables().values() if t.system == "health"}
    assert {name: faults(name, f, world) for name, f in tables.items()} == {n: [] for n in tables}


@pytest.mark.parametrize(
    ("table", "fewest", "most"),
    [
        (DISEASES, 30_000, 36_000),
        ("health.ili_weekly", 300, 320),
        ("health.beds_daily", 35_000, 42_000),
        ("health.facilities", 54, 54),
        ("health.staff_monthly", 3_500, 4_000),
        ("health.vaccination_monthly", 9_000, 10_500),
    ],
)
def test_number_of_rows_is_modest(tables, table: str, fewest: int, most: int):
    assert fewest <= len(tables[table]) <= most


def test_every_ward_has_every_week_and_zeros_are_written(tables):
    rows = newest(DISEASES, tables[DISEASES])
    count = rows.groupby(["disease", "location"]).size().unstack()
    assert list(count.columns) == list(ward_codes())
    assert (count == count.iloc[0, 0]).all(axis=None)
    assert (rows["cases"] == 0).any()


def test_dengue_is_large_in_2019_and_2022_and_high_in_the_second_half_of_the_year(weeks):
    year = weeks["dengue"].groupby(weeks.index.year).sum()
    assert 4_000 < year[2022] < 14_000
    assert year[[2019, 2022]].min() > 1.5 * year[[2017, 2018, 2020, 2021]].max()
    month = weeks["dengue"].groupby(weeks.index.month).mean()
    assert month.idxmax() in (7, 8, 9, 10, 11)
    assert month[[2, 3, 4]].max() < month[[8, 9, 10]].min() / 2


def test_hand_foot_and_mouth_disease_is_low_while_schools_are_closed(weeks):
    autumn = weeks.loc[weeks.index.month.isin([10, 11, 12]), "hfmd"]
    by_year = autumn.groupby(autumn.index.year).mean()
    assert by_year[2021] < 0.75 * by_year[[2017, 2018, 2019]].mean()
    assert 600 < weeks["hfmd"].groupby(weeks.index.year).sum().mean() < 4_000


def test_weeks_of_wards_are_overdispersed_and_wards_differ_for_years(tables):
    rows = newest(DISEASES, tables[DISEASES]).query("disease == 'dengue'")
    wide = rows.pivot(index="week_start", columns="location", values="cases")
    summer = wide[wide.index.month.isin([8, 9])]
    assert (summer.var() / summer.mean()).median() > 2  # Poisson: 1
    first, second = wide[: len(wide) // 2].sum(), wide[len(wide) // 2 :].sum()
    people = pd.Series(World(3, START, 1).wards.set_index("ward_code")["population"])
    assert np.corrcoef(np.log(first / people), np.log(second / people))[0, 1] > 0.6


# -- what was known when --------------------------------------------------------------------------


def test_new_weeks_are_told_in_part_at_first_and_never_fall(tables):
    rows = tables[DISEASES].query("disease == 'dengue'").sort_values("_known", kind="stable")
    revised = rows.groupby(["week_start", "location"])["cases"]
    assert (revised.diff().dropna() >= 0).all()
    first, last = revised.first().groupby(level=0).sum(), revised.last().groupby(level=0).sum()
    share = (first / last).iloc[-12:-4]
    assert 0.45 < share.mean() < 0.9
    assert (first == last).iloc[:-12].all()


def test_running_total_of_the_year_adds_up_and_begins_again(tables):
    rows = newest(DISEASES, tables[DISEASES]).query("disease == 'dengue'")
    ward = rows[rows["location"] == "26800"].set_index("week_start").sort_index().iloc[:-12]
    year = ward.index.isocalendar()["year"].to_numpy()
    assert ward["cumulative_cases"].tolist() == ward["cases"].groupby(year).cumsum().tolist()


def test_running_total_as_known_at_the_first_report_holds_what_was_known_of_earlier_weeks(tables):
    rows = tables[DISEASES].query("disease == 'dengue' and location == '26800'")
    week = rows["week_start"].unique()[-5]
    told = rows[rows["week_start"] == week].sort_values("_known").iloc[0]
    year = pd.Timestamp(week).isocalendar().year
    known = rows[(rows["_known"] <= told["_known"]) & (rows["week_start"] <= week)]
    known = newest(DISEASES, known)
    known = known[known["week_start"].dt.isocalendar()["year"] == year]
    assert told["cumulative_cases"] == known["cases"].sum()


# -- planted links --------------------------------------------------------------------------------


def test_dengue_follows_the_rain_of_six_weeks_before(world, weeks):
    rain = pd.Series(world.rain, world.dates).rolling(7).mean().shift(-6)[weeks.index]
    x, y = np.log1p(rain.to_numpy()), np.log1p(weeks["dengue"].to_numpy())
    assert lag_of_change(x, y, 12) == 6
    assert np.corrcoef(np.diff(x)[:-6], np.diff(y)[6:])[0, 1] > 0.4


def test_measles_has_nothing_to_do_with_the_rain(world, weeks):
    rain = pd.Series(world.rain, world.dates).rolling(7).mean().shift(-6)[weeks.index]
    x, y = np.diff(np.log1p(rain)), np.diff(np.log1p(weeks["measles"]))
    assert abs(np.corrcoef(x[:-6], y[6:])[0, 1]) < 3 / np.sqrt(len(x))


@pytest.mark.parametrize(
    ("part", "whole", "lag"), [("occupied", "beds", 7), ("icu_occupied", "icu_beds", 10)]
)
def test_beds_fill_after_cases_are_reported(world, tables, part: str, whole: str, lag: int):
    day = tables["health.beds_daily"].groupby("date")[[part, whole]].sum()
    share = (day[part] / day[whole]).to_numpy()
    cases = world.signals["cases"].sum(axis=1)[world.recent][: len(share)]
    assert lag_of_change(cases, share, 15) in (lag, lag + 1)


def test_clinics_follow_the_respiratory_noise_of_the_same_week(world, tables):
    rows = tables["health.ili_weekly"].set_index("week_start")
    noise = pd.Series(world.noise("respiratory", 0.98), world.dates)
    week = noise.rolling(7).mean().shift(-6)[rows.index]
    logit = np.log(rows["ili"] / (rows["patients"] - rows["ili"]))
    assert np.corrcoef(week, logit)[0, 1] > 0.8


def test_beds_are_never_far_above_what_there_is(tables):
    rows = tables["health.beds_daily"]
    big = rows[rows["beds"] >= 60]
    assert (big["occupied"] <= 1.25 * big["beds"]).all()


def test_three_beds_in_four_are_used_without_cases_and_fewer_at_tet():
    world = World(seed=3, start="2022-01-01", days=120, history=1)
    rows = health.simulate(world)["health.beds_daily"]
    city = rows.groupby("date")[["occupied", "beds"]].sum()
    share = city["occupied"] / city["beds"]
    assert 0.7 < share["2022-03"].mean() < 0.85
    assert share["2022-02-02":"2022-02-06"].mean() < share["2022-03"].mean() - 0.1


def test_without_reported_cases_and_with_few_days_the_system_still_runs():
    world = World(seed=3, start="2019-06-01", days=28, history=1)
    for name, frame in health.simulate(world).items():
        assert faults(name, frame, world) == []
        assert len(frame)


def test_vaccination_falls_under_the_measures_and_comes_back(tables):
    rows = tables["health.vaccination_monthly"].query("vaccine == 'full'")
    month = rows.groupby("month")[["vaccinated", "due"]].sum()
    share = month["vaccinated"] / month["due"]
    assert share["2021-08-01"] < 0.7 < 0.9 < share["2019-08-01"]
    assert share["2022-06-01"] > 0.9


def test_same_seed_same_frames_other_seed_other_frames():
    one, again, other = (health.simulate(World(seed, "2021-06-01", 60, 1)) for seed in (5, 5, 6))
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, again[name])
        assert not frame.equals(other[name])


def test_links_join_declared_indicators():
    for link in health.LINKS:
        assert sectors.indicator(link.x).id == link.x
        assert sectors.indicator(link.y).id == link.y
