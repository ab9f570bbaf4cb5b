"""Education: schools by school year, residents of school age, and daily attendance.

A school year is dated by its first day, so that 2021-2022 belongs to the year 2021.
"""

from typing import Literal

from ioc_analytics.contracts import Column, Identity, Indicator, System, Table, location_columns

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("education", "Giáo dục", "Education")

_YEAR = Column(
    "year_start",
    "date",
    "Ngày bắt đầu năm học",
    required=True,
    aliases=("ngày khai giảng", "năm học từ ngày"),
)
_LEVEL = Column(
    "level",
    "text",
    "Cấp học",
    required=True,
    aliases=("cấp", "bậc học"),
    allowed={
        "preschool": ("Mầm non", "MN", "mẫu giáo"),
        "primary": ("Tiểu học", "TH", "cấp 1"),
        "lower_secondary": ("Trung học cơ sở", "THCS", "cấp 2"),
        "upper_secondary": ("Trung học phổ thông", "THPT", "cấp 3"),
        "continuing": ("Giáo dục thường xuyên", "GDTX"),
    },
)

_SCHOOLS = Table(
    name="education.schools",
    vi="Trường học theo năm học",
    en="Schools by school year",
    key=("school_id", "year_start"),
    date="year_start",
    events=True,
    freq="Y",
    due_days=400,
    identities=(
        Identity(
            "two_session_pupils <= pupils",
            "Học sinh học 2 buổi không nhiều hơn số học sinh",
            "Pupils taught two sessions a day are not more than all pupils",
        ),
    ),
    columns=(
        Column("school_id", "text", "Mã trường", required=True, aliases=("ma_truong",)),
        _YEAR,
        *location_columns(),
        Column("name", "text", "Tên trường", aliases=("trường",)),
        _LEVEL,
        Column(
            "type",
            "text",
            "Loại hình",
            aliases=("loại", "loại trường", "hình thức sở hữu"),
            allowed={
                "public": ("Công lập", "công"),
                "private": ("Ngoài công lập", "tư thục", "dân lập"),
            },
        ),
        Column(
            "classes", "integer", "Số lớp", unit="lớp", required=True, aliases=("lớp",), minimum=0
        ),
        Column(
            "pupils",
            "integer",
            "Số học sinh",
            unit="học sinh",
            required=True,
            aliases=("học sinh", "so_hs", "số trẻ"),
            minimum=0,
        ),
        Column(
            "teachers",
            "integer",
            "Số giáo viên",
            unit="người",
            aliases=("giáo viên", "so_gv"),
            minimum=0,
        ),
        Column(
            "rooms",
            "integer",
            "Số phòng học",
            unit="phòng",
            aliases=("phòng học",),
            minimum=0,
        ),
        Column(
            "two_session_pupils",
            "integer",
            "Học sinh học 2 buổi/ngày",
            unit="học sinh",
            aliases=("hs_2_buoi", "số học sinh học 2 buổi"),
            minimum=0,
        ),
    ),
)

_SCHOOL_AGE = Table(
    name="education.school_age",
    vi="Dân số độ tuổi đi học và phòng học theo phường",
    en="Residents of school age and classrooms by ward",
    key=("year_start", "location"),
    date="year_start",
    freq="Y",
    due_days=400,
    columns=(
        _YEAR,
        *location_columns(),
        Column(
            "school_age_population",
            "integer",
            "Dân số độ tuổi đi học (3–18 tuổi)",
            unit="người",
            required=True,
            aliases=("dân số độ tuổi đi học", "dân số trong độ tuổi đi học"),
            minimum=0,
        ),
        Column(
            "rooms",
            "integer",
            "Số phòng học",
            unit="phòng",
            required=True,
            aliases=("phòng học", "tổng số phòng học"),
            minimum=0,
        ),
        Column(
            "moved_in",
            "integer",
            "Học sinh chuyển đến",
            unit="học sinh",
            aliases=("số học sinh chuyển đến", "tăng cơ học"),
            minimum=0,
        ),
    ),
)

