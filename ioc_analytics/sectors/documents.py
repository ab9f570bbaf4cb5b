"""Electronic documents: the register of what comes in and goes out, and tasks from leaders."""

from ioc_analytics.contracts import Column, Identity, Indicator, System, Table, location_columns

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("documents", "Văn bản điện tử", "Electronic documents")

_KINDS = {
    "dispatch": ("Công văn", "CV"),
    "decision": ("Quyết định", "QĐ"),
    "report": ("Báo cáo", "BC"),
    "plan": ("Kế hoạch", "KH"),
    "notice": ("Thông báo", "TB"),
    "proposal": ("Tờ trình", "TTr"),
    "invitation": ("Giấy mời", "GM"),
    "directive": ("Chỉ thị", "CT"),
    "telegram": ("Công điện", "CĐ"),
    "minutes": ("Biên bản", "BB"),
    "other": ("Khác", "Loại khác"),
}
_URGENCY = {
    "normal": ("Thường", "Bình thường"),
    "urgent": ("Khẩn",),
    "very_urgent": ("Thượng khẩn",),
    "express": ("Hỏa tốc", "Hoả tốc hẹn giờ"),
}
_DIRECTIONS = {
    "in": ("Văn bản đến", "Đến", "VB đến"),
    "out": ("Văn bản đi", "Đi", "VB đi"),
}
_STATUS = {
    "processing": ("Đang xử lý", "Chưa xử lý", "Chờ xử lý"),
    "done": ("Đã hoàn thành", "Hoàn thành", "Đã xử lý", "Đã phát hành"),
    "for_information": ("Để biết", "Xem để biết", "Lưu"),
}
_TASK_STATUS = {
    "doing": ("Đang thực hiện", "Chưa hoàn thành", "Chưa thực hiện"),
    "done": ("Đã hoàn thành", "Hoàn thành"),
    "cancelled": ("Đã hủy", "Huỷ", "Thu hồi"),
}

_REGISTER = Table(
    name="documents.register",
    vi="Sổ văn bản đến, đi",
    en="Register of documents",
    key=("document_id",),
    date="registered_at",
    events=True,
    due_days=4,
    columns=(
        Column(
            "document_id",
            "text",
            "Mã định danh văn bản",
            required=True,
            aliases=("mã văn bản", "mã định danh"),
        ),
        Column("direction", "text", "Chiều", aliases=("đến/đi", "sổ"), allowed=_DIRECTIONS),
        Column(
            "registered_at",
            "datetime",
            "Ngày đến/đi",
            required=True,
            aliases=("ngày đến", "ngày vào sổ", "thời điểm đăng ký"),
        ),
        Column("entry_no", "integer", "Số đến", aliases=("số thứ tự", "số vào sổ"), minimum=1),
        Column("reference_no", "text", "Số ký hiệu", aliases=("số, ký hiệu văn bản",)),
        Column("kind", "text", "Loại văn bản", aliases=("loại",), allowed=_KINDS),
        Column(
            "summary",
            "text",
            "Trích yếu",
            aliases=("trích yếu nội dung",),
            personal="redact",
        ),
        Column("urgency", "text", "Độ khẩn", aliases=("mức độ khẩn",), allowed=_URGENCY),
        Column(
            "secrecy",
            "text",
            "Độ mật",
            aliases=("mức độ mật",),
            allowed={"none": ("Không mật", "Không", "Thường")},
            secret=("Mật", "Tối mật", "Tuyệt mật"),
        ),
        Column("issuer", "text", "Cơ quan ban hành", aliases=("nơi gửi",)),
        Column("issued_on", "date", "Ngày văn bản", aliases=("ngày VB", "ngày ban hành")),
        *location_columns(),
        Column("lead_unit", "text", "Đơn vị chủ trì", aliases=("đơn vị xử lý",)),
        Column("handler", "text", "Người xử lý", aliases=("chuyên viên",), personal="pseudonym"),
        Column("due_on", "date", "Hạn xử lý", aliases=("thời hạn xử lý",), not_before="issued_on"),
        Column(
            "completed_at",
            "datetime",
            "Ngày hoàn thành",
            aliases=("thời điểm hoàn thành",),
            not_before="registered_at",
        ),
        Column("e_signed", "boolean", "Ký số", aliases=("đã ký số",)),
        Column("status", "text", "Trạng thái", aliases=("tình trạng",), allowed=_STATUS),
    ),
    identities=(
        Identity(
            "status <> 'done' or direction = 'out' or completed_at is not null",
            "văn bản đến đã hoàn thành có ngày hoàn thành",
            "an incoming document that is done has the time of its completion",
        ),
    ),
)

