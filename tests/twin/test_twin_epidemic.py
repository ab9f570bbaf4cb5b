"""The simulated epidemic: tables as declared, the shape of 2021, the truth found in the tables."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from frames import faults, newest

from ioc_analytics import sectors
from ioc_analytics.twin import outbreak
from ioc_analytics.twin.epidemic import LINKS, simulate, truth
from ioc_analytics.twin.world import World

LEVEL_DAY = pd.Timestamp("2021-10-23")
SECOND_LEVEL = {"27091", "26863", "26851", "26848"}  # DOMAIN.md 0
# Cumulative cases of the province, DOMAIN.md D.5
CHECK_POINTS = {
    "2021-06-20": 1_618,
    "2021-07-18": 31_391,
    "2021-08-01": 94_295,
    "2021-08-29": 209_921,
    "2021-09-21": 348_220,
}
MOST_ROWS = {
    "epidemic.cases": 100_000,
    "epidemic.contacts": 200_000,
    "epidemic.tests_daily": 120_000,
}


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=0, start="2019-10-21", days=735)


@pytest.fixture(scope="module")
def tables(world: World) -> dict[str, pd.DataFrame]:
    return simulate(world)


@pytest.fixture(scope="module")
def tree(world: World) -> pd.DataFrame:
    return truth(world)["tree"].set_index("infectee")


@pytest.fixture(scope="module")
def daily(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Wards' rows of `cases_daily`, newest revisions."""
    rows = newest("epidemic.cases_daily", tables["epidemic.cases_daily"])
    return rows[rows["location"].str.len() == 5]


# -- frames ---------------------------------------------------------------------------------------


def test_all_tables_keep_to_their_contracts(world: World, tables: dict[str, pd.DataFrame]):
    assert len(tables) == 10
    found = {name: faults(name, frame, world) for name, frame in tables.items()}
    assert {name: what for name, what in found.items() if what} == {}


def test_row_counts_stay_modest(tables: dict[str, pd.DataFrame]):
    assert 30_000 < tables["epidemic.cases"]["case_id"].nunique() < 60_000
    for name, frame in tables.items():
        assert 1_000 < len(frame) < MOST_ROWS.get(name, 40_000), name


def test_the_whole_application_is_drawn_in_seconds():
    began = time.process_time()
    simulate(World(seed=0, start="2019-10-21", days=734))
    assert time.process_time() - began < 12  # 3 s on a free machine


@pytest.mark.parametrize(
    ("start", "days"), [("2015-01-05", 60), ("2020-01-20", 10), ("2020-03-02", 90)]
)
def test_short_and_quiet_worlds_give_tables_of_the_same_columns(
    start: str, days: int, tables: dict[str, pd.DataFrame]
):
    small = World(seed=3, start=start, days=days)
    drawn = simulate(small)
    for name, frame in tables.items():
        assert set(drawn[name].columns) == set(frame.columns), name
        assert not faults(name, drawn[name], small), name


def test_the_epidemic_goes_on_after_2021():
    longer = World(seed=1, start="2021-06-01", days=400)
    rows = simulate(longer)["epidemic.cases_daily"].query("location == '79'").set_index("date")
    assert rows.loc["2022-02-15":"2022-03-31", "new_cases"].mean() > 20


def test_same_seed_same_frames_other_seed_other_frames():
    def cases(seed: int) -> pd.DataFrame:
        return simulate(World(seed=seed, start="2021-05-03", days=60))["epidemic.cases"]

    one = cases(5)
    assert not one.equals(cases(6))
    outbreak._drawn.cache_clear()
    pd.testing.assert_frame_equal(one, cases(5))


def test_single_events_begin_on_the_first_day_and_daily_figures_earlier():
    late = World(seed=0, start="2021-08-02", days=30)
    drawn = simulate(late)
    for name, day in (("cases", "report_date"), ("lockdown_points", "start_time")):
        assert drawn[f"epidemic.{name}"][day].min() >= pd.Timestamp("2021-08-02")
    assert drawn["epidemic.cases_daily"]["date"].min() == pd.Timestamp("2020-02-01")


