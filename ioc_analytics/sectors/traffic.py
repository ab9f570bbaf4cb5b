"""Traffic: accidents, camera counts by hour, violations and congestion points."""

from ioc_analytics.contracts import Column, Indicator, System, Table, location_columns

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("traffic", "Giao thông", "Traffic")

_POINT = (
    Column("lat", "number", "Vĩ độ", unit="°", aliases=("latitude",), minimum=8, maximum=24),
    Column("lon", "number", "Kinh độ", unit="°", aliases=("longitude",), minimum=102, maximum=118),
)

_ACCIDENTS = Table(
    name="traffic.accidents",
    vi="Vụ tai nạn giao thông",
    en="Traffic accidents",
    key=("accident_id",),
    date="occurred_at",
    events=True,
    freq="D",
    due_days=3,
    columns=(
        Column("accident_id", "text", "Mã vụ tai nạn", required=True, aliases=("mã vụ", "số vụ")),
        Column(
            "occurred_at",
            "datetime",
            "Thời điểm xảy ra",
            required=True,
            aliases=("thời gian xảy ra", "ngày giờ xảy ra", "ngày xảy ra"),
        ),
        *location_columns("nơi xảy ra"),
        Column("road", "text", "Tuyến", aliases=("tuyến đường", "đường", "vị trí")),
        Column(
            "mode",
            "text",
            "Loại hình",
            required=True,
            aliases=("loại hình giao thông", "lĩnh vực"),
            allowed={
                "road": ("Đường bộ", "bộ"),
                "rail": ("Đường sắt", "sắt"),
                "water": ("Đường thuỷ nội địa", "đường thủy", "thủy"),
            },
        ),
        Column(
            "severity",
            "text",
            "Mức độ",
            aliases=("mức độ nghiêm trọng", "hậu quả"),
            allowed={
                "collision": ("Va chạm", "va chạm giao thông"),
                "less_serious": ("Ít nghiêm trọng",),
                "serious": ("Nghiêm trọng",),
                "very_serious": ("Rất nghiêm trọng",),
                "extremely_serious": ("Đặc biệt nghiêm trọng",),
            },
        ),
        Column(
            "deaths",
            "integer",
            "Số người chết",
            unit="người",
            required=True,
            aliases=("chết", "tử vong"),
            minimum=0,
        ),
        Column(
            "injured",
            "integer",
            "Số người bị thương",
            unit="người",
            required=True,
            aliases=("bị thương",),
            minimum=0,
        ),
        *_POINT,
    ),
)

# A ward without camera has no row: every indicator of this table is a ratio, missing there.
_FLOW = Table(
    name="traffic.flow_hourly",
    vi="Lưu lượng giao thông theo giờ",
    en="Traffic flow by camera and hour",
    key=("camera_id", "hour"),
    date="hour",
    events=True,
    freq="D",
    due_days=1,
    columns=(
        Column("camera_id", "text", "Mã camera", required=True, aliases=("camera", "mã cam")),
        Column(
            "hour", "datetime", "Giờ", required=True, aliases=("thời điểm", "ts", "thời gian đo")
        ),
        *location_columns(),
        Column(
            "vehicles",
            "integer",
            "Lưu lượng",
            unit="xe/giờ",
            required=True,
            aliases=("số xe", "lượt xe", "luu_luong"),
            minimum=0,
            maximum=30_000,
        ),
        Column(
            "speed_kmh",
            "number",
            "Vận tốc trung bình",
            unit="km/h",
            aliases=("vận tốc", "tốc độ trung bình", "tốc độ"),
            minimum=0,
            maximum=150,
        ),
        Column(
            "free_flow_kmh",
            "number",
            "Vận tốc dòng tự do",
            unit="km/h",
            aliases=("vận tốc tự do", "tốc độ dòng tự do"),
            minimum=10,
            maximum=120,
        ),
        Column(
            "density_per_km",
            "number",
            "Mật độ",
            unit="xe/km",
            aliases=("mật độ xe", "mật độ dòng xe"),
            minimum=0,
            maximum=2000,
        ),
    ),
)

