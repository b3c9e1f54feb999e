"""Forms filled in from calls: sources, corrections, confirmations, checks and what is missing."""

import pytest

from appliance.core.messages import _
from scenarios.agent_assist.afterwards.forms import FormBook, fill_form
from tests.unit.scenario.agent_assist.afterwards.spoken import SHIPPED, WEDNESDAY, call

BOOK = FormBook.load(SHIPPED / "forms.yaml", None)


def filled(name, *rows, language="en"):
    form = fill_form(BOOK.forms[name], call(*rows), language, WEDNESDAY)
    return form, {field.name: field for field in form.fields}


def test_a_lost_card_form_is_filled_with_its_turns():
    form, fields = filled(
        "card_loss",
        "C 我的信用卡昨天被偷了",
        "S 请问卡号后四位？",
        "C 尾号3445",
        "S 需要寄新卡给您吗？",
        "C 要，寄到家里",
    )
    assert (fields["cause"].value, fields["cause"].text, fields["cause"].turns) == ("stolen", "Stolen", ("t1",))
    assert fields["card"].turns == ("t3",)
    assert fields["card_kind"].value == "credit"
    assert (fields["lost_on"].value, fields["lost_on"].turns) == ("2026-03-03", ("t1",))
    assert form.complete
    assert form.missing == ()


def test_a_corrected_amount_wins_and_the_other_is_listed():
    _form, fields = filled(
        "mortgage_prepayment", "C 我想提前还一部分房贷，还十万", "S 十万对吗？", "C 不对，是十五万", "S 好的，十五万元"
    )
    amount = fields["amount"]
    assert (amount.value, amount.confirmed, amount.turns) == ("150000.00 CNY", True, ("t3", "t4"))
    assert [(other.value, other.turns) for other in amount.others] == [("100000.00 CNY", ("t1",))]


def test_the_confirmed_value_wins_over_one_that_was_only_mentioned_later():
    _form, fields = filled(
        "transfer_trace", "C 我转账五万块对方没收到", "S 五万元是吗？", "C 对", "C 我卡里本来有八万块"
    )
    assert fields["amount"].value == "50000.00 CNY"
    assert [other.value for other in fields["amount"].others] == ["80000.00 CNY"]


def test_what_the_seat_asks_counts_only_once_it_is_confirmed():
    rows = ["C 我要提前还房贷", "S 是全部还清吗？"]
    assert filled("mortgage_prepayment", *rows, "C 对")[1]["kind"].value == "whole"
    assert filled("mortgage_prepayment", *rows, "C 不是")[1]["kind"].value is None


def test_missing_required_fields_are_named():
    form, _fields = filled("transfer_trace", "C 我的转账没到账")
    assert form.missing == ("amount", "sent_on")
    assert not form.complete


def test_a_value_that_fails_its_check_is_kept_marked_and_counts_as_missing():
    form, fields = filled("mortgage_prepayment", "C 我想提前还一部分房贷，还五百块", language="zh_CN")
    assert (fields["amount"].value, fields["amount"].valid) == ("500.00 CNY", False)
    assert fields["amount"].note == _("It is less than {limit}.", limit="1000").render("zh_CN")
    assert "amount" in form.missing


def test_a_denied_choice_is_none():
    _form, fields = filled("complaint", "C 我要投诉，不是要退款，我就要个道歉")
    assert fields["wish"].value == "apology"


def test_a_call_back_order_has_its_time_on_the_calendar():
    _form, fields = filled("callback", "C 麻烦你们回电给我", "S 好的，我明天下午三点给您回电")
    assert (fields["at"].value, fields["at"].text, fields["at"].turns) == ("2026-03-05 15:00", "明天下午三点", ("t2",))


def test_values_are_masked():
    form, _fields = filled("callback", "C 回电打13812345678，我叫王小明")
    assert "13812345678" not in form.model_dump_json()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("complaint", "C I want to make a complaint about a fee"),
        ("card_loss", "C 我要挂失"),
        ("transfer_trace", "C my transfer has not arrived, it is missing"),
        ("mortgage_prepayment", "C Can I pay off part of my mortgage early?"),
        ("callback", "C Please call me back tomorrow"),
        ("wealth_intention", "C 我想买理财"),
    ],
)
def test_each_shipped_form_is_offered_for_its_calls(name, said):
    assert name in [form.name for form in BOOK.fitting(call(said))]


def test_no_form_is_offered_for_a_question_of_hours():
    assert BOOK.fitting(call("C 请问周六上班吗", "S 上班的")) == ()


def test_titles_are_in_the_asked_language():
    form, fields = filled("card_loss", "C 我的卡丢了", language="zh_CN")
    assert (form.title, fields["cause"].title, fields["cause"].text) == ("银行卡挂失登记表", "挂失原因", "遗失")
