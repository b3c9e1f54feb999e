import pytest

from appliance.guardrails.personal.check import PersonalData

CHECK = PersonalData()


def of(kind, text):
    return [text[span.start : span.end] for span in CHECK.spans(text) if span.kind == kind]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("客户张伟于2024年3月办理贷款", ["张伟"]),
        ("姓名：欧阳娜娜，女", ["欧阳娜娜"]),
        ("请联系王小明先生", ["王小明"]),
        ("经办人李晓红说可以", ["李晓红"]),
        ("法定代表人：陈国强。陈国强同意。", ["陈国强", "陈国强"]),
        ("My name is Marta Kovács, thanks", ["Marta Kovács"]),
        ("Dear Mr. Thistlewood, your loan", ["Thistlewood"]),
        ("we met John Smith and Xanthi Vrontou yesterday", ["John Smith", "Xanthi Vrontou"]),
        ("please follow up with maria gonzalez tomorrow", ["maria gonzalez"]),
        ("Signed by J. P. Andersen", ["J. P. Andersen"]),
        ("Mrs. Karin Vollan Apt. 12, 9 Harbour Road", ["Karin Vollan"]),
        ("the account of Peter A Vollan is closed", ["Peter A Vollan"]),
        ("Qilin lives at the harbour", ["Qilin"]),
        ("here is Qilin's address", ["Qilin"]),
        ("Qilin, could you call me back?", ["Qilin"]),
        ("“It is too late,” says Qilin.", ["Qilin"]),
        ("Qilin: When?\nPeter: Tomorrow.", ["Qilin", "Peter"]),
        ("Oksil Trevann\n9 Harbour Road\nHull", ["Oksil Trevann"]),
        ("Qilin: yes\nVersion: 3\nPeter: no", ["Peter"]),  # a form, no dialogue
        ("my name is qilin", ["qilin"]),
        ("is monica e. larsson a client?", ["monica e. larsson"]),
    ],
)
def test_names(text, names):
    assert of("person", text) == names


@pytest.mark.parametrize(
    "text",
    [
        "高管团队召开会议，金额以万元计，方案经安全部门审核。",
        "客户经理应当联系客户，关于余额与成本的计算方法。",
        "客户应当提供收入证明，员工平均工资为八千元。",
        "通知被保险人于三日内交费，投保人应当配合。",
        "尊敬的客户",
        "王先生您好",  # a surname alone points at nobody
        "The Annual Report of the Credit Committee is due in March.",
        "How do I open a Savings Account at your London branch?",
        "Goodwill and Intangible Assets, see Note 5.",
        "Net Sales for Fiscal Year 2019 compared to Fiscal Year 2018",
        "THE BOARD UNANIMOUSLY RECOMMENDS A VOTE FOR THIS",
        "my name is misspelled. my name is wrong on the card",
        "Recently, could you see the balance?",
    ],
)
def test_no_names(text):
    assert of("person", text) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "我住在北京市海淀区中关村南大街5号院2号楼3单元1201室，有空来",
            "北京市海淀区中关村南大街5号院2号楼3单元1201室",
        ),
        ("寄到浙江省杭州市西湖区文三路478号华星科技大厦8楼", "浙江省杭州市西湖区文三路478号华星科技大厦8楼"),
        ("请送到人民路33号。", "人民路33号"),
        ("I live at 12 High Street, London", "12 High Street, London"),
        ("Mail it to P.O. Box 4471 please", "P.O. Box 4471"),
        ("wohnhaft Hauptstrasse 17", "Hauptstrasse 17"),
        ("9 Harbour Road, Hull, United Kingdom\nMobile: see above", "9 Harbour Road, Hull, United Kingdom"),
        (
            "> 9 Harbour Road\n> Suite 12\n> Hull\n>\n> Denmark 35018",
            "9 Harbour Road\n> Suite 12\n> Hull\n>\n> Denmark 35018",
        ),
        ("9 Harbour Road, Hull\n\nThank you", "9 Harbour Road, Hull"),
        ("to 17 P.O. Box 4471, Hull", "17 P.O. Box 4471, Hull"),
        ("9 Harbour Road\n Suite 12\n Hull\n>Office: closed", "9 Harbour Road\n Suite 12\n Hull"),
        ("Apt. 12 9 Nordvej 18\nAarhus, dk\n 8000", "Apt. 12 9 Nordvej 18\nAarhus, dk\n 8000"),
        (
            "send it to 9 Harbour Road Suite 12 Kingston Upon Hull. Please call",
            "9 Harbour Road Suite 12 Kingston Upon Hull",
        ),
        ("at the corner of Nordvej 18 and Harbour Road today", "the corner of Nordvej 18 and Harbour Road"),
        ("to 12 John Smith Street, Rostov na Donu", "12 John Smith Street, Rostov na Donu"),
        ("USNS Vollan\nFPO AE 09501", "USNS Vollan\nFPO AE 09501"),
        ("9 Harbour Road\nPorto 4000\n21 253 109 8211", "9 Harbour Road\nPorto 4000"),
    ],
)
def test_addresses(text, address):
    assert of("address", text) == [address]


@pytest.mark.parametrize(
    "text",
    ["一带一路5号文件", "按第12条第4款办理，网路3层", "in 2019 and 2018\nThe following table", "the 10 Year Plan"],
)
def test_no_addresses(text):
    assert of("address", text) == []
