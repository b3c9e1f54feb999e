"""Quality and speed of the check for personal data, in process: `python benchmarks/personal_data.py`.

Prints precision, recall and F1 of spans by kind on the synthetic English set of Presidio and on a Chinese set that
`Generator` makes (templates of own writing, no bank's text), findings on harmless text by kind, and
megabytes a second. Strict: same start and end. Overlap: a gold place counts as found where a span of its kind touches
it, and a span as right where it touches a gold place of its kind.
"""

import argparse
import csv
import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from machine import describe

from appliance.guardrails.personal import checksums
from appliance.guardrails.personal.check import PersonalData
from appliance.guardrails.personal.word_sets import words

_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
_PRESIDIO = {
    "PERSON": "person",
    "STREET_ADDRESS": "address",
    "CREDIT_CARD": "bank_card",
    "PHONE_NUMBER": "phone",
    "EMAIL_ADDRESS": "email",
    "IBAN_CODE": "iban",
    "US_SSN": "us_ssn",
    "IP_ADDRESS": "ip_address",
    "US_DRIVER_LICENSE": "permit",
}
_PARTS_OF_ADDRESS = ("STREET_ADDRESS", "GPE", "ZIP_CODE")
Place = tuple[str, int, int]
# Values of the generated set are drawn from here, not from the recognisers' tables; check digits are the standards'.
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴"
    "夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文欧阳"
)
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华玉萍红建国志文斌浩宇轩梓涵欣怡子豪佳琪雨桐思远晓东海燕新民"
    "春梅立群振宇嘉懿若曦一鸣博雅诗涵承恩永康"
)
_CITIES = sorted(
    words(
        """
        北京市朝阳区 上海市徐汇区 广东省深圳市南山区 浙江省杭州市西湖区 四川省成都市武侯区
        江苏省南京市鼓楼区 湖北省武汉市洪山区 陕西省西安市雁塔区 山东省青岛市市南区 福建省厦门市思明区
        河南省郑州市金水区 云南省昆明市五华区
        """
    )
)
_ROADS = sorted(
    words(
        """
        建国路 漕溪北路 科技园南路 文三路 人民南路四段 中山东路 珞喻路 长安南路 香港中路 湖滨南路
        花园路 学府路 解放大道 胜利街
        """
    )
)
_ESTATES = ("阳光花园", "锦绣家园", "翠竹苑", "书香名邸小区", "")
_PERSONAL = (
    "客户{person}，身份证号{cn_id}，预留手机{phone}，请尽快核实。",
    "我叫{person}，我的银行卡{bank_card}昨天丢了，麻烦挂失，电话{phone}。",
    "联系人：{person}\n联系电话：{landline}\n通讯地址：{address}",
    "{person}先生您好，您尾号的卡片已寄往{address}，请注意查收。",
    "请把对账单发到{email}，抄送给经办人{person}。",
    "收款人{person}，账号{bank_card}，开户行为城西支行，金额五万元整。",
    "申请人姓名：{person}；证件号码：{cn_id}；出生日期：{birth_date}。",
    "今天上午{person}到网点办理了定期转存业务，由柜员{person}接待。",
    "护照号码{passport}的客户{person}申请外币汇款，IBAN为{iban}。",
    "企业统一社会信用代码{uscc}，法定代表人{person}，手机号码：{phone}。",
    "抵押车辆车牌号为{plate}，车主{person}，身份证{cn_id}。",
    "加我微信：{account_name}，或者打{phone}，我是客户经理{person}。",
    "员工{person}从{ip_address}登录了核心系统，随后导出报表。",
    "港澳居民来往内地通行证{permit}，姓名{person}，现住{address}。",
    "我住在{address}，附近有没有网点可以办卡？",
    "借款人{person}与保证人{person}签订合同，联系方式分别是{phone}和{phone}。",
    "卡号是{bank_card}，有效期到后年，持卡人{person}。",
    "有人用{phone}冒充银行给我打电话，让我把钱转到{bank_card}。",
    "据{person}介绍，该笔贷款由{person}审批通过。",
    "她的身份证是{cn_id}，住址：{address}。",
    "QQ号{qq}的用户多次索要验证码，请提高警惕。",
    "传真请发{landline}，收件人{person}女士。",
)
_HARMLESS = (
    "订单号{order}，交易金额{amount}元，已于{date}入账。",
    "本产品代码{code}，成立于{date}，规模{amount}万元，业绩比较基准为3.15%至4.20%。",
    "流水号{order}对应的凭证号为{order}，请在{date}前补录。",
    "客服热线95588，网址 www.example.com，服务时间为9:00-17:30。",
    "截至{date}，全行各项存款余额{amount}元，比年初增加{amount}元。",
    "请按《个人贷款管理办法》（2024年第3号）第12条第4款的规定办理。",
    "合同编号{order}项下贷款期限36个月，执行年利率4.35%，按月还款{amount}元。",
    "版本1.4.2.8于{date}上线，修复了对账差异{amount}元的问题。",
    "错误的证件{bad_id}校验不通过，系统编号{order}。",
    "高管团队将于{date}召开业绩说明会，金额单位为万元。",
    "客户经理应当及时联系客户，了解资金用途和还款安排。",
    "发票代码{code}，发票号码{code}，价税合计{amount}元。",
    "资产负债表显示应收账款{amount}元、存货{amount}元、固定资产{amount}元。",
    "方案通过后，由安全部门会同管理部门在成都、武汉、长沙三地试点。",
    "查询编号{bad_card}不是有效的卡号，请检查后重新输入序列{order}。",
    "贵宾客户享受全年6次机场贵宾厅服务，余额不低于500000元。",
)
_SLOT = re.compile(r"\{(\w+)\}")
_KIND = {"landline": "phone", "qq": "account_name"}


