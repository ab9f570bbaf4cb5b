"""Procedures: each indicator on rows whose value is worked out by hand; the systems' spellings."""

from pathlib import Path

import numpy as np
import pytest
from kit import put, value

from ioc_analytics import sectors
from ioc_analytics.lake import Lake

WARD, OTHER = "26794", "26857"  # Linh Xuân, Long Phước
MONDAY, WEEK = "2022-06-13", ("2022-06-13", "2022-06-19")
HCMC = "79"


def file(number: int, **cells: object) -> dict:
    """A file received on Monday at 8:00 and due on Wednesday at 17:00."""
    return {
        "file_id": f"H29-{number}",
        "location": WARD,
        "received_at": "2022-06-13T08:00",
        "due_at": "2022-06-15T17:00",
        "status": "returned",
        **cells,
    }


def month(month: str = "2022-06-01", location: str = WARD, **cells: object) -> dict:
    return {"month": month, "location": location, **cells}


def points(location: str, *five: float | None) -> dict:
    names = [f"{n}_points" for n in ("transparency", "progress", "digitisation", "online")]
    return {
        "month": "2025-11-01",
        "location": location,
        **dict(zip([*names, "satisfaction_points"], five, strict=True)),
    }


# -- files ----------------------------------------------------------------------------------------


def test_files_are_counted_by_the_day_of_receipt_and_days_without_any_are_zero(lake: Lake):
    rows = [file(1), file(2, received_at="2022-06-17T23:10"), file(3, location=OTHER)]
    put(lake, "procedures.files", rows, covers=WEEK)
    assert value(lake, "procedures.received", "W", WARD, MONDAY) == 2
    assert value(lake, "procedures.received", "D", WARD, "2022-06-14") == 0
    assert np.isnan(value(lake, "procedures.received", "W", WARD, "2022-06-20"))


def test_three_of_four_solved_files_are_on_time(lake: Lake):
    rows = [
        file(1, returned_at="2022-06-15T16:59"),
        file(2, returned_at="2022-06-15T17:00"),
        file(3, returned_at="2022-06-14T09:00", status="refused"),
        file(4, returned_at="2022-06-16T07:31"),
        file(5, returned_at="2022-06-14T09:00", status="withdrawn"),
        file(6, status="processing"),
        file(7, returned_at="2022-06-16T09:00", due_at=None),
    ]
    put(lake, "procedures.files", rows, covers=WEEK)
    assert value(lake, "procedures.on_time_rate", "W", WARD, MONDAY) == 75


def test_a_file_belongs_to_the_week_of_its_return(lake: Lake):
    late = file(1, received_at="2022-06-01T08:00", returned_at="2022-06-16T08:00")
    put(lake, "procedures.files", [late], covers=("2022-05-30", "2022-06-19"))
    assert value(lake, "procedures.on_time_rate", "W", WARD, MONDAY) == 0
    assert np.isnan(value(lake, "procedures.on_time_rate", "W", WARD, "2022-05-30"))


def test_the_clock_stands_while_the_office_waits_for_supplements(lake: Lake):
    pause = {"paused_from": "2022-06-14T07:30", "paused_until": "2022-06-16T07:30"}  # 16 hours
    rows = [
        file(1, **pause, returned_at="2022-06-17T17:00"),  # 16 hours after the due time
        file(2, **pause, returned_at="2022-06-20T07:31"),  # a minute too late
    ]
    put(lake, "procedures.files", rows, covers=("2022-06-13", "2022-06-26"))
    assert value(lake, "procedures.on_time_rate", "D", WARD, "2022-06-17") == 100
    assert value(lake, "procedures.on_time_rate", "D", WARD, "2022-06-20") == 0


def test_an_extended_due_time_takes_the_place_of_the_first_one(lake: Lake):
    rows = [
        file(1, extended_due_at="2022-06-17T17:00", returned_at="2022-06-17T10:00"),
        file(2, extended_due_at="2022-06-17T10:00", returned_at="2022-06-17T10:30"),
    ]
    put(lake, "procedures.files", rows, covers=WEEK)
    assert value(lake, "procedures.on_time_rate", "W", WARD, MONDAY) == 50


