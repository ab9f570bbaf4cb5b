"""The socio-economic system: monthly figures, plans, enterprises, jobs and social support."""

from __future__ import annotations

from typing import Any, Literal

from ioc_analytics.contracts import Column, Identity, Indicator, System, Table, location_columns

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("economy", "Kinh tế – xã hội", "Socio-economic analysis")

_PLANNED = {
    "budget_revenue": ("Thu ngân sách nhà nước trên địa bàn", "Thu NSNN", "Thu ngân sách"),
    "budget_expenditure": ("Chi ngân sách địa phương", "Chi NS", "Chi ngân sách", "Chi NSĐP"),
    "public_investment": ("Giải ngân vốn đầu tư công", "Giải ngân đầu tư công", "Đầu tư công"),
    "retail": ("Tổng mức bán lẻ hàng hóa và doanh thu dịch vụ", "Tổng mức bán lẻ", "TMBL"),
    "exports": ("Kim ngạch xuất khẩu", "Xuất khẩu", "XK"),
    "imports": ("Kim ngạch nhập khẩu", "Nhập khẩu", "NK"),
    "fdi": ("Vốn FDI đăng ký", "FDI", "Thu hút FDI"),
    "jobs_created": ("Giải quyết việc làm", "Lao động được giải quyết việc làm"),
    "poor_households": ("Giảm hộ nghèo", "Hộ nghèo thoát nghèo"),
}
_STATUS = {
    "estimate": ("Ước", "Ước thực hiện", "ƯTH"),
    "preliminary": ("Sơ bộ",),
    "official": ("Chính thức", "Quyết toán"),
}
_PACKAGES = {
    "monthly_allowance": ("Trợ cấp xã hội hằng tháng", "Bảo trợ xã hội", "Trợ cấp xã hội"),
    "poor_households": ("Hộ nghèo, cận nghèo", "Hộ nghèo"),
    "informal_workers": ("Lao động tự do", "Lao động không giao kết hợp đồng"),
    "hardship": ("Người khó khăn do dịch", "Hoàn cảnh khó khăn do COVID-19"),
    "enterprises": ("Doanh nghiệp, hộ kinh doanh", "Hộ kinh doanh"),
}
_PERMITS = {
    "house": ("Nhà ở riêng lẻ", "Nhà ở"),
    "repair": ("Sửa chữa, cải tạo", "Sửa chữa"),
    "works": ("Công trình", "Công trình khác"),
}


def _count(name: str, vi: str, unit: str, *aliases: str, **rest: Any) -> Column:
    """Declare a count: whole and never negative."""
    return Column(name, "integer", vi, unit=unit, aliases=aliases, minimum=0, **rest)


def _amount(name: str, vi: str, *aliases: str, unit: str = "", **rest: Any) -> Column:
    """Declare a figure in the unit of its row; a clawed-back one may be negative."""
    return Column(name, "number", vi, unit=unit, aliases=aliases, **rest)


_MONTH = Column("month", "month", "Tháng", required=True, aliases=("kỳ", "kỳ báo cáo"))

