"""Administrative procedures: the files people hand in, the months' balance, the service score."""

from ioc_analytics.contracts import (
    Column,
    Identity,
    Indicator,
    Part,
    System,
    Table,
    location_columns,
)

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("procedures", "Giám sát thủ tục hành chính", "Administrative procedures")

_FIELDS = {
    "certification": ("Chứng thực",),
    "civil_status": ("Hộ tịch", "Tư pháp - hộ tịch"),
    "household_business": ("Đăng ký hộ kinh doanh", "Thành lập và hoạt động hộ kinh doanh"),
    "land": ("Đất đai", "Tài nguyên và môi trường"),
    "construction": ("Xây dựng", "Quản lý đô thị", "Hoạt động xây dựng"),
    "social_support": ("Bảo trợ xã hội", "Lao động, thương binh và xã hội", "Người có công"),
    "labour": ("Lao động", "Việc làm"),
    "education": ("Giáo dục và đào tạo", "Giáo dục"),
    "trade": ("Công thương", "Lưu thông hàng hoá trong nước"),
    "environment": ("Môi trường",),
    "other": ("Khác", "Lĩnh vực khác"),
}
_CHANNELS = {
    "direct": ("Trực tiếp", "Tại quầy", "Một cửa"),
    "online_full": ("Trực tuyến toàn trình", "Toàn trình", "DVC toàn trình", "Mức độ 4"),
    "online_partial": ("Trực tuyến một phần", "Một phần", "DVC một phần", "Mức độ 3"),
    "postal": ("Bưu chính công ích", "BCCI", "Bưu điện"),
}
_STATUS = {
    "processing": ("Đang xử lý", "Đang giải quyết"),
    "supplement": ("Chờ bổ sung", "Yêu cầu bổ sung", "Tạm dừng"),
    "returned": ("Đã trả", "Đã trả kết quả", "Đã giải quyết"),
    "refused": ("Từ chối", "Trả lại", "Không tiếp nhận"),
    "withdrawn": ("Rút", "Rút hồ sơ", "Công dân rút"),
}
_RATINGS = {
    "very_satisfied": ("Rất hài lòng", "5"),
    "satisfied": ("Hài lòng", "4"),
    "neutral": ("Bình thường", "3"),
    "unsatisfied": ("Không hài lòng", "Chưa hài lòng", "2"),
    "very_unsatisfied": ("Rất không hài lòng", "1"),
}

_FILES = Table(
    name="procedures.files",
    vi="Hồ sơ thủ tục hành chính",
    en="Files of administrative procedures",
    key=("file_id",),
    date="received_at",
    events=True,
    due_days=4,
    columns=(
        Column("file_id", "text", "Mã hồ sơ", required=True, aliases=("số hồ sơ",)),
        Column("procedure_code", "text", "Mã thủ tục", aliases=("mã TTHC",)),
        Column("field", "text", "Lĩnh vực", allowed=_FIELDS),
        Column("office", "text", "Cơ quan giải quyết", aliases=("cơ quan", "đơn vị giải quyết")),
        *location_columns("phường tiếp nhận"),
        Column("channel", "text", "Kênh tiếp nhận", aliases=("kênh",), allowed=_CHANNELS),
        Column(
            "received_at",
            "datetime",
            "Ngày tiếp nhận",
            required=True,
            aliases=("thời điểm tiếp nhận", "ngày nhận"),
        ),
        Column(
            "due_at",
            "datetime",
            "Ngày hẹn trả",
            aliases=("hạn giải quyết", "thời điểm hẹn trả"),
            not_before="received_at",
        ),
        Column(
            "extended_due_at",
            "datetime",
            "Ngày hẹn gia hạn",
            aliases=("ngày hẹn trả lại", "gia hạn đến"),
            not_before="received_at",
        ),
        Column(
            "paused_from",
            "datetime",
            "Chờ bổ sung từ",
            aliases=("ngày yêu cầu bổ sung", "tạm dừng từ"),
            not_before="received_at",
        ),
        Column(
            "paused_until",
            "datetime",
            "Chờ bổ sung đến",
            aliases=("ngày bổ sung", "tạm dừng đến"),
            not_before="paused_from",
        ),
        Column(
            "returned_at",
            "datetime",
            "Ngày trả",
            aliases=("ngày trả kết quả", "thời điểm trả"),
            not_before="received_at",
        ),
        Column("status", "text", "Trạng thái", aliases=("tình trạng",), allowed=_STATUS),
        Column("digitised", "boolean", "Số hóa", aliases=("đã số hóa", "số hóa hồ sơ")),
        Column(
            "paid_online",  # missing where no fee is due
            "boolean",
            "Thanh toán trực tuyến",
            aliases=("nộp phí trực tuyến",),
        ),
        Column("rating", "text", "Đánh giá", aliases=("mức độ hài lòng",), allowed=_RATINGS),
        Column(
            "applicant_name",
            "text",
            "Người nộp",
            aliases=("họ tên", "họ và tên", "tên người nộp"),
            personal="drop",
        ),
        Column(
            "applicant_id",
            "text",
            "Số CCCD",
            aliases=("CMND", "số định danh", "mã người nộp"),
            personal="pseudonym",
        ),
    ),
)

