"""Cells become typed values: times of day, yes and no, coded values; what is refused and why."""

import datetime as dt
import time
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc_analytics.contracts import Column
from ioc_analytics.lake.cells import parse_cells

_TIME = Column("received", "datetime", "Thời điểm tiếp nhận")
_FLAG = Column("signed", "boolean", "Ký số")
_STATUS = Column(
    "status",
    "text",
    "Trạng thái",
    allowed={
        "closed": ("Đã giải quyết", "hoàn thành", "đã xử lý"),
        "open": ("Đang giải quyết", "đang xử lý"),
        "returned": (),
        "+": ("Dương tính",),
    },
)


def _arrow(*cells):
    return pa.chunked_array([pa.array(cells)])


def _read(column, *cells):
    """Read cells once as a spreadsheet gives them and once as a text file does; both agree."""
    listed = parse_cells(column, list(cells))
    if all(isinstance(c, str | None) for c in cells):
        text = parse_cells(column, _arrow(*cells))
        assert text.values.to_pylist() == listed.values.to_pylist()  # noqa: PD011
        assert text.reasons == listed.reasons
    return listed.values.to_pylist(), listed.reasons  # noqa: PD011


# -- times of day ---------------------------------------------------------------------------------

_MOMENT = dt.datetime(2021, 7, 31, 8, 5)


@pytest.mark.parametrize(
    "cell",
    [
        "2021-07-31 08:05",
        "2021-07-31T08:05:00",
        "2021-07-31 08:05:00.000",
        "2021/07/31 8:05",
        "31/7/2021 08:05",
        "31/07/2021 8:05:00",
        "31-7-2021 08:05",
        "31.7.2021 08:05",
        "31/7/2021 8h05",
        "31/7/2021 8h5",
        "31/7/2021 8 giờ 05 phút",
        "31/7/2021, 08:05",
        "31/7/2021 lúc 8h05",
        "31/7/2021 8:05 SA",
        "08:05 31/7/2021",
        "08:05:00 31/7/2021",
        "8h05 ngày 31/7/2021",
        "8 giờ 05, ngày 31/7/2021",
        "  31/7/2021   08:05 ",
        "2021-07-31T01:05:00Z",
        "2021-07-31T01:05:00+00:00",
        "2021-07-31 08:05+0700",
        dt.datetime(2021, 7, 31, 8, 5),
        dt.datetime(2021, 7, 31, 1, 5, tzinfo=dt.UTC),
    ],
    ids=str,
)
def test_a_moment_is_read_as_local_time_in_any_dress(cell):
    assert _read(_TIME, cell) == ([_MOMENT], {})


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("31/7/2021", dt.datetime(2021, 7, 31)),
        (dt.date(2021, 7, 31), dt.datetime(2021, 7, 31)),
        ("31/7/2021 8:05 CH", dt.datetime(2021, 7, 31, 20, 5)),
        ("31/7/2021 12:00:30 AM", dt.datetime(2021, 7, 31, 0, 0, 30)),
        ("31/7/2021 17h", dt.datetime(2021, 7, 31, 17)),
        ("31/7/2021 23:59:59", dt.datetime(2021, 7, 31, 23, 59, 59)),
        ("2021-07-31 23:30:00.250Z", dt.datetime(2021, 8, 1, 6, 30, 0, 250_000)),
        ("2024-02-29 00:00", dt.datetime(2024, 2, 29)),
    ],
)
def test_a_day_alone_is_its_midnight_and_halves_and_zones_count(cell, expected):
    assert _read(_TIME, cell) == ([expected], {})


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("31/6/2021 08:05", "is not a day of the calendar (dates are read day first)"),
        ("2021-02-30 08:05", "is not a day of the calendar (dates are read day first)"),
        ("31/7/2021 24:00", "is not a time of day"),
        ("31/7/2021 08:60", "is not a time of day"),
        ("31/7/2021 13:05 SA", "is not a time of day"),
        ("31/7/21 08:05", "is not a day and time (2021-07-31 08:05 or 31/7/2021 8:05)"),
        ("08:05", "is not a day and time (2021-07-31 08:05 or 31/7/2021 8:05)"),
        ("hôm qua", "is not a day and time (2021-07-31 08:05 or 31/7/2021 8:05)"),
        (44408.337, "is not a day and time (2021-07-31 08:05 or 31/7/2021 8:05)"),
    ],
)
def test_a_cell_that_is_no_moment_is_refused(cell, why):
    assert _read(_TIME, cell) == ([None], {0: why})


def test_empty_times_stay_missing():
    assert _read(_TIME, "", None, "N/A", "2021-07-31 08:05")[0] == [None, None, None, _MOMENT]


def test_times_of_a_column_that_is_partly_month_first_are_not_guessed():
    cells = ["7/5/2021 08:00", "7/13/2021 08:00", "7/7/2021 08:00", "8h00 6/5/2021", "2021-07-05"]
    values, reasons = _read(_TIME, *cells)
    assert values == [None, None, dt.datetime(2021, 7, 7, 8), None, dt.datetime(2021, 7, 5)]
    assert reasons[0].startswith("may be day first or month first")
    assert reasons[1].startswith("is not a day of the calendar")
    assert reasons[3] == reasons[0]


