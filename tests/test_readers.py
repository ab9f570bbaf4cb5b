"""Files as the systems write them: which cells stand in which line, and what each cell means."""

import csv
import datetime as dt
import io
import json
import pickle
import re
import threading
import time
import unicodedata
import warnings
import zipfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio.raw
import pyproj
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from ioc_analytics import lake as lake_package
from ioc_analytics.contracts import Column
from ioc_analytics.errors import IngestError
from ioc_analytics.lake import geodata
from ioc_analytics.lake.boundaries import schematic_wards
from ioc_analytics.lake.cells import parse_cells
from ioc_analytics.lake.readers import read_bytes, read_raw

_HEADERS = {"date", "ngày", "location", "new_cases", "số ca", "note", "ca\nmới"}


def _knows(header):
    return unicodedata.normalize("NFC", header).strip().casefold() in _HEADERS


def _read(text, name="x.csv", encoding=None):
    data = text if isinstance(text, bytes) else text.encode()
    return read_raw(Path(name), data, _knows, encoding)


def _columns(raw):
    return {
        name: column.to_pylist() if isinstance(column, pa.ChunkedArray) else column
        for name, column in raw.columns.items()
    }


def _rows(raw):
    """Return line -> cells, for comparing with what a person sees in the file."""
    return dict(zip(raw.lines.tolist(), zip(*_columns(raw).values(), strict=True), strict=True))


# -- CSV: cells and lines -------------------------------------------------------------------------


def test_a_plain_file_gives_its_cells_by_header_and_line():
    raw = _read("date,new_cases\n2021-07-01,5\n2021-07-02,\n")
    assert _columns(raw) == {"date": ["2021-07-01", "2021-07-02"], "new_cases": ["5", ""]}
    assert raw.lines.tolist() == [2, 3]
    assert raw.broken == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_delimiter_and_line_ends_are_recognised(delimiter, newline):
    rows = [["date", "new_cases", "note"], ["2021-07-01", "5", "a"], ["2021-07-02", "6", "b c"]]
    raw = _read(newline.join(delimiter.join(r) for r in rows))
    assert _rows(raw) == {2: ("2021-07-01", "5", "a"), 3: ("2021-07-02", "6", "b c")}


def test_old_macintosh_line_ends_are_read():
    assert _rows(_read("title\rdate,new_cases\r2021-07-01,5\r")) == {3: ("2021-07-01", "5")}


def test_title_rows_above_the_header_are_passed_over_and_counted():
    raw = _read('Báo cáo ngày\n"Sở Y tế, TP.HCM"\n\ndate;new_cases\n2021-07-01;5\n')
    assert _rows(raw) == {5: ("2021-07-01", "5")}


def test_blank_lines_are_no_rows_but_keep_their_numbers():
    raw = _read("date,new_cases\n\n2021-07-01,5\n,\n\n2021-07-02,6\n\n")
    assert _rows(raw) == {3: ("2021-07-01", "5"), 6: ("2021-07-02", "6")}
    assert raw.broken == []


def test_a_ragged_row_is_reported_with_its_line_and_text_and_does_not_shift_others():
    raw = _read("date,new_cases\n2021-07-01,5,9\n2021-07-02,6\n2021-07-03\n2021-07-04,8\n   \n")
    assert _rows(raw) == {3: ("2021-07-02", "6"), 5: ("2021-07-04", "8")}
    why = "the row does not have the header's 2 fields"
    assert raw.broken == [(2, "2021-07-01,5,9", why), (4, "2021-07-03", why)]


def test_quoted_cells_may_hold_line_breaks_delimiters_and_quotes():
    raw = _read(
        'date,note,new_cases\n1,"a\nb\nc",1\n2,"x, ""y""",2\n3,"torn\nrow"\n4,"p\r\nq",4\n5,z,5\n'
    )
    assert _rows(raw) == {
        2: ("1", "a\nb\nc", "1"),
        5: ("2", 'x, "y"', "2"),
        8: ("4", "p\r\nq", "4"),
        10: ("5", "z", "5"),
    }
    assert [line for line, _, _ in raw.broken] == [6]


def test_a_header_may_hold_a_line_break():
    raw = _read('title\ndate,"Ca\nmới"\n2021-07-01,5\n2021-07-02,"6\n"\n2021-07-03,7\n')
    assert _rows(raw) == {4: ("2021-07-01", "5"), 5: ("2021-07-02", "6\n"), 7: ("2021-07-03", "7")}


def test_an_open_quote_is_refused_for_it_would_swallow_all_lines_behind():
    with pytest.raises(IngestError, match="x.csv: a quoted cell that begins in line 3 has no end"):
        _read('date,note\n1,"a"\n2,"b\n3,c\n4,d\n')
    with pytest.raises(IngestError, match="begins in line 3 has no end"):
        _read('date,note\n1,"a"\n"2,b\n3,c\n4,d\n')


def test_the_comma_behind_each_line_makes_no_column_unless_something_stands_there():
    assert list(_read("date,new_cases,,\n2021-07-01,5,,\n").columns) == ["date", "new_cases"]
    assert "column 3" in _read("date,new_cases,\n2021-07-01,5,x\n").columns


_CELL = st.text(st.sampled_from("ab1é ,;\"'\n-"), max_size=6)


@given(st.lists(st.lists(_CELL, min_size=1, max_size=4), max_size=12))
def test_reading_equals_the_csv_module_line_by_line(rows):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([["date", "note"], *rows])
    expected, ragged, line = {}, {}, 2
    reader = csv.reader(io.StringIO(text.getvalue(), newline=""))
    next(reader)
    for cells in reader:
        if len(cells) == 2 and any(cells):
            expected[line] = tuple(cells)
        elif len(cells) != 2:
            ragged[line] = any(c.strip() for c in cells)
        line = reader.line_num + 1
    assume(expected or any(ragged.values()))
    raw = _read(text.getvalue())
    assert (_rows(raw) if len(raw.lines) else {}) == expected
    reported = {line for line, _, _ in raw.broken}
    assert {line for line, filled in ragged.items() if filled} <= reported <= set(ragged)


