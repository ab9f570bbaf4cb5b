"""The city's COVID-19 application: cases, contacts, places, lockdowns, care, tests, vaccines."""

from dataclasses import dataclass
from typing import Any, Literal

from ioc_analytics.contracts import Column, Identity, Indicator, System, Table, location_columns

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

_Direction = Literal["higher", "lower", "neutral"]
SYSTEM = System("epidemic", "Dịch bệnh", "COVID-19 application")


def _count(name: str, vi: str, *aliases: str, unit: str = "người", **marks: Any) -> Column:
    """Return a column that counts people or things."""
    return Column(name, "integer", vi, unit=unit, aliases=aliases, minimum=0, **marks)


def _day(*aliases: str) -> Column:
    return Column("date", "date", "Ngày", required=True, aliases=("ngày báo cáo", *aliases))


_POSITION = (
    Column("lat", "number", "Vĩ độ", unit="°", minimum=8, maximum=24),
    Column("lon", "number", "Kinh độ", unit="°", minimum=102, maximum=118),
)
# Kinds of a place of infection, and of the setting in which two people met.
_SETTINGS = {
    "household": ("Hộ gia đình", "gia đình", "cùng nhà", "người nhà"),
    "workplace": ("Nơi làm việc", "công ty", "nhà máy", "cơ quan"),
    "market": ("Chợ", "chợ, siêu thị", "siêu thị"),
    "lodging": ("Khu nhà trọ", "dãy trọ", "nhà trọ"),
    "school": ("Trường học", "trường"),
    "hospital": ("Bệnh viện", "cơ sở y tế"),
    "community": ("Cộng đồng khác", "khác"),
}
_YES_NO_UNKNOWN = "trống: không rõ"

_LINE_LIST = (
    Column(
        "case_id",
        "text",
        "Mã bệnh nhân",
        required=True,
        aliases=("ma_bn", "mã ca bệnh", "bn"),
        personal="pseudonym",
    ),
    Column(
        "name",
        "text",
        "Họ tên viết tắt",
        aliases=("ho_ten_viet_tat", "họ và tên", "họ tên"),
        personal="drop",
    ),
    Column(
        "sex",
        "text",
        "Giới tính",
        aliases=("gioi_tinh", "giới"),
        allowed={"male": ("Nam", "M"), "female": ("Nữ", "F")},
    ),
    Column("birth_year", "integer", "Năm sinh", aliases=("nam_sinh",), minimum=1900, maximum=2100),
    Column("occupation", "text", "Nghề nghiệp", aliases=("nghe_nghiep",)),
    Column("workplace", "text", "Nơi làm việc", aliases=("noi_lam_viec",), personal="drop"),
    Column(
        "ward_code",
        "place",
        "Phường",
        required=True,
        aliases=("mã phường", "location", "phường xã"),
        place_level={"phường": "ward"},
    ),
    Column("ward_name", "text", "Tên phường", names_place=True, stored=False),
    Column(
        "address", "text", "Nơi ở hiện nay", aliases=("noi_o_hien_nay", "địa chỉ"), personal="drop"
    ),
    Column(
        "address_block", "text", "Khu phố, tổ", aliases=("khu_pho_to", "khu phố"), personal="redact"
    ),
    Column(
        "exposure",
        "text",
        "Yếu tố dịch tễ",
        aliases=("yeu_to_dich_te", "nơi lây"),
        allowed={**_SETTINGS, "imported": ("Về từ nơi khác", "nhập cảnh")},
    ),
    Column(
        "source_case_id",
        "text",
        "Nguồn lây",
        aliases=("nguon_lay", "mã bn nguồn"),
        personal="pseudonym",
    ),
    Column("onset_date", "date", "Ngày khởi phát", aliases=("ngay_khoi_phat",)),
    Column("symptomatic", "boolean", "Triệu chứng", unit=_YES_NO_UNKNOWN, aliases=("trieu_chung",)),
    Column("sample_date", "date", "Ngày lấy mẫu", aliases=("ngay_lay_mau",)),
    Column(
        "test_type",
        "text",
        "Loại xét nghiệm",
        aliases=("loai_xet_nghiem",),
        allowed={
            "pcr": ("RT-PCR", "PCR", "Realtime RT-PCR"),
            "antigen": ("Test nhanh kháng nguyên", "test nhanh", "test nhanh KN"),
        },
    ),
    Column("ct_value", "number", "Giá trị Ct", aliases=("Ct",), minimum=5, maximum=45),
    Column(
        "confirmed_date",
        "date",
        "Ngày dương tính",
        aliases=("ngay_duong_tinh", "ngày xác nhận"),
        not_before="sample_date",
    ),
    Column(
        "report_date",
        "date",
        "Ngày công bố",
        required=True,
        aliases=("ngay_cong_bo",),
        not_before="confirmed_date",
    ),
    Column(
        "detected_in",
        "text",
        "Nơi phát hiện",
        aliases=("noi_phat_hien",),
        allowed={
            "community": ("Cộng đồng",),
            "quarantine": ("Khu cách ly",),
            "lockdown": ("Khu phong tỏa",),
            "hospital": ("Sàng lọc bệnh viện", "bệnh viện"),
            "entry": ("Nhập cảnh",),
        },
    ),
    Column("treated_at", "text", "Nơi điều trị", aliases=("noi_dieu_tri",)),
    Column("tier", "integer", "Tầng điều trị", aliases=("tang", "tầng"), minimum=1, maximum=5),
    Column(
        "severity",
        "text",
        "Mức độ",
        aliases=("muc_do",),
        allowed={
            "asymptomatic": ("Không triệu chứng", "khong_tc"),
            "mild": ("Nhẹ",),
            "moderate": ("Vừa", "trung bình"),
            "severe": ("Nặng",),
            "critical": ("Nguy kịch",),
        },
    ),
    Column("oxygen", "boolean", "Thở oxy", aliases=("tho_oxy",)),
    Column("ventilated", "boolean", "Thở máy", aliases=("tho_may",)),
    Column(
        "outcome",
        "text",
        "Kết cục",
        aliases=("ket_cuc",),
        allowed={
            "treating": ("Đang điều trị", "dang_dt"),
            "recovered": ("Khỏi", "khỏi bệnh"),
            "died": ("Tử vong",),
            "transferred": ("Chuyển viện", "chuyển"),
        },
    ),
    Column(
        "outcome_date",
        "date",
        "Ngày kết cục",
        aliases=("ngay_ket_cuc",),
        not_before="confirmed_date",
    ),
    _count("vaccine_doses", "Số mũi vắc-xin", "so_mui", "số mũi", unit="mũi", maximum=5),
    Column("cluster_id", "text", "Mã chuỗi lây", aliases=("chuoi_id", "chuỗi", "ổ dịch")),
)

