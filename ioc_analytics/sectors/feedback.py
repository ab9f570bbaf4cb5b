"""Citizen feedback: what people report through 1022 and the city's app, and how it is answered."""

from ioc_analytics.contracts import Column, Indicator, System, Table, location_columns

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("feedback", "Phản ánh người dân", "Citizen feedback")

_CHANNELS = {
    "app": ("Ứng dụng", "Thủ Đức trực tuyến", "App", "Mobile"),
    "hotline": ("Tổng đài", "Tổng đài 1022", "1022", "Điện thoại"),
    "web": ("Cổng thông tin", "Website", "Web"),
    "zalo": ("Zalo", "Zalo OA"),
    "email": ("Thư điện tử", "Email", "E-mail"),
}
_TOPICS = {
    "procedures": ("Thủ tục hành chính", "TTHC"),
    "noise": ("Tiếng ồn", "Ô nhiễm tiếng ồn", "Karaoke"),
    "infrastructure": ("Hạ tầng đô thị", "Hạ tầng", "Hạ tầng giao thông", "Đường sá"),
    "flooding": ("Ngập nước, thoát nước", "Ngập nước", "Thoát nước", "Ngập úng"),
    "waste": ("Rác thải, vệ sinh môi trường", "Rác thải", "Vệ sinh môi trường"),
    "lighting": ("Chiếu sáng công cộng", "Chiếu sáng", "Đèn đường"),
    "building": ("Trật tự xây dựng", "Xây dựng không phép"),
    "pavement": ("Lấn chiếm lòng lề đường", "Lòng lề đường", "Vỉa hè"),
    "traffic": ("Giao thông", "Trật tự giao thông", "Đậu xe sai quy định"),
    "security": ("An ninh trật tự", "An ninh"),
    "utilities": ("Điện, nước", "Cấp nước", "Cấp điện"),
    "health": ("Y tế, dịch bệnh", "Y tế", "Dịch bệnh", "COVID-19"),
    "social_support": ("An sinh xã hội", "Trợ cấp, hỗ trợ", "Hỗ trợ"),
    "other": ("Khác", "Lĩnh vực khác"),
}
_STATUS = {
    "new": ("Mới tiếp nhận", "Chờ phân công"),
    "processing": ("Đang xử lý", "Đã phân công"),
    "resolved": ("Đã xử lý", "Hoàn thành", "Đã phản hồi"),
    "rejected": ("Từ chối", "Không thuộc thẩm quyền", "Không tiếp nhận"),
}
_SATISFIED = {
    "yes": ("Hài lòng", "Rất hài lòng", "Có"),
    "no": ("Không hài lòng", "Chưa hài lòng", "Không"),
    "unknown": ("Chưa đánh giá", "Không đánh giá", "Không có ý kiến"),
}

TABLES = (
    Table(
        name="feedback.requests",
        vi="Phản ánh, kiến nghị của người dân",
        en="Requests of citizens",
        key=("request_id",),
        date="received_at",
        events=True,
        due_days=2,
        columns=(
            Column(
                "request_id",
                "text",
                "Mã phản ánh",
                required=True,
                aliases=("mã PA", "mã PAKN", "số phiếu"),
            ),
            Column(
                "received_at",
                "datetime",
                "Thời điểm phản ánh",
                required=True,
                aliases=("thời điểm", "ngày phản ánh", "thời gian tiếp nhận"),
            ),
            Column("channel", "text", "Kênh", aliases=("kênh tiếp nhận",), allowed=_CHANNELS),
            Column("topic", "text", "Lĩnh vực", aliases=("chuyên mục", "chủ đề"), allowed=_TOPICS),
            Column(
                "content",
                "text",
                "Nội dung",
                aliases=("nội dung phản ánh",),
                personal="redact",
            ),
            *location_columns("phường xảy ra"),
            Column(
                "address",
                "text",
                "Địa chỉ",
                aliases=("địa điểm", "nơi xảy ra"),
                personal="redact",
            ),
            Column(
                "lat", "number", "Vĩ độ", unit="độ", aliases=("latitude",), minimum=8, maximum=24
            ),
            Column(
                "lon",
                "number",
                "Kinh độ",
                unit="độ",
                aliases=("lng", "longitude"),
                minimum=102,
                maximum=118,
            ),
            Column("photos", "integer", "Hình ảnh", aliases=("số hình ảnh", "số ảnh"), minimum=0),
            Column("reporter_name", "text", "Người phản ánh", aliases=("họ tên",), personal="drop"),
            Column(
                "reporter_phone",
                "text",
                "Số điện thoại",
                aliases=("SĐT", "điện thoại liên hệ"),
                personal="drop",
            ),
            Column("office", "text", "Đơn vị xử lý", aliases=("đơn vị được giao",)),
            Column(
                "assigned_at",
                "datetime",
                "Thời điểm phân công",
                aliases=("ngày phân công",),
                not_before="received_at",
            ),
            Column(
                "due_at",
                "datetime",
                "Hạn xử lý",
                aliases=("thời hạn xử lý",),
                not_before="received_at",
            ),
            Column(
                "resolved_at",
                "datetime",
                "Thời điểm xử lý",
                aliases=("ngày xử lý", "thời điểm hoàn thành"),
                not_before="received_at",
            ),
            Column("status", "text", "Trạng thái", aliases=("tình trạng",), allowed=_STATUS),
            Column(
                "reopened",
                "integer",
                "Số lần mở lại",
                unit="lần",
                aliases=("mở lại",),
                minimum=0,
            ),
            Column("satisfied", "text", "Đánh giá", aliases=("hài lòng",), allowed=_SATISFIED),
        ),
    ),
)

