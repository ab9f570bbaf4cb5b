"""What the lake holds and shows: revisions as known on a day, snapshots, versions, SQL, rejects."""

import datetime as dt
import itertools
import os

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_analytics import sectors
from ioc_analytics.contracts import Column, Table
from ioc_analytics.errors import ContractError, LakeError
from ioc_analytics.lake import open_lake
from ioc_analytics.lake.revisions import arrow_schema

_CASES = "epidemic.cases_daily"
_counter = itertools.count()


def _ingest(lake, tmp_path, rows, as_of, **options):
    """Take in rows {(date, location): new_cases} as a file of its own."""
    file = tmp_path / f"{next(_counter)}.csv"
    body = "".join(f"{d},{p},{'' if n is None else n}\n" for (d, p), n in rows.items())
    file.write_text(f"date,location,new_cases\n{body}", encoding="utf-8")
    return lake.ingest(file, options.pop("table", _CASES), as_of=as_of, **options)


def _known(lake, **at):
    frame = lake.read(_CASES, **at)
    if "as_of" in at:
        assert (frame["as_of"] <= str(at["as_of"])).all()  # nothing of the future, ever
    days = frame["date"].dt.strftime("%Y-%m-%d")
    counts = (None if pd.isna(n) else int(n) for n in frame["new_cases"])
    return dict(zip(zip(days, frame["location"], strict=True), counts, strict=True))


# -- what is known on a day: the definition, as a slow twin ---------------------------------------


class _Twin:
    """Every file in full, in order; the state on a day is found by going through all of them."""

    def __init__(self):
        self.files = []  # as_of, snapshot, rows

    def add(self, rows, as_of, snapshot):
        self.files.append((as_of, snapshot, rows))

    def known(self, day):
        state = {}
        for as_of, snapshot, rows in sorted(self.files, key=lambda f: f[0]):  # stable: ingest order
            if as_of > day:
                continue
            if snapshot and rows:
                days = [d for d, _ in rows]
                spanned = {p for _, p in rows}
                state = {
                    (d, p): n
                    for (d, p), n in state.items()
                    if not (min(days) <= d <= max(days) and p in spanned)
                }
            state |= rows
        return state


_KEYS = [(f"2021-07-0{day}", place) for day in (1, 2, 3) for place in ("769", "79")]
_DAYS = [f"2021-07-1{i}" for i in range(4)]
_FILE = st.tuples(
    st.dictionaries(st.sampled_from(_KEYS), st.sampled_from([0, 1, 2, None]), min_size=1),
    st.sampled_from(_DAYS),  # any order: exports arrive late
    st.booleans(),
)


@settings(max_examples=500 if os.environ.get("IOC_FULL") else 20, deadline=None)
@given(files=st.lists(_FILE, min_size=1, max_size=5), pin=st.integers(0, 4))
def test_what_is_known_on_any_day_equals_going_through_all_files(files, pin, tmp_path_factory):
    pin = min(pin, len(files) - 1)
    folder = tmp_path_factory.mktemp("lake")
    lake, twin = open_lake(folder / "lake"), _Twin()
    for number, (rows, as_of, snapshot) in enumerate(files):
        mode = "snapshot" if snapshot else "append"
        # a different place behind every file, so that no file equals another one
        rows = {**rows, ("2021-06-01", f"{26794 + 3 * number}"): number}
        report = _ingest(lake, folder, rows, as_of, mode=mode)
        twin.add(rows, as_of, snapshot)
        assert report.read == report.stored + report.unchanged == len(rows)
        if number == pin:
            pinned = twin.known("9999")
    for day in _DAYS:
        assert _known(lake, as_of=day) == twin.known(day)
    assert _known(lake) == twin.known("9999")
    versions = lake.history(_CASES)["version"].tolist()[::-1]
    assert versions == list(range(1, len(files) + 1))  # one for each file; 0 is the empty table
    assert _known(lake, version=versions[pin]) == pinned


# -- the same, case by case -----------------------------------------------------------------------

_KEY = ("2021-07-01", "769")


