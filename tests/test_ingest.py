"""A file goes in: what is stored, what is refused and why, and that no row is ever lost."""

import datetime as dt
import json
import os
import shutil

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_analytics.errors import ContractError, IngestError
from ioc_analytics.lake import open_lake
from ioc_analytics.places import REFERENCE, places, ward_codes

_CASES = "epidemic.cases_daily"
_ILI = "health.ili_weekly"


@pytest.fixture
def put(lake, tmp_path):
    """Write text to a file and take it in as known on 2021-08-31."""

    def put(text, table=_CASES, name="x.csv", as_of="2021-08-31", **options):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return lake.ingest(file, table, as_of=as_of, **options)

    return put


def _counts(lake):
    frame = lake.read(_CASES)
    return {
        (str(day.date()), place): None if pd.isna(n) else int(n)
        for day, place, n in zip(frame["date"], frame["location"], frame["new_cases"], strict=True)
    }


def _why(report):
    columns = ["line", "column", "value", "reason"]
    return [tuple(row) for row in report.rejects[columns].itertuples(index=False)]


def _adds_up(report):
    return report.read + report.filled == report.stored + report.unchanged + report.rejected


# -- what an export says, whatever it looks like --------------------------------------------------

_EXPECTED = {("2021-07-31", "26809"): 1234, ("2021-08-01", "26794"): 5}


@pytest.mark.parametrize(
    "text",
    [
        "date,location,new_cases\n2021-07-31,26809,1234\n2021-08-01,26794,5\n",
        "Ngày;Phường;Số ca mắc mới\n31/7/2021;Hiệp Bình Phước;1.234\n1/8/2021;Linh Xuân;5\n",
        "NGÀY\tPHƯỜNG\tSỐ CA\n31/07/2021\tHIỆP BÌNH PHƯỚC\t1.234\n01/08/2021\tLINH XUÂN\t5\n",
        "ngay|phuong xa|ca mac moi\n31-7-2021|P. Hiep Binh Phuoc|1 234\n1.8.2021|P.Linh Xuan|5\n",
        '\ufeffSở Y tế\n\nMã phường,Ngày,Ca mới\n26809,31/7/2021,"1.234"\n26794,1/8/2021,5\n',
    ],
    ids=["plain", "semicolon", "upper", "no accents", "title rows"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_export_means_the_same_in_any_dress(lake, put, text, encoding):
    report = put(text.encode(encoding))
    assert (report.read, report.stored, report.rejected) == (2, 2, 0)
    assert _counts(lake) == _EXPECTED
    assert str(report) == f"x.csv → {_CASES}, as known on 2021-08-31: 2 rows stored."


def test_a_workbook_means_the_same(lake, tmp_path):
    book = openpyxl.Workbook()
    page = book.active
    page.append(["BÁO CÁO CA MẮC"])
    page.merge_cells("A1:C1")
    page.append(["Ngày", "Phường", "Số ca\nmắc mới"])
    page.append([dt.datetime(2021, 7, 31), "Hiệp Bình Phước", 1234])
    page.append(["1/8/2021", 26794, 5.0])
    page.append([dt.date(2021, 8, 2), 26794, dt.time(3)])
    book.save(tmp_path / "x.xlsx")
    report = lake.ingest(tmp_path / "x.xlsx", _CASES, as_of="2021-08-31")
    assert _counts(lake) == _EXPECTED
    assert _why(report) == [(5, "new_cases", "03:00:00", "is not a number")]


def test_a_parquet_file_means_the_same(lake, tmp_path):
    frame = pd.DataFrame(
        {
            "date": pd.to_datetime(["2021-07-31", "2021-08-01"]),
            "location": [26809.0, 26794.0],
            "new_cases": [1234.0, 5.0],
            "new_deaths": [np.nan, 0.0],
        }
    )
    frame.to_parquet(tmp_path / "x.parquet")
    lake.ingest(tmp_path / "x.parquet", _CASES, as_of="2021-08-31")
    assert _counts(lake) == _EXPECTED
    assert lake.read(_CASES)["new_deaths"].isna().tolist() == [True, False]


def test_the_decimal_mark_that_one_column_shows_holds_for_the_file(lake, put):
    head = "date;location;temp_c;rain_mm\n"
    report = put(head + "2021-07-31;79;25,5;1.234\n", "geography.weather_daily")
    assert lake.read("geography.weather_daily")["rain_mm"].tolist() == [1234.0]
    assert report.rejected == 0


def test_an_ambiguous_number_is_refused_and_taken_when_the_mark_is_named(lake, put):
    text = "date;location;rain_mm\n2021-07-31;79;1.234\n"
    refused = put(text, "geography.weather_daily")
    assert refused.rejected == 1
    assert "say --decimal" in refused.rejects["reason"][0]
    again = put(text, "geography.weather_daily", decimal=",")
    assert not again.already  # naming the mark is a new reading of the same file
    assert lake.read("geography.weather_daily")["rain_mm"].tolist() == [1234.0]


def test_a_column_that_the_file_lacks_can_be_set_for_all_rows(lake, put):
    report = put("date,new_cases\n2021-07-31,5\n", set_columns={"location": "Thủ Đức"})
    assert report.stored == 1
    assert _counts(lake) == {("2021-07-31", "769"): 5}


def test_a_column_can_be_left_out_by_any_of_its_spellings(lake, put):
    text = "date,location,new_cases,Ghi chú\n2021-07-31,769,5,abc\n"
    assert put(text, ignore=["ghi chu"]).stored == 1


# -- rows that are refused, with line, column, value and reason -----------------------------------

_HEAD = "date,location,new_cases,stringency_index\n"


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        ("31/6/2021,769,1,", "date", "31/6/2021", "is not a day of the calendar (dates are read "),
        (",769,1,", "date", "", "is missing"),
        ("2021-09-01,769,1,", "date", "2021-09-01", "lies after 2021-08-31, the day on which it "),
        ("2021-07-31,99999,1,", "location", "99999", "is not a known place"),
        ("2021-07-31,Tân Phú,1,", "location", "Tân Phú", "is ambiguous: 767 (district), 26836 (w"),
        ("2021-07-31,,1,", "location", "", "is missing"),
        ("2021-07-31,769,many,", "new_cases", "many", "is not a number"),
        ("2021-07-31,769,1.5,", "new_cases", "1.5", "is not a whole number"),
        ("2021-07-31,769,1,101", "stringency_index", "101.0", "is above 100"),
        ("2021-07-31,769,1,-1", "stringency_index", "-1.0", "is below 0"),
        ("2021-07-31,769,1", "", "2021-07-31,769,1", "the row does not have the header's 4 fields"),
    ],
)
def test_a_bad_row_is_kept_with_its_reason_and_the_good_ones_are_stored(
    lake, put, row, column, value, reason
):
    report = put(f'{_HEAD}2021-08-01,769,"\n3",\n\n{row}\n2021-08-02,769,5,\n')
    assert (report.read, report.stored, report.rejected) == (3, 2, 1)
    assert _counts(lake) == {("2021-08-01", "769"): 3, ("2021-08-02", "769"): 5}
    [(line, *rest)] = _why(report)
    assert (line, rest[0], rest[1]) == (5, column, value)
    assert rest[2].startswith(reason)
    kept = lake.rejects(_CASES)
    assert kept[["file", "line"]].to_numpy().tolist() == [["x.csv", 5]]


