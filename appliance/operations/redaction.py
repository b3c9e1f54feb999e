"""Texts that may leave the bank: without keys, passwords, words of users, and with personal data masked."""

import base64
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final
from urllib.parse import quote, unquote, unquote_plus

from appliance.guardrails.own_data import hidden
from appliance.guardrails.personal.check import PersonalData
from appliance.guardrails.personal.kinds import DEFAULT_POLICY

REMOVED: Final = "[removed]"
_SHORTEST = 4  # characters of a secret that is sought wherever it stands; a shorter one would be found in every text
_SHORTEST_LINE = 8  # the same, of one line among several
_LONGEST_LINE = 20_000  # characters; a longer one is no message, and some checks take the square of it
_PIECE = 16_000  # characters that are checked for personal data at once

_WORD = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|pepper|credentials?|cookie"
    r"|密码|口令|密钥|令牌"
)
_SECRET_NAME = re.compile(rf"(?i)(?:{_WORD})(?:[_-](?:value|text|hash))?$")
_NAMED = rf"(?:{_WORD})(?:[_-](?:value|text|hash))?[\"']?[ \t]*[:=：][ \t]*"
_KEEP = r"(?!null\b|none\b|true\b|false\b|~|\[removed\])"
_SAID = r"prompt|prompts|content|messages|question|answer|input|query|text|completion|reasoning"
_STRING = r"\"(?:[^\"\\\n]|\\.)*(?:\"|$)|'(?:[^'\\\n]|\\.)*(?:'|$)"

