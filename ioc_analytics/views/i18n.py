"""Words, numbers and dates as people read them, in Vietnamese first and in English."""

from __future__ import annotations

import math
from urllib.parse import parse_qs

import pandas as pd

from ioc_analytics.places import places

__all__ = ["LANGUAGES", "Language", "language_of"]

LANGUAGES = ("vi", "en")

_TEXTS: dict[str, tuple[str, str]] = {
    "no_data": ("chưa có dữ liệu", "no data"),
    "simulated": (
        "DỮ LIỆU MÔ PHỎNG – không phải số liệu thật của thành phố.",
        "SIMULATED DATA – not real figures of the city.",
    ),
    "simulated_part": (
        "DỮ LIỆU MÔ PHỎNG ở các mục có nhãn “mô phỏng”; các mục khác là số liệu thật.",
        "SIMULATED DATA where an item is tagged “simulated”; the others are real figures.",
    ),
    "simulated_tag": ("mô phỏng", "simulated"),
    "not_built": (
        "Chưa có dữ liệu để hiển thị. Người quản trị cần chạy: ioc build",
        "There is nothing to show yet. An administrator should run: ioc build",
    ),
    "week_label": ("Tuần", "Week"),
    "period_week": ("tuần {start} – {end}", "week {start} – {end}"),
    "period_month": ("tháng {month}", "{month}"),
    "period_day": ("ngày {start}", "{start}"),
    "previous": ("kỳ trước: {value}", "period before: {value}"),
    "data_date": ("Dữ liệu đến {date}", "Data up to {date}"),
    "tiles_title": ("Chỉ số chính", "Key figures"),
    "map_title": (
        "Ca COVID-19 mới trên 100.000 dân trong tuần, theo phường",
        "New COVID-19 cases per 100,000 residents in the week, by ward",
    ),
    "map_schematic": (
        "Bản đồ lược đồ: hình phường được dựng từ tâm phường, không phải ranh giới thật.",
        "Schematic map: ward shapes are built from their centres, not real boundaries.",
    ),
    "map_surveyed": (
        "Ranh giới phường theo dữ liệu bản đồ đã nạp.",
        "Ward boundaries as loaded from map data.",
    ),
    "map_help": (
        "Màu, hoa văn và số 1–4 cho biết nhóm tỷ lệ; dấu ≥ nghĩa là chưa đủ 7 ngày số liệu; "
        "đây không phải cấp độ dịch. "
        "Bấm vào một phường để xem diễn biến.",
        "Colour, pattern and the numbers 1–4 show the band of the rate, ≥ that days are missing; "
        "this is not the official epidemic level. Click a ward to see its course.",
    ),
    "cut_unverified": ("mốc {value} chưa kiểm chứng", "the cut at {value} is unverified"),
    "band": ("Nhóm {n}: {span}", "Band {n}: {span}"),
    "band_short": ("Nhóm", "Band"),
    "ward": ("Phường", "Ward"),
    "every_ward": ("Tất cả các phường", "All wards"),
    "cases": ("Ca mới", "New cases"),
    "rate": ("Trên 100.000 dân", "Per 100,000"),
    "population": ("Dân số", "Residents"),
    "note": ("Ghi chú", "Note"),
    "published": ("công bố {year}", "published {year}"),
    "estimate": ("ước tính {year}", "estimate {year}"),
    "days_reported": (
        "mới có {n}/7 ngày: ít nhất chừng này",
        "only {n}/7 days reported: at least this many",
    ),
    "small_population": ("dân số nhỏ, tỷ lệ dao động mạnh", "few residents, the rate jumps"),
    "table_title": ("Các phường theo tỷ lệ ca mới", "Wards by rate of new cases"),
    "trend_title": ("Ca mới theo tuần – {place}", "New cases by week – {place}"),
    "all_wards": ("{n}/34 phường có báo cáo", "{n} of 34 wards that report"),
    "wards_reporting": (
        "{n} trong 34 phường có số liệu đủ 7 ngày trong tuần này",
        "{n} of 34 wards have all 7 days of this week",
    ),
    "indicator": ("Chỉ tiêu", "Indicator"),
    "place": ("Địa bàn", "Place"),
    "model": ("Mô hình", "Model"),
    "model_naive": ("Mô hình nền (giữ nguyên giá trị cuối)", "Baseline (last value stays)"),
    "model_seasonal_naive": ("Như cùng kỳ mùa trước", "As in the season before"),
    "model_ets": ("San bằng mũ (ETS)", "Exponential smoothing (ETS)"),
    "model_prophet": ("Xu hướng, mùa vụ, Tết (Prophet)", "Trend, season, Tết (Prophet)"),
    "history": ("Số liệu đã có", "Observed"),
    "incomplete": ("Kỳ chưa đủ số liệu", "Incomplete period"),
    "median": ("Dự báo giữa", "Median forecast"),
    "band_50": ("Khả năng 50 %", "50 % interval"),
    "band_80": ("Khả năng 80 %", "80 % interval"),
    "band_95": ("Khả năng 95 %", "95 % interval"),
    "forecast_sentence": (
        "{period}: dự báo khoảng {median} {unit}; nhiều khả năng (80 %) trong khoảng "
        "{low} đến {high}.",
        "{period}: about {median} {unit} expected; most likely (80 %) between {low} and {high}.",
    ),
    "score_title": (
        "Mô hình đã dự báo đúng đến đâu trong quá khứ?",
        "How well did the models forecast in the past?",
    ),
    "score_sentence": (
        "Thử lại trên {cutoffs} thời điểm trong quá khứ (chỉ dùng số liệu của các kỳ trước đó, "
        "theo bản mới nhất): dải 95 % của mô hình này chứa giá trị thật {hits} trong {n} lần dự "
        "báo. {comparison}",
        "Tried again at {cutoffs} past dates, using only the periods up to each, in their newest "
        "revision: the 95 % interval of this model held the true value in {hits} of {n} "
        "forecasts. {comparison}",
    ),
    "better": (
        "Sai số nhỏ hơn mô hình nền {percent} %.",
        "Its error is {percent} % smaller than the baseline's.",
    ),
    "worse": (
        "Sai số lớn hơn mô hình nền {percent} %: nên xem mô hình nền trước.",
        "Its error is {percent} % larger than the baseline's: look at the baseline first.",
    ),
    "no_comparison": (
        "Mô hình nền không sai lần nào nên không so sánh được.",
        "The baseline made no error, so there is nothing to compare with.",
    ),
    "same": ("Đây là mô hình nền để so sánh.", "This is the baseline for comparison."),
    "fell_back": (
        "Mô hình này chưa đủ số liệu để khớp nên mô hình nền được dùng thay.",
        "This model has too little data to be fitted; the baseline stands in for it.",
    ),
    "no_score": (
        "Chưa đủ số liệu để thử lại mô hình này trong quá khứ; hãy thận trọng.",
        "There is too little data to try this model on the past; be careful.",
    ),
    "no_forecast": (
        "Chưa đủ số liệu để dự báo chuỗi này.",
        "There is too little data to forecast this series.",
    ),
    "few_cutoffs": (
        "Số lần thử còn ít nên so sánh giữa các mô hình chưa chắc chắn.",
        "The trials are few, so the comparison of models is not certain.",
    ),
    "score_wis": ("Sai số dự báo (WIS)", "Forecast error (WIS)"),
    "score_relative": ("So với mô hình nền", "Against the baseline"),
    "score_mae": ("Sai lệch trung bình", "Mean absolute error"),
    "score_50": ("Dải 50 % chứa giá trị thật", "50 % interval held"),
    "score_95": ("Dải 95 % chứa giá trị thật", "95 % interval held"),
    "score_n": ("Số lần dự báo", "Forecasts"),
    "score_help": (
        "WIS càng nhỏ càng tốt. Dải 95 % nên chứa giá trị thật khoảng 95 % số lần.",
        "Smaller WIS is better. The 95 % interval should hold the true value about 95 % of times.",
    ),
    "best": ("tốt nhất", "best"),
    "fallbacks": (
        "{n}/{cutoffs} lần chưa đủ số liệu, mô hình nền thay",
        "baseline stood in {n} of {cutoffs} times",
    ),
}
_UNITS_EN = {
    "ca": "cases",
    "ca/100.000 dân": "cases/100,000",
    "tỷ đồng": "billion VND",
    "lượt": "visits",
    "người": "people",
}