def test_typed_times_of_a_file_keep_their_moment():
    utc = pa.array([dt.datetime(2021, 7, 31, 1, 5), None], pa.timestamp("ms", "UTC"))
    bare = pa.array([dt.datetime(2021, 7, 31, 8, 5), None], pa.timestamp("ns"))
    for typed in (utc, bare):
        cells = parse_cells(_TIME, pa.chunked_array([typed]))
        assert cells.values.to_pylist() == [_MOMENT, None]  # noqa: PD011
        assert cells.values.type == pa.timestamp("us")  # noqa: PD011


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M"])
def test_a_million_distinct_times_are_read_at_once(form):
    minutes = np.datetime64("2000-01-01T00:00", "s") + np.arange(1_000_000) * np.timedelta64(60)
    texts = pa.chunked_array([pa.compute.strftime(pa.array(minutes), form.replace("%S", "00"))])
    started = time.process_time()
    cells = parse_cells(_TIME, texts)
    assert time.process_time() - started < 8  # about 2 s; one by one it takes 30
    assert (cells.values.to_numpy().astype("M8[s]") == minutes).all()


# -- yes and no -----------------------------------------------------------------------------------


def test_yes_and_no_in_the_words_of_the_systems():
    yes = ["có", "CÓ", "Đúng", "x", "X", "true", "TRUE", "yes", "1", "✓", 1, 1.0, True]
    no = ["không", "Sai", "false", "No", "0", 0, 0.0, False]
    assert _read(_FLAG, *yes) == ([True] * len(yes), {})
    assert _read(_FLAG, *no) == ([False] * len(no), {})


def test_a_blank_is_not_a_no():
    assert _read(_FLAG, "x", "", None) == ([True, None, None], {})


def test_a_cell_that_is_neither_yes_nor_no_is_refused():
    values, reasons = _read(_FLAG, "có thể", "2")
    assert values == [None, None]
    assert set(reasons.values()) == {
        "is not yes or no (có/không, đúng/sai, x, true/false, 1/0)",
    }


def test_a_contract_may_name_more_words_for_yes_and_no():
    column = Column("s", "boolean", "Ký", allowed={"true": ("đã ký số",), "false": ("ký giấy",)})
    assert _read(column, "Đã ký số", "KÝ GIẤY", "x") == ([True, False, True], {})


# -- free text -------------------------------------------------------------------------------------


@given(
    st.lists(st.text("a Đồ\u0323e\u0302\n\t\u00a0\u2003\x1c\x85\x0bNAna/", max_size=6), max_size=8)
)
def test_text_is_composed_and_its_spaces_are_single_in_columns_as_in_cells(cells):
    values, reasons = _read(Column("note", "text", "Ghi chú"), *cells)
    plain = [" ".join(unicodedata.normalize("NFC", c).split()) for c in cells]
    missing = {"", "na", "n/a", "nan"}
    assert values == [None if p.lower() in missing else p for p in plain]
    assert reasons == {}


def test_numbers_in_a_text_say_nothing_about_the_decimal_mark():
    assert parse_cells(Column("phone", "text", "Điện thoại"), ["090.000.123"]).decimal is None


# -- coded values ---------------------------------------------------------------------------------


def test_each_spelling_of_an_allowed_value_is_stored_as_that_value():
    cells = ["closed", "Đã giải quyết", "DA GIAI QUYET", "Hoàn  thành", "returned", "+", ""]
    expected = ["closed", "closed", "closed", "closed", "returned", "+", None]
    assert _read(_STATUS, *cells) == (expected, {})


def test_a_coded_value_may_be_called_none():
    column = Column("secrecy", "text", "Độ mật", allowed={"none": ("Thường",)})
    assert _read(column, "none", "Thường", "", "N/A", None)[0] == ["none", "none", None, None, None]


def test_an_unknown_value_is_refused_with_the_nearest_label():
    assert _read(_STATUS, "da giai quyt")[1] == {
        0: "is not a known value (did you mean “Đã giải quyết”?); "
        "known: Đã giải quyết, Đang giải quyết, returned, Dương tính"
    }
    assert "did you mean" not in _read(_STATUS, "???")[1][0]


def test_a_code_that_a_spreadsheet_made_a_number_is_still_that_code():
    column = Column("level", "text", "Cấp", allowed={"1": ("cấp 1",), "2": ()})
    assert _read(column, 1, 2.0, "Cấp 1") == (["1", "2", "1"], {})


def test_a_spelling_that_would_mean_two_values_without_accents_needs_its_accents():
    column = Column("k", "text", "K", allowed={"east": ("đông",), "copper": ("đồng",)})
    values, reasons = _read(column, "Đông", "ĐỒNG", "dong")
    assert values == ["east", "copper", None]
    assert list(reasons) == [2]