def test_a_row_with_several_bad_cells_is_one_row_with_several_reasons(put):
    report = put(f"{_HEAD}?,Atlantis,x,200\n")
    assert (report.read, report.rejected) == (1, 1)
    assert [column for _, column, _, _ in _why(report)] == [
        "date",
        "location",
        "new_cases",
        "stringency_index",
    ]


def test_a_place_name_that_contradicts_its_code_is_refused(put):
    report = put(
        "date,location,location_name,new_cases\n"
        "2021-07-01,26809,Hiệp Bình Phước,1\n"
        "2021-07-02,26809,P. Hiep Binh Phuoc,2\n"
        "2021-07-03,26809,Linh Xuân,3\n"
        "2021-07-04,26809,,4\n"
    )
    assert _why(report) == [
        (4, "location_name", "Linh Xuân", "is not the name of 26809 (Hiệp Bình Phước)")
    ]


def test_beside_a_code_the_column_of_the_level_holds_the_name(put):
    report = put(
        "Ngày;Mã phường;Phường;Số ca mắc mới\n"
        "1/7/2021;26809;Phường Hiệp Bình Phước;1\n"
        "2/7/2021;26809;Phường Linh Xuân;2\n"
    )
    assert report.stored == 1
    assert _why(report) == [
        (3, "location_name", "Phường Linh Xuân", "is not the name of 26809 (Hiệp Bình Phước)")
    ]