_CONTACTS = (
    Column(
        "source_id",
        "text",
        "Mã ca nguồn",
        required=True,
        aliases=("mã F0", "F0"),
        personal="pseudonym",
    ),
    Column(
        "contact_id",
        "text",
        "Mã người tiếp xúc",
        required=True,
        aliases=("mã F1", "F1"),
        personal="pseudonym",
    ),
    Column("directed", "boolean", "Rõ chiều lây", aliases=("biết ai lây ai",)),
    Column("first_contact", "date", "Tiếp xúc đầu tiên", aliases=("từ ngày",)),
    Column(
        "last_contact",
        "date",
        "Tiếp xúc cuối cùng",
        required=True,
        aliases=("đến ngày",),
        not_before="first_contact",
    ),
    Column("setting", "text", "Hoàn cảnh tiếp xúc", aliases=("nơi tiếp xúc",), allowed=_SETTINGS),
    Column("place_id", "text", "Mã địa điểm"),
    Column(
        "certainty",
        "text",
        "Mức chắc chắn",
        allowed={"certain": ("Chắc chắn",), "probable": ("Có thể",), "unsure": ("Chưa rõ",)},
    ),
)

_LOCKDOWN_POINTS = (
    Column("point_id", "text", "Mã điểm phong tỏa", required=True, aliases=("id", "mã điểm")),
    *location_columns(),
    Column("khu_pho", "text", "Khu phố"),
    Column("group_no", "text", "Tổ", aliases=("tổ dân phố",)),
    Column("street", "text", "Hẻm, đường", aliases=("đường", "hẻm")),
    Column("from_house", "text", "Từ số nhà"),
    Column("to_house", "text", "Đến số nhà"),
    Column("area_m2", "number", "Diện tích", unit="m²", minimum=0),
    _count("households", "Số hộ", "hộ", unit="hộ"),
    _count("persons", "Số nhân khẩu", "số người", "nhân khẩu"),
    *_POSITION,
    Column(
        "start_time",
        "datetime",
        "Bắt đầu",
        required=True,
        aliases=("từ", "thời điểm phong tỏa", "start_datetime"),
    ),
    Column(
        "end_time",
        "datetime",
        "Kết thúc",
        unit="trống: đến khi có thông báo mới",
        aliases=("thời điểm gỡ", "end_datetime"),
        not_before="start_time",
    ),
    Column("decision_no", "text", "Số quyết định", aliases=("quyết định",)),
    Column("issuer", "text", "Cơ quan ban hành"),
    Column(
        "status",
        "text",
        "Trạng thái",
        allowed={
            "active": ("Đang phong tỏa",),
            "partly_lifted": ("Gỡ một phần",),
            "lifted": ("Đã gỡ",),
        },
    ),
)

