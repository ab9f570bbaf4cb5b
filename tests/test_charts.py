"""Chart specifications against golden files, and drawn without a browser.

`IOC_WRITE_EXPECTED=1 pytest tests/test_charts.py` writes the golden files anew; read their diff.
"""

import copy
import json
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from ioc_analytics.lake.boundaries import ward_shapes
from ioc_analytics.lake.store import Store
from ioc_analytics.places import places
from ioc_analytics.views import pages
from ioc_analytics.views.charts import (
    PATTERNS,
    fan_chart,
    sparkline,
    state_chart,
    to_svg,
    trend_chart,
    ward_map,
)
from ioc_analytics.views.i18n import Language

EXPECTED = Path(__file__).parent / "expected"
VI, EN = Language("vi"), Language("en")
ENDS = pd.date_range("2021-10-03", periods=6, freq="7D")
HISTORY = pd.DataFrame(
    {
        "date": ENDS[:4],
        "value": [1200.0, np.nan, 678.0, 430.0],
        "complete": [True, False, True, False],
    }
)
FAN = pd.DataFrame(
    {
        "date": ENDS[4:],
        "median": [600.0, 500.5],
        "lo50": [500.0, 400.0],
        "hi50": [700.0, 650.0],
        "lo80": [300.0, 200.0],
        "hi80": [1100.0, 1300.0],
        "lo95": [100.0, 0.0],
        "hi95": [2000.0, 2600.0],
    }
)
SQUARE = '{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]]]}'
BANDS = ["chưa có dữ liệu", "Nhóm 1", "Nhóm 2", "Nhóm 3", "Nhóm 4"]


def fan(language: Language = VI) -> dict[str, Any]:
    title = "Ca COVID-19 mới – Thủ Đức" if language is VI else "New cases"
    return fan_chart(HISTORY, FAN, title=title, unit=language.unit("ca"), language=language)


def states(
    higher: bool = True, language: Language = VI, bounds: tuple[float, float] = (98.0, 95.0)
) -> dict[str, Any]:
    """Four weeks, one missing and one incomplete; bounds from the second week on."""
    series = pd.DataFrame(
        {
            "date": pd.date_range("2021-09-27", periods=4, freq="7D"),
            "value": [97.0, np.nan, 93.5, 99.0],
            "complete": [True, False, True, False],
            "green": [np.nan, *[bounds[0]] * 3],
            "amber": [np.nan, *[bounds[1]] * 3],
        }
    )
    title = "Hồ sơ đúng hạn" if language is VI else "Files solved on time"
    return state_chart(series, title=title, unit="%", higher=higher, language=language)


def two_wards(selected: str = "26794") -> dict[str, Any]:
    wards = pd.DataFrame(
        {
            "ward_code": ["26794", "26797"],
            "name": ["Linh Xuân", "Bình Chiểu"],
            "band": [4, 0],
            "partial": [False, False],
            "tip": ["Linh Xuân: 160,0", "Bình Chiểu: chưa có dữ liệu"],
            "geometry": [SQUARE, SQUARE],
            "label_x": [5.0, 6.0],
            "label_y": [5.0, 6.0],
            "label_radius": [40.0, 20.0],
        }
    )
    return ward_map(wards, title="Ca mới theo phường", bands=BANDS, selected=selected)


def all_wards() -> dict[str, Any]:
    shapes = ward_shapes(Store("nothing/here"))
    wards = shapes.assign(
        name=[places()[c].name_vi for c in shapes["ward_code"]],
        band=[n % 5 for n in range(len(shapes))],
        partial=[n == 1 for n in range(len(shapes))],
        tip="",
    )
    return ward_map(wards, title="Ca COVID-19 mới trên 100.000 dân, theo phường", bands=BANDS)


def drawn(spec: dict[str, Any], language: Language = VI) -> ElementTree.Element:
    return ElementTree.fromstring(to_svg(spec, language))