_MONTHLY = Table(
    name="procedures.monthly",
    vi="Tình hình giải quyết hồ sơ theo tháng",
    en="Balance of files by month",
    key=("month", "location"),
    date="month",
    freq="M",
    due_days=45,
    columns=(
        Column("month", "month", "Tháng", required=True, aliases=("kỳ", "kỳ báo cáo")),
        *location_columns(),
        Column("unit", "text", "Đơn vị báo cáo", aliases=("đơn vị", "cơ quan")),
        Column(
            "brought_forward",
            "integer",
            "Tồn kỳ trước",
            unit="hồ sơ",
            aliases=("kỳ trước chuyển qua", "tồn đầu kỳ"),
            minimum=0,
        ),
        Column(
            "received",
            "integer",
            "Tiếp nhận trong kỳ",
            unit="hồ sơ",
            aliases=("tiếp nhận", "mới tiếp nhận"),
            minimum=0,
        ),
        Column(
            "solved",
            "integer",
            "Đã giải quyết",
            unit="hồ sơ",
            aliases=("tổng đã giải quyết", "số đã giải quyết"),
            minimum=0,
        ),
        Column(
            "solved_on_time",
            "integer",
            "Giải quyết đúng hạn",
            unit="hồ sơ",
            aliases=("trước hạn và đúng hạn", "đã giải quyết đúng hạn"),
            minimum=0,
        ),
        Column(
            "open",
            "integer",
            "Đang giải quyết",
            unit="hồ sơ",
            aliases=("tồn cuối kỳ", "tổng đang giải quyết"),
            minimum=0,
        ),
        Column(
            "open_overdue",
            "integer",
            "Đang giải quyết quá hạn",
            unit="hồ sơ",
            aliases=("tồn quá hạn",),
            minimum=0,
        ),
    ),
    identities=(
        Identity(
            "brought_forward + received = solved + open",
            "tồn kỳ trước + tiếp nhận = đã giải quyết + đang giải quyết",
            "brought forward + received = solved + open",
        ),
        Identity(
            "solved_on_time <= solved",
            "giải quyết đúng hạn không quá đã giải quyết",
            "solved on time is not more than solved",
        ),
        Identity(
            "open_overdue <= open",
            "đang giải quyết quá hạn không quá đang giải quyết",
            "open overdue is not more than open",
        ),
    ),
)