# -- CSV: encodings -------------------------------------------------------------------------------

_TEXT = "Ngày;Số ca;note\n31/7/2021;5;Phường Hiệp Bình Phước, Thủ Đức – Đường số 7\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_unicode_files_are_read_composed(encoding, form):
    data = unicodedata.normalize(form, _TEXT).encode(encoding)
    if encoding in ("utf-16-le", "utf-16-be"):  # the byte order mark stands first, as Excel has it
        data = "\ufeff".encode(encoding) + data
    assert _columns(_read(data)) == _columns(_read(_TEXT))


def _windows_1258(text):
    """Write text as Windows-1258 does: letters composed, tone marks behind them."""
    out = []
    for letter in unicodedata.normalize("NFC", text):
        try:
            out.append(letter.encode("cp1258"))
        except UnicodeEncodeError:
            base, *marks = unicodedata.normalize("NFD", letter)
            tones = [m for m in marks if m in "\u0300\u0301\u0303\u0309\u0323"]
            shape = unicodedata.normalize("NFC", base + "".join(m for m in marks if m not in tones))
            out.append((shape + "".join(tones)).encode("cp1258"))
    return b"".join(out)


def test_windows_1258_is_read_composed():
    assert _columns(_read(_windows_1258(_TEXT))) == _columns(_read(_TEXT))
    assert _columns(_read(_windows_1258(_TEXT), encoding="cp1258")) == _columns(_read(_TEXT))


def test_utf_16_without_mark_is_refused_until_it_is_named():
    data = _TEXT.encode("utf-16-le")
    with pytest.raises(IngestError, match="not text in UTF-8 or Windows-1258; name its encoding"):
        _read(data)
    assert _columns(_read(data, encoding="utf-16-le")) == _columns(_read(_TEXT))


def test_damaged_utf_8_is_refused_and_not_taken_for_windows_1258():
    data = _TEXT.encode().replace("Thủ".encode(), b"Th\xe1\xbb")
    with pytest.raises(IngestError, match="not text in UTF-8 or Windows-1258"):
        _read(data)


def test_a_wrong_or_unknown_encoding_is_refused_by_name():
    with pytest.raises(IngestError, match="not text in ascii"):
        _read(_TEXT, encoding="ascii")
    with pytest.raises(IngestError, match="not text in klingon"):
        _read(_TEXT, encoding="klingon")


# -- XLSX, Parquet, GeoJSON -----------------------------------------------------------------------


def _xlsx(rows, merged=(), sheet="Sheet1", first=None):
    book = openpyxl.Workbook()
    page = book.active
    if first is not None:
        page.append(first)
        page = book.create_sheet(sheet)
    for row in rows:
        page.append(row)
    for cells in merged:
        page.merge_cells(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_with_merged_titles_gives_typed_cells_with_their_lines():
    data = _xlsx(
        [
            ["SỞ Y TẾ TP. HỒ CHÍ MINH"],
            [],
            ["Ngày", "Số ca", None, "note"],
            [dt.datetime(2021, 7, 31), 5, None, "a"],
            [None, None, None, None],
            ["1/8/2021", 6.5, None, None],
        ],
        merged=["A1:D1", "A2:D2"],
    )
    raw = _read(data, "x.xlsx")
    assert _columns(raw) == {
        "Ngày": [dt.date(2021, 7, 31), "1/8/2021"],
        "Số ca": [5, 6.5],
        "note": ["a", None],
    }
    assert raw.lines.tolist() == [4, 6]


def test_the_sheet_with_the_table_is_found_behind_others():
    data = _xlsx([["Ngày", "Số ca"], ["1/8/2021", 1]], first=["Hướng dẫn"], sheet="Số liệu")
    assert _columns(_read(data, "x.xlsx")) == {"Ngày": ["1/8/2021"], "Số ca": [1]}


def test_parquet_keeps_its_types_and_categories():
    frame = pd.DataFrame(
        {
            "date": pd.to_datetime(["2021-07-31", None]),
            "location": pd.Categorical(["26809", "769"]),
            "new_cases": [1.0, np.nan],
        }
    )
    raw = _read(frame.to_parquet(), "x.parquet")
    assert _values("date", raw.columns["date"]) == ([dt.date(2021, 7, 31), None], {})
    assert _values("place", raw.columns["location"]) == (["26809", "769"], {})
    assert _values("integer", raw.columns["new_cases"]) == ([1, None], {})
    assert raw.lines.tolist() == [1, 2]


def test_geojson_gives_properties_and_geometry_by_feature():
    shape = {"type": "Point", "coordinates": [106.7, 10.8]}
    features = [
        {"type": "Feature", "properties": {"location": "769"}, "geometry": shape},
        {"type": "Feature", "properties": None, "geometry": None},
    ]
    raw = _read(json.dumps({"type": "FeatureCollection", "features": features}), "x.geojson")
    assert _columns(raw) == {"location": ["769", None], "geometry": [shape, None]}


# -- files that cannot be read as a whole ---------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("x.csv", b"date,new_cases\n", "x.csv has a header but no rows"),
        ("x.csv", b"date,new_cases", "x.csv has a header but no rows"),
        ("x.csv", b"date,new_cases\n,\n\n", "x.csv has a header but no rows"),
        ("x.csv", b"one,two\n1,2\n", r"no header row of this table \(its first line: one, two\)"),
        ("x.csv", b"date,date\n1,2\n", "column “date” stands twice in the header"),
        ("x.xlsx", b"PK\x03\x04 torn", "x.xlsx cannot be read as XLSX"),
        ("x.xlsx", _xlsx([["one", "two"]]), "no sheet with a header row of this table"),
        ("x.xlsx", _xlsx([["date", "note"]]), "x.xlsx has a header but no rows"),
        ("x.parquet", b"PAR1 torn PAR1", "x.parquet cannot be read as PARQUET"),
        ("x.geojson", b"{", "x.geojson cannot be read as GEOJSON"),
        ("x.geojson", b'{"type": "Point"}', "not a GeoJSON FeatureCollection"),
        ("x.geojson", b'{"features": [1]}', "x.geojson cannot be read as GEOJSON"),
        ("x.geojson", b"[]", "not a GeoJSON FeatureCollection"),
        ("x.gpkg", b"PK torn", "x.gpkg is not a GeoPackage"),
        ("x.pkl", b"", "files of kind “.pkl” are not read; known: .csv, .txt"),
        ("x", b"", "files of kind “no ending” are not read"),
    ],
)
def test_a_file_that_is_not_what_its_ending_says_is_refused(name, data, why):
    with pytest.raises(IngestError, match=why):
        _read(data, name)


