"""Follow-up questions made to stand alone: by carrying the topic, or by a model whose rewriting is checked."""

import re
from collections.abc import Sequence

from appliance.core.errors import Unavailable
from appliance.core.protocols import ChatClient
from appliance.knowledge.asking.questions import stop_terms
from appliance.knowledge.asking.topics import Word, is_generic, subject_words, topic_of, words_of
from appliance.knowledge.language.siblings import Member, members_in
from appliance.knowledge.language.terms import fold, words
from appliance.knowledge.language.text import Language, is_wide, language_of

_REMEMBERED = 6  # questions of the past that still count
_MOST_TOKENS = 80
_LONGEST = 300  # characters

_ELLIPSIS = {
    "zh": re.compile(
        r"^(?:那么|那|还有|换成|换|如果是|要是|若是|而|至于|如果|要|假如是)?(?P<rest>[^，。？?！]{1,16}?)"
        r"(?:的话)?(?P<end>呢|怎么样|又如何|如何|又怎样)[？?。]?$"
    ),
    "en": re.compile(
        r"^(?:and|but|so|then|ok|okay)?[, ]*(?:what about|how about|and|what if it(?:'s| is)|same for|for|with|in"
        r"|as for)"
        r" +(?:for |with |in |at |by )?(?:an? |the |my |our )?(?P<rest>[^?.!]{1,60}?)[?.! ]*$",
        re.IGNORECASE,
    ),
}
_BARE = re.compile(r"^(?:那么|那|换成|换|如果是|要是)(?P<rest>[^，。？?！]{1,10})[？?]$")
# The names of the last groups tell the units apart.
_FIGURE = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)*|[一二三四五六七八九十百千两半]+)[ -]?(?P<scale>万|亿|million "
    r"|thousand )?(?:(?P<year>年|years?)"
    r"|(?P<month>个月|months?)|(?P<week>周|weeks?)|(?P<day>天|日|days?)|(?P<hour>小时|hours?)|(?P<money>元|块|yuan)"
    r"|(?P<age>周?岁)|(?P<times>次|times)|(?P<person>人|people)|(?P<percent>%))",
    re.IGNORECASE,
)
_ZH_PRONOUN = re.compile(
    r"它们|(?<!其)它|他们|她们|(?<!其)他|她|这个|那个|这种|那种|这些|那些|这项|那项|这笔|该(?=[^\W\d])(?!不该)|此项"
    r"|其(?![他它中余实次])"
    r"|(?<![到至与和在])这(?=要|需|是|会|能|有|可|算|收|怎|多|得|样)|(?<=^)那(?=要|需|是|会|能|有|可|算|收|多|得)"
)
_EN_PRONOUN = re.compile(
    r"(?<!does )(?<!do )(?<!did )(?<!can )(?<!will )(?<!would )(?<!must )(?<!may )(?<!should )"
    r"(?P<noun>\b(?:that|this|these|those|such an?|the same) (?P<of>[a-z]{3,}))\b"
    r"|\b(?:it|they|them|its|their|one|ones)\b|\b(?:that|this|these|those)\b",
    re.IGNORECASE,
)
_BEFORE_PRONOUN = re.compile(
    r"\b(?:is|are|was|were|does|do|did|can|could|will|would|has|have|should|must|may|if|when|for|with|of|about|to|after"
    r"|before|without|on|in|by|at|from|how|why|and|take|takes|cost|costs|do|done)$|^$",
    re.IGNORECASE,
)
# "Is it possible to open …": the pronoun stands for what follows.
_DUMMY = re.compile(
    r"\b(?:is|was|will|would) it (?:be )?(?:\w+ ){0,2}?(?:possible|necessary|allowed|required|mandatory|compulsory|ok"
    r"|safe|"
    r"legal|true|better|enough|free)(?: for \w+(?: \w+)?)? (?:to|that)\b"
    r"|\bit (?:takes?|costs?) (?:\w+ ){0,4}?to\b|\bdoes it (?:take|cost) (?:\w+ ){0,4}?to\b|\bwhat time is it\b",
    re.IGNORECASE,
)
_ARTICLE_NOUN = re.compile(r"\b(?:an?|the|my|our|your|his|her|their) (?P<noun>(?:[\w-]+ ){0,3}?[\w-]+)", re.IGNORECASE)
_OPENING = re.compile(r"^(?:那么|那|还有|另外|and|so|then|but|ok|okay)[，, ]*(?=.)", re.IGNORECASE)
_INSTRUCTIONS: dict[Language, str] = {
    "en": "Rewrite the last question so that it can be understood without the earlier ones. Keep its words and add "
    "only what it refers to. Do not answer. Write only the question.",
    "zh": "把最后一个问题改写成不看前文也能理解的问题。保留原词，只补上所指的内容。不要回答，只写问题。",
}