def test_a_file_that_was_refused_before_says_so_again(put):
    text = "date,location,new_cases\n2021-07-01,79,many\n"
    assert put(text).rejected == 1
    again = put(text)
    assert again.already
    assert again.hints == ("1 of its rows were rejected then; see: ioc rejects.",)


def test_a_negative_count_is_a_flagged_correction_where_the_contract_says_so(lake, put):
    report = put("date,location,new_cases,new_deaths\n2021-07-01,79,-5,-1\n2021-07-02,79,5,\n")
    assert (report.stored, report.flagged) == (2, 1)
    flags = lake.read(_CASES, columns=["new_cases", "_flags"])
    assert flags["_flags"].tolist() == ["negative new_cases; negative new_deaths", None]


def test_a_negative_count_is_refused_elsewhere(put):
    report = put("week_start,location,patients,ili\n2021-07-05,79,10,-1\n", _ILI)
    assert _why(report) == [(2, "ili", "-1", "is below 0")]


def test_identical_repeats_are_refused_and_one_is_kept(lake, put):
    row = "2021-07-01,769,1,\n"
    report = put(f"{_HEAD}{row}{row}2021-07-02,769,2,\n1/7/2021,Thủ Đức,1,\n")
    reason = "repeats line 2 (date, location)"
    assert [(line, why) for line, _, _, why in _why(report)] == [(3, reason), (5, reason)]
    assert _counts(lake) == {("2021-07-01", "769"): 1, ("2021-07-02", "769"): 2}


def test_rows_that_contradict_each_other_are_all_refused(lake, put):
    report = put(f"{_HEAD}2021-07-01,769,1,\n2021-07-01,769,2,\n2021-07-02,769,2,\n")
    reason = "stands with different values in lines 2, 3 (same date, location)"
    assert [(line, why) for line, _, _, why in _why(report)] == [(2, reason), (3, reason)]
    assert _counts(lake) == {("2021-07-02", "769"): 2}


# -- nothing is lost ------------------------------------------------------------------------------

_MESSY = {
    "date": [
        "2021-07-01",
        "1/7/2021",
        "2/7/2021",
        "2021-07-03",
        "31/6/2021",
        "2099-01-01",
        "",
        "x",
    ],
    "location": ["769", "Thủ Đức", "26809", "Linh Xuân", "Tân Phú", "Atlantis", "", "769.0"],
    "new_cases": ["0", "1", "1.234", "-1", "1,5", "", "NA", "x", '"1\n"', '"a\nb"'],
}
_ROW = st.one_of(
    st.tuples(*(st.sampled_from(cells) for cells in _MESSY.values())).map(",".join),
    st.sampled_from(
        ["", ",,", " ", "769", "2021-07-01,769,1,1", '"', 'a"b,"c,d"', "2021-07-01,769"]
    ),
)


