"""Documents: each indicator on rows whose value is worked out by hand; secrets stay outside."""

from pathlib import Path

import numpy as np
import pytest
from kit import put, value

from ioc_analytics.lake import Lake

WARD, OTHER = "26794", "26857"  # Linh Xuân, Long Phước
MONDAY, WEEK = "2022-06-13", ("2022-06-13", "2022-06-19")


def document(number: int, **cells: object) -> dict:
    """An incoming document of Monday 8:00, due on Wednesday."""
    return {
        "document_id": f"VB-{number}",
        "location": WARD,
        "direction": "in",
        "registered_at": "2022-06-13T08:00",
        "due_on": "2022-06-15",
        "urgency": "normal",
        "status": "done",
        **cells,
    }


def task(number: int, **cells: object) -> dict:
    """A task of Monday, due on Wednesday."""
    return {
        "task_id": f"NV-{number}",
        "location": WARD,
        "assigned_on": "2022-06-13",
        "due_on": "2022-06-15",
        "status": "done",
        **cells,
    }


def week(lake: Lake, name: str, location: str = WARD) -> float:
    return value(lake, f"documents.{name}", "W", location, MONDAY)


# -- register -------------------------------------------------------------------------------------


def test_documents_in_and_out_are_counted_the_city_s_own_offices_on_top(lake: Lake):
    rows = [
        document(1),
        document(2),
        document(3, direction="out"),
        document(4, location=OTHER),
        document(5, location="769"),
    ]
    put(lake, "documents.register", rows, covers=WEEK)
    assert week(lake, "incoming") == 2
    assert week(lake, "outgoing") == 1
    assert week(lake, "outgoing", OTHER) == 0
    assert week(lake, "incoming", "769") == 4


def test_a_document_is_in_time_until_the_end_of_its_due_day(lake: Lake):
    rows = [
        document(1, completed_at="2022-06-15T22:00"),
        document(2, completed_at="2022-06-16T07:30"),
        document(3, completed_at="2022-06-13T09:00"),
        document(4, completed_at="2022-06-14T09:00"),
        document(5, completed_at="2022-06-14T09:00", due_on=None),
        document(6, completed_at="2022-06-17T09:00", direction="out"),
        document(7, status="processing"),
    ]
    put(lake, "documents.register", rows, covers=WEEK)
    assert week(lake, "on_time_rate") == 75


def test_a_document_never_handled_is_overdue(lake: Lake):
    rows = [
        document(1, completed_at="2022-06-15T10:00"),
        document(2, completed_at="2022-06-17T10:00"),
        document(3, status="processing"),
        document(4, completed_at="2022-06-14T10:00"),
        document(5, status="processing", due_on="2022-06-24"),
        document(6, status="for_information", due_on=None),
    ]
    put(lake, "documents.register", rows, covers=WEEK)
    assert week(lake, "overdue_share") == 50
    assert week(lake, "on_time_rate") == pytest.approx(200 / 3)
    assert np.isnan(value(lake, "documents.overdue_share", "W", WARD, "2022-06-20"))
    days = [value(lake, "documents.open_overdue", "D", WARD, f"2022-06-{d}") for d in range(14, 18)]
    assert days == [0, 2, 2, 1]


def test_the_share_signed_electronically_is_of_outgoing_documents(lake: Lake):
    signed = [("out", True), ("out", True), ("out", False), ("out", None), ("in", False)]
    rows = [document(i, direction=way, e_signed=s) for i, (way, s) in enumerate(signed)]
    put(lake, "documents.register", rows, covers=WEEK)
    assert week(lake, "e_signed_share") == pytest.approx(200 / 3)


def test_mean_handling_time_is_in_office_hours(lake: Lake):
    rows = [
        document(1, completed_at="2022-06-13T10:00"),  # 2
        document(2, completed_at="2022-06-14T08:00"),  # 3.5 + 4 + 0.5
        document(3, registered_at="2022-06-12T20:00", completed_at="2022-06-13T09:30"),  # Sunday: 2
        document(4, direction="out", completed_at="2022-06-17T09:30"),
    ]
    put(lake, "documents.register", rows, covers=("2022-06-06", "2022-06-19"))
    assert week(lake, "handling_hours") == pytest.approx(4)


def test_urgent_documents_are_watched_apart(lake: Lake):
    rows = [
        document(1, urgency="express", completed_at="2022-06-16T09:00"),
        document(2, urgency="urgent", completed_at="2022-06-14T09:00"),
        document(3, completed_at="2022-06-16T09:00"),
    ]
    put(lake, "documents.register", rows, covers=WEEK)
    assert week(lake, "urgent_on_time") == 50
    assert week(lake, "on_time_rate") == pytest.approx(100 / 3)


# -- tasks ----------------------------------------------------------------------------------------


def test_tasks_done_on_time_by_their_last_due_day(lake: Lake):
    rows = [
        task(1, done_on="2022-06-15"),
        task(2, done_on="2022-06-16"),
        task(3, done_on="2022-06-17", extended_due_on="2022-06-17"),
        task(4, done_on="2022-06-14", status="cancelled"),
        task(5, status="doing"),
    ]
    put(lake, "documents.tasks", rows, covers=WEEK)
    assert week(lake, "tasks_on_time") == pytest.approx(200 / 3)


def test_tasks_that_are_overdue_and_not_done(lake: Lake):
    rows = [
        task(1, done_on="2022-06-17"),
        task(2, status="doing"),
        task(3, status="doing", extended_due_on="2022-06-17"),
        task(4, status="cancelled"),
    ]
    put(lake, "documents.tasks", rows, covers=WEEK)
    days = [
        value(lake, "documents.tasks_overdue", "D", WARD, f"2022-06-{d}") for d in range(14, 18)
    ]
    assert days == [0, 2, 2, 2]


# -- the system's spellings -----------------------------------------------------------------------


def test_an_export_comes_in_and_secret_documents_leave_nothing(
    lake: Lake, tmp_path: Path, monkeypatch
):
    monkeypatch.setenv("IOC_KEY_FILE", str(tmp_path / "key"))
    export = tmp_path / "vanban.csv"
    export.write_text(
        "Mã văn bản;Sổ;Ngày đến;Số ký hiệu;Loại;Trích yếu;Độ khẩn;Độ mật;Phường;Hạn xử lý;"
        "Người xử lý;Ký số;Trạng thái\n"
        "VB1;VB đến;13/06/2022 08:00;12/UBND;Công văn;V/v kiểm tra;HOA TOC;Không;Linh Xuân;"
        "15/06/2022;Cán bộ 0001;Có;Chưa xử lý\n"
        "VB2;VB đến;13/06/2022 09:00;99/BC;Báo cáo;Chuyện kín;Khẩn;Tối mật;Linh Xuân;"
        "15/06/2022;Cán bộ 0002;Không;Chưa xử lý\n",
        encoding="utf-8",
    )
    report = lake.ingest(export, "documents.register", as_of="2022-06-19")
    assert report.stored == 1
    row = lake.read("documents.register").iloc[0]
    assert (row["direction"], row["urgency"], row["status"]) == ("in", "express", "processing")
    assert row["handler"] != "Cán bộ 0001"
    kept = [f for f in Path(lake.path).rglob("*") if f.is_file()]
    assert kept
    assert not [f for f in kept if "Chuyện kín".encode() in f.read_bytes()]
