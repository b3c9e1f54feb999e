"""Which client, product or security a text names: by id, by name, by a part of one, with typing errors."""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, Protocol, cast

from opencc_purepy import OpenCC

from ..data.dataset import Dataset

Kind = Literal["client", "product", "security"]
_TOKEN: Final = re.compile(r"(?<![a-z0-9])[a-z0-9]+(?:[._-][a-z0-9]+)*(?![a-z0-9])")
_NUMBERED: Final = re.compile(r"(?<![a-z0-9])([a-z]{1,4}) ?0*(\d{1,8})(?![a-z0-9])")
_LEVEL: Final = re.compile(r"[cr][1-5]")
_TITLE: Final = re.compile(r"([\u4e00-\u9fff])(?:女士|先生|总|老师|太太|小姐|经理)")
_HAN: Final = re.compile("[\u3400-\u9fff]")
_WORD: Final = re.compile(r"[a-z]{3,}")
_LEAST_SHARE: Final = {"zh": 0.45, "en": 0.6}
"""Of a name's parts, the rare ones weighing more, those that a text must have."""
_NEAR_TOP: Final = 0.92
_LEAST_OF_NAME: Final = 0.6
_SERIES: Final = re.compile(r" ?([a-h])(?![a-z0-9])")
_MOST_MENTIONS: Final = 8
_MEMO: Final = "conversation.names"


@dataclass(frozen=True)
class Mention:
    """A place of a text that names something: one id, or several that it may mean; none for an id that is unknown."""

    kind: Kind
    ids: tuple[str, ...]
    start: int
    end: int
    exact: bool

    @property
    def id(self) -> str | None:
        """The id, where there is one alone."""
        return self.ids[0] if len(self.ids) == 1 else None


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _simplifier() -> _Converter:
    return cast("_Converter", OpenCC("t2s"))


def plain(text: str) -> str:
    """Return a text in half width, small letters and simplified characters; numbers stay as they are written."""
    return _simplifier().convert(unicodedata.normalize("NFKC", text).lower())