@settings(max_examples=300 if os.environ.get("IOC_FULL") else 30, deadline=None)
@given(rows=st.lists(_ROW, min_size=1, max_size=10), more=st.lists(_ROW, max_size=3))
def test_every_row_is_stored_or_known_or_refused(rows, more, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    lake = open_lake(folder / "lake")
    file, before = folder / "x.csv", 0
    for lines in (rows, more + rows):
        file.write_text("\n".join(["date,location,new_cases", *lines]), encoding="utf-8")
        try:
            report = lake.ingest(file, _CASES, as_of="2021-08-31")
        except IngestError as error:
            refused = ("no rows", "has no end")
            assert any(why in str(error) for why in refused)  # noqa: PT017 - only these two
            continue
        if report.already:
            assert not more
            continue
        assert report.read == report.stored + report.unchanged + report.rejected
        assert report.rejects["line"].nunique() == report.rejected
        assert len(lake.rejects()) == before + len(report.rejects)
        assert lake.history(_CASES)["rejected"][0] == report.rejected
        before = len(lake.rejects())
        assert (lake.read(_CASES)["date"] <= "2021-08-31").all()


# -- the same file again --------------------------------------------------------------------------

_FILE = "date,location,new_cases\n2021-07-01,769,1\n2021-07-02,769,x\n"


def test_the_same_content_is_taken_in_once_also_under_another_name(lake, put):
    put(_FILE)
    for name in ("x.csv", "copy of x.csv", "x.txt"):
        report = put(_FILE, name=name)
        assert report.already
        assert (report.read, report.stored, report.rejected) == (0, 0, 0)
        assert f"{name}: this content is already in {_CASES}, nothing to do" in str(report)
    assert len(lake.history(_CASES)) == 1
    assert len(lake.rejects()) == 1


def test_the_same_content_known_on_another_day_confirms_and_stores_nothing(lake, put):
    put(_FILE)
    report = put(_FILE, as_of="2021-09-05")
    assert (report.already, report.stored, report.unchanged) == (False, 0, 1)
    assert _adds_up(report)
    assert len(lake.read(_CASES)) == 1
    assert lake.read(_CASES)["as_of"].dt.strftime("%Y-%m-%d").tolist() == ["2021-08-31"]


def test_an_earlier_state_that_returns_is_stored_for_its_day(lake, put):
    put(_FILE, as_of="2021-08-01")
    put(_FILE.replace(",1\n", ",2\n"), as_of="2021-08-02")
    assert put(_FILE, as_of="2021-08-03").stored == 1
    assert _counts(lake) == {("2021-07-01", "769"): 1}


def test_without_as_of_a_file_is_known_today_and_a_second_time_is_nothing_new(put):
    report = put(_FILE, as_of=None)
    assert report.as_of == dt.date.today()
    assert put(_FILE, as_of=None).already


# -- absence that means zero ----------------------------------------------------------------------

_GAPPY = "date,location,new_cases\n2021-07-01,769,1\n2021-07-03,769,2\n2021-07-02,79,4\n"


def test_gaps_stay_missing_unless_the_sender_says_that_absence_means_zero(lake, put):
    report = put(_GAPPY)
    assert report.filled == 0
    assert "3 pairs of day and place between the first and last day have no row" in report.hints[0]
    assert len(lake.read(_CASES)) == 3


def test_absence_as_zero_fills_each_named_place_between_first_and_last_day(lake, put):
    report = put(_GAPPY, absent="zero")
    assert (report.read, report.filled, report.stored, report.hints) == (3, 3, 6, ())
    assert _adds_up(report)
    zeros = [("2021-07-02", "769"), ("2021-07-01", "79"), ("2021-07-03", "79")]
    assert {k for k, n in _counts(lake).items() if n == 0} == set(zeros)
    frame = lake.read(_CASES, columns=["new_cases", "new_deaths", "_flags"])
    assert (frame["_flags"] == "absent=0").tolist() == (frame["new_cases"] == 0).tolist()
    assert frame["new_deaths"].isna().all()  # the file does not speak of deaths


@pytest.mark.parametrize(
    ("bad", "filled"),
    [
        ("2021-07-02,769,x", {("2021-07-01", "79"), ("2021-07-03", "79")}),
        ("?,769,5", {("2021-07-01", "79"), ("2021-07-03", "79")}),
        ("2021-07-01,Atlantis,5", {("2021-07-02", "769"), ("2021-07-03", "79")}),
        ("?,Atlantis,5", set()),
        ("2021-07-01", set()),
    ],
)
def test_a_refused_row_is_never_filled_with_zero(lake, put, bad, filled):
    report = put(f"{_GAPPY}{bad}\n", absent="zero")
    assert report.rejected == 1
    assert _adds_up(report)
    assert {k for k, n in _counts(lake).items() if n == 0} == filled


# -- files that are refused as a whole; nothing is stored -----------------------------------------


@pytest.mark.parametrize(
    ("text", "options", "error", "why"),
    [
        (_FILE, {"table": "epidemic.case_daily"}, ContractError, "did you mean “epidemic.cases_da"),
        ("date,new_cases\n2021-07-01,1\n", {}, ContractError, "--set location=VALUE"),
        ("location,new_cases\n769,1\n", {}, ContractError, "has no column date (“Ngày”), which "),
        (
            _FILE.replace("new_cases", "new_case"),
            {},
            ContractError,
            "knows no column “new_case” (did you mean “new_cases”?)",
        ),
        (_FILE.replace("new_cases", "màu"), {}, ContractError, "leave it out with --ignore “màu”"),
        (
            "date,Ngày,location\n1,1,1\n",
            {},
            ContractError,
            "two columns mean epidemic.cases_daily.",
        ),
        ("date,location\n", {}, IngestError, "has a header but no rows"),
        ("", {}, IngestError, "x.csv is empty"),
        ("a,b\n1,2\n", {}, IngestError, "has no header row of this table"),
        ("PK torn", {"name": "x.xlsx"}, IngestError, "x.xlsx cannot be read as XLSX"),
        (_FILE, {"name": "x.doc"}, IngestError, "files of kind “.doc” are not read"),
        (_FILE, {"encoding": "utf-32"}, IngestError, "is not text in utf-32"),
        (_FILE, {"as_of": "2999-01-01"}, IngestError, "--as-of 2999-01-01 lies in the future"),
        (_FILE, {"as_of": "31/8/2021"}, IngestError, "--as-of takes a day such as 2021-10-23, not"),
        (_FILE, {"mode": "replace"}, IngestError, "mode is “append” or “snapshot”, not “replace”"),
        (_FILE, {"absent": "none"}, IngestError, "absent is “zero” or nothing, not “none”"),
        (_FILE, {"decimal": ";"}, IngestError, "decimal is “.” or “,”, not “;”"),
        (_FILE, {"set_columns": {"place": "1"}}, ContractError, "has no column “place”"),
        (
            _FILE,
            {"set_columns": {"location": "79"}},
            IngestError,
            "has a column location of its own",
        ),
        (
            "date\n2021-07-01\n",
            {"set_columns": {"location": "Tân Phú"}},
            IngestError,
            "is ambiguous",
        ),
        (
            "month,location,series\n",
            {"table": "economy.monthly", "absent": "zero"},
            IngestError,
            "no counts",
        ),
    ],
)
def test_a_file_that_cannot_be_taken_in_is_refused_and_nothing_is_stored(
    lake, put, text, options, error, why
):
    with pytest.raises(error) as refused:
        put(text, **options)
    assert why in str(refused.value)
    assert lake.tables() == []
    assert lake.rejects().empty


# -- ward boundaries must be right as a whole -----------------------------------------------------


def _square(i, j):
    west, south = 106.7 + i / 50, 10.8 + j / 50
    east, north = west + 0.02, south + 0.02
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _boundaries(change=lambda features: features):
    features = [
        {
            "type": "Feature",
            "properties": {"ward_code": code, "name_vi": places()[code].name_vi},
            "geometry": _square(*divmod(number, 6)),
        }
        for number, code in enumerate(ward_codes())
    ]
    return json.dumps({"type": "FeatureCollection", "features": change(features)})


def _broken(features):
    ring = features[3]["geometry"]["coordinates"][0]
    ring[1], ring[2] = ring[2], ring[1]
    return features


def _renamed(features):
    features[3]["properties"]["name_vi"] = "Linh Xuân"
    return features


def _unknown(features):
    features[3]["properties"]["ward_code"] = "99999"
    return features


def test_34_valid_wards_are_taken_in(lake, put):
    report = put(_boundaries(), "geography.boundaries", "x.geojson")
    assert (report.stored, report.rejected) == (34, 0)
    assert lake.read("geography.boundaries")["ward_code"].tolist() == list(ward_codes())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda f: f[2:], "2 wards are missing: Linh Xuân, Bình Chiểu."),
        (_broken, r"line 4 \(Tam Bình\), geometry .* is not a valid polygon"),
        (_renamed, r"line 4 \(Tam Bình\), name_vi “Linh Xuân” is not the name of 26803"),
        (_unknown, "line 4, ward_code “99999” is not a known place"),
        (lambda f: [*f, f[0]], r"line 35 \(Linh Xuân\), ward_code “26794” repeats line 1"),
    ],
)
def test_boundaries_with_a_wrong_ward_are_refused_by_its_name(lake, put, change, why):
    with pytest.raises(IngestError, match=f"x.geojson: .*{why}"):
        put(_boundaries(change), "geography.boundaries", "x.geojson")
    assert lake.tables() == []