def test_an_absent_or_empty_file_is_refused(tmp_path):
    with pytest.raises(IngestError, match="x.csv cannot be read: No such file"):
        read_bytes(tmp_path / "x.csv")
    for content in (b"", b" \n\n"):
        (tmp_path / "x.csv").write_bytes(content)
        with pytest.raises(IngestError, match="x.csv is empty"):
            read_bytes(tmp_path / "x.csv")


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path):
    file = tmp_path / "x.csv"
    file.write_bytes(b"x" * (1 << 24))
    done = threading.Event()

    def grow():
        with file.open("ab", buffering=0) as out:
            while not done.is_set():
                out.write(b"y")
                time.sleep(0.0002)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(IngestError, match=r"x.csv changed while it was read .* try again"):
            list(map(read_bytes, [file] * 50))
    finally:
        done.set()
        writer.join()


class _Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


def test_no_reader_loads_pickles():
    for name in ("x.csv", "x.xlsx", "x.parquet", "x.geojson"):
        with pytest.raises(IngestError):
            _read(pickle.dumps(_Bomb()), name)
    hidden = {
        b"ARROW:extension:name": b"arrow.py_extension_type",
        b"ARROW:extension:metadata": pickle.dumps(_Bomb()),
    }
    schema = pa.schema([pa.field("date", pa.string(), metadata=hidden)])
    out = io.BytesIO()
    pq.write_table(pa.table({"date": ["2021-07-31"]}, schema=schema), out)
    assert _columns(_read(out.getvalue(), "x.parquet")) == {"date": ["2021-07-31"]}
    sources = Path(lake_package.__file__).parent.glob("*.py")
    assert not [s.name for s in sources if "pickle" in s.read_text(encoding="utf-8")]


# -- cells: dates ---------------------------------------------------------------------------------


def _values(kind, cells, **options):
    parsed = parse_cells(Column("x", kind, ""), cells, **options)
    return parsed.values.to_pylist(), parsed.reasons  # noqa: PD011


@pytest.mark.parametrize(
    "cell",
    ["2021-07-31", "31/7/2021", "31/07/2021", "31-07-2021", "31.7.2021", "2021/7/31"]
    + ["2021-07-31 00:00:00", "2021-07-31T00:00:00", " 31/7/2021 ", "31/7/2021 00:00"]
    + [dt.date(2021, 7, 31), dt.datetime(2021, 7, 31), pd.Timestamp("2021-07-31")],
)
def test_a_day_is_read_in_any_usual_form_day_first(cell):
    assert _values("date", [cell]) == ([dt.date(2021, 7, 31)], {})


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("7/31/2021", "is not a day of the calendar (dates are read day first)"),
        ("29/2/2021", "is not a day of the calendar (dates are read day first)"),
        ("31/7/21", "is not a date (2021-07-31 or 31/7/2021)"),
        ("44408", "is not a date (2021-07-31 or 31/7/2021)"),
        (44408, "is not a date (2021-07-31 or 31/7/2021)"),
        ("hôm qua", "is not a date (2021-07-31 or 31/7/2021)"),
        (dt.datetime(2021, 7, 31, 5), "holds a time of day where a day is expected"),
    ],
)
def test_what_is_no_day_gets_a_reason(cell, why):
    assert _values("date", [cell]) == ([None], {0: why})


@given(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)))
def test_every_day_is_read_back_from_every_form(day):
    forms = [str(day), f"{day.day}/{day.month}/{day.year}", day.strftime("%d-%m-%Y"), day]
    assert _values("date", forms) == ([day] * 4, {})


def test_a_month_is_its_first_day():
    forms = ["2021-07", "7/2021", "07/2021", "2021-07-01", dt.date(2021, 7, 31)]
    assert _values("month", forms) == ([dt.date(2021, 7, 1)] * 5, {})
    assert _values("month", ["13/2021", "Q3"])[1] == {
        0: "is not a month of the calendar",
        1: "is not a month (2021-07 or 7/2021)",
    }


# -- cells: numbers -------------------------------------------------------------------------------