TABLES = (
    Table(
        name="economy.monthly",
        vi="Chỉ tiêu kinh tế – xã hội theo tháng",
        en="Socio-economic figures by month",
        key=("month", "location", "series"),
        date="month",
        freq="M",
        due_days=75,
        columns=(
            _MONTH,
            *location_columns("geo", "khu vực"),
            Column("series", "text", "Chỉ tiêu", required=True, aliases=("mã chỉ tiêu",)),
            Column("value", "number", "Giá trị", aliases=("thực hiện",)),
            Column("unit", "text", "Đơn vị", required=True, aliases=("đơn vị tính", "đvt")),
        ),
    ),
    Table(
        name="economy.plan_monthly",
        vi="Thực hiện kế hoạch theo tháng",
        en="Plans and what was done of them, by month",
        key=("month", "location", "indicator_code"),
        date="month",
        freq="M",
        due_days=75,
        identities=(
            Identity(
                "actual <= cumulative",
                "Thực hiện trong tháng không quá luỹ kế từ đầu năm",
                "The month is part of the year so far",
            ),
        ),
        columns=(
            _MONTH,
            *location_columns("địa phương", "khu vực"),
            Column(
                "indicator_code",
                "text",
                "Chỉ tiêu",
                required=True,
                aliases=("mã chỉ tiêu", "tên chỉ tiêu"),
                allowed=_PLANNED,
            ),
            Column("unit", "text", "Đơn vị tính", required=True, aliases=("đơn vị", "đvt")),
            _amount("plan", "Kế hoạch năm", "dự toán", "dự toán năm", "kế hoạch", minimum=0),
            _amount("actual", "Thực hiện trong tháng", "thực hiện", "thực hiện tháng"),
            _amount("cumulative", "Luỹ kế từ đầu năm", "luỹ kế", "cộng dồn"),
            _amount("same_period_last_year", "Cùng kỳ năm trước", "cùng kỳ", "tháng cùng kỳ"),
            Column(
                "status",
                "text",
                "Tình trạng số liệu",
                aliases=("trạng thái", "loại số liệu"),
                allowed=_STATUS,
            ),
            Column(
                "source_agency", "text", "Cơ quan cung cấp", aliases=("nguồn", "cơ quan báo cáo")
            ),
        ),
    ),
    Table(
        name="economy.enterprises_monthly",
        vi="Doanh nghiệp theo tháng",
        en="Enterprises by month",
        key=("month", "location"),
        date="month",
        freq="M",
        due_days=45,
        identities=(
            Identity(
                "reopened <= idle_at_start + suspended",
                "Số hoạt động trở lại không quá số đang và mới tạm ngừng",
                "No more re-opened than were idle",
            ),
        ),
        columns=(
            _MONTH,
            *location_columns(),
            _count("founded", "Thành lập mới", "doanh nghiệp", "DN thành lập mới", "đăng ký mới"),
            _count("dissolved", "Giải thể", "doanh nghiệp", "DN giải thể"),
            _count("suspended", "Tạm ngừng", "doanh nghiệp", "tạm ngừng hoạt động"),
            _count("reopened", "Hoạt động trở lại", "doanh nghiệp", "quay lại hoạt động"),
            _count(
                "idle_at_start",
                "Đang tạm ngừng đầu tháng",
                "doanh nghiệp",
                "số đang tạm ngừng đầu kỳ",
            ),
        ),
    ),
    Table(
        name="economy.support_payments",
        vi="Danh sách chi hỗ trợ an sinh",
        en="Social support lists and payments",
        key=("list_id",),
        date="approved_on",
        events=True,
        freq="D",
        due_days=31,
        identities=(
            Identity(
                "persons_paid <= persons_listed",
                "Số người đã chi không quá số người được duyệt",
                "No more persons paid than approved",
            ),
            Identity(
                "households_listed <= persons_listed",
                "Số hộ không quá số người",
                "No more households than persons",
            ),
            Identity(
                "paid_on is not null or coalesce(persons_paid, 0) = 0",
                "Đã chi thì có ngày chi",
                "What was paid has a day of payment",
            ),
        ),
        columns=(
            Column("list_id", "text", "Mã danh sách", required=True, aliases=("số danh sách",)),
            Column(
                "approved_on",
                "date",
                "Ngày duyệt",
                required=True,
                aliases=("ngày phê duyệt", "ngày quyết định"),
            ),
            *location_columns(),
            Column(
                "package",
                "text",
                "Gói hỗ trợ",
                required=True,
                aliases=("chính sách", "đối tượng", "loại hỗ trợ"),
                allowed=_PACKAGES,
            ),
            _count("households_listed", "Số hộ được duyệt", "hộ", "số hộ"),
            _count("persons_listed", "Số người được duyệt", "người", "số người", required=True),
            _count("persons_paid", "Số người đã chi", "người", "đã chi (người)", required=True),
            _amount(
                "amount_paid", "Số tiền đã chi", "kinh phí đã chi", unit="triệu đồng", minimum=0
            ),
            Column(
                "paid_on", "date", "Ngày chi", aliases=("ngày chi trả",), not_before="approved_on"
            ),
        ),
    ),
    Table(
        name="economy.jobs_monthly",
        vi="Lao động – việc làm theo tháng",
        en="Jobs by month",
        key=("month", "location"),
        date="month",
        freq="M",
        due_days=45,
        columns=(
            _MONTH,
            *location_columns(),
            _count("offered", "Nhu cầu tuyển dụng", "chỗ", "việc làm trống", "số chỗ làm trống"),
            _count("sought", "Người tìm việc", "người", "số người tìm việc", "nhu cầu tìm việc"),
            _count("filled", "Giới thiệu được việc làm", "người", "số người được nhận việc"),
        ),
    ),
    Table(
        name="economy.permits",
        vi="Giấy phép xây dựng",
        en="Building permits",
        key=("permit_id",),
        date="issued_on",
        events=True,
        freq="D",
        due_days=14,
        columns=(
            Column("permit_id", "text", "Số giấy phép", required=True, aliases=("mã giấy phép",)),
            Column("issued_on", "date", "Ngày cấp", required=True, aliases=("ngày cấp phép",)),
            *location_columns(),
            Column(
                "kind", "text", "Loại công trình", aliases=("loại giấy phép",), allowed=_PERMITS
            ),
            _amount("floor_area_m2", "Diện tích sàn", "tổng diện tích sàn", unit="m²", minimum=0),
        ),
    ),
)

