"""Chinese postal addresses: province, city, district, road, number, building, room."""

import re
from collections.abc import Iterator

from appliance.guardrails.personal.spans import Span

_PROVINCES = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西"
    "|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
_CITIES = (
    "石家庄|唐山|保定|太原|大同|沈阳|大连|鞍山|长春|哈尔滨|大庆|南京|苏州|无锡|常州|南通|徐州|扬州|镇江|盐城|泰州|杭州|宁波|温州|嘉兴|湖州"
    "|绍兴|金华|台州|合肥|芜湖|蚌埠|福州|厦门|泉州|漳州|莆田|南昌|九江|赣州|济南|青岛|烟台|潍坊|临沂|淄博|郑州|洛阳|开封|武汉|宜昌|襄阳"
    "|长沙|株洲|岳阳|广州|深圳|珠海|佛山|东莞|中山|惠州|汕头|南宁|桂林|海口|三亚|成都|绵阳|贵阳|遵义|昆明|大理|拉萨|西安|咸阳|宝鸡|兰州"
    "|西宁|银川|乌鲁木齐|呼和浩特|包头|香港|澳门|台北|高雄"
)
_NUMBER = r"(?:\d{1,5}|[一二三四五六七八九十百零]{1,5}|[甲乙丙丁])"
_UNITS = r"(?:号楼|号院|号|弄|幢|栋|座|单元|室|楼|层|房|组|户|门)"
_WAYS = (
    r"(?:大道|大街|胡同|新村|小区|社区|花园|公寓|大厦|家园|广场|路|街|道|巷|弄|里|村|苑|庄|镇|乡|段|园|城|湾|府|屯|坊)"
)
# The place itself: a way with a number behind it, and what goes on from there.
_ANCHOR = re.compile(
    rf"{_WAYS}(?:[东西南北中]?[一二三四]?段|[东南西北]侧)? ?第?{_NUMBER}(?:-\d{{1,4}}){{0,3}} ?{_UNITS}"
    rf"(?:[, ]?(?:[\u4e00-\u9fff]{{1,10}}?)??(?:[A-Za-z]\d{{0,4}}|{_NUMBER})(?:-\d{{1,4}}){{0,2}} ?{_UNITS}){{0,6}}"
    r"(?:\d{1,4}(?:-\d{1,4})*(?!\d| ?[年月日元万亿%.]))?"
)
_ADMINISTERED = re.compile(
    rf"(?:(?:{_PROVINCES})(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)?|(?:{_CITIES})市?|[\u4e00-\u9fff]{{2,3}}(?:省|市|县|自治州))"
)
_STOPS = re.compile(r"[在于到至住为是址的往寄从沿过去和与及由我他她您你:有开卖坐落]|搬家|来自|前往|附近|户籍|籍贯")
_BEFORE = re.compile(r"[\u4e00-\u9fffA-Za-z0-9 ]{1,32}\Z")
_LONGEST_WAY = 8
_CONTEXT = re.compile(
    r"地址|住址|住在|居住|住所|家住|户籍|寄到|寄往|送到|送至|收件|搬到|搬至|租住|坐落|住:|家庭|所在地|邮寄"
)
_STATED = re.compile(
    r"(?:地址|住址|住所|户籍(?:所在)?地?|收货地|居住地)(?:已?(?:变更|改)?(?:为|是|成)|[:=])[ :是]?"
    r"(?P<value>[\u4e00-\u9fffA-Za-z0-9\-# ]{6,60})"
)
_PLACE = re.compile(rf"(?:{_PROVINCES}|{_CITIES}|[省市区县镇乡村]).*(?:[区县镇乡村路街道巷号室]|小区|花园|大厦)")
_NOT_ROADS = re.compile(
    r"(?:一带一路|丝绸之路|道路|铁路|公路|网路|思路|出路|套路|线路|电路|渠道|管道|频道|报道|轨道|知道|难道|味道)\Z"
)


def _start(text: str, way: int) -> tuple[int, bool]:
    """Return where the address of the way at `way` begins, and whether a province, city or county stands in it."""
    before = _BEFORE.search(text[max(0, way - 32) : way])
    if before is None:
        return way, False
    window, offset = before.group(), way - len(before.group())
    cut = max((match.end() for match in _STOPS.finditer(window[:-1])), default=0)
    named = _ADMINISTERED.search(window, cut) or _ADMINISTERED.search(window)
    if named is not None and not re.search(r"[的,是于]", window[named.start() :]):
        return offset + named.start(), True
    blank = window.rfind(" ") + 1
    return offset + max(cut, blank, len(window) - _LONGEST_WAY), False


def find(text: str) -> Iterator[Span]:
    """Yield the addresses of a folded text."""
    for match in _ANCHOR.finditer(text):
        start, placed = _start(text, match.start())
        if start == match.start() or _NOT_ROADS.search(text[start : match.start() + 1]):
            continue
        context = _CONTEXT.search(text[max(0, start - 16) : start]) is not None
        rooms = len(re.findall(_UNITS, match.group()))
        yield Span("address", start, match.end(), min(0.5 + 0.25 * placed + 0.2 * context + 0.05 * rooms, 0.98))
    for match in _STATED.finditer(text):
        value = match.group("value").rstrip()
        if _PLACE.search(value):
            yield Span("address", match.start("value"), match.start("value") + len(value), 0.6)