# A day without school has no row: every indicator of this table is a ratio, missing on such a day.
_ATTENDANCE = Table(
    name="education.attendance_daily",
    vi="Chuyên cần theo ngày",
    en="Attendance by day",
    key=("date", "location", "level"),
    date="date",
    events=True,
    freq="D",
    due_days=5,
    identities=(
        Identity(
            "present + absent_ill <= enrolled",
            "Học sinh có mặt và nghỉ ốm không nhiều hơn sĩ số",
            "Pupils present and absent with illness are not more than those enrolled",
        ),
    ),
    columns=(
        Column("date", "date", "Ngày", required=True, aliases=("ngày học", "ngày điểm danh")),
        *location_columns(),
        _LEVEL,
        Column(
            "enrolled",
            "integer",
            "Sĩ số",
            unit="học sinh",
            required=True,
            aliases=("tổng sĩ số", "số học sinh"),
            minimum=0,
        ),
        Column(
            "present",
            "integer",
            "Có mặt",
            unit="học sinh",
            required=True,
            aliases=("số học sinh có mặt", "hiện diện", "chuyên cần"),
            minimum=0,
        ),
        Column(
            "absent_ill",
            "integer",
            "Nghỉ ốm",
            unit="học sinh",
            aliases=("nghỉ bệnh", "nghỉ vì ốm", "số học sinh nghỉ ốm"),
            minimum=0,
        ),
    ),
)

TABLES = (_SCHOOLS, _SCHOOL_AGE, _ATTENDANCE)

_SECONDARY = "level in ('lower_secondary', 'upper_secondary')"
_GENERAL = "level in ('primary', 'lower_secondary', 'upper_secondary')"


def _of_schools(
    name: str,
    numerator: str,
    denominator: str | None,
    where: str,
    unit: str,
    direction: Literal["higher", "lower", "neutral"],
    names: tuple[str, str],
    *,
    against_year: bool = False,
) -> Indicator:
    """Declare a figure of the yearly school statistics; a share or a change is in per cent."""
    return Indicator(
        id=f"education.{name}",
        name_vi=names[0],
        name_en=names[1],
        unit=unit,
        direction=direction,
        table="education.schools",
        numerator=numerator,
        denominator=denominator,
        where=where,
        scale=100 if unit == "%" else 1,
        offset=-100 if against_year else 0,
        against="year" if against_year else None,
        freq="Y",
        reference="DOMAIN.md C.7",
    )


def _absence(name: str, numerator: str, names: tuple[str, str]) -> Indicator:
    return Indicator(
        id=f"education.{name}",
        name_vi=names[0],
        name_en=names[1],
        unit="%",
        direction="lower",
        table="education.attendance_daily",
        numerator=numerator,
        denominator="enrolled",
        scale=100,
        reference="DOMAIN.md C.7",
    )


INDICATORS = (
    _of_schools(
        "pupils_per_class_primary",
        "pupils",
        "classes",
        "level = 'primary'",
        "học sinh/lớp",
        "lower",
        ("Học sinh mỗi lớp, tiểu học", "Pupils per class, primary"),
    ),
    _of_schools(
        "pupils_per_class_secondary",
        "pupils",
        "classes",
        _SECONDARY,
        "học sinh/lớp",
        "lower",
        ("Học sinh mỗi lớp, THCS và THPT", "Pupils per class, lower and upper secondary"),
    ),
    _of_schools(
        "teachers_per_class",
        "teachers",
        "classes",
        _GENERAL,
        "giáo viên/lớp",
        "higher",
        ("Giáo viên mỗi lớp phổ thông", "Teachers per class, primary to upper secondary"),
    ),
    _of_schools(
        "two_session_share",
        "two_session_pupils",
        "pupils",
        _GENERAL,
        "%",
        "higher",
        (
            "Tỷ lệ học sinh phổ thông học 2 buổi/ngày",
            "Share of pupils taught two sessions a day",
        ),
    ),
    _of_schools(
        "pupils_vs_year",
        "pupils",
        None,
        "",
        "%",
        "neutral",
        ("Số học sinh so với năm học trước", "Pupils against the school year before"),
        against_year=True,
    ),
    Indicator(
        id="education.rooms_per_10k",
        name_vi="Phòng học trên 10.000 dân trong độ tuổi đi học",
        name_en="Classrooms per 10,000 residents of school age",
        unit="phòng/10.000 dân",
        direction="higher",
        table="education.school_age",
        numerator="rooms",
        denominator="school_age_population",
        scale=1e4,
        freq="Y",
        reference="DOMAIN.md C.7",
    ),
    _absence(
        "absence_rate",
        "enrolled - present",
        ("Tỷ lệ học sinh vắng mặt", "Share of pupils absent"),
    ),
    _absence(
        "illness_absence_rate",
        "absent_ill",
        ("Tỷ lệ học sinh nghỉ ốm", "Share of pupils absent with illness"),
    ),
)
