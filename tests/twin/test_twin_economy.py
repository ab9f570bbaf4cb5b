"""The simulated economy: its contract, its size, its calendar and its planted links."""

import numpy as np
import pandas as pd
import pytest
from frames import faults, newest

from ioc_analytics import sectors
from ioc_analytics.places import CITY
from ioc_analytics.twin import economy
from ioc_analytics.twin.world import World

PLANS, LISTS = "economy.plan_monthly", "economy.support_payments"


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=3, start="2021-01-01", days=735)


@pytest.fixture(scope="module")
def tables(world: World) -> dict[str, pd.DataFrame]:
    return economy.simulate(world)


def city(tables: dict[str, pd.DataFrame], table: str, column: str) -> pd.Series:
    """Sum of the wards by month."""
    return tables[f"economy.{table}"].groupby("month")[column].sum()


def growth(values: pd.Series) -> np.ndarray:
    return np.diff(np.log(values.to_numpy(float)))


def best_lag(x: np.ndarray, y: np.ndarray, longest: int = 4) -> tuple[int, float]:
    """Return the lag at which y follows x most closely, and how closely."""
    r = [np.corrcoef(x[: len(x) - k], y[k:])[0, 1] for k in range(longest + 1)]
    k = int(np.argmax(np.abs(r)))
    return k, float(r[k])


# -- contract and size ----------------------------------------------------------------------------


def test_every_table_of_the_system_is_simulated_and_keeps_to_its_contract(world, tables):
    assert set(tables) == {t.name for t in sectors.tables().values() if t.system == "economy"}
    assert {name: faults(name, f, world) for name, f in tables.items()} == {n: [] for n in tables}


@pytest.mark.parametrize(
    ("table", "fewest", "most"),
    [
        ("monthly", 400, 450),
        ("plan_monthly", 1_400, 1_600),
        ("enterprises_monthly", 2_300, 2_500),
        ("support_payments", 4_000, 6_000),
        ("jobs_monthly", 2_300, 2_500),
        ("permits", 4_500, 7_500),
    ],
)
def test_number_of_rows_is_modest(tables, table: str, fewest: int, most: int):
    assert fewest <= len(tables[f"economy.{table}"]) <= most


def test_figures_have_the_size_of_the_country_the_province_and_the_city(tables):
    rows = tables["economy.monthly"].query("series == 'retail_sales'")
    mean = rows.groupby("location")["value"].mean()
    assert 300_000 < mean["VN"] < 800_000
    assert 0.15 < mean["79"] / mean["VN"] < 0.25
    assert 0.05 < mean[CITY] / mean["79"] < 0.15
    assert 500 < city(tables, "enterprises_monthly", "founded")["2019"].mean() < 1_000


# -- the calendar ---------------------------------------------------------------------------------


def test_public_money_is_paid_out_at_the_end_of_the_year(tables):
    rows = newest(PLANS, tables[PLANS])
    paid = rows.query("indicator_code == 'public_investment' and location == '769'")
    by_month = paid.groupby(paid["month"].dt.month)["actual"].mean()
    assert by_month.idxmax() == 12
    assert by_month[[11, 12]].sum() > 3 * by_month[[2, 3, 4, 5]].sum() / 2
    half = paid[paid["month"].dt.month == 6]
    assert (half["cumulative"] / half["plan"]).between(0.10, 0.28).all()


def test_the_month_of_tet_empties_the_registers_and_the_next_one_fills_the_job_exchange(tables):
    founded = city(tables, "enterprises_monthly", "founded")
    assert founded["2018-02-01"] < founded["2018-03-01"]
    offered = city(tables, "jobs_monthly", "offered")
    assert offered["2018-03-01"] > 1.2 * offered["2018-05-01"]


def test_permits_are_given_on_office_days_only(world, tables):
    days = tables["economy.permits"]["issued_on"].unique()
    assert world.workday[world.dates.get_indexer(pd.DatetimeIndex(days))].all()


# -- what was known when --------------------------------------------------------------------------


def test_estimates_become_preliminary_and_then_official(world, tables):
    rows = tables[PLANS].query("indicator_code == 'budget_revenue' and location == '769'")
    may = rows[rows["month"] == "2022-05-01"].sort_values("_known")
    assert may["status"].tolist() == ["estimate", "preliminary", "official"]
    assert may["_known"].tolist() == list(
        pd.to_datetime(["2022-05-28", "2022-06-20", "2022-10-13"])
    )
    assert may["actual"].nunique() == 3
    assert len(set(may["plan"])) == 1
    december = rows[rows["month"] == "2022-12-01"]
    assert december["status"].tolist() == ["estimate"]  # no more is known by the last day


