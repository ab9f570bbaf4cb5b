"""What became known between two days: applied to the first state it gives the second."""

import datetime as dt
import itertools
import os

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab import COUNTS, EVENTS, MONTHS, days, install, write

from ioc_analytics.errors import ContractError, LakeError
from ioc_analytics.lake import open_lake
from ioc_analytics.lake.changes import changes
from ioc_analytics.places import CITY, ward_codes

_A, _B = ward_codes()[:2]
_EXAMPLES = 60 if os.environ.get("IOC_FULL") else 6
_DAYS = [dt.date(2021, 8, day) for day in range(1, 7)]
_CASES = "epidemic.cases_daily"


@pytest.fixture
def lab(lake, monkeypatch):
    install(monkeypatch, COUNTS, MONTHS, EVENTS)
    return lake


def _row(date, location, **values):
    return {"date": date, "location": location, **values}


def _causes(found):
    return found.groupby("cause").size().to_dict()


# -- the definition, as loops ---------------------------------------------------------------------


def _state(files, day):
    """Return what files say on a day: each applied in full, in the order of their days."""
    state = {}
    for as_of, snapshot, rows in sorted(files, key=lambda file: file[0]):
        if as_of > day:
            continue
        if snapshot and rows:
            own = [d for d, _ in rows]
            span = (min(own), max(own), {place for _, place in rows})
            for date, place in list(state):
                inside = span[0] <= date <= span[1] and place in span[2]
                if inside and (date, place) not in rows:
                    del state[date, place]
        state |= rows
    return state


def _naive_changes(files, since, until):
    old, new = _state(files, since), _state(files, until)
    found = set()
    for key in old.keys() | new.keys():
        if key not in old:
            late = "late report" if key[0] <= since else "new period"
            found.add(("appeared", *key, None, None, None, late))
        elif key not in new:
            found.add(("vanished", *key, None, None, None, "withdrawn"))
        else:
            for i, column in enumerate(("new_cases", "new_deaths")):
                if old[key][i] != new[key][i]:
                    change = ("changed", *key, column, old[key][i], new[key][i], "correction")
                    found.add(change)
    return found


def _as_set(found):
    days_ = found["date"].dt.date
    rest = found[["location", "column", "before", "after", "cause"]]
    return set(zip(found["change"], days_, *(rest[c] for c in rest), strict=True))


_FILES = st.lists(
    st.tuples(
        st.sampled_from(_DAYS[2:]),
        st.booleans(),
        st.dictionaries(
            st.tuples(st.sampled_from(_DAYS), st.sampled_from([_A, _B])),
            st.tuples(st.none() | st.integers(0, 3), st.none() | st.integers(0, 2)),
            min_size=1,
            max_size=6,
        ),
    ),
    min_size=1,
    max_size=6,
)


def _read(lake, day):
    """Return what `read` says on a day: values by key, None where there is none."""
    frame = lake.read(_CASES, as_of=day)
    return {
        (row.date.date(), row.location): {
            c: None if pd.isna(getattr(row, c)) else int(getattr(row, c))
            for c in ("new_cases", "new_deaths")
        }
        for row in frame.itertuples()
    }


def _taken_in(folder, files):
    lake = open_lake(folder)
    for as_of, snapshot, rows in files:
        flat = [_row(*key, new_cases=v[0], new_deaths=v[1]) for key, v in rows.items()]
        write(lake, _CASES, flat, as_of, snapshot=snapshot)
    return lake


@settings(max_examples=_EXAMPLES, deadline=None)
@given(files=_FILES)
def test_changes_equal_a_comparison_of_two_states_row_by_row(files, tmp_path_factory):
    lake = _taken_in(tmp_path_factory.mktemp("lake") / "lake", files)
    for since, until in itertools.combinations_with_replacement(_DAYS[1:], 2):
        found = changes(lake, _CASES, since, until)
        assert not found.duplicated(["date", "location", "column"]).any()
        assert _as_set(found) == _naive_changes(files, since, until)


