"""Free text without what tells of a person: plates, phones, identity and account numbers, names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["redact", "redact_column"]

_PLATE, _PHONE, _PAPER = "[biển số]", "[điện thoại]", "[giấy tờ]"
_MAIL, _ACCOUNT, _NAME = "[e-mail]", "[tài khoản]", "[tên]"

_GAP = r"(?: ?[.\-] ?|[ \u00a0])?"
_MONEY = r"(?! ?(?i:đ|đồng|vnđ|vnd|usd|triệu|tỷ|tỉ|nghìn|ngàn)\b)"
_SEP = r"(?: ?[.\-] ?| )"
_A_DAY = re.compile(rf"\d{{1,2}}{_SEP}\d{{1,2}}{_SEP}(?:19|20)\d\d(?!\d)")


def _alone(first: str) -> str:
    """Return a pattern for a first digit that ends no longer number or code.

    The digit comes before what is asked of its left side: a search by it is many times faster.
    """
    return rf"{first}(?<![0-9A-Z_]{first})(?<!\d[.,]{first})"


def _free(first: str) -> str:
    """Return a pattern for a first digit that stands by itself."""
    return rf"{first}(?<![\w/\-]{first})(?<!\d[.,]{first})"


_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# A word that announces a number: whatever digits follow it are redacted under its label.
_ANNOUNCED: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    (
        ("cmnd", "cccd", "cmt", "căn cước", "chứng minh", "mst", "bhxh", "mã số thuế", "hộ chiếu")
        + ("passport", "định danh"),
        re.compile(
            r"(?i)\b((?:CMND|CCCD|CMT|căn cước(?: công dân)?|chứng minh(?: nhân dân| thư)?|MST|BHXH"
            r"|mã số thuế|hộ chiếu|passport|định danh)(?: ?(?:số|của tôi|là))*[ :.]*)"
            r"[A-Z]?\d(?:[ .\-]?\d){6,14}(?!\d)"
        ),
        _PAPER,
    ),
    (
        ("stk", "tài khoản", "số tk", "tk ngân hàng", "số thẻ"),
        re.compile(
            r"(?i)\b((?:STK|số tài khoản|tài khoản|số TK|TK ngân hàng|số thẻ)"
            r"(?: ?(?:số|ngân hàng|là))*[ :.]*)\d(?:[ .\-]?\d){5,18}(?!\d)"
        ),
        _ACCOUNT,
    ),
    (
        ("sđt", "sdt", "đtdđ", "đt", "điện thoại", "di động", "tel", "phone", "zalo", "hotline"),
        re.compile(
            r"(?i)\b((?:SĐT|SDT|ĐTDĐ|ĐT|số điện thoại|điện thoại|di động|tel|phone|zalo|hotline)"
            r"(?: ?(?:số|là|liên hệ))*[ :.]*)"
            rf"(?:\(?\+?84\)?{_GAP})?(?:\(0\d{{2,3}}\)|[02-9])(?:{_GAP}\d){{6,10}}(?!\d)"
        ),
        _PHONE,
    ),
    (
        ("biển", "bks", "bsx"),
        re.compile(
            r"(?i)\b((?:biển số|biển kiểm soát|BKS|BSX)(?: ?(?:xe|là|số))*[ :.]*)"
            r"(?:\d\d[ .\-]?[A-ZĐ]{1,2}\d?[ .\-]*|[A-Z]{2}[ .\-]?)?"
            r"(?:\d{3}[ .]?\d{2}|\d{2}-\d{2}|\d{4})(?![\d/])"
        ),
        _PLATE,
    ),
)
_SERIES = "[A-HK-NPR-VX-ZĐ]"  # no I, J, O, Q, W on plates
_PLATES = (
    re.compile(
        rf"{_free('[1-9]')}\d{_GAP}(?:{_SERIES}{{1,2}}|{_SERIES}\d)[ ]?{_GAP}"
        r"(?:\d{3}[ .]?\d{2}|\d{4})(?![\w/])(?![.,]\d)"
    ),
    re.compile(  # as people type it
        rf"{_free('[1-9]')}\d-?(?!m[23]?\b|m[23][ .\-]?\d|h\d|kg|km)[a-hk-npr-vx-zđ]{{1,2}}\d?"
        r"[ .\-]?(?:\d{3}\.?\d{2}|\d{4})(?![\w/])(?![.,]\d)"
    ),
    re.compile(r"\d(?<![\w/]\d)\d-\d{3}-(?:NG|QT|NN|CV)-\d{2}(?![\w/])"),  # embassies
)
_IS_ADDRESS = re.compile(
    r"(?i)(?:căn hộ|căn|phòng|block|lô|to[àa]|toà nhà|tòa|nhà|số nhà|hẻm|ngõ|kiệt|đường|thửa|tầng"
    r"|dãy|địa chỉ|chung cư|cao ốc)(?: số)?[ :]*$"
)
_A_FLAT = re.compile(r"\d\d[A-ZĐ][ \-]\d{4}")  # 12A 1205, which may also be an old plate
_ABROAD = (
    re.compile(rf"(?:\(\+84\)|\+84){_GAP}(?:\(0\)|0)?{_GAP}[2-9](?:{_GAP}\d){{8,9}}(?!\d)"),
    re.compile(rf"{_alone('0')}084{_GAP}[2-9](?:{_GAP}\d){{8,9}}(?!\d)"),
    re.compile(rf"{_alone('8')}4[35789]\d{{8}}(?!\d)"),
)
_PAPERS = (
    re.compile(r"[A-Z](?<![0-9A-Z][A-Z])[A-Z] ?[1-5] ?\d{2} ?\d{10}(?!\d)"),  # health insurance
    re.compile(rf"{_alone('0')}\d\d(?:\d{{9}}|([ .\-])\d{{3}}\1\d{{3}}\1\d{{3}})(?!\d)(?![.,]\d)"),
    re.compile(rf"{_alone('0')}\d{{3}}([ .\-])\d{{4}}\1\d{{4}}(?!\d)"),
    re.compile(rf"{_alone('0')}\d\d(?:\d{{3}}| \d{{3}}) \d{{6}}(?!\d)"),
    re.compile(
        rf"{_free('[0-9]')}(?:\d{{8}}|\d\d \d{{3}} \d{{3}})"
        rf"(?![\d/])(?! \d{{3}}\b)(?![.,-]\d){_MONEY}"
    ),
    re.compile(rf"{_free('0')}\d\d([.\-])\d{{3}}\1\d{{3}}(?![\d/])(?![.,-]\d)"),
)
_PHONES = (
    re.compile(rf"{_alone('0')}{_GAP}[35789](?:{_GAP}\d){{8}}(?!\d)"),
    re.compile(rf"{_alone('0')}1{_GAP}[2689](?:{_GAP}\d){{8}}(?!\d)"),
    re.compile(rf"(?:\(02\d{{1,2}}\)|{_alone('0')}2\d{{1,2}})(?:{_GAP}\d){{7,8}}(?!\d)"),
)
_ACCOUNTS = (
    re.compile(rf"{_free('[0-9]')}\d{{9,18}}(?![\w/])(?![.,-]\d){_MONEY}"),
    re.compile(
        rf"{_free('[0-9]')}\d{{3}}([ \-])\d{{4}}\1\d{{4}}(?:\1\d{{1,4}}){{0,2}}(?![\w/])(?![.,]\d)"
    ),
)
_LONG = re.compile(rf"\d(?:\)?{_GAP}\d){{8}}")  # no number above is shorter
_NUMBERS = ((_ABROAD, _PHONE), (_PAPERS, _PAPER), (_PHONES, _PHONE), (_ACCOUNTS, _ACCOUNT))
_A_MOMENT = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?")
_YEARS = re.compile(r"(?:(?:19|20)\d\d[ \-]?)+")

_UPPER = "A-ZĐÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ"
_TITLED = rf"[{_UPPER}](?:[^\W\d_{_UPPER}]+|\.|(?!\w))"  # Văn, or the letter of an initial
_FAMILY = (
    "Nguyễn|Trần|Lê|Phạm|Hoàng|Huỳnh|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý|Đinh|Trịnh|Trương|Mai"
    "|Đoàn|Lâm|Tô|Tăng|Hà|Cao|Châu|Thái|Tạ|Phùng|Lương|Quách|Vương|Từ|Kiều|Tôn|Diệp|La|Lưu|Đào"
)
_BEFORE_NAMES = ("ông ", "bà ", "anh ", "chị ", "em ", "tên", "tôi là", "người liên hệ")
_CALLED = re.compile(
    rf"\b([Ôô]ng|[Bb]à|[Aa]nh|[Cc]hị|[Ee]m) ((?:{_TITLED})(?: (?:{_TITLED})){{0,4}})"
)
_SHOUTED = re.compile(
    r"\b(ÔNG|BÀ|ANH|CHỊ|EM|[Ôô]ng|[Bb]à|[Aa]nh|[Cc]hị|[Ee]m) "
    rf"(?:{_FAMILY.upper()})(?: [{_UPPER}]+){{1,3}}\b"
)
_TOLD = re.compile(
    rf"(?i:\b(họ tên|họ và tên|tên là|tên tôi là|tôi tên|tôi tên là|tôi là|em là|người liên hệ)\b)"
    rf"( ?: ?| )(?:{_FAMILY})(?: (?:{_TITLED})){{1,4}}"
)
# What a capital letter after “ông” … begins that is no name: posts and callings.
_POSTS = re.compile(
    r"(?i)(?:công (?:an|nhân|chức)|hội |tổ (?:trưởng|phó|dân)|chủ |bí thư|trưởng |phó |cảnh sát"
    r"|giám đốc|bảo vệ|học sinh|dân (?:phòng|quân)|cán bộ|đội |khu phố|phường|giáo viên|hiệu "
    r"|kế toán|nhân viên|bác sĩ|tài xế|bộ đội|sinh viên|tổng |thanh tra|quản lý|quận|thành phố"
    r"|việt nam|ubnd|ban |viên chức|ông\b|bà\b|anh\b|chị\b|em\b|hàng xóm|quốc\b|văn phòng)"
)
_TOPONYM = re.compile(
    r"(?i)(?:cầu|chợ|đường|rạch|kênh|hẻm|phường|xã|khu|khu phố|chùa|miếu|đình|lăng"
    r"|ngã (?:ba|tư|năm|sáu)|suối|núi|sông|tỉnh|phố|trường|bến|ấp|huyện|thành phố|tp\.?"
    r"|biển|vùng|cù lao|vịnh|đền|gò|bàu|tiếng|nước|người|quốc|vương quốc)(?: số)? $"
)
_PLACES = re.compile(
    r"(?:Rịa|Chiểu|Lãnh|Điểm|Nà|Đen|Hom|Huyện Thanh Quan|Triệu|Ích Khiêm|Tạ|Nhiêu)\b"
)
# What may hold any of these; all other text is left as it is, at once.
_SUSPECT = (
    r"\d(?:\)?(?: ?[.\-] ?|[ \x{a0}])?\d){5}|@|\d\d[ .\-]*[A-Za-zĐđ]{1,2}[ .\-]*\d|\d{2}-\d{3}-|"
    r"(?i:biển|bks|bsx)[^\d]{0,20}\d|"
    r"(?:[Ôô]ng|ÔNG|[Bb]à|BÀ|[Aa]nh|ANH|[Cc]hị|CHỊ|[Ee]m|EM|(?i:tên|là|hệ)) ?:? ?\p{Lu}"
)


def redact(text: str) -> str:
    """Return free text with labels in the place of what tells of a person.

    Licence plates become `[biển số]`, phone numbers `[điện thoại]`, identity papers `[giấy tờ]`,
    addresses of e-mail `[e-mail]`, long runs of digits `[tài khoản]` and names after ông, bà, anh,
    chị or em `[tên]`. House numbers, amounts of money, days and numbers of documents stay.

    Parameters
    ----------
    text : str
        Vietnamese text as people write it.

    Returns
    -------
    str
        In NFC. Redacting twice changes nothing more.

    Notes
    -----
    By rules, without a list of persons: a name without honorific, or in small letters, stays. It
    is a second net below the columns that are dropped or replaced as a whole, not the first.

    Examples
    --------
    >>> redact("Xe 59-X1 000.12 đậu trước nhà 12/5 đường số 8, gọi 0900 000 123")
    'Xe [biển số] đậu trước nhà 12/5 đường số 8, gọi [điện thoại]'
    >>> redact("Theo 24/2022/QĐ-UBND ngày 01/7/2022 thu 1.500.000 đồng")
    'Theo 24/2022/QĐ-UBND ngày 01/7/2022 thu 1.500.000 đồng'
    """
    text = unicodedata.normalize("NFC", text)
    if "@" in text:
        text = _EMAIL.sub(_MAIL, text)
    small = text.casefold()
    for words, announced, label in _ANNOUNCED:
        if any(map(small.__contains__, words)):
            text = announced.sub(rf"\g<1>{label}", text)
    for plate in _PLATES:
        text = plate.sub(_unless_flat, text)
    if _LONG.search(text):
        for patterns, label in _NUMBERS:
            for pattern in patterns:
                text = pattern.sub(_unless_date(label), text)
    if any(map(small.__contains__, _BEFORE_NAMES)):
        text = _SHOUTED.sub(rf"\1 {_NAME}", _TOLD.sub(rf"\1\2{_NAME}", text))
        text = _CALLED.sub(_name, text)
    return text


def redact_column(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Redact a column; each distinct text is read once, and those without any suspect not at all.

    Examples
    --------
    >>> redact_column(pa.chunked_array([["gọi 0900000123", None, "ngập nước"]])).to_pylist()
    ['gọi [điện thoại]', None, 'ngập nước']
    """
    suspect = pc.fill_null(pc.match_substring_regex(texts, _SUSPECT), False)
    if not pc.any(suspect).as_py():
        return texts
    encoded = texts.filter(suspect).combine_chunks().dictionary_encode()
    clean = pa.array([redact(t) for t in encoded.dictionary.to_pylist()], pa.string())
    whole = pc.replace_with_mask(
        texts.combine_chunks(), suspect.combine_chunks(), clean.take(encoded.indices)
    )
    return pa.chunked_array([whole])


