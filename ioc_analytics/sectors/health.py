"""The health system: what clinics, hospitals and the disease control centre report."""

from __future__ import annotations

from typing import Any

from ioc_analytics.contracts import Column, Identity, Indicator, System, Table, location_columns

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("health", "Y tế", "Health")

_DISEASES = {
    "dengue": ("Sốt xuất huyết", "Sốt xuất huyết Dengue", "SXH", "SXHD", "SXH-D"),
    "hfmd": ("Tay chân miệng", "Tay - chân - miệng", "TCM", "HFMD"),
    "measles": ("Sởi", "Bệnh sởi"),
    "rubella": ("Rubella",),
    "chickenpox": ("Thủy đậu", "Thuỷ đậu"),
    "mumps": ("Quai bị",),
    "pertussis": ("Ho gà",),
    "diphtheria": ("Bạch hầu",),
    "meningococcal": ("Não mô cầu", "Viêm màng não do não mô cầu"),
    "malaria": ("Sốt rét",),
    "rabies": ("Dại", "Bệnh dại"),
}
_VACCINES = {
    "full": ("Tiêm chủng đầy đủ", "Đầy đủ", "Tiêm đầy đủ dưới 1 tuổi", "TCĐĐ"),
    "bcg": ("Lao (BCG)", "BCG", "Lao"),
    "dpt3": ("DPT-VGB-Hib mũi 3", "5 trong 1 mũi 3", "DPT3"),
    "measles1": ("Sởi mũi 1", "Sởi đơn", "MVC1"),
    "measles2": ("Sởi - Rubella", "Sởi mũi 2", "MR"),
}
_KINDS = {
    "hospital": ("Bệnh viện", "BV"),
    "center": ("Trung tâm y tế", "TTYT"),
    "station": ("Trạm y tế", "Trạm y tế phường", "TYT"),
    "clinic": ("Phòng khám", "Phòng khám đa khoa", "PKĐK"),
}
_OWNERS = {
    "public": ("Công lập", "Công", "Nhà nước"),
    "private": ("Tư nhân", "Tư", "Ngoài công lập"),
}


def _count(name: str, vi: str, unit: str, *aliases: str, **rest: Any) -> Column:
    """Declare a count: whole and never negative."""
    return Column(name, "integer", vi, unit=unit, aliases=aliases, minimum=0, **rest)


def _facility_id(*aliases: str) -> Column:
    return Column(
        "facility_id", "text", "Mã cơ sở", required=True, aliases=("mã cơ sở y tế", *aliases)
    )


_MONTH = Column("month", "month", "Tháng", required=True, aliases=("kỳ", "kỳ báo cáo"))
_WEEK = Column(
    "week_start",
    "week",
    "Tuần bắt đầu",
    required=True,
    aliases=("ngày đầu tuần", "tuần từ ngày", "tuần"),
)

