"""The words of a Chinese sentence that stand where the question has its asking word."""

import re
from dataclasses import dataclass

import rjieba

from appliance.knowledge.answers.span_clauses import CLAUSE_END, cause_span, clauses_of, rest_span
from appliance.knowledge.answers.span_match import Span, content, places

_ASKING = re.compile(
    r"哪一?(?:[个些种位家所座条项支部本类款届处份代段片间首只名]|几[个种位家条项类])|哪[里儿]|什么样?|为什么|为何"
    r"|什麽|甚么|啥|谁|怎么样?|怎样|如何|何[地处人种时]|哪|何"
)
_WHY = re.compile(r"为什么|为何|为啥|何以|(?:原因|缘由|理由)(?:是|在于|有)")
_HOW = re.compile(r"(?:是|该|要|应该?)?(?:怎么|怎样|如何)(?!称)")
_DESCRIBED = re.compile(
    r"(?:特点|特征|特色|特性|作用|意义|影响|过程|评价|看法|情况|经历|效果|变化|性格|优点|缺点|功能|用途|目的|含义"
    r"|意思|内容|结果|后果|贡献|条件|要求|区别|规定)"
    r"(?:[是有]|分别是|都有)?(?:什么|哪些|啥|怎样的?|如何)|有(?:什么|哪些|啥)(?:样的|主要|重要)?"
    r"(?:特点|特征|特色|特性|作用|意义|影响|评价|看法|效果|变化|功能|用途|贡献|区别|规定|要求|条件|症状|好处)|会怎样"
    r"|怎样的"
)
_PERSON = re.compile(r"谁|哪位|何人|什么人|哪一?位|哪个人|哪些人")
_PLACE = re.compile(
    r"哪[里儿]|何[地处]|什么(?:地方|地区|位置|地点)|地址|地点|哪个?(?:国家|城市|省|市|县|地方|地区|区)|位于什么"
)
_OPEN, _CLOSE = "《（「“(『【〈", "》）」”)』】〉"
_WEAK_EDGES = frozenset([
    "的", "了", "和", "与", "及", "或", "是", "为", "在", "于", "以", "由", "被", "把", "将", "对", "向", "从", "到",
    "也", "都", "就", "又", "并", "而", "且", "则", "所", "之", "其", "该", "此", "这", "那", "等", "着", "过", "地",
    "得", "有", "以及", "并且", "而且", "但", "但是", "因此", "所以", "后来", "当时", "主要", "后", "时", "则是",
    "即", "便", "至", "成为", "称为", "叫做", "名为", "获得", "担任", "、", "”", "“",
])  # fmt: skip
_TRIGGERS = re.compile(
    r"(?:(?:是|为)一[名个种座家所位间部款项条支只]|是|为|叫做?|称为?|称作|名为?|由|于|在|以|被|自|从|向|与|和|跟|即"
    r"|位于|至|到|成为|担任|获得?|属于?|包括|包含|分为|有|作|任|赴|给|让|"
    r"需要?|须|提供|提交|出示|拥有|来自|毕业于|选自|改名|更名|取名|命名|译作|译为|又名|原名|本名|字|号|谥号?|封)$"
)
_NOUNS = "nabvlijztmsqr"  # first letters of tags that may make an answer
_USUAL_LENGTH = 9
_LONGEST = 60
_IS = re.compile(r"(?:则|即|便|就)?(?:是|为)")
_OPENS_WEAKLY = re.compile(r"一[名个种座家所位间部款项条支只]|[是为]|位于|属于|来自")
_PUNCTUATION = re.compile(r"（[^（）]*）|[，、“”「」《》() ]")
_COPULA = re.compile(r"(?:是|为|叫|称|在|于|由|有)$")
_WEIGHTS = {
    "left": 0.42, "right": 0.42, "trigger": 0.9, "overlap": -2.5, "head": 1.0, "edge": 0.5, "clause_end": 0.9,
    "weak_end": 0.0, "broken": -1.8, "far": -2.0, "length": -0.03, "list": -2.0, "kind": 1.2, "quoted": 0.8,
}  # fmt: skip


@dataclass(frozen=True)
class _Token:
    text: str
    tag: str
    start: int
    end: int


@dataclass(frozen=True)
class _Asked:
    """A question cut at its asking word: what stands before, the thing it names (什么奖: 奖), what stands behind."""

    before: str
    noun: str
    behind: str
    person: bool
    place: bool
    listed: bool