def test_a_correction_is_seen_from_its_day_on_and_not_before(lake, tmp_path):
    _ingest(lake, tmp_path, {_KEY: 5}, "2021-07-02")
    _ingest(lake, tmp_path, {_KEY: 7}, "2021-07-05")
    assert _known(lake, as_of="2021-07-01") == {}
    assert _known(lake, as_of="2021-07-04") == {_KEY: 5}
    assert _known(lake, as_of="2021-07-05") == {_KEY: 7}
    assert _known(lake) == {_KEY: 7}


def test_of_two_files_known_on_one_day_the_one_taken_in_later_holds(lake, tmp_path):
    _ingest(lake, tmp_path, {_KEY: 7}, "2021-07-02")
    _ingest(lake, tmp_path, {_KEY: 5}, "2021-07-02")
    assert _known(lake, as_of="2021-07-02") == {_KEY: 5}


def test_an_older_export_that_arrives_late_fills_the_past_and_leaves_the_present(lake, tmp_path):
    _ingest(lake, tmp_path, {_KEY: 7}, "2021-07-05")
    report = _ingest(lake, tmp_path, {_KEY: 5}, "2021-07-02")
    assert report.stored == 1
    assert _known(lake, as_of="2021-07-04") == {_KEY: 5}
    assert _known(lake) == {_KEY: 7}


def test_a_late_export_does_not_undo_what_a_newer_one_had_confirmed(lake, tmp_path):
    _ingest(lake, tmp_path, {_KEY: 5}, "2021-07-02")
    newer = _ingest(lake, tmp_path, {_KEY: 5, ("2021-07-02", "769"): 1}, "2021-07-05")
    assert (newer.stored, newer.unchanged) == (1, 1)
    _ingest(lake, tmp_path, {_KEY: 6}, "2021-07-03")
    assert _known(lake, as_of="2021-07-04")[_KEY] == 6
    assert _known(lake, as_of="2021-07-05")[_KEY] == 5


def test_a_late_export_does_not_reopen_what_a_newer_snapshot_did_not_have(lake, tmp_path):
    other = ("2021-07-03", "769")
    _ingest(lake, tmp_path, {_KEY: 1, other: 1}, "2021-07-05", mode="snapshot")
    gone = ("2021-07-02", "769")
    _ingest(lake, tmp_path, {gone: 4}, "2021-07-03")
    assert _known(lake, as_of="2021-07-04") == {gone: 4}
    assert _known(lake) == {_KEY: 1, other: 1}


def test_a_snapshot_closes_what_it_spans_and_lacks_and_only_that(lake, tmp_path):
    rows = {(f"2021-07-0{d}", p): d for d in range(1, 6) for p in ("769", "79")}
    _ingest(lake, tmp_path, rows, "2021-07-06")
    second = {("2021-07-02", "769"): 2, ("2021-07-04", "769"): 9}
    report = _ingest(lake, tmp_path, second, "2021-07-07", mode="snapshot")
    assert (report.stored, report.unchanged, report.closed) == (1, 1, 1)
    assert str(report).endswith("1 already known, 1 closed because the file no longer has them.")
    expected = {k: n for k, n in rows.items() if k != ("2021-07-03", "769")} | second
    assert _known(lake) == expected
    assert _known(lake, as_of="2021-07-06") == rows
    _ingest(lake, tmp_path, {("2021-07-03", "769"): 3}, "2021-07-08")
    assert _known(lake) == expected | {("2021-07-03", "769"): 3}


@pytest.mark.parametrize("bad", ["2021-07-02,769,x", "2021-07-02,769", "?,769,1", "?,Atlantis,1"])
def test_a_snapshot_does_not_close_what_a_refused_row_may_have_stated(lake, tmp_path, bad):
    rows = {(f"2021-07-0{d}", "769"): d for d in (1, 2, 3)}
    _ingest(lake, tmp_path, rows, "2021-07-06")
    file = tmp_path / "torn.csv"
    file.write_text(f"date,location,new_cases\n2021-07-01,769,1\n{bad}\n2021-07-03,769,3\n")
    report = lake.ingest(file, _CASES, as_of="2021-07-07", mode="snapshot")
    assert (report.rejected, report.closed) == (1, 0)
    assert _known(lake) == rows


