import pytest

from appliance.guardrails.personal.check import PersonalData

CHECK = PersonalData()


def found(text):
    return [(span.kind, text[span.start : span.end]) for span in CHECK.spans(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("证件11010519491231002X已核验", "cn_id", "11010519491231002X"),
        ("身份证 110105 19491231 002x。", "cn_id", "110105 19491231 002x"),
        ("旧身份证号：110105491231002", "cn_id", "110105491231002"),
        ("身份证号１１０１０５１９４９１２３１００２Ｘ", "cn_id", "１１０１０５１９４９１２３１００２Ｘ"),
        ("尾款打到6222021234567890128，谢谢", "bank_card", "6222021234567890128"),
        ("card 4111 1111 1111 1111 please", "bank_card", "4111 1111 1111 1111"),
        ("Amex 3782-822463-10005.", "bank_card", "3782-822463-10005"),
        ("打我13912345678", "phone", "13912345678"),
        ("手机139 1234 5678转", "phone", "139 1234 5678"),
        ("tel +86-139-1234-5678", "phone", "+86-139-1234-5678"),
        ("电话一三九一二三四五六七八", "phone", "一三九一二三四五六七八"),
        ("手机139\u200b1234\u200b5678", "phone", "139\u200b1234\u200b5678"),
        ("座机021-61234567转801", "phone", "021-61234567转801"),
        ("call me on +44 20 7946 0958", "phone", "+44 20 7946 0958"),
        ("Phone: (212) 555-0147", "phone", "(212) 555-0147"),
        ("信用代码91350100M000100Y43", "uscc", "91350100M000100Y43"),
        ("护照E12345678", "passport", "E12345678"),
        ("港澳居民来往内地通行证H12345678", "permit", "H12345678"),
        ("军官证：军字第2012345号", "permit", "军字第2012345号"),
        ("HKID A123456(3)", "permit", "A123456(3)"),
        ("IBAN: GB82 WEST 1234 5698 7654 32", "iban", "GB82 WEST 1234 5698 7654 32"),
        ("SSN 536-90-4399", "us_ssn", "536-90-4399"),
        ("发到wang.wei@example.com吧", "email", "wang.wei@example.com"),
        ("从203.0.113.42登录", "ip_address", "203.0.113.42"),
        ("host 2001:db8:0:0:0:0:2:1 up", "ip_address", "2001:db8:0:0:0:0:2:1"),
        ("ftp://bob:s3cret@files.example.com/a", "url_login", "ftp://bob:s3cret@files.example.com/a"),
        ("微信号：lucky_2024", "account_name", "lucky_2024"),
        ("QQ：123456789", "account_name", "123456789"),
        ("车牌粤B12345", "plate", "粤B12345"),
        ("新能源沪AD12345", "plate", "沪AD12345"),
        ("出生日期：1990年3月7日", "birth_date", "1990年3月7日"),
        ("Date of birth: 7 March 1990", "birth_date", "7 March 1990"),
    ],
)
def test_found(text, kind, value):
    assert (kind, value) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "编号110105194912310021",  # check character wrong and no word for it
        "编号990105194912310021",  # no such province
        "尾款打到6222021234567890127，谢谢",  # Luhn digit wrong
        "账号1234567890123452",  # Luhn digit right, but no issuer's number
        "订单号4111111111111111",
        "流水号13912345678901",
        "余额13912345678元",
        "余额13912345678.00",
        "报告期内实现营业收入1,391,234,567.80元",
        "2024-01-15至2025-01-15，共366天",
        "年利率3.4525%，期限36个月",
        "版本10.2.3.1，见3.1.2.1节",
        "客服热线95588",
        "基金代码005827，成立于2018年9月5日",
        "地震发生于2008年5月12日",
        "order 20240115123456 shipped",
        "revenue was 358819.9975 million in 2019 and 2018",
        "https://www.example.com/a:b",
        "QQ音乐2024年",
        "比例为12:30:45",
    ],
)
def test_harmless(text):
    assert found(text) == []


def test_context_decides_between_card_and_order_number():
    text = "订单号4111111111111111，卡号4111111111111111"
    assert [(span.kind, span.start) for span in CHECK.spans(text)] == [("bank_card", text.rindex("4111111111111111"))]


def test_a_mistyped_identity_number_counts_where_the_text_calls_it_one():
    assert found("身份证号110105194912310021") == [("cn_id", "110105194912310021")]


def test_an_identity_number_inside_longer_digits_is_none():
    assert found("9911010519491231002X88") == []
    assert found("单据11010519491231002100") == []