def test_official_months_add_up_to_their_running_total_and_to_next_year_s_same_period(tables):
    rows = (
        tables[PLANS]
        .query("indicator_code == 'budget_revenue' and location == '769' and status == 'official'")
        .set_index("month")
    )
    year = rows.loc["2019-01":"2019-12"]
    assert year["cumulative"].to_numpy() == pytest.approx(year["actual"].cumsum(), abs=1)
    then, later = rows.loc["2019-06-01", "actual"], rows.loc["2020-06-01", "same_period_last_year"]
    assert then == later


def test_support_lists_are_known_when_approved_and_again_when_paid(tables):
    rows = tables[LISTS].sort_values("_known", kind="stable")
    first = rows.groupby("list_id").head(1)
    assert (first["persons_paid"] == 0).all()
    assert first["paid_on"].isna().all()
    assert (first["_known"] == first["approved_on"]).all()
    paid = rows[rows["paid_on"].notna()]
    assert (paid["paid_on"] > paid["approved_on"]).all()
    assert (paid["_known"] == paid["paid_on"]).all()
    assert 0.9 < paid["list_id"].nunique() / first["list_id"].nunique() < 1
    assert 0.9 < paid["persons_paid"].sum() / paid["persons_listed"].sum() < 1


def test_idle_enterprises_are_a_stock_that_flows_explain(tables):
    rows = tables["economy.enterprises_monthly"].set_index(["month", "location"]).unstack()
    change = rows["idle_at_start"].diff().shift(-1)
    gone = rows["suspended"] - rows["reopened"] - change  # closed for good
    assert (gone.iloc[:-1].to_numpy() >= 0).all()
    assert gone.iloc[:-1].sum().sum() < 0.05 * rows["idle_at_start"].sum().sum()


# -- the measures of 2021 and the planted links ---------------------------------------------------


def test_support_packages_are_listed_from_july_to_october_2021(tables):
    rows = newest(LISTS, tables[LISTS]).query("package != 'monthly_allowance'")
    assert rows["approved_on"].between("2021-07-01", "2021-10-31").all()
    assert 500_000 < rows["persons_listed"].sum() < 1_000_000  # of about a million residents
    assert 500_000 < rows["amount_paid"].sum() < 1_500_000  # millions of đồng


def test_employers_stop_hiring_a_month_after_the_measures(world, tables):
    offered = city(tables, "jobs_monthly", "offered")
    measures = pd.Series(world.stringency, world.dates).resample("MS").mean()[offered.index]
    lag, r = best_lag(np.diff(measures), growth(offered))
    assert lag == 1
    assert r < -0.5


def test_firms_and_sales_fall_in_the_month_of_the_measures_and_lead_jobs_by_one(world, tables):
    founded = city(tables, "enterprises_monthly", "founded")
    offered = city(tables, "jobs_monthly", "offered")[founded.index]
    rows = tables["economy.monthly"].query("series == 'retail_sales' and location == '769'")
    sales = rows.set_index("month")["value"][founded.index]
    assert best_lag(growth(sales), growth(founded))[0] == 0
    lag, r = best_lag(growth(founded), growth(offered))
    assert lag == 1
    assert r > 0.3


def test_idle_enterprises_pile_up_and_come_back(tables):
    idle = city(tables, "enterprises_monthly", "idle_at_start")
    assert idle["2021-11-01"] > 1.8 * idle["2021-05-01"]
    assert idle["2022-11-01"] < 0.7 * idle["2021-11-01"]


def test_permits_have_nothing_to_do_with_the_rain(world, tables):
    issued = tables["economy.permits"]["issued_on"].value_counts()
    days = world.dates[world.recent]
    office = world.workday[world.recent] & (np.abs(world.tet[world.recent]) > 21)
    level = np.log1p(issued.reindex(days, fill_value=0).to_numpy())[office]
    rain = np.log1p(world.rain[world.recent])[office]
    smooth = pd.Series(level).rolling(21, center=True, min_periods=5).mean().to_numpy()
    wet = pd.Series(rain).rolling(21, center=True, min_periods=5).mean().to_numpy()
    assert abs(np.corrcoef(level - smooth, rain - wet)[0, 1]) < 3 / np.sqrt(len(level))


def test_a_month_of_a_quiet_year_still_runs():
    world = World(seed=3, start="2019-06-01", days=28, history=1)
    frames = economy.simulate(world)
    assert {name: faults(name, f, world) for name, f in frames.items()} == {n: [] for n in frames}
    assert set(frames[LISTS]["package"]) == {"monthly_allowance"}


def test_same_seed_same_frames_other_seed_other_frames():
    one, again, other = (economy.simulate(World(seed, "2021-06-01", 60, 1)) for seed in (5, 5, 6))
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, again[name])
        assert not frame.equals(other[name])


def test_links_join_declared_indicators():
    for link in economy.LINKS:
        assert sectors.indicator(link.x).id == link.x
        assert sectors.indicator(link.y).id == link.y