def marks(svg: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    """Return the shapes of every mark of a kind, such as “shape” or “area”."""
    groups = (g for g in svg.iter() if f"mark-{kind} role-mark" in g.get("class", ""))
    return [e for g in groups for e in g if e.tag.endswith("path")]


# -- golden files ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("fan_chart", fan()),
        ("ward_map", two_wards()),
        ("state_chart", states()),
        (
            "trend_chart",
            trend_chart(
                HISTORY[["date", "value"]], title="Ca mới theo tuần", unit="ca", language=VI
            ),
        ),
    ],
)
def test_a_specification_is_as_recorded(name, spec):
    file = EXPECTED / f"{name}.json"
    if os.environ.get("IOC_WRITE_EXPECTED"):
        text = json.dumps(spec, ensure_ascii=False, indent=1)
        file.write_text(f"{text}\n", encoding="utf-8")
    assert json.loads(json.dumps(spec)) == json.loads(file.read_text(encoding="utf-8"))


# -- the fan --------------------------------------------------------------------------------------


def test_missing_and_incomplete_values_break_the_line():
    rows = fan()["datasets"]
    assert [r["value"] for r in rows["history"]] == [1200, None, 678, None]
    assert [r["value"] for r in rows["incomplete"]] == [430]
    assert [
        r["value"] for r in rows["history"] if r["date"] in {i["date"] for i in rows["fan"]}
    ] == []


def test_bands_lie_from_wide_to_narrow_under_the_lines():
    layers = fan()["layer"]
    fields = [(la["encoding"]["y"]["field"], la["encoding"]["y2"]["field"]) for la in layers[:3]]
    assert fields == [("lo95", "hi95"), ("lo80", "hi80"), ("lo50", "hi50")]
    assert [la["mark"]["type"] for la in layers] == ["area"] * 3 + ["line"] * 2 + ["point"]


def test_every_value_axis_has_its_unit_and_no_band_is_told_by_colour_alone():
    spec = fan()
    assert {la["encoding"]["y"]["title"] for la in spec["layer"]} == {"ca"}
    assert spec["description"]
    for row in spec["datasets"]["fan"]:
        assert row["tip"]  # the numbers in words, for the pointer and the screen reader


def test_tips_are_written_as_people_read_them():
    tips = [row["tip"] for row in fan()["datasets"]["fan"]]
    assert tips[1] == "07/11/2021: 500 ca (80 %: 200 – 1.300)"
    assert fan(EN)["datasets"]["fan"][1]["tip"] == "07/11/2021: 500 cases (80 %: 200 – 1,300)"
    history = [row["tip"] for row in fan()["datasets"]["history"]]
    assert history[1] == "10/10/2021: chưa có dữ liệu"


def without_words(spec: Any) -> Any:
    """Return a specification with every text that people read taken out."""
    if isinstance(spec, dict):
        words = {"tip", "title", "description", "datum", "domain", "font"}
        return {k: without_words(v) for k, v in spec.items() if k not in words}
    return [without_words(v) for v in spec] if isinstance(spec, list) else spec


def test_both_languages_have_the_same_chart_apart_from_words():
    assert fan() != fan(EN)
    assert without_words(fan()) == without_words(fan(EN))


def test_a_history_without_a_forecast_is_drawn():
    spec = fan_chart(HISTORY, FAN.iloc[:0], title="Không dự báo", unit="ca", language=VI)
    assert spec["datasets"]["fan"] == []
    assert len(marks(drawn(spec), "line")) >= 1


def test_dates_are_local_days():
    assert all(r["date"].endswith("T00:00:00") for rows in fan()["datasets"].values() for r in rows)
    assert "Z" not in json.dumps(fan()["datasets"])


# -- a line over the bands of its states -----------------------------------------------------------


def spans(spec: dict[str, Any]) -> dict[str, tuple[float, float]]:
    return {b["state"]: (b["from"], b["to"]) for b in spec["datasets"]["bands"]}


def test_bands_meet_at_the_bounds_whichever_way_is_better():
    high, low = spans(states()), spans(states(higher=False, bounds=(95.0, 98.0)))
    assert high["green"][0] == high["amber"][1] == 98
    assert high["amber"][0] == high["red"][1] == 95
    assert low["green"][1] == low["amber"][0] == 95
    assert low["amber"][1] == low["red"][0] == 98
    assert high["red"][0] < 93.5 < 99 < high["green"][1]