@settings(max_examples=_EXAMPLES, deadline=None)
@given(files=_FILES)
def test_applying_the_changes_to_the_first_state_gives_the_second(files, tmp_path_factory):
    lake = _taken_in(tmp_path_factory.mktemp("lake") / "lake", files)
    for since, until in itertools.combinations(_DAYS[1:], 2):
        old, new = _read(lake, since), _read(lake, until)
        for change in changes(lake, _CASES, since, until).itertuples():
            key = (change.date.date(), change.location)
            if change.change == "vanished":
                del old[key]
            elif change.change == "appeared":
                assert key not in old
                old[key] = new[key]
            else:
                assert old[key][change.column] == change.before
                old[key][change.column] = change.after
        assert old == new


@settings(max_examples=_EXAMPLES, deadline=None)
@given(files=_FILES, day=st.sampled_from(_DAYS[2:]))
def test_no_row_known_after_a_day_is_visible_as_of_it(files, day, tmp_path_factory):
    """A lake that never got the later files says the same, whatever is asked."""
    folder = tmp_path_factory.mktemp("lakes")
    whole = _taken_in(folder / "whole", files)
    early = [file for file in files if file[0] <= day]
    if not early:
        assert whole.read(_CASES, as_of=day).empty
        assert changes(whole, _CASES, _DAYS[0], day).empty
        return
    then = _taken_in(folder / "then", early)
    asked = {
        "read": lambda lake, at: lake.read(_CASES, as_of=at),
        "sql": lambda lake, at: lake.sql(
            f"select * exclude (_ingest) from {_CASES} order by date, location", at
        ),
        "panel": lambda lake, at: lake.panel(["epidemic.new_cases"], "D", [_A, _B], as_of=at),
        "changes": lambda lake, at: changes(lake, _CASES, _DAYS[2], at or _DAYS[-1])[
            ["change", "date", "location", "column", "before", "after", "as_of", "cause"]
        ],
    }
    for name, ask in asked.items():
        pd.testing.assert_frame_equal(ask(whole, day), ask(then, None), obj=name)


# -- causes, by hand ------------------------------------------------------------------------------


def test_each_change_has_its_day_its_file_and_its_cause(lab):
    rows = [_row("2021-08-01", _A, n=10), _row("2021-08-01", _B, n=7), _row("2021-08-02", _A, n=1)]
    write(lab, "lab.counts", rows, "2021-08-02", snapshot=True)
    rows = [_row("2021-08-01", _A, n=12), _row("2021-08-02", _A, n=1), _row("2021-08-02", _B, n=3)]
    second = write(lab, "lab.counts", rows, "2021-08-04", snapshot=True)
    third = write(lab, "lab.counts", [_row("2021-08-05", _A, n=4)], "2021-08-06")
    found = changes(lab, "lab.counts", "2021-08-02", "2021-08-06")
    wanted = ["change", "location", "column", "before", "after", "file", "cause"]
    assert found[wanted].to_numpy().tolist() == [
        ["changed", _A, "n", 10, 12, second, "correction"],
        ["vanished", _B, None, None, None, second, "withdrawn"],
        ["appeared", _B, None, None, None, second, "late report"],
        ["appeared", _A, None, None, None, third, "new period"],
    ]
    assert found["as_of"].dt.day.to_list() == [4, 4, 4, 6]
    assert found["date"].dt.day.to_list() == [1, 1, 2, 5]


def test_a_row_of_a_month_is_late_only_when_the_month_was_over(lab):
    months = [{"month": f"2021-0{m}-01", "location": "769", "spent": m} for m in (6, 7)]
    write(lab, "lab.months", months, "2021-08-10")
    found = changes(lab, "lab.months", "2021-07-15", "2021-08-10")
    assert found["cause"].to_list() == ["late report", "new period"]


def test_a_row_of_a_week_is_late_only_when_its_sunday_had_passed(lake):
    weeks = [{"week_start": day, "location": CITY} for day in ("2021-07-05", "2021-07-12")]
    write(lake, "health.ili_weekly", weeks, "2021-07-20")
    found = changes(lake, "health.ili_weekly", "2021-07-11", "2021-07-20")
    assert found["cause"].to_list() == ["late report", "new period"]
    found = changes(lake, "health.ili_weekly", "2021-07-10", "2021-07-20")
    assert found["cause"].to_list() == ["new period", "new period"]


def test_of_two_files_of_one_day_the_later_one_counts(lab):
    write(lab, "lab.counts", [_row("2021-08-01", _A, n=1)], "2021-08-01")
    for n in (5, 3, 4):
        last = write(lab, "lab.counts", [_row("2021-08-01", _A, n=n)], "2021-08-02")
    [row] = changes(lab, "lab.counts", "2021-08-01", "2021-08-02").itertuples()
    assert (row.before, row.after, row.file) == (1, 4, last)


