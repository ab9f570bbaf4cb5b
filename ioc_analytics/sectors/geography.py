"""Geographic information: wards, their boundaries, weather."""

from __future__ import annotations

from ioc_analytics.contracts import Column, Indicator, System, Table, location_columns

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

_WARD = (
    Column(
        "ward_code",
        "place",
        "Mã phường",
        required=True,
        aliases=("location",),
        place_level={"phường": "ward"},
    ),
    Column("name_vi", "text", "Tên phường", aliases=("tên",), names_place=True),
    Column("name_ascii", "text", "Tên không dấu"),
    Column("old_district", "text", "Quận cũ"),
    Column("area_km2", "number", "Diện tích", unit="km²", minimum=0),
)

SYSTEM = System("geography", "Bản đồ", "Geographic information")

TABLES = (
    Table(
        name="geography.wards",
        vi="Danh mục phường",
        en="Wards",
        key=("ward_code",),
        whole=True,
        requires_all_wards=True,
        columns=(
            *_WARD,
            Column("population", "integer", "Dân số", unit="người", required=True, minimum=0),
            Column(
                "population_basis",
                "text",
                "Nguồn dân số",
                required=True,
                allowed={"published": ("công bố",), "estimate": ("ước tính",)},
            ),
            Column("population_published", "integer", "Dân số công bố", unit="người", minimum=0),
            Column(
                "population_year",
                "integer",
                "Năm của dân số",
                aliases=("population_published_year",),
                minimum=1900,
                maximum=2100,
            ),
            Column("population_1999", "integer", "Dân số 1999", unit="người", minimum=0),
            Column("area_official_km2", "number", "Diện tích công bố", unit="km²", minimum=0),
            Column("lat", "number", "Vĩ độ", unit="°", required=True, minimum=8, maximum=24),
            Column("lon", "number", "Kinh độ", unit="°", required=True, minimum=102, maximum=118),
            Column("label_lat", "number", "Vĩ độ nhãn", unit="°", minimum=8, maximum=24),
            Column("label_lon", "number", "Kinh độ nhãn", unit="°", minimum=102, maximum=118),
            Column("density_per_km2", "number", "Mật độ dân số", unit="người/km²", minimum=0),
        ),
    ),
    Table(
        name="geography.boundaries",
        vi="Ranh giới phường",
        en="Ward boundaries",
        key=("ward_code",),
        whole=True,
        requires_all_wards=True,
        columns=(*_WARD, Column("geometry", "geometry", "Hình", required=True)),
    ),
    Table(
        name="geography.weather_daily",
        vi="Thời tiết theo ngày",
        en="Weather by day",
        key=("date", "location"),
        date="date",
        columns=(
            Column("date", "date", "Ngày", required=True),
            *location_columns(),
            Column("temp_c", "number", "Nhiệt độ", unit="°C", minimum=-10, maximum=60),
            Column("dewpoint_c", "number", "Điểm sương", unit="°C", minimum=-30, maximum=50),
            Column("rel_humidity_pct", "number", "Độ ẩm", unit="%", minimum=0, maximum=100),
            Column("rain_mm", "number", "Lượng mưa", unit="mm", minimum=0, maximum=2000),
            Column("pressure_kpa", "number", "Áp suất", unit="kPa", minimum=80, maximum=110),
            Column("wind_2m_ms", "number", "Gió ở 2 m", unit="m/s", minimum=0, maximum=120),
            Column("wind_10m_ms", "number", "Gió ở 10 m", unit="m/s", minimum=0, maximum=120),
            Column("uv_index", "number", "Chỉ số UV", minimum=0, maximum=30),
            Column("soil_moisture", "number", "Độ ẩm đất", minimum=0, maximum=1),
        ),
    ),
)


def _weather(name: str, vi: str, en: str, unit: str, column: str, mean: bool) -> Indicator:
    return Indicator(
        id=f"geography.{name}",
        name_vi=vi,
        name_en=en,
        unit=unit,
        direction="neutral",
        table="geography.weather_daily",
        numerator=column,
        denominator="1" if mean else None,
        freq="D",
    )


INDICATORS = (
    _weather("temperature", "Nhiệt độ trung bình", "Mean temperature", "°C", "temp_c", True),
    _weather(
        "humidity", "Độ ẩm trung bình", "Mean relative humidity", "%", "rel_humidity_pct", True
    ),
    _weather("rain", "Lượng mưa", "Rain", "mm", "rain_mm", False),
)
