"""Files as the systems write them: which cells stand in which line, and what each cell means."""

import csv
import datetime as dt
import io
import json
import pickle
import threading
import time
import unicodedata
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ioc_analytics import lake as lake_package
from ioc_analytics.contracts import Column
from ioc_analytics.errors import IngestError
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
