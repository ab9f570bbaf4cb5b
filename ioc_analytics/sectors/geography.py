"""Geographic information: wards, their boundaries and yearly profile, weather, map layers."""

from __future__ import annotations

from typing import Literal

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


def _count(name: str, vi: str, unit: str, *aliases: str) -> Column:
    return Column(name, "integer", vi, unit=unit, aliases=aliases, minimum=0)


_PROFILE = Table(
    name="geography.ward_profile",
    vi="Hồ sơ phường theo năm",
    en="Ward profile by year",
    key=("date", "location"),
    date="date",
    freq="Y",
    due_days=400,
    columns=(
        Column(
            "date",
            "date",
            "Ngày chốt số liệu",
            required=True,
            aliases=("ngày thống kê", "thời điểm"),
        ),
        *location_columns(),
        _count("residents", "Dân số", "người", "số dân", "population"),
        _count("households", "Số hộ", "hộ", "hộ dân"),
        Column(
            "area_km2", "number", "Diện tích", unit="km²", aliases=("diện tích km2",), minimum=0
        ),
        _count("lodging_rows", "Số dãy nhà trọ", "dãy", "dãy trọ", "khu nhà trọ"),
        _count("lodging_rooms", "Số phòng trọ", "phòng", "phòng cho thuê"),
        _count("lodging_residents", "Số người ở trọ", "người", "người thuê trọ"),
        _count("industrial_jobs", "Lao động trong khu công nghiệp", "người", "lao động KCN"),
        Column(
            "green_m2",
            "number",
            "Diện tích cây xanh",
            unit="m²",
            aliases=("diện tích công viên cây xanh", "cây xanh công cộng"),
            minimum=0,
        ),
        _count("schools", "Số trường học", "trường", "trường học"),
        _count("health_stations", "Số cơ sở y tế", "cơ sở", "cơ sở y tế", "trạm y tế"),
        Column("road_km", "number", "Chiều dài đường", unit="km", aliases=("km đường",), minimum=0),
    ),
)

_LAYER_ID = Column("layer_id", "text", "Mã lớp", required=True)
_EDITION = Column("edition", "text", "Phiên bản", required=True)

_LAYERS = Table(
    name="geography.layers",
    vi="Danh mục lớp bản đồ",
    en="Catalogue of map layers",
    key=("layer_id",),
    columns=(
        _LAYER_ID,
        Column("name_vi", "text", "Tên lớp", required=True),
        Column("name_en", "text", "Tên tiếng Anh"),
        Column("source", "text", "Nguồn", required=True),
        Column("date", "date", "Ngày của số liệu", required=True),
        Column(
            "audience",
            "text",
            "Đối tượng xem",
            required=True,
            allowed={
                "leader": ("Lãnh đạo",),
                "researcher": ("Nghiên cứu",),
                "analyst": ("Chuyên viên",),
                "investigator": ("Điều tra",),
                "admin": ("Quản trị",),
            },
        ),
        Column("colour", "text", "Màu"),
        Column(
            "symbol",
            "text",
            "Ký hiệu",
            allowed={
                "circle": ("tròn",),
                "square": ("vuông",),
                "triangle": ("tam giác",),
                "diamond": ("thoi",),
                "cross": ("chữ thập",),
                "star": ("sao",),
            },
        ),
        Column(
            "line",
            "text",
            "Nét",
            allowed={"solid": ("liền",), "dashed": ("đứt",), "dotted": ("chấm",)},
        ),
        Column(
            "geometry_kind",
            "text",
            "Loại hình",
            allowed={
                "point": ("điểm",),
                "line": ("đường",),
                "polygon": ("vùng",),
                "mixed": ("hỗn hợp",),
            },
        ),
        _count("features", "Số đối tượng", "đối tượng"),
        Column("crs_from", "text", "Hệ tọa độ gốc"),
        Column("operation", "text", "Phép chuyển tọa độ"),
        Column("accuracy_m", "number", "Độ chính xác", unit="m", minimum=0),
        Column("file", "text", "Tệp"),
        Column("sha256", "text", "SHA-256"),
        _EDITION,
        Column(
            "status",
            "text",
            "Trạng thái",
            required=True,
            allowed={"listed": ("hiển thị",), "unlisted": ("ẩn",)},
        ),
    ),
)