TABLES = (
    Table(
        name="health.ili_weekly",
        vi="Hội chứng cúm theo tuần",
        en="Influenza-like illness by week",
        key=("week_start", "location"),
        date="week_start",
        freq="W",
        due_days=21,
        identities=(
            Identity("ili <= patients", "Ca cúm không quá lượt khám", "No more ILI than visits"),
        ),
        columns=(
            _WEEK,
            *location_columns(),
            Column("reports", "integer", "Số báo cáo", aliases=("số phiếu",), minimum=0),
            Column("clinics", "integer", "Số phòng khám", minimum=0),
            _count("patients", "Lượt khám", "lượt"),
            _count("ili", "Ca hội chứng cúm", "ca", "số ca cúm", "ca cúm"),
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
    Table(
        name="health.notifiable_weekly",
        vi="Bệnh truyền nhiễm theo tuần",
        en="Notifiable diseases by week",
        key=("week_start", "location", "disease"),
        date="week_start",
        freq="W",
        due_days=21,
        identities=(
            Identity(
                "inpatients + outpatients = cases",
                "Nội trú + ngoại trú = số ca mắc",
                "Inpatients + outpatients = cases",
            ),
            Identity("severe <= cases", "Ca nặng không quá số ca mắc", "No more severe than cases"),
            Identity(
                "cases <= cumulative_cases",
                "Ca trong tuần không quá luỹ kế từ đầu năm",
                "No more cases in the week than since 1 January",
            ),
        ),
        columns=(
            _WEEK,
            *location_columns(),
            Column(
                "disease",
                "text",
                "Bệnh",
                required=True,
                aliases=("tên bệnh", "loại bệnh"),
                allowed=_DISEASES,
            ),
            _count(
                "cases", "Số ca mắc", "ca", "ca mắc", "tổng số ca", "số mắc", negatives_flagged=True
            ),
            _count("inpatients", "Nội trú", "ca", "ca nội trú", "số ca nội trú"),
            _count("outpatients", "Ngoại trú", "ca", "ca ngoại trú", "số ca ngoại trú"),
            _count("severe", "Ca nặng", "ca", "số ca nặng"),
            _count("deaths", "Tử vong", "ca", "số ca tử vong", "số chết"),
            _count("new_outbreaks", "Ổ dịch mới", "ổ", "số ổ dịch mới", "ổ dịch phát sinh"),
            _count(
                "cumulative_cases",
                "Luỹ kế từ đầu năm",
                "ca",
                "số ca tích luỹ",
                "cộng dồn từ đầu năm",
                "luỹ kế",
            ),
        ),
    ),
    Table(
        name="health.beds_daily",
        vi="Giường bệnh theo ngày",
        en="Hospital beds by day",
        key=("date", "facility_id"),
        date="date",
        freq="D",
        due_days=3,
        identities=(
            Identity(
                "ventilators_used <= ventilators",
                "Máy thở đang dùng không quá số máy",
                "No more ventilators in use than there are",
            ),
            Identity(
                "icu_beds <= beds", "Giường ICU là một phần giường", "ICU beds are part of the beds"
            ),
        ),
        columns=(
            Column("date", "date", "Ngày", required=True, aliases=("ngày báo cáo",)),
            _facility_id(),
            *location_columns(),
            _count("beds_planned", "Giường kế hoạch", "giường", "số giường kế hoạch"),
            _count("beds", "Giường thực kê", "giường", "số giường thực kê", "tổng số giường"),
            _count(
                "occupied",
                "Giường đang sử dụng",
                "giường",
                "người bệnh nội trú",
                "số giường đang sử dụng",
            ),
            _count("icu_beds", "Giường ICU", "giường", "giường hồi sức", "giường hồi sức tích cực"),
            _count("icu_occupied", "Giường ICU đang sử dụng", "giường", "bệnh nhân ICU"),
            _count("ventilators", "Máy thở", "máy", "số máy thở"),
            _count("ventilators_used", "Máy thở đang dùng", "máy", "máy thở đang sử dụng"),
        ),
    ),
    Table(
        name="health.facilities",
        vi="Danh mục cơ sở y tế",
        en="Health facilities",
        key=("facility_id",),
        whole=True,
        columns=(
            _facility_id("mã"),
            Column("facility_name", "text", "Tên cơ sở", aliases=("tên cơ sở y tế", "tên đơn vị")),
            *location_columns(),
            Column(
                "kind",
                "text",
                "Loại cơ sở",
                aliases=("loại hình", "tuyến"),
                allowed=_KINDS,
            ),
            Column("ownership", "text", "Sở hữu", aliases=("hình thức sở hữu",), allowed=_OWNERS),
            _count("beds", "Số giường", "giường", "giường bệnh"),
            _count("doctors", "Số bác sĩ", "người", "bác sĩ", "bác sỹ"),
            _count("nurses", "Số điều dưỡng", "người", "điều dưỡng"),
            _count("ambulances", "Xe cấp cứu", "xe", "số xe cứu thương", "xe cứu thương"),
            Column("lat", "number", "Vĩ độ", unit="°", minimum=8, maximum=24),
            Column("lon", "number", "Kinh độ", unit="°", minimum=102, maximum=118),
        ),
    ),
    Table(
        name="health.staff_monthly",
        vi="Nhân lực y tế theo tháng",
        en="Health staff by month",
        key=("month", "facility_id"),
        date="month",
        freq="M",
        due_days=75,
        columns=(
            _MONTH,
            _facility_id(),
            *location_columns(),
            _count("doctors", "Số bác sĩ", "người", "bác sĩ", "bác sỹ"),
            _count("nurses", "Số điều dưỡng", "người", "điều dưỡng"),
        ),
    ),
    Table(
        name="health.vaccination_monthly",
        vi="Tiêm chủng mở rộng theo tháng",
        en="Children's routine vaccination by month",
        key=("month", "location", "vaccine"),
        date="month",
        freq="M",
        due_days=75,
        columns=(
            _MONTH,
            *location_columns(),
            Column(
                "vaccine",
                "text",
                "Loại vắc xin",
                required=True,
                aliases=("vắc xin", "vaccine", "mũi tiêm"),
                allowed=_VACCINES,
            ),
            _count("due", "Trẻ đến lịch", "trẻ", "số trẻ đến lịch", "đối tượng", "số đối tượng"),
            _count("vaccinated", "Trẻ đã tiêm", "trẻ", "đã tiêm", "số trẻ được tiêm"),
        ),
    ),
)


def _weekly(
    name: str,
    vi: str,
    en: str,
    unit: str = "ca",
    numerator: str = "cases",
    where: str = "",
    **rest: Any,
) -> Indicator:
    """Declare an indicator of the disease that its name begins with."""
    disease = name.partition("_")[0]
    also = f" and {where}" if where else ""
    return Indicator(
        id=f"health.{name}",
        name_vi=vi,
        name_en=en,
        unit=unit,
        direction="lower",
        table="health.notifiable_weekly",
        numerator=numerator,
        where=f"disease = '{disease}'{also}",
        freq="W",
        reference="DOMAIN.md C.8",
        **rest,
    )


_CHANGE: dict[str, Any] = {"unit": "%", "scale": 100, "offset": -100}


def _compared(disease: str, vi: str, en: str) -> tuple[Indicator, ...]:
    """Declare what HCDC's weekly bulletin says first of a disease: its cases and their change."""
    return (
        _weekly(f"{disease}_cases", f"Ca {vi}", f"{en} cases", count=True),
        _weekly(
            f"{disease}_vs_4_weeks",
            f"Ca {vi} so với trung bình 4 tuần trước",
            f"{en} cases against the mean of the four weeks before",
            against=4,
            **_CHANGE,
        ),
        _weekly(
            f"{disease}_vs_last_year",
            f"Ca {vi} so với cùng kỳ năm trước",
            f"{en} cases against the same week a year before",
            against="year",
            **_CHANGE,
        ),
        _weekly(
            f"{disease}_rate",
            f"Ca {vi} trên 100.000 dân",
            f"{en} cases per 100,000 residents",
            "ca/100.000 dân",
            denominator="population",
            scale=1e5,
        ),
    )


def _beds(name: str, vi: str, en: str, numerator: str, denominator: str) -> Indicator:
    return Indicator(
        id=f"health.{name}",
        name_vi=vi,
        name_en=en,
        unit="%",
        direction="lower",
        table="health.beds_daily",
        numerator=numerator,
        denominator=denominator,
        scale=100,
        freq="D",
        reference="DOMAIN.md C.8",
    )


def _coverage(name: str, vi: str, en: str, vaccine: str) -> Indicator:
    return Indicator(
        id=f"health.{name}",
        name_vi=vi,
        name_en=en,
        unit="%",
        direction="higher",
        table="health.vaccination_monthly",
        numerator="vaccinated",
        denominator="due",
        where=f"vaccine = '{vaccine}'",
        scale=100,
        freq="M",
        reference="DOMAIN.md C.8",
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
        reference="DOMAIN.md C.8",
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
        reference="DOMAIN.md C.8",
    ),
    *_compared("dengue", "sốt xuất huyết", "Dengue"),
    _weekly(
        "dengue_cumulative_vs_last_year",
        "Luỹ kế ca sốt xuất huyết so với cùng kỳ năm trước",
        "Dengue cases since 1 January against the same weeks a year before",
        numerator="cumulative_cases",
        over_time="last",
        against="year",
        **_CHANGE,
    ),
    _weekly(
        "dengue_outbreaks",
        "Ổ dịch sốt xuất huyết mới",
        "New dengue outbreaks",
        "ổ dịch",
        "new_outbreaks",
        count=True,
    ),
    _weekly(
        "dengue_outbreak_wards",
        "Số phường có ổ dịch sốt xuất huyết mới",
        "Wards with new dengue outbreaks",
        "phường",
        "case when new_outbreaks > 0 then 1 when new_outbreaks = 0 then 0 end",
        where="length(location) = 5",  # wards: a row of the whole city would count as one
        over_time="max",
        count=True,
    ),
    _weekly(
        "dengue_inpatient_share",
        "Tỷ lệ ca sốt xuất huyết nội trú",
        "Share of dengue cases in hospital",
        "%",
        "inpatients",
        denominator="cases",
        scale=100,
    ),
    _weekly(
        "dengue_severe_share",
        "Tỷ lệ ca sốt xuất huyết nặng",
        "Share of severe dengue cases",
        "%",
        "severe",
        denominator="cases",
        scale=100,
    ),
    _weekly(
        "dengue_deaths", "Tử vong do sốt xuất huyết", "Dengue deaths", "ca", "deaths", count=True
    ),
    *_compared("hfmd", "tay chân miệng", "Hand, foot and mouth disease"),
    _weekly(
        "hfmd_severe_share",
        "Tỷ lệ ca tay chân miệng nặng",
        "Share of severe hand, foot and mouth disease cases",
        "%",
        "severe",
        denominator="cases",
        scale=100,
    ),
    _weekly("measles_cases", "Ca sởi", "Measles cases", count=True),
    _beds("bed_occupancy", "Công suất giường bệnh", "Bed occupancy", "occupied", "beds"),
    _beds("icu_occupancy", "Công suất giường ICU", "ICU occupancy", "icu_occupied", "icu_beds"),
    _beds(
        "ventilator_use",
        "Tỷ lệ máy thở đang dùng",
        "Share of ventilators in use",
        "ventilators_used",
        "ventilators",
    ),
    Indicator(
        id="health.beds_per_10k",
        name_vi="Giường bệnh trên 10.000 dân",
        name_en="Hospital beds per 10,000 residents",
        unit="giường/10.000 dân",
        direction="higher",
        table="health.beds_daily",
        numerator="beds",
        denominator="population",
        scale=1e4,
        freq="D",
        over_time="last",
        reference="DOMAIN.md C.8",
    ),
    Indicator(
        id="health.doctors_per_10k",
        name_vi="Bác sĩ trên 10.000 dân",
        name_en="Doctors per 10,000 residents",
        unit="bác sĩ/10.000 dân",
        direction="higher",
        table="health.staff_monthly",
        numerator="doctors",
        denominator="population",
        scale=1e4,
        freq="M",
        over_time="last",
        reference="DOMAIN.md C.8",
    ),
    _coverage(
        "full_immunisation",
        "Tỷ lệ trẻ tiêm chủng đầy đủ",
        "Children fully immunised",
        "full",
    ),
    _coverage(
        "measles_first_dose",
        "Tỷ lệ trẻ tiêm sởi mũi 1",
        "Children with a first dose against measles",
        "measles1",
    ),
)