_VIOLATIONS = Table(
    name="traffic.violations",
    vi="Vi phạm giao thông",
    en="Traffic violations",
    key=("violation_id",),
    date="detected_at",
    events=True,
    freq="D",
    due_days=2,
    columns=(
        Column("violation_id", "text", "Mã vi phạm", required=True, aliases=("số biên bản",)),
        Column(
            "detected_at",
            "datetime",
            "Thời điểm phát hiện",
            required=True,
            aliases=("thời gian vi phạm", "thời điểm vi phạm", "ngày vi phạm"),
        ),
        *location_columns("nơi vi phạm"),
        Column(
            "plate",
            "text",
            "Biển số",
            aliases=("biển kiểm soát", "biển số xe", "bks"),
            personal="pseudonym",
        ),
        Column(
            "vehicle",
            "text",
            "Loại xe",
            aliases=("phương tiện", "loại phương tiện"),
            allowed={
                "motorbike": ("Xe mô tô, xe gắn máy", "xe máy", "mô tô"),
                "car": ("Ô tô con", "ô tô", "xe con"),
                "truck": ("Xe tải", "ô tô tải"),
                "container": ("Xe đầu kéo, container", "container", "xe đầu kéo"),
                "bus": ("Xe khách, xe buýt", "xe khách", "xe buýt"),
                "other": ("Khác",),
            },
        ),
        Column(
            "kind",
            "text",
            "Lỗi vi phạm",
            required=True,
            aliases=("lỗi", "hành vi vi phạm"),
            allowed={
                "speeding": ("Chạy quá tốc độ", "quá tốc độ", "vi phạm tốc độ"),
                "red_light": ("Vượt đèn đỏ", "không chấp hành tín hiệu đèn"),
                "wrong_lane": ("Đi sai làn đường", "sai làn"),
                "forbidden_road": ("Đi vào đường cấm", "vào đường cấm", "xe tải giờ cấm"),
                "parking": ("Dừng, đỗ sai quy định", "dừng đỗ sai"),
                "no_helmet": ("Không đội mũ bảo hiểm",),
                "alcohol": ("Vi phạm nồng độ cồn", "nồng độ cồn"),
                "other": ("Khác", "lỗi khác"),
            },
        ),
        Column(
            "source",
            "text",
            "Nguồn phát hiện",
            aliases=("hình thức phát hiện",),
            allowed={
                "camera": ("Camera", "phạt nguội"),
                "patrol": ("Tuần tra", "CSGT tuần tra", "trực tiếp"),
            },
        ),
        Column(
            "fine_vnd",
            "integer",
            "Mức phạt",
            unit="đồng",
            aliases=("tiền phạt", "số tiền phạt", "mức phạt (đồng)"),
            minimum=0,
        ),
    ),
)

_CONGESTION_POINTS = Table(
    name="traffic.congestion_points",
    vi="Rà soát điểm có nguy cơ ùn tắc giao thông",
    en="Reviews of points at risk of congestion",
    key=("point_id", "reviewed_on"),
    date="reviewed_on",
    events=True,
    freq="M",
    due_days=45,
    columns=(
        Column("point_id", "text", "Mã điểm", required=True, aliases=("mã điểm ùn tắc",)),
        Column(
            "reviewed_on",
            "date",
            "Ngày rà soát",
            required=True,
            aliases=("ngày đánh giá", "kỳ rà soát"),
        ),
        *location_columns(),
        Column("name", "text", "Tên điểm", aliases=("vị trí", "giao lộ", "điểm nguy cơ ùn tắc")),
        Column(
            "status",
            "text",
            "Chuyển biến",
            required=True,
            aliases=("tình trạng", "trạng thái", "đánh giá"),
            allowed={
                "improved": ("Có chuyển biến tốt", "chuyển biến tốt", "cải thiện"),
                "improved_complex": (
                    "Có chuyển biến nhưng còn phức tạp",
                    "chuyển biến nhưng còn diễn biến phức tạp",
                ),
                "no_change": ("Chưa chuyển biến", "không chuyển biến", "chưa có chuyển biến"),
            },
        ),
        *_POINT,
    ),
)

