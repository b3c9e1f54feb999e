"""Names of companies: found in texts, and compared whatever their spelling and legal form."""

import re
import unicodedata
from typing import Final

MOST_TEXT: Final = 4000
"""Characters of one text in which names are looked for."""

_ENDINGS_ZH: Final = (
    "股份有限责任公司",
    "股份有限公司",
    "有限责任公司",
    "有限公司",
    "股份公司",
    "集团公司",
    "有限合伙",
    "普通合伙",
    "公司",
)
_ENDINGS_EN: Final = re.compile(
    r"[\s,.]*\b(?:co\.?,?\s*ltd\.?|company\s+limited|limited\s+company|limited|ltd\.?|inc\.?|incorporated|corporation|"
    r"corp\.?|llc|plc|gmbh|s\.?a\.?|l\.?p\.?|company|co\.?)\s*\.?$",
    re.IGNORECASE,
)
_CHINESE: Final = re.compile(
    r"[\u4e00-\u9fffA-Za-z0-9·&]{1,40}?(?:[(（][\u4e00-\u9fff]{2,10}[)）][\u4e00-\u9fffA-Za-z0-9·&]{0,20}?)?"
    r"(?:股份有限责任公司|股份有限公司|有限责任公司|有限公司|股份公司|集团公司)(?:[\u4e00-\u9fff]{2,8}分公司)?"
)
_ENGLISH: Final = re.compile(
    r"\b(?:[A-Z][A-Za-z0-9&'’-]*\s+(?:(?:and|of|&)\s+)?(?:\([A-Z][A-Za-z ]{1,20}\)\s+)?){1,7}?"
    r"(?:Co\.?,?\s*Ltd\.?|Company Limited|Limited|Ltd\.?|Inc\.?|Corporation|Corp\.?|LLC|PLC)(?![A-Za-z])"
)
_LEADS: Final = re.compile(
    r"^(?:关于|致|兹证明|我们审计了|本合同由|甲方|乙方|申请人|被告人?|原告人?|名称|企业名称|公司名称|户名|编制单位)(?=[\u4e00-\u9fff]{4})"
    r"|^.*\b(?:[Ss]hareholders|[Aa]ssociation|[Dd]irectors|[Rr]eport|[Aa]pplication|[Ss]tatements?|[Mm]embers|[Rr]esolution)"
    r" of (?:the )?(?=[A-Z])"
)
_GAPS: Final = re.compile(r"[\s()（）\[\]【】·.,，。'’\-_/&]+")
_NO_COMPANIES: Final = ("基金", "理财", "资管", "信托计划", "组合", "晨报", "市场", "fund", "portfolio", "market")
_NOT_OURS: Final = ("会计师事务所", "律师事务所", "资产评估", "房地产评估", "银行股份", "银行有限", "征信", "证券股份")


def is_no_company(name: str) -> bool:
    """Say whether a name is of a fund, a portfolio or a market, whose papers name the company that manages it."""
    return not company_names(name) and any(word in name.lower() for word in _NO_COMPANIES)


def company_names(text: str) -> list[str]:
    """Return the names of companies in a text as they are written, each once, in their order."""
    normal = re.sub(r"[ \t\u3000]+", " ", text[:MOST_TEXT])
    names = [_led(match.group()) for match in _CHINESE.finditer(re.sub(r"(?<=[\u4e00-\u9fff])\s", "", normal))]
    names += [_led(" ".join(match.group().split())) for match in _ENGLISH.finditer(normal)]
    return list(dict.fromkeys(name for name in names if len(stem(name)) >= 2))


def _led(name: str) -> str:
    """Return a name without words that lead to it, such as 关于 in a title."""
    led = _LEADS.match(name)
    rest = name[led.end() :] if led else name
    return rest if len(stem(rest)) >= 4 else name


def stem(name: str) -> str:
    """Return a name without its legal form, spaces, brackets and case: what two spellings of one company share."""
    text = unicodedata.normalize("NFKC", name).strip().lower()
    shorter = _ENDINGS_EN.sub("", text)
    while shorter != text:
        text, shorter = shorter, _ENDINGS_EN.sub("", shorter)
    text = _GAPS.sub("", text)
    ending = next((one for one in _ENDINGS_ZH if text.endswith(one)), "")
    return text[: len(text) - len(ending)] or text


def is_chinese(name: str) -> bool:
    """Say whether a name is written in Chinese."""
    return re.search(r"[\u4e00-\u9fff]", name) is not None


def same_company(one: str, other: str) -> bool | None:
    """Say whether two names are of one company; None where a Chinese and an English name cannot be compared.

    An abbreviation without legal form, such as 星河科技, is the company whose name holds it.
    """
    left, right = stem(one), stem(other)
    if left == right:
        return True
    if is_chinese(one) != is_chinese(other):
        chinese, english = (left, right) if is_chinese(one) else (right, left)
        return True if _sounds_like(chinese, english) else None
    short, long = sorted((left, right), key=len)
    whole = unicodedata.normalize("NFKC", one if short == left else other)
    abbreviated = len(_GAPS.sub("", whole.lower())) == len(short)
    return abbreviated and len(short) >= 4 and short in long


def _sounds_like(chinese: str, english: str) -> bool:
    """Say whether two syllables of the Chinese name, as pinyin, begin the English one: 星河… and Xinghe …."""
    from pypinyin import lazy_pinyin  # its dictionary takes 0.2 s and 30 MB

    syllables = lazy_pinyin(chinese[:12])
    return any(
        english.startswith("".join(syllables[start : start + 2])) for start in range(max(0, min(len(syllables) - 1, 6)))
    )


def serves_others(name: str) -> bool:
    """Say whether a company is one that writes papers on others: auditors, appraisers, banks."""
    return any(word in name for word in _NOT_OURS)