def test_as_of_may_be_a_date_a_timestamp_or_text(lake, tmp_path):
    _ingest(lake, tmp_path, {_KEY: 5}, dt.date(2021, 7, 2))
    for day in ("2021-07-02", dt.date(2021, 7, 2), pd.Timestamp("2021-07-02")):
        assert _known(lake, as_of=day) == {_KEY: 5}
    for day in ("yesterday", "2021-07-021"):
        with pytest.raises(LakeError, match=f"as_of is a day such as 2021-10-23, not “{day}”"):
            lake.read(_CASES, as_of=day)


def test_missing_values_stay_missing(lake, tmp_path):
    _ingest(lake, tmp_path, {_KEY: None}, "2021-07-02")
    frame = lake.read(_CASES)
    assert frame["new_cases"].isna().all()
    assert frame["new_deaths"].isna().all()


# -- simulated rows -------------------------------------------------------------------------------


def test_simulated_rows_hide_as_soon_as_their_table_holds_a_real_one(lake, tmp_path):
    _ingest(lake, tmp_path, {_KEY: 5, ("2021-07-02", "769"): 6}, "2021-07-03", simulated=True)
    week = tmp_path / "ili.csv"
    week.write_text("week_start,location,patients,ili\n2021-06-28,79,10,1\n")
    lake.ingest(week, "health.ili_weekly", as_of="2021-07-05", simulated=True)
    assert lake.simulated(_CASES)
    _ingest(lake, tmp_path, {_KEY: 7}, "2021-07-04")
    assert _known(lake) == {_KEY: 7}
    assert _known(lake, as_of="2021-07-03") == {}
    assert not lake.simulated(_CASES)
    assert len(lake.read("health.ili_weekly")) == 1  # another table, still made up
    assert lake.simulated("health.ili_weekly")


def test_simulated_rows_that_come_after_real_ones_stay_hidden(lake, tmp_path):
    _ingest(lake, tmp_path, {_KEY: 7}, "2021-07-04")
    report = _ingest(lake, tmp_path, {_KEY: 7}, "2021-07-05", simulated=True)
    assert report.stored == 1  # a made-up row does not confirm a real one
    assert _known(lake, as_of="2021-07-05") == {_KEY: 7}
    assert lake.read(_CASES)["as_of"].dt.day.tolist() == [4]


# -- read -----------------------------------------------------------------------------------------


def test_read_gives_chosen_columns_ordered_by_key(lake, tmp_path):
    rows = {("2021-07-02", "79"): 1, ("2021-07-01", "769"): 2, ("2021-07-01", "79"): -3}
    _ingest(lake, tmp_path, rows, "2021-07-03")
    frame = lake.read(_CASES, columns=["new_cases", "_line", "_flags", "_ingest", "_simulated"])
    assert frame["new_cases"].tolist() == [2, -3, 1]
    assert frame["_line"].tolist() == [3, 4, 2]
    assert frame["_flags"].tolist() == [None, "negative new_cases", None]
    assert set(frame["_ingest"]) == {1}


def test_read_refuses_what_it_does_not_have_by_name(lake, tmp_path):
    with pytest.raises(ContractError, match="no table “epidemic.case_daily” .did you mean"):
        lake.read("epidemic.case_daily")
    with pytest.raises(LakeError, match="cases_daily holds no data in .*; run: ioc ingest FILE"):
        lake.read(_CASES)
    _ingest(lake, tmp_path, {_KEY: 1}, "2021-07-03")
    with pytest.raises(ContractError, match="no column “new_case” .did you mean “new_cases”"):
        lake.read(_CASES, columns=["new_case"])
    with pytest.raises(ContractError, match="location_name is checked at the door and not kept"):
        lake.read(_CASES, columns=["location_name"])
    for column in ("_deleted", "_confirms"):
        with pytest.raises(ContractError, match=f"no column “{column}”"):
            lake.read(_CASES, columns=[column])
    for version in (-1, 2):
        with pytest.raises(LakeError, match=f"has versions 0 to 1, not {version}"):
            lake.read(_CASES, version=version)


def test_a_lake_can_be_closed_moved_and_opened_again(lake, tmp_path):
    _ingest(lake, tmp_path, {_KEY: 1}, "2021-07-03")
    (tmp_path / "lake").rename(tmp_path / "moved")
    assert _known(open_lake(tmp_path / "moved")) == {_KEY: 1}
    assert lake.tables() == []


