"""The words of a sentence that answer a question: rules by the kind of question, for Chinese and English."""

import re

from appliance.knowledge.answers.span_chinese import chinese_span
from appliance.knowledge.answers.span_english import english_span
from appliance.knowledge.answers.span_figures import figure_span
from appliance.knowledge.asking.questions import Question
from appliance.knowledge.language.text import language_of

_EDGES = " ，。；：、！？,;:!?"
_FIGURE = re.compile(r"[\d零〇一二三四五六七八九十百千万亿半两]")
_LONGEST_FIGURE = 24


def short_answer(question: Question, sentence: str) -> str | None:
    """Return the part of a sentence that answers, literally; None where nothing of the kind asked for stands out.

    `sentence` may be in another language than the question: then only figures, dates and times are looked for.
    """
    language = language_of(sentence)
    span = figure_span(question.text, sentence)
    if span is None and language == question.language:
        span = chinese_span(question.text, sentence) if language == "zh" else english_span(question.text, sentence)
    if span is None:
        return None
    found = _trimmed(sentence[span[0] : span[1]])
    return found if any(char.isalnum() for char in found) else None


def is_figure(short: str) -> bool:
    """Tell whether a short answer is a figure, a date or a time, which reads alike in both languages."""
    return len(short) <= _LONGEST_FIGURE and _FIGURE.search(short) is not None


def _trimmed(text: str) -> str:
    text = text.strip(_EDGES)
    return text[:-1].rstrip() if text.endswith(".") and not re.search(r"\b[A-Z]\.$", text) else text