# -- the real files -------------------------------------------------------------------------------

_REAL = {
    "thuduc/covid_hcmc_daily_2020_2022.csv": (_CASES, 646, {"set_columns": {"location": "79"}}),
    "thuduc/covid_thuduc_wards_daily_2021.csv": (_CASES, 353, {}),
    "thuduc/covid_hcmc_districts_daily_2021.csv": (_CASES, 750, {}),
    "series/covid19_vietnam_daily.csv": (_CASES, None, {}),
    "thuduc/weather_hcmc_daily_2010_2019.csv": (
        "geography.weather_daily",
        3652,
        {"set_columns": {"location": "79"}},
    ),
    "thuduc/ili_hcmc_weekly_2009_2019.csv": (_ILI, 543, {"set_columns": {"location": "79"}}),
    "thuduc/economy_monthly.csv": ("economy.monthly", 1140, {}),
    "thuduc/wards.csv": ("geography.wards", 34, {}),
    "thuduc/wards.geojson": ("geography.boundaries", 34, {}),
}


@pytest.mark.real
@pytest.mark.parametrize("name", _REAL)
def test_a_real_file_goes_in_as_it_is_without_a_reject_and_once(lake, real_data, name):
    table, rows, options = _REAL[name]
    file = real_data(name)
    report = lake.ingest(file, table, **options)
    lines = rows or sum(1 for _ in file.open(encoding="utf-8")) - 1
    assert (report.read, report.stored, report.rejected) == (lines, lines, 0)
    assert len(lake.read(table)) == lines
    assert lake.ingest(file, table, **options).already