def _text_column(cells):
    return pa.chunked_array([pa.array(cells, pa.string())])


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        ("number", ["1.5", "1234.5", "1,234.5", "-0.25", "1e3"], [1.5, 1234.5, 1234.5, -0.25, 1e3]),
        ("number", ["1,5", "1234,5", "1.234,5", "-0,25"], [1.5, 1234.5, 1234.5, -0.25]),
        ("number", ["1,5", "1.234"], [1.5, 1234.0]),  # the column shows that “,” is decimal
        ("number", ["1.5", "1,234"], [1.5, 1234.0]),
        ("number", ["1.234.567", "1.234"], [1234567.0, 1234.0]),
        ("number", ["1 234,5", "1\u00a0234", "12\u202f345,5"], [1234.5, 1234.0, 12345.5]),
        ("number", ["0.125", "1.125"], [0.125, 1.125]),
        ("number", ["0,125", "1,125"], [0.125, 1.125]),
        ("number", ["1,5", "2.5"], [1.5, 2.5]),  # two hands; each cell tells its own mark
        ("integer", ["1.234", "1,234", "1 234", "1234"], [1234] * 4),  # a count has no decimals
        ("integer", ["12.0", "13.00"], [12, 13]),
        ("integer", ["-3", "+3", " 3 "], [-3, 3, 3]),
        ("integer", ["", "NA", "n/a", "NaN", "null", "None", " "], [None] * 7),
        ("number", [1, 2.5, Decimal("3.5"), None, float("nan")], [1.0, 2.5, 3.5, None, None]),
    ],
)
def test_numbers_are_read_by_what_their_column_shows(kind, cells, expected):
    assert _values(kind, cells) == (expected, {})
    if all(isinstance(c, str) for c in cells):
        assert _values(kind, _text_column(cells)) == (expected, {})


_AMBIGUOUS = 'may mean a decimal or thousands; say --decimal "," or "."'


@pytest.mark.parametrize("cells", [["1,234"], ["1.234", "5"], ["1.234", "2.345", ""], ["-12,345"]])
def test_a_number_that_can_be_read_in_two_ways_is_refused_until_the_mark_is_given(cells):
    for column in (cells, _text_column(cells)):
        _, reasons = _values("number", column)
        assert set(reasons.values()) == {_AMBIGUOUS}
        for mark, other in (".,", ",."):
            expected = [
                float(c.replace(other, "").replace(mark, ".")) if c else None for c in cells
            ]
            assert _values("number", column, decimal=mark) == (expected, {})


@pytest.mark.parametrize(
    ("kind", "cell", "why"),
    [
        ("number", "abc", "is not a number"),
        ("number", "1,2,3", "is not a number with “.” as its decimal mark"),
        ("number", "1,23,456", "is not a number with “.” as its decimal mark"),
        ("number", "1_000", "is not a number"),
        ("number", "0x10", "is not a number"),
        ("integer", "0x10", "is not a number"),
        ("number", "inf", "is not a number"),
        ("number", float("inf"), "is not a finite number"),
        ("number", "1e999", "is not a finite number"),
        ("integer", "1.5", "is not a whole number"),
        ("integer", 1.5, "is not a whole number"),
        ("integer", "99999999999999999999", "is too large for a count"),
        ("number", True, "is not a number"),
        ("number", dt.date(2021, 7, 31), "is not a number"),
        ("integer", dt.time(3, 4), "is not a number"),
    ],
)
def test_what_is_no_number_gets_a_reason(kind, cell, why):
    assert _values(kind, [cell]) == ([None], {0: why})
    if isinstance(cell, str):
        assert _values(kind, _text_column([cell])) == ([None], {0: why})


_PLAIN = st.one_of(
    st.integers(-(10**9), 10**9).map(str),
    st.floats(-1e6, 1e6).map(lambda x: f"{x:.2f}"),
    st.sampled_from(["", "NA", "1.234", "12,5", "1e3", "0x1F", "+5", " 7", "7.", ".5", "x", "1.0"]),
)


@given(st.lists(_PLAIN, min_size=1, max_size=8), st.sampled_from(["integer", "number"]))
def test_the_fast_road_for_plain_numbers_equals_the_slow_one(cells, kind):
    assert _values(kind, _text_column(cells)) == _values(kind, cells)


@given(st.lists(st.floats(-1e9, 1e9).map(lambda x: round(x, 2)), min_size=1, max_size=8))
def test_a_column_written_by_either_hand_is_read_back(numbers):
    english = [f"{x:,.2f}" for x in numbers]
    vietnamese = [t.translate(str.maketrans(",.", ".,")) for t in english]
    assert _values("number", english) == (numbers, {})
    assert _values("number", vietnamese) == (numbers, {})


# -- cells: places, text, shapes ------------------------------------------------------------------


def test_places_are_read_by_code_or_name_also_when_a_system_kept_codes_as_numbers():
    cells = ["26809", 26809, 26809.0, "26809.0", "Phường Hiệp Bình Phước", "HIEP BINH PHUOC"]
    assert _values("place", cells) == (["26809"] * 6, {})


def test_a_place_that_is_unknown_or_ambiguous_gets_a_reason():
    assert _values("place", ["Atlantis", "Tân Phú"])[1] == {
        0: "is not a known place",
        1: "is ambiguous: 767 (district), 26836 (ward); use the code",
    }
    assert _values("place", ["Tân Phú", "769"], level="ward") == (
        ["26836", None],
        {1: "is not a known ward"},
    )


def test_text_is_composed_and_its_blanks_are_single():
    assert _values("text", [unicodedata.normalize("NFD", " Thủ  Đức\n"), 5])[0] == ["Thủ Đức", "5"]