def test_a_value_that_became_known_or_unknown_is_a_correction_with_none_on_one_side(lab):
    write(lab, "lab.counts", [_row("2021-08-01", _A, n=None, total=5)], "2021-08-01")
    write(lab, "lab.counts", [_row("2021-08-01", _A, n=2, total=None)], "2021-08-02")
    found = changes(lab, "lab.counts", "2021-08-01", "2021-08-02")
    assert found[["column", "before", "after"]].to_numpy().tolist() == [
        ["n", None, 2],
        ["total", 5, None],
    ]
    assert set(found["cause"]) == {"correction"}


def test_change_and_change_back_is_none_and_neither_is_a_confirmation(lab):
    for day, n in (("2021-08-01", 5), ("2021-08-02", 6), ("2021-08-03", 5), ("2021-08-04", 5)):
        write(lab, "lab.counts", [_row("2021-08-01", _A, n=n)], day)
    assert changes(lab, "lab.counts", "2021-08-01", "2021-08-03").empty
    assert changes(lab, "lab.counts", "2021-08-03", "2021-08-04").empty
    assert len(changes(lab, "lab.counts", "2021-08-01", "2021-08-02")) == 1


def test_an_older_export_that_arrives_late_belongs_to_its_own_day(lab):
    write(lab, "lab.counts", [_row("2021-08-01", _A, n=9)], "2021-08-05")
    write(lab, "lab.counts", [_row("2021-08-01", _A, n=4)], "2021-08-02")
    assert changes(lab, "lab.counts", "2021-08-02", "2021-08-05")["after"].to_list() == [9]
    assert changes(lab, "lab.counts", "2021-08-05", "2021-08-06").empty


def test_rows_without_a_day_of_their_own_count_as_new(lake):
    rows = [{"ward_code": code, "population": 1000} for code in (_A, _B)]
    write(lake, "geography.wards", rows[:1], "2021-08-01")
    write(lake, "geography.wards", rows, "2021-08-02")
    assert _causes(changes(lake, "geography.wards", "2021-08-01", "2021-08-02")) == {
        "new period": 1
    }


def test_persons_rows_are_followed_like_any_other(lab):
    event = {"event_id": "a", "received": "2021-08-01", "location": _A}
    write(lab, "lab.events", [event], "2021-08-01")
    write(lab, "lab.events", [{**event, "returned": "2021-08-03"}], "2021-08-03")
    [row] = changes(lab, "lab.events", "2021-08-01", "2021-08-03").itertuples()
    assert (row.event_id, row.column, row.before, row.after) == (
        "a",
        "returned",
        None,
        dt.date(2021, 8, 3),
    )


# -- definition changes ---------------------------------------------------------------------------


def _twice(lab, column, before, after):
    """Put a column in, then again with other values; return how often each cause is found."""
    at = days("2021-07-01", len(before))
    old = [_row(d, _A, **{column: v}) for d, v in zip(at, before, strict=True)]
    new = [_row(d, _A, **{column: v}) for d, v in zip(at, after, strict=True)]
    write(lab, "lab.counts", old, "2021-08-01")
    write(lab, "lab.counts", new, "2021-08-02")
    return _causes(changes(lab, "lab.counts", "2021-08-01", "2021-08-02"))


_MILLIONS = [12.5, 3.0, 7.75, 9.0, 15.0, 2.5, 8.0, 4.0, 6.5, 11.0]


@pytest.mark.parametrize("factor", [1000, 1e6, 0.001, 1.1])
def test_a_common_ratio_is_a_change_of_unit(lab, factor):
    assert _twice(lab, "money", _MILLIONS, [v * factor for v in _MILLIONS]) == {
        "definition change": 10
    }


def test_a_coarser_unit_may_have_lost_digits_but_zeros_tell_nothing(lab):
    thousands = [12, 3, 7, 9, 15, 2, 8, 4, 6, 11, 0]
    units = [12_300, 2_900, 7_100, 8_800, 15_200, 2_100, 8_000, 3_900, 6_400, 10_900, 0]
    assert _twice(lab, "n", thousands, units) == {"definition change": 10}