def chinese_span(question: str, sentence: str) -> Span | None:
    """Return where the answer stands, or None where nothing but the question's own words is there."""
    if _WHY.search(question):
        return cause_span(question, sentence)
    if _DESCRIBED.search(question) or _HOW.search(question):
        return rest_span(question, sentence)
    asked = _asked(question)
    if asked is None:
        return rest_span(question, sentence)
    return _best(question, asked, sentence)


def _asked(question: str) -> _Asked | None:
    match = _ASKING.search(question)
    if match is None:
        return None
    before, behind = question[: match.start()], question[match.end() :].strip("？?。呢呀啊吗 ")
    noun = ""
    if match.group() not in ("谁", "哪里", "哪儿") and behind:
        for word, tag in rjieba.tag(behind):
            if tag[0] not in "nlvaj" or len(noun) > 6:
                break
            noun += word
            if tag[0] == "n":
                break
    if not noun and before:
        named = re.search(r"([\u4e00-\u9fff]{1,4}?)(?:主要|分别)?(?:是|为|叫|有|包括)(?:在|了)?$", before)
        noun = named.group(1)[-2:] if named else ""
    listed = re.search(r"哪些|哪几|哪[两三四]|什么.*(?:类型|种类)|分别|包括|分为", question) is not None
    behind = behind.removeprefix(noun)
    return _Asked(before, noun, behind, bool(_PERSON.search(question)), bool(_PLACE.search(question)), listed)


def _tokens(sentence: str) -> list[_Token]:
    """Return the dictionary's words with their places; a title in 《》 and a foreign name are one word each."""
    whole = [
        match.span()
        for match in re.finditer(r"《[^》]*》|[\u4e00-\u9fff]{1,8}(?:[·•‧・][\u4e00-\u9fffA-Za-z]{1,8})+", sentence)
    ]
    found: list[_Token] = []
    at = 0
    for word, tag in rjieba.tag(sentence):
        start = sentence.find(word, at)
        if start < 0:
            continue
        at = start + len(word)
        inside = next((span for span in whole if span[0] <= start < span[1]), None)
        if inside and found and found[-1].start >= inside[0]:
            found[-1] = _Token(sentence[found[-1].start : at], found[-1].tag, found[-1].start, at)
        else:
            found.append(_Token(word, "nr" if inside and sentence[inside[0]] != "《" else tag, start, at))
    return found


def _best(question: str, asked: _Asked, sentence: str) -> Span | None:
    tokens = _tokens(sentence)
    covered = [False] * (len(sentence) + 1)
    for start, end in places(sentence, content(question)):
        covered[start:end] = [True] * (end - start)
    clauses = clauses_of(sentence)
    best: tuple[float, Span] | None = None
    for first, opening in enumerate(tokens):
        if (
            _is_weak(opening)
            or _OPENS_WEAKLY.match(sentence, opening.start)
            or (not opening.text[0].isalnum() and opening.text[0] not in "《「“")
        ):
            continue
        left = _left_score(asked, sentence, opening.start, clauses, covered)
        for last in range(first, len(tokens)):
            span = opening.start, tokens[last].end
            if span[1] - span[0] > _LONGEST or (
                CLAUSE_END.search(tokens[last].text) and _depth(sentence[span[0] : span[1]]) == 0
            ):
                break
            if _is_weak(tokens[last]) or _depth(sentence[span[0] : span[1]]) != 0:
                continue
            score = left + _score(asked, sentence, span, tokens[first : last + 1], covered)
            if best is None or score > best[0]:
                best = score, span
    if best is None:
        return None
    return _name_in(best[1], tokens) if asked.person else best[1]


def _name_in(span: Span, tokens: list[_Token]) -> Span:
    """Return the last run of personal names in a span, the span itself where it has none or is a list of them."""
    inside = [token for token in tokens if span[0] <= token.start and token.end <= span[1]]
    if any(token.text in ("、", "和", "与", "及") for token in inside):
        return span
    named = [place for place, token in enumerate(inside) if token.tag.startswith("nr")]
    if not named:
        return span
    first = last = named[-1]
    while first and inside[first - 1].tag.startswith("nr"):
        first -= 1
    return inside[first].start, inside[last].end


