"""What every made-up paper says of itself."""

from typing import Final

MARKS: Final = {
    "zh": "虚构样本：公司、人物与数字均系编造，仅供演示与测试",
    "en": "Fictitious sample: company, persons and numbers are made up, for demonstration and tests only",
}


def mark(language: str) -> str:
    """Return the line that says that a paper is made up."""
    return MARKS["zh" if language.startswith("zh") else "en"]