def test_bands_begin_when_the_bounds_were_in_force_and_are_named():
    for band in states()["datasets"]["bands"]:
        assert (band["date"][:10], band["end"][:10]) == ("2021-10-04", "2021-10-18")
    assert [b["label"] for b in states()["datasets"]["bands"]] == ["đạt", "cần chú ý", "không đạt"]


def test_a_missing_or_incomplete_period_breaks_the_line():
    data = states()["datasets"]
    assert [r["value"] for r in data["series"]] == [97, None, 93.5, None]
    assert [r["value"] for r in data["incomplete"]] == [99]
    assert data["series"][1]["tip"] == "tuần 04/10 – 10/10/2021: chưa có dữ liệu"
    assert data["incomplete"][0]["tip"].endswith("99 % (kỳ chưa đủ số liệu)")


def test_without_bounds_there_are_no_bands():
    spec = states(bounds=(np.nan, np.nan))
    assert "bands" not in spec["datasets"]
    assert len(marks(drawn(spec), "line")) >= 1


def test_one_bound_makes_two_bands():
    assert set(spans(states(bounds=(95.0, 95.0)))) == {"green", "red"}


def test_a_series_without_any_value_is_drawn_empty():
    series = pd.DataFrame(columns=["date", "value", "complete", "green", "amber"])
    spec = state_chart(series, title="", unit="%", higher=True, language=VI)
    assert drawn(spec).tag.endswith("svg")


def test_bands_are_drawn_under_the_line():
    svg = drawn(states())
    texts = ["".join(t.itertext()) for t in svg.iter() if t.tag.endswith("text")]
    assert {"đạt", "cần chú ý", "không đạt"} <= set(texts)
    assert len({r.get("fill") for r in marks(svg, "rect")}) == 3


# -- the map --------------------------------------------------------------------------------------


def test_band_is_told_by_colour_hatching_and_number():
    spec = two_wards()
    fill = spec["layer"][0]["encoding"]["fill"]
    assert fill["scale"]["domain"] == BANDS
    assert fill["scale"]["range"] == [f"url(#ioc-band-{n})" for n in range(5)]
    assert [n["number"] for n in spec["datasets"]["numbers"]] == ["4", "–"]
    patterns = re.findall(r'<pattern id="ioc-band-(\d)".*?</pattern>', PATTERNS)
    assert patterns == list("01234")
    fills = re.findall(r"<pattern.*?>(<rect.*?)</pattern>", PATTERNS)
    hatches = [re.sub(r"<rect.*?/>", "", f) for f in fills]
    assert len(set(hatches)) == len(set(fills)) == 5


def test_a_number_on_a_dark_band_is_light():
    spec = two_wards()
    assert [n["dark"] for n in spec["datasets"]["numbers"]] == [True, False]


def test_only_the_chosen_ward_is_outlined():
    for code in ("26794", "26797", ""):
        shapes = two_wards(code)["datasets"]["shapes"]
        assert [s["code"] for s in shapes if s["chosen"]] == ([code] if code else [])


@pytest.mark.parametrize(
    ("rate", "band"),
    [
        (float("nan"), 0),
        (0.0, 1),
        (19.999, 1),
        (20.0, 2),
        (49.999, 2),
        (50.0, 3),
        (149.999, 3),
        (150.0, 4),
        (9_999.0, 4),
    ],
)
def test_band_edges(rate, band):
    assert pages._band(rate) == band


@pytest.mark.parametrize("language", [VI, EN], ids=["vi", "en"])
def test_band_names_tell_their_edges_and_which_are_unverified(language):
    names = pages._band_names(language)
    assert names[0] == language.text("no_data")
    assert [n.split(": ")[1] for n in names[1:]] == [
        "0 – <20",
        "20 – <50*",
        "50* – <150",
        "≥ 150",
    ]


# -- drawn without a browser ----------------------------------------------------------------------