_RING = [[106.7, 10.8], [106.8, 10.8], [106.8, 10.9], [106.7, 10.8]]
_BOWTIE = [[106.7, 10.8], [106.8, 10.9], [106.8, 10.8], [106.7, 10.9], [106.7, 10.8]]


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        ({"type": "Polygon", "coordinates": [_RING]}, None),
        ("POLYGON ((106.7 10.8, 106.8 10.8, 106.8 10.9, 106.7 10.8))", None),
        ({"type": "Polygon", "coordinates": [_BOWTIE]}, "is not a valid polygon (Self-inters"),
        ({"type": "Point", "coordinates": [106.7, 10.8]}, "is not a polygon"),
        ({"type": "Polygon", "coordinates": []}, "is not a polygon"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}, "lies outside Vi"),
        ("not a shape", "is not a geometry"),
        ({"no": "shape"}, "is not a geometry"),
    ],
)
def test_a_shape_is_a_valid_polygon_in_viet_nam(shape, why):
    values, reasons = _values("geometry", [shape])
    if why is None:
        assert isinstance(values[0], bytes)
        assert not reasons
    else:
        assert reasons[0].startswith(why)


def test_two_sheets_that_hold_the_table_are_not_chosen_between():
    book = openpyxl.Workbook()
    book.active.append(["Ngày", "Số ca"])
    book.active.append(["1/8/2021", 1])
    book.create_sheet("Tháng 9").append(["Ngày", "Số ca"])
    data = io.BytesIO()
    book.save(data)
    with pytest.raises(IngestError, match="sheets “Sheet”, “Tháng 9” hold this table"):
        _read(data.getvalue(), "x.xlsx")


@pytest.mark.parametrize(
    ("cell", "what"), [("=A1+B1", "a formula without a saved result"), ("#REF!", "an error")]
)
def test_a_cell_without_a_result_is_not_taken_for_missing(cell, what):
    with pytest.raises(IngestError, match=f"B2 holds {what}; correct it and save"):
        _read(_xlsx([["Ngày", "Số ca"], ["1/8/2021", cell]]), "x.xlsx")


def test_values_under_an_empty_header_are_not_dropped():
    raw = _read(_xlsx([["Ngày", "Số ca", None], ["1/8/2021", 1, 120]]), "x.xlsx")
    assert _columns(raw)["column 3"] == [120]


# -- geographic files -----------------------------------------------------------------------------

_SPOT = (106.7791, 10.8149)  # longitude and latitude of a spot in the city
_ARC = np.pi / 180


def _tm3(lon, lat, central=105.75, k=0.9999, x0=500_000.0):
    """Return VN-2000 / TM-3 coordinates of a WGS84 spot: seven parameters, then Snyder's series.

    The parameters are those that the Ministry published (EPSG:6960), WGS84 from VN-2000.
    """
    a, f = 6_378_137.0, 1 / 298.257223563
    e2 = f * (2 - f)

    def to_xyz(lon, lat):
        n = a / np.sqrt(1 - e2 * np.sin(lat) ** 2)
        return np.array(
            [
                n * np.cos(lat) * np.cos(lon),
                n * np.cos(lat) * np.sin(lon),
                n * (1 - e2) * np.sin(lat),
            ]
        )

    shift = np.array([-191.90441429, -39.30318279, -111.45032835])
    rx, ry, rz = np.array([-0.00928836, 0.01975479, -0.00427372]) / 3600 * _ARC
    rotation = np.array([[1, rz, -ry], [-rz, 1, rx], [ry, -rx, 1]])  # coordinate frame
    scale = 1 + 0.252906278e-6
    x, y, z = np.linalg.solve(scale * rotation, to_xyz(lon * _ARC, lat * _ARC) - shift)
    lam, p = np.arctan2(y, x), np.hypot(x, y)
    phi = np.arctan2(z, p * (1 - e2))
    for _ in range(6):  # latitude of a point that lies at some height above the ellipsoid
        n = a / np.sqrt(1 - e2 * np.sin(phi) ** 2)
        phi = np.arctan2(z + e2 * n * np.sin(phi), p)
    ep2, t = e2 / (1 - e2), np.tan(phi) ** 2
    c, A = ep2 * np.cos(phi) ** 2, (lam - central * _ARC) * np.cos(phi)
    m = a * (
        (1 - e2 / 4 - 3 * e2**2 / 64 - 5 * e2**3 / 256) * phi
        - (3 * e2 / 8 + 3 * e2**2 / 32 + 45 * e2**3 / 1024) * np.sin(2 * phi)
        + (15 * e2**2 / 256 + 45 * e2**3 / 1024) * np.sin(4 * phi)
        - (35 * e2**3 / 3072) * np.sin(6 * phi)
    )
    east = A + (1 - t + c) * A**3 / 6 + (5 - 18 * t + t**2 + 72 * c - 58 * ep2) * A**5 / 120
    north = A**2 / 2 + (5 - t + 9 * c + 4 * c**2) * A**4 / 24
    return x0 + k * n * east, k * (m + n * np.tan(phi) * north)


def _geo(tmp_path, ending, points, crs, fields=None, layer=None, **options):
    """Write points as a file of that kind and return its path; a .shp has its side files."""
    fields = fields or {"location": ["769"] * len(points)}
    path = tmp_path / f"x{ending}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a Shapefile cuts long headers; some have no system
        pyogrio.raw.write(
            path,
            shapely.to_wkb(shapely.points(points)).astype(object),
            [np.array(v, dtype=object) if isinstance(v[0], str) else np.array(v)
             for v in fields.values()],
            list(fields),
            geometry_type="Point",
            crs=crs,
            layer=layer,
            **options,
        )  # fmt: skip
    return path


def _read_geo(path, **options):
    return read_raw(path, read_bytes(path), _knows, **options)


def _spots(raw):
    return [tuple(map(float, re.findall(r"[-\d.]+", w))) for w in raw.columns["geometry"]]


