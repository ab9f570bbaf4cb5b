"""The health system: what clinics and hospitals report."""

from ioc_analytics.contracts import Column, Indicator, System, Table, location_columns

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("health", "Y tế", "Health")

TABLES = (
    Table(
        name="health.ili_weekly",
        vi="Hội chứng cúm theo tuần",
        en="Influenza-like illness by week",
        key=("week_start", "location"),
        date="week_start",
        columns=(
            Column(
                "week_start",
                "week",
                "Tuần bắt đầu",
                required=True,
                aliases=("ngày đầu tuần", "tuần từ ngày", "tuần"),
            ),
            *location_columns(),
            Column("reports", "integer", "Số báo cáo", aliases=("số phiếu",), minimum=0),
            Column("clinics", "integer", "Số phòng khám", minimum=0),
            Column("patients", "integer", "Lượt khám", unit="lượt", minimum=0),
            Column(
                "ili",
                "integer",
                "Ca hội chứng cúm",
                unit="ca",
                aliases=("số ca cúm", "ca cúm"),
                minimum=0,
            ),
            Column(
                "ili_pct",
                "number",
                "Tỷ lệ hội chứng cúm",
                unit="%",
                aliases=("tỷ lệ cúm (%)",),
                minimum=0,
                maximum=100,
            ),
        ),
    ),
)

INDICATORS = (
    Indicator(
        id="health.ili_cases",
        name_vi="Ca hội chứng cúm",
        name_en="Influenza-like illness cases",
        unit="ca",
        direction="lower",
        table="health.ili_weekly",
        numerator="ili",
        freq="W",
        count=True,
    ),
    Indicator(
        id="health.ili_share",
        name_vi="Tỷ lệ lượt khám có hội chứng cúm",
        name_en="Share of visits with influenza-like illness",
        unit="%",
        direction="lower",
        table="health.ili_weekly",
        numerator="ili",
        denominator="patients",
        scale=100,
        freq="W",
    ),
)