class Language:
    """One language: its words, numbers and dates.

    Parameters
    ----------
    code : {"vi", "en"}

    Examples
    --------
    >>> Language("vi").number(12345.678, 1), Language("en").number(12345.678, 1)
    ('12.345,7', '12,345.7')
    >>> Language("vi").number(float("nan"))
    'chưa có dữ liệu'
    >>> Language("vi").date("2021-10-23")
    '23/10/2021'
    """

    def __init__(self, code: str) -> None:
        self.code = code if code in LANGUAGES else LANGUAGES[0]

    def text(self, key: str, **values: object) -> str:
        """Return the words for `key` with `values` filled in."""
        return _TEXTS[key][LANGUAGES.index(self.code)].format(**values)

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with this language's marks; a missing one in words, never 0."""
        if value is None or math.isnan(value):
            return self.text("no_data")
        shown = f"{value:,.{digits}f}"
        if float(value) == 0 or set(shown) <= set("-0.,"):
            shown = shown.removeprefix("-")
        return shown.translate(str.maketrans(",.", ".,")) if self.code == "vi" else shown

    def unit(self, unit: str) -> str:
        """Return a unit in this language."""
        return unit if self.code == "vi" else _UNITS_EN.get(unit, unit)

    def place(self, code: str) -> str:
        """Return a place's name in this language."""
        place = places()[code]
        return place.name_vi if self.code == "vi" else place.name_en

    def model(self, model_id: str) -> str:
        """Return a forecasting model in words; its id where there are none."""
        key = f"model_{model_id}"
        return self.text(key) if key in _TEXTS else model_id

    def date(self, day: object) -> str:
        """Return a day as day/month/year; a missing one in words."""
        stamp = pd.Timestamp(day)  # type: ignore[arg-type]
        return self.text("no_data") if stamp is pd.NaT else f"{stamp:%d/%m/%Y}"

    def period(self, start: object, freq: str) -> str:
        """Return a period in words, such as “tuần 18/10/2021 – 24/10/2021”."""
        first = pd.Timestamp(start)  # type: ignore[arg-type]
        if first is pd.NaT:
            return self.text("no_data")
        if freq == "M":
            return self.text("period_month", month=f"{first:%m/%Y}")
        last = first + pd.Timedelta(days=6 if freq == "W" else 0)
        key = "period_week" if freq == "W" else "period_day"
        return self.text(key, start=f"{first:%d/%m}", end=f"{last:%d/%m/%Y}")

    def period_ending(self, end: object, freq: str) -> str:
        """Return the period that ends on a day in words."""
        last = pd.Timestamp(end)  # type: ignore[arg-type]
        days = {"W": 6, "M": last.day - 1}.get(freq, 0) if last is not pd.NaT else 0
        return self.period(last - pd.Timedelta(days=days), freq)


def language_of(query: str | None) -> Language:
    """Return the language that a page's query asks for; Vietnamese by default.

    Examples
    --------
    >>> language_of("lang=en").code, language_of(None).code, language_of("lang=xx").code
    ('en', 'vi', 'vi')
    """
    return Language(parse_qs(query or "").get("lang", ["vi"])[-1])
