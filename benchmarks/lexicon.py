"""The red-line lexicon: speed with 50,000 words, false positives of the shipped one, and evasions caught.

    python benchmarks/lexicon.py [--words N] [--list FILE_OR_FOLDER] [--fin-eva FOLDER] [--misses] [--json FILE]

measures in process, as the gateway uses it. The 50,000 words are made up from the characters of the texts, two to six
each; `--list` measures a plain list (one word a line) as well. Texts are the sample documents in Markdown and text, and
with `--fin-eva` the texts of that folder's CSV files, each row one text. A false positive is a text with a finding that
masks or blocks. Evasions: seeded spellings of blocked words of the shipped lexicon, each inside a sentence, by a
generator that shares no table with the appliance; 5 spellings of each of 20 words, and then of all words. Times are of
the processor: what else runs on the machine does not count.
"""

import argparse
import csv
import json
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import psutil
from figures import percentile
from machine import describe

from appliance.guardrails.lexicon import Entry, Lexicon, LexiconStream

_DOCUMENTS = Path(__file__).parent.parent / "scenarios" / "knowledge_qa" / "documents"
_LEAST_BYTES = 2_000_000
_PIECE, _PIECES, _REPEATS = 4, 20_000, 5
_SEED = 20260101
_SENTENCES = ("请问{}怎么联系", "我想了解一下{}。", "朋友推荐的，{}，可靠吗", "请写一段关于{}的介绍")
_HOMOGLYPHS = {
    "a": "а",
    "c": "с",
    "e": "е",
    "h": "һ",
    "i": "і",
    "k": "к",
    "o": "о",
    "p": "р",
    "s": "ѕ",
    "x": "х",
    "y": "у",
}
_LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
_UNSEEN = ("\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad")
_PUNCTUATION = ("，", ",", "。", ".", "、", "·", "-", "/", "|", "~", "*", "_", "!")
_EMOJI = ("🙂", "🔥", "💰", "👉", "❤️", "⭐", "👨‍👩‍👧", "🏦", "✨")
_LEAST_MIXED = 3  # characters of a word some of whose characters become a letter or another one
_BETWEEN = (" ", "  ", "*", "-", ".", "_", "·", "~", "🙂", "。", "、")

Spell = Callable[[str, random.Random], str]


@cache
def _converter() -> Any:  # noqa: ANN401 - untyped
    from opencc_purepy import OpenCC

    return OpenCC("s2t")


def _syllables(word: str) -> list[str]:
    from pypinyin import lazy_pinyin  # here, that its memory counts where a lexicon needs it

    return lazy_pinyin(word)


def _full_width(word: str, _chance: random.Random) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in word)


def _homoglyph(word: str, _chance: random.Random) -> str:
    return "".join(_HOMOGLYPHS.get(char, char) for char in word)


def _mathematical(word: str, _chance: random.Random) -> str:
    return "".join(chr(0x1D41A + ord(char) - ord("a")) if "a" <= char <= "z" else char for char in word)


def _accented(word: str, chance: random.Random) -> str:
    return "".join(char + chance.choice("\u0301\u0308\u0323") if char.isalpha() else char for char in word)


def _leet(word: str, chance: random.Random) -> str:
    char = chance.choice(sorted(set(word) & set(_LEET)))
    return word.replace(char, _LEET[char])


def _unseen(word: str, chance: random.Random) -> str:
    return chance.choice(_UNSEEN).join(word)


def _spaced(word: str, chance: random.Random) -> str:
    return chance.choice(_BETWEEN).join(word.replace(" ", ""))


def _traditional(word: str, _chance: random.Random) -> str:
    return str(_converter().convert(word))


def _pinyin(word: str, chance: random.Random) -> str:
    return chance.choice(("", " ")).join(_syllables(word))


def _mixed(word: str, chance: random.Random) -> str:
    syllables = _syllables(word)
    chosen = set(chance.sample(range(len(word)), chance.randint(1, len(word) - 1)))
    return "".join(syllables[at] if at in chosen else char for at, char in enumerate(word))


def _several(word: str, chance: random.Random) -> str:
    return _unseen(_traditional(_spaced(word, chance), chance), chance)


def _apart(word: str, chance: random.Random, signs: Sequence[str]) -> str:
    """Put a sign of its own between each two letters."""
    letters = word.replace(" ", "")
    return letters[0] + "".join(chance.choice(signs) + char for char in letters[1:])


def _punctuated(word: str, chance: random.Random) -> str:
    return _apart(word, chance, _PUNCTUATION)


def _emoji(word: str, chance: random.Random) -> str:
    return _apart(word, chance, _EMOJI)