def _score(asked: _Asked, sentence: str, span: Span, tokens: list[_Token], covered: list[bool]) -> float:
    text = sentence[span[0] : span[1]]
    score = _end_score(asked, sentence, span[1], covered)
    score += _WEIGHTS["overlap"] * sum(covered[span[0] : span[1]]) / len(text)
    if len(text) == 1:
        score += _WEIGHTS["broken"]
    if asked.noun and text.endswith(asked.noun[-1]):
        score += _WEIGHTS["head"]
    if asked.listed and re.search("[、和与及]", text):
        score += _WEIGHTS["kind"]
    if asked.person and any(token.tag.startswith("nr") for token in tokens):
        score += _WEIGHTS["kind"]
    if asked.place and any(token.tag.startswith("ns") for token in tokens):
        score += _WEIGHTS["kind"]
    if text[0] in "《「“" and text[-1] in "》」”":
        score += _WEIGHTS["quoted"]
    if "（）" in text or text.endswith(("）", ")")):
        score -= _WEIGHTS["edge"]
    if not any(token.tag[0] in _NOUNS for token in tokens):
        score += _WEIGHTS["broken"]
    return score + _WEIGHTS["length"] * max(0, len(text) - (3 if asked.listed else 1) * _USUAL_LENGTH)


def _end_score(asked: _Asked, sentence: str, end: int, covered: list[bool]) -> float:
    """Return how well a place fits as the answer's end: best where the question goes on as the sentence does."""
    behind = sentence[end:]
    same = _common_prefix(behind, asked.behind) if asked.behind else 0
    if same >= 2 or (same and behind[0] != "的"):
        return _WEIGHTS["edge"] + _WEIGHTS["right"] * min(6, same)
    stated = _IS.match(behind)
    if stated and _COPULA.search(asked.before):
        turned = _common_prefix(behind[stated.end() :], _COPULA.sub("", asked.before))
        if turned >= 3:  # "what is the X?" of a sentence "Y is the X"
            return _WEIGHTS["edge"] + _WEIGHTS["right"] * min(6, turned)
    if not behind or behind[0] in "，。；！？：,;":
        return _WEIGHTS["clause_end"]
    if behind[0] in "（(":
        return _WEIGHTS["edge"]
    if behind[0] in "、和与及" or behind.startswith("以及"):
        return _WEIGHTS["list"]
    if covered[end]:
        return _WEIGHTS["edge"] / 2
    return _WEIGHTS["weak_end"] if behind[0] in "等为是在于" else _WEIGHTS["broken"]


def _left_score(asked: _Asked, sentence: str, start: int, clauses: list[Span], covered: list[bool]) -> float:
    """Return how well what stands before a place fits what the question has before its asking word."""
    before = sentence[:start].rstrip("“「《 ")
    score = _WEIGHTS["left"] * _agreement(before, asked.before)
    trigger = _TRIGGERS.search(before[-4:])
    if trigger:
        score += _WEIGHTS["trigger"]
        if asked.before.endswith(trigger.group()[-1]):
            score += _WEIGHTS["trigger"] / 2
        if asked.place and trigger.group() in ("位于", "在", "于", "至", "到", "自", "来自"):
            score += _WEIGHTS["kind"]
    elif not before or before[-1] in "，。；：）)":
        score += _WEIGHTS["edge"]
    elif before[-1] == "、":
        score += _WEIGHTS["list"]
    elif covered[len(before) - 1]:
        score += _WEIGHTS["edge"]
    else:
        score += _WEIGHTS["broken"]
    left, right = next((span for span in clauses if span[0] <= start < span[1]), (0, len(sentence)))
    own = content(asked.before + asked.noun + asked.behind)
    named = {sentence[left:right][a:b] for a, b in places(sentence[left:right], own)}
    return score + _WEIGHTS["far"] * (1 - len(named) / max(1, len(own)))


def _agreement(before: str, asked: str) -> int:
    """Return how many characters before a place are those before the asking word, a copula on either side aside."""
    plain, wanted = _PUNCTUATION.sub("", before), _PUNCTUATION.sub("", asked)
    bare = _TRIGGERS.sub("", plain[-4:]) if _TRIGGERS.search(plain[-4:]) else ""
    shorter = plain[: len(plain) - 4] + bare if bare or _TRIGGERS.search(plain[-4:]) else plain
    return min(
        6, max(_common_suffix(one, two) for one in (plain, shorter) for two in (wanted, _COPULA.sub("", wanted)))
    )


def _is_weak(token: _Token) -> bool:
    return token.text in _WEAK_EDGES or token.text.isspace()


def _depth(text: str) -> int:
    """Return how many brackets of a text are open; -1 where one closes that was not opened."""
    depth = 0
    for char in text:
        depth += (char in _OPEN) - (char in _CLOSE)
        if depth < 0:
            return -1
    return depth


def _common_prefix(one: str, other: str) -> int:
    count = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        count += 1
    return count


def _common_suffix(one: str, other: str) -> int:
    return _common_prefix(one[::-1], other[::-1])