@pytest.mark.real
def test_the_wards_the_districts_and_the_city_agree_in_the_real_files(lake, real_data):
    for name in list(_REAL)[:3]:
        table, _, options = _REAL[name]
        lake.ingest(real_data(name), table, as_of="2022-03-01", **options)
    total = "select sum(new_cases) as n, count(distinct location) as k from epidemic.cases_daily "
    wards = lake.sql(f"{total} where length(location) = 5")
    assert wards.iloc[0].tolist() == [1194, 29]
    assert lake.sql(f"{total} where location = '769'")["n"][0] == 1194
    districts = lake.sql(f"{total} where length(location) = 3")
    assert districts.iloc[0].tolist() == [14397, 22]
    assert lake.sql(f"{total} where location = '79'")["n"][0] == 509_636


@pytest.mark.real
def test_corrections_of_the_country_are_kept_and_flagged(lake, real_data):
    report = lake.ingest(real_data("series/covid19_vietnam_daily.csv"), _CASES)
    frame = lake.read(_CASES, columns=["new_cases", "new_deaths", "cumulative_cases", "_flags"])
    assert frame["new_cases"].sum() == frame["cumulative_cases"].max() == 11_526_994
    assert report.flagged == frame["_flags"].notna().sum() == 2
    assert ((frame["new_cases"] < 0) | (frame["new_deaths"] < 0)).sum() == 2


@pytest.mark.real
def test_the_real_wards_have_people_and_shapes(lake, real_data):
    lake.ingest(real_data("thuduc/wards.csv"), "geography.wards")
    lake.ingest(real_data("thuduc/wards.geojson"), "geography.boundaries")
    assert lake.read("geography.wards")["population"].sum() == 1_013_795
    geopandas = pytest.importorskip("geopandas")
    shapes = geopandas.GeoSeries.from_wkb(lake.read("geography.boundaries")["geometry"], crs=4326)
    assert shapes.is_valid.all()
    assert shapes.to_crs(32648).area.sum() / 1e6 == pytest.approx(212.1, abs=0.05)


def test_the_reference_of_wards_that_comes_with_the_package_goes_in(lake, tmp_path):
    shutil.copy(REFERENCE / "wards.csv", tmp_path / "wards.csv")
    report = lake.ingest(tmp_path / "wards.csv", "geography.wards")
    assert (report.stored, report.rejected) == (34, 0)


# -- found by trying it as a newcomer -------------------------------------------------------------


def test_a_file_without_a_column_keeps_what_is_known_in_it(lake, put):
    put("date,location,new_cases\n2021-07-01,79,44\n2021-07-02,79,45\n", as_of="2021-07-02")
    put("date,location,new_deaths\n2021-07-01,79,3\n2021-07-03,79,1\n", as_of="2021-07-03")
    rows = lake.read(_CASES)[["new_cases", "new_deaths"]]
    assert rows.fillna(-1).astype(int).to_numpy().tolist() == [[44, 3], [45, -1], [-1, 1]]
    before = lake.read(_CASES, as_of="2021-07-02")
    assert before["new_deaths"].isna().all()


def test_a_column_that_is_stated_empty_is_a_correction(lake, put):
    put("date,location,new_cases\n2021-07-01,79,44\n", as_of="2021-07-02")
    put("date,location,new_cases\n2021-07-01,79,\n", as_of="2021-07-03")
    assert lake.read(_CASES)["new_cases"].isna().all()


def test_a_mistyped_year_is_refused(put):
    assert _why(put("date,location,new_cases\n1021-07-05,79,5\n")) == [
        (2, "date", "1021-07-05", "lies before 1900-01-01; is the year mistyped?")
    ]


