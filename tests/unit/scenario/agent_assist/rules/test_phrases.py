import pytest

from scenarios.agent_assist.rules.phrases import PhraseError, read_phrase
from scenarios.agent_assist.rules.scanning import MAX_HITS, Scanner


def found(phrase: str, text: str, language: str = "en", but_not: str | None = None, **lists: list[str]) -> bool:
    read = {name: [read_phrase(one, language, {}) for one in phrases] for name, phrases in lists.items()}
    scanner = Scanner()
    exceptions = [read_phrase(but_not, language, read)] if but_not else []
    group = scanner.add([read_phrase(phrase, language, read)], exceptions)
    return group in scanner.scan(text)[1]


@pytest.mark.parametrize(
    ("phrase", "text", "is_there"),
    [
        ("hold on", "Please HOLD, on!", True),
        ("hold on", "household once", False),
        ("hold on", "Hold. On Monday", False),
        ("guarantee*", "it is guaranteed", True),
        ("guarantee", "it is guaranteed", False),
        ("[hello|good [morning|evening]]", "good evening", True),
        ("[hello|good [morning|evening]]", "good afternoon", False),
        ("please (just) wait", "please wait", True),
        ("please (just) wait", "please just wait", True),
        ("please (just) wait", "please don't wait", False),
        ("last … digits", "the last four or five digits", True),
        ("last … digits", "the last four. Digits", False),
        ("last … digits", "last a b c d e f g digits", False),
        ("last {2} digits", "last a b digits", True),
        ("last {2} digits", "last a b c digits", False),
        ("rate # percent", "a rate of", False),
        ("rate # percent", "Rate 4.5 percent", True),
        ("rate # percent", "rate twenty one percent", True),
        ("don't tell", "DON’T tell", True),
        ("one-time code", "one time code", True),
    ],
)
def test_english(phrase: str, text: str, is_there: bool) -> None:
    assert found(phrase, text) is is_there


@pytest.mark.parametrize(
    ("phrase", "text", "is_there"),
    [
        ("保证收益", "我们保证，收益", True),
        ("保证收益", "保证。收益", False),
        ("保证……收益", "保证您每年都有收益", True),
        ("[保证|承诺]（最低）收益", "承诺最低收益", True),
        ("［保证｜承诺］收益", "承诺收益", True),
        ("利率#", "利率很低", False),
        ("年化百分之#", "年化百分之四点五", True),
        ("#元", "３２００元", True),
        ("您的 PIN 码", "您的pin码", True),
        ("收益……保证", "收益" + "的" * 13 + "保证", False),
        ("收益……保证", "收益" + "的" * 12 + "保证", True),
    ],
)
def test_chinese(phrase: str, text: str, is_there: bool) -> None:
    assert found(phrase, text, "zh") is is_there


def test_a_word_list_stands_for_each_of_its_phrases() -> None:
    assert found("a <thing> please", "A blue car, please", thing=["red car", "blue [car|bus]"])
    assert not found("a <thing> please", "a green car please", thing=["red car", "blue [car|bus]"])


def test_an_exception_discounts_only_what_it_overlaps() -> None:
    assert not found("guarantee*", "we do not guarantee it", but_not="not guarantee*")
    assert found("guarantee*", "not guaranteed there, but guaranteed here", but_not="not guarantee*")


def test_the_place_is_given_in_characters_of_the_text_as_it_was() -> None:
    scanner = Scanner()
    group = scanner.add([read_phrase("验证码", "zh", {}), read_phrase("code", "en", {})], [])
    text = "Ｙour Code，就是 验证码"
    words, hits = scanner.scan(text)
    assert [text[begin:end] for begin, end in hits[group]] == ["Code", "验证码"]
    assert words == 7


def test_of_much_repetition_only_the_first_places_are_kept() -> None:
    scanner = Scanner()
    group = scanner.add([read_phrase("再见", "zh", {})], [])
    assert len(scanner.scan("再见" * 100)[1][group]) == MAX_HITS


@pytest.mark.parametrize(
    ("phrase", "part"),
    [
        ("[a|b", "] is missing"),
        ("a]", "closes nothing"),
        ("a | b", "closes nothing"),
        ("[a||b]", "empty"),
        ("(a)", "must be said"),
        ("…", "must be said"),
        ("… a", "between words"),
        ("a (b …)", "between words"),
        ("a*", "two letters"),
        ("[ab|cd]*", "two letters"),
        ("<nobody>", "no list nobody"),
        ("<thing", "> is missing"),
        ("a {0} b", "from 1 to 30"),
        ("a {x} b", "from 1 to 30"),
        ("[a|[b|[c|[d|[e|f]]]]]", "deep"),
        ("x" * 201, "at most 200"),
        ("，。", "must be said"),
    ],
)
def test_a_phrase_that_cannot_be_read_says_why(phrase: str, part: str) -> None:
    with pytest.raises(PhraseError) as caught:
        read_phrase(phrase, "en", {})
    assert part in str(caught.value.message)


def test_a_phrase_made_to_hang_a_search_ends() -> None:
    """Twelve gaps over a text that never ends the phrase: a search that goes back would not return."""
    phrase = " … ".join(["a"] * 12) + " … b"
    assert not found(phrase, "a " * 4000)