class Names:
    """All that a text may name, ready to be looked up."""

    def __init__(self, dataset: Dataset) -> None:
        securities = {key for product in dataset.products.values() for key in product.constituents}
        self._ids: dict[str, tuple[Kind, str]] = {}
        self._numbered: dict[tuple[str, int], tuple[Kind, str] | None] = {}
        kinds: Sequence[tuple[Kind, Iterable[str]]] = (
            ("security", securities), ("client", dataset.clients), ("product", dataset.products),
        )  # fmt: skip
        for kind, ids in kinds:
            for key in ids:
                self._add_id(kind, key)
        self._prefixes = {prefix for prefix, _number in self._numbered}
        products: dict[str, list[str]] = defaultdict(list)
        for key, product in dataset.products.items():
            for name in {plain(product.name.zh).replace(" ", ""), " ".join(plain(product.name.en).split())}:
                products[name].append(key)
        self._products = sorted(products.items(), key=lambda one: -len(one[0]))
        clients: dict[str, list[str]] = defaultdict(list)
        for key, client in dataset.clients.items():
            clients[" ".join(plain(client.name).split())].append(key)
        self._clients = sorted(clients.items(), key=lambda one: -len(one[0]))
        self._grams = _Grams([name for name, _ids in self._products])
        self._parts = _parts_of(clients)

    def _add_id(self, kind: Kind, key: str) -> None:
        self._ids[plain(key)] = (kind, key)
        if match := _NUMBERED.fullmatch(plain(key)):
            number = match.group(1), int(match.group(2))
            self._numbered[number] = None if number in self._numbered else (kind, key)

    def find(self, text: str) -> list[Mention]:
        """Return what a plain text names, in its order; ids first, then whole names, then parts of them."""
        left = list(text)
        found = [*self._by_id(text)]
        _blank(left, found)
        for kind, names in (("product", self._products), ("client", self._clients)):
            for one in _whole(cast("Kind", kind), names, "".join(left)):
                found.append(one)
                _blank(left, [one])
        found += self._like_products(left)
        if not any(one.kind == "client" for one in found):
            found += self._part_of_client("".join(left))
        return sorted(found, key=lambda one: one.start)

    def _by_id(self, text: str) -> list[Mention]:
        found = []
        for match in _TOKEN.finditer(text):
            if known := self._ids.get(match.group()):
                found.append(Mention(known[0], (known[1],), match.start(), match.end(), True))
        for match in _NUMBERED.finditer(text):
            prefix, number = match.group(1), int(match.group(2))
            taken = any(one.start < match.end() and match.start() < one.end for one in found)
            if taken or _LEVEL.fullmatch(match.group()) or prefix not in self._prefixes or " " in match.group():
                continue
            known = self._numbered.get((prefix, number))
            kind = known[0] if known else self._kind_of(prefix)
            if known and len(match.group(2)) == 1 and prefix in ("c", "r"):
                continue
            found.append(Mention(kind, (known[1],) if known else (), match.start(), match.end(), known is not None))
        return found

    def _kind_of(self, prefix: str) -> Kind:
        kinds = Counter(entry[0] for (of, _number), entry in self._numbered.items() if of == prefix and entry)
        return kinds.most_common(1)[0][0] if kinds else "product"

    def _like_products(self, left: list[str]) -> list[Mention]:
        found: list[Mention] = []
        while len(found) < _MOST_MENTIONS and (best := self._grams.best("".join(left))):
            numbers, start, end = best
            numbers += self._of_other_series(numbers, "".join(left), end)
            ids = tuple(dict.fromkeys(key for number in numbers for key in self._products[number][1]))
            found.append(Mention("product", ids[:50], start, end, False))
            _blank(left, [found[-1]])
        return found

    def _of_other_series(self, numbers: Sequence[int], text: str, end: int) -> list[int]:
        """Return the products that a part with another last letter may mean: F is not what "C" asks for."""
        said = _SERIES.match(text, end)
        names = [self._products[number][0] for number in numbers]
        if said is None or len(names) != 1 or not names[0][-1:].isascii() or names[0].endswith(said.group(1)):
            return []
        core = names[0][-5:-1]
        return [number for number, (name, _ids) in enumerate(self._products) if name.endswith(core + said.group(1))]

    def _part_of_client(self, text: str) -> list[Mention]:
        best: list[tuple[int, int, tuple[str, ...]]] = []
        for start in range(len(text)):
            for end in range(min(len(text), start + 12), start + 1, -1):
                if ids := self._parts.get(text[start:end]):
                    best.append((start, end, ids))
                    break
        for match in _TITLE.finditer(text):
            if ids := self._parts.get(f"{match.group(1)}*"):
                best.append((match.start(), match.end(), ids))
        for match in _WORD.finditer(text):
            if ids := self._parts.get(f" {match.group()} "):
                best.append((match.start(), match.end(), ids))
        if not best:
            return []
        start, end, ids = max(best, key=lambda one: (one[1] - one[0], -len(one[2])))
        return [Mention("client", ids[:50], start, end, False)]


