import pytest

CARD = "6222021234567894"


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("我想转五万三到工资卡", ["53000.00 CNY"]),
        ("存3万5 然后取两千块", ["35000.00 CNY", "2000.00 CNY"]),
        ("还款8,000.50元", ["8000.50 CNY"]),
        ("扣了我三百二十块五毛", ["320.50 CNY"]),
        ("三块两毛五", ["3.25 CNY"]),
        ("转了500，300块还没到", ["500.00 CNY", "300.00 CNY"]),
        ("换两千美元和五百港币", ["2000.00 USD", "500.00 HKD"]),
        ("I paid five thousand yuan", ["5000.00 CNY"]),
        ("she sent 2.5k", ["2500.00 CNY"]),
        ("twenty five hundred dollars", ["2500.00 USD"]),
        ("HK$500 and 300 euros", ["500.00 HKD", "300.00 EUR"]),
        ("$1,234.56 charged twice", ["1234.56 USD"]),
        ("three dollars and fifty cents", ["3.50 USD"]),
        ("my mortgage is half a million", ["500000.00 CNY"]),
        ("五百块 一点 我跟你说", ["500.00 CNY"]),
        ("存了十万块三年定期", ["100000.00 CNY"]),
        ("we paid 1.2 million", ["1200000.00 CNY"]),
        ("RMB400 ¥500", ["400.00 CNY", "500.00 CNY"]),
        ("每次一百五", ["150.00 CNY"]),
    ],
)
def test_amounts_are_read_with_their_currency(values, text, amounts):
    assert values(text, "amount") == amounts


@pytest.mark.parametrize(
    "text",
    [
        "利息是百分之五",
        "0.5%的费率",
        "我等了3个月 打了5次电话",
        "转到3号楼 2点",
        "我有300积分",
        "three hundred people",
        "I called five times in two weeks",
        "交易金额12345678901234567890",
        "三五万吧",
    ],
)
def test_other_numbers_are_no_amounts(values, text):
    assert values(text, "amount") == []


def test_an_assumed_currency_and_an_approximate_amount_are_noted(read):
    assert read("取了5000", "en")[0].note == "No currency was said; yuan are assumed."
    assert read("大概一万多", "zh_CN")[0].note is not None
    assert read("五千块", "en")[0].note is None


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("昨天扣的", ["2026-11-26"]),
        ("上周五取的", ["2026-11-20"]),
        ("下下周三再打", ["2026-12-09"]),
        ("这个月15号还款", ["2026-11-15"]),
        ("上个月3号", ["2026-10-03"]),
        ("二〇二六年三月十五号", ["2026-03-15"]),
        ("三天前", ["2026-11-24"]),
        ("半年前", ["2026-05-27"]),
        ("上个月", ["2026-10"]),
        ("上周", ["2026-W47"]),
        ("月底之前", ["2026-11-30"]),
        ("2026-03-01 到 2026/4/2", ["2026-03-01", "2026-04-02"]),
        ("last Friday", ["2026-11-20"]),
        ("next monday", ["2026-11-30"]),
        ("I paid on March 3rd", ["2026-03-03"]),
        ("it is due on march third", ["2027-03-03"]),
        ("the twenty first of october 2025", ["2025-10-21"]),
        ("in two weeks", ["2026-12-11"]),
        ("a couple of days ago", ["2026-11-25"]),
        ("the day before yesterday", ["2026-11-25"]),
        ("the 15th of last month", ["2026-10-15"]),
        ("on 25/12/2025", ["2025-12-25"]),
        ("I may march up there", []),
        ("3号线 2号窗口", []),
    ],
)
def test_dates_are_read_from_the_day_of_the_call(values, text, dates):
    assert values(text, "date") == dates


@pytest.mark.parametrize("text", ["2月30日扣的", "on February 30th", "2026-02-30", "这个月31号", "13月5号"])
def test_a_day_that_does_not_exist_is_not_valid(read, text):
    [slot] = [slot for slot in read(text, "en") if slot.name == "date"]
    assert not slot.valid
    assert slot.note.startswith("There is no such")


def test_a_date_that_can_be_read_two_ways_is_noted(read):
    [slot] = read("I paid on 03/04/2026", "en")
    assert (slot.value, slot.note) == ("2026-03-04", "It was read as month/day; it may be day/month.")


@pytest.mark.parametrize(
    "text",
    [
        f"我的卡 {CARD} 被吞了",
        "我的卡 6222 0212 3456 7894 被吞了",
        "卡号六二二二零二幺二三四五六七八九四",
        "卡号六二二二 零二一二 三四五六 七八九四",
        "卡号六二二二，零二一二，三四五六，七八九四",
        "card six two two two oh two one two three four five six seven eight nine four",
        "my card is 6222 0212 uh 3456 7894",
        "卡号是 ６２２２０２１２３４５６７８９４",
    ],
)
def test_a_card_shows_its_last_four_digits_only(read, text):
    [slot] = [slot for slot in read(text) if slot.name == "card"]
    assert (slot.value, slot.text, slot.valid) == ("7894", "****7894", True)


def test_double_and_triple_repeat_a_digit(read):
    [slot] = read("it's four triple one double one double one double one double one double one double one one")
    assert (slot.name, slot.value) == ("card", "1111")


def test_a_card_with_a_wrong_check_digit_is_not_valid(read):
    [slot] = read("卡号 6222021234567895", "en")
    assert (slot.value, slot.valid) == ("7895", False)
    assert "check digit" in slot.note


@pytest.mark.parametrize(
    "text", ["尾号7894的卡", "尾号是七八九四", "my card ending in 7894", "last four digits are seven eight nine four"]
)
def test_last_four_digits_name_a_card(values, text):
    assert values(text, "card") == ["7894"]


def test_other_personal_numbers_are_masked(read):
    text = "身份证 11010519491231002X 电话13800138000 账号 12345678901234"
    found = {slot.name: (slot.value, slot.text) for slot in read(text)}
    assert found == {
        "id_number": ("110***********002X", "110***********002X"),
        "phone": ("138****8000", "138****8000"),
        "account": ("****1234", "****1234"),
    }


def test_two_numbers_said_in_one_breath_are_told_apart(read):
    found = [(slot.name, slot.value) for slot in read(f"13800138000 {CARD}")]
    assert found == [("phone", "138****8000"), ("card", "7894")]


def test_products_and_branches_are_named_as_in_the_vocabulary(read):
    found = [(slot.name, slot.value) for slot in read("我在机场支行办的白金卡 and my mortgage at lakeside")]
    assert found == [
        ("branch", "airport"),
        ("product", "credit-card-platinum"),
        ("product", "mortgage"),
        ("branch", "lakeside"),
    ]


def test_names_are_not_cut_out_of_longer_words(read):
    assert read("we went atmospheric and refunded") == ()


def test_positions_are_those_of_the_text_with_invisible_characters(read):
    text = "嗯\u200b我转了\u200b5000元"
    [slot] = read(text)
    assert text[slot.start : slot.end] == slot.text == "5000元"
