import contextvars

import pytest

from appliance.core.messages import Message, _, current_language, negotiate, set_language, speaking

FULL = "The disk that holds {folder} is full."


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("zh_CN.UTF-8", "zh_CN"),
        ("zh", "zh_CN"),
        ("zh-Hans-CN,zh;q=0.9,en;q=0.8", "zh_CN"),
        ("en_GB.UTF-8", "en"),
        ("fr-FR, zh;q=0.5", "zh_CN"),
        ("C.UTF-8", "en"),
        ("zhuang", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_negotiate_finds_a_language_that_is_spoken(wanted, language):
    assert negotiate(wanted) == language


def test_negotiate_falls_back_to_the_default_it_is_given():
    assert negotiate("fr", default="zh_CN") == "zh_CN"


def test_a_message_is_rendered_late_in_each_language():
    message = _(FULL, folder="/data")
    assert message.render("en") == "The disk that holds /data is full."
    assert message.render("zh_CN") == "/data 所在的磁盘已满。"


def test_a_message_inside_a_message_is_rendered_in_the_same_language():
    outer = _("The appliance refused: {reason}", reason=_(FULL, folder="/x"))
    assert outer.render("zh_CN") == "一体机拒绝了请求：/x 所在的磁盘已满。"


def test_values_are_never_read_as_templates():
    assert _(FULL, folder="{folder}{0}%s").render("en") == "The disk that holds {folder}{0}%s is full."


def test_a_text_without_values_may_hold_braces():
    assert Message("{not a field}").render("en") == "{not a field}"


def test_an_unknown_template_is_shown_as_it_is():
    assert Message("no such template").render("zh_CN") == "no such template"
    assert Message("").render("zh_CN") == ""


def test_speaking_ends_with_its_block_even_on_an_error():
    def fail_in_chinese():
        with speaking("zh_CN"):
            assert current_language() == "zh_CN"
            raise KeyError

    with pytest.raises(KeyError):
        fail_in_chinese()
    assert current_language() == "en"


def test_a_language_set_in_one_context_stays_in_it():
    contextvars.copy_context().run(set_language, "zh_CN")
    assert current_language() == "en"
