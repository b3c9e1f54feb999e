"""Names of the sample bank: made up, none of them exists."""

from typing import Final

STYLES: Final = ("large_growth", "large_value", "small_growth", "small_value")
INDUSTRIES: Final = (
    "finance", "technology", "consumption", "medicine", "energy", "materials", "industry", "utilities", "property",
    "communication",
)  # fmt: skip
FUND_FAMILIES: Final = (
    ("Qinglan", "青岚"), ("Beiheng", "北衡"), ("Yunqi", "云栖桥"), ("Songhe", "松禾里"), ("Jinwan", "锦湾"),
    ("Luming", "麓明"), ("Hanshan", "寒杉"),
)  # fmt: skip
SECURITIES: Final = tuple(f"S{number:03}" for number in range(1, 41))
_SURNAMES = "赵钱孙李周吴郑王冯陈"
_GIVEN = (
    "示例一", "示例二", "示例三", "示例四", "示例五", "示例六", "示例七", "示例八", "示例九", "示例十",
    "样本甲", "样本乙", "样本丙", "样本丁", "样本戊", "样本己", "样本庚", "样本辛", "样本壬", "样本癸",
)  # fmt: skip
CLIENT_NAMES: Final = tuple(f"{surname}{given}" for given in _GIVEN for surname in _SURNAMES)