_VACCINATION = (
    _day("ngày tiêm"),
    *location_columns(),
    _count("doses_1", "Mũi 1 trong ngày", "mũi 1", unit="mũi"),
    _count("doses_2", "Mũi 2 trong ngày", "mũi 2", unit="mũi"),
    _count("doses_3", "Mũi 3 trong ngày", "mũi 3", unit="mũi"),
    _count("child_doses", "Mũi tiêm trẻ 12–17 tuổi", "trẻ em", unit="mũi"),
    *(
        column
        for age, vi in (("18", "18 tuổi trở lên"), ("50", "50 tuổi trở lên"), ("65", "65+"))
        for column in (
            _count(f"people_{age}", f"Số người {vi}", f"dân số {vi}"),
            _count(
                f"dose1_{age}",
                f"Đã tiêm ít nhất 1 mũi, {vi}",
                f"luỹ kế mũi 1 {vi}",
                cumulative=True,
            ),
            _count(f"full_{age}", f"Đã tiêm đủ, {vi}", f"luỹ kế mũi 2 {vi}", cumulative=True),
        )
    ),
)

TABLES = (
    Table(
        name="epidemic.cases_daily",
        vi="Ca mắc và tử vong theo ngày",
        en="Cases and deaths by day",
        key=("date", "location"),
        date="date",
        freq="D",
        due_days=2,
        identities=(
            Identity(
                "cumulative_deaths <= cumulative_cases",
                "Tử vong cộng dồn không quá ca mắc cộng dồn",
                "Deaths so far are at most the cases so far",
            ),
        ),
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
                cumulative=True,
            ),
            Column(
                "cumulative_deaths",
                "integer",
                "Tử vong cộng dồn",
                unit="ca",
                aliases=("tổng số tử vong", "luỹ kế tử vong"),
                minimum=0,
                cumulative=True,
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
    Table(
        name="epidemic.cases",
        vi="Danh sách ca bệnh",
        en="Line list of cases",
        key=("case_id",),
        date="report_date",
        events=True,
        freq="D",
        due_days=2,
        columns=_LINE_LIST,
    ),
    Table(
        name="epidemic.contacts",
        vi="Tiếp xúc của ca bệnh",
        en="Contacts of cases",
        key=("source_id", "contact_id"),
        date="last_contact",
        events=True,
        freq="D",
        due_days=7,
        columns=_CONTACTS,
    ),
    Table(
        name="epidemic.infection_places",
        vi="Địa điểm lây nhiễm",
        en="Places of infection",
        key=("place_id",),
        date="first_date",
        events=True,
        columns=(
            Column("place_id", "text", "Mã địa điểm", required=True, aliases=("mã ổ dịch",)),
            Column("kind", "text", "Loại địa điểm", allowed=_SETTINGS),
            *location_columns(),
            Column("address", "text", "Địa chỉ", personal="redact"),
            *_POSITION,
            Column("first_date", "date", "Ca đầu tiên", required=True, aliases=("từ ngày",)),
            Column(
                "last_date", "date", "Ca gần nhất", aliases=("đến ngày",), not_before="first_date"
            ),
            _count("cases", "Số ca", "số ca mắc", unit="ca"),
        ),
    ),
    Table(
        name="epidemic.lockdown_points",
        vi="Điểm phong tỏa",
        en="Lockdown points",
        key=("point_id",),
        date="start_time",
        events=True,
        freq="D",
        due_days=7,
        columns=_LOCKDOWN_POINTS,
    ),
    Table(
        name="epidemic.quarantine_sites",
        vi="Khu cách ly tập trung theo ngày",
        en="Quarantine sites by day",
        key=("date", "site_id"),
        date="date",
        freq="D",
        due_days=2,
        columns=(
            _day(),
            *location_columns(),
            Column("site_id", "text", "Mã khu cách ly", required=True, aliases=("khu cách ly",)),
            _count("capacity", "Sức chứa", "số chỗ", unit="chỗ"),
            _count("occupied", "Đang cách ly", "số người đang cách ly"),
        ),
    ),
    Table(
        name="epidemic.isolation_daily",
        vi="Người đang cách ly theo ngày",
        en="People in isolation by day",
        key=("date", "location"),
        date="date",
        freq="D",
        due_days=2,
        columns=(
            _day(),
            *location_columns(),
            _count("f0_home", "F0 cách ly tại nhà", "F0 tại nhà"),
            _count("f1_home", "F1 cách ly tại nhà", "F1 tại nhà"),
            _count("f1_central", "F1 cách ly tập trung", "F1 tập trung"),
        ),
    ),
    Table(
        name="epidemic.treatment_daily",
        vi="Thu dung, điều trị theo ngày",
        en="Treatment by day",
        key=("date", "location", "facility_id", "tier"),
        date="date",
        freq="D",
        due_days=2,
        identities=(
            Identity(
                "ventilated <= inpatients and oxygen <= inpatients",
                "Người thở oxy, thở máy không quá số người đang điều trị",
                "Patients on oxygen or ventilated are among the inpatients",
            ),
            Identity("tier <= tier_scheme", "Tầng có trong mô hình", "The tier is in the scheme"),
        ),
        columns=(
            _day(),
            *location_columns(),
            Column("facility_id", "text", "Cơ sở điều trị", required=True, aliases=("mã cơ sở",)),
            _count("tier_scheme", "Mô hình tháp (số tầng)", "số tầng", unit="tầng", maximum=5),
            _count("tier", "Tầng", "tầng điều trị", unit="", required=True, maximum=5),
            _count("beds", "Số giường", "giường", unit="giường"),
            _count("inpatients", "Đang điều trị", "số bệnh nhân"),
            _count("oxygen", "Thở oxy"),
            _count("ventilated", "Thở máy", "thở máy xâm lấn"),
            _count("deaths", "Tử vong", "tử vong trong ngày", unit="ca"),
        ),
    ),
    Table(
        name="epidemic.tests_daily",
        vi="Xét nghiệm theo ngày",
        en="Tests by day",
        key=("date", "location", "zone", "test_type"),
        date="date",
        freq="D",
        due_days=2,
        identities=(
            Identity(
                "positives <= people",
                "Người dương tính không quá số người xét nghiệm",
                "Positives are among the people tested",
            ),
        ),
        columns=(
            _day("ngày lấy mẫu"),
            *location_columns(),
            Column(
                "zone",
                "text",
                "Vùng",
                required=True,
                aliases=("vùng nguy cơ",),
                allowed={
                    "unzoned": ("Chưa phân vùng",),
                    "green": ("Xanh", "vùng xanh"),
                    "yellow": ("Vàng", "vùng vàng"),
                    "orange": ("Cam", "vùng cam"),
                    "red": ("Đỏ", "vùng đỏ"),
                },
            ),
            Column(
                "test_type",
                "text",
                "Loại xét nghiệm",
                required=True,
                allowed={
                    "pcr": ("RT-PCR", "PCR"),
                    "antigen": ("Test nhanh kháng nguyên", "test nhanh"),
                },
            ),
            _count("samples", "Số mẫu", "mẫu xét nghiệm", unit="mẫu"),
            _count("people", "Số người xét nghiệm", "người được xét nghiệm"),
            _count("positives", "Số người dương tính", "dương tính"),
        ),
    ),
    Table(
        name="epidemic.vaccination_daily",
        vi="Tiêm vắc-xin theo ngày",
        en="Vaccination by day",
        key=("date", "location"),
        date="date",
        freq="D",
        due_days=2,
        identities=tuple(
            Identity(
                f"full_{age} <= dose1_{age} and dose1_{age} <= people_{age}",
                f"Từ {age} tuổi: tiêm đủ ≤ tiêm 1 mũi ≤ số người",
                f"From age {age}: full ≤ one dose ≤ people",
            )
            for age in ("18", "50", "65")
        ),
        columns=_VACCINATION,
    ),
)


def _indicator(
    name: str,
    vi: str,
    en: str,
    unit: str,
    direction: _Direction,
    table: str,
    numerator: str,
    **more: Any,
) -> Indicator:
    return Indicator(
        f"epidemic.{name}", vi, en, unit, direction, f"epidemic.{table}", numerator, **more
    )


def _share(
    name: str,
    vi: str,
    en: str,
    direction: _Direction,
    table: str,
    ratio: tuple[str, str],
    **more: Any,
) -> Indicator:
    """Return an indicator in per cent: `ratio` is its numerator and denominator."""
    above, below = ratio
    return _indicator(
        name, vi, en, "%", direction, table, above, denominator=below, scale=100, **more
    )


def _if(condition: str, then: str = "1") -> str:
    return f"case when {condition} then {then} else 0 end"


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
        reference="DOMAIN.md D.5",
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
        reference="DOMAIN.md D.5",
    ),
    _indicator(
        "case_change",
        "Ca mới so với trung bình 2 tuần trước",
        "New cases against the mean of the two weeks before",
        "%",
        "lower",
        "cases_daily",
        "new_cases",
        freq="W",
        against=2,
        scale=100,
        offset=-100,
        reference="DOMAIN.md A.5, 3979/QĐ-BYT",
    ),
    _indicator(
        "death_rate",
        "Tử vong do COVID-19 trên 100.000 dân",
        "COVID-19 deaths per 100,000 residents",
        "ca/100.000 dân",
        "lower",
        "cases_daily",
        "new_deaths",
        denominator="population",
        scale=1e5,
        reference="DOMAIN.md A.3, C1",
    ),
    # Deaths lag behind cases and not every infection is reported: not the risk of dying.
    _share(
        "deaths_per_case",
        "Tử vong trên số ca mắc trong kỳ",
        "Deaths of the period per reported case of the period",
        "lower",
        "cases_daily",
        ("new_deaths", "new_cases"),
        reference="DOMAIN.md D.5",
    ),
    _indicator(
        "community_case_rate",
        "Ca cộng đồng trên 100.000 dân",
        "Community cases per 100,000 residents",
        "ca/100.000 dân",
        "lower",
        "cases",
        _if("detected_in = 'community'"),
        where="detected_in is not null",
        denominator="population",
        scale=1e5,
        reference="DOMAIN.md A.2, C1",
    ),
    _share(
        "community_share",
        "Tỷ lệ ca phát hiện trong cộng đồng",
        "Share of cases found in the community",
        "lower",
        "cases",
        (_if("detected_in = 'community'"), _if("detected_in is not null")),
        reference="DOMAIN.md B.5",
    ),
    _share(
        "quarantined_share",
        "Tỷ lệ ca đã cách ly hoặc phong tỏa khi phát hiện",
        "Share of cases under quarantine or lockdown when found",
        "higher",
        "cases",
        (_if("detected_in in ('quarantine', 'lockdown')"), _if("detected_in is not null")),
        reference="DOMAIN.md B.4",
    ),
    _share(
        "unknown_source_share",
        "Tỷ lệ ca chưa rõ nguồn lây",
        "Share of cases with unknown source",
        "lower",
        "cases",
        (_if("source_case_id is null and coalesce(exposure, '') <> 'imported'"), "1"),
        reference="DOMAIN.md B.4",
    ),
    _indicator(
        "onset_to_report",
        "Trung vị từ khởi phát đến công bố",
        "Median delay from onset to report",
        "ngày",
        "lower",
        "cases",
        "date_diff('day', onset_date, report_date)",
        over_time="median",
        reference="DOMAIN.md B.5",
    ),
    _indicator(
        "sample_to_report",
        "Trung vị từ lấy mẫu đến công bố",
        "Median delay from sample to report",
        "ngày",
        "lower",
        "cases",
        "date_diff('day', sample_date, report_date)",
        over_time="median",
        reference="DOMAIN.md B.5",
    ),
    _share(
        "test_positivity",
        "Tỷ lệ xét nghiệm dương tính",
        "Test positivity",
        "lower",
        "tests_daily",
        ("positives", "people"),
        reference="DOMAIN.md B.6",
    ),
    _share(
        "pcr_positivity",
        "Tỷ lệ dương tính RT-PCR",
        "RT-PCR positivity",
        "lower",
        "tests_daily",
        (_if("test_type = 'pcr'", "positives"), _if("test_type = 'pcr'", "people")),
        reference="DOMAIN.md A.5, B.6",
    ),
    _share(
        "pcr_share",
        "Tỷ lệ mẫu RT-PCR",
        "RT-PCR share of samples",
        "neutral",
        "tests_daily",
        (_if("test_type = 'pcr'", "samples"), "samples"),
        reference="DOMAIN.md B.6",
    ),
    *(
        _share(
            name,
            vi,
            en,
            "higher",
            "vaccination_daily",
            ratio,
            over_time="last",
            reference=reference,
        )
        for name, vi, en, ratio, reference in (
            (
                "dose1_coverage",
                "Tiêm ít nhất 1 mũi, từ 18 tuổi",
                "At least one dose, age 18 and over",
                ("dose1_18", "people_18"),
                "DOMAIN.md A.2, C2",
            ),
            (
                "full_coverage",
                "Tiêm đủ liều, từ 18 tuổi",
                "Fully vaccinated, age 18 and over",
                ("full_18", "people_18"),
                "DOMAIN.md 0, V1",
            ),
            (
                "full_coverage_50",
                "Tiêm đủ liều, từ 50 tuổi",
                "Fully vaccinated, age 50 and over",
                ("full_50", "people_50"),
                "DOMAIN.md A.2, C2 from November 2021",
            ),
            (
                "full_coverage_65",
                "Tiêm đủ liều, từ 65 tuổi",
                "Fully vaccinated, age 65 and over",
                ("full_65", "people_65"),
                "DOMAIN.md A.2, C2 in October 2021",
            ),
        )
    ),
    _share(
        "top_tier_share",
        "Tỷ lệ bệnh nhân ở tầng cao nhất, từ tầng 2",
        "Top-tier share of inpatients above tier 1",
        "lower",
        "treatment_daily",
        (_if("tier = tier_scheme", "inpatients"), _if("tier >= 2", "inpatients")),
        reference="DOMAIN.md B.6",
    ),
    _share(
        "oxygen_share",
        "Tỷ lệ bệnh nhân thở oxy",
        "Share of inpatients on oxygen",
        "lower",
        "treatment_daily",
        ("oxygen", "inpatients"),
        reference="DOMAIN.md B.6",
    ),
    _share(
        "ventilated_share",
        "Tỷ lệ bệnh nhân thở máy",
        "Share of inpatients ventilated",
        "lower",
        "treatment_daily",
        ("ventilated", "inpatients"),
        reference="DOMAIN.md B.6",
    ),
    _share(
        "icu_occupancy",
        "Công suất giường tầng cao nhất",
        "Occupancy of top-tier beds",
        "lower",
        "treatment_daily",
        (_if("tier = tier_scheme", "inpatients"), _if("tier = tier_scheme", "beds")),
        reference="DOMAIN.md C.8",
    ),
    _indicator(
        "active_lockdowns",
        "Điểm đang phong tỏa",
        "Active lockdown points",
        "điểm",
        "lower",
        "lockdown_points",
        "1",
        over_time="open",
        opened="start_time",
        closed="end_time",
        reference="DOMAIN.md B.3",
    ),
    _indicator(
        "people_locked_down",
        "Người trong vùng phong tỏa",
        "People inside lockdown points",
        "người",
        "lower",
        "lockdown_points",
        "persons",
        over_time="open",
        opened="start_time",
        closed="end_time",
        reference="DOMAIN.md B.3",
    ),
    _indicator(
        "lockdown_days",
        "Trung vị số ngày phong tỏa của các điểm đã gỡ",
        "Median days of the lockdowns lifted",
        "ngày",
        "lower",
        "lockdown_points",
        "date_diff('day', start_time, end_time)",
        date="end_time",
        over_time="median",
        reference="DOMAIN.md B.3",
    ),
    _indicator(
        "f1_isolated",
        "F1 đang cách ly",
        "Close contacts in isolation",
        "người",
        "neutral",
        "isolation_daily",
        "f1_home + f1_central",
        over_time="last",
        reference="DOMAIN.md B.2",
    ),
    _share(
        "f1_central_share",
        "Tỷ lệ F1 cách ly tập trung",
        "Share of close contacts isolated centrally",
        "neutral",
        "isolation_daily",
        ("f1_central", "f1_home + f1_central"),
        reference="DOMAIN.md B.2",
    ),
    _share(
        "quarantine_occupancy",
        "Công suất khu cách ly",
        "Occupancy of quarantine sites",
        "lower",
        "quarantine_sites",
        ("occupied", "capacity"),
        reference="DOMAIN.md B.2",
    ),
)