_FEATURES = Table(
    name="geography.features",
    vi="Đối tượng của lớp bản đồ",
    en="Features of map layers",
    key=("layer_id", "edition", "feature_id"),
    columns=(
        _LAYER_ID,
        _EDITION,
        Column(
            "feature_id",
            "text",
            "Mã đối tượng",
            required=True,
            aliases=("id", "fid", "objectid", "mã"),
        ),
        Column("name", "text", "Tên", aliases=("tên đối tượng", "name_vi", "tên gọi")),
        Column("category", "text", "Loại", aliases=("phân loại", "type", "loại đối tượng")),
        Column("properties", "text", "Thuộc tính (JSON)"),
        Column("geometry", "geometry", "Hình", unit="any", required=True),
    ),
)

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
            Column(
                "temp_max_c",
                "number",
                "Nhiệt độ cao nhất",
                unit="°C",
                aliases=("Tmax", "nhiệt độ tối cao"),
                minimum=-10,
                maximum=60,
            ),
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
    _PROFILE,
    _LAYERS,
    _FEATURES,
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
        over_space="own",
        reference="DOMAIN.md C.9",
    )


def _per(
    name: str,
    vi: str,
    en: str,
    unit: str,
    numerator: str,
    denominator: str,
    scale: float = 1.0,
    direction: Literal["higher", "lower", "neutral"] = "neutral",
) -> Indicator:
    """Return a rate of the ward profile: the year's newest figures, summed over wards."""
    return Indicator(
        id=f"geography.{name}",
        name_vi=vi,
        name_en=en,
        unit=unit,
        direction=direction,
        table="geography.ward_profile",
        numerator=numerator,
        denominator=denominator,
        scale=scale,
        freq="Y",
        over_time="last",
        reference="DOMAIN.md C.9",
    )


_HOT_C = 35  # the day's highest temperature, from which the weather service speaks of heat
_HEAVY_MM = 50  # the day's rain, from which it speaks of heavy rain
_10K = 10_000.0

INDICATORS = (
    _weather("temperature", "Nhiệt độ trung bình", "Mean temperature", "°C", "temp_c", True),
    _weather(
        "humidity", "Độ ẩm trung bình", "Mean relative humidity", "%", "rel_humidity_pct", True
    ),
    _weather("rain", "Lượng mưa", "Rain", "mm", "rain_mm", False),
    _weather(
        "hot_days",
        "Số ngày nắng nóng",
        "Hot days",
        "ngày",
        f"cast(temp_max_c >= {_HOT_C} as integer)",
        False,
    ),
    _weather(
        "heavy_rain_days",
        "Số ngày mưa to",
        "Days of heavy rain",
        "ngày",
        f"cast(rain_mm >= {_HEAVY_MM} as integer)",
        False,
    ),
    _per(
        "population_density",
        "Mật độ dân số",
        "Population density",
        "người/km²",
        "residents",
        "area_km2",
    ),
    _per(
        "household_size",
        "Số người trong một hộ",
        "Persons per household",
        "người/hộ",
        "residents",
        "households",
    ),
    _per(
        "lodging_rooms_rate",
        "Phòng trọ trên 10.000 dân",
        "Lodging rooms per 10,000 residents",
        "phòng/10.000 dân",
        "lodging_rooms",
        "residents",
        _10K,
    ),
    _per(
        "lodging_share",
        "Tỷ lệ người ở trọ",
        "Residents who live in lodgings",
        "%",
        "lodging_residents",
        "residents",
        100.0,
    ),
    _per(
        "lodging_crowding",
        "Số người trong một phòng trọ",
        "Persons per lodging room",
        "người/phòng",
        "lodging_residents",
        "lodging_rooms",
        direction="lower",
    ),
    _per(
        "industrial_jobs_rate",
        "Lao động khu công nghiệp trên 10.000 dân",
        "Jobs in industrial parks per 10,000 residents",
        "người/10.000 dân",
        "industrial_jobs",
        "residents",
        _10K,
    ),
    _per(
        "health_stations_rate",
        "Cơ sở y tế trên 10.000 dân",
        "Health stations per 10,000 residents",
        "cơ sở/10.000 dân",
        "health_stations",
        "residents",
        _10K,
        "higher",
    ),
    _per(
        "green_space",
        "Diện tích cây xanh trên người",
        "Green space per resident",
        "m²/người",
        "green_m2",
        "residents",
        direction="higher",
    ),
    _per("road_density", "Mật độ đường", "Road density", "km/km²", "road_km", "area_km2"),
)
