"""Economy: each indicator on rows whose value is worked out by hand; the table's own spellings."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kit import put, value

from ioc_analytics import sectors
from ioc_analytics.errors import ContractError
from ioc_analytics.lake import Lake
from ioc_analytics.places import CITY, REFERENCE, ward_codes

ONE, OTHER = "26794", "26857"  # Linh Xuân, Long Phước
HCMC = "79"
JUNE, JULY = "2022-06-01", "2022-07-01"


def planned(code: str, month: str = JUNE, location: str = CITY, **cells: object) -> dict:
    return {
        "month": month,
        "location": location,
        "indicator_code": code,
        "unit": "tỷ đồng",
        **cells,
    }


def figure(series: str, number: float, unit: str, location: str = "VN", month: str = JUNE) -> dict:
    return {
        "month": month,
        "location": location,
        "series": series,
        "value": number,
        "unit": unit,
    }


# -- figures of the statistics office -------------------------------------------------------------


def test_sales_are_added_up_over_months_and_rates_are_not(lake: Lake):
    rows = [
        figure("retail_sales", 100.0, "tỷ đồng", month="2022-04-01"),
        figure("retail_sales", 110.0, "tỷ đồng", month="2022-05-01"),
        figure("retail_sales", 120.0, "tỷ đồng"),
        figure("cpi_yoy", 2.6, "% so với cùng kỳ", month="2022-04-01"),
        figure("cpi_yoy", 2.9, "% so với cùng kỳ", month="2022-05-01"),
        figure("cpi_yoy", 3.4, "% so với cùng kỳ"),
        figure("state_budget_investment", 7.0, "tỷ đồng", HCMC),
        figure("iip_yoy", -1.5, "% so với cùng kỳ"),
    ]
    put(lake, "economy.monthly", rows)
    assert value(lake, "economy.retail_sales", "Q", "VN", "2022-04-01") == 330
    assert value(lake, "economy.cpi_yoy", "Q", "VN", "2022-04-01") == 3.4
    assert value(lake, "economy.state_budget_investment", "M", HCMC, JUNE) == 7
    assert value(lake, "economy.iip_yoy", "M", "VN", JUNE) == -1.5


def test_an_index_of_the_wards_does_not_make_one_of_the_city(lake: Lake):
    put(
        lake,
        "economy.monthly",
        [figure("cpi_yoy", 3.0, "% so với cùng kỳ", code) for code in ward_codes()],
    )
    assert value(lake, "economy.cpi_yoy", "M", ONE, JUNE) == 3
    assert np.isnan(value(lake, "economy.cpi_yoy", "M", CITY, JUNE))


# -- plans ----------------------------------------------------------------------------------------


def test_disbursement_is_what_was_paid_of_the_plan_as_published(lake: Lake):
    # the province by 23 June 2022: 5,941.8 bn đồng are 17 % of the plan, which is 34,951.8 bn
    rows = [planned("public_investment", location=HCMC, plan=34_951.8, cumulative=5_941.8)]
    put(lake, "economy.plan_monthly", rows)
    done = value(lake, "economy.disbursement_plan_done", "M", HCMC, JUNE)
    assert done == pytest.approx(17.0, abs=1e-4)
    # half of the year is gone: 0.17 / 0.5
    pace = value(lake, "economy.disbursement_pace", "M", HCMC, JUNE)
    assert pace == pytest.approx(0.34, abs=1e-6)


@pytest.mark.parametrize(
    ("month", "cumulative", "pace"),
    [("2022-01-01", 100.0, 1.0), ("2022-03-01", 240.0, 0.8), ("2022-12-01", 1_260.0, 1.05)],
)
def test_pace_is_the_share_of_the_plan_beside_the_share_of_the_year(
    lake: Lake, month: str, cumulative: float, pace: float
):
    rows = [planned("budget_revenue", month, plan=1_200.0, cumulative=cumulative)]
    put(lake, "economy.plan_monthly", rows)
    assert value(lake, "economy.revenue_pace", "M", CITY, month) == pytest.approx(pace)


def test_a_quarter_is_as_far_as_its_last_month(lake: Lake):
    rows = [
        planned("budget_revenue", "2022-04-01", plan=900.0, cumulative=300.0),
        planned("budget_revenue", "2022-05-01", plan=900.0, cumulative=380.0),
        planned("budget_revenue", plan=1_000.0, cumulative=520.0),  # the plan was raised in June
    ]
    put(lake, "economy.plan_monthly", rows)
    quarter = "2022-04-01"
    done = value(lake, "economy.revenue_plan_done", "Q", CITY, quarter)
    assert done == pytest.approx(52)
    pace = value(lake, "economy.revenue_pace", "Q", CITY, quarter)
    assert pace == pytest.approx(1.04)


def test_growth_is_actual_over_the_same_period_less_one(lake: Lake):
    rows = [
        planned("budget_revenue", actual=92.0, same_period_last_year=80.0),
        planned("budget_revenue", JULY, actual=60.0, same_period_last_year=80.0),
        planned("exports", actual=45.0, same_period_last_year=50.0),
        planned("budget_revenue", "2022-08-01", actual=60.0),
    ]
    put(lake, "economy.plan_monthly", rows)
    assert value(lake, "economy.revenue_vs_last_year", "M", CITY, JUNE) == pytest.approx(15)
    assert value(lake, "economy.revenue_vs_last_year", "M", CITY, JULY) == pytest.approx(-25)
    assert value(lake, "economy.exports_vs_last_year", "M", CITY, JUNE) == pytest.approx(-10)
    assert np.isnan(value(lake, "economy.revenue_vs_last_year", "M", CITY, "2022-08-01"))


def test_an_estimate_is_replaced_by_the_official_figure_and_still_known_as_of_then(lake: Lake):
    rows = planned("budget_revenue", plan=1_000.0)
    put(
        lake,
        "economy.plan_monthly",
        [rows | {"cumulative": 480.0, "status": "estimate"}],
        as_of="2022-06-27",
    )
    put(
        lake,
        "economy.plan_monthly",
        [rows | {"cumulative": 500.0, "status": "official"}],
        as_of="2022-10-15",
    )
    done = "economy.revenue_plan_done"
    assert value(lake, done, "M", CITY, JUNE, as_of="2022-07-31") == pytest.approx(48)
    assert value(lake, done, "M", CITY, JUNE) == pytest.approx(50)


# -- enterprises and jobs -------------------------------------------------------------------------


def test_enterprises_entering_leaving_and_coming_back(lake: Lake):
    rows = [
        {"month": JUNE, "location": code, "founded": 5, "dissolved": 1, "suspended": 4}
        | {"reopened": 3, "idle_at_start": 20}
        for code in (ONE, OTHER)
    ]
    rows[1] |= {"founded": 2, "reopened": 1, "idle_at_start": 60}
    put(lake, "economy.enterprises_monthly", rows)
    assert value(lake, "economy.enterprises_founded", "M", ONE, JUNE) == 5
    assert value(lake, "economy.enterprises_net", "M", ONE, JUNE) == 3  # 5 + 3 - 1 - 4
    assert value(lake, "economy.enterprises_net", "M", OTHER, JUNE) == -2
    share = "economy.enterprises_reopened_share"
    assert value(lake, share, "M", ONE, JUNE) == pytest.approx(15)
    city = value(lake, share, "M", CITY, JUNE, min_coverage=0.01)
    assert city == pytest.approx(100 * 4 / 80)  # not the mean of 15 and 1.67
    assert np.isnan(value(lake, share, "M", CITY, JUNE))  # 32 wards are missing


def test_jobs_offered_sought_and_filled(lake: Lake):
    row = {"month": JUNE, "location": ONE, "offered": 120, "sought": 80, "filled": 36}
    put(lake, "economy.jobs_monthly", [row])
    assert value(lake, "economy.jobs_offered", "M", ONE, JUNE) == 120
    assert value(lake, "economy.jobs_per_seeker", "M", ONE, JUNE) == pytest.approx(1.5)
    assert value(lake, "economy.jobs_filled_share", "M", ONE, JUNE) == pytest.approx(45)


# -- support and permits --------------------------------------------------------------------------

LISTS = [
    ("HT-1", "2021-08-02", 400, 380, 570.0, "2021-08-05"),
    ("HT-2", "2021-08-03", 100, 100, 150.0, "2021-08-13"),
    ("HT-3", "2021-08-04", 500, 0, 0.0, None),  # approved, and nobody paid yet
]


@pytest.fixture
def paid(lake: Lake) -> Lake:
    rows = [
        {
            "list_id": name,
            "approved_on": approved,
            "location": ONE,
            "package": "hardship",
            "persons_listed": listed,
            "persons_paid": persons,
            "amount_paid": amount,
            "paid_on": paid_on,
        }
        for name, approved, listed, persons, amount, paid_on in LISTS
    ]
    put(lake, "economy.support_payments", rows, covers=("2021-08-02", "2021-08-15"))
    return lake


def test_lists_that_are_not_paid_count_against_the_share_that_is(paid: Lake):
    share = value(paid, "economy.support_paid_share", "W", ONE, "2021-08-02")
    assert share == pytest.approx(48)  # 480 of 1,000, not 480 of 500


def test_money_counts_in_the_week_in_which_it_was_paid(paid: Lake):
    amount = "economy.support_amount"
    assert value(paid, amount, "W", ONE, "2021-08-02") == 570
    assert value(paid, amount, "W", ONE, "2021-08-09") == 150
    assert value(paid, amount, "W", OTHER, "2021-08-09") == 0  # covered, and nothing was paid
    assert np.isnan(value(paid, amount, "W", ONE, "2021-08-16"))


def test_days_from_approval_to_payment_are_a_median_of_paid_lists(paid: Lake):
    days = "economy.support_days"
    assert value(paid, days, "W", ONE, "2021-08-02") == 3
    assert value(paid, days, "W", ONE, "2021-08-09") == 10


def test_building_permits_are_counted_by_the_day_of_issue(lake: Lake):
    rows = [
        {"permit_id": f"{n}/GPXD", "issued_on": day, "location": ONE}
        for n, day in enumerate(["2021-10-04", "2021-10-04", "2021-10-08"])
    ]
    put(lake, "economy.permits", rows, covers=("2021-10-04", "2021-10-10"))
    assert value(lake, "economy.permits_issued", "W", ONE, "2021-10-04") == 3
    assert value(lake, "economy.permits_issued", "D", ONE, "2021-10-05") == 0


# -- the door -------------------------------------------------------------------------------------


def test_the_monthly_report_is_taken_in_as_it_is_written(lake: Lake, tmp_path: Path):
    file = tmp_path / "ke_hoach.csv"
    file.write_text(
        "Kỳ báo cáo;Quận;Tên chỉ tiêu;ĐVT;Dự toán;Thực hiện tháng;Lũy kế;Cùng kỳ;Loại số liệu\n"
        "6/2022;Thủ Đức;THU NSNN;tỷ đồng;8.600,5;700,25;4.100,5;650,75;Ước\n"
        "6/2022;Thủ Đức;Giải ngân đầu tư công;tỷ đồng;2.900,5;130,25;540,5;120,25;so bo\n"
        "6/2022;Thủ Đức;Thu phí đỗ xe;tỷ đồng;2,5;0,25;1,5;0,75;Ước\n",
        encoding="utf-8",
    )
    report = lake.ingest(file, "economy.plan_monthly", as_of="2022-06-29")
    assert (report.stored, report.rejected) == (2, 1)
    rows = lake.read("economy.plan_monthly").set_index("indicator_code")
    assert rows["status"].to_dict() == {
        "budget_revenue": "estimate",
        "public_investment": "preliminary",
    }
    assert rows.loc["budget_revenue", ["plan", "cumulative"]].tolist() == [8600.5, 4100.5]
    assert rows["location"].unique().tolist() == [CITY]


@pytest.mark.parametrize(
    ("table", "header", "column"),
    [
        ("plan_monthly", "DỰ TOÁN NĂM", "plan"),
        ("enterprises_monthly", "quay lại hoạt động", "reopened"),
        ("support_payments", "Ngày chi trả", "paid_on"),
        ("jobs_monthly", "Nhu cầu tìm việc", "sought"),
        ("permits", "Số giấy phép", "permit_id"),
        ("monthly", "Mã chỉ tiêu", "series"),
    ],
)
def test_headers_of_the_systems_are_known(table: str, header: str, column: str):
    found = sectors.table(f"economy.{table}").match_header(header)
    assert found is not None
    assert found.name == column


@pytest.mark.parametrize(
    ("cells", "broken"),
    [
        ({"persons_paid": 11}, 2),  # more than listed, and without a day
        ({"persons_paid": 11, "paid_on": "2021-08-05"}, 1),
        ({"persons_paid": 9}, 1),
        ({"persons_paid": 9, "paid_on": "2021-08-05"}, 0),
        ({"persons_paid": 0, "households_listed": 11}, 1),
    ],
)
def test_lists_that_contradict_themselves_break_declared_laws(lake: Lake, cells: dict, broken: int):
    laws = sectors.table("economy.support_payments").identities
    row = {"list_id": "HT-1", "approved_on": "2021-08-02", "location": ONE, "persons_listed": 10}
    put(lake, "economy.support_payments", [row | {"package": "hardship"} | cells])
    query = "select count(*) as n from economy.support_payments where not ({})"
    assert sum(lake.sql(query.format(each.law))["n"][0] for each in laws) == broken


def test_plans_by_the_week_do_not_exist(lake: Lake):
    with pytest.raises(ContractError, match=r"economy\.revenue_pace is known by month"):
        lake.panel(["economy.revenue_pace"], "W", "city")


@pytest.mark.parametrize("system", ["economy", "health"])
def test_thresholds_are_of_known_indicators_and_lie_on_the_side_that_is_worse(system: str):
    rows = pd.read_csv(REFERENCE / "thresholds" / f"{system}.csv")
    assert not rows["indicator"].duplicated().any()
    assert rows["basis"].isin(["official", "proposed"]).all()
    for row in rows.itertuples():
        direction = sectors.indicator(str(row.indicator)).direction
        assert direction != "neutral"
        if row.method == "cchart":
            assert np.isnan([row.green, row.amber]).all()
        elif direction == "higher":
            assert row.green > row.amber
        else:
            assert row.green <= row.amber
