"""Social media: each indicator on rows whose value is worked out by hand; the tool's spellings."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from kit import put, value

from ioc_analytics import sectors
from ioc_analytics.lake import Lake
from ioc_analytics.places import CITY

LINH_XUAN, LONG_PHUOC = "26794", "26857"
WEEK = "2021-10-04"
COVERED = ("2021-10-04", "2021-10-10")


def posts(n: int, sentiment: str | None, when: str = "2021-10-05T20:00:00", **cells) -> list[dict]:
    row = {"posted_at": when, "location": LINH_XUAN, "source": "facebook", "sentiment": sentiment}
    return [{"post_id": f"{when} {sentiment} {cells} {i}", **row, **cells} for i in range(n)]


def week(lake: Lake, name: str, location: str = LINH_XUAN) -> float:
    return value(lake, f"social_media.{name}", "W", location, WEEK)


# -- volume and tone ------------------------------------------------------------------------------


def test_tone_as_in_the_published_report(lake: Lake):
    # 14,830 mentions, 4,156 positive, 4,822 negative (DOMAIN.md C.6):
    # 4,822 / 14,830 = 32.515 %; (4,156 - 4,822) / (4,156 + 4,822) = -666 / 8,978 = -7.418 %
    rows = posts(4_156, "positive") + posts(4_822, "negative") + posts(5_852, "neutral")
    put(lake, "social_media.posts", rows, covers=COVERED)
    assert week(lake, "mentions") == 14_830
    assert week(lake, "negative_share") == pytest.approx(32.515, abs=1e-3)
    assert week(lake, "net_sentiment") == pytest.approx(-7.418, abs=1e-3)


def test_net_sentiment_of_the_city_is_a_ratio_of_sums(lake: Lake):
    rows = posts(1, "positive") + posts(3, "negative", location=LONG_PHUOC)
    put(lake, "social_media.posts", rows, covers=COVERED)
    both = (week(lake, "net_sentiment"), week(lake, "net_sentiment", LONG_PHUOC))
    assert both == (100, -100)
    assert week(lake, "net_sentiment", CITY) == pytest.approx(-50)  # not the mean, 0


def test_a_post_whose_tone_is_unknown_counts_as_mention_only(lake: Lake):
    rows = posts(1, "negative") + posts(1, "neutral") + posts(3, None)
    put(lake, "social_media.posts", rows, covers=COVERED)
    assert week(lake, "mentions") == 5
    assert week(lake, "negative_share") == pytest.approx(50)


def test_without_a_post_that_takes_sides_net_sentiment_is_missing(lake: Lake):
    put(lake, "social_media.posts", posts(2, "neutral"), covers=COVERED)
    assert np.isnan(week(lake, "net_sentiment"))
    assert week(lake, "negative_share") == 0


def test_negative_posts_against_the_mean_of_the_four_weeks_before(lake: Lake):
    days = ("2021-09-07", "2021-09-14", "2021-09-21", "2021-09-28", "2021-10-05")
    counts = (8, 12, 9, 11, 15)  # (8 + 12 + 9 + 11) / 4 = 10
    rows = [posts(n, "negative", f"{d}T08:00:00") for n, d in zip(counts, days, strict=True)]
    rows.append(posts(99, "positive"))
    covers = ("2021-09-06", "2021-10-10")
    put(lake, "social_media.posts", list(itertools.chain(*rows)), covers=covers)
    assert week(lake, "negative_vs_4_weeks") == pytest.approx(50)


# -- answers --------------------------------------------------------------------------------------


def test_share_of_fake_news_that_was_handled(lake: Lake):
    done = {"handled_at": "2021-10-06T08:00:00", "unit": "Công an thành phố"}
    rows = posts(3, "negative", verification="fake", **done)
    rows += posts(1, "negative", verification="fake")
    rows += posts(5, "negative", verification="unchecked", **done)
    put(lake, "social_media.posts", rows, covers=COVERED)
    assert week(lake, "fake_handled_share") == pytest.approx(75)


def test_response_is_the_median_of_hours_by_the_week_of_the_answer(lake: Lake):
    answers = ("2021-10-05T22:00:00", "2021-10-06T00:00:00", "2021-10-08T20:00:00")
    rows = [row for at in answers for row in posts(1, "negative", handled_at=at)]
    rows += posts(1, "negative", handled_at="2021-10-12T20:00:00")  # answered in the week after
    rows += posts(4, "negative")
    put(lake, "social_media.posts", rows, covers=("2021-10-04", "2021-10-17"))
    assert week(lake, "response_hours") == pytest.approx(4)  # of 2, 4 and 72 hours
    after = value(lake, "social_media.response_hours", "W", LINH_XUAN, "2021-10-11")
    assert after == pytest.approx(168)


def test_spread_is_interactions_per_post_of_which_they_are_known(lake: Lake):
    rows = posts(1, "neutral", interactions=10) + posts(1, "neutral", interactions=50)
    put(lake, "social_media.posts", rows + posts(1, "neutral"), covers=COVERED)
    assert week(lake, "spread") == pytest.approx(30)


def test_posts_about_the_epidemic(lake: Lake):
    rows = posts(2, "neutral", topic="epidemic") + posts(3, "neutral", topic="traffic")
    put(lake, "social_media.posts", rows, covers=COVERED)
    assert week(lake, "epidemic_posts") == 2
    assert week(lake, "epidemic_posts", LONG_PHUOC) == 0


# -- the door -------------------------------------------------------------------------------------


def test_the_tool_s_own_headers_and_words_are_read_and_authors_are_not_kept(
    lake: Lake, tmp_path: Path
):
    export = tmp_path / "mxh.csv"
    export.write_text(
        "Mã tin,Thời gian đăng,Phường,Nền tảng,Nhóm chủ đề,Sắc thái,Số lượt tương tác,"
        "Xác minh,Link,Người đăng\n"
        "1,05/10/2021 20:00,Linh Xuân,FB,COVID-19,TIÊU CỰC,1.250,Tin giả,"
        "https://example.org/p/1,Tài khoản 000123\n"
        "2,06/10/2021 07:45,P. Long Phuoc,Báo điện tử,kẹt xe,trung lập,0,,,\n",
        encoding="utf-8",
    )
    lake.ingest(export, "social_media.posts", as_of="2021-10-11")
    rows = lake.read("social_media.posts").sort_values("post_id")
    assert rows["source"].tolist() == ["facebook", "press"]
    assert rows["topic"].tolist() == ["epidemic", "traffic"]
    assert rows["sentiment"].tolist() == ["negative", "neutral"]
    assert rows["interactions"].tolist() == [1250, 0]
    assert rows["verification"].iloc[0] == "fake"
    assert not {"url", "author"} & set(rows.columns)


def test_addresses_and_authors_of_posts_are_dropped():
    table = sectors.table("social_media.posts")
    assert [c.name for c in table.columns if c.personal == "drop"] == ["url", "author"]
