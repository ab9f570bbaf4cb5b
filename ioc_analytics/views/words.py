"""The words of the pages, in Vietnamese and in English, and units in English."""

from __future__ import annotations

__all__ = ["TEXTS", "UNITS_EN"]

TEXTS: dict[str, tuple[str, str]] = {
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
        "Hệ thống đang chuẩn bị số liệu cho trang này; hãy tải lại trang sau ít phút. Nếu vẫn chưa "
        "có, người quản trị cần chạy: ioc build",
        "The figures of this page are being prepared; reload the page in a few minutes. If nothing "
        "comes, an administrator should run: ioc build",
    ),
    "week_label": ("Tuần", "Week"),
    "period_week": ("tuần {start} – {end}", "week {start} – {end}"),
    "period_month": ("tháng {month}", "{month}"),
    "period_quarter": ("quý {quarter}/{year}", "quarter {quarter} of {year}"),
    "period_year": ("năm {year}", "{year}"),
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
    "system": ("Hệ thống", "System"),
    "system_silent": ("{name} (chưa có dữ liệu)", "{name} (no data)"),
    "system_empty": (
        "{name}: chưa có dữ liệu. Kho dữ liệu chưa nhận tệp nào của hệ thống này.",
        "{name}: no data. The lake has not received any file of this system.",
    ),
    "system_no_figures": (
        "{name}: kho có dữ liệu nhưng chưa tính được chỉ tiêu nào.",
        "{name}: the lake holds data, but no indicator could be computed yet.",
    ),
    "no_systems": ("Chưa khai báo hệ thống nào.", "No system is declared."),
    "holdings": (
        "{with_data}/{indicators} chỉ tiêu có nguồn số liệu; {tables_held}/{tables} bảng, {rows} "
        "dòng, từ {first} đến {last}; cập nhật ngày {known_on}.",
        "{with_data} of {indicators} indicators have a source; {tables_held} of {tables} tables, "
        "{rows} rows, from {first} to {last}; updated on {known_on}.",
    ),
    "readiness_title": ("Mức sẵn sàng của số liệu", "How ready the data are"),
    "completeness": ("Đầy đủ", "Complete"),
    "timeliness": ("Kịp thời", "Timely"),
    "consistency": ("Nhất quán", "Consistent"),
    "uniqueness": ("Không trùng lặp", "Without repeats"),
    "overall": ("Chung", "Overall"),
    "ready": ("dùng được", "fit for use"),
    "ready_some": ("dùng được, cần thận trọng", "usable with care"),
    "ready_not": ("chưa nên dùng để kết luận", "not yet fit for conclusions"),
    "ready_help": (
        "Điểm chung là điểm thấp nhất trong bốn mặt. Mốc 90 và 70 là đề xuất.",
        "Overall is the lowest of the four. The marks at 90 and 70 are proposed.",
    ),
    "readiness_course": ("điểm chung qua thời gian", "overall score over time"),
    "states_title": ("Chỉ tiêu của hệ thống {name}", "Indicators: {name}"),
    "value": ("Giá trị", "Value"),
    "state": ("Trạng thái", "State"),
    "state_green": ("● đạt", "● on target"),
    "state_amber": ("▲ cần chú ý", "▲ watch"),
    "state_red": ("■ không đạt", "■ off target"),
    "state_none": ("○ chưa đánh giá được", "○ not judged"),
    "no_threshold": ("không có ngưỡng", "no threshold"),
    "band_state_green": ("đạt", "on target"),
    "band_state_amber": ("cần chú ý", "watch"),
    "band_state_red": ("không đạt", "off target"),
    "threshold": ("Ngưỡng", "Threshold"),
    "threshold_cut": (
        "đạt: {sign} {green}, cần chú ý: {sign} {amber}",
        "on target: {sign} {green}, watch: {sign} {amber}",
    ),
    "threshold_one": ("đạt: {sign} {green}", "on target: {sign} {green}"),
    "threshold_chart": ("so với 12 kỳ trước", "against 12 periods before"),
    "target": ("mục tiêu {value}", "target {value}"),
    "official": ("chính thức", "official"),
    "proposed": ("đề xuất*", "proposed*"),
    "proposed_help": (
        "* Ngưỡng đề xuất để thảo luận, chưa được cơ quan có thẩm quyền ban hành.",
        "* Proposed for discussion; no authority has issued this threshold.",
    ),
    "change": ("So với kỳ trước", "Against the period before"),
    "change_better": ("tốt hơn", "better"),
    "change_worse": ("xấu hơn", "worse"),
    "change_same": ("không đổi", "no change"),
    "change_unknown": ("kỳ trước chưa có dữ liệu", "no data for the period before"),
    "data_day": ("Ngày", "Day"),
    "data_to": ("Dữ liệu đến", "Data up to"),
    "rows_n": ("Số dòng (n)", "Rows (n)"),
    "coverage": ("Đủ số liệu", "Coverage"),
    "partial": ("mới có {percent} % số liệu của kỳ", "only {percent} % of the period's data"),
    "of_place": ("số liệu của {place}", "figures of {place}"),
    "period": ("Kỳ", "Period"),
    "city_whole": ("Toàn thành phố", "Whole city"),
    "system_map_title": ("{name}, theo phường – {period}", "{name}, by ward – {period}"),
    "system_map_states": (
        "Màu, hoa văn và số 1–3 cho biết trạng thái so với ngưỡng. Bấm vào một phường để xem "
        "diễn biến.",
        "Colour, pattern and the numbers 1–3 show the state against the threshold. Click a ward to "
        "see its course.",
    ),
    "system_map_groups": (
        "Màu, hoa văn và số cho biết nhóm giá trị, chia theo tứ phân vị của các phường; nhóm cao "
        "chưa hẳn là xấu. Bấm vào một phường để xem diễn biến.",
        "Colour, pattern and numbers show groups of values, cut at the quartiles of the wards; a "
        "high group need not be a bad one. Click a ward to see its course.",
    ),
    "sum_partial": (
        "Dấu ≥: chưa đủ số liệu của kỳ, ít nhất chừng này.",
        "≥ means that part of the period is missing: at least this much.",
    ),
    "no_wards": (
        "Chỉ tiêu này không có số liệu theo phường.",
        "This indicator has no figures by ward.",
    ),
    "worst_first": (
        "Các phường, cần quan tâm nhất ở trên – {period}",
        "Wards, those most in need of attention first – {period}",
    ),
    "highest_first": (
        "Các phường, giá trị cao nhất ở trên – {period}",
        "Wards, highest value first – {period}",
    ),
    "findings_title": ("Vấn đề của số liệu", "What is wrong with the data"),
    "no_findings": ("Chưa phát hiện vấn đề nào.", "Nothing was found."),
    "findings_more": (
        "và {n} vấn đề khác; xem bằng: ioc quality",
        "and {n} more; see: ioc quality",
    ),
    "severity": ("Mức độ", "Severity"),
    "severity_error": ("■ lỗi", "■ error"),
    "severity_warning": ("▲ cảnh báo", "▲ warning"),
    "severity_note": ("○ ghi nhận", "○ note"),
    "table": ("Bảng", "Table"),
    "finding": ("Vấn đề", "Finding"),
}
UNITS_EN = {
    "0–1": "0–1",
    "bài": "posts",
    "bác sĩ/10.000 dân": "doctors/10,000",
    "ca": "cases",
    "ca/100.000 dân": "cases/100,000",
    "chỗ": "places",
    "chỗ/người": "places/person",
    "cơ sở/10.000 dân": "sites/10,000",
    "doanh nghiệp": "enterprises",
    "giáo viên/lớp": "teachers/class",
    "giường/10.000 dân": "beds/10,000",
    "giấy phép": "permits",
    "giờ": "hours",
    "giờ làm việc": "office hours",
    "học sinh/lớp": "pupils/class",
    "hồ sơ": "files",
    "km/km²": "km/km²",
    "lượt": "visits",
    "lượt/bài": "interactions/post",
    "lần": "times",
    "lỗi": "violations",
    "m²/người": "m²/resident",
    "ngày": "days",
    "người": "people",
    "người/10.000 dân": "people/10,000",
    "người/hộ": "people/household",
    "người/km²": "people/km²",
    "người/phòng": "people/room",
    "nhiệm vụ": "tasks",
    "phòng/10.000 dân": "rooms/10,000",
    "phút": "minutes",
    "phường": "wards",
    "phản ánh": "requests",
    "phản ánh/10.000 dân": "requests/10,000",
    "triệu đồng": "million VND",
    "tỷ đồng": "billion VND",
    "văn bản": "documents",
    "vụ": "incidents",
    "vụ/100.000 dân": "incidents/100,000",
    "xe/giờ": "vehicles/hour",
    "điểm": "points",
    "ổ dịch": "outbreaks",
}
