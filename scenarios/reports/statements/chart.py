"""The chart of accounts: which account a printed name stands for."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from appliance.core.messages import _
from appliance.scenario.words import Words
from appliance.scenario.yaml_files import checked, read_yaml, refuse

from ..models import Statement

SHIPPED: Final = Path(__file__).with_name("accounts.yaml")
OWN: Final = "accounts.yaml"
EXACT: Final = 1.0
PLAIN: Final = 0.99
"""Exact but for words in brackets."""
SECOND: Final = 0.92
_NEAR: Final = 0.8
_SHORTEST: Final = 4

_NUMBERING = re.compile(
    r"^(?:[一二三四五六七八九十]{1,3}[、.,:]|\([一二三四五六七八九十\d]{1,3}\)|\d{1,2}[、.)](?!\d)|[ivx]{1,4}[.、)]\s"
    r"|[*#△☆※★●○·\-]+)\s*"
)
_FRONT = re.compile(
    r"^(加|减|其中|add|plus|less|including|of which|incl\.?)\s*[::]\s*|^(减|加)\s*(?=\S)|^(of which)\s+"
)
_BRACKETS = re.compile(r"\([^()]*\)|\([^()]*$")
_DROPPED = re.compile(r"[\s\"'“”‘’、,.:;：\-–—_/&*#△☆]+")


class Account(BaseModel):
    """One entry of accounts.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    statement: Statement
    title: Words
    names: tuple[str, ...] = Field(min_length=1, max_length=100)
    second: tuple[str, ...] = Field(default=(), max_length=100)
    within: str | None = None
    sign: int = 1
    part: bool = False
    outgoing: bool = False
    key: bool = False
    supplement: bool = False
    instead: str | None = Field(default=None, description="Account that stands in where this one is not given.")


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    accounts: dict[str, Account] = Field(max_length=1000)
    ignored: tuple[str, ...] = Field(default=(), max_length=2000)


class _OwnAccount(BaseModel):
    """An entry of the bank's own file: more names of a shipped account, or a whole one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: tuple[str, ...] = Field(min_length=1, max_length=100)
    statement: Statement | None = None
    title: Words | None = None
    within: str | None = None
    sign: int = 1
    outgoing: bool = False


class _OwnFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    accounts: dict[str, _OwnAccount] = Field(default_factory=dict, max_length=500)
    ignored: tuple[str, ...] = Field(default=(), max_length=2000)


@dataclass(frozen=True)
class Name:
    """A printed name taken apart: what stands in front of it, and itself with and without words in brackets."""

    whole: str
    plain: str
    less: bool
    part: bool


def name_of(printed: str) -> Name:
    """Take a printed name apart: numbering, `减：`, `其中：`, hints in brackets and punctuation go."""
    text = unicodedata.normalize("NFKC", printed).lower().strip()
    less = part = False
    while True:
        text = _NUMBERING.sub("", text, count=1)
        front = _FRONT.match(text)
        if front is None or front.end() == len(text):
            break
        word = next(filter(None, front.groups()))
        less = less or word in ("减", "less")
        part = part or word.startswith(("其中", "incl", "of which"))
        text = text[front.end() :].strip()
    bare = _BRACKETS.sub("", text)
    return Name(_DROPPED.sub("", re.sub(r"[()]", "", text)), _DROPPED.sub("", bare), less, part)


@dataclass(frozen=True)
class Match:
    """An account that a name stands for, and how surely."""

    account: str
    strength: float


class Chart:
    """All accounts with the names they are printed with."""

    def __init__(self, accounts: Mapping[str, Account], ignored: Iterable[str]) -> None:
        self.accounts = dict(accounts)
        self._first: dict[Statement, dict[str, str]] = {"balance": {}, "income": {}, "cash_flow": {}}
        self._second: dict[Statement, dict[str, str]] = {"balance": {}, "income": {}, "cash_flow": {}}
        for code, account in self.accounts.items():
            for names, index in ((account.names, self._first), (account.second, self._second)):
                for name in names:
                    index[account.statement].setdefault(name_of(name).plain, code)
        self._ignored = {name_of(name).plain for name in ignored}

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "Chart":
        """Read the chart, the bank's own accounts.yaml over ours. Raises `ConfigError`."""
        file = checked(shipped, _File, read_yaml(shipped))
        accounts, ignored = dict(file.accounts), list(file.ignored)
        if own is not None and own.is_file():
            added = checked(own, _OwnFile, read_yaml(own))
            ignored += added.ignored
            for code, entry in added.accounts.items():
                accounts[code] = _joined(own, code, accounts.get(code), entry)
        return cls(accounts, ignored)

    def match(self, printed: str, statement: Statement) -> Match | None:
        """Return the account of a printed name in a statement; None where it is no name of one."""
        return self._match(name_of(printed), statement)

    @lru_cache(maxsize=8192)  # noqa: B019 - a chart lives as long as its process
    def _match(self, name: Name, statement: Statement) -> Match | None:
        first, second = self._first[statement], self._second[statement]
        for index, text, strength in (
            (first, name.whole, EXACT), (first, name.plain, PLAIN), (second, name.whole, SECOND),
            (second, name.plain, SECOND),
        ):  # fmt: skip
            code = index.get(text) if text else None
            if code is not None:
                if name.part and not self.accounts[code].part:
                    return None
                return Match(code, strength)
        return None

    def ignores(self, printed: str) -> bool:
        """Tell whether a printed name is known to stand for no account."""
        name = name_of(printed)
        return name.part or name.plain in self._ignored or not name.plain

    def near(self, printed: str, statement: Statement) -> str | None:
        """Return the asked-for account whose name is nearly the printed one."""
        plain = name_of(printed).plain
        if len(plain) < _SHORTEST:
            return None
        names = {name: code for name, code in self._first[statement].items() if self.accounts[code].key}
        found = difflib.get_close_matches(plain, names, 1, _NEAR)
        return names[found[0]] if found else None

    def parts(self, total: str) -> dict[str, int]:
        """Return the accounts that add up to a total, with their signs."""
        return {code: account.sign for code, account in self.accounts.items() if account.within == total}

    def titles(self, language: str) -> dict[str, str]:
        """Return the accounts' titles."""
        return {code: account.title.within(language) for code, account in self.accounts.items()}


def _joined(file: Path, code: str, known: Account | None, entry: _OwnAccount) -> Account:
    if known is not None:
        return known.model_copy(update={"names": (*known.names, *entry.names)})
    if entry.statement is None or entry.title is None:
        refuse(
            file,
            f"accounts.{code}",
            _("it is no shipped account, and has no statement and title of its own"),
            _("Give it `statement` and `title`, or use the code of a shipped account."),
        )
    return Account(
        statement=entry.statement, title=entry.title, names=entry.names, within=entry.within, sign=entry.sign,
        outgoing=entry.outgoing,
    )  # fmt: skip


def chart_of(own: Path | None) -> Chart:
    """Return the chart in force for the bank's own folder, read once for each state of its file."""
    file = own / OWN if own is not None else None
    stamp = file.stat().st_mtime_ns if file is not None and file.is_file() else 0
    return _chart(str(file) if stamp else "", stamp)


@lru_cache(maxsize=4)
def _chart(file: str, _stamp: int) -> Chart:
    return Chart.load(SHIPPED, Path(file) if file else None)
