"""Models and pages without a browser: what is selected, what follows, what is written."""

import ast
import datetime as dt
import json
import re
import shutil
import string
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc_analytics import marts, sectors
from ioc_analytics.lake import Lake
from ioc_analytics.lake.boundaries import ward_shapes
from ioc_analytics.places import CITY, REFERENCE, ward_codes
from ioc_analytics.views import pages
from ioc_analytics.views.i18n import Language, language_of
from ioc_analytics.views.models import ForecastModel, OverviewModel, open_marts
from ioc_analytics.views.pages import view_forecast, view_overview
from ioc_analytics.views.system import view_system
from ioc_analytics.views.system_model import SystemModel
from ioc_analytics.views.words import TEXTS

VI, EN = Language("vi"), Language("en")
WEEKS = pd.to_datetime(["2021-10-04", "2021-10-11", "2021-10-18"])
FIRST, SECOND, SILENT = ward_codes()[:3]
HOSTILE = "<img src=x onerror=\"alert('x')\">"
NO_DATA = "chưa có dữ liệu"


# -- small marts, made by hand --------------------------------------------------------------------


def wards_week(**changes: Any) -> pd.DataFrame:
    """Three wards over three weeks: one complete, one partial in the last week, one silent."""
    names = {FIRST: "Phường Một", SECOND: "Phường Hai", SILENT: "Phường Ba"}
    frame = pd.DataFrame([(w, c) for w in WEEKS for c in names], columns=["week", "ward_code"])
    frame["name"] = frame["ward_code"].map(names)
    frame["population"] = frame["ward_code"].map({FIRST: 10_000.0, SECOND: 20_000.0, SILENT: 400.0})
    frame["population_basis"], frame["population_year"] = "published", 2021.0
    frame["data_date"] = pd.Timestamp("2021-10-21")
    frame["cases"] = [1.0, 20, np.nan, 2, 30, np.nan, 3, 12, np.nan]
    frame["coverage"] = [1.0, 1, 0, 1, 1, 0, 1, 4 / 7, 0]
    frame["rate"] = frame["cases"] / frame["population"] * 1e5
    frame["simulated"] = True
    return frame.assign(**changes)


def tiles(value: float = 5.0, simulated: bool = True) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "indicator": ["epidemic.new_cases"],
            "location": [CITY],
            "freq": ["W"],
            "date": [WEEKS[1]],
            "value": [value],
            "previous": [np.nan],
            "data_date": [pd.Timestamp("2021-10-21")],
            "history": [np.array([3.0, np.nan, 4.0, 5.0])],
            "simulated": [simulated],
        }
    )


@pytest.fixture(scope="module")
def shapes() -> pd.DataFrame:
    from ioc_analytics.lake.store import Store

    return ward_shapes(Store("nothing/here"))


@pytest.fixture
def overview(shapes: pd.DataFrame) -> Callable[..., OverviewModel]:
    def make(
        weeks: pd.DataFrame | None = None,
        key_figures: pd.DataFrame | None = None,
        language: Language = VI,
    ) -> OverviewModel:
        frames = {
            "wards_week": wards_week() if weeks is None else weeks,
            "tiles": tiles() if key_figures is None else key_figures,
            "ward_shapes": shapes,
        }
        return OverviewModel(frames, language)

    return make


LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)


def forecast_marts() -> dict[str, pd.DataFrame]:
    """Two indicators; cases in two places by two models, the worse one first in the mart."""
    ends = pd.date_range("2021-09-05", periods=8, freq="7D")
    keys = [("epidemic.new_cases", CITY), ("epidemic.new_cases", "79"), ("health.ili_share", "79")]
    series = pd.concat(
        pd.DataFrame(
            {
                "target": target,
                "location": place,
                "freq": "W",
                "target_end_date": ends,
                "observation": np.arange(8.0) + 10 * n,
                "coverage": [1.0] * 7 + [0.5 if place == CITY else 1.0],
                "simulated": target.startswith("epidemic"),
            }
        )
        for n, (target, place) in enumerate(keys)
    )
    made = pd.DataFrame(
        [
            (m, t, p, h, ends[-1] + pd.Timedelta(weeks=h + 1), "quantile", q, 100 * q + h, None)
            for t, p in keys
            for m in ("naive", "ets")
            for h in (0, 1)
            for q in LEVELS
        ],
        columns=[
            "model_id",
            "target",
            "location",
            "horizon",
            "target_end_date",
            "output_type",
            "output_type_id",
            "value",
            "note",
        ],
    )
    made["simulated"] = made["target"].str.startswith("epidemic")
    scores = pd.DataFrame(
        [
            (t, p, m, wis, wis / 10)
            for t, p in keys[:2]
            for m, wis in (("naive", 10.0), ("ets", 8.0 if p == CITY else 12.0))
        ],
        columns=["target", "location", "model_id", "wis", "relative_wis"],
    )
    scores = scores.assign(mae=9.0, coverage_50=0.5, coverage_95=0.95, n=40, n_common=40)
    scores = scores.assign(cutoffs=10, fallbacks=0, simulated=True)
    return {"series": series, "forecasts": made, "scores": scores}


def find(root: widgets.Widget, name: str) -> Any:
    """Return the one widget of a page that carries a class name."""

    def walk(part: widgets.Widget) -> Iterator[widgets.Widget]:
        yield part
        for child in getattr(part, "children", ()):
            yield from walk(child)

    found = [w for w in walk(root) if name in w._dom_classes]
    assert len(found) == 1, (name, found)
    return found[0]