def _unless_flat(match: re.Match[str]) -> str:
    """Redact what looks like a plate, but not the number of a flat or plot."""
    before = match.string[max(0, match.start() - 20) : match.start()]
    is_flat = _A_FLAT.fullmatch(match[0]) and _IS_ADDRESS.search(before)
    return match[0] if is_flat else _PLATE


def _unless_date(label: str) -> Callable[[re.Match[str]], str]:
    """Redact a run of digits, but not a moment (20210731080500) or years (2019 2020 2021)."""

    def replaced(match: re.Match[str]) -> str:
        written, start = match[0], match.start()
        days = _A_DAY.finditer(match.string, max(0, start - 5), match.end() + 1)
        in_day = any(day.end() > start for day in days)
        is_date = in_day or _A_MOMENT.fullmatch(written) or _YEARS.fullmatch(written)
        return written if is_date else label

    return replaced


def _name(match: re.Match[str]) -> str:
    """Redact the name after an honorific, but not a post, and not a place such as Bà Chiểu."""
    called, name = match.groups()
    rest = match.string[match.start(2) : match.start(2) + 40]
    if _POSTS.match(rest):
        return match[0]
    before = match.string[max(0, match.start() - 20) : match.start()]
    if called[0].isupper() and (_TOPONYM.search(before) or _PLACES.match(name)):
        return match[0]
    return f"{called} {_NAME}{'.' if name.endswith('.') and len(name.split()[-1]) > 2 else ''}"
