"""What the passages of a base are like as a whole: how many, which terms, a sample of their vectors.

Kept beside the index and changed with each document, since counting a large table anew takes minutes.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from zipfile import BadZipFile

import numpy
from numpy.typing import NDArray

from appliance.core.protocols import Vectors
from appliance.knowledge.search.stored import unpack_vectors

SAMPLE = 200  # passages of each language whose sentences tell what an unrelated question resembles
_MERGED_AT = 200_000  # changed terms that are kept aside before they are merged


@dataclass(frozen=True)
class Counted:
    """What is counted of a passage; `vectors` are packed."""

    id: str
    version: int
    language: str
    terms: str
    vectors: bytes


class TermCounts:
    """In how many passages each term stands: sorted 64-bit hashes with counts, and recent changes beside them."""

    def __init__(self, hashes: NDArray[numpy.uint64], counts: NDArray[numpy.int64]) -> None:
        self.hashes = hashes
        self.counts = counts
        self._changes: dict[int, int] = {}

    @classmethod
    def empty(cls) -> "TermCounts":
        """Return counts of nothing."""
        return cls(numpy.zeros(0, numpy.uint64), numpy.zeros(0, numpy.int64))

    def change(self, terms: Counter[str], sign: int) -> None:
        """Add (`sign` 1) or take away (-1) passages by term."""
        for term, count in terms.items():
            key = _hash(term)
            self._changes[key] = self._changes.get(key, 0) + sign * count

    @property
    def is_due(self) -> bool:
        """Tell whether there are enough changes to merge."""
        return len(self._changes) > _MERGED_AT

    def merged(self) -> "TermCounts":
        """Return the same counts without changes beside them."""
        if not self._changes:
            return self
        keys = numpy.fromiter(self._changes.keys(), numpy.uint64, len(self._changes))
        values = numpy.fromiter(self._changes.values(), numpy.int64, len(self._changes))
        hashes, places = numpy.unique(numpy.concatenate([self.hashes, keys]), return_inverse=True)
        counts = numpy.zeros(len(hashes), numpy.int64)
        numpy.add.at(counts, places, numpy.concatenate([self.counts, values]))
        kept = counts > 0
        return TermCounts(hashes[kept], counts[kept])

    def of(self, term: str) -> int:
        """Return in how many passages a term stands."""
        key = _hash(term)
        place = int(numpy.searchsorted(self.hashes, numpy.uint64(key)))
        known = place < len(self.hashes) and int(self.hashes[place]) == key
        return max(0, (int(self.counts[place]) if known else 0) + self._changes.get(key, 0))


@dataclass
class _Sample:
    """The passages of one language with the smallest hashes of their ids: a fair sample that grows with the base."""

    kept: dict[int, tuple[int, bytes]] = field(default_factory=dict)  # hash to version and packed vectors

    def offer(self, passage: Counted) -> None:
        key = _hash(passage.id)
        if len(self.kept) < SAMPLE or key < max(self.kept):
            self.kept[key] = (passage.version, passage.vectors)
            if len(self.kept) > SAMPLE:
                del self.kept[max(self.kept)]


class Corpus:
    """The figures of one base. Changed by one thread at a time; may be read beside it."""

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._terms = TermCounts.empty()
        self._passages: dict[int, Counter[str]] = {}  # version to passages by language
        self._samples: dict[str, _Sample] = {}
        self._totals: Counter[str] = Counter()
        self._backgrounds: dict[str, Vectors] = {}

    def add(self, passages: Iterable[Counted]) -> None:
        """Count passages."""
        terms: Counter[str] = Counter()
        for passage in passages:
            terms.update(set(passage.terms.split(" ")))
            self._passages.setdefault(passage.version, Counter())[passage.language] += 1
            self._totals[passage.language] += 1
            self._samples.setdefault(passage.language, _Sample()).offer(passage)
            self._backgrounds.pop(passage.language, None)
        self._terms.change(terms, 1)
        if self._terms.is_due:
            self._terms = self._terms.merged()

    def remove(self, versions: Iterable[int], terms: Iterable[str]) -> None:
        """Take versions out; `terms` are those of each of their passages."""
        gone = set(versions)
        for version in gone:
            self._totals -= self._passages.pop(version, Counter())
        counted: Counter[str] = Counter()
        for entry in terms:
            counted.update(set(entry.split(" ")))
        self._terms.change(counted, -1)
        for language, sample in self._samples.items():
            sample.kept = {key: entry for key, entry in sample.kept.items() if entry[0] not in gone}
            self._backgrounds.pop(language, None)

    @property
    def versions(self) -> set[int]:
        """Versions whose passages are counted."""
        return set(self._passages)

    @property
    def passages(self) -> int:
        """Number of passages."""
        return sum(self._totals.copy().values())

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of the passages."""
        return tuple(sorted(language for language, count in self._totals.copy().items() if count))

    def thin_samples(self) -> list[str]:
        """Return the languages whose sample lost more than half of what it could hold."""
        return [
            language
            for language in self.languages
            if 2 * len(self._samples[language].kept) < min(SAMPLE, self._totals[language])
        ]

    def resample(self, passages: Iterable[Counted]) -> None:
        """Offer passages that are counted already to the samples."""
        for passage in passages:
            self._samples[passage.language].offer(passage)
            self._backgrounds.pop(passage.language, None)

    def background(self, language: str) -> Vectors:
        """Return the vectors of the sampled sentences of a language, float32 of shape (sentences, dimensions)."""
        if (known := self._backgrounds.get(language)) is None:
            packed = [vectors for _version, vectors in self._samples[language].kept.copy().values()]
            known = numpy.concatenate(
                [numpy.zeros((0, self._dimensions), numpy.float32)]
                + [unpack_vectors(vectors, self._dimensions) for vectors in packed]
            )
            self._backgrounds[language] = known
        return known

    def frequency(self, term: str) -> int:
        """Return in how many passages a term stands."""
        return self._terms.of(term)

    def save(self, path: Path) -> None:
        """Write the figures to a file, whole or not at all."""
        self._terms = self._terms.merged()
        by_version = [
            (version, language, count) for version, found in self._passages.items() for language, count in found.items()
        ]
        sampled = [
            (language, key, version, vectors)
            for language, sample in self._samples.items()
            for key, (version, vectors) in sample.kept.items()
        ]
        new = path.with_suffix(".new")
        with new.open("wb") as file:
            numpy.savez(
                file,
                hashes=self._terms.hashes,
                counts=self._terms.counts,
                versions=numpy.array([version for version, _language, _count in by_version], numpy.int64),
                languages=numpy.array([language for _version, language, _count in by_version], "U8"),
                passages=numpy.array([count for _version, _language, count in by_version], numpy.int64),
                sample_languages=numpy.array([language for language, _key, _version, _vectors in sampled], "U8"),
                sample_keys=numpy.array([key for _language, key, _version, _vectors in sampled], numpy.uint64),
                sample_versions=numpy.array([version for _language, _key, version, _vectors in sampled], numpy.int64),
                sample_sizes=numpy.array([len(vectors) for *_place, vectors in sampled], numpy.int64),
                sample_vectors=numpy.frombuffer(b"".join(vectors for *_place, vectors in sampled), numpy.uint8),
            )
        new.replace(path)

    @classmethod
    def load(cls, path: Path, dimensions: int) -> "Corpus":
        """Read what `save` wrote; a file that is missing or damaged gives the figures of an empty base."""
        corpus = cls(dimensions)
        try:
            with numpy.load(path, allow_pickle=False) as stored:
                corpus._fill({name: stored[name] for name in stored.files})
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return cls(dimensions)
        return corpus

    def _fill(self, stored: dict[str, NDArray[numpy.generic]]) -> None:
        self._terms = TermCounts(stored["hashes"].astype(numpy.uint64), stored["counts"].astype(numpy.int64))
        counted = (stored[name].tolist() for name in ("versions", "languages", "passages"))
        for version, language, count in zip(*counted, strict=True):
            self._passages.setdefault(version, Counter())[language] += count
            self._totals[language] += count
        packed, at = stored["sample_vectors"].tobytes(), 0
        sampled = (stored[f"sample_{name}"].tolist() for name in ("languages", "keys", "versions", "sizes"))
        for language, key, version, size in zip(*sampled, strict=True):
            self._samples.setdefault(language, _Sample()).kept[key] = (version, packed[at : at + size])
            at += size


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