def test_overdue_files_that_are_still_open_are_counted_apart(lake: Lake):
    """Survivorship: a file that is never solved is never in the rate of those solved on time."""
    rows = [
        file(1, returned_at="2022-06-15T10:00"),
        file(2, status="processing"),
        file(3, returned_at="2022-06-18T10:00"),
        file(4, due_at="2022-06-30T17:00", status="processing"),
        file(5, status="withdrawn"),  # nobody noted when
    ]
    put(lake, "procedures.files", rows, covers=WEEK)
    assert value(lake, "procedures.on_time_rate", "W", WARD, MONDAY) == 50
    overdue = [
        value(lake, "procedures.open_overdue", "D", WARD, f"2022-06-{d}") for d in range(14, 19)
    ]
    assert overdue == [0, 2, 2, 2, 1]
    assert value(lake, "procedures.open_files", "D", WARD, "2022-06-14") == 4
    assert value(lake, "procedures.open_files", "W", WARD, MONDAY) == 2


def test_a_file_that_waits_for_supplements_is_not_overdue(lake: Lake):
    waits = {"status": "supplement", "returned_at": None}
    rows = [
        file(1, **waits, paused_from="2022-06-14T10:00"),
        file(2, **waits, paused_from="2022-06-16T10:00"),  # was late already
        file(3, status="processing", paused_from="2022-06-14T10:00",
             paused_until="2022-06-15T10:00"),  # due a day later
    ]  # fmt: skip
    put(lake, "procedures.files", rows, covers=WEEK)
    overdue = [value(lake, "procedures.open_overdue", "D", WARD, f"2022-06-{d}") for d in (15, 16)]
    assert overdue == [1, 2]


def test_mean_hours_are_those_of_offices_without_pauses_nights_and_holidays(lake: Lake):
    rows = [
        file(1, returned_at="2022-06-14T10:30"),  # 3.5 + 4 on Monday, 3 on Tuesday: 10.5
        file(
            2,
            returned_at="2022-06-15T09:30",  # 7.5 + 8 + 2, of which 8 in a pause: 9.5
            paused_from="2022-06-13T15:00",
            paused_until="2022-06-14T15:00",
        ),
        file(3, returned_at="2022-06-14T10:30", status="withdrawn"),
    ]
    put(lake, "procedures.files", rows, covers=WEEK)
    assert value(lake, "procedures.working_hours", "W", WARD, MONDAY) == pytest.approx(10)


def test_public_holidays_do_not_count_as_working_hours(lake: Lake):
    """1 and 2 September 2022 were holidays, then came a weekend: an hour before, one after."""
    over = file(1, received_at="2022-08-31T16:00", returned_at="2022-09-05T08:30")
    put(lake, "procedures.files", [over], covers=("2022-08-29", "2022-09-11"))
    assert value(lake, "procedures.working_hours", "W", WARD, "2022-09-05") == 2


def test_shares_leave_out_what_is_not_known(lake: Lake):
    rows = [
        file(1, channel="online_full", digitised=True, paid_online=True),
        file(2, channel="online_partial", digitised=True, paid_online=False),
        file(3, channel="direct", digitised=False, paid_online=None),
        file(4, channel=None, digitised=None, paid_online=None),
    ]
    put(lake, "procedures.files", rows, covers=WEEK)
    share = {n: value(lake, f"procedures.{n}", "W", WARD, MONDAY) for n in (
        "online_full_share", "digitised_share", "online_payment_share")}  # fmt: skip
    assert share["online_full_share"] == pytest.approx(100 / 3)
    assert share["digitised_share"] == pytest.approx(200 / 3)
    assert share["online_payment_share"] == 50


def test_satisfaction_is_the_share_of_ratings_without_a_bad_one(lake: Lake):
    ratings = ["very_satisfied", "satisfied", "neutral", "unsatisfied", "very_unsatisfied", None]
    rows = [file(i, rating=r, returned_at="2022-06-15T10:00") for i, r in enumerate(ratings)]
    put(lake, "procedures.files", rows, covers=WEEK)
    assert value(lake, "procedures.satisfaction", "W", WARD, MONDAY) == 60


# -- months ---------------------------------------------------------------------------------------


def test_backlog_and_overdue_share_of_a_month(lake: Lake):
    row = month(brought_forward=40, received=160, solved=150, open=50, open_overdue=5)
    put(lake, "procedures.monthly", [row])
    assert value(lake, "procedures.backlog_ratio", "M", WARD, "2022-06-01") == 25
    assert value(lake, "procedures.overdue_share", "M", WARD, "2022-06-01") == 10