def _geojson(points, crs=None):
    content = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"location": "769"},
             "geometry": {"type": "Point", "coordinates": list(p)}}
            for p in points
        ],
    }  # fmt: skip
    if crs:
        content["crs"] = {"type": "name", "properties": {"name": crs}}
    return json.dumps(content).encode()


@pytest.mark.parametrize("ending", [".gpkg", ".shp"])
def test_the_city_s_own_coordinates_come_out_where_the_published_parameters_put_them(
    tmp_path, ending
):
    raw = _read_geo(_geo(tmp_path, ending, [_tm3(*_SPOT)], "EPSG:9210"))
    assert _spots(raw)[0] == pytest.approx(_SPOT, abs=2e-8)  # 2 mm
    assert raw.placed.crs_from == "EPSG:9210"
    assert raw.placed.operation == "VN-2000 to WGS 84 (2)"
    assert raw.placed.accuracy_m == 1


@pytest.mark.parametrize(
    ("crs", "central", "k"),
    [("EPSG:3405", 105.0, 0.9996), ("EPSG:3406", 111.0, 0.9996), ("EPSG:5899", 107.75, 0.9999)],
)
def test_other_zones_are_converted_by_what_the_file_says(tmp_path, crs, central, k):
    raw = _read_geo(_geo(tmp_path, ".gpkg", [_tm3(*_SPOT, central, k)], crs))
    assert _spots(raw)[0] == pytest.approx(_SPOT, abs=2e-7)  # the series: 2 cm at 4°


def test_the_two_published_sets_of_parameters_agree_within_the_accuracy_stated():
    from pyproj.transformer import TransformerGroup

    group = TransformerGroup("EPSG:9210", "EPSG:4326", always_xy=True)
    by_set = np.array([t.transform(*_tm3(*_SPOT)) for t in group.transformers])
    assert len(by_set) == 2
    assert np.abs(by_set[0] - by_set[1]).max() * 111_000 < 1.0
    assert not group.unavailable_operations  # no grid would have to be downloaded


def test_a_file_in_degrees_is_taken_as_it_stands(tmp_path):
    raw = _read_geo(_geo(tmp_path, ".gpkg", [_SPOT], "EPSG:4326"))
    assert _spots(raw) == [_SPOT]
    assert str(raw.placed) == "coordinates in WGS84, taken as they are"
    raw = _read_geo(_geo(tmp_path, ".shp", [_SPOT], None))
    assert str(raw.placed) == "coordinates in no stated system, taken as WGS84"
    assert raw.placed.accuracy_m is None


def test_geojson_of_an_older_kind_says_its_system(tmp_path):
    data = _geojson([_tm3(*_SPOT)], "urn:ogc:def:crs:EPSG::9210")
    raw = read_raw(Path("x.geojson"), data, _knows)
    assert _spots(raw)[0] == pytest.approx(_SPOT, abs=2e-8)
    raw = read_raw(Path("x.geojson"), _geojson([_SPOT], "urn:ogc:def:crs:OGC:1.3:CRS84"), _knows)
    assert raw.placed.exact
    assert raw.columns["geometry"] == [{"type": "Point", "coordinates": list(_SPOT)}]


def test_numbers_that_are_no_degrees_need_their_system_named(tmp_path):
    spot = _tm3(*_SPOT)
    for path in (_geo(tmp_path, ".shp", [spot], None), _geo(tmp_path, ".gpkg", [spot], None)):
        with pytest.raises(IngestError, match=r"does not say its coordinate .* crs=\"EPSG:9210\""):
            _read_geo(path)
        assert _spots(_read_geo(path, crs="EPSG:9210"))[0] == pytest.approx(_SPOT, abs=2e-8)
    with pytest.raises(IngestError, match="does not say its coordinate system"):
        read_raw(Path("x.geojson"), _geojson([spot]), _knows)
    raw = read_raw(Path("x.geojson"), _geojson([spot]), _knows, crs="EPSG:9210")
    assert _spots(raw)[0] == pytest.approx(_SPOT, abs=2e-8)


def test_a_file_that_wrongly_says_degrees_is_refused_until_its_system_is_named(tmp_path):
    path = _geo(tmp_path, ".gpkg", [_tm3(*_SPOT)], "EPSG:4326")
    with pytest.raises(IngestError, match="says that it is in EPSG:4326, but its .* not degrees"):
        _read_geo(path)
    assert _spots(_read_geo(path, crs="EPSG:9210"))[0] == pytest.approx(_SPOT, abs=2e-8)


def test_a_system_that_contradicts_the_file_is_refused(tmp_path):
    path = _geo(tmp_path, ".gpkg", [_tm3(*_SPOT)], "EPSG:9210")
    assert _spots(_read_geo(path, crs="EPSG:9210"))
    with pytest.raises(IngestError, match="it is in EPSG:9210, not in EPSG:3405; leave crs out"):
        _read_geo(path, crs="EPSG:3405")
    with pytest.raises(IngestError, match="“VN-2000 HCM” is no coordinate system that is known"):
        _read_geo(path, crs="VN-2000 HCM")


def test_a_system_without_published_shift_says_that_its_accuracy_is_unknown(tmp_path):
    wkt = (
        'PROJCS["HCM",GEOGCS["own",DATUM["D_own",SPHEROID["WGS84",6378137,298.257223563]],'
        'PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]],'
        'PROJECTION["Transverse_Mercator"],PARAMETER["central_meridian",105.75],'
        'PARAMETER["scale_factor",0.9999],PARAMETER["false_easting",500000],'
        'PARAMETER["false_northing",0],PARAMETER["latitude_of_origin",0],UNIT["Meter",1]]'
    )
    path = _geo(tmp_path, ".shp", [_tm3(*_SPOT)], None)
    path.with_suffix(".prj").write_text(wkt)
    placed = _read_geo(path).placed
    assert placed.accuracy_m is None
    assert placed.operation.startswith("Ballpark")
    assert "accuracy unknown" in str(placed)
    metres = np.hypot(*(np.subtract(_spots(_read_geo(path))[0], _SPOT) * 110_000))
    assert 150 < metres < 300  # what the unknown shift may cost, as it does for VN-2000


