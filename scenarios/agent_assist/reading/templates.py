"""Patterns that a bank writes without regular expressions: they cannot hang, whatever the text."""

import re

from appliance.core.messages import _
from appliance.core.validation import Fault

_PART = re.compile(r"\{(?P<kind>digits|letters|any) (?P<least>\d{1,2})(?:-(?P<most>\d{1,2}))?\}|(?P<literal>[^{}])")
_CLASSES = {"digits": r"\d", "letters": "[a-z]", "any": "[a-z0-9]"}
_LONGEST, _MOST_PARTS, _MOST_VARYING = 64, 24, 2
_GAP = "…"
_MOST_GAPS = 2
_CHINESE_GAP, _ENGLISH_GAP = r"[^。！？!?\n]{0,8}?", r"(?:[ ,]+[\w'’]+){0,3}?[ ,]+"
_HAN = re.compile("[\u3400-\u9fff]")


def number_pattern(template: str) -> str:
    """Return the regular expression of a template such as `QL-{digits 10}`; letters may be small, digits apart.

    `{digits N}`, `{digits N-M}`, `{letters N}` and `{any N}` (letters or digits) are what varies; everything else
    stands for itself, hyphens and blanks may be missing. Raises `Fault`.
    """
    made, varying, at, parts, counted = [], 0, 0, 0, 0
    for match in _PART.finditer(template):
        if match.start() != at:
            break
        at, parts = match.end(), parts + 1
        if match["literal"]:
            made.append("[ -]?" if match["literal"] in " -" else re.escape(match["literal"].lower()))
            continue
        least, most = int(match["least"]), int(match["most"] or match["least"])
        if not 1 <= least <= most <= 32:
            raise Fault(_("{part} must count from 1 to 32", part=match.group()))
        varying, counted = varying + (least != most), counted + least
        one = _CLASSES[match["kind"]]
        if made and made[-1] != "[ -]?":
            made.append("[ -]?")
        made.append(f"{one}(?:[ -]?{one}){{{least - 1},{most - 1}}}")
    if at != len(template) or not template or len(template) > _LONGEST or parts > _MOST_PARTS:
        raise Fault(
            _("{template} is no pattern: it may have text and parts such as {example}", template=template,
              example="{digits 8}, {digits 8-12}, {letters 2}, {any 6}")
        )  # fmt: skip
    if varying > _MOST_VARYING or counted < 3:
        raise Fault(_("a pattern must count at least 3 characters and may have at most 2 parts of varying length"))
    return rf"(?<![a-z0-9]){''.join(made)}(?![a-z0-9])"


def phrase_pattern(phrase: str) -> str:
    """Return the regular expression of a phrase in small letters: words, (one|other|) and … for a few words between.

    Raises `Fault` for brackets that do not match and for more than two gaps.
    """
    phrase = phrase.strip().lower()
    if not phrase or len(phrase) > 200 or phrase.count(_GAP) > _MOST_GAPS or phrase.strip(_GAP + " ") != phrase:
        raise Fault(_("a phrase has 1 to 200 characters and at most 2 gaps (…), none at its ends"))
    chinese = _HAN.search(phrase) is not None
    made, inside = [], False
    for char in re.sub(rf" *{_GAP} *", _GAP, phrase):
        if char in "()":
            if inside == (char == "("):
                raise Fault(_("the brackets of {phrase} do not match", phrase=phrase))
            inside = char == "("
            made.append("(?:" if inside else ")")
        elif char == "|" and inside:
            made.append("|")
        elif char == _GAP:
            made.append(_CHINESE_GAP if chinese else _ENGLISH_GAP)
        elif char in "'’":
            made.append("['’]?")
        else:
            made.append(" ?" if char == " " and chinese else " +" if char == " " else re.escape(char))
    if inside:
        raise Fault(_("the brackets of {phrase} do not match", phrase=phrase))
    pattern = "".join(made)
    if re.fullmatch(pattern, ""):
        raise Fault(_("{phrase} would fit every text", phrase=phrase))
    return pattern if chinese else rf"(?<![a-z0-9']){pattern}(?![a-z0-9])"
