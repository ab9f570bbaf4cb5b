"""What the city sets itself: thresholds that take the place of the ones delivered."""

from ioc_analytics.contracts import Column, Indicator, System, Table

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("settings", "Thiết lập", "Settings")

TABLES = (
    Table(
        name="settings.thresholds",
        vi="Ngưỡng đánh giá chỉ số",
        en="Thresholds of indicators",
        key=("indicator", "valid_from"),
        columns=(
            Column("indicator", "text", "Chỉ số", required=True, aliases=("mã chỉ số",)),
            Column(
                "method",
                "text",
                "Cách đánh giá",
                required=True,
                aliases=("phương pháp",),
                allowed={"cut": ("Ngưỡng",), "cchart": ("Biểu đồ kiểm soát", "c-chart")},
            ),
            Column("green", "number", "Ngưỡng xanh", aliases=("xanh",)),
            Column("amber", "number", "Ngưỡng vàng", aliases=("vàng",)),
            Column("target", "number", "Chỉ tiêu", aliases=("mục tiêu",)),
            Column(
                "basis",
                "text",
                "Cơ sở",
                required=True,
                aliases=("căn cứ",),
                allowed={"official": ("Chính thức",), "proposed": ("Đề xuất",)},
            ),
            Column("source", "text", "Nguồn", aliases=("văn bản",)),
            Column(
                "valid_from",
                "date",
                "Áp dụng từ",
                required=True,
                aliases=("hiệu lực từ", "ngày áp dụng"),
            ),
        ),
    ),
)

INDICATORS: tuple[Indicator, ...] = ()