def test_a_week_starts_on_monday_and_is_over(lake, tmp_path):
    file = tmp_path / "ili.csv"
    file.write_text(
        "week_start,location,patients,ili\n"
        "2021-07-26,79,10,1\n2021-07-27,79,10,1\n2021-08-02,79,3,1\n"
    )
    report = lake.ingest(file, "health.ili_weekly", as_of="2021-08-03")
    assert report.stored == 1
    assert [(line, reason) for line, _, _, reason in _why(report)] == [
        (3, "is not a Monday, on which a week starts"),
        (4, "starts a week that ends after 2021-08-03, the day on which it became known"),
    ]


def test_dates_of_a_column_that_is_partly_month_first_are_not_guessed(put):
    report = put("date,location,new_cases\n7/5/2021,79,1\n7/13/2021,79,2\n7/7/2021,79,3\n")
    assert report.stored == 1  # the seventh of July either way
    assert [line for line, _, _, _ in _why(report)] == [2, 3]
    assert "may be day first or month first" in _why(report)[0][3]


def test_old_wards_end_with_june_2025(lake, put):
    report = put(
        "date,location,new_cases\n2025-06-30,26800,1\n2025-07-01,26800,2\n2025-07-01,79,3\n",
        as_of="2025-07-02",
    )
    assert report.stored == 2
    assert [(line, column) for line, column, _, _ in _why(report)] == [(3, "location")]


def test_the_old_district_is_not_the_city(put):
    report = put("Ngày,Địa bàn,Ca mới\n1/7/2021,Quận Thủ Đức,1\n2/7/2021,TP Thủ Đức,2\n")
    assert (report.stored, report.rejected) == (1, 1)


def test_a_column_that_only_counts_rows_is_left_out(put):
    assert put("STT,date,location,new_cases\n1,2021-07-01,79,5\n").stored == 1


# -- tables of events: times, coded values, what a file covers, places from addresses -------------

_REQUESTS = "feedback.requests"
_ASKED = "Mã phản ánh,Thời điểm,Kênh,Phường,Địa chỉ,Trạng thái\n"


@pytest.fixture(autouse=True)
def key(monkeypatch, tmp_path):
    monkeypatch.setenv("IOC_KEY_FILE", str(tmp_path / "pseudonym.key"))


def test_times_and_coded_values_arrive_as_the_contract_says(lake, put):
    report = put(
        f"{_ASKED}A1,31/7/2021 8h05,TONG DAI 1022,Linh Xuân,,da xu ly\n"
        "A2,2021-08-01T09:30:00,Zalo OA,Linh Xuân,,\n"
        "A3,1/8/2021,Zallo,Linh Xuân,,\n",
        _REQUESTS,
    )
    rows = lake.read(_REQUESTS)
    assert rows["received_at"].tolist() == [
        pd.Timestamp("2021-07-31 08:05"),
        pd.Timestamp("2021-08-01 09:30"),
    ]
    assert rows["channel"].tolist() == ["hotline", "zalo"]
    assert rows["status"].tolist() == ["resolved", None]
    [(line, column, value, reason)] = _why(report)
    assert (line, column, value) == (4, "channel", "Zallo")
    assert reason.startswith("is not a known value (did you mean “Zalo”?); known: ")


def test_an_event_of_the_day_it_became_known_is_stored_at_any_hour(put):
    report = put(
        f"{_ASKED}A1,31/8/2021 23:59,,26794,,\nA2,1/9/2021 00:00,,26794,,\n",
        _REQUESTS,
        as_of="2021-08-31",
    )
    assert report.stored == 1
    assert _why(report)[0][:2] == (3, "received_at")
    assert _why(report)[0][3].startswith("lies after 2021-08-31, the day on which it became known")


def _covered(lake, table=_REQUESTS):
    newest = lake.history(table).iloc[0]
    days = [
        None if pd.isna(newest[c]) else f"{newest[c]:%Y-%m-%d}"
        for c in ("covers_first", "covers_last")
    ]
    return (*days, newest["covers_place"])


_OCTOBER = f"{_ASKED}A1,2021-10-05 08:00,,26794,,\nA2,2021-10-20 17:00,,26800,,\nA3,x,,26800,,\n"


def test_a_file_of_events_covers_the_days_from_its_first_to_its_last_row(lake, put):
    put(_OCTOBER, _REQUESTS, as_of="2021-11-01")
    assert _covered(lake) == ("2021-10-05", "2021-10-20", None)
    put(_OCTOBER, _REQUESTS, as_of="2021-11-02")  # unchanged rows count too
    assert _covered(lake) == ("2021-10-05", "2021-10-20", None)