_YOY = "% so với cùng kỳ"  # a rate of one month, not added up over months
_CHANGE: dict[str, Any] = {"unit": "%", "scale": 100, "offset": -100}


def _series(
    name: str,
    vi: str,
    en: str,
    unit: str,
    direction: Literal["higher", "lower", "neutral"] = "higher",
    stored: str = "",
) -> Indicator:
    """Declare a series by its unit in the files; a row in another unit is not measured."""
    return Indicator(
        id=f"economy.{name}",
        name_vi=vi,
        name_en=en,
        unit=unit,
        direction=direction,
        table="economy.monthly",
        numerator="value",
        where=f"series = '{name}' and unit = '{stored or unit}'",
        over_time="last" if stored else "sum",
        over_space="own" if stored else "sum",
        freq="M",
        reference="DOMAIN.md C.1",
    )


def _measure(
    table: str,
    name: str,
    vi: str,
    en: str,
    unit: str,
    numerator: str,
    *,
    freq: Literal["D", "M"] = "M",
    direction: Literal["higher", "lower", "neutral"] = "higher",
    **rest: Any,
) -> Indicator:
    return Indicator(
        id=f"economy.{name}",
        name_vi=vi,
        name_en=en,
        unit=unit,
        direction=direction,
        table=f"economy.{table}",
        numerator=numerator,
        freq=freq,
        reference="DOMAIN.md C.1",
        **rest,
    )


def _done(code: str, name: str, vi: str, en: str) -> Indicator:
    return _measure(
        "plan_monthly",
        f"{name}_plan_done",
        f"{vi}: tỷ lệ thực hiện kế hoạch năm",
        f"{en}: share of the year's plan done",
        "%",
        "cumulative",
        denominator="plan",
        scale=100,
        where=f"indicator_code = '{code}'",
        over_time="last",
    )


def _pace(code: str, name: str, vi: str, en: str) -> Indicator:
    """Declare the share of the plan done beside the share of the year gone; 1 is on schedule."""
    return _measure(
        "plan_monthly",
        f"{name}_pace",
        f"{vi}: nhịp độ so với thời gian",
        f"{en}: pace against the time elapsed",
        "lần",
        "cumulative",
        denominator='plan * extract(month from "month") / 12.0',
        where=f"indicator_code = '{code}'",
        over_time="last",
    )