def test_the_backlog_of_a_quarter_is_that_of_its_last_month(lake: Lake):
    rows = [
        month("2022-04-01", brought_forward=0, received=100, open=50),
        month("2022-05-01", brought_forward=50, received=100, open=60),
        month("2022-06-01", brought_forward=60, received=140, open=20),
    ]
    put(lake, "procedures.monthly", rows)
    assert value(lake, "procedures.backlog_ratio", "Q", WARD, "2022-04-01") == 10


def test_without_open_files_there_is_no_overdue_share(lake: Lake):
    put(lake, "procedures.monthly", [month(open=0, open_overdue=0)])
    assert np.isnan(value(lake, "procedures.overdue_share", "M", WARD, "2022-06-01"))


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        # HCMC 2025: 64.5 thousand + 2.513 million = 2.471 + 0.107 million (DOMAIN.md C.2, V65)
        ((64_500, 2_513_500, 2_471_000, 2_300_000, 107_000, 500), [True, True, True]),
        ((10, 5, 9, 9, 5, 0), [False, True, True]),
        ((10, 5, 9, 10, 6, 7), [True, False, False]),
    ],
)
def test_the_balance_of_a_month_is_an_identity(lake: Lake, cells, kept):
    names = ("brought_forward", "received", "solved", "solved_on_time", "open", "open_overdue")
    put(lake, "procedures.monthly", [month(**dict(zip(names, cells, strict=True)))])
    laws = [i.law for i in sectors.table("procedures.monthly").identities]
    found = lake.sql(f"select {', '.join(laws)} from procedures.monthly")
    assert found.iloc[0].tolist() == kept


# -- service score of Decision 766 ----------------------------------------------------------------


def test_the_published_score_of_hcmc_is_the_sum_of_its_parts(lake: Lake):
    """Week 47 of 2025: 85.16 (DOMAIN.md C.2, V69)."""
    put(lake, "procedures.service_index", [points(HCMC, 15.41, 18.79, 16.92, 16.1, 17.94)])
    score = value(lake, "procedures.service_index", "M", HCMC, "2025-11-01")
    assert score == pytest.approx(85.16)
    progress = value(lake, "procedures.progress_points", "M", HCMC, "2025-11-01")
    assert progress == 18.79


def test_the_best_score_is_100_and_a_missing_part_makes_it_unknown(lake: Lake):
    rows = [points(HCMC, 18, 20, 22, 22, 18), points("769", 18, 20, None, 22, 18)]
    put(lake, "procedures.service_index", rows)
    assert value(lake, "procedures.service_index", "M", HCMC, "2025-11-01") == pytest.approx(100)
    assert np.isnan(value(lake, "procedures.service_index", "M", "769", "2025-11-01"))


# -- the systems' spellings -----------------------------------------------------------------------


def test_files_come_in_with_vietnamese_headers_and_labels(lake: Lake, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("IOC_KEY_FILE", str(tmp_path / "key"))
    export = tmp_path / "hoso.csv"
    export.write_text(
        "Mã hồ sơ;Mã TTHC;Lĩnh vực;Phường;KÊNH;Ngày tiếp nhận;Ngày hẹn trả;Ngày trả kết quả;"
        "Tình trạng;Số hóa;Mức độ hài lòng;Họ và tên;CMND\n"
        "H-1;1.01;Hộ tịch;P. Linh Xuân;truc_tuyen toan_trinh;13/06/2022 08:05;15/06/2022 17:00;"
        "14/06/2022 16:30;da_tra;Có;Hài lòng;Người dân 000001;000000000001\n"
        "H-2;1.02;Đất đai;Long Phước;BCCI;13/06/2022 09:00;20/06/2022 17:00;;Đang xử lý;Không;;"
        "Người dân 000001;000000000001\n",
        encoding="utf-8",
    )
    report = lake.ingest(export, "procedures.files", as_of="2022-06-19")
    assert (report.stored, report.rejected) == (2, 0)
    rows = lake.read("procedures.files").sort_values("file_id")
    assert rows["channel"].tolist() == ["online_full", "postal"]
    assert rows["status"].tolist() == ["returned", "processing"]
    assert rows["location"].tolist() == [WARD, OTHER]
    assert rows["rating"].iloc[0] == "satisfied"
    assert "applicant_name" not in rows
    assert rows["applicant_id"].nunique() == 1
    assert "000000000001" not in set(rows["applicant_id"])
