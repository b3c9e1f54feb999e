import inspect
import pickle
import re

import pytest

from appliance.core import errors
from appliance.core.errors import ApplianceError, InvalidRequest, NotFound, RequestError, TooManyRequests
from appliance.core.messages import _, speaking

KINDS = [kind for _name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ApplianceError)]


def test_the_tree_in_the_docstring_is_the_tree_in_the_code():
    drawn = re.findall(r"^([│├└─ ]*)(\w+)", errors.__doc__.split("\n\n", 1)[1], re.MULTILINE)
    parents = {}
    stack = []
    for branch, name in drawn:
        depth = len(branch) // 4
        stack[depth:] = [name]
        parents[name] = stack[depth - 1] if depth else "Exception"
    assert parents == {kind.__name__: kind.__bases__[0].__name__ for kind in KINDS}


def test_each_kind_has_a_code_of_its_own():
    assert len({kind.code for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pickled_error_keeps_its_kind_text_and_code(kind):
    error = pickle.loads(pickle.dumps(kind(_("The disk that holds {folder} is full.", folder="/x"), code="special")))
    assert type(error) is kind
    assert error.code == "special"
    assert error.render("en") == "The disk that holds /x is full."
    assert "/x" in error.render("zh_CN") != error.render("en")


def test_a_pickled_request_error_keeps_what_only_it_has():
    error = pickle.loads(pickle.dumps(InvalidRequest(_("a text"), param="n", details={"limit": 8})))
    assert (error.param, error.details) == ("n", {"limit": 8})
    late = TooManyRequests(_("a text"))
    late.retry_after_s = 7.5
    assert pickle.loads(pickle.dumps(late)).retry_after_s == 7.5


def test_str_is_message_and_hint_in_the_language_of_the_context():
    error = NotFound(_("There is no key {key}.", key="k"), _("`appliance key list` shows every key."))
    assert str(error) == "There is no key k. `appliance key list` shows every key."
    with speaking("zh_CN"):
        assert str(error).startswith("没有密钥 k。")
    assert issubclass(NotFound, RequestError)