_TASKS = Table(
    name="documents.tasks",
    vi="Nhiệm vụ lãnh đạo giao",
    en="Tasks assigned by leaders",
    key=("task_id",),
    date="assigned_on",
    events=True,
    due_days=14,
    columns=(
        Column("task_id", "text", "Mã nhiệm vụ", required=True, aliases=("số nhiệm vụ",)),
        Column("assigned_on", "date", "Ngày giao", required=True, aliases=("ngày giao việc",)),
        *location_columns(),
        Column("assigned_by", "text", "Chức vụ người giao", aliases=("lãnh đạo giao",)),
        Column("lead_unit", "text", "Đơn vị chủ trì", aliases=("đơn vị thực hiện",)),
        Column(
            "content",
            "text",
            "Nội dung nhiệm vụ",
            aliases=("nội dung",),
            personal="redact",
        ),
        Column("source_no", "text", "Văn bản giao", aliases=("số văn bản giao",)),
        Column(
            "due_on",
            "date",
            "Hạn hoàn thành",
            aliases=("thời hạn",),
            not_before="assigned_on",
        ),
        Column(
            "extended_due_on",
            "date",
            "Hạn gia hạn",
            aliases=("gia hạn đến",),
            not_before="due_on",
        ),
        Column(
            "done_on",
            "date",
            "Ngày hoàn thành",
            aliases=("ngày kết thúc",),
            not_before="assigned_on",
        ),
        Column("status", "text", "Trạng thái", aliases=("tình trạng",), allowed=_TASK_STATUS),
    ),
)

TABLES = (_REGISTER, _TASKS)

_TO_HANDLE = "direction = 'in' and due_on is not null"
_IN_TIME = "cast(cast(completed_at as date) <= due_on as integer)"
_TASK_DUE = "coalesce(extended_due_on, due_on)"


def _documents(name: str, vi: str, en: str, numerator: str, **more: object) -> Indicator:
    """Declare a share of documents in percent."""
    return Indicator(
        id=f"documents.{name}",
        name_vi=vi,
        name_en=en,
        unit="%",
        direction="lower" if name == "overdue_share" else "higher",
        table="documents.register",
        numerator=numerator,
        denominator="1",
        scale=100,
        reference="DOMAIN.md C.4",
        **more,  # type: ignore[arg-type]
    )


def _count(direction: str, vi: str, en: str) -> Indicator:
    """Declare the number of documents that came in or went out."""
    return Indicator(
        id=f"documents.{'incoming' if direction == 'in' else 'outgoing'}",
        name_vi=vi,
        name_en=en,
        unit="văn bản",
        direction="neutral",
        table="documents.register",
        numerator=f"case when direction = '{direction}' then 1 else 0 end",
        count=True,
        reference="DOMAIN.md C.4",
    )


INDICATORS = (
    _count("in", "Văn bản đến", "Incoming documents"),
    _count("out", "Văn bản đi", "Outgoing documents"),
    _documents(
        "on_time_rate",
        "Tỷ lệ văn bản đến xử lý đúng hạn",
        "Incoming documents handled in time",
        _IN_TIME,
        where=_TO_HANDLE,
        date="completed_at",
    ),
    # By the day on which it is due: one that was never handled counts as overdue.
    _documents(
        "overdue_share",
        "Tỷ lệ văn bản quá hạn trên tổng đến hạn",
        "Documents not handled by their due day, of all that fell due",
        "case when cast(completed_at as date) <= due_on then 0 else 1 end",
        where=_TO_HANDLE,
        date="due_on",
    ),
    Indicator(
        id="documents.open_overdue",
        name_vi="Văn bản đang quá hạn",
        name_en="Open documents past their due day",
        unit="văn bản",
        direction="lower",
        table="documents.register",
        numerator="1",
        where=_TO_HANDLE,
        over_time="open",
        opened="due_on",
        closed="cast(completed_at as date)",
        count=True,
        reference="DOMAIN.md C.4",
    ),
    _documents(
        "e_signed_share",
        "Tỷ lệ văn bản đi ký số",
        "Outgoing documents signed electronically",
        "cast(e_signed as integer)",
        where="direction = 'out'",
    ),
    Indicator(
        id="documents.handling_hours",
        name_vi="Thời gian xử lý văn bản trung bình (giờ làm việc)",
        name_en="Mean working hours to handle a document",
        unit="giờ làm việc",
        direction="lower",
        table="documents.register",
        numerator="working_hours(registered_at, completed_at)",
        denominator="1",
        where="direction = 'in'",
        date="completed_at",
        reference="DOMAIN.md C.4",
    ),
    _documents(
        "urgent_on_time",
        "Tỷ lệ văn bản khẩn xử lý đúng hạn",
        "Urgent documents handled in time",
        _IN_TIME,
        where=f"{_TO_HANDLE} and urgency <> 'normal'",
        date="completed_at",
    ),
    Indicator(
        id="documents.tasks_on_time",
        name_vi="Tỷ lệ nhiệm vụ hoàn thành đúng hạn",
        name_en="Tasks done on time",
        unit="%",
        direction="higher",
        table="documents.tasks",
        numerator=f"cast(done_on <= {_TASK_DUE} as integer)",
        denominator="1",
        scale=100,
        where="status = 'done'",
        date="done_on",
        reference="DOMAIN.md C.4",
    ),
    Indicator(
        id="documents.tasks_overdue",
        name_vi="Nhiệm vụ đang quá hạn",
        name_en="Open tasks past their due day",
        unit="nhiệm vụ",
        direction="lower",
        table="documents.tasks",
        numerator="1",
        where="status <> 'cancelled' and (done_on is not null or status = 'doing')",
        over_time="open",
        opened=_TASK_DUE,
        closed="done_on",
        count=True,
        reference="DOMAIN.md C.4",
    ),
)