def test_rows_of_zero_do_not_count_even_where_another_column_changed(lab):
    """Three of 13 rows say 0 both times; as rows in common they would leave only 77 %."""
    at = days("2021-07-01", 13)
    before = [12, 3, 7, 9, 15, 2, 8, 4, 6, 11, 0, 0, 0]
    for day, factor in (("2021-08-01", 1), ("2021-08-02", 1000)):
        rows = [_row(d, _A, n=v * factor, word=day) for d, v in zip(at, before, strict=True)]
        write(lab, "lab.counts", rows, day)
    found = changes(lab, "lab.counts", "2021-08-01", "2021-08-02")
    assert _causes(found[found["column"] == "n"]) == {"definition change": 10}


def test_a_common_difference_is_one_too(lab):
    celsius = [27.0, 28.5, 31.0, 30.0, 26.5, 29.0, 33.0, 27.5, 25.0, 28.0]
    assert _twice(lab, "money", celsius, [c + 273.15 for c in celsius]) == {"definition change": 10}


def test_a_one_to_one_renaming_of_words_is_one_too(lab):
    words = ["thường", "khẩn"] * 6
    assert _twice(lab, "word", words, [{"thường": "1", "khẩn": "2"}[w] for w in words]) == {
        "definition change": 12
    }


def test_words_that_are_all_different_show_no_renaming(lab):
    words = [f"a{i}" for i in range(12)]
    assert _twice(lab, "word", words, [w.upper() for w in words]) == {"correction": 12}


def test_nine_rows_are_too_few_for_a_pattern(lab):
    assert _twice(lab, "money", _MILLIONS[:9], [v * 1000 for v in _MILLIONS[:9]]) == {
        "correction": 9
    }


@pytest.mark.parametrize(("kept", "cause"), [(1, "definition change"), (2, "correction")])
def test_ninety_percent_of_the_rows_in_common_must_follow(lab, kept, cause):
    before = [*_MILLIONS[: 10 - kept], *_MILLIONS[:kept], *_MILLIONS[:0]]
    before = before * 2  # 20 rows, of which 2 or 4 stay as they were, which the file confirms
    after = [v * 1000 for v in before]
    for i in range(2 * kept):
        after[i] = before[i]
    assert _twice(lab, "money", before, after) == {cause: 20 - 2 * kept}


def test_a_row_beside_the_pattern_stays_a_correction(lab):
    before = _MILLIONS * 2
    after = [v * 1000 for v in before]
    after[3] = 1.0
    assert _twice(lab, "money", before, after) == {"definition change": 19, "correction": 1}


def test_many_single_corrections_are_no_definition_change(lab, rng):
    before = rng.poisson(40, 60)
    assert _twice(lab, "n", before, before + rng.integers(1, 15, 60)) == {"correction": 60}


# -- edges ----------------------------------------------------------------------------------------


def test_the_same_day_twice_has_no_changes_but_all_columns(lab):
    write(lab, "lab.counts", [_row("2021-08-01", _A, n=1)], "2021-08-01")
    found = changes(lab, "lab.counts", "2021-08-01", "2021-08-01")
    assert found.empty
    assert [*found] == [
        *("change", "date", "location", "column", "before", "after", "as_of", "file", "cause")
    ]


def test_simulated_rows_do_not_show_beside_real_ones(lab):
    write(lab, "lab.counts", [_row("2021-08-01", _A, n=1)], "2021-08-01", simulated=True)
    write(lab, "lab.counts", [_row("2021-08-01", _B, n=2)], "2021-08-02")
    assert changes(lab, "lab.counts", "2021-07-01", "2021-08-03")["location"].to_list() == [_B]


def test_errors_name_the_culprit(lab):
    with pytest.raises(LakeError, match="2021-08-02 until 2021-08-01 run backwards"):
        changes(lab, "lab.counts", "2021-08-02", "2021-08-01")
    with pytest.raises(LakeError, match="holds no data"):
        changes(lab, "lab.counts", "2021-08-01", "2021-08-02")
    with pytest.raises(LakeError, match="not “yesterday”"):
        changes(lab, "lab.counts", "yesterday", "2021-08-02")
    with pytest.raises(ContractError, match=r"did you mean “lab\.counts”"):
        changes(lab, "lab.count", "2021-08-01", "2021-08-02")