# -- shape of the wave ----------------------------------------------------------------------------


def test_totals_pass_near_the_published_ones(daily: pd.DataFrame):
    total = daily.groupby("date")["new_cases"].sum()["2021-04-27":].cumsum()
    for day, published in CHECK_POINTS.items():
        assert 0.5 < total[day] / (0.095 * published) < 2
    assert 0.8 < total["2021-09-21"] / (0.095 * CHECK_POINTS["2021-09-21"]) < 1.25


def test_deaths_are_about_as_many_per_case_as_reported_then(daily: pd.DataFrame):
    assert 0.025 < daily["new_deaths"].sum() / daily["new_cases"].sum() < 0.05  # 17,137 of 447,428


def test_province_and_country_contain_the_city(tables: dict[str, pd.DataFrame], daily):
    rows = newest("epidemic.cases_daily", tables["epidemic.cases_daily"])
    wide = rows.pivot(index="date", columns="location", values="new_cases")
    assert (wide["79"] >= daily.groupby("date")["new_cases"].sum()).all()
    assert (wide["VN"] >= wide["79"]).all()
    assert 300_000 < wide["79"].sum() < 550_000


def test_cumulative_counts_are_sums_of_the_daily_ones(daily: pd.DataFrame):
    ordered = daily.sort_values(["location", "date"])
    sums = ordered.groupby("location")[["new_cases", "new_deaths"]].cumsum()
    assert (sums["new_cases"] == ordered["cumulative_cases"]).all()
    assert (sums["new_deaths"] == ordered["cumulative_deaths"]).all()


@pytest.mark.parametrize("day", ["2021-07-20", "2021-09-02", "2021-09-03", "2021-10-24"])
def test_line_list_and_daily_counts_agree_as_known_on_any_day(
    tables: dict[str, pd.DataFrame], day: str
):
    def known(name: str) -> pd.DataFrame:
        frame = tables[name]
        return newest(name, frame[frame["_known"] <= day])

    counted = known("epidemic.cases_daily").query("location.str.len() == 5")
    told = counted[counted["new_cases"] > 0].set_index(["date", "location"])["new_cases"]
    listed = known("epidemic.cases").groupby(["report_date", "ward_code"]).size()
    assert told.sort_index().to_dict() == listed.to_dict()


def test_corrections_reach_the_daily_counts(tables: dict[str, pd.DataFrame]):
    revised = tables["epidemic.cases_daily"].query("_known > date")
    assert len(revised) > 500
    assert (revised["_known"] - revised["date"]).dt.days.max() <= 40


def test_the_signal_holds_the_counts_by_day_and_ward(world: World, tables, daily: pd.DataFrame):
    signal = world.signals["cases"]
    assert signal.shape == (len(world.dates), 34)
    wide = daily.pivot(index="date", columns="location", values="new_cases")
    at = world.dates.get_indexer(wide.index)
    assert (signal[at] == wide[world.wards["ward_code"]].to_numpy()).all()


def test_one_large_batch_is_registered_at_once(daily: pd.DataFrame):
    total = daily.groupby("date")["new_cases"].sum()
    assert total.idxmax() == pd.Timestamp("2021-09-03")
    assert total.max() > 2 * total["2021-08-27":"2021-09-10"].median()


def test_sundays_reports_come_on_monday(daily: pd.DataFrame):
    total = daily.groupby("date")["new_cases"].sum()["2021-07-12":"2021-08-29"]
    weekday = total.groupby(total.index.dayofweek).mean()
    assert weekday[6] < 0.8 * weekday[0]


# -- levels of 23 October 2021 --------------------------------------------------------------------