def test_a_sender_may_say_what_days_a_file_of_events_covers(lake, put):
    put(_OCTOBER, _REQUESTS, as_of="2021-11-01", covers=("2021-10-01", "2021-10-31"))
    assert _covered(lake) == ("2021-10-01", "2021-10-31", None)
    again = {"as_of": "2021-11-01", "covers": (dt.date(2021, 10, 1), dt.date(2021, 10, 31))}
    assert put(_OCTOBER, _REQUESTS, **again).already
    assert not put(
        _OCTOBER, _REQUESTS, as_of="2021-11-01", covers=("2021-10-05", "2021-10-31")
    ).already


def test_with_the_place_set_for_all_rows_only_that_place_is_covered(lake, put):
    text = "Mã phản ánh,Thời điểm\nA1,2021-10-05 08:00\n"
    put(text, _REQUESTS, as_of="2021-11-01", set_columns={"location": "Linh Xuân"})
    assert _covered(lake) == ("2021-10-05", "2021-10-05", "26794")


def test_a_place_that_became_another_is_not_covered_as_one(put):
    text = "Mã phản ánh,Thời điểm\nA1,2025-06-30 08:00\nA2,2025-07-01 08:00\n"
    with pytest.raises(IngestError, match="means 26794 before and 26794-2025 after 2025-06-30"):
        put(text, _REQUESTS, as_of="2025-07-02", set_columns={"location": "Linh Xuân"})


def test_a_table_of_figures_covers_nothing(lake, put):
    put("date,location,new_cases\n2021-07-01,79,44\n")
    assert _covered(lake, _CASES) == (None, None, None)


@pytest.mark.parametrize(
    ("table", "covers", "why"),
    [
        (_CASES, ("2021-10-01", "2021-10-31"), "epidemic.cases_daily is no table of events"),
        (_REQUESTS, ("2021-10-31", "2021-10-01"), "must not end before it begins"),
        (
            _REQUESTS,
            ("2021-10-01", "2021-11-30"),
            "nor after 2021-11-01, the day on which the file",
        ),
        (_REQUESTS, ("1/10/2021", "31/10/2021"), "covers takes a first and a last day such as"),
        (_REQUESTS, ("2021-10-01",), "covers takes a first and a last day such as"),
    ],
)
def test_days_that_a_file_cannot_cover_are_refused(lake, put, table, covers, why):
    with pytest.raises(IngestError) as refused:
        put(_OCTOBER, table, as_of="2021-11-01", covers=covers)
    assert why in str(refused.value)
    assert lake.tables() == []


def test_a_row_without_ward_is_placed_by_its_address_where_that_is_certain(lake, put):
    report = put(
        f'{_ASKED}A1,2021-07-01,,,"12/5 đường số 8, P. Linh Tây, TP Thủ Đức",\n'
        'A2,2021-07-01,,,"Phước Long, Q9",\n'
        "A3,2021-07-01,,,,\n"
        'A4,2021-07-01,,Linh Xuân,"P. Linh Tây, TP Thủ Đức",\n'
        'A5,2021-07-01,,Atlantis,"P. Linh Tây, TP Thủ Đức",\n',
        _REQUESTS,
    )
    rows = lake.read(_REQUESTS, columns=["request_id", "location", "_flags"])
    assert rows.to_numpy().tolist() == [
        ["A1", "26818", "location from address"],
        ["A4", "26794", None],
    ]
    assert report.flagged == 1
    open_ = (
        "is missing, and the address leaves it open: the name can mean several wards "
        "(Phước Long B 26848, Phước Long A 26851)"
    )
    assert [(line, column, why) for line, column, _, why in _why(report)] == [
        (3, "location", open_),
        (4, "location", "is missing"),
        (6, "location", "is not a known ward"),
    ]


def test_a_file_with_addresses_and_no_column_of_wards_can_be_placed(lake, put):
    text = 'Mã phản ánh,Thời điểm,Địa chỉ\nA1,2021-07-01,"P. Linh Tây, TP Thủ Đức"\n'
    assert put(text, _REQUESTS).stored == 1
    assert lake.read(_REQUESTS)["location"].tolist() == ["26818"]


def test_an_address_after_june_2025_means_the_new_ward(lake, put):
    text = f'{_ASKED}A1,2025-07-02 08:00,,,"P. Phước Long, TP.HCM",\n'
    assert put(text, _REQUESTS, as_of="2025-07-03").stored == 1
    assert lake.read(_REQUESTS)["location"].tolist() == ["26848-2025"]