def written(root: widgets.Widget) -> str:
    """Return the HTML of a whole page."""
    own = root.value if isinstance(root, widgets.HTML) else ""
    return own + "".join(written(child) for child in getattr(root, "children", ()))


def page_of(
    lake_marts: dict[str, pd.DataFrame], view: Any, monkeypatch: Any, query: str = ""
) -> Any:
    monkeypatch.setattr(pages, "open_marts", lambda *_: lake_marts)
    return view(None, query)


# -- the overview's model -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("complete_wards", "first"),
    [
        ((5, 5, 5), 2),
        ((5, 5, 3), 2),
        ((4, 5, 2), 1),
        ((4, 4, 2), 2),
        ((5, 0, 0), 0),
        ((1, 0, 1), 2),
    ],
)
def test_first_week_is_the_newest_with_half_of_the_most_complete_wards(
    overview, complete_wards, first
):
    weeks = pd.concat(
        wards_week().query("ward_code == @FIRST").assign(ward_code=c) for c in "abcde"
    )
    weeks = weeks.sort_values(["week", "ward_code"])
    weeks["coverage"] = np.concatenate(
        [np.where(np.arange(5) < n, 1, 6 / 7) for n in complete_wards]
    )
    assert overview(weeks).week == f"{WEEKS[first]:%Y-%m-%d}"


def test_without_any_complete_ward_the_newest_week_is_shown(overview):
    assert overview(wards_week(coverage=0.5)).week == "2021-10-18"


def test_another_week_shows_other_rows_highest_rate_first_missing_last(overview):
    model = overview()
    assert model.wards()["ward_code"].tolist() == [SECOND, FIRST, SILENT]
    assert model.wards()["cases"].tolist()[:2] == [12, 3]
    model.week = "2021-10-04"
    assert model.wards()["cases"].tolist()[:2] == [20, 1]
    assert np.isnan(model.wards()["rate"].iloc[-1])
    assert model.complete_wards() == 2


def test_another_ward_shows_its_course(overview):
    model = overview()
    assert model.course()["cases"].tolist()[:2] == [21, 32]  # of the wards that report
    model.ward = FIRST
    assert model.course()["cases"].tolist() == [1, 2, 3]
    assert model.place_name() == Language("vi").place(FIRST)


def test_an_incomplete_week_is_missing_in_the_course_and_never_a_fall(overview):
    model = overview()
    assert np.isnan(model.course()["cases"].iloc[-1])
    model.ward = SECOND
    assert np.isnan(model.course()["cases"].iloc[-1])


@pytest.mark.parametrize(
    ("wards_made_up", "tile_made_up", "told"),
    [(True, True, "all"), (False, True, "part"), (True, False, "part"), (False, False, "none")],
)
def test_what_is_simulated(overview, wards_made_up, tile_made_up, told):
    model = overview(wards_week(simulated=wards_made_up), tiles(simulated=tile_made_up))
    assert model.simulated == told


def test_a_missing_value_is_not_simulated(overview):
    model = overview(wards_week(simulated=False), tiles(value=np.nan, simulated=True))
    assert model.simulated == "none"


# -- the overview's page --------------------------------------------------------------------------