def carry(question: str, history: Sequence[str]) -> str:
    """Return a question that stands alone: unchanged where it does already, else with the topic of the last ones.

    `history` are the asker's earlier questions as asked, oldest first.
    """
    standing = ""
    for earlier in [*history[-_REMEMBERED:], question]:
        standing = _carried(earlier.strip(), standing) if standing else earlier.strip()
    return standing if history else question


async def rewrite(question: str, history: Sequence[str], chat: ChatClient, languages: Sequence[str]) -> str:
    """Return a question that stands alone, by the model where it speaks the language, else by `carry`.

    A rewriting counts only when all its numbers, names and words come from the question or the history, and when it
    still asks all that the question asks.
    """
    carried = carry(question, history)
    language = language_of(question)
    spoken = {one.replace("_", "-").split("-")[0].lower() for one in languages}
    if not history or language not in spoken:
        return carried
    earlier = "\n".join(f"- {' '.join(one.split())}" for one in history[-_REMEMBERED:])
    messages = [
        {"role": "system", "content": _INSTRUCTIONS[language]},
        {"role": "user", "content": f"{earlier}\n\n{' '.join(question.split())}"},
    ]
    try:
        result = await chat.chat(messages, max_tokens=_MOST_TOKENS)
    except Unavailable:
        return carried
    written = result.text.strip()
    return written if _is_faithful(written, question, history) else carried


def _is_faithful(written: str, question: str, history: Sequence[str]) -> bool:
    if not written or len(written) > _LONGEST or "\n" in written or language_of(written) != language_of(question):
        return False
    known = fold("\n".join([*history[-_REMEMBERED:], question]))
    known_terms = {term for _kind, term in words(known)}
    asked = {term for kind, term in words(question) if not _is_filler(kind, term)}
    terms = {term for kind, term in words(written) if not _is_filler(kind, term)}
    new = {term for term in terms if term not in known_terms and not (is_wide(term[0]) and term in known)}
    lost = {term for term in asked - terms if not (is_wide(term[0]) and term in fold(written))}
    return not new and not lost


def _is_filler(kind: str, term: str) -> bool:
    return kind != "number" and term in stop_terms("zh" if kind == "zh" else "en")


def _carried(question: str, previous: str) -> str:
    """Return one question with the topic of the one before it, which stands alone."""
    language = language_of(question)
    found = _ELLIPSIS[language].match(question) or (_BARE.match(question) if language == "zh" else None)
    if found and not _asks(found.group("rest"), language):
        return _with_part(question, found.group("rest").strip(), previous)
    topic = topic_of(previous, actions=not any(_is_content(word) for word in words_of(question)))
    if not topic or language_of(previous) != language:
        topic = topic or previous.rstrip("？?。. ")
    pronoun = _pronoun(question, language)
    if pronoun is not None:
        if language == "en" and question[: pronoun.start()].endswith(" do "):
            verb = topic_of(previous, gerund=False)
            return question[: pronoun.start() - 3] + verb + question[pronoun.end() :]
        return _with_topic_for(question, pronoun, topic, language)
    if any(not is_generic(word) for word in subject_words(question)):
        return question
    return _with_subject(question, topic, language)


