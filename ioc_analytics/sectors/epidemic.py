"""The city's COVID-19 application: what is counted each day, by place."""

from dataclasses import dataclass

from ioc_analytics.contracts import Column, Indicator, System, Table, location_columns

__all__ = ["CASE_RATE_CUTS", "INDICATORS", "SYSTEM", "TABLES", "Cut"]


@dataclass(frozen=True, slots=True)
class Cut:
    """A threshold of a rule, and whether the rule's text or a published use of it was read."""

    value: float
    verified: bool
    source: str


# New cases per 100,000 residents and week that begin bands 2, 3 and 4.
CASE_RATE_CUTS = (
    Cut(20, True, "4800/QĐ-BYT: band 1 is 0 – <20 (DOMAIN.md A.2, V16)"),
    Cut(50, False, "from memory (DOMAIN.md A.2)"),
    Cut(150, True, "4800/QĐ-BYT: top threshold (DOMAIN.md A.2, V17)"),
)

SYSTEM = System("epidemic", "Dịch bệnh", "COVID-19 application")

TABLES = (
    Table(
        name="epidemic.cases_daily",
        vi="Ca mắc và tử vong theo ngày",
        en="Cases and deaths by day",
        key=("date", "location"),
        date="date",
        columns=(
            Column("date", "date", "Ngày", required=True, aliases=("ngày công bố", "report_date")),
            *location_columns(),
            Column(
                "new_cases",
                "integer",
                "Ca mắc mới",
                unit="ca",
                aliases=("new_confirmed", "số ca mắc mới", "ca mới", "số ca mới", "số ca"),
                minimum=0,
                negatives_flagged=True,
            ),
            Column(
                "new_deaths",
                "integer",
                "Tử vong mới",
                unit="ca",
                aliases=("số ca tử vong", "tử vong", "tử vong trong ngày"),
                minimum=0,
                negatives_flagged=True,
            ),
            Column(
                "cumulative_cases",
                "integer",
                "Ca mắc cộng dồn",
                unit="ca",
                aliases=("cumulative_confirmed", "tổng số ca", "luỹ kế ca mắc"),
                minimum=0,
            ),
            Column(
                "cumulative_deaths",
                "integer",
                "Tử vong cộng dồn",
                unit="ca",
                aliases=("tổng số tử vong", "luỹ kế tử vong"),
                minimum=0,
            ),
            Column(
                "stringency_index",
                "number",
                "Chỉ số siết chặt (OxCGRT)",
                unit="0–100",
                minimum=0,
                maximum=100,
            ),
        ),
    ),
)

INDICATORS = (
    Indicator(
        id="epidemic.new_cases",
        name_vi="Ca COVID-19 mới",
        name_en="New COVID-19 cases",
        unit="ca",
        direction="lower",
        table="epidemic.cases_daily",
        numerator="new_cases",
        freq="D",
        count=True,
    ),
    Indicator(
        id="epidemic.case_rate",
        name_vi="Ca COVID-19 mới trên 100.000 dân",
        name_en="New COVID-19 cases per 100,000 residents",
        unit="ca/100.000 dân",
        direction="lower",
        table="epidemic.cases_daily",
        numerator="new_cases",
        denominator="population",
        scale=1e5,
        freq="D",
        reference="DOMAIN.md A.2, C1",
    ),
    Indicator(
        id="epidemic.new_deaths",
        name_vi="Tử vong do COVID-19",
        name_en="COVID-19 deaths",
        unit="ca",
        direction="lower",
        table="epidemic.cases_daily",
        numerator="new_deaths",
        freq="D",
        count=True,
    ),
)
