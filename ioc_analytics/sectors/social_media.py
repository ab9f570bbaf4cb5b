"""Social-media monitoring: public posts about the city, their tone, and what was done about them.

Addresses and authors of posts are read and checked at the door but never kept.
"""

from ioc_analytics.contracts import Column, Identity, Indicator, System, Table, location_columns

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("social_media", "Mạng xã hội", "Social-media monitoring")

TABLES = (
    Table(
        name="social_media.posts",
        vi="Tin, bài về thành phố trên mạng xã hội và báo chí",
        en="Posts and articles about the city",
        key=("post_id",),
        date="posted_at",
        events=True,
        freq="D",
        due_days=1,
        identities=(
            Identity(
                "handled_at is null or unit is not null",
                "Bài đã xử lý phải ghi đơn vị xử lý",
                "A post that was handled names the unit that did so",
            ),
        ),
        columns=(
            Column("post_id", "text", "Mã bài viết", required=True, aliases=("mã tin", "mã bài")),
            Column(
                "posted_at",
                "datetime",
                "Thời điểm đăng",
                required=True,
                aliases=("thời gian đăng", "ngày đăng", "ts"),
            ),
            *location_columns("địa bàn được nhắc đến"),
            Column(
                "source",
                "text",
                "Nguồn",
                required=True,
                aliases=("nguồn tin", "kênh", "nền tảng"),
                allowed={
                    "facebook": ("Facebook", "FB"),
                    "youtube": ("YouTube",),
                    "tiktok": ("TikTok",),
                    "zalo": ("Zalo",),
                    "press": ("Báo chí", "báo", "báo điện tử"),
                    "forum": ("Diễn đàn", "forum"),
                },
            ),
            Column(
                "topic",
                "text",
                "Chủ đề",
                aliases=("chu_de", "nhóm chủ đề"),
                allowed={
                    "epidemic": ("Dịch bệnh", "COVID-19", "phòng chống dịch"),
                    "traffic": ("Giao thông", "kẹt xe"),
                    "environment": ("Môi trường", "rác thải", "ngập nước"),
                    "security": ("An ninh trật tự", "an ninh"),
                    "land": ("Đất đai, quy hoạch", "quy hoạch", "xây dựng"),
                    "procedures": ("Thủ tục hành chính", "cải cách hành chính"),
                    "economy": ("Đời sống, giá cả, việc làm", "kinh tế", "an sinh xã hội"),
                    "education": ("Giáo dục", "trường học"),
                    "health": ("Y tế", "bệnh viện"),
                    "other": ("Khác",),
                },
            ),
            Column(
                "sentiment",
                "text",
                "Sắc thái",
                aliases=("sac_thai", "cảm xúc", "thái độ"),
                allowed={
                    "positive": ("Tích cực",),
                    "neutral": ("Trung tính", "trung lập"),
                    "negative": ("Tiêu cực",),
                },
            ),
            Column(
                "interactions",
                "integer",
                "Tương tác",
                unit="lượt",
                aliases=("số lượt tương tác", "lượt tương tác"),
                minimum=0,
            ),
            Column(
                "verification",
                "text",
                "Kết quả xác minh",
                aliases=("da_xac_minh", "xác minh"),
                allowed={
                    "unchecked": ("Chưa xác minh", "chưa"),
                    "genuine": ("Đúng sự thật", "tin thật", "đã xác minh"),
                    "fake": ("Tin giả", "sai sự thật", "tin giả, sai sự thật"),
                },
            ),
            Column(
                "handled_at",
                "datetime",
                "Thời điểm xử lý",
                aliases=("thời gian xử lý", "ngày xử lý", "thời điểm phản hồi"),
                not_before="posted_at",
            ),
            Column("unit", "text", "Đơn vị xử lý", aliases=("don_vi_xu_ly", "cơ quan xử lý")),
            Column(
                "url", "text", "Đường dẫn", personal="drop", aliases=("link", "liên kết", "địa chỉ")
            ),
            Column(
                "author",
                "text",
                "Tài khoản đăng",
                personal="drop",
                aliases=("tác giả", "người đăng", "tài khoản"),
            ),
        ),
    ),
)

_NEGATIVE = "case when sentiment = 'negative' then 1 else 0 end"
_BALANCE = "case sentiment when 'positive' then 1 when 'negative' then -1 else 0 end"
_TONED = "case when sentiment in ('positive', 'negative') then 1 else 0 end"

INDICATORS = (
    Indicator(
        id="social_media.mentions",
        name_vi="Số lượt nhắc đến thành phố",
        name_en="Posts about the city",
        unit="bài",
        direction="neutral",
        table="social_media.posts",
        numerator="1",
        count=True,
        reference="DOMAIN.md C.6",
    ),
    Indicator(
        id="social_media.negative_share",
        name_vi="Tỷ lệ bài có sắc thái tiêu cực",
        name_en="Share of posts with a negative tone",
        unit="%",
        direction="lower",
        table="social_media.posts",
        numerator=_NEGATIVE,
        where="sentiment is not null",
        denominator="1",
        scale=100,
        reference="DOMAIN.md C.6",
    ),
    Indicator(
        id="social_media.net_sentiment",
        name_vi="Chỉ số sắc thái: (tích cực − tiêu cực) / (tích cực + tiêu cực)",
        name_en="Net sentiment: (positive − negative) / (positive + negative)",
        unit="%",
        direction="higher",
        table="social_media.posts",
        numerator=_BALANCE,
        where="sentiment is not null",
        denominator=_TONED,
        scale=100,
        reference="DOMAIN.md C.6",
    ),
    Indicator(
        id="social_media.negative_vs_4_weeks",
        name_vi="Số bài tiêu cực so với trung bình 4 tuần trước",
        name_en="Negative posts against the mean of the four weeks before",
        unit="%",
        direction="lower",
        table="social_media.posts",
        numerator=_NEGATIVE,
        where="sentiment is not null",
        freq="W",
        against=4,
        scale=100,
        offset=-100,
        reference="DOMAIN.md C.6 (rise of negative posts)",
    ),
    Indicator(
        id="social_media.fake_handled_share",
        name_vi="Tỷ lệ tin giả đã được xử lý",
        name_en="Share of fake news that was handled",
        unit="%",
        direction="higher",
        table="social_media.posts",
        numerator="case when handled_at is not null then 1 else 0 end",
        where="verification = 'fake'",
        denominator="1",
        scale=100,
        reference="DOMAIN.md C.6",
    ),
    Indicator(  # by the day of the answer: posts still unanswered cannot shorten it
        id="social_media.response_hours",
        name_vi="Thời gian phản hồi trung vị",
        name_en="Median time to response",
        unit="giờ",
        direction="lower",
        table="social_media.posts",
        numerator="epoch(handled_at - posted_at) / 3600",
        date="handled_at",
        over_time="median",
        reference="DOMAIN.md C.6",
    ),
    Indicator(
        id="social_media.spread",
        name_vi="Mức lan truyền: lượt tương tác trên mỗi bài",
        name_en="Spread: interactions per post",
        unit="lượt/bài",
        direction="neutral",
        table="social_media.posts",
        numerator="interactions",
        denominator="1",
        reference="DOMAIN.md C.6",
    ),
    Indicator(
        id="social_media.epidemic_posts",
        name_vi="Số bài về dịch bệnh",
        name_en="Posts about the epidemic",
        unit="bài",
        direction="neutral",
        table="social_media.posts",
        numerator="1",
        where="topic = 'epidemic'",
        count=True,
        reference="DOMAIN.md C.6",
    ),
)
