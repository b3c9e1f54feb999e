"""What kind of paper a file is, by words of kinds.yaml, and the company that it is about."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from appliance.core.messages import _
from appliance.scenario.words import Words
from appliance.scenario.yaml_files import checked, read_yaml, refuse

from ..models import Reading, SourceFile
from .companies import company_names, serves_others
from .labels import Labels

SHIPPED: Final = Path(__file__).with_name("kinds.yaml")
FILE: Final = "kinds.yaml"
OTHER: Final = "other"
_TEXT: Final = 6000
_NEAR: Final = 0.75
"""A second kind with less than this part of the best one's points takes nothing of its confidence."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlaceWeights(_Strict):
    """How much a word counts by where it stands."""

    name: float = Field(ge=0, le=10)
    title: float = Field(ge=0, le=10)
    heading: float = Field(ge=0, le=10)
    header: float = Field(ge=0, le=10)
    text: float = Field(ge=0, le=10)


class KindForm(_Strict):
    """One kind of paper."""

    title: Words
    words: dict[str, float] = Field(default_factory=dict, max_length=200)
    contains: tuple[str, ...] = ()
    """Kinds that a paper of this kind holds too: they do not count against it."""
    company: Literal["stated", "mentioned", "none"] = "stated"


class Together(_Strict):
    """A kind whose papers show several others."""

    of: tuple[str, ...]
    at_least: int = Field(ge=2)


class Kinds(_Strict):
    """The content of kinds.yaml."""

    places: PlaceWeights
    needed: float = Field(gt=0)
    sure: float = Field(ge=0, le=1)
    together: dict[str, Together] = Field(default_factory=dict)
    kinds: dict[str, KindForm]
    company_labels: tuple[str, ...]

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "Kinds":
        """Read the shipped file and over it the bank's own, which need not exist. Raises `ConfigError`.

        A kind of the bank's takes the place of the shipped one of its name; its `company_labels` are added.
        """
        values = read_yaml(shipped)
        source = shipped
        if own is not None and own.is_file():
            source, over = own, read_yaml(own)
            for part in ("kinds", "together", "places"):
                if isinstance(over.get(part), dict):
                    over[part] = {**values.get(part, {}), **over[part]}
            if isinstance(over.get("company_labels"), list):
                over["company_labels"] = [*over["company_labels"], *values["company_labels"]]
            values |= over
        kinds = checked(source, cls, values)
        for name, whole in kinds.together.items():
            unknown = {name, *whole.of} - set(kinds.kinds)
            if unknown:
                refuse(source, f"together.{name}", _("there is no kind {name}", name=min(unknown)))
        if OTHER not in kinds.kinds:
            refuse(source, "kinds", _("there is no kind {name}", name=OTHER))
        return kinds


def kinds_in_force(own: Path | None) -> Kinds:
    """Return the kinds with those of the bank's folder over them; read again when its file changes."""
    file = own / FILE if own is not None else None
    stamp = (file.stat().st_mtime_ns, file.stat().st_size) if file is not None and file.is_file() else None
    return _kept(file if stamp is not None else None, stamp)


@lru_cache(maxsize=8)
def _kept(own: Path | None, _stamp: tuple[int, int] | None) -> Kinds:
    return Kinds.load(SHIPPED, own)


def sort_file(reading: Reading, own: Path | None = None) -> SourceFile:
    """Return the file with its kind, how sure that is, and whose paper it is. Raises `ConfigError`."""
    kinds = kinds_in_force(own)
    kind, confidence = _kind_of(reading, kinds)
    form = kinds.kinds[kind]
    company = None if form.company == "none" else company_of(reading, kinds)
    return reading.file.model_copy(update={"kind": kind, "kind_confidence": confidence, "company": company})


def _kind_of(reading: Reading, kinds: Kinds) -> tuple[str, float]:
    texts = _texts(reading)
    weights = kinds.places.model_dump()
    scores = {name: _score(form.words, texts, weights) for name, form in kinds.kinds.items()}
    for name, whole in kinds.together.items():
        members = sorted((scores[member] for member in whole.of), reverse=True)
        if sum(score >= kinds.needed for score in members) >= whole.at_least:
            scores[name] += members[0] + 1.0
    for name, form in kinds.kinds.items():
        if form.contains and scores[name] >= kinds.needed:
            for held in form.contains:
                scores[held] = min(scores.get(held, 0.0), 0.5 * scores[name])
    best = max(scores, key=lambda name: scores[name])
    near = set(kinds.together[best].of) if best in kinds.together else set()
    second = max((score for name, score in scores.items() if name != best and name not in near), default=0.0)
    if scores[best] <= 0:
        return OTHER, 0.0
    lead = min(1.0, 0.5 + 0.5 * (1.0 - second / scores[best]) / (1.0 - _NEAR))
    confidence = round(min(1.0, scores[best] / kinds.needed) * lead, 3)
    return (best, confidence) if confidence >= kinds.sure else (OTHER, confidence)


