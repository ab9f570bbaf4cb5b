"""The socio-economic system: monthly figures of the statistics office."""

from ioc_analytics.contracts import Column, Indicator, Table, location_columns

__all__ = ["INDICATORS", "TABLES"]

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
            Column("unit", "text", "Đơn vị", aliases=("đơn vị tính", "đvt")),
        ),
    ),
)


def _series(
    name: str, vi: str, en: str, unit: str, direction: str = "higher", last: bool = False
) -> Indicator:
    return Indicator(
        id=f"economy.{name}",
        name_vi=vi,
        name_en=en,
        unit=unit,
        direction=direction,  # type: ignore[arg-type]
        table="economy.monthly",
        numerator="value",
        where=f"series = '{name}'",
        over_time="last" if last else "sum",
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
    _series("cpi_yoy", "CPI so với cùng kỳ", "CPI against a year ago", "%", "neutral", True),
    _series(
        "iip_yoy",
        "Chỉ số sản xuất công nghiệp so với cùng kỳ",
        "Industrial production against a year ago",
        "%",
        "higher",
        True,
    ),
)