# Each: what is counted, what is sought, what is put there. In this order: whole blocks before their parts.
_RULES: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("pem", re.compile(r"-----BEGIN [^-\n]{1,60}-----.*?(?:-----END [^-\n]{1,60}-----|\Z)", re.DOTALL), REMOVED),
    ("pem", re.compile(r"\A[A-Za-z0-9+/=\s\\]*-----END [^-\n]{1,60}-----"), REMOVED),
    ("token", re.compile(r"\b(lm[a-z]-[A-Za-z0-9]{3,20}|njt_[0-9a-z]{26})\.[A-Za-z0-9_-]{4,}"), rf"\1.{REMOVED}"),
    ("token", re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*"), REMOVED),
    ("token", re.compile(r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{12,}|\bhf_[A-Za-z0-9]{10,}"), REMOVED),
    ("token", re.compile(r"\bgh[a-z]_[A-Za-z0-9]{16,}|\bglpat-[\w-]{10,}"), REMOVED),
    ("token", re.compile(r"\bAKIA[0-9A-Z]{12,}|\bxox[a-z]-[\w-]{10,}"), REMOVED),
    ("password", re.compile(r"\$(?:argon2\w*|2[aby]|[156])\$[^\s\"']+"), REMOVED),
    ("token", re.compile(r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?)[^\s\"',}]+(?: +[^\s\"',}]+)?"), rf"\1{REMOVED}"),
    ("token", re.compile(r"(?i)\b(bearer\s+)(?!\[removed\])[\w.~+/=-]{4,}"), rf"\1{REMOVED}"),
    ("token", re.compile(r"(?i)(\b(?:set-)?cookie[\"']?\s*[:=]\s*)[^\n\"]+"), rf"\1{REMOVED}"),
    ("password", re.compile(r"(\b[A-Za-z][\w+.-]{0,40}://[^\s:/@\"']*:)[^\s\"'<>/@]+@"), rf"\1{REMOVED}@"),
    ("token", re.compile(r"([?&](?:code|state|nonce|ticket|sig|signature|key)=)[^&\s\"'#]+"), rf"\1{REMOVED}"),
    ("password", re.compile(rf"(?i)({_NAMED})[|>][+-]?[ \t]*(?:\n[ \t]+[^\n]*)+"), rf"\1{REMOVED}"),
    ("password", re.compile(rf"(?im)({_NAMED}){_KEEP}(?:{_STRING})"), rf"\1{REMOVED}"),
    ("password", re.compile(rf"(?im)({_NAMED}){_KEEP}[^\s\"',;&}}\])]+"), rf"\1{REMOVED}"),
    ("words", re.compile(rf"(?im)([\"'](?:{_SAID})[\"']\s*:\s*)(?:\[[^\n]*|{_STRING})"), rf"\1{REMOVED}"),
    ("words", re.compile(rf"(?im)(\b(?:{_SAID})\s*[:=]\s*)(?:\[[^\n]*|{_STRING})"), rf"\1{REMOVED}"),
)  # fmt: skip
_ESCAPED = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_QUOTED = re.compile(r"(?:%[0-9a-fA-F]{2})+")


class Redactor:
    """Cleans texts; `secrets` are values that must not occur in any form in which programs write them."""

    def __init__(self, secrets: Iterable[bytes | str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= _SHORTEST}
        # The longest first: a part of a secret must not hide the rest of it.
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._literal = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def clean(self, text: str) -> tuple[str, Counter[str]]:
        """Return a text as it may leave, and how often something of each kind was taken out."""
        counts: Counter[str] = Counter()
        text = "".join(_bounded(line, counts) for line in text.splitlines(keepends=True))
        text = self._without_literals(text, counts)
        text = _QUOTED.sub(_unquoted, _ESCAPED.sub(_unescaped, text))
        text = self._without_literals(text, counts)
        for name, pattern, instead in _RULES:
            text, count = pattern.subn(instead, text)
            counts[name] += count
        text = "".join(_masked(piece, counts) for piece in _pieces(text))
        return self._without_literals(text, counts), +counts

    def clean_data(self, value: Any, counts: Counter[str]) -> Any:  # noqa: ANN401 - plain data of any shape
        """Return plain data with every text in it cleaned; adds to `counts`."""
        if isinstance(value, str):
            text, found = self.clean(value)
            counts.update(found)
            return text
        if isinstance(value, Mapping):
            return {
                self.clean_data(str(name), counts): self.clean_data(without_secrets(str(name), inner), counts)
                for name, inner in value.items()
            }
        return [self.clean_data(inner, counts) for inner in value] if isinstance(value, list | tuple) else value

    def _without_literals(self, text: str, counts: Counter[str]) -> str:
        if self._literal is None:
            return text
        text, count = self._literal.subn(REMOVED, text)
        counts["secret"] += count
        return text


def without_secrets(name: str, value: Any) -> Any:  # noqa: ANN401 - plain data of any shape
    """Return the value of the setting `name` as others may see it."""
    if value is not None and not isinstance(value, bool) and _SECRET_NAME.search(name):
        return REMOVED
    if isinstance(value, str):
        for _kind, pattern, instead in _RULES:
            value = pattern.sub(instead, value)
    return value


def _forms(secret: bytes | str) -> Iterator[str]:
    """Yield a secret in every form in which programs write one, also inside of JSON."""
    for form in _written(secret.encode() if isinstance(secret, str) else secret):
        yield from (form, json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1])


def _written(raw: bytes) -> Iterator[str]:
    """Yield bytes as text, line by line, in hexadecimal, base 64, an address and Python's own notation."""
    for value in {raw, raw.strip()}:
        yield from (value.hex(), value.hex().upper(), value.hex(":"), repr(value)[2:-1])
        for encoded in (base64.b64encode(value), base64.urlsafe_b64encode(value)):
            yield from (encoded.decode(), encoded.decode().rstrip("="))
        try:
            text = value.decode()
        except UnicodeDecodeError:
            continue
        for part in {text, *(line.strip() for line in text.splitlines() if len(line.strip()) >= _SHORTEST_LINE)}:
            if not part.startswith("-----"):  # the frame of PEM is no secret
                yield from (part, repr(part)[1:-1], quote(part, ""))


def _bounded(line: str, counts: Counter[str]) -> str:
    if len(line) <= _LONGEST_LINE:
        return line
    counts["line"] += 1
    return f"[{len(line)} characters]\n"


def _unescaped(match: re.Match[str]) -> str:
    """Return characters that JSON has escaped, where they are not ASCII: personal data in Chinese hides there."""
    try:
        text = str(json.loads(f'"{match[0]}"')).encode("utf-8", "replace").decode()
    except ValueError:
        return match[0]
    return text if all(ord(char) >= 0xA0 for char in text) else match[0]


def _unquoted(match: re.Match[str]) -> str:
    text = unquote(match[0], errors="strict") if _decodes(match[0]) else match[0]
    return text if text.isprintable() else match[0]


def _decodes(quoted: str) -> bool:
    try:
        unquote_plus(quoted, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _pieces(text: str) -> Iterator[str]:
    """Yield a text in pieces of whole lines."""
    piece: list[str] = []
    length = 0
    for line in text.splitlines(keepends=True):
        if length + len(line) > _PIECE and piece:
            yield "".join(piece)
            piece, length = [], 0
        piece.append(line)
        length += len(line)
    if piece:
        yield "".join(piece)


@cache
def _personal() -> PersonalData:
    return PersonalData({kind: replace(rule, action="mask") for kind, rule in DEFAULT_POLICY.items()})


def _masked(text: str, counts: Counter[str]) -> str:
    findings = [one for one in _personal().find(text) if one.action == "mask"]
    counts["personal"] += len(findings)
    return hidden(text, findings)
