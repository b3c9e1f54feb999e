"""Radicals that some PDF fonts give in place of the character; Unicode's compatibility forms do not cover these."""

_TABLE = str.maketrans(
    "⺁⺇⺌⺍⺕⺟⺠⺩⺬⺮⺼⻁⻂⻃⻄⻅⻆⻈⻉⻋⻎⻏⻐⻑⻓⻔⻖⻗⻘⻙⻚⻛⻜⻝⻞⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻱⻳",
    "厂几小小彐母民王示竹月虎衤纟西见角讠贝车辶阝钅長长门阝雨青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾齐齿龙龟龟",
)


def real_characters(text: str) -> str:
    """Return `text` with each look-alike as the character that it stands for."""
    return text.translate(_TABLE)