@pytest.fixture
def overview_page(shapes: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    def make(query: str = "", **frames: pd.DataFrame) -> Any:
        given = {"wards_week": wards_week(), "tiles": tiles(), "ward_shapes": shapes}
        return page_of(given | frames, view_overview, monkeypatch, query)

    return make


def row_of(page: widgets.Widget, name: str) -> list[str]:
    """Return the cells of a ward in the page's table."""
    body = find(page, "ioc-wards").value
    rows = [r for r in re.findall(r"<tr.*?</tr>", body) if f"<td>{name}</td>" in r]
    assert len(rows) == 1
    return re.findall(r"<td>(.*?)</td>", rows[0])


def test_missing_is_written_as_no_data_and_never_as_zero(overview_page):
    cells = row_of(overview_page(), "Phường Ba")
    assert cells[1:4] == ["–", NO_DATA, "–"]
    assert "0" not in "".join(cells[1:4])


def test_a_partial_week_is_at_least_so_many_and_says_of_how_many_days(overview_page):
    cells = row_of(overview_page(), "Phường Hai")
    assert cells[2:4] == ["≥ 60,0", "≥ 12"]
    assert "4/7" in cells[-1]


def test_a_ward_with_few_residents_is_marked(overview_page):
    assert "dân số nhỏ" in row_of(overview_page(), "Phường Ba")[-1]
    assert row_of(overview_page(), "Phường Một")[-1] == ""


def test_tiles_write_what_is_missing(overview_page):
    page = written(overview_page(tiles=tiles(value=np.nan)))
    tile = re.search(r"<section class='ioc-tile'>(.*?)</section>", page).group(1)
    assert NO_DATA in tile
    assert "kỳ trước" not in tile
    assert f"kỳ trước: {NO_DATA}" in written(overview_page())


@pytest.mark.parametrize(
    ("wards_made_up", "tile_made_up", "banner"),
    [(True, True, "simulated"), (False, True, "simulated_part"), (False, False, None)],
)
@pytest.mark.parametrize("language", [VI, EN], ids=["vi", "en"])
def test_the_banner(overview_page, wards_made_up, tile_made_up, banner, language):
    page = written(
        overview_page(
            f"lang={language.code}",
            wards_week=wards_week(simulated=wards_made_up),
            tiles=tiles(simulated=tile_made_up),
        )
    )
    told = {key for key in ("simulated", "simulated_part") if language.text(key) in page}
    assert told == ({banner} if banner else set())
    assert page.count("ioc-tag") == tile_made_up


def test_a_changed_week_changes_map_table_and_words(overview_page):
    page = overview_page()
    week, chart, table = (find(page, name) for name in ("ioc-week", "ioc-map", "ioc-wards"))
    before = (json.dumps(chart.spec), table.value, written(page))
    week.value = "2021-10-04"
    assert json.dumps(chart.spec) != before[0]
    assert table.value != before[1]
    assert "≥ 12" in before[1]
    assert "≥ 12" not in table.value
    assert "2 trong 34" in written(page)
    assert "1 trong 34" in before[2]


def test_a_click_on_a_ward_and_the_menu_are_the_same_choice(overview_page):
    page = overview_page()
    chart, trend, table, menu = (
        find(page, name) for name in ("ioc-map", "ioc-trend", "ioc-wards", "ioc-ward")
    )
    whole = trend.spec["title"]["text"]
    chart.selected = FIRST
    assert menu.value == FIRST
    assert VI.place(FIRST) in trend.spec["title"]["text"]
    assert [s["code"] for s in chart.spec["datasets"]["shapes"] if s["chosen"]] == [FIRST]
    assert "<tr class='ioc-chosen'><td>Phường Một" in table.value
    menu.value = SECOND
    assert chart.selected == SECOND
    menu.value = ""
    assert chart.selected == ""
    assert trend.spec["title"]["text"] == whole
    assert "ioc-chosen" not in table.value


def test_a_lake_with_wards_but_no_cases_has_a_page(overview_page):
    page = written(overview_page(wards_week=wards_week().iloc[:0], tiles=tiles(value=np.nan)))
    assert NO_DATA in page


@pytest.mark.parametrize("view", [view_overview, view_forecast, view_system])
@pytest.mark.parametrize("language", [VI, EN], ids=["vi", "en"])
def test_a_lake_without_marts_gets_one_clear_sentence(lake, view, language):
    page = view(lake, f"lang={language.code}")
    assert isinstance(page, widgets.HTML)
    assert language.text("not_built") in page.value
    assert "ioc build" in page.value


def test_an_empty_lake_that_was_built_has_both_pages(lake):
    lake.ingest(REFERENCE / "wards.csv", "geography.wards")
    marts.build(lake)
    assert open_marts(lake, "wards_week", "tiles") is not None
    page = written(view_overview(lake))
    assert NO_DATA in page
    assert not re.search(r"ioc-value'>0", page)
    assert VI.text("no_forecast") in written(view_forecast(lake))


# -- the forecast's model -------------------------------------------------------------------------


def test_the_first_choice_exists_and_is_the_best_model():
    model = ForecastModel(forecast_marts(), VI)
    assert (model.target, model.location, model.model_id) == ("epidemic.new_cases", CITY, "ets")
    assert model.models() == ["ets", "naive"]
    assert model.scoreboard()["model_id"].tolist() == ["ets", "naive"]


def test_another_place_selects_its_best_model():
    model = ForecastModel(forecast_marts(), VI)
    model.location = "79"
    assert model.model_id == "naive"


def test_another_indicator_selects_what_exists_there():
    model = ForecastModel(forecast_marts(), VI)
    assert model.locations() == [CITY, "79"]
    model.target = "health.ili_share"
    assert model.locations() == ["79"]
    assert (model.location, model.model_id in model.models()) == ("79", True)
    assert len(model.fan()) == 2
    assert model.score() is None


def test_every_choice_of_the_sample_has_a_forecast(demo_lake):
    model = ForecastModel(open_marts(demo_lake, "series", "forecasts", "scores"), VI)
    for target in model.targets():
        model.target = target
        for location in model.locations():
            model.location = location
            assert model.model_id == model.models()[0]
            wis = model.scoreboard().set_index("model_id")["wis"]
            assert wis.reindex(model.models()).dropna().is_monotonic_increasing
            for name in model.models():
                model.model_id = name
                assert len(model.fan())
                assert model.fan().notna().all(axis=None)


def test_a_fan_is_in_the_order_of_time_and_of_its_levels():
    fan = ForecastModel(forecast_marts(), VI).fan()
    assert fan["date"].is_monotonic_increasing
    columns = ["lo95", "lo80", "lo50", "median", "hi50", "hi80", "hi95"]
    assert (fan[columns].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert fan.loc[0, columns].tolist() == pytest.approx([100 * q for q in LEVELS])


def test_an_incomplete_period_is_shown_but_not_joined():
    frames = forecast_marts()
    model = ForecastModel(frames, VI)
    history = model.history()
    assert history["complete"].tolist() == [True] * 7 + [False]
    assert history["value"].iloc[-1] == 7
    assert model.data_date() == pd.Timestamp("2021-10-17")
    spec = pages._fan(model)
    assert spec["datasets"]["history"][-1]["value"] is None
    assert [row["value"] for row in spec["datasets"]["incomplete"]] == [7]


def test_a_period_that_is_not_in_the_mart_breaks_the_line():
    frames = forecast_marts()
    frames["series"] = frames["series"].drop(index=3)
    history = ForecastModel(frames, VI).history()
    assert np.isnan(history["value"].iloc[3])
    assert len(history) == 8


def test_simulated_follows_the_series_shown():
    model = ForecastModel(forecast_marts(), VI)
    assert model.simulated
    model.target = "health.ili_share"
    assert not model.simulated


# -- the forecast's page --------------------------------------------------------------------------


@pytest.fixture
def forecast_page(monkeypatch: pytest.MonkeyPatch) -> Any:
    return page_of(forecast_marts(), view_forecast, monkeypatch)


def chart_of(page: widgets.Widget) -> Any:
    return next(c for c in page.children if hasattr(c, "spec"))


def test_menus_offer_what_exists_and_follow_each_other(forecast_page):
    target, location, model_id = (
        find(forecast_page, f"ioc-menu-{n}") for n in ("target", "location", "model_id")
    )
    assert [code for _, code in location.options] == [CITY, "79"]
    target.value = "health.ili_share"
    assert [code for _, code in location.options] == ["79"]
    assert (location.value, model_id.value) == ("79", "naive")
    target.value = "epidemic.new_cases"
    assert location.value == "79"  # the place is kept where it is forecast too
    assert [code for _, code in location.options] == [CITY, "79"]


@pytest.mark.parametrize(
    ("menu", "value"),
    [("target", "health.ili_share"), ("location", "79"), ("model_id", "naive")],
)
def test_another_choice_changes_picture_sentences_and_table(forecast_page, menu, value):
    before = (json.dumps(chart_of(forecast_page).spec), written(forecast_page))
    find(forecast_page, f"ioc-menu-{menu}").value = value
    if menu != "model_id":  # the two models' forecasts are alike in these marts
        assert json.dumps(chart_of(forecast_page).spec) != before[0]
    assert written(forecast_page) != before[1]


def test_the_sentences_say_what_the_fan_shows(forecast_page):
    text = written(forecast_page)
    assert "Tuần 25/10 – 31/10/2021: dự báo khoảng 50 ca" in text.replace("\xa0", " ")
    assert "10 đến 90" in text.replace("\xa0", " ")
    assert "38 trong 40" in text  # 95 % of 40
    assert re.search(r"nhỏ hơn mô hình nền 20.%", text)


def test_a_series_that_was_not_tried_says_so(forecast_page):
    find(forecast_page, "ioc-menu-target").value = "health.ili_share"
    assert VI.text("no_score") in written(forecast_page)
    assert VI.text("simulated") not in written(forecast_page)


def test_a_model_that_fell_back_says_so(monkeypatch):
    frames = forecast_marts()
    frames["forecasts"]["note"] = "only 3 periods"
    assert VI.text("fell_back") in written(page_of(frames, view_forecast, monkeypatch))


# -- a system's model ------------------------------------------------------------------------------

SHARE, COUNT, CITY_ONLY = "health.bed_occupancy", "health.dengue_cases", "health.doctors_per_10k"


def figures(indicator: str, location: str, values: list[float], **columns: Any) -> pd.DataFrame:
    """The mart's rows of one indicator at one place, by week until 18/10/2021."""
    n = len(values)
    frame = pd.DataFrame(
        {
            "system": indicator.partition(".")[0],
            "indicator": indicator,
            "location": location,
            "freq": "W",
            "date": pd.date_range(end=WEEKS[-1], periods=n, freq="7D"),
            "value": values,
            "numerator": values,
            "denominator": 1.0,
            "n": 10,
            "coverage": 1.0,
            "state": None,
            "method": None,
            "basis": None,
            "green": np.nan,
            "amber": np.nan,
            "target": np.nan,
            "data_date": pd.Timestamp("2021-10-24"),
            "simulated": True,
        }
    )
    return frame.assign(**columns)


CUT = {"method": "cut", "basis": "proposed", "green": 85.0, "amber": 95.0}


def health_figures() -> pd.DataFrame:
    """A rate with thresholds, a count without, and one that is known of the province alone."""
    return pd.concat(
        [
            figures(SHARE, CITY, [80.0, 90, 99], **CUT, state=["green", "amber", "red"]),
            figures(SHARE, FIRST, [80.0, 84, 97], **CUT, state=["green", "green", "red"]),
            figures(SHARE, SECOND, [70.0, 91, 90], **CUT, state=["green", "amber", "amber"]),
            figures(COUNT, CITY, [30.0, 36, 7], denominator=np.nan, coverage=[1, 1, 0.5]),
            figures(COUNT, FIRST, [10.0, 12, 7], denominator=np.nan, coverage=[1, 1, 4 / 7]),
            figures(COUNT, SECOND, [20.0, 24, 9], denominator=np.nan),
            figures(CITY_ONLY, "79", [20.5], freq="M", basis="official", date=WEEKS[0]),
        ],
        ignore_index=True,
    )


def system_marts(shapes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    systems = pd.DataFrame(
        [
            ("traffic", "Giao thông", "Traffic", 12, 0, 4, 0, 0, pd.NaT, False),
            ("health", "Y tế", "Health", 25, 3, 6, 2, 12_345, pd.Timestamp("2021-10-24"), True),
        ],
        columns=["system", "vi", "en", "indicators", "with_data", "tables", "tables_held", "rows"]
        + ["last", "simulated"],
    )
    systems = systems.assign(first=systems["last"], known_on=systems["last"])
    readiness = pd.DataFrame(
        [
            (pd.Timestamp("2021-09-26"), "health", 99.0, 60.0, 99.0, 99.0, 60.0, "", ""),
            (pd.Timestamp("2021-10-24"), "health", 99.7, 80.0, 98.0, 100, 80.0, "thiếu", "lacks"),
            (pd.Timestamp("2021-10-24"), "traffic", *[np.nan] * 5, "chưa có dữ liệu", "no data"),
        ],
        columns=["as_of", "system", "completeness", "timeliness", "consistency", "uniqueness"]
        + ["overall", "note_vi", "note_en"],
    )
    found = [
        ("health", "health.beds_daily", "rejects", severity, place, day, n, f"vi {n}", f"en {n}")
        for n, (severity, place, day) in enumerate(
            [("error", FIRST, WEEKS[0])] + [("warning", None, pd.NaT)] * 11
        )
    ]
    columns = ["system", "table", "check", "severity", "location", "date", "n"]
    findings = pd.DataFrame(found, columns=[*columns, "message_vi", "message_en"])
    return {
        "systems": systems,
        "readiness": readiness,
        "findings": findings,
        "ward_shapes": shapes,
    }


@pytest.fixture
def health(shapes: pd.DataFrame) -> Callable[..., SystemModel]:
    def make(
        rows: pd.DataFrame | None = None, system: str = "", language: Language = VI
    ) -> SystemModel:
        every = health_figures() if rows is None else rows
        return SystemModel(
            system_marts(shapes), lambda s: every[every["system"] == s], language, system
        )

    return make


def test_the_first_system_is_the_one_asked_for_or_the_first_with_data(health):
    assert health().system == "health"
    assert health(system="nothing").system == "health"
    assert health(system="traffic").system == "traffic"
    assert health().system_names() == [
        (f"Giao thông ({NO_DATA})", "traffic"),
        ("Y tế", "health"),
    ]


def test_figures_are_asked_for_once_for_each_system(shapes):
    asked = []

    def ask(system: str) -> pd.DataFrame:
        asked.append(system)
        rows = health_figures()
        return rows[rows["system"] == system]

    model = SystemModel(system_marts(shapes), ask, VI)
    model.system = "traffic"
    model.system = "health"
    assert asked == ["health", "traffic"]


def test_the_newest_complete_value_stands_for_the_city(health):
    rows = health().overview().set_index("indicator")
    assert rows.loc[SHARE, ["value", "previous", "state"]].tolist() == [99, 90, "red"]
    assert rows.loc[COUNT, ["value", "previous"]].tolist() == [36, 30]  # the newest week is half
    assert rows.loc[COUNT, "date"] == WEEKS[1]
    assert rows.loc[CITY_ONLY, "location"] == "79"
    assert np.isnan(rows.loc[CITY_ONLY, "previous"])


def test_the_worst_states_come_first(health):
    assert health().overview()["indicator"].iloc[0] == SHARE
    assert health().indicators()[0] != SHARE  # they are declared in another order


def test_a_value_after_a_missing_period_has_no_previous_one(health):
    rows = health_figures().drop(index=1)  # the city's second week
    overview = health(rows).overview().set_index("indicator")
    assert np.isnan(overview.loc[SHARE, "previous"])
    assert overview.loc[SHARE, "value"] == 99


def test_where_no_period_is_complete_the_newest_stands_and_says_so(health):
    rows = figures(COUNT, CITY, [5.0, 6.0], coverage=0.5)
    row = health(rows).overview().iloc[0]
    assert (row["value"], row["complete"]) == (6, False)


def test_another_indicator_selects_its_newest_period_and_keeps_the_ward(health):
    model = health()
    model.ward = FIRST
    model.indicator = COUNT
    assert model.period == "2021-10-11"  # in the newest week one place of three is complete
    assert (model.ward, model.place) == (FIRST, FIRST)
    model.indicator = CITY_ONLY
    assert (model.period, model.place) == ("2021-10-04", "79")
    assert not model.has_wards


def test_a_course_has_a_gap_where_a_period_is_absent(health):
    model = health(health_figures().drop(index=1))
    model.indicator = SHARE
    course = model.course()
    assert course["date"].tolist() == list(WEEKS)
    assert np.isnan(course["value"].iloc[1])
    assert course["complete"].tolist() == [True, False, True]
    assert course["green"].tolist() == [85] * 3


def test_wards_come_worst_first_and_those_without_data_last(health):
    model = health()
    model.indicator = SHARE
    rows = model.wards()
    assert len(rows) == 34
    assert rows["ward_code"].tolist()[:2] == [FIRST, SECOND]
    assert rows["band"].tolist()[:3] == [3, 2, 0]
    assert rows["value"].isna().tolist() == [False] * 2 + [True] * 32
    model.period = "2021-10-11"
    assert model.wards()["ward_code"].tolist()[:2] == [SECOND, FIRST]


@pytest.mark.parametrize(("direction", "first"), [("lower", SECOND), ("higher", FIRST)])
def test_what_is_worse_depends_on_the_indicator(health, monkeypatch, direction, first):
    real = sectors.indicators()
    changed = real | {COUNT: replace(real[COUNT], direction=direction)}
    monkeypatch.setattr(sectors, "indicators", lambda: changed)
    model = health()
    model.indicator = COUNT
    assert model.wards()["ward_code"].iloc[0] == first


def test_a_sum_of_some_days_is_a_lower_bound_and_a_ratio_is_not(health):
    model = health()
    model.indicator, model.period = COUNT, "2021-10-18"
    rows = model.wards().set_index("ward_code")
    assert rows.loc[[FIRST, SECOND], "partial"].tolist() == [True, False]
    part = health_figures()
    part.loc[part["indicator"] == SHARE, "coverage"] = 0.5
    model = health(part)
    model.indicator = SHARE
    assert not model.wards()["partial"].any()


def test_groups_are_cut_at_the_quartiles_as_far_as_they_differ(health):
    codes = ward_codes()
    many = [figures(COUNT, code, [float(n)]) for n, code in enumerate(codes[:8])]
    model = health(pd.concat(many, ignore_index=True))
    rows = model.wards()
    assert model.cuts(rows) == [2, 4, 5]
    bands = rows.set_index("ward_code")["band"]
    assert [bands[c] for c in codes[:9]] == [1, 1, 2, 2, 3, 4, 4, 4, 0]
    alike = pd.concat([figures(COUNT, c, [0.0]) for c in codes[:8]], ignore_index=True)
    model = health(alike)
    assert model.cuts(model.wards()) == []
    assert set(model.wards()["band"]) == {0, 1}


def test_decimals_follow_the_values(health):
    model = health(
        pd.concat(
            [
                figures(COUNT, CITY, [3.0, np.nan]),
                figures(SHARE, CITY, [91.234]),
                figures(CITY_ONLY, CITY, [1.234]),
            ]
        )
    )
    assert [model.digits(i) for i in (COUNT, SHARE, CITY_ONLY, "health.none")] == [0, 1, 2, 0]


@pytest.mark.parametrize(
    ("marks", "told"), [((True, True), "all"), ((True, False), "part"), ((False, False), "none")]
)
def test_what_of_a_system_is_simulated(health, marks, told):
    rows = [
        figures(i, CITY, [1.0], simulated=mark)
        for i, mark in zip((SHARE, COUNT), marks, strict=True)
    ]
    assert health(pd.concat(rows, ignore_index=True)).simulated == told


# -- a system's page -------------------------------------------------------------------------------


@pytest.fixture
def system_page(shapes: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    def make(query: str = "", rows: pd.DataFrame | None = None) -> Any:
        from ioc_analytics.views import system

        every = health_figures() if rows is None else rows

        class _Lake:
            def mart(self, _: str, where: dict[str, str]) -> pd.DataFrame:
                return every[every["system"] == where["system"]]

        monkeypatch.setattr(system, "open_marts", lambda *_: system_marts(shapes))
        return view_system(_Lake(), query)  # type: ignore[arg-type]

    return make


def cells_of(page: widgets.Widget, part: str, name: str) -> list[str]:
    """Return the cells of the row of a table that begins with a name."""
    rows = re.findall(r"<tr.*?</tr>", find(page, part).value)
    return next(c for r in rows if (c := re.findall(r"<td>(.*?)</td>", r)) and c[0] == name)


def test_an_indicator_says_state_threshold_change_and_what_it_rests_on(system_page):
    cells = cells_of(system_page(), "ioc-states", sectors.indicator(SHARE).name_vi)
    assert cells[1:4] == [
        "99 %",
        "■ không đạt",
        "đạt: ≤ 85, cần chú ý: ≤ 95 (đề xuất*)",
    ]
    assert cells[4] == "↑ +9 xấu hơn"
    assert cells[5:] == ["tuần 18/10 – 24/10/2021", "24/10/2021", "10", "100 %"]
    assert VI.text("proposed_help") in find(system_page(), "ioc-states").value


def test_an_indicator_without_thresholds_is_not_judged(system_page):
    cells = cells_of(system_page(), "ioc-states", sectors.indicator(COUNT).name_vi)
    assert cells[2:4] == ["–", "không có ngưỡng"]


def test_a_figure_of_the_province_is_not_passed_off_as_the_citys(system_page):
    page = find(system_page(), "ioc-states").value
    assert f"{sectors.indicator(CITY_ONLY).name_vi} (số liệu của {VI.place('79')})" in page


def test_readiness_is_told_in_numbers_and_words_and_never_rounded_up(system_page):
    head = find(system_page(), "ioc-head").value
    assert "<b>99</b>" in head
    assert "80/100" in head
    assert "dùng được, cần thận trọng" in head
    assert "thiếu." in head
    assert "12.345 dòng" in head


def test_the_ten_worst_findings_are_listed_and_how_many_more_there_are(system_page):
    found = find(system_page(), "ioc-findings").value
    assert len(re.findall(r"<tr><td>", found)) == 10
    assert found.index("■ lỗi") < found.index("▲ cảnh báo")
    assert "và 2 vấn đề khác" in found
    assert VI.place(FIRST) in found
    assert "NaT" not in found


@pytest.mark.parametrize("language", [VI, EN], ids=["vi", "en"])
def test_a_system_without_data_is_one_plain_sentence(system_page, language):
    page = system_page(f"system=traffic&lang={language.code}")
    head = find(page, "ioc-head").value
    name = "Giao thông" if language is VI else "Traffic"
    assert language.text("system_empty", name=name) in head
    assert find(page, "ioc-detail").layout.display == "none"
    assert find(page, "ioc-states").value == find(page, "ioc-findings").value == ""
    find(page, "ioc-menu-system").value = "health"
    assert find(page, "ioc-detail").layout.display is None
    assert "ioc-meter" in find(page, "ioc-head").value


def test_a_system_with_rows_but_no_figures_says_so(system_page):
    page = system_page(rows=health_figures().iloc[:0])
    assert VI.text("system_no_figures", name="Y tế") in find(page, "ioc-head").value


def test_another_indicator_changes_chart_map_table_and_the_row_marked(system_page):
    page = system_page()
    menu, trend, chart, table = (
        find(page, n) for n in ("ioc-menu-indicator", "ioc-trend", "ioc-map", "ioc-wards")
    )
    menu.value = COUNT
    before = (json.dumps(trend.spec), json.dumps(chart.spec), table.value)
    menu.value = SHARE
    after = (json.dumps(trend.spec), json.dumps(chart.spec), table.value)
    assert all(one != other for one, other in zip(before, after, strict=True))
    name = sectors.indicator(SHARE).name_vi
    assert f"<tr class='ioc-chosen'><td>{name}" in find(page, "ioc-states").value
    assert name in trend.spec["title"]["text"]


def test_an_indicator_without_wards_has_no_map_but_a_sentence(system_page):
    page = system_page()
    find(page, "ioc-menu-indicator").value = CITY_ONLY
    assert find(page, "ioc-map").layout.display == "none"
    assert VI.text("no_wards") in written(find(page, "ioc-detail"))
    find(page, "ioc-menu-indicator").value = SHARE
    assert find(page, "ioc-map").layout.display is None


def test_a_ward_is_chosen_on_the_map_or_in_the_menu_of_a_system(system_page):
    page = system_page()
    chart, trend, table, menu = (
        find(page, name) for name in ("ioc-map", "ioc-trend", "ioc-wards", "ioc-ward")
    )
    chart.selected = FIRST
    assert menu.value == FIRST
    assert VI.place(FIRST) in trend.spec["title"]["text"]
    assert f"<tr class='ioc-chosen'><td>{VI.place(FIRST)}" in table.value
    menu.value = ""
    assert chart.selected == ""
    assert "ioc-chosen" not in table.value


def test_another_period_changes_the_map_and_the_wards(system_page):
    page = system_page()
    find(page, "ioc-menu-indicator").value = SHARE
    period, table = find(page, "ioc-week"), find(page, "ioc-wards")
    assert [value for _, value in period.options] == [f"{w:%Y-%m-%d}" for w in WEEKS]
    before = table.value
    period.value = "2021-10-04"
    assert table.value != before
    assert "tuần 04/10 – 10/10/2021" in find(page, "ioc-map").spec["title"]["text"]


def test_the_map_of_states_has_their_words_and_no_fourth_band(system_page):
    page = system_page()
    find(page, "ioc-menu-indicator").value = SHARE
    fill = find(page, "ioc-map").spec["layer"][0]["encoding"]["fill"]["scale"]
    assert fill["domain"] == [NO_DATA, "1: đạt", "2: cần chú ý", "3: không đạt"]
    assert len(fill["range"]) == 4


def test_a_missing_ward_is_written_as_no_data(system_page):
    page = system_page()
    find(page, "ioc-menu-indicator").value = COUNT
    find(page, "ioc-week").value = "2021-10-18"
    cells = cells_of(page, "ioc-wards", VI.place(SILENT))
    assert cells[1:5] == [NO_DATA, "–", "–", "–"]
    partial = cells_of(page, "ioc-wards", VI.place(FIRST))
    assert partial[1] == "≥ 7"
    assert "57 %" in partial[-1]


def test_the_systems_page_says_what_is_simulated(system_page):
    assert VI.text("simulated") in written(system_page())
    assert VI.text("simulated") not in written(
        system_page(rows=health_figures().assign(simulated=False))
    )
    some = health_figures()
    some.loc[some["indicator"] == COUNT, "simulated"] = False
    page = written(system_page(rows=some))
    assert VI.text("simulated_part") in page
    assert f"{sectors.indicator(SHARE).name_vi} (mô phỏng)" in page


def test_a_system_page_in_english_has_no_vietnamese_words(system_page):
    page = written(system_page("lang=en"))
    for key in ("no_data", "state_red", "no_threshold", "proposed", "ready_some"):
        assert VI.text(key) not in page
    assert "■ off target" in page
    assert "en 0" in page


def test_hostile_words_of_a_system_are_text(shapes, system_page, monkeypatch):
    real = system_marts

    def hostile(shapes: pd.DataFrame) -> dict[str, pd.DataFrame]:
        frames = real(shapes)
        frames["systems"]["vi"] = HOSTILE
        frames["findings"]["message_vi"] = HOSTILE
        frames["readiness"]["note_vi"] = HOSTILE
        return frames

    monkeypatch.setitem(globals(), "system_marts", hostile)
    assert "<img" not in written(system_page())


# -- pages whose marts are still being built -------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "view"),
    [("overview", view_overview), ("system", view_system), ("forecast", view_forecast)],
)
def test_a_page_waits_for_each_of_its_marts_and_for_no_other(demo_copy, page, view):
    others = {m.name for m in marts.MARTS} - set(marts.PAGES[page])
    for name in others:
        shutil.rmtree(Path(demo_copy.path, "marts", name))
    assert not isinstance(view(demo_copy), widgets.HTML)
    for name in marts.PAGES[page]:
        folder = Path(demo_copy.path, "marts", name)
        folder.rename(folder.with_name("_"))
        assert "tải lại trang sau ít phút" in view(demo_copy).value
        folder.with_name("_").rename(folder)


# -- budgets --------------------------------------------------------------------------------------


def test_how_long_a_callback_takes(demo_lake, capsys):
    page, timings = view_overview(demo_lake), {}
    week = find(page, "ioc-week")
    for _, value in week.options[:4]:
        began = time.perf_counter()
        week.value = value
        timings["week"] = time.perf_counter() - began
    page = view_forecast(demo_lake)
    for name in ("model_id", "location", "target"):
        menu = find(page, f"ioc-menu-{name}")
        began = time.perf_counter()
        menu.value = menu.options[-1][1]
        timings[name] = time.perf_counter() - began
    page = view_system(demo_lake)
    for name in ("ioc-menu-indicator", "ioc-ward", "ioc-week", "ioc-menu-system"):
        menu = find(page, name)
        for _, value in menu.options[-3:]:
            began = time.perf_counter()
            menu.value = value
            timings[name] = max(timings.get(name, 0), time.perf_counter() - began)
    with capsys.disabled():
        told = ", ".join(f"{name} {1000 * t:.0f} ms" for name, t in timings.items())
        print(f"\ncallbacks (budget 200 ms): {told}")


def test_a_page_needs_no_library_that_computes():
    heavy = "statsforecast prophet statsmodels numba sklearn lightgbm pandera geopandas esda"
    code = (
        "import sys, ioc_analytics.views.pages\n"
        f"print(sorted(set('{heavy}'.split()) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr


# -- hostile names --------------------------------------------------------------------------------


def test_a_hostile_ward_name_is_text(overview_page):
    frame = wards_week(name=HOSTILE, population_basis="estimate")
    assert "<img" not in written(overview_page(wards_week=frame))
    assert "&lt;img" in written(overview_page(wards_week=frame))


def test_a_hostile_indicator_is_text(overview_page, monkeypatch):
    real = sectors.indicator

    def hostile(name: str) -> Any:
        return replace(real(name), name_vi=HOSTILE, name_en=HOSTILE, unit=HOSTILE)

    monkeypatch.setattr(sectors, "indicator", hostile)
    for text in (
        written(overview_page()),
        written(page_of(forecast_marts(), view_forecast, monkeypatch)),
    ):
        assert "<img" not in text
        assert 'onerror="' not in text  # nor out of an attribute


def test_a_hostile_model_is_text(monkeypatch):
    frames = forecast_marts()
    for name in ("forecasts", "scores"):
        frames[name]["model_id"] = frames[name]["model_id"].replace("ets", HOSTILE)
    text = written(page_of(frames, view_forecast, monkeypatch))
    assert "<img" not in text
    assert "&lt;img" in text


# -- words ----------------------------------------------------------------------------------------


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_text_has_both_languages_with_the_same_placeholders(key):
    vi, en = TEXTS[key]
    assert vi.strip()
    assert en.strip()
    assert placeholders(vi) == placeholders(en)
    assert vi != en or not vi.strip(string.punctuation + " ")


def test_every_text_is_used_and_every_used_text_exists():
    used: set[str] = set()
    for file in Path(pages.__file__).parent.glob("*.py"):
        if file.name == "words.py":
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        constants = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant))
        used |= {c for c in constants if isinstance(c, str)}
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                if name == "text":
                    assert call.args[0].value in TEXTS
    built = ("model_", "band_", "state_", "severity_", "published", "estimate")  # put together
    built += ("official", "proposed")  # read from a mart
    assert {k for k in TEXTS if k not in used and not k.startswith(built)} == set()


def test_the_query_chooses_the_language_and_vietnamese_is_the_default():
    assert [language_of(q).code for q in (None, "", "lang=en", "a=1&lang=en", "lang=<x>")] == [
        "vi",
        "vi",
        "en",
        "en",
        "vi",
    ]


@given(st.floats(-1e12, 1e12), st.integers(0, 3))
def test_a_number_can_be_read_back(value, digits):
    for language, decimal, thousands in ((VI, ",", "."), (EN, ".", ",")):
        shown = language.number(value, digits)
        read = float(shown.replace(thousands, "").replace(decimal, "."))
        assert read == pytest.approx(float(f"{value:.{digits}f}"), abs=1e-12)
        assert not (read == 0 and shown.startswith("-"))


@given(st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1)))
def test_a_period_is_the_same_from_either_end(day):
    start = pd.Timestamp(day)
    month = start.replace(day=1)
    for language in (VI, EN):
        assert language.period_ending(start + pd.Timedelta(days=6), "W") == language.period(
            start, "W"
        )
        end = month + pd.offsets.MonthEnd(0)
        assert language.period_ending(end, "M") == language.period(month, "M")
        assert f"{start:%d/%m}" in language.period(start, "W")
        assert language.date(start) == f"{start:%d/%m/%Y}"


_SAME_IN_BOTH = ("%", "0–1", "°C", "µg/m³", "mm", "km/h", "km/km²")


@pytest.mark.parametrize("language", [VI, EN], ids=["vi", "en"])
def test_missing_is_words_in_every_form(language):
    told = language.text("no_data")
    assert language.number(float("nan")) == language.date(pd.NaT) == told
    assert language.period(pd.NaT, "W") == language.period_ending(pd.NaT, "M") == told


def test_every_unit_place_and_indicator_has_english(demo_lake: Lake):
    units = {i.unit for i in sectors.indicators().values()}
    for unit in units:
        assert EN.unit(unit) != unit or unit in _SAME_IN_BOTH, unit
    for _, rows in demo_lake.mart("series").groupby("target"):
        assert sectors.indicator(rows["target"].iloc[0]).name("en").isascii()
