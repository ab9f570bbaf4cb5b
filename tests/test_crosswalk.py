"""From 34 wards to 12: weights add up, totals stay exact, the day tells which ward is meant."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc_analytics import sectors
from ioc_analytics.errors import ContractError
from ioc_analytics.lake import Lake
from ioc_analytics.lake.crosswalk import crosswalk, place_by_date, to_new_wards, to_old_wards
from ioc_analytics.places import REFERENCE, find_places, places, ward_codes, ward_codes_2025

CASES = sectors.table("epidemic.cases_daily")
counts = st.lists(st.integers(0, 2**40), min_size=34, max_size=34)


def _by_ward(values: list[int]) -> pd.Series:
    index = pd.Index(ward_codes(), name="location")
    return pd.Series(values, index=index, dtype=float, name="cases")


def _code(name: str, level: str = "ward") -> str:
    [place] = find_places(name, level)
    return place.code


# -- the crosswalk --------------------------------------------------------------------------------


def test_every_old_ward_goes_to_new_ones_and_its_weights_add_to_one():
    links = crosswalk()
    assert list(links.columns) == ["old", "new", "weight", "basis"]
    assert set(links["old"]) == set(ward_codes())
    assert set(links["new"]) == set(ward_codes_2025())
    assert (links.groupby("old")["weight"].sum() == 1).all()
    assert (links["weight"] * 64 == (links["weight"] * 64).round()).all()


def test_three_wards_were_divided_and_only_their_weights_are_estimates():
    links = crosswalk()
    divided = links[links.duplicated("old", keep=False)]
    assert {places()[c].name_vi for c in divided["old"]} == {"Linh Đông", "Linh Tây", "An Phú"}
    assert set(links.loc[links["basis"] == "estimate", "old"]) == set(divided["old"])


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("Tam Bình", {"Bình Chiểu", "Tam Bình", "Tam Phú"}),
        ("Thủ Đức", {"Bình Thọ", "Linh Chiểu", "Trường Thọ", "Linh Tây", "Linh Đông"}),
        ("Tăng Nhơn Phú", {"Hiệp Phú", "Tân Phú", "Tăng Nhơn Phú A", "Tăng Nhơn Phú B"}),
        ("Cát Lái", {"Cát Lái", "Thạnh Mỹ Lợi"}),
    ],
)
def test_a_new_ward_is_made_of_the_old_ones_that_domain_names(new, old):
    links = crosswalk()
    parts = links.loc[links["new"] == _code(new, "ward2025"), "old"]
    assert {places()[c].name_vi for c in parts} == old


def test_areas_of_undivided_old_wards_add_to_the_published_areas_of_the_new_ones():
    area = pd.read_csv(REFERENCE / "wards.csv", dtype={"ward_code": str}).set_index("ward_code")
    new = pd.read_csv(REFERENCE / "units_2025.csv").set_index("unit")
    links = crosswalk().groupby("new").filter(lambda part: (part["basis"] == "whole").all())
    sums = links.assign(area=links["old"].map(area["area_km2"])).groupby("new")["area"].sum()
    assert len(sums) == 7
    assert (sums / new.loc[sums.index, "area_km2"] - 1).abs().max() < 0.025  # measured, published


def _edited(folder, old, new):
    text = (REFERENCE / "crosswalk.csv").read_text(encoding="utf-8")
    assert old in text
    file = folder / "mine.csv"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


def test_an_edited_crosswalk_is_used(tmp_path):
    file = _edited(tmp_path, "26/64,estimate", "0.5,estimate")
    file = file.rename(tmp_path / "half.csv")
    file.write_text(file.read_text(encoding="utf-8").replace("38/64", "1/2"), encoding="utf-8")
    assert crosswalk(file).set_index(["old", "new"]).loc[("26821", "26812-2025"), "weight"] == 0.5


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("26/64", "27/64", r"weights of Linh Đông \(26821\) add to 65/64, not to 1"),
        ("26815,26824-2025,1,", "26815,26824-2025,63/64,", "Linh Chiểu .* add to 63/64"),
        ("26/64", "0.4", r"weight 0.4 of 26821 .* no multiple of 1/64"),
        ("26/64", "many", "weight “many” of 26821 is no number"),
        ("26/64", "-26/64", "no multiple of 1/64 above 0"),
        ("26821,26812-2025", "26821,26812", "“26821” to “26812” is not an old ward and a new one"),
        ("26/64,estimate", "26/64,guess", "basis “guess” of 26821"),
        ("26/64,estimate", ",estimate", "no “weight”"),
    ],
)
def test_a_wrong_crosswalk_is_refused_by_name(tmp_path, old, new, why):
    with pytest.raises(ContractError, match=why):
        crosswalk(_edited(tmp_path, old, new))


# -- conversion -----------------------------------------------------------------------------------


def test_a_divided_ward_is_shared_out_by_its_weights():
    cases = _by_ward([0] * 34)
    cases[_code("Linh Đông")] = 128
    new = to_new_wards(cases)
    assert new[_code("Hiệp Bình", "ward2025")] == 128 * 26 / 64
    assert new[_code("Thủ Đức", "ward2025")] == 128 * 38 / 64
    assert new.sum() == 128


@given(counts)
def test_totals_of_whole_counts_are_conserved_exactly(values):
    new = to_new_wards(_by_ward(values))
    assert new.index.tolist() == list(ward_codes_2025())
    assert int(new.sum()) == sum(values)
    assert new.sum() == sum(values)


@given(counts, st.integers(0, 5))
def test_the_frame_agrees_with_a_loop_over_the_links(values, shift):
    frame = pd.DataFrame({"location": ward_codes(), "cases": np.roll(values, shift)})
    naive = dict.fromkeys(ward_codes_2025(), 0.0)
    cases = frame.set_index("location")["cases"]
    for link in crosswalk().itertuples():
        naive[link.new] += link.weight * cases[link.old]
    assert to_new_wards(frame).set_index("location")["cases"].to_dict() == naive


def test_each_combination_of_the_other_columns_is_converted_by_itself():
    one = pd.DataFrame({"location": ward_codes(), "cases": 1, "tests": 10})
    days = [one.assign(date=pd.Timestamp(f"2021-08-0{d}"), cases=d) for d in (1, 2)]
    frame = pd.concat(days).sample(frac=1, random_state=0)
    new = to_new_wards(frame)
    assert list(new.columns) == list(frame.columns)
    assert new.groupby("date")["cases"].sum().tolist() == [34, 68]
    assert new.groupby("date")["tests"].sum().tolist() == [340, 340]
    assert len(new) == 24


def test_a_key_that_is_a_number_is_named_out_of_the_values():
    frame = pd.DataFrame({"location": ward_codes(), "age": 30, "cases": 2})
    new = to_new_wards(frame, values=["cases"])
    assert set(new["age"]) == {30}
    assert new["cases"].sum() == 68


@pytest.mark.parametrize("how", ["a missing value", "no row"])
def test_a_new_ward_is_missing_where_a_part_of_it_is(how):
    cases = _by_ward(list(range(1, 35)))
    if how == "no row":
        cases = cases.drop(_code("Bình Thọ"))
    else:
        cases[_code("Bình Thọ")] = np.nan
    new = to_new_wards(cases).reindex(ward_codes_2025())
    assert [places()[c].name_vi for c in new.index[new.isna()]] == ["Thủ Đức"]


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ({"location": ["769"], "cases": [1]}, "not of 769"),
        ({"location": ["26812-2025"], "cases": [1]}, "26812-2025. It is a new ward already"),
        ({"location": ["26794", "26794"], "cases": [1, 2]}, "26794 has two rows"),
        ({"ward": ["26794"], "cases": [1]}, "no column “location”"),
        ({"location": ["26794"], "name": ["x"]}, "no column of numbers"),
    ],
)
def test_what_cannot_be_shared_out_is_refused(frame, why):
    with pytest.raises(ContractError, match=why):
        to_new_wards(pd.DataFrame(frame))


def test_going_back_is_refused_with_the_reason():
    new = to_new_wards(_by_ward([1] * 34))
    with pytest.raises(ContractError, match=r"joins .*; what each contributed cannot be recovered"):
        to_old_wards(new)
    with pytest.raises(ContractError, match=r"Long Bình \(26833-2025\) joins Long Bình \(26830\)"):
        to_old_wards(pd.DataFrame({"location": ["26833-2025"], "cases": [3]}))


# -- which ward a dated row means -----------------------------------------------------------------


def _rows(*cells: tuple[str | None, str | None]) -> pa.Table:
    days = [dt.date.fromisoformat(day) if day else None for _, day in cells]
    return pa.table(
        {
            "date": pa.array(days, pa.date32()),
            "location": pa.array([place for place, _ in cells], pa.string()),
            "_line": pa.array(range(2, len(cells) + 2), pa.int64()),
        }
    )


def test_a_row_s_day_tells_which_ward_is_meant():
    rows, problems = place_by_date(
        CASES,
        _rows(
            ("26803|26797-2025", "2025-06-30"),
            ("26803|26797-2025", "2025-07-01"),
            ("26800", "2025-06-30"),
            ("|26812-2025", "2025-07-01"),
            ("26812-2025", "2025-07-01"),
            ("26803|26797-2025", None),
            ("79", "2025-07-01"),
            (None, "2025-07-01"),
        ),
    )
    assert problems == []
    assert rows["location"].to_pylist() == [
        "26803",
        "26797-2025",
        "26800",
        "26812-2025",
        "26812-2025",
        "26803",
        "79",
        None,
    ]


def test_units_that_did_not_exist_on_the_day_are_problems_that_name_the_others():
    _, problems = place_by_date(
        CASES,
        _rows(
            ("26800", "2025-07-01"),
            ("26821", "2025-07-01"),
            ("769", "2025-07-01"),
            ("|26833-2025", "2025-06-30"),
            ("|26833-2025", None),
        ),
    )
    assert [(p.row, p.line, p.column, p.value) for p in problems] == [
        (0, 2, "location", "26800"),
        (1, 3, "location", "26821"),
        (2, 4, "location", "769"),
        (3, 5, "location", "26833-2025"),
        (4, 6, "location", "26833-2025"),
    ]
    assert [p.reason for p in problems] == [
        "is Linh Trung (26800), which ceased after 2025-06-30; its area lies in "
        "Linh Xuân (26794-2025)",
        "is Linh Đông (26821), which ceased after 2025-06-30; its area lies in "
        "Hiệp Bình (26812-2025) and Thủ Đức (26824-2025)",
        "is Thủ Đức (769), which ceased after 2025-06-30; state the ward",
        "is Long Bình (26833-2025), which exists since 2025-07-01; before: "
        "Long Bình (26830) and Long Thạnh Mỹ (26833)",
        "is the name of a ward of 2025 and the row has no day; write 26833-2025",
    ]


def test_a_table_without_date_means_the_old_wards_unless_written_with_2025():
    boundaries = sectors.table("geography.boundaries")
    cells = pa.array(["26803|26797-2025", "26797-2025"])
    rows = pa.table({"ward_code": cells, "_line": pa.array([2, 3], pa.int64())})
    settled, problems = place_by_date(boundaries, rows)
    assert settled["ward_code"].to_pylist() == ["26803", "26797-2025"]
    assert problems == []


def test_old_rows_and_no_rows_pass_unchanged():
    rows = _rows(("26800", "2021-08-01"), (None, None))
    assert place_by_date(CASES, rows) == (rows, [])
    assert place_by_date(CASES, rows.slice(0, 0))[1] == []


# -- at the door ----------------------------------------------------------------------------------


def _ingest(lake: Lake, folder, text: str):
    file = folder / "export.csv"
    file.write_text(text, encoding="utf-8")
    return lake.ingest(file, "epidemic.cases_daily", as_of="2025-08-01")


def test_an_export_over_the_change_of_wards_is_taken_in_by_its_days(lake, tmp_path):
    report = _ingest(
        lake,
        tmp_path,
        "Ngày,Phường,Ca mới\n30/6/2025,Tam Bình,1\n1/7/2025,P. Tam Bình,2\n"
        "30/6/2025,Linh Trung,3\n1/7/2025,Linh Trung,4\n1/7/2025,Phường Thủ Đức,5\n"
        "30/6/2025,Hiệp Bình,6\n1/7/2025,26812-2025,7\n30/6/2025,26812,8\n",
    )
    stored = lake.read("epidemic.cases_daily").set_index("new_cases")["location"]
    assert stored.to_dict() == {
        1: "26803",
        2: "26797-2025",
        3: "26800",
        5: "26824-2025",
        7: "26812-2025",
        8: "26812",
    }
    assert report.rejects[["line", "column"]].to_numpy().tolist() == [
        [5, "location"],
        [7, "location"],
    ]
    assert "Linh Xuân (26794-2025)" in report.rejects["reason"][0]
    assert "Hiệp Bình Chánh (26812)" in report.rejects["reason"][1]


def test_the_city_that_ceased_is_not_taken_for_the_ward_of_its_name(lake, tmp_path):
    report = _ingest(
        lake,
        tmp_path,
        "Ngày,Địa bàn,Ca mới\n1/7/2025,TP Thủ Đức,1\n2/7/2025,Thủ Đức,2\n3/7/2025,769,3\n",
    )
    assert (report.stored, report.rejected) == (0, 3)
    assert set(report.rejects["reason"]) == {
        "is Thủ Đức (769), which ceased after 2025-06-30; state the ward"
    }


def test_a_name_beside_a_code_must_be_that_of_the_unit_of_the_day(lake, tmp_path):
    report = _ingest(
        lake,
        tmp_path,
        "Ngày,Mã phường,Tên phường,Ca mới\n1/7/2025,26812,Hiệp Bình,1\n"
        "2/7/2025,26812,Hiệp Bình Chánh,2\n30/6/2025,26812,Hiệp Bình Chánh,3\n",
    )
    assert report.stored == 2
    assert report.rejects["line"].tolist() == [3]
    assert report.rejects["reason"][0] == "is not the name of 26812-2025 (Hiệp Bình)"