def _score(words: Mapping[str, float], texts: Mapping[str, str], weights: Mapping[str, float]) -> float:
    total = 0.0
    for word, weight in words.items():
        places = [weights[place] for place, text in texts.items() if text and _holds(text, word)]
        total += weight * max(places, default=0.0)
    return total


def _holds(text: str, word: str) -> bool:
    if not word.isascii():
        return word in text
    if word.lower() not in text:
        return False
    return re.search(rf"(?<![a-z]){re.escape(word.lower())}s?(?![a-z])", text) is not None


def _texts(reading: Reading) -> dict[str, str]:
    """Return the words of the paper by where they stand, without spaces between Chinese characters."""
    title = [passage.text for passage in reading.passages[:4] if _like_a_title(passage.text)]
    header: list[str] = []
    cells: list[str] = []
    for grid in reading.grids[:8]:
        title += [grid.sheet or "", *(line[:200] for line in grid.above)]
        for at, row in enumerate(grid.rows[:60]):
            distinct = list(dict.fromkeys(cell[:200] for cell in row if cell.strip()))
            if at < 6 and len(distinct) <= 2:
                title += distinct
            elif at < 6:
                header += distinct
            else:
                cells += distinct[:2]
    headings = [passage.text[:200] for passage in reading.passages[:400] if passage.level]
    body = "\n".join(passage.text[:1000] for passage in reading.passages[:120])[:_TEXT]
    name = re.sub(r"[_\-.]+", " ", PurePath(reading.file.name).stem)
    parts = {"name": [name], "title": title, "heading": headings, "header": header, "text": [body, *cells]}
    return {place: _even("\n".join(texts)) for place, texts in parts.items()}


def _like_a_title(text: str) -> bool:
    return len(text) <= 80 and not text.rstrip().endswith(("。", "；", ";"))


def _even(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text[: 2 * _TEXT]).lower().replace("’", "'")
    return re.sub(r"(?<=[\u4e00-\u9fff])[ \t]+(?=[\u4e00-\u9fff])", "", normal)


def company_of(reading: Reading, kinds: Kinds) -> str | None:
    """Return the name of the company that a paper says it is about: by a label, its title, its file name, its text."""
    for names in (_labelled(reading, kinds), _titled(reading)):
        found = next((name for name in names if not serves_others(name)), None)
        if found is not None:
            return found
    stem_name = PurePath(reading.file.name).stem.replace("_", " ")
    named = [name for name in company_names(stem_name) if not serves_others(name)]
    if named:
        return named[0]
    counts = Counter(
        name
        for passage in reading.passages[:120]
        for name in company_names(passage.text)
        if not serves_others(name) and len(name) <= 30
    )
    return counts.most_common(1)[0][0] if counts else None


def _labelled(reading: Reading, kinds: Kinds) -> Iterator[str]:
    labels = _labels(kinds.company_labels)
    found: dict[int, str] = {}
    for hit in labels.hits(reading, 200, 40):
        names = company_names(hit.text)
        rank = int(hit.key)
        if names and len(hit.text) <= 120 and rank not in found:
            found[rank] = names[0]
    for grid in reading.grids[:8]:
        for line in grid.above:
            for key, value, _unit, _sure in labels.in_line(line):
                names = company_names(value)
                if names:
                    found.setdefault(int(key), names[0])
    return iter([found[rank] for rank in sorted(found)])


@lru_cache(maxsize=8)
def _labels(names: tuple[str, ...]) -> Labels:
    return Labels({str(rank): (name,) for rank, name in enumerate(names)})


def _titled(reading: Reading) -> Iterator[str]:
    """Yield companies of the first lines; a letter's 全体股东 names the company before it."""
    for passage in reading.passages[:12]:
        addressed = re.search(r"([\u4e00-\u9fff()（）]{4,40}公司)\s*(?:全体股东|董事会)", passage.text[:300])
        if addressed is not None:
            yield addressed.group(1)
    for passage in reading.passages[:4]:
        yield from company_names(passage.text[:300])
    for grid in reading.grids[:3]:
        for text in (*grid.above, *(cell for row in grid.rows[:3] for cell in row[:3])):
            yield from company_names(text[:200])