def _broken(word: str, chance: random.Random) -> str:
    """Put one sign into the middle."""
    letters = word.replace(" ", "")
    at = chance.randint(1, len(letters) - 1)
    return letters[:at] + chance.choice((*_PUNCTUATION, *_EMOJI)) + letters[at:]


def _initials(word: str, chance: random.Random) -> str:
    """Write up to half of the characters as the first letter of their pinyin."""
    syllables = _syllables(word)
    chosen = set(chance.sample(range(len(word)), chance.randint(1, len(word) // 2)))
    return "".join(syllables[at][0] if at in chosen else char for at, char in enumerate(word))


def _pinyin_digits(word: str, chance: random.Random) -> str:
    """Write the pinyin with digits for one of its letters."""
    syllables = "".join(_syllables(word))
    able = sorted(set(syllables) & set(_LEET))
    return syllables.replace(able[0], _LEET[able[0]]) if len(able) == 1 else _leet(syllables, chance)


@cache
def _alike() -> dict[str, tuple[str, ...]]:
    """Return the characters of GB 2312's first level, which are in common use, by their pinyin without tones."""
    from pypinyin import lazy_pinyin

    found: dict[str, list[str]] = {}
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            char = bytes((high, low)).decode("gb2312", "ignore")
            if char:
                found.setdefault(lazy_pinyin(char)[0], []).append(char)
    return {syllable: tuple(chars) for syllable, chars in found.items()}


def _homophone(word: str, chance: random.Random) -> str:
    """Replace one character by another that sounds the same."""
    syllables = _syllables(word)
    able = [at for at in range(len(word)) if len(_alike().get(syllables[at], ())) > 1]
    if not able:
        return word
    at = chance.choice(able)
    other = chance.choice([char for char in _alike()[syllables[at]] if char != word[at]])
    return word[:at] + other + word[at + 1 :]


def _two_ways(word: str, chance: random.Random) -> str:
    """Mix with pinyin or its first letters, then break the whole by signs."""
    mixed = chance.choice((_mixed, _initials))(word, chance)
    return chance.choice((_broken, _unseen, _traditional))(mixed, chance)


_CHINESE: dict[str, Spell] = {
    "zero-width": _unseen, "spaced out": _spaced, "traditional": _traditional, "pinyin": _pinyin,
    "mixed with pinyin": _mixed, "several together": _several,
}  # fmt: skip
_LATIN: dict[str, Spell] = {
    "zero-width": _unseen, "spaced out": _spaced, "full width": _full_width, "homoglyphs": _homoglyph,
    "mathematical": _mathematical, "accents": _accented, "digits": _leet,
}  # fmt: skip

_CHINESE_MIXED: dict[str, Spell] = {
    "punctuation between": _punctuated, "emoji between": _emoji, "one sign inside": _broken,
    "first letters of pinyin": _initials, "pinyin with digits": _pinyin_digits, "a homophone": _homophone,
    "two ways at once": _two_ways,
}  # fmt: skip
_LATIN_MIXED: dict[str, Spell] = {
    "punctuation between": _punctuated, "emoji between": _emoji, "one sign inside": _broken,
    "two ways at once": lambda word, chance: _unseen(_homoglyph(_leet(word, chance), chance), chance),
}  # fmt: skip


def _mixed_kinds(word: str) -> dict[str, Spell]:
    """Return the kinds of mixed spelling of a word for which `_kinds` has some."""
    if word.isascii():
        return {
            kind: spell for kind, spell in _LATIN_MIXED.items() if kind != "two ways at once" or set(word) & set(_LEET)
        }
    few = {"first letters of pinyin", "two ways at once", "a homophone"} if len(word) < _LEAST_MIXED else set[str]()
    if not set("".join(_syllables(word))) & set(_LEET):
        few.add("pinyin with digits")
    return {kind: spell for kind, spell in _CHINESE_MIXED.items() if kind not in few}


def _kinds(word: str) -> dict[str, Spell]:
    """Return the kinds of spelling that change this word."""
    if all("\u4e00" <= char <= "\u9fff" for char in word):
        return {kind: spell for kind, spell in _CHINESE.items() if kind != "traditional" or spell(word, _NO) != word}
    if word.isascii() and word.replace(" ", "").isalpha() and len(word.replace(" ", "")) >= 5:
        return {kind: spell for kind, spell in _LATIN.items() if kind != "digits" or set(word) & set(_LEET)}
    return {}


_NO = random.Random(0)


def evasions(
    lexicon: Lexicon, words: int | None, each: int, of: Callable[[str], dict[str, Spell]] = _kinds
) -> list[tuple[str, str, str]]:
    """Return (kind, word, text) of spellings of blocked words; of all words where `words` is None."""
    chance = random.Random(_SEED)
    able = sorted(
        {one.word for one in lexicon.entries if one.tier == "block" and not one.only_near and _kinds(one.word)}
    )
    chosen = able if words is None else chance.sample(able, words)
    made = []
    for word in chosen:
        kinds = of(word)
        for kind in chance.sample(sorted(kinds), min(each, len(kinds))):
            made.append((kind, word, chance.choice(_SENTENCES).format(kinds[kind](word, chance))))
    return made


def caught(lexicon: Lexicon, made: Sequence[tuple[str, str, str]], misses: bool) -> dict[str, Any]:
    """Return how many spellings are blocked, over all and by kind."""
    total, hit = Counter[str](), Counter[str]()
    for kind, word, text in made:
        blocked = any(found.action == "block" for found in lexicon.find(text))
        total[kind] += 1
        hit[kind] += blocked
        if misses and not blocked:
            print(f"missed ({kind}, {word}): {text!r}")
    return {
        "spellings": total.total(),
        "caught": hit.total(),
        "percent": round(100 * hit.total() / total.total(), 1),
        "by_kind": {kind: f"{hit[kind]}/{total[kind]}" for kind in sorted(total)},
    }


def sample_texts() -> list[str]:
    """Return the sample documents that are text."""
    files = sorted(file for file in _DOCUMENTS.iterdir() if file.suffix in (".md", ".txt"))
    return [file.read_text(encoding="utf-8", errors="replace") for file in files]


def rows_of(folder: Path) -> list[str]:
    """Return the rows of the CSV files of a folder, without their first column, each as one text."""
    found = []
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.reader(lines)
            next(rows)
            found.extend("\n".join(row[1:]) for row in rows)
    return found


def made_words(count: int, texts: Iterable[str]) -> list[str]:
    """Return made-up words of two to six Chinese characters that the texts use."""
    chance = random.Random(_SEED)
    chars = sorted({char for text in texts for char in text if "\u4e00" <= char <= "\u9fff"})
    made: set[str] = set()
    while len(made) < count:
        made.add("".join(chance.choices(chars, k=chance.choice((2, 3, 3, 4, 4, 5, 6)))))
    return sorted(made)


def listed_words(path: Path) -> list[str]:
    """Return the words of a plain list, or of every .txt file of a folder; those of one letter left out."""
    files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
    lines = {line.strip() for file in files for line in file.read_text(encoding="utf-8", errors="replace").splitlines()}
    return sorted(line for line in lines if sum(char.isalnum() for char in line) > 1)


def speed(lexicon: Lexicon, texts: Sequence[str]) -> dict[str, Any]:
    """Return MB/s over texts one by one and over all as one text, the best of three; findings beside."""
    size = sum(len(text.encode()) for text in texts)
    rounds = list(texts) * max(1, _LEAST_BYTES // size)
    whole = "\n".join(rounds)

    def rate(parts: Sequence[str]) -> float:
        took = []
        for _round in range(3):
            began = time.process_time()
            for part in parts:
                lexicon.find(part)
            took.append(time.process_time() - began)
        return round(sum(len(part.encode()) for part in parts) / min(took) / 1e6, 1)

    rate(texts[:50])  # the folding of characters is learned
    return {
        "mb_per_s": rate(rounds),
        "one_text_mb_per_s": rate([whole]),
        "findings": sum(map(len, map(lexicon.find, texts))),
    }


def streamed(lexicon: Lexicon, text: str) -> tuple[list[float], list[float]]:
    """Return for each piece of one stream the microseconds it took and the characters that are held back after it."""
    took: list[float] = []
    held: list[float] = []
    running = LexiconStream(lexicon)
    taken = released = 0
    for at in range(0, len(text), _PIECE):
        piece = text[at : at + _PIECE]
        began = time.thread_time_ns()
        out = running.push(piece)
        took.append((time.thread_time_ns() - began) / 1e3)
        taken, released = taken + len(piece), released + len(out.text)
        held.append(float(taken - released))
    return took, held


def piece_times(entries: Sequence[Entry], texts: Sequence[str]) -> dict[str, float]:
    """Return microseconds for a piece of a stream: mean, median and 99th percentile; and characters held back.

    Each text is streamed `_REPEATS` times. `once` are the times of the first, `best` of each piece the least of all:
    what the piece itself takes, without caches that other programs have emptied meanwhile.
    """
    # In the tier warn, so that no finding ends the stream.
    lexicon = Lexicon([Entry(one.word, one.category, "warn", pinyin=one.pinyin, leet=one.leet) for one in entries])
    once: list[float] = []
    best: list[float] = []
    held: list[float] = []
    for text in texts:
        rounds = [streamed(lexicon, text) for _round in range(_REPEATS)]
        once += rounds[0][0]
        best += map(min, zip(*(took for took, _held in rounds), strict=True))
        held += rounds[0][1]
        if len(once) >= _PIECES:
            break
    return {
        "us_mean": round(sum(once) / len(once), 1),
        "us_p50": round(percentile(once, 0.5), 1),
        "us_p99": round(percentile(once, 0.99), 1),
        "best_us_p50": round(percentile(best, 0.5), 1),
        "best_us_p99": round(percentile(best, 0.99), 1),
        "held_mean": round(sum(held) / len(held), 2),
        "held_p99": percentile(held, 0.99),
    }


def _grown(entries: Sequence[Entry]) -> tuple[float, float]:
    """Return MB of memory that a compiled lexicon takes, and seconds to compile; in a process of its own."""
    process = psutil.Process()
    before = process.memory_info().rss
    began = time.perf_counter()
    lexicon = Lexicon(entries)
    lexicon.find("预热")
    took = time.perf_counter() - began
    return round((process.memory_info().rss - before) / 1e6, 1), round(took, 2)


def measure(entries: Sequence[Entry], texts: Sequence[str]) -> dict[str, Any]:
    """Return everything about one lexicon's cost."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        memory, compiled = pool.apply(_grown, (entries,))
    lexicon = Lexicon(entries)
    return {
        "words": len(lexicon.entries),
        "spellings": lexicon.spellings,
        "memory_mb": memory,
        "compile_s": compiled,
        **speed(lexicon, texts),
        **piece_times(entries, texts),
    }


def false_positives(lexicon: Lexicon, texts: Sequence[str]) -> dict[str, Any]:
    """Return the share of texts with a finding that masks or blocks, and apart with one that only warns."""
    actions = [{found.action for found in lexicon.find(text)} for text in texts]
    hard = sum(bool(one - {"warn"}) for one in actions)
    warned = sum("warn" in one for one in actions)
    return {
        "texts": len(texts),
        "mask_or_block": hard,
        "percent": round(100 * hard / len(texts), 2),
        "warn_percent": round(100 * warned / len(texts), 2),
    }


def table(title: str, rows: dict[str, dict[str, Any]]) -> None:
    """Print a Markdown table, a row for each name."""
    columns = list(next(iter(rows.values())))
    print(f"\n| {title} | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for name, row in rows.items():
        print(f"| {name} | {' | '.join(str(row[column]) for column in columns)} |")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the red-line lexicon.")
    parser.add_argument("--words", type=int, default=50_000)
    parser.add_argument("--list", type=Path, help="a plain list of words, or a folder of them")
    parser.add_argument("--fin-eva", type=Path, help="folder of CSV files with ordinary finance texts")
    parser.add_argument("--misses", action="store_true", help="print the evasions that were not caught")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    shipped = Lexicon.load()
    texts = rows_of(options.fin_eva) if options.fin_eva else sample_texts()
    kinds = {"shipped": shipped.entries}
    made = made_words(options.words, texts)
    kinds[f"{options.words:,} made up"] = tuple(Entry(word, "made", "block", pinyin=False) for word in made)
    listed: tuple[Entry, ...] = ()
    if options.list:
        words = listed_words(options.list)
        listed = tuple(Entry(word, "listed", "block", pinyin=False, leet=False) for word in words)
        kinds["listed"] = listed
    ordinary = {"shipped, sample documents": false_positives(shipped, sample_texts())}
    if options.fin_eva:
        ordinary["shipped, finance texts"] = false_positives(shipped, texts)
        if listed:
            ordinary["listed, finance texts"] = false_positives(Lexicon(listed), texts)
    report = {
        "machine": describe(),
        "cost": {name: measure(entries, texts) for name, entries in kinds.items()},
        "ordinary": ordinary,
        "evasions": {
            "20 words": caught(shipped, evasions(shipped, 20, 5), options.misses),
            "all words": caught(shipped, evasions(shipped, None, 7), options.misses),
            "20 words, mixed": caught(shipped, evasions(shipped, 20, 5, _mixed_kinds), options.misses),
            "all words, mixed": caught(shipped, evasions(shipped, None, 7, _mixed_kinds), options.misses),
        },
    }
    for part in ("cost", "ordinary", "evasions"):
        table(part, report[part])
    if options.json:
        options.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
