import datetime as dt
import subprocess
import sys

import numpy as np
import pytest
from lunar_vn import LunarDate, lunar_to_solar

from ioc_analytics.calendar import (
    INTERVENTIONS_2021,
    holiday_shares,
    infer_freq,
    period_ends,
    public_holidays,
    tet_day,
    week_end,
    week_start,
)
from ioc_analytics.errors import ContractError

# year: Tết day 1, first and last day of the break, Giỗ Tổ (DOMAIN.md D.1, which ends the break of
# 2025 on its last working day, 31 January; the fourth day of Tết was Saturday 1 February)
_PUBLISHED = {
    2018: ("02-16", "02-14", "02-20", "04-25"),
    2019: ("02-05", "02-04", "02-08", "04-14"),
    2020: ("01-25", "01-23", "01-29", "04-02"),
    2021: ("02-12", "02-10", "02-16", "04-21"),
    2022: ("02-01", "01-31", "02-04", "04-10"),
    2023: ("01-22", "01-20", "01-26", "04-29"),
    2024: ("02-10", "02-08", "02-14", "04-18"),
    2025: ("01-29", "01-27", "02-01", "04-07"),
    2026: ("02-17", "02-16", "02-20", "04-26"),
    2027: ("02-06", "02-04", "02-10", "04-16"),
}


def _tet_shares(period_end, freq):
    return holiday_shares(period_end, freq)[:, :3]


def _all_days(first, last):
    return np.arange(np.datetime64(first), np.datetime64(last) + 1)


@pytest.mark.parametrize("year", range(2010, 2036))
def test_tet_day_equals_the_lunar_library(year):
    assert tet_day(year) == lunar_to_solar(LunarDate(1, 1, year))


@pytest.mark.parametrize("year", _PUBLISHED)
def test_tet_break_and_hung_kings_day_equal_the_published_table(year):
    one, first, last, kings = (dt.date.fromisoformat(f"{year}-{part}") for part in _PUBLISHED[year])
    days = _all_days(f"{year}-01-01", f"{year}-04-01")
    during = days[_tet_shares(days, "D")[:, 1] == 1.0]
    assert tet_day(year) == one
    assert (during[0].item(), during[-1].item()) == (first, last)
    assert during.size == (last - first).days + 1
    assert "Giỗ Tổ" in public_holidays(year)[kings]


def test_tet_windows_do_not_overlap_and_have_fourteen_days_after_the_break():
    days = _all_days("2010-01-01", "2030-12-31")
    shares = _tet_shares(days, "D")
    assert set(np.unique(shares.sum(axis=1))) == {0.0, 1.0}
    assert shares[:, 2].sum() == 14 * 21


def test_tet_before_window_begins_fourteen_days_before_day_one():
    days = _all_days("2021-01-01", "2021-02-28")
    before = days[_tet_shares(days, "D")[:, 0] == 1.0]
    assert before[0].item() == dt.date(2021, 1, 29)
    assert before[-1].item() == dt.date(2021, 2, 9)  # the break of 2021 began on the 10th


@pytest.mark.parametrize(("freq", "size"), [("W", 7), ("M", 28)])
def test_tet_share_of_a_longer_period_is_the_mean_of_its_days(freq, size):
    end = np.datetime64("2021-02-28")  # a Sunday and a month end
    days = _all_days(end - size + 1, end)
    assert _tet_shares([end], freq)[0] == pytest.approx(_tet_shares(days, "D").mean(axis=0))


def test_tet_shares_cross_the_turn_of_the_year_and_accept_no_dates():
    assert _tet_shares(["2023-03-31"], "Q")[0, 1] == pytest.approx(7 / 90)
    assert _tet_shares(["2020-01-12"], "W")[0].tolist() == pytest.approx([2 / 7, 0, 0])
    assert holiday_shares([], "W").shape == (0, 4)


def test_other_holidays_are_the_public_ones_without_tet():
    days = _all_days("2022-01-01", "2022-12-31")
    other = set(days[holiday_shares(days, "D")[:, 3] == 1.0].tolist())
    named = {day for day, name in public_holidays(2022).items() if "Tết" not in name}
    solar = {dt.date(2022, 1, 1), dt.date(2022, 1, 3)}
    assert other == named | solar