def test_a_map_is_drawn_with_every_ward_its_pattern_and_its_title():
    svg = drawn(all_wards())
    shapes = marks(svg, "shape")
    assert len(shapes) == 34
    assert {s.get("fill") for s in shapes} == {f"url(#ioc-band-{n})" for n in range(5)}
    assert {p.get("id") for p in svg.iter() if p.tag.endswith("pattern")} == {
        f"ioc-band-{n}" for n in range(5)
    }
    texts = ["".join(t.itertext()) for t in svg.iter() if t.tag.endswith("text")]
    assert "Ca COVID-19 mới trên 100.000 dân, theo phường" in texts
    assert set(BANDS) <= set(texts)
    assert "Long Phước" in texts


def test_a_ward_has_the_place_on_the_picture_that_it_has_on_the_map():
    svg = drawn(all_wards())
    at = {
        "".join(t.itertext()): [float(v) for v in re.findall(r"-?[\d.]+", t.get("transform"))][:2]
        for t in svg.iter()
        if t.tag.endswith("text") and t.get("transform")
    }
    assert at["Long Phước"][0] > at["Thảo Điền"][0]  # east is right
    assert at["Linh Xuân"][1] < at["Thạnh Mỹ Lợi"][1]  # north is up


def test_a_fan_is_drawn_with_three_bands_a_median_and_hollow_points():
    svg = drawn(fan())
    areas = marks(svg, "area")
    assert len(areas) == 3
    assert len({a.get("fill") for a in areas}) == 3
    assert any(line.get("stroke-dasharray") for line in marks(svg, "line"))
    assert [p.get("fill") for p in marks(svg, "symbol")].count("white") == 1
    texts = ["".join(t.itertext()) for t in svg.iter() if t.tag.endswith("text")]
    assert "Ca COVID-19 mới – Thủ Đức" in texts
    assert {"Khả năng 95 %", "Kỳ chưa đủ số liệu"} <= {t.replace("\xa0", " ") for t in texts}


def test_axis_numbers_follow_the_language():
    for language, shown in ((VI, "1.000"), (EN, "1,000")):
        texts = ["".join(t.itertext()) for t in drawn(fan(language), language).iter()]
        assert shown in texts


def test_drawing_changes_no_specification():
    spec = fan()
    before = copy.deepcopy(spec)
    to_svg(spec, VI)
    assert spec == before


# -- the tile's line ------------------------------------------------------------------------------


def strokes(values: list[float]) -> int:
    """Return how many separate strokes a sparkline has."""
    return len(re.findall("M", re.search(r' d="(.*?)"', sparkline(values, "x")).group(1)))


def test_a_sparkline_breaks_at_what_is_missing():
    assert strokes([1, 2, 3, 4]) == 1
    assert strokes([1, 2, np.nan, 4, 5]) == 2
    assert strokes([1, 2, np.nan, 4, np.nan, 6, 7]) == 3
    assert strokes([np.nan, 1, 2]) == 1


def test_a_sparkline_goes_up_where_values_rise():
    path = re.search(r' d="(.*?)"', sparkline([1, 2, 3], "x")).group(1)
    heights = [float(h) for h in re.findall(r"[ML][\d.]+ ([\d.]+)", path)]
    assert heights == sorted(heights, reverse=True)


@pytest.mark.parametrize("values", [[], [1.0], [np.nan] * 3, [1.0, np.nan, 2.0]])
def test_too_little_for_a_line_is_no_line(values):
    assert sparkline(values, "x") == ""


def test_a_flat_line_lies_in_the_middle():
    assert "M0.0 13.0" in sparkline([5, 5, 5], "x")


def test_a_hostile_label_stays_a_label():
    svg = ElementTree.fromstring(sparkline([1, 2], 'a" onload="x()"><b>'))
    assert "onload" not in svg.attrib
    assert svg.get("aria-label") == 'a" onload="x()"><b>'


def test_a_band_that_rests_on_some_days_only_is_a_lower_bound():
    numbers = [row["number"] for row in all_wards()["datasets"]["numbers"]]
    assert numbers[:4] == ["–", "≥1", "2", "3"]
