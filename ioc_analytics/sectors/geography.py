"""Places: codes and names of the wards and the units above them, weather, ward boundaries."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ioc_analytics.contracts import CITY, Column, Indicator, System, Table, fold, location_columns

__all__ = [
    "INDICATORS",
    "REFERENCE",
    "SYSTEM",
    "TABLES",
    "WARDS_UNTIL",
    "Place",
    "find_places",
    "places",
    "ward_codes",
]

WARDS_UNTIL = dt.date(2025, 6, 30)  # the 34 wards and the city end; 12 new wards follow
REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"


@dataclass(frozen=True, slots=True)
class Place:
    """A unit of administration: GSO code, level, names and the code of the unit it lies in."""

    code: str
    level: str  # country, province, district, ward
    name_vi: str
    name_en: str
    other_names: tuple[str, ...]
    parent: str


def _rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def places() -> dict[str, Place]:
    """Return every known place by code: Viet Nam, the province, its districts, the city's wards.

    Examples
    --------
    >>> places()["769"].name_vi, places()["26863"].name_vi
    ('Thủ Đức', 'Phước Bình')
    """
    above = [
        Place(
            row["code"],
            row["level"],
            row["name_vi"],
            row["name_en"],
            tuple(filter(None, row["other_names"].split("|"))),
            row["parent"],
        )
        for row in _rows("places.csv")
    ]
    wards = [
        Place(row["ward_code"], "ward", row["name_vi"], row["name_vi"], (), "769")
        for row in _rows("wards.csv")
    ]
    return {place.code: place for place in (*above, *wards)}


@cache
def ward_codes() -> tuple[str, ...]:
    """Return the codes of the 34 wards, ascending."""
    return tuple(sorted(code for code, place in places().items() if place.level == "ward"))


_PREFIXES = (
    "phuong ",
    "p ",
    "quan ",
    "q ",
    "huyen ",
    "thanh pho ",
    "tp ",
    "xa ",
    "thi tran ",
)


@cache
def _codes_by_name() -> dict[str, tuple[Place, ...]]:
    found: dict[str, list[Place]] = {}
    for place in places().values():
        for name in {fold(n) for n in (place.name_vi, place.name_en, *place.other_names)}:
            found.setdefault(name, []).append(place)
            bare = next((name[len(p) :] for p in _PREFIXES if name.startswith(p)), name)
            if bare != name and not bare.isdigit():
                found.setdefault(bare, []).append(place)
    return {name: tuple(dict.fromkeys(units)) for name, units in found.items()}


def find_places(text: str, level: str | None = None) -> tuple[Place, ...]:
    """Return the places that a code or a name can mean; more than one when it is ambiguous.

    Case, accents, tone placement and “Phường”, “P.”, “Quận” … before the name do not matter.
    `level` ("ward", "district", …) keeps only places of that level.

    Examples
    --------
    >>> [p.code for p in find_places("P. Hiep Binh Phuoc")]
    ['26809']
    >>> [p.code for p in find_places("Tân Phú")], [p.code for p in find_places("Tân Phú", "ward")]
    (['767', '26836'], ['26836'])
    >>> find_places("Atlantis")
    ()
    """
    code = text.strip()
    if code in places():
        found: tuple[Place, ...] = (places()[code],)
    else:
        name = fold(text)
        bare = next((name[len(p) :] for p in _PREFIXES if name.startswith(p)), name)
        found = _codes_by_name().get(name) or _codes_by_name().get(bare, ())
        if bare != name and name.startswith(("phuong ", "p ")):
            found = tuple(p for p in found if p.level == "ward")
        if bare != name and name.startswith(("quan ", "q ")):  # the old district of that name
            found = tuple(p for p in found if p.code != CITY)
    return tuple(p for p in found if level is None or p.level == level)


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
