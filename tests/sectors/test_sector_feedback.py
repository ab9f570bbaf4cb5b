"""Feedback: each indicator on requests whose value is worked out by hand; the spellings."""

from pathlib import Path

import numpy as np
import pytest
from kit import put, value

from ioc_analytics.lake import Lake
from ioc_analytics.places import REFERENCE, places

WARD, OTHER = "26794", "26857"  # Linh Xuân, Long Phước
MONDAY, WEEK = "2021-10-04", ("2021-10-04", "2021-10-10")


def request(number: int, **cells: object) -> dict:
    """A request of Monday 8:00, due on Tuesday 8:00."""
    return {
        "request_id": f"PA-{number}",
        "location": WARD,
        "received_at": "2021-10-04T08:00",
        "due_at": "2021-10-05T08:00",
        "status": "resolved",
        **cells,
    }


def week(lake: Lake, name: str, location: str = WARD) -> float:
    return value(lake, f"feedback.{name}", "W", location, MONDAY)


# -- volumes --------------------------------------------------------------------------------------


def test_requests_are_counted_by_topic_and_a_quiet_ward_has_none(lake: Lake):
    topics = ["flooding", "flooding", "noise", "health", "procedures", None]
    rows = [request(i, topic=topic) for i, topic in enumerate(topics)]
    put(lake, "feedback.requests", rows, covers=WEEK)
    assert week(lake, "requests") == 6
    assert week(lake, "flooding_requests") == 2
    assert week(lake, "noise_requests") == 1
    assert week(lake, "health_requests") == 1
    assert week(lake, "requests", OTHER) == 0
    assert week(lake, "requests", "769") == 6


def test_a_week_that_the_files_do_not_cover_is_not_known(lake: Lake):
    put(lake, "feedback.requests", [request(1)], covers=("2021-10-04", "2021-10-08"))
    assert np.isnan(week(lake, "requests"))


def test_requests_per_10_000_residents(lake: Lake):
    lake.ingest(REFERENCE / "wards.csv", "geography.wards", as_of="2021-01-01")
    put(lake, "feedback.requests", [request(i) for i in range(9)], covers=WEEK)
    people = 44_749
    assert places()[WARD].name_vi == "Linh Xuân"
    assert week(lake, "request_rate") == pytest.approx(9 / people * 10_000)


# -- answers --------------------------------------------------------------------------------------


def test_two_of_three_resolved_requests_are_on_time(lake: Lake):
    rows = [
        request(1, resolved_at="2021-10-04T20:00"),
        request(2, resolved_at="2021-10-05T08:00"),
        request(3, resolved_at="2021-10-05T08:01"),
        request(4, resolved_at="2021-10-04T09:00", status="rejected"),
        request(5, status="processing"),
    ]
    put(lake, "feedback.requests", rows, covers=WEEK)
    assert week(lake, "on_time_rate") == pytest.approx(66.667, abs=1e-3)


def test_an_unanswered_request_counts_as_late_once_it_is_due(lake: Lake):
    """766: answered by the deadline / all that fell due; a rate of resolved ones leaves it out."""
    rows = [
        request(1, resolved_at="2021-10-04T20:00"),
        request(2, status="processing"),
        request(3, status="new", due_at="2021-10-12T08:00"),
        request(4, status="rejected"),
    ]
    put(lake, "feedback.requests", rows, covers=WEEK)
    assert week(lake, "pakn_on_time") == 50
    assert week(lake, "on_time_rate") == 100
    assert np.isnan(value(lake, "feedback.pakn_on_time", "W", WARD, "2021-10-11"))


