from types import MappingProxyType

import pytest

from scenarios.advisor.conversation.names import Names, names_of, plain


def found(sample, text):
    return [(one.kind, one.ids) for one in names_of(sample).find(plain(text))]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("c0012 and p012", [("client", ("C0012",)), ("product", ("P012",))]),
        ("Ｐ０１２", [("product", ("P012",))]),
        ("看看P12", [("product", ("P012",))]),
        ("青嵐行業股票A怎麼樣", [("product", ("P008",))]),
        ("锦弯指数B", [("product", ("P019",))]),
        ("Qinglan Secter Equity A", [("product", ("P008",))]),
        ("松禾里稳健理财", [("product", ("P004",))]),
        ("麓明指数和锦湾指数", [("product", ("P006",)), ("product", ("P019",))]),
        ("S014", [("security", ("S014",))]),
        ("王示例四的账户", [("client", ("C0038",))]),
        ("C9999", [("client", ())]),
    ],
)
def test_what_is_named_is_found_by_id_name_part_and_with_errors(sample, text, ids):
    assert found(sample, text) == ids


@pytest.mark.parametrize(
    "text",
    [
        "今天天气怎么样",
        "C1客户不能买R5",
        "Account diagnosis",
        "List the cash products",
        "行业股票怎么样",
        "of that fund",
    ],
)
def test_ordinary_words_name_nothing(sample, text):
    assert found(sample, text) == []


def test_a_part_of_a_name_and_a_surname_may_mean_several(sample):
    ((kind, ids),) = found(sample, "示例四这个客户")
    assert kind == "client"
    assert len(ids) == 10
    assert "C0031" in ids
    ((_kind, by_title),) = found(sample, "王女士的账户")
    assert "C0008" in by_title
    assert len(by_title) == 20


def test_another_series_letter_is_not_the_product_that_is_alike(sample):
    ((_kind, ids),) = found(sample, "锦湾年金保险C")
    assert set(ids) == {"P075", "P036"}


def test_two_clients_of_one_name_are_both_meant(sample):
    from dataclasses import replace

    twin = sample.clients["C0001"].model_copy(update={"id": "C9001"})
    both = replace(sample, clients=MappingProxyType({**sample.clients, "C9001": twin}), memo={})
    ((_kind, ids),) = [(one.kind, one.ids) for one in Names(both).find("赵示例一的账户")]
    assert ids == ("C0001", "C9001")