# -- SQL ------------------------------------------------------------------------------------------


def test_sql_sees_what_was_known_on_the_day(lake, tmp_path):
    _ingest(lake, tmp_path, {_KEY: 5}, "2021-07-02")
    _ingest(lake, tmp_path, {_KEY: 7}, "2021-07-05")
    query = "select sum(new_cases) as n from epidemic.cases_daily"
    assert lake.sql(query)["n"].tolist() == [7]
    assert lake.sql(query, as_of="2021-07-04")["n"].tolist() == [5]
    hidden = "select * from query_table((select view_name from duckdb_views() limit 1))"
    with pytest.raises(LakeError):
        lake.sql(f"{hidden}, epidemic.cases_daily", as_of="2021-07-04")


@pytest.mark.parametrize(
    "query",
    [
        "select c.new_cases as n from epidemic.cases_daily c",
        'select "c d".new_cases as n from "epidemic"."cases_daily" as "c d"',
        "with x as (from epidemic.cases_daily) select x.new_cases as n from x",
        "select a.new_cases as n from epidemic.cases_daily a "
        "join epidemic.cases_daily b using (date, location)",
        "select n from (select new_cases as n from EPIDEMIC.cases_daily)",
        "select 5 as n where exists (from epidemic . cases_daily)",
    ],
)
def test_sql_finds_tables_however_they_are_written(lake, tmp_path, query):
    _ingest(lake, tmp_path, {_KEY: 5}, "2021-07-02")
    assert lake.sql(query)["n"].tolist() == [5]


def test_sql_names_an_unknown_table_and_the_nearest(lake, tmp_path):
    _ingest(lake, tmp_path, {_KEY: 5}, "2021-07-02")
    with pytest.raises(
        LakeError, match="no table “epidemic.case_daily” .did you mean “epidemic.cases_daily”"
    ):
        lake.sql("select * from epidemic.case_daily")
    with pytest.raises(LakeError, match="no table “nothing”. In this lake: epidemic.cases_daily."):
        lake.sql("select * from nothing")
    with pytest.raises(LakeError, match="health.ili_weekly holds no data"):
        lake.sql("select * from health.ili_weekly")
    with pytest.raises(LakeError, match="mart “overview” was not built yet; run: ioc build"):
        lake.sql("select * from marts.overview")
    with pytest.raises(LakeError, match="query was refused: Binder Error.*new_case"):
        lake.sql("select new_case from epidemic.cases_daily")
    with pytest.raises(LakeError, match="query was refused"):
        lake.sql("selec")
    with pytest.raises(LakeError, match="query was refused: Conversion Error"):
        lake.sql("select cast(location || 'x' as int) from epidemic.cases_daily")
    for query in ("create table t (i int)", "select 1; select 2", ""):
        with pytest.raises(LakeError, match="it is not one SELECT"):
            lake.sql(query)


def test_sql_reaches_no_file_variable_or_setting(lake, tmp_path):
    _ingest(lake, tmp_path, {_KEY: 5}, "2021-07-02")
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    frame = pd.DataFrame({"a": [1]})  # noqa: F841 - a query must not see it
    for query in (
        f"select * from '{secret}'",
        f"select * from read_csv('{secret}')",
        f"select * from read_text('{secret}')",
        f"select * from glob('{tmp_path}/*')",
        f"select * from read_parquet('{tmp_path}/lake/**/*.parquet')",
        f"copy (select 1) to '{tmp_path}/out.csv'",
        f"attach '{tmp_path}/other.db'",
        "set enable_external_access = true",
        "install httpfs",
        "select * from frame",
        "select * from _epidemic__cases_daily",
    ):
        with pytest.raises(LakeError):
            lake.sql(query)
    assert not (tmp_path / "out.csv").exists()