_BY_TOPIC = {
    "flooding": ("ngập nước, thoát nước", "flooding and drains"),
    "noise": ("tiếng ồn", "noise"),
    "health": ("y tế, dịch bệnh", "health and disease"),
}
_RESOLVED = "status = 'resolved'"
_IN_TIME = "case when resolved_at <= due_at then 1 else 0 end"


def _rate(name: str, vi: str, en: str, numerator: str, **more: str) -> Indicator:
    """Declare a share of requests in percent, of which more is better unless said otherwise."""
    return Indicator(
        id=f"feedback.{name}",
        name_vi=vi,
        name_en=en,
        unit="%",
        direction="lower" if name == "reopen_rate" else "higher",
        table="feedback.requests",
        numerator=numerator,
        denominator="1",
        scale=100,
        reference="DOMAIN.md C.3" if not name.startswith("pakn") else "DOMAIN.md C.2, 766/QĐ-TTg",
        **more,  # type: ignore[arg-type]
    )


def _median_hours(name: str, vi: str, en: str, until: str, date: str) -> Indicator:
    """Declare the median of the hours by the clock, nights and holidays included."""
    return Indicator(
        id=f"feedback.{name}",
        name_vi=vi,
        name_en=en,
        unit="giờ",
        direction="lower",
        table="feedback.requests",
        numerator=f"date_diff('second', received_at, {until}) / 3600.0",
        date=date,
        over_time="median",
        reference="DOMAIN.md C.3",
    )


INDICATORS = (
    Indicator(
        id="feedback.requests",
        name_vi="Phản ánh tiếp nhận",
        name_en="Requests received",
        unit="phản ánh",
        direction="neutral",
        table="feedback.requests",
        numerator="1",
        count=True,
        reference="DOMAIN.md C.3",
    ),
    Indicator(
        id="feedback.request_rate",
        name_vi="Phản ánh trên 10.000 dân",
        name_en="Requests per 10,000 residents",
        unit="phản ánh/10.000 dân",
        direction="neutral",
        table="feedback.requests",
        numerator="1",
        denominator="population",
        scale=1e4,
        reference="DOMAIN.md C.3",
    ),
    *(
        Indicator(
            id=f"feedback.{topic}_requests",
            name_vi=f"Phản ánh về {vi}",
            name_en=f"Requests about {en}",
            unit="phản ánh",
            direction="lower",
            table="feedback.requests",
            numerator=f"case when topic = '{topic}' then 1 else 0 end",
            count=True,
            reference="DOMAIN.md C.3",
        )
        for topic, (vi, en) in _BY_TOPIC.items()
    ),
    _rate(
        "on_time_rate",
        "Tỷ lệ phản ánh xử lý đúng hạn",
        "Requests resolved on time",
        "cast(resolved_at <= due_at as integer)",
        where=_RESOLVED,
        date="resolved_at",
    ),
    _median_hours(
        "hours_to_assign",
        "Trung vị thời gian phân công",
        "Median hours until a request is assigned",
        "assigned_at",
        "received_at",
    ),
    _median_hours(
        "hours_to_resolve",
        "Trung vị thời gian xử lý",
        "Median hours until a request is resolved",
        "resolved_at",
        "resolved_at",
    ),
    _rate(
        "reopen_rate",
        "Tỷ lệ phản ánh phải mở lại",
        "Resolved requests that were opened again",
        "cast(reopened > 0 as integer)",
        where=_RESOLVED,
        date="resolved_at",
    ),
    _rate(
        "satisfaction",
        "Tỷ lệ hài lòng trong số có đánh giá",
        "Satisfied, of those who rated",
        "case satisfied when 'yes' then 1 when 'no' then 0 end",
        where=_RESOLVED,
        date="resolved_at",
    ),
    Indicator(
        id="feedback.open_overdue",
        name_vi="Phản ánh đang quá hạn",
        name_en="Open requests past their due day",
        unit="phản ánh",
        direction="lower",
        table="feedback.requests",
        numerator="1",
        where="resolved_at is not null or status in ('new', 'processing')",
        over_time="open",
        opened="cast(due_at as date)",
        closed="cast(resolved_at as date)",
        count=True,
        reference="DOMAIN.md C.3",
    ),
    # By the day on which it is due, so that a request still in time is not counted as late, and one
    # that was never answered is.
    _rate(
        "pakn_on_time",
        "PAKN xử lý đúng hạn trên tổng đến hạn (766/QĐ-TTg)",
        "Requests answered by their deadline, of all that fell due",
        _IN_TIME,
        where="due_at is not null and coalesce(status, 'new') <> 'rejected'",
        date="due_at",
    ),
    _rate(
        "pakn_satisfied",
        "PAKN không bị phản hồi không hài lòng (766/QĐ-TTg)",
        "Resolved requests without a complaint about the answer",
        "cast(coalesce(satisfied, 'unknown') <> 'no' as integer)",
        where=_RESOLVED,
        date="resolved_at",
    ),
)