def test_tet_day_outside_the_tables_is_a_clear_error():
    with pytest.raises(ContractError, match="1800"):
        tet_day(1800)


def test_holidays_have_two_languages_and_are_a_copy():
    day = dt.date(2021, 9, 2)
    assert public_holidays(2021)[day] == "Quốc khánh"
    assert public_holidays(2021, "en_US")[day] == "National Day"
    public_holidays(2021).clear()
    assert public_holidays(2021)


def test_weeks_are_iso_weeks():
    days = _all_days("2019-12-25", "2022-01-10")
    for day, start, end in zip(days, week_start(days), week_end(days), strict=True):
        assert day.item().isocalendar()[:2] == start.item().isocalendar()[:2]
        assert start.item().isoweekday() == 1
        assert end.item().isoweekday() == 7
        assert start <= day <= end


def test_week_of_one_day_is_a_date_and_missing_stays_missing():
    assert week_start("2021-10-24") == dt.date(2021, 10, 18)
    assert week_end(dt.date(1969, 7, 20)) == dt.date(1969, 7, 20)
    assert np.isnat(week_start(["NaT", "2021-10-24"])).tolist() == [True, False]


@pytest.mark.parametrize(
    ("last", "freq", "expected"),
    [
        ("2021-12-31", "D", ["2022-01-01", "2022-01-02"]),
        ("2022-01-01", "W", ["2022-01-08", "2022-01-15"]),  # Saturdays stay Saturdays
        ("2024-01-31", "M", ["2024-02-29", "2024-03-31"]),
        ("2023-09-30", "Q", ["2023-12-31", "2024-03-31"]),
        ("1969-08-15", "Q", ["1969-12-31", "1970-03-31"]),  # any day of the period
    ],
)
def test_period_ends_follow_the_last_one(last, freq, expected):
    assert period_ends(last, freq, 2).astype(str).tolist() == expected
    assert period_ends(last, freq, 0).size == 0


@pytest.mark.parametrize("freq", ["D", "W", "M", "Q"])
def test_frequency_is_found_again_also_with_gaps_and_any_order(freq, rng):
    ends = period_ends("2020-03-31", freq, 60)
    kept = np.delete(ends, [7, 20, 21])
    assert infer_freq(rng.permutation(kept)) == freq


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (["2021-01-01"], "at least two"),
        (["2021-01-01", "2021-02-01", "2021-03-01"], "first day"),
        (["2021-01-03", "2021-01-06", "2021-01-19"], "irregular"),
        (["2020-12-31", "2021-12-31", "2022-12-31"], "irregular"),
        (["2021-01-03", "2021-01-17", "2021-01-31"], "irregular"),
    ],
)
def test_frequency_that_cannot_be_told_is_a_clear_error(dates, message):
    with pytest.raises(ContractError, match=message):
        infer_freq(dates)


def test_days_mixed_with_weeks_are_a_clear_error():
    days = np.concatenate([period_ends("2021-01-03", "D", 40), period_ends("2021-02-12", "W", 9)])
    with pytest.raises(ContractError, match="mix days and weeks"):
        infer_freq(days)


def test_unknown_frequency_is_a_clear_error():
    with pytest.raises(ContractError, match="'Y'"):
        period_ends("2021-01-01", "Y", 1)


def test_interventions_are_in_order_and_say_what_is_unsure():
    starts = [measure.start for measure in INTERVENTIONS_2021]
    assert starts == sorted(starts)
    assert all(m.end is None or m.start <= m.end for m in INTERVENTIONS_2021)
    assert {dt.date(2021, 7, 9), dt.date(2021, 8, 23), dt.date(2021, 10, 1)} <= set(starts)
    assert not all(measure.verified for measure in INTERVENTIONS_2021)


def test_import_is_light():
    code = (
        "import sys, ioc_analytics.calendar;"
        "print([m for m in ('holidays', 'prophet', 'statsforecast') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