@dataclass(frozen=True)
class Example:
    """A text and its gold places: kind, start, end."""

    text: str
    gold: tuple[tuple[str, int, int], ...]


class Generator:
    """Draws values and fills templates; the same seed gives the same set."""

    def __init__(self, seed: int = 20261126) -> None:
        self._random = random.Random(seed)

    def examples(self, count: int) -> list[Example]:
        """Return `count` texts, two in three with personal data."""
        return [self._fill(self._random.choice(_PERSONAL if place % 3 else _HARMLESS)) for place in range(count)]

    def _fill(self, template: str) -> Example:
        text, gold, behind = "", [], 0
        for match in _SLOT.finditer(template):
            text += template[behind : match.start()]
            value = getattr(self, f"_{match.group(1)}")()
            if match.group(1) not in ("order", "amount", "code", "date", "bad_id", "bad_card"):
                gold.append((_KIND.get(match.group(1), match.group(1)), len(text), len(text) + len(value)))
            text += value
            behind = match.end()
        return Example(text + template[behind:], tuple(gold))

    def _digits(self, count: int) -> str:
        return "".join(self._random.choice("0123456789") for _ in range(count))

    def _person(self) -> str:
        surname = "欧阳" if self._random.random() < 0.03 else self._random.choice(_SURNAMES[:-2])
        return surname + "".join(self._random.choice(_GIVEN) for _ in range(self._random.choice((1, 2, 2))))

    def _day(self) -> tuple[int, int, int]:
        return self._random.randint(1950, 2005), self._random.randint(1, 12), self._random.randint(1, 28)

    def _cn_id(self) -> str:
        year, month, day = self._day()
        area = self._random.choice(("110105", "310104", "440305", "330106", "510107", "320106", "420111", "610113"))
        body = f"{area}{year}{month:02}{day:02}{self._digits(3)}"
        return next(body + check for check in "0123456789X" if checksums.resident_id(body + check))

    def _bad_id(self) -> str:
        good = self._cn_id()
        return good[:17] + ("1" if good[17] != "1" else "2")

    def _bank_card(self) -> str:
        first, length = self._random.choice(
            (("622202", 19), ("621700", 19), ("625965", 16), ("436742", 16), ("524094", 16))
        )
        body = first + self._digits(length - len(first) - 1)
        number = next(body + check for check in "0123456789" if checksums.luhn(body + check))
        return " ".join(re.findall(r"\d{1,4}", number)) if self._random.random() < 0.3 else number

    def _bad_card(self) -> str:
        good = self._bank_card().replace(" ", "")
        return good[:-1] + str((int(good[-1]) + 3) % 10)

    def _phone(self) -> str:
        number = self._random.choice(("138", "139", "150", "159", "177", "186", "199", "133")) + self._digits(8)
        form = self._random.random()
        if form < 0.15:
            return f"{number[:3]}-{number[3:7]}-{number[7:]}"
        if form < 0.3:
            return f"{number[:3]} {number[3:7]} {number[7:]}"
        return "+86 " + number if form < 0.4 else number

    def _landline(self) -> str:
        area, length = self._random.choice(
            (("010", 8), ("021", 8), ("0755", 8), ("0571", 8), ("0531", 8), ("0898", 8), ("0991", 7))
        )
        return f"{area}-{self._random.randint(2, 8)}{self._digits(length - 1)}"

    def _email(self) -> str:
        name = self._random.choice(("zhang", "lihua", "wang.wei", "cfo", "chen_jie"))
        return f"{name}{self._digits(2)}@{self._random.choice(('example.com', 'mail.example.cn'))}"

    def _passport(self) -> str:
        first = self._random.choice(("E", "G", "EA", "EJ"))
        return first + self._digits(9 - len(first))

    def _iban(self) -> str:
        body = "DE00" + self._digits(18)
        return next(f"DE{check:02}{body[4:]}" for check in range(2, 99) if checksums.iban(f"DE{check:02}{body[4:]}"))

    def _uscc(self) -> str:
        body = "91" + "440300" + "MA5" + "".join(self._random.choice("0123456789ABCDEFGH") for _ in range(6))
        return next(body + check for check in "0123456789ABCDEFGHJKLMNPQRTUWXY" if checksums.uscc(body + check))

    def _plate(self) -> str:
        place = self._random.choice(("京A", "沪B", "粤B", "浙A", "川A"))
        return place + (
            self._random.choice("DF") + self._digits(5) if self._random.random() < 0.3 else "8" + self._digits(4)
        )

    def _account_name(self) -> str:
        return self._random.choice(("wxid_", "lucky", "xiaochen")) + self._digits(6)

    def _qq(self) -> str:
        return self._random.choice("123456789") + self._digits(8)

    def _ip_address(self) -> str:
        return ".".join(str(self._random.randint(128, 220)) for _ in range(4))

    def _permit(self) -> str:
        return self._random.choice("HM") + self._digits(8)

    def _birth_date(self) -> str:
        year, month, day = self._day()
        return self._random.choice(
            (f"{year}年{month}月{day}日", f"{year}-{month:02}-{day:02}", f"{year}{month:02}{day:02}")
        )

    def _address(self) -> str:
        estate = self._random.choice(_ESTATES)
        building = f"{self._random.randint(1, 30)}{self._random.choice(('号楼', '栋', '幢'))}"
        inside = f"{estate}{building}{self._random.choice(('2单元', ''))}{self._random.randint(101, 2804)}室"
        road = f"{self._random.choice(_ROADS)}{self._random.randint(1, 999)}号"
        return self._random.choice(_CITIES) + road + (inside if self._random.random() < 0.7 else "")

    def _order(self) -> str:
        return f"20{self._random.randint(20, 26)}{self._digits(self._random.choice((8, 10, 12, 14)))}"

    def _code(self) -> str:
        return self._digits(self._random.choice((6, 8, 12)))

    def _amount(self) -> str:
        value = self._random.randint(1000, 99_999_999_999)
        return self._random.choice((f"{value:,}.00", f"{value}.50", f"{value:,}"))

    def _date(self) -> str:
        year, month, day = self._random.randint(2019, 2026), self._random.randint(1, 12), self._random.randint(1, 28)
        return self._random.choice(
            (f"{year}年{month}月{day}日", f"{year}-{month:02}-{day:02}", f"{year}{month:02}{day:02}")
        )