def level_4800(rate: float, dose1: float, elderly: float, has_cases: bool) -> int:
    """DOMAIN.md A.2, written again from its table."""
    band = 1 + sum(rate >= cut for cut in (20, 50, 150))
    level = {1: 1, 2: 1, 3: 2, 4: 3}[band] if dose1 >= 70 else band
    return level + 1 if elderly < 80 and has_cases and level < 4 else level


def level_inputs(world: World, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    cases = newest("epidemic.cases_daily", tables["epidemic.cases_daily"])
    days = cases["date"].between(LEVEL_DAY - pd.Timedelta(days=13), LEVEL_DAY)
    inputs = world.wards.set_index("ward_code")[["population"]].copy()
    inputs["cases"] = cases[days].groupby("location")["new_cases"].sum()
    doses = tables["epidemic.vaccination_daily"].query("date == @LEVEL_DAY").set_index("location")
    return inputs.join(doses[["people_18", "dose1_18", "full_18", "people_65", "full_65"]])


def level_of(row: pd.Series) -> int:
    return level_4800(
        row["cases"] / 2 / row["population"] * 1e5,
        100 * row["dose1_18"] / row["people_18"],
        100 * row["full_65"] / row["people_65"],
        row["cases"] > 0,
    )


def test_thirty_wards_are_at_level_1_and_four_at_level_2(world: World, tables):
    inputs = level_inputs(world, tables)
    levels = inputs.apply(level_of, axis=1)
    assert set(levels.index[levels == 2]) == SECOND_LEVEL
    assert (levels == 1).sum() == 30
    assert level_of(inputs.sum()) == 1  # the city


def test_a_ward_without_cases_stays_at_level_1_though_its_elderly_lag(world: World, tables):
    thu_thiem = level_inputs(world, tables).loc["27118"]
    assert thu_thiem["full_65"] / thu_thiem["people_65"] < 0.8
    assert thu_thiem["cases"] == 0


def test_coverage_of_adults_is_the_announced_one(world: World, tables):
    adults = level_inputs(world, tables).sum()
    assert 100 * adults["dose1_18"] / adults["people_18"] == pytest.approx(99.9, abs=0.1)
    assert 100 * adults["full_18"] / adults["people_18"] == pytest.approx(97.47, abs=0.1)


def test_doses_of_a_day_add_up_and_running_totals_never_fall(tables):
    rows = tables["epidemic.vaccination_daily"].sort_values(["location", "date"])
    for total in (c for c in rows if c.startswith(("dose1_", "full_"))):
        assert (rows.groupby("location")[total].diff().dropna() >= 0).all(), total
    assert rows["doses_1"].sum() == rows.groupby("location")["dose1_18"].last().sum()
    first = rows.loc[rows["doses_1"] > 50, "date"].min()
    assert pd.Timestamp("2021-06-01") < first < pd.Timestamp("2021-07-31")


# -- truth ----------------------------------------------------------------------------------------


def test_every_infector_was_infected_before_and_one_generation_earlier(tree: pd.DataFrame):
    pairs = tree[tree["infector"].notna()]
    source = tree.loc[pairs["infector"]]
    assert (pairs["infected"].to_numpy() > source["infected"].to_numpy()).all()
    assert (pairs["generation"].to_numpy() == source["generation"].to_numpy() + 1).all()
    assert set(tree.loc[tree["infector"].isna(), "kind"]) == {"imported"}


def test_offspring_are_overdispersed_as_declared(world: World, tree: pd.DataFrame):
    declared = truth(world)["parameters"].set_index("parameter")["value"]
    early = tree[tree["infected"] < "2021-09-05"]
    offspring = tree["infector"].value_counts().reindex(early.index, fill_value=0)
    mean, variance = offspring.mean(), offspring.var()
    assert mean**2 / (variance - mean) == pytest.approx(declared["k"], rel=0.2)


def test_generation_times_differ_from_serial_intervals(world: World, tree: pd.DataFrame):
    declared = truth(world)["parameters"].set_index("parameter")["value"]
    pairs = tree[tree["infector"].notna()]
    source = tree.loc[pairs["infector"]]
    generation = (pairs["infected"].to_numpy() - source["infected"].to_numpy()) / np.timedelta64(
        1, "D"
    )
    serial = (pairs["onset"].to_numpy() - source["onset"].to_numpy()) / np.timedelta64(1, "D")
    assert generation.mean() == pytest.approx(declared["generation_mean"], abs=0.3)
    assert np.nanmean(serial) == pytest.approx(generation.mean(), abs=0.3)
    assert np.nanstd(serial) > 1.4 * generation.std()
    assert (serial < 0).any()  # some fall ill before their infector


def test_reported_infections_are_the_cases_of_the_line_list(tables, tree: pd.DataFrame):
    reported = tree[tree["reported"].notna()]
    cases = newest("epidemic.cases", tables["epidemic.cases"]).set_index("case_id")
    assert set(reported.index) == set(cases.index)
    assert (reported.loc[cases.index, "reported"] == cases["report_date"]).all()
    assert (cases["ward_code"] == reported.loc[cases.index, "ward_code"]).mean() > 0.998
    assert 0.5 < len(reported) / len(tree) < 0.75  # the rest was never found


def test_sources_named_are_mostly_right_and_never_all_known(tables, tree: pd.DataFrame):
    cases = newest("epidemic.cases", tables["epidemic.cases"]).set_index("case_id")
    named = cases["source_case_id"].dropna()
    assert 0.1 < len(named) / len(cases) < 0.6
    assert 0.9 < (named == tree.loc[named.index, "infector"]).mean() < 1


def test_households_and_places_hold_the_infections(tree: pd.DataFrame):
    shares = tree["kind"].value_counts(normalize=True)
    assert 0.2 < shares["household"] < 0.5
    assert 0.1 < shares["workplace"] < 0.4
    homes = tree[tree["kind"] == "household"].groupby("place_id").size()
    assert homes.max() <= 6  # besides the first
    assert tree.loc[tree["kind"] == "workplace"].groupby("place_id").size().max() > 30


def test_neighbouring_wards_mix_more(world: World, tree: pd.DataFrame):
    pairs = tree[tree["infector"].notna()]
    wards = world.wards.set_index("ward_code")
    source = tree.loc[pairs["infector"], "ward_code"].to_numpy()
    far = (pairs["ward_code"] != source).to_numpy()
    assert 0.3 < far.mean() < 0.5
    place = wards[["lat", "lon"]]
    gap = place.loc[pairs["ward_code"][far]].to_numpy() - place.loc[source[far]].to_numpy()
    mixed = np.random.default_rng(0).permutation(source[far])
    by_chance = place.loc[pairs["ward_code"][far]].to_numpy() - place.loc[mixed].to_numpy()
    expected = np.hypot(*by_chance.T)
    assert np.hypot(*gap.T).mean() < 0.9 * expected[expected > 0].mean()


def test_delays_change_by_week(world: World, tables, tree: pd.DataFrame):
    delay = truth(world)["delay"].set_index("week").sum(axis=1)
    assert delay["2021-08"].mean() > 1.5 * delay["2021-05"].mean()
    cases = newest("epidemic.cases", tables["epidemic.cases"])
    took = (cases["report_date"] - cases["sample_date"]).dt.days.groupby(
        cases["report_date"].dt.to_period("M")
    )
    assert took.mean()["2021-08"] > 1.3 * took.mean()["2021-06"]


# -- contacts, lockdown, care ---------------------------------------------------------------------


def test_contacts_hold_true_pairs_and_many_who_stayed_well(tables, tree: pd.DataFrame):
    contacts = tables["epidemic.contacts"]
    sick = contacts[contacts["contact_id"].isin(tree.index)]
    infector = tree.loc[sick["contact_id"], "infector"].to_numpy()
    right = infector == sick["source_id"].to_numpy()
    assert 0.5 < right.mean() < 0.95
    assert 0.5 < (~contacts["contact_id"].isin(tree.index)).mean() < 0.9
    per_case = contacts.groupby("source_id").size().mean()
    assert 2 < per_case < 4


def test_some_contacts_contradict_the_truth_and_some_lack_words(tables, tree: pd.DataFrame):
    contacts = tables["epidemic.contacts"]
    sick = contacts[contacts["contact_id"].isin(tree.index)]
    turned = tree.loc[sick["source_id"], "infector"].to_numpy() == sick["contact_id"].to_numpy()
    assert 0.001 < turned.mean() < 0.02
    for column in ("first_contact", "setting", "place_id", "certainty", "directed"):
        assert contacts[column].isna().any(), column


def test_lockdown_points_close_and_open_again(tables):
    points = tables["epidemic.lockdown_points"]
    first = points.drop_duplicates("point_id")
    assert first["status"].eq("active").all()
    assert first["end_time"].isna().all()
    last = newest("epidemic.lockdown_points", points)
    assert (last["end_time"].notna() == last["status"].eq("lifted")).all()
    assert (last["status"] == "active").any()
    whole = last.set_index("point_id").loc["PX26803"]  # Tam Bình, DOMAIN.md B.3
    assert whole["start_time"] == pd.Timestamp("2021-07-18 00:00")
    assert whole["end_time"] == pd.Timestamp("2021-07-30 18:00")


def test_tiers_follow_the_scheme_of_the_day(tables):
    rows = tables["epidemic.treatment_daily"]
    assert (rows["tier"] <= rows["tier_scheme"]).all()
    schemes = rows.groupby("date")["tier_scheme"].agg(["min", "max"])
    assert (schemes["min"] == schemes["max"]).all()
    assert set(schemes["max"]) == {3, 4, 5}
    assert (rows["inpatients"] >= rows["oxygen"]).all()


def test_positivity_is_that_of_the_zones(tables):
    rows = tables["epidemic.tests_daily"].query("'2021-09-01' <= date <= '2021-09-30'")
    zones = rows.groupby("zone")[["positives", "people"]].sum()
    positivity = 100 * zones["positives"] / zones["people"]
    assert positivity["green"] == pytest.approx(0.8, abs=0.2)  # DOMAIN.md B.6
    assert positivity["yellow"] == pytest.approx(1.5, abs=0.3)
    assert positivity["red"] == pytest.approx(3.6, abs=0.6)


# -- links ----------------------------------------------------------------------------------------


def weekly_change(counts: pd.Series) -> pd.Series:
    """Week-on-week growth of a centred mean, so that the common wave is gone."""
    return np.log1p(counts.rolling(7, center=True).mean()).diff(7)


@pytest.mark.parametrize(("followed", "slack"), [("new_deaths", 5), ("f1_isolated", 2)])
def test_planted_links_show_at_their_lag(tables, daily: pd.DataFrame, followed: str, slack: int):
    link = next(x for x in LINKS if x.y == f"epidemic.{followed}")
    cases = daily.groupby("date")["new_cases"].sum()["2021-06-15":]
    isolated = tables["epidemic.isolation_daily"].groupby("date")[["f1_home", "f1_central"]].sum()
    figures = {
        "new_deaths": daily.groupby("date")["new_deaths"].sum(),
        "f1_isolated": isolated.sum(axis=1),
    }
    change = weekly_change(figures[followed].reindex(cases.index))
    r = [weekly_change(cases).corr(change.shift(-lag)) for lag in range(28)]
    assert max(r) > 0.7
    assert abs(int(np.argmax(r)) - link.lag) <= slack


def test_links_name_known_indicators():
    for link in LINKS:
        assert sectors.indicator(link.x).id == link.x
        assert sectors.indicator(link.y).id == link.y
