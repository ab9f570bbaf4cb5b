"""Models and pages without a browser: what is selected, what follows, what is written."""

import ast
import datetime as dt
import json
import re
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
