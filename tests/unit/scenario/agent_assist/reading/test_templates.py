import re

import pytest

from appliance.core.validation import Fault
from scenarios.agent_assist.reading.templates import number_pattern, phrase_pattern


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("(speak|talk) to a manager", "can i talk  to a manager please"),
        ("打了…次", "我打了五六次了"),
        ("second time …calling", "it is the second time that i am calling"),
        ("i've had it", "ive had it"),
        ("投诉 你们", "投诉你们"),
    ],
)
def test_a_phrase_fits_what_callers_say(phrase, text):
    assert re.search(phrase_pattern(phrase), text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("sue", "i sued the issue"),
        ("打了…次", "打了。等了很多次"),
        ("second time …calling", "second time it was not that i was calling"),
    ],
)
def test_a_phrase_does_not_fit_other_words(phrase, text):
    assert not re.search(phrase_pattern(phrase), text)


@pytest.mark.parametrize("phrase", ["", "(a|b", "a)b", "…a", "a…b…c…d", "(|a)", "((a)|b)"])
def test_a_phrase_that_cannot_be_read_is_refused(phrase):
    with pytest.raises(Fault):
        phrase_pattern(phrase)


@pytest.mark.parametrize(
    "template", ["", "{digits}", "{words 3}", "a{digits 2", "{digits 5-3}", "{digits 1-9}" * 3, "ab"]
)
def test_a_template_that_cannot_be_read_is_refused(template):
    with pytest.raises(Fault):
        number_pattern(template)