def test_attributes_keep_their_kind_and_gaps(tmp_path):
    fields = {
        "note": ["Thủ Đức", None],
        "new_cases": [1.0, np.nan],
        "ngày": np.array(["2021-07-31", "NaT"], dtype="datetime64[D]"),
    }
    raw = _read_geo(_geo(tmp_path, ".gpkg", [_SPOT, _SPOT], "EPSG:4326", fields))
    assert raw.columns["note"] == ["Thủ Đức", None]
    assert raw.columns["new_cases"] == [1, None]
    assert _values("date", raw.columns["ngày"]) == ([dt.date(2021, 7, 31), None], {})
    assert raw.lines.tolist() == [1, 2]


def test_a_zip_and_the_plain_files_are_one_shapefile(tmp_path):
    path = _geo(tmp_path, ".shp", [_tm3(*_SPOT)], "EPSG:9210")
    zipped = tmp_path / "layer.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(tmp_path.glob("x.*")):
            out.write(file, f"ban do/{file.name}")
        out.writestr("__MACOSX/ban do/._x.shp", b"junk")
        out.writestr("doc me.txt", "ghi chú")
    assert _columns(_read_geo(zipped)) == _columns(_read_geo(path))
    before = read_bytes(path)
    assert read_bytes(path) == before
    path.with_suffix(".prj").unlink()
    assert read_bytes(path) != before  # the files beside it are part of the content
    path.with_suffix(".dbf").unlink()
    with pytest.raises(IngestError, match="x.dbf is missing; a Shapefile is its .shp, .shx and"):
        _read_geo(path)


@pytest.mark.parametrize(
    ("encoding", "cpg", "option"),
    [("UTF-8", True, None), ("UTF-8", False, None), ("cp1258", False, None),
     ("cp1258", False, "cp1258")],
)  # fmt: skip
def test_texts_of_a_shapefile_are_read_in_the_encoding_it_has(tmp_path, encoding, cpg, option):
    names = [unicodedata.normalize("NFD", "Thạnh Mỹ Lợi"), "Đường Võ Văn Ngân"]
    text = [_cp1258(n) if encoding == "cp1258" else n for n in names]
    path = _shapefile_of(tmp_path, text, encoding)
    if not cpg:
        path.with_suffix(".cpg").unlink(missing_ok=True)
    raw = _read_geo(path, encoding=option)
    assert raw.columns["note"] == ["Thạnh Mỹ Lợi", "Đường Võ Văn Ngân"]


def _cp1258(text):
    """Return a text as the code page writes it: letters with their hat composed, tones apart."""
    out = []
    for letter in unicodedata.normalize("NFC", text):
        try:
            letter.encode("cp1258")
            out.append(letter)
        except UnicodeEncodeError:
            base = unicodedata.normalize("NFD", letter)
            tone = next(c for c in base[1:] if c in "\u0300\u0301\u0303\u0309\u0323")
            out.append(unicodedata.normalize("NFC", base.replace(tone, "")) + tone)
    return "".join(out)


def _shapefile_of(tmp_path, texts, encoding):
    fields = {"note": ["x" * 20] * len(texts)}
    path = _geo(tmp_path, ".shp", [_SPOT] * len(texts), "EPSG:4326", fields)
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    width, start = dbf[32 + 16], int.from_bytes(dbf[8:10], "little")
    for i, text in enumerate(texts):
        at = start + i * (width + 1) + 1
        dbf[at : at + width] = text.encode(encoding)[:width].ljust(width)
    path.with_suffix(".dbf").write_bytes(dbf)
    return path


def test_a_letter_cut_in_two_at_the_end_of_a_field_is_left_out(tmp_path):
    width = 80
    text = "a" * (width - 1) + "đ"  # the second byte of đ falls off
    assert _read_geo(_shapefile_of(tmp_path, [text], "UTF-8")).columns["note"] == [text[:-1]]


def test_a_font_s_own_code_is_not_taken_for_vietnamese(tmp_path):
    path = _shapefile_of(tmp_path, ["Thñ §øc"], "latin-1")  # TCVN3
    path.with_suffix(".cpg").unlink()
    with pytest.raises(IngestError, match=r"neither UTF-8 nor Windows-1258 .*TCVN3"):
        _read_geo(path)


def test_of_several_layers_the_one_with_known_headers_is_read(tmp_path):
    _geo(tmp_path, ".gpkg", [_SPOT], "EPSG:4326", {"other": ["a"]}, layer="roads")
    path = _geo(tmp_path, ".gpkg", [_SPOT], "EPSG:4326", {"note": ["b"]}, "wards", append=True)
    assert _read_geo(path).columns["note"] == ["b"]
    assert _read_geo(path, layer="roads").columns["other"] == ["a"]
    with pytest.raises(IngestError, match=r"no layer “road” \(did you mean “roads”\?\); it holds"):
        _read_geo(path, layer="road")
    _geo(tmp_path, ".gpkg", [_SPOT], "EPSG:4326", {"note": ["c"]}, "schools", append=True)
    with pytest.raises(IngestError, match="several layers .“roads”, “wards”, “schools”.; name one"):
        _read_geo(path)


