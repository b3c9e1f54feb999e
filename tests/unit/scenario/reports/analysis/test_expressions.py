import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.messages import speaking
from scenarios.reports.analysis.expressions import ExpressionError, NoValueError, parse, recompute, standing_for


def value_of(text, **inputs):
    return recompute(parse(text), {name.replace("prior_", "prior(") + (")" if name.startswith("prior_") else ""): one
                                   for name, one in inputs.items()})  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a + b * c", 14.0), ("(a + b) * c", 20.0), ("a - b - c", -5.0), ("c / a / b", 4.0 / 6.0), ("-a + b", 1.0),
        ("2.5 * a", 5.0), ("avg(a)", 1.5), ("a - prior(a)", 1.0), ("or_zero(z) + a", 2.0), ("either(z, b)", 3.0),
        ("annual(a)", 2.0), ("avg(a + b)", 4.0),
    ],
)  # fmt: skip
def test_an_expression_is_worth_what_arithmetic_says(text, value):
    assert value_of(text, a=2.0, b=3.0, c=4.0, prior_a=1.0, prior_b=2.0) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a +", "its end"), ("a b", "at b"), ("(a", "its end"), ("a ** b", "at *"), ("__import__", "__import__"),
        ("a; b", "; b"), ("exec(a)", "no function exec"),
        ("either(a)", "another number"), ("avg(a, b)", "another number"),
        ("or_zero(a + b)", "takes a name"), ("prior(prior(a))", "cannot stand"), ("a.b.c", ".c"),
        ("(" * 40 + "a" + ")" * 40, "deeply"),
        ("a + " * 200 + "a", "characters"), ("", "its end"), ("a.__class__", "__class__"), ("lambda: a", ": a"),
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused_with_its_place(text, said):
    with pytest.raises(ExpressionError) as raised:
        parse(text)
    with speaking("en"):
        assert said in str(raised.value.args[0])


@given(st.text(max_size=60))
def test_no_text_is_more_than_an_expression_or_a_refusal(text):
    try:
        parse(text)
    except ExpressionError:
        return


_LEAVES = st.sampled_from(["a", "b", "c", "2", "0.5"])
_TREES = st.recursive(_LEAVES, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner))


@given(_TREES, st.lists(st.floats(0.5, 50.0), min_size=3, max_size=3))
def test_the_evaluator_agrees_with_python(text, values):
    inputs = dict(zip("abc", values, strict=True))
    try:
        expected = eval(text, {}, inputs)
    except ZeroDivisionError:
        with pytest.raises(NoValueError):
            recompute(parse(text), inputs, signed=True)
    else:
        assert recompute(parse(text), inputs, signed=True) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a / b", "zero"), ("a / c", "negative"), ("a / (b - a)", "negative"), ("a / avg(d)", "negative"),
        ("a / z", "missing"),
        ("either(y, z)", "missing"),
    ],
)  # fmt: skip
def test_a_value_that_means_nothing_is_none_and_has_a_reason(text, reason):
    with pytest.raises(NoValueError) as raised:
        value_of(text, a=1.0, b=0.0, c=-2.0, d=5.0, prior_d=-1.0)
    assert raised.value.reason == reason


def test_the_account_of_a_family_takes_the_place_of_this():
    assert standing_for(parse("(this - prior(this)) / prior(this)"), "revenue") == parse(
        "(revenue - prior(revenue)) / prior(revenue)"
    )