def _is_content(word: Word) -> bool:
    return word.kind != "stop"


def _asks(rest: str, language: Language) -> bool:
    """Tell whether the rest of a would-be ellipsis is a question of its own."""
    if language == "zh":
        return re.search(r"什么|多少|多久|怎么|谁|哪|几[个天年月]|是否|能否|吗|为何", rest) is not None
    return re.search(r"\b(?:what|who|when|where|which|why|is|are|do|does|can|how)\b", rest, re.IGNORECASE) is not None


def _with_part(question: str, part: str, previous: str) -> str:
    """Put the part that a short question names ("And for gold?") in the place of its like in the previous one."""
    swapped = _swapped(part, previous)
    if swapped is not None:
        return swapped
    language = language_of(previous)
    subjects = [word for word in subject_words(part) if not is_generic(word)]
    named = [word for word in subject_words(part) if is_generic(word)]
    if subjects and named:
        return question
    if named and not subjects:
        return _asked_of(part, topic_of(previous), language)
    if language == "zh":
        tail = _same_ending(part, previous)
        return tail if tail is not None else f"{part}{'' if previous.startswith(part) else '，'}{previous}"
    ending = _same_ending(part, previous)
    return ending if ending is not None else f"{previous.rstrip('?. ')} for {part}?"


def _swapped(part: str, previous: str) -> str | None:
    """Return the previous question with the members of a class, or figures of a unit, that `part` names another of."""
    text, changed = previous, False
    for member in _longest(members_in(part)):
        likes = [one for one in _longest(members_in(text)) if one.group == member.group]
        if likes and likes[0].meaning != member.meaning:
            named = _with_head(part[member.start : member.end], text[likes[0].start : likes[0].end])
            text = text[: likes[0].start] + named + text[likes[0].end :]
            changed = True
    if changed:
        return text
    return _swapped_figure(part, previous)


def _with_head(word: str, replaced: str) -> str:
    """Return a lone English word with the noun that it leaves out: "gold" for "classic card" is "gold card"."""
    full = f"{word} {replaced.split()[-1]}"
    whole = any(member.start == 0 and member.end == len(full) for member in members_in(full))
    return full if word.isascii() and " " not in word and whole else word


def _swapped_figure(part: str, previous: str) -> str | None:
    """Swap the number of a figure for that of another one of the same unit."""
    for own in _FIGURE.finditer(part):
        for like in _FIGURE.finditer(previous):
            if like.lastgroup == own.lastgroup and like.group("number") != own.group("number"):
                return previous[: like.start("number")] + own.group("number") + previous[like.end("number") :]
    return None


def _longest(members: Sequence[Member]) -> list[Member]:
    """Return the members that lie in no longer one."""
    return [
        one
        for one in members
        if not any(
            other is not one
            and other.start <= one.start
            and one.end <= other.end
            and (other.end - other.start, -other.group) > (one.end - one.start, -one.group)
            for other in members
        )
    ]


def _same_ending(part: str, previous: str) -> str | None:
    """Swap a word for one that ends alike: 事假 for 病假, "gold account" for "basic account"."""
    own = [word for word in subject_words(part) if not is_generic(word)]
    theirs = [word for word in subject_words(previous) if not is_generic(word)]
    if not own or not theirs:
        return None
    if language_of(part) == "zh":
        for word in theirs:
            if len(part) >= 2 and len(word.text) >= 2 and word.text[-1] == part[-1] and word.text != part:
                return previous[: word.start] + part + previous[word.end :]
        return None
    head = own[-1].text.lower()
    at = next((place for place, word in enumerate(theirs) if word.text.lower() == head), None)
    if at is None or len(own) < 2:
        return None
    first = at
    while first and theirs[first - 1].end + 1 == theirs[first].start:
        first -= 1
    return previous[: theirs[first].start] + part + previous[theirs[at].end :]