def test_names_are_quoted_wherever_sql_is_written(lake, tmp_path, monkeypatch):
    columns = (
        Column("order", "date", "Ngày"),
        Column('a "b" c; drop', "place", "Nơi"),
        Column("select", "integer", "Số", minimum=0, negatives_flagged=True),
    )
    table = Table("x.group", "", "", columns, key=("order", 'a "b" c; drop'), date="order")
    monkeypatch.setattr(sectors, "tables", lambda: {"x.group": table})
    file = tmp_path / "x.csv"
    for number in (1, 2):
        file.write_text(f"ngày,nơi,số\n2021-07-01,769,{number}\n2021-07-02,769,1\n2021-07-03,769,1")
        lake.ingest(file, "x.group", as_of=f"2021-07-1{number}", mode="snapshot")
    file.write_text("ngày,nơi,số\n2021-07-01,769,9\n2021-07-03,769,1")
    assert lake.ingest(file, "x.group", as_of="2021-07-10", mode="snapshot").stored == 2
    assert lake.read("x.group")["select"].tolist() == [2, 1, 1]
    assert lake.sql('select "select" from x."group" order by "order"').iloc[0, 0] == 2


# -- history, rejects, status, marts --------------------------------------------------------------


def test_history_tells_each_ingest_newest_first(lake, tmp_path):
    _ingest(lake, tmp_path, {_KEY: 5, ("2021-07-09", "769"): 1}, "2021-07-02")
    _ingest(lake, tmp_path, {_KEY: 5}, "2021-07-05", simulated=True)
    history = lake.history(_CASES)
    assert history["version"].tolist() == [2, 1]
    assert history["as_of"].dt.day.tolist() == [5, 2]
    assert history["simulated"].tolist() == [True, False]
    assert history["rejected"].tolist() == [0, 1]
    assert history["rows"].tolist() == [1, 1]
    assert history["sha256"].str.len().tolist() == [64, 64]
    with pytest.raises(LakeError, match="holds no data"):
        lake.history("health.ili_weekly")


def test_rejects_are_listed_for_all_tables_or_one(lake, tmp_path):
    columns = ["ingest_id", "table", "file", "line", "column", "value", "reason", "as_of"]
    assert lake.rejects().columns.tolist() == columns
    with pytest.raises(ContractError, match="no table “epidemic.case_daily” .did you mean"):
        lake.rejects("epidemic.case_daily")
    _ingest(lake, tmp_path, {_KEY: "x"}, "2021-07-02")
    [row] = lake.rejects(_CASES).to_dict("records")
    assert (row["line"], row["column"], row["value"]) == (2, "new_cases", "x")
    assert row["reason"] == "is not a number"
    assert row["ingest_id"] == lake.history(_CASES)["ingest_id"][0]
    assert lake.rejects("health.ili_weekly").empty
    assert lake.rejects("health.ili_weekly").columns.tolist() == columns


def test_a_mart_is_replaced_as_a_whole_and_its_metadata_kept(lake):
    with pytest.raises(LakeError, match="mart “overview” was not built yet"):
        lake.mart("overview")
    assert lake.mart_metadata("overview") is None
    lake.write_mart("overview", pa.table({"a": [1, 2]}), {"fingerprint": "x"})
    lake.write_mart("overview", pa.table({"b": ["z"]}), {"fingerprint": "y"})
    assert lake.mart("overview").to_dict("list") == {"b": ["z"]}
    assert lake.mart_metadata("overview")["fingerprint"] == "y"
    assert lake.sql("select b from marts.overview m")["b"].tolist() == ["z"]


def test_a_writer_with_a_stale_view_of_the_table_finds_the_file_already_there(lake, tmp_path):
    table = sectors.table(_CASES)
    schema = arrow_schema(table)
    rows = pa.table(
        {
            **{f.name: pa.nulls(1, f.type) for f in schema},
            "date": pa.array([dt.date(2021, 7, 1)]),
            "location": pa.array(["769"]),
            "_line": pa.array([2], pa.int64()),
            "_flags": pa.nulls(1, pa.string()),
        }
    )
    kept = {"ingest_id": "a", "as_of": "2021-07-02", "simulated": "False"}
    say = {"as_of": dt.date(2021, 7, 2), "metadata": kept}
    assert lake.append(table, rows, ingest_id="a", **say).written == 1
    stale = lake._open(f"tables/{_CASES}")
    assert lake.append(table, rows, ingest_id="b", **say).unchanged == 1
    views = iter([stale])
    fresh = lake._open
    lake._open = lambda name: next(views, None) or fresh(name)
    assert lake.append(table, rows, ingest_id="b", **say).already
    assert len(lake.history(_CASES)) == 2