def _growth(code: str, name: str, vi: str, en: str) -> Indicator:
    return _measure(
        "plan_monthly",
        f"{name}_vs_last_year",
        f"{vi} so với cùng kỳ năm trước",
        f"{en} against the same period a year before",
        numerator="actual",
        denominator="same_period_last_year",
        where=f"indicator_code = '{code}'",
        **_CHANGE,
    )


_REVENUE = ("budget_revenue", "revenue", "Thu ngân sách", "Budget revenue")
_INVESTMENT = ("public_investment", "disbursement", "Giải ngân đầu tư công", "Public investment")

INDICATORS = (
    _series("retail_sales", "Tổng mức bán lẻ", "Retail sales", "tỷ đồng"),
    _series(
        "state_budget_investment",
        "Vốn đầu tư từ ngân sách nhà nước",
        "Investment from the state budget",
        "tỷ đồng",
    ),
    _series("cpi_yoy", "CPI so với cùng kỳ", "CPI against a year ago", "%", "neutral", _YOY),
    _series(
        "iip_yoy",
        "Chỉ số sản xuất công nghiệp so với cùng kỳ",
        "Industrial production against a year ago",
        "%",
        "higher",
        _YOY,
    ),
    _done(*_REVENUE),
    _pace(*_REVENUE),
    _growth(*_REVENUE),
    _done(*_INVESTMENT),
    _pace(*_INVESTMENT),
    _growth("exports", "exports", "Kim ngạch xuất khẩu", "Exports"),
    _measure(
        "enterprises_monthly",
        "enterprises_founded",
        "Doanh nghiệp thành lập mới",
        "Enterprises founded",
        "doanh nghiệp",
        "founded",
        count=True,
    ),
    _measure(
        "enterprises_monthly",
        "enterprises_net",
        "Doanh nghiệp gia nhập trừ rút lui",
        "Enterprises entering less leaving",
        "doanh nghiệp",
        "founded + reopened - dissolved - suspended",
    ),
    _measure(
        "enterprises_monthly",
        "enterprises_reopened_share",
        "Tỷ lệ doanh nghiệp tạm ngừng hoạt động trở lại trong tháng",
        "Share of idle enterprises that re-opened in a month",
        "%",
        "reopened",
        denominator="idle_at_start",
        scale=100,
    ),
    _measure(
        "support_payments",
        "support_paid_share",
        "Tỷ lệ người được duyệt đã nhận hỗ trợ",
        "Share of approved persons whose support was paid",
        "%",
        "persons_paid",
        denominator="persons_listed",
        scale=100,
        freq="D",
    ),
    _measure(
        "support_payments",
        "support_amount",
        "Số tiền hỗ trợ an sinh đã chi",
        "Social support paid",
        "triệu đồng",
        "amount_paid",
        date="paid_on",
        direction="neutral",
        freq="D",
    ),
    _measure(
        "support_payments",
        "support_days",
        "Số ngày từ duyệt đến chi (trung vị)",
        "Median days from approval to payment",
        "ngày",
        "date_diff('day', approved_on, paid_on)",
        date="paid_on",
        direction="lower",
        over_time="median",
        freq="D",
    ),
    _measure(
        "jobs_monthly",
        "jobs_offered",
        "Nhu cầu tuyển dụng",
        "Jobs offered",
        "chỗ",
        "offered",
        count=True,
    ),
    _measure(
        "jobs_monthly",
        "jobs_per_seeker",
        "Chỗ làm trống trên mỗi người tìm việc",
        "Jobs offered per seeker",
        "chỗ/người",
        "offered",
        denominator="sought",
    ),
    _measure(
        "jobs_monthly",
        "jobs_filled_share",
        "Tỷ lệ người tìm việc được nhận việc",
        "Share of seekers who found a job",
        "%",
        "filled",
        denominator="sought",
        scale=100,
    ),
    _measure(
        "permits",
        "permits_issued",
        "Giấy phép xây dựng đã cấp",
        "Building permits issued",
        "giấy phép",
        "1",
        direction="neutral",
        freq="D",
        count=True,
    ),
)
