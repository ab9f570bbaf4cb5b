"""The socio-economic system: monthly figures of the statistics office."""

from typing import Literal

from ioc_analytics.contracts import Column, Indicator, System, Table, location_columns

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("economy", "Kinh tế – xã hội", "Socio-economic analysis")

TABLES = (
    Table(
        name="economy.monthly",
        vi="Chỉ tiêu kinh tế – xã hội theo tháng",
        en="Socio-economic figures by month",
        key=("month", "location", "series"),
        date="month",
        columns=(
            Column("month", "month", "Tháng", required=True, aliases=("kỳ", "kỳ báo cáo")),
            *location_columns("geo", "khu vực"),
            Column("series", "text", "Chỉ tiêu", required=True, aliases=("mã chỉ tiêu",)),
            Column("value", "number", "Giá trị", aliases=("thực hiện",)),
            Column("unit", "text", "Đơn vị", required=True, aliases=("đơn vị tính", "đvt")),
        ),
    ),
)


_YOY = "% so với cùng kỳ"  # a rate of one month, not added up over months


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
        freq="M",
    )


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
)