class _Grams:
    """The parts of names, pairs of characters in Chinese and triples of Latin letters, weighed by how rare they are."""

    def __init__(self, names: Sequence[str]) -> None:
        self._lengths = [len(name) for name in names]
        self._least = [_LEAST_SHARE["zh" if _HAN.search(name) else "en"] for name in names]
        grams = [_grams(name) for name in names]
        counts = Counter(gram for own in grams for gram in set(own))
        self._weights = {gram: math.log(1.0 + len(names) / count) for gram, count in counts.items()}
        self._of: dict[str, list[int]] = defaultdict(list)
        for number, own in enumerate(grams):
            for gram in set(own):
                self._of[gram].append(number)
        self._totals = [sum(self._weights[gram] for gram in set(own)) for own in grams]

    def best(self, text: str) -> tuple[list[int], int, int] | None:
        """Return the names that a part of the text is most like, and where that part is."""
        places: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for at, gram in _placed(text):
            for number in self._of.get(gram, ()):
                places[number].append((at, gram))
        scored = [(self._share(number, own), number) for number, own in places.items() if len(own) > 1]
        scored = [(best, number) for best, number in scored if best[0] >= self._least[number]]
        if not scored:
            return None
        (top, start, end), _number = max(scored, key=lambda one: (one[0][0], -one[1]))
        near = [number for (share, first, last), number in scored
                if share >= top * _NEAR_TOP and first < end and start < last]  # fmt: skip
        return sorted(near), start, min(end, len(text))

    def _share(self, number: int, places: Sequence[tuple[int, str]]) -> tuple[float, int, int]:
        """Return the share of a name's parts in the best place of the text, and that place, as short as can be."""
        best = (0.0, 0, 0)
        inside: Counter[str] = Counter()
        weight, first = 0.0, 0
        for at, gram in places:
            while at - places[first][0] >= self._lengths[number]:
                weight -= self._left(inside, places[first][1])
                first += 1
            weight += 0.0 if inside[gram] else self._weights[gram]
            inside[gram] += 1
            while inside[places[first][1]] > 1:  # said again further on: the place is as short as can be
                self._left(inside, places[first][1])
                first += 1
            start, end, share = places[first][0], at + len(gram), weight / self._totals[number]
            if (round(share, 9), start - end) > (round(best[0], 9), best[1] - best[2]):
                best = share, start, end
        return best[0], max(best[1], 0), best[2]

    def _left(self, inside: Counter[str], gram: str) -> float:
        """Take a part out of those inside; return what is lost with it."""
        inside[gram] -= 1
        return 0.0 if inside[gram] else self._weights[gram]


def names_of(dataset: Dataset) -> Names:
    """Return the names of a dataset, made once for it."""
    if _MEMO not in dataset.memo:
        dataset.memo[_MEMO] = Names(dataset)
    return cast("Names", dataset.memo[_MEMO])


def _whole(kind: Kind, names: Sequence[tuple[str, list[str]]], text: str) -> list[Mention]:
    """Return whole names, the longest first, none within another."""
    found: list[Mention] = []
    for name, ids in names:
        if len(name) < 2 or name not in text:
            continue
        for match in re.finditer(_bounded(name), text):
            if not any(one.start < match.end() and match.start() < one.end for one in found):
                found.append(Mention(kind, tuple(ids), match.start(), match.end(), True))
    return found


def _bounded(name: str) -> str:
    """Return a pattern for a name; a Latin letter at its edge does not go on."""
    before = "" if _HAN.match(name[0]) else r"(?<![a-z0-9])"
    behind = "" if _HAN.match(name[-1]) else r"(?![a-z0-9])"
    return before + re.escape(name) + behind


def _parts_of(clients: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the parts by which a client may be called: most of a Chinese name, a surname with a title, a word."""
    parts: dict[str, list[str]] = defaultdict(list)
    for name, ids in clients.items():
        if _HAN.match(name):
            least = max(2, math.ceil(_LEAST_OF_NAME * len(name)))
            for length in range(least, len(name)):
                for start in range(len(name) - length + 1):
                    parts[name[start : start + length]] += ids
            parts[f"{name[0]}*"] += ids
        else:
            for word in set(_WORD.findall(name)):
                parts[f" {word} "] += ids
    return {part: tuple(dict.fromkeys(ids)) for part, ids in parts.items()}


def _grams(name: str) -> list[str]:
    return [gram for _at, gram in _placed(name)]


def _placed(text: str) -> list[tuple[int, str]]:
    """Return the parts of a text with their places: pairs in Chinese, triples within Latin words and their edges."""
    padded = f" {text} "
    found = []
    for at in range(len(padded) - 1):
        pair, triple = padded[at : at + 2], padded[at : at + 3]
        if _HAN.match(pair[0]) and pair[1].isalnum():
            found.append((at - 1, pair))
        elif len(triple) == 3 and triple.isascii() and triple[1].isalnum():
            found.append((at - 1, triple))
    return found


def _blank(left: list[str], mentions: Iterable[Mention]) -> None:
    for one in mentions:
        left[one.start : one.end] = [" "] * (one.end - one.start)