def _zip(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"PK torn", "x.zip is not a zip file"),
        (_zip(**{"a.csv": "x"}), "holds no Shapefile, GeoPackage or GeoJSON"),
        (_zip(**{"../a.geojson": "{}"}), "holds “../a.geojson”, a path that leaves its folder"),
        (_zip(**{"/etc/a.geojson": "{}"}), "holds “/etc/a.geojson”, a path that leaves its"),
        (_zip(**{"a\\b.geojson": "{}"}), r"holds “a\\b.geojson”, a path that leaves its folder"),
        (_zip(**{"C:a.geojson": "{}"}), "holds “C:a.geojson”, a path that leaves its folder"),
        (_zip(**{f"{i}.txt": "" for i in range(1001)}), "unpacks to 1,001 files"),
        (_zip(**{"a.geojson": "{}", "b.gpkg": "x"}), "several layers .“a”, “b”.; name one"),
        (_zip(**{"a.shp": "x", "a.dbf": "x"}), "a.shx is missing"),
        (_zip(**{"a.shp": "x", "a.shx": "x", "a.dbf": "x"}), "x.zip is not a Shapefile"),
        (_zip(**{"a.gpkg": "SQLite format 3"}), "x.zip is not a GeoPackage"),
    ],
)
def test_a_zip_that_is_unsafe_or_unclear_is_refused(data, why):
    with pytest.raises(IngestError, match=why):
        read_raw(Path("x.zip"), data, _knows)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(geodata, "_MOST_BYTES", 1 << 20)
    bomb = _zip(**{"a.geojson": b"0" * (1 << 21)})
    assert len(bomb) < 10_000
    with pytest.raises(IngestError, match="unpacks to 1 files and 2 MB, more than"):
        read_raw(Path("x.zip"), bomb, _knows)


def test_a_zip_that_lies_about_its_size_is_refused():
    data = bytearray(_zip(**{"a.geojson": b"0" * 5000}))
    at = data.rindex(b"PK\x01\x02") + 24  # the size that the list of contents states
    data[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(IngestError, match="x.zip cannot be read as ZIP"):
        read_raw(Path("x.zip"), bytes(data), _knows)


def test_a_locked_zip_is_refused():
    data = bytearray(_zip(**{"a.geojson": b"{}"}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    with pytest.raises(IngestError, match="x.zip is locked with a password; send it open"):
        read_raw(Path("x.zip"), bytes(data), _knows)


@pytest.mark.parametrize(
    ("shape", "any_kind"),
    [
        ({"type": "Point", "coordinates": [106.7, 10.8]}, True),
        ({"type": "LineString", "coordinates": [[106.7, 10.8], [106.8, 10.9]]}, True),
        ({"type": "Point", "coordinates": [106.7, 10.8, 5.0]}, True),
        ({"type": "Polygon", "coordinates": [_BOWTIE]}, False),
        ({"type": "Point", "coordinates": []}, False),
        ({"type": "Point", "coordinates": [10.8, 106.7]}, False),
    ],
)
def test_a_column_of_any_shape_takes_points_and_lines_but_nothing_invalid(shape, any_kind):
    cells = parse_cells(Column("geometry", "geometry", "Hình", unit="any"), [shape])
    assert bool(cells.reasons) != any_kind
    if any_kind:
        assert not shapely.from_wkb(cells.values.to_pylist())[0].has_z  # noqa: PD011


@given(st.lists(st.tuples(st.floats(102.5, 109.4), st.floats(8.6, 23.3)), min_size=1, max_size=5))
def test_any_spot_of_the_country_comes_back_from_the_city_s_coordinates(spots):
    lon, lat = np.array(spots).T
    data = _geojson(np.column_stack(_to_vn2000(lon, lat)).tolist())
    raw = read_raw(Path("x.geojson"), data, _knows, crs="EPSG:9210")
    assert np.allclose(_spots(raw), spots, rtol=0, atol=2e-8)


def test_one_mistyped_spot_does_not_make_a_file_of_degrees_metres():
    raw = read_raw(Path("x.geojson"), _geojson([_SPOT, _SPOT, (1067791.0, 10.8)]), _knows)
    assert raw.placed.exact
    cells = parse_cells(Column("geometry", "geometry", "", unit="any"), raw.columns["geometry"])
    assert list(cells.reasons) == [2]
    assert cells.reasons[2].startswith("lies outside Viet Nam")


@pytest.mark.parametrize("ending", [".gpkg", ".shp"])
def test_surveyed_wards_go_into_the_lake(tmp_path, lake, ending):
    wards = schematic_wards()
    shapes = shapely.transform(
        shapely.from_wkb(wards["geometry"].to_numpy()),
        lambda p: np.column_stack(_to_vn2000(p[:, 0], p[:, 1])),
    )
    path = tmp_path / f"ranh_gioi{ending}"
    pyogrio.raw.write(
        path,
        shapely.to_wkb(shapes).astype(object),
        [wards["ward_code"].to_numpy(object)],
        ["ma phuong"],
        geometry_type="Polygon",
        crs="EPSG:9210",
    )
    report = lake.ingest(path, "geography.boundaries")
    assert (report.stored, report.rejected) == (34, 0)
    assert lake.ingest(path, "geography.boundaries").already
    back = lake.read("geography.boundaries").set_index("ward_code")["geometry"]
    ours = wards.set_index("ward_code")["geometry"]
    off = [shapely.hausdorff_distance(*shapely.from_wkb([ours[c], back[c]])) for c in ours.index]
    assert max(off) < 1e-8  # 1 mm


def _to_vn2000(lon, lat):
    """Return the city's coordinates by the Ministry's parameters, those that are read back."""
    group = pyproj.transformer.TransformerGroup("EPSG:9210", "EPSG:4326", always_xy=True)
    [ours] = [t for t in group.transformers if "VN-2000 to WGS 84 (2)" in t.description]
    return ours.transform(lon, lat, direction="INVERSE")