def _asked_of(attribute: str, topic: str, language: Language) -> str:
    """Return a question for an attribute of the topic."""
    if language == "zh":
        return f"{topic}的{attribute}是多少？" if topic else f"{attribute}是多少？"
    return f"What is the {attribute} for {topic}?" if topic else f"What is the {attribute}?"


def _pronoun(question: str, language: Language) -> re.Match[str] | None:
    """Return the pronoun that stands for an earlier topic, or None."""
    if language == "zh":
        match = _ZH_PRONOUN.search(question)
        before = question[: match.start()] if match else ""
        return None if any(not is_generic(word) for word in subject_words(before)) else match
    dummy = _DUMMY.search(question)
    for match in _EN_PRONOUN.finditer(question):
        if dummy and dummy.start() <= match.start() < dummy.end():
            continue
        word = match.group().lower()
        before = question[: match.start()].rstrip(" ,")
        last = before.split()[-1] if before else ""
        if word in ("one", "ones") and last.lower() not in ("for", "that", "this", "get", "have", "need", "about"):
            continue
        if word.startswith(("that", "this", "these", "those", "such", "the same")) and not _BEFORE_PRONOUN.search(last):
            continue
        if word in ("that", "this") or not _has_own_noun(before, plural=word in ("they", "them", "their")):
            return match
    return None


def _has_own_noun(before: str, *, plural: bool) -> bool:
    """Tell whether a noun stands before a pronoun that it may stand for: "… my card when it is lost"."""
    for match in _ARTICLE_NOUN.finditer(before):
        if any(not is_generic(word) for word in subject_words(match.group("noun"))):
            return True
    return sum(not is_generic(word) for word in subject_words(before)) > (0 if plural else 1)


def _with_topic_for(question: str, pronoun: re.Match[str], topic: str, language: Language) -> str:
    before, behind = question[: pronoun.start()], question[pronoun.end() :]
    if language == "zh":
        before = _OPENING.sub("", before)
        for length in range(min(6, len(behind)), 0, -1):  # 该账户 after 对公账户
            at = topic.find(behind[:length])
            if at >= 0 and (length > 1 or topic.endswith(behind[0])):
                topic, behind = topic[: at + length], behind[length:]
                break
        else:
            named = next(iter(words_of(behind)), None)
            if len(pronoun.group()) > 1 and named and named.start == 0 and not is_generic(named):
                return question  # 这笔贷款 where no loan was spoken of
        return before + topic + ("的" if pronoun.group() == "其" else "") + behind
    noun = pronoun.group("of")
    if noun and noun.lower() in stop_terms("en"):
        behind, noun = " " + noun + behind, None
    if noun and noun.lower() not in topic.lower().split() and noun.lower() not in _generic_nouns(noun):
        topic = f"{topic} {noun}"
    elif noun and noun.lower() in _generic_nouns(noun):
        topic = f"{noun} for {topic}"
    owner = "'s" if pronoun.group().lower() in ("its", "their") else ""
    article = "" if topic[:1].isupper() or re.match(r"\w+ing\b", topic) else "the "
    return _OPENING.sub("", before) + article + topic + owner + behind


def _generic_nouns(noun: str) -> set[str]:
    return {word.text.lower() for word in subject_words(noun) if is_generic(word)}


def _with_subject(question: str, topic: str, language: Language) -> str:
    rest = _OPENING.sub("", question)
    if language == "zh":
        return topic + ("" if is_wide(topic[-1]) else " ") + rest
    ends = rest[-1] if rest[-1:] in "?.!" else "?"
    body = rest.rstrip("?.! ")
    return f"{body[:1].upper()}{body[1:]} for {topic}{ends}"