@dataclass
class Counts:
    """Gold places, spans found, and how many of each have their match, strictly and by overlap."""

    gold: int = 0
    found: int = 0
    strict: int = 0
    gold_touched: int = 0
    found_touched: int = 0

    def add(self, other: "Counts") -> None:
        """Add the counts of another kind."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def f1(precision: float, recall: float) -> float:
    """Return the harmonic mean, 0 where both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def count(examples: Iterable[Example], kinds: set[str]) -> dict[str, Counts]:
    """Return the counts by kind; spans of kinds that the set does not label are left out."""
    check = PersonalData()
    totals: defaultdict[str, Counts] = defaultdict(Counts)
    for example in examples:
        found: list[Place] = [
            (span.kind, span.start, span.end) for span in check.spans(example.text) if span.kind in kinds
        ]
        for kind in kinds:
            gold_here = [place for place in example.gold if place[0] == kind]
            found_here = [place for place in found if place[0] == kind]
            counts = totals[kind]
            counts.gold += len(gold_here)
            counts.found += len(found_here)
            counts.strict += len(set(gold_here) & set(found_here))
            counts.gold_touched += sum(touched(place, found_here) for place in gold_here)
            counts.found_touched += sum(touched(place, gold_here) for place in found_here)
    return dict(totals)