# 766/QĐ-TTg: name, Vietnamese and English names, other headers, points (DOMAIN.md C.2, V66)
_COMPONENTS = (
    ("transparency", "Công khai, minh bạch", "transparency", ("công khai",), 18),
    ("progress", "Tiến độ giải quyết", "progress", ("tiến độ",), 20),
    ("digitisation", "Số hóa hồ sơ", "digitisation", ("số hóa",), 22),
    ("online", "Dịch vụ trực tuyến", "online services", ("dịch vụ công trực tuyến",), 22),
    ("satisfaction", "Mức độ hài lòng", "satisfaction", ("hài lòng",), 18),
)

_SERVICE_INDEX = Table(
    name="procedures.service_index",
    vi="Điểm chỉ số phục vụ người dân, doanh nghiệp (766/QĐ-TTg)",
    en="Service score of Decision 766/QĐ-TTg",
    key=("month", "location"),
    date="month",
    freq="M",
    due_days=45,
    columns=(
        Column("month", "month", "Tháng", required=True, aliases=("kỳ", "kỳ đánh giá")),
        *location_columns(),
        *(
            Column(
                f"{name}_points",
                "number",
                vi,
                unit=f"điểm, tối đa {points}",
                aliases=(f"điểm {vi}", *others),
                minimum=0,
                maximum=points,
            )
            for name, vi, _, others, points in _COMPONENTS
        ),
        Column(
            "total_points",
            "number",
            "Tổng điểm",
            unit="điểm, tối đa 100",
            aliases=("tổng", "điểm tổng hợp"),
            minimum=0,
            maximum=100,
        ),
    ),
    identities=(
        Identity(
            f"abs({' + '.join(f'{name}_points' for name, *_ in _COMPONENTS)} - total_points)"
            " <= 0.05",
            "tổng điểm là tổng của năm nhóm (sai số làm tròn 0,05)",
            "the total is the sum of its five parts (0.05 for rounding)",
        ),
    ),
)

TABLES = (_FILES, _MONTHLY, _SERVICE_INDEX)

# The clock stands while the office waits for supplements. The systems restate the due time after a
# pause; where they did not, the working hours waited are granted on top.
_ON_TIME = """cast(case
    when extended_due_at is not null then returned_at <= extended_due_at
    when returned_at <= due_at or paused_from is null or paused_from >= due_at
    then returned_at <= due_at
    else working_hours(due_at, returned_at)
        <= working_hours(paused_from, coalesce(paused_until, returned_at)) + 1e-6
    end as integer)"""
# Unknown while the pause lasts: nobody can say yet when the file is due.
_DUE_DAY = """cast(case
    when extended_due_at is not null then extended_due_at
    when paused_from is null or paused_from >= due_at then due_at
    else due_at + (paused_until - paused_from)
    end as date)"""
_HOURS = """working_hours(received_at, returned_at)
    - coalesce(working_hours(paused_from, coalesce(paused_until, returned_at)), 0)"""
_SOLVED = "status in ('returned', 'refused')"
_TRULY_OPEN = "returned_at is not null or status in ('processing', 'supplement')"


def _share(name: str, vi: str, en: str, numerator: str, **more: str) -> Indicator:
    """Declare a share of files in percent, of which more is better."""
    return Indicator(
        id=f"procedures.{name}",
        name_vi=vi,
        name_en=en,
        unit="%",
        direction="higher",
        table="procedures.files",
        numerator=numerator,
        denominator="1",
        scale=100,
        reference="DOMAIN.md C.2",
        **more,  # type: ignore[arg-type]
    )