TABLES = (_ACCIDENTS, _FLOW, _VIOLATIONS, _CONGESTION_POINTS)


def _harm(
    name: str, numerator: str, unit: str, vi: str, en: str, count_id: str = ""
) -> tuple[Indicator, Indicator]:
    """Declare a count of the accident report, and its change against the same period."""
    count = Indicator(
        id=f"traffic.{count_id or name}",
        name_vi=vi,
        name_en=en,
        unit=unit,
        direction="lower",
        table="traffic.accidents",
        numerator=numerator,
        count=True,
        reference="DOMAIN.md C.5",
    )
    change = Indicator(
        id=f"traffic.{name}_vs_year",
        name_vi=f"{vi} so với cùng kỳ năm trước",
        name_en=f"{en} against the same period of last year",
        unit="%",
        direction="lower",
        table="traffic.accidents",
        numerator=numerator,
        freq="M",
        against="year",
        scale=100,
        offset=-100,
        reference="DOMAIN.md C.5",
    )
    return count, change


def _status_share(name: str, status: str, more_is_better: bool, vi: str, en: str) -> Indicator:
    return Indicator(
        id=f"traffic.{name}",
        name_vi=vi,
        name_en=en,
        unit="%",
        direction="higher" if more_is_better else "lower",
        table="traffic.congestion_points",
        numerator=f"case when status = '{status}' then 1 else 0 end",
        denominator="1",
        scale=100,
        freq="M",
        reference="DOMAIN.md C.5",
    )


# An hour in which a camera saw no vehicle, or no speed, tells nothing of speeds.
_HOURS_PER_KM = "vehicles / nullif(speed_kmh, 0)"

INDICATORS = (
    *_harm(
        "accidents",
        "1",
        "vụ",
        "Số vụ tai nạn giao thông",
        "Traffic accidents",
        count_id="accident_count",
    ),
    *_harm("deaths", "deaths", "người", "Số người chết vì tai nạn giao thông", "Traffic deaths"),
    *_harm(
        "injured",
        "injured",
        "người",
        "Số người bị thương vì tai nạn giao thông",
        "Injured in traffic",
    ),
    Indicator(
        id="traffic.congestion_index",
        name_vi="Chỉ số thông thoáng: thời gian đi khi thông thoáng trên thời gian đi thực tế",
        name_en="Congestion index: free-flow over observed travel time",
        unit="0–1",
        direction="higher",
        table="traffic.flow_hourly",
        numerator="vehicles / free_flow_kmh",
        denominator=_HOURS_PER_KM,
        reference="DOMAIN.md C.5",
    ),
    Indicator(
        id="traffic.mean_speed",
        name_vi="Vận tốc trung bình của dòng xe",
        name_en="Mean speed (distance over time, all vehicles)",
        unit="km/h",
        direction="higher",
        table="traffic.flow_hourly",
        numerator="vehicles",
        denominator=_HOURS_PER_KM,
        reference="DOMAIN.md C.5",
    ),
    Indicator(
        id="traffic.flow",
        name_vi="Lưu lượng trung bình mỗi giờ qua một camera",
        name_en="Mean flow per camera and hour",
        unit="xe/giờ",
        direction="neutral",
        table="traffic.flow_hourly",
        numerator="vehicles",
        denominator="1",
        reference="DOMAIN.md C.5",
    ),
    Indicator(
        id="traffic.violation_count",
        name_vi="Số lỗi vi phạm giao thông bị phát hiện",
        name_en="Traffic violations detected",
        unit="lỗi",
        direction="neutral",
        table="traffic.violations",
        numerator="1",
        count=True,
        reference="DOMAIN.md C.5",
    ),
    _status_share(
        "congestion_points_improved",
        "improved",
        True,
        "Tỷ lệ điểm nguy cơ ùn tắc có chuyển biến tốt",
        "Share of congestion points that improved",
    ),
    _status_share(
        "congestion_points_unchanged",
        "no_change",
        False,
        "Tỷ lệ điểm nguy cơ ùn tắc chưa chuyển biến",
        "Share of congestion points without change",
    ),
)