def touched(place: Place, others: list[Place]) -> bool:
    """Tell whether `place` shares a character with one of `others`."""
    return any(place[1] < other[2] and other[1] < place[2] for other in others)


def report(title: str, totals: dict[str, Counts]) -> None:
    """Print one table."""
    print(f"\n### {title}\n")
    print("| kind | gold | found | strict P | strict R | strict F1 | overlap P | overlap R | overlap F1 |")
    print("|---|---|---|---|---|---|---|---|---|")
    everything = Counts()
    for counts in totals.values():
        everything.add(counts)
    for kind, counts in [*sorted(totals.items(), key=lambda item: -item[1].gold), ("all", everything)]:
        found, gold = max(counts.found, 1), max(counts.gold, 1)
        strict = counts.strict / found, counts.strict / gold
        loose = counts.found_touched / found, counts.gold_touched / gold
        cells = (*strict, f1(*strict), *loose, f1(*loose))
        print(f"| {kind} | {counts.gold} | {counts.found} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |")


def presidio(path: Path) -> tuple[list[Example], Counter[str]]:
    """Return the set with its types mapped to kinds, and how many places of the types that no kind covers."""
    examples, uncovered = [], Counter[str]()
    for record in json.loads(path.read_text(encoding="utf-8")):
        gold = []
        for span in record["spans"]:
            kind = _PRESIDIO.get(span["entity_type"])
            if kind is None:
                uncovered[span["entity_type"]] += 1
            else:
                gold.append((kind, span["start_position"], span["end_position"]))
        examples.append(Example(record["full_text"], tuple(gold)))
    return examples, uncovered


def joined(path: Path) -> list[Example]:
    """Return the set with the pieces of one address as one place, the other kinds as they are.

    It labels the parts of an address apart, number, street, flat, city and postcode, each by itself; here what has
    nothing but blanks, commas, line ends and marks of quotation between is one place, if a street is among it.
    """
    examples = []
    for record in json.loads(path.read_text(encoding="utf-8")):
        text = record["full_text"]
        places: list[tuple[int, int, bool]] = []
        for span in sorted(record["spans"], key=lambda one: one["start_position"]):
            if span["entity_type"] not in _PARTS_OF_ADDRESS:
                continue
            street = span["entity_type"] == "STREET_ADDRESS"
            start, end = span["start_position"], span["end_position"]
            if places and not text[places[-1][1] : start].strip(" ,\n>"):
                places[-1] = (places[-1][0], max(end, places[-1][1]), places[-1][2] or street)
            else:
                places.append((start, end, street))
        gold = [("address", start, end) for start, end, street in places if street]
        gold += [
            (_PRESIDIO[span["entity_type"]], span["start_position"], span["end_position"])
            for span in record["spans"]
            if span["entity_type"] in _PRESIDIO and span["entity_type"] not in _PARTS_OF_ADDRESS
        ]
        examples.append(Example(text, tuple(gold)))
    return examples