INDICATORS = (
    Indicator(
        id="procedures.received",
        name_vi="Hồ sơ tiếp nhận",
        name_en="Files received",
        unit="hồ sơ",
        direction="neutral",
        table="procedures.files",
        numerator="1",
        count=True,
        reference="DOMAIN.md C.2",
    ),
    _share(
        "on_time_rate",
        "Tỷ lệ hồ sơ giải quyết đúng hạn",
        "Files solved on time",
        _ON_TIME,
        where=_SOLVED,
        date="returned_at",
    ),
    Indicator(
        id="procedures.open_files",
        name_vi="Hồ sơ đang giải quyết",
        name_en="Open files",
        unit="hồ sơ",
        direction="neutral",
        table="procedures.files",
        numerator="1",
        where=_TRULY_OPEN,
        over_time="open",
        opened="cast(received_at as date)",
        closed="cast(returned_at as date)",
        count=True,
        reference="DOMAIN.md C.2",
    ),
    Indicator(
        id="procedures.open_overdue",
        name_vi="Hồ sơ đang giải quyết quá hạn",
        name_en="Open files past their due day",
        unit="hồ sơ",
        direction="lower",
        table="procedures.files",
        numerator="1",
        where=_TRULY_OPEN,
        over_time="open",
        opened=_DUE_DAY,
        closed="cast(returned_at as date)",
        count=True,
        reference="DOMAIN.md C.2",
    ),
    Indicator(
        id="procedures.working_hours",
        name_vi="Thời gian giải quyết trung bình (giờ làm việc, trừ thời gian chờ bổ sung)",
        name_en="Mean working hours to solve a file, pauses excluded",
        unit="giờ làm việc",
        direction="lower",
        table="procedures.files",
        numerator=_HOURS,
        denominator="1",
        where=_SOLVED,
        date="returned_at",
        reference="DOMAIN.md C.2",
    ),
    _share(
        "online_full_share",
        "Tỷ lệ hồ sơ trực tuyến toàn trình",
        "Files handed in fully online",
        "cast(channel = 'online_full' as integer)",
    ),
    _share(
        "digitised_share",
        "Tỷ lệ hồ sơ số hóa",
        "Digitised files",
        "cast(digitised as integer)",
    ),
    _share(
        "online_payment_share",
        "Tỷ lệ hồ sơ thanh toán trực tuyến (trên hồ sơ có phí)",
        "Files paid online, of those with a fee",
        "cast(paid_online as integer)",
    ),
    _share(
        "satisfaction",
        "Tỷ lệ hài lòng về giải quyết hồ sơ",
        "Rated files whose applicant was not unsatisfied",
        "cast(rating not in ('unsatisfied', 'very_unsatisfied') as integer)",
        date="returned_at",
    ),
    Indicator(
        id="procedures.backlog_ratio",
        name_vi="Tỷ lệ tồn: đang giải quyết trên tổng phải giải quyết",
        name_en="Backlog: open files of all to be solved",
        unit="%",
        direction="lower",
        table="procedures.monthly",
        numerator="open",
        denominator="brought_forward + received",
        scale=100,
        over_time="last",
        freq="M",
        reference="DOMAIN.md C.2",
    ),
    Indicator(
        id="procedures.overdue_share",
        name_vi="Tỷ lệ quá hạn trong hồ sơ đang giải quyết",
        name_en="Overdue of open files",
        unit="%",
        direction="lower",
        table="procedures.monthly",
        numerator="open_overdue",
        denominator="open",
        scale=100,
        over_time="last",
        freq="M",
        reference="DOMAIN.md C.2",
    ),
    *(
        Indicator(
            id=f"procedures.{name}_points",
            name_vi=f"Điểm 766: {vi[0].lower()}{vi[1:]}",
            name_en=f"Service score 766: {en}",
            unit="điểm",
            direction="higher",
            table="procedures.service_index",
            numerator=f"{name}_points",
            over_time="last",
            over_space="own",
            freq="M",
            reference="DOMAIN.md C.2, 766/QĐ-TTg",
        )
        for name, vi, en, _, _ in _COMPONENTS
    ),
    Indicator(
        id="procedures.service_index",
        name_vi="Chỉ số phục vụ người dân, doanh nghiệp (766/QĐ-TTg)",
        name_en="Service score of Decision 766/QĐ-TTg",
        unit="điểm",
        direction="higher",
        freq="M",
        parts=tuple(
            Part(f"procedures.{name}_points", points=points, full=points)
            for name, _, _, _, points in _COMPONENTS
        ),
        reference="DOMAIN.md C.2, 766/QĐ-TTg",
    ),
)