def test_hours_to_assign_and_to_resolve_are_medians_by_the_clock(lake: Lake):
    rows = [
        request(1, assigned_at="2021-10-04T09:00", resolved_at="2021-10-04T12:00"),
        request(2, assigned_at="2021-10-04T08:30", resolved_at="2021-10-06T08:00"),
        request(3, assigned_at="2021-10-08T08:00", resolved_at="2021-10-09T08:00"),
        request(4, status="new"),
    ]
    put(lake, "feedback.requests", rows, covers=WEEK)
    assert week(lake, "hours_to_assign") == 1  # of 0.5, 1 and 96
    assert week(lake, "hours_to_resolve") == 48  # of 4, 48 and 120: nights count


def test_the_city_s_median_is_not_the_mean_of_the_wards_medians(lake: Lake):
    rows = [
        request(1, assigned_at="2021-10-04T09:00"),
        request(2, assigned_at="2021-10-04T10:00"),
        request(3, assigned_at="2021-10-04T18:00", location=OTHER),
    ]
    put(lake, "feedback.requests", rows, covers=WEEK)
    assert week(lake, "hours_to_assign") == 1.5
    assert week(lake, "hours_to_assign", OTHER) == 10
    assert week(lake, "hours_to_assign", "769") == 2


def test_reopened_and_satisfied_shares(lake: Lake):
    answers = [(0, "yes"), (2, "no"), (0, "unknown"), (0, "yes"), (None, None)]
    rows = [
        request(i, reopened=again, satisfied=opinion, resolved_at="2021-10-05T07:00")
        for i, (again, opinion) in enumerate(answers)
    ]
    put(lake, "feedback.requests", rows, covers=WEEK)
    assert week(lake, "reopen_rate") == 25  # of 4 with a known number
    assert week(lake, "satisfaction") == pytest.approx(200 / 3)  # of 3 who rated
    assert week(lake, "pakn_satisfied") == 80  # of all 5, one complained


def test_open_overdue_requests_until_the_day_before_they_are_resolved(lake: Lake):
    rows = [
        request(1, resolved_at="2021-10-07T09:00"),
        request(2, status="processing"),
        request(3, status="rejected"),
        request(4, resolved_at="2021-10-05T07:00"),
    ]
    put(lake, "feedback.requests", rows, covers=WEEK)
    days = [value(lake, "feedback.open_overdue", "D", WARD, f"2021-10-0{d}") for d in range(4, 9)]
    assert days == [0, 2, 2, 1, 1]


# -- the system's spellings -----------------------------------------------------------------------


def test_an_export_comes_in_and_what_tells_of_persons_does_not(
    lake: Lake, tmp_path: Path, monkeypatch
):
    monkeypatch.setenv("IOC_KEY_FILE", str(tmp_path / "key"))
    export = tmp_path / "1022.csv"
    export.write_text(
        "MÃ PA,Thời điểm,Kênh,Lĩnh vực,Nội dung,Phường,Địa chỉ,Vĩ độ,Kinh độ,Hình ảnh,"
        "Người phản ánh,SĐT,Hạn xử lý,Trạng thái,Số lần mở lại,Đánh giá\n"
        'PA1,04/10/2021 08:15,Tong dai 1022,Ngập úng,"Ngập, gọi 0900 000 123",P. Linh Xuân,'
        '"12/3 Quốc lộ 1K, P. Linh Xuân",10.88,106.77,2,Người dân 000123,0900 000 123,'
        "05/10/2021 08:15,Đang xử lý,0,Chưa đánh giá\n"
        "PA2,04/10/2021 09:00,Fax,Tiếng ồn,,Long Phước,,,,,,,,Mới tiếp nhận,,\n",
        encoding="utf-8",
    )
    report = lake.ingest(export, "feedback.requests", as_of="2021-10-05")
    assert (report.stored, report.rejected) == (1, 1)  # fax is no channel
    row = lake.read("feedback.requests").iloc[0]
    assert (row["channel"], row["topic"], row["location"]) == ("hotline", "flooding", WARD)
    assert row["satisfied"] == "unknown"
    assert "reporter_phone" not in row.index
    assert "reporter_name" not in row.index
    assert "000 123" not in row["content"]