def harmless(data: Path) -> dict[str, list[str]]:
    """Return texts that are published and should hold hardly any personal data, except names of public persons."""
    articles = json.loads((data / "cmrc2018" / "dev.json").read_text(encoding="utf-8"))
    if isinstance(articles, dict):
        articles = articles["data"]
    cmrc = [paragraph["context"] for article in articles for paragraph in article["paragraphs"]]
    fin_eva = []
    for path in sorted((data / "fin_eva").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            fin_eva += ["\n".join(cell for cell in row if cell) for row in list(csv.reader(file))[1:]]
    tables = json.loads((data / "tatqa" / "dev.json").read_text(encoding="utf-8"))
    tatqa = ["\n".join(paragraph["text"] for paragraph in item["paragraphs"]) for item in tables]
    with (data / "banking77" / "test.csv").open(encoding="utf-8", newline="") as file:
        banking = [row[0] for row in list(csv.reader(file))[1:]]
    return {"cmrc2018 (zh)": cmrc, "fin_eva (zh)": fin_eva, "tatqa (en)": tatqa, "banking77 (en)": banking}


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=_DATA)
    parser.add_argument("--generated", type=int, default=3000, help="texts of the generated set")
    arguments = parser.parse_args()
    print(json.dumps(describe()))
    examples, uncovered = presidio(arguments.data / "presidio" / "synth_dataset_v2.json")
    whole = joined(arguments.data / "presidio" / "synth_dataset_v2.json")
    half = len(examples) // 2
    # The rules were written with a look at what is missed in the first half.
    for name, part in (("all", slice(None)), ("the first half", slice(half)), ("the second half", slice(half, None))):
        title = f"Presidio synth_dataset_v2, {name}, {len(examples[part])} texts"
        report(title, count(examples[part], set(_PRESIDIO.values())))
        report(f"{title}, the parts of an address as one place", count(whole[part], set(_PRESIDIO.values())))
    print("\nTypes no kind covers: " + ", ".join(f"{name} {number}" for name, number in uncovered.most_common()))
    made = Generator().examples(arguments.generated)
    report(f"Generated Chinese set, {len(made)} texts", count(made, {place[0] for one in made for place in one.gold}))
    print("\n### Harmless text: findings by kind, and speed on one core\n")
    print(
        "| set | texts | MB | texts with a finding | without names | findings | MB/s |\n|---|---|---|---|---|---|---|"
    )
    check = PersonalData()
    check.spans("预热 warm up 王小明先生")
    for name, texts in harmless(arguments.data).items():
        begun = time.process_time()
        found = [[span.kind for span in check.spans(text)] for text in texts]
        seconds = time.process_time() - begun
        size = sum(len(text.encode()) for text in texts) / 1e6
        kinds = Counter(kind for text_kinds in found for kind in text_kinds)
        listed = ", ".join(f"{kind} {number}" for kind, number in kinds.most_common())
        some = sum(bool(kinds_found) for kinds_found in found)
        other = sum(any(kind != "person" for kind in kinds_found) for kinds_found in found)
        print(
            f"| {name} | {len(texts)} | {size:.2f} | {some / len(texts):.2%} | {other / len(texts):.2%} | {listed}"
            f" | {size / seconds:.2f} |"
        )


if __name__ == "__main__":
    main()
