"""A text that comes in pieces: each character leaves as soon as no forbidden word can begin at or before it."""

from dataclasses import dataclass

from appliance.guardrails.lexicon.compiled import Lexicon, Reading, is_inside, masked
from appliance.guardrails.lexicon.folding import HIDDEN, NEWLINE
from appliance.guardrails.verdict import Finding

_MOST_CONTEXT = 2  # characters for each letter that may decide


@dataclass(frozen=True)
class Released:
    """What may leave now, and what was found; `findings` count characters of the whole text."""

    text: str = ""
    findings: tuple[Finding, ...] = ()
    blocked: bool = False
    """A forbidden word came: this text is the last; the word and what follows it never leave."""


class LexiconStream:
    """One response. What leaves, put together, is the whole text masked, up to the first word of the tier block.

    Held back is the text from the earliest place on that is the beginning of a word, or a word about which the
    characters still to come decide: the next one for a Latin word's end, up to `near` letters for a context rule,
    three for two characters parted by a blank, the rest of an allowed phrase. Everything else leaves with the piece
    it came in. Not safe for use from two threads.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._before = ""  # folded end of what has left: the context of what comes
        self._held = ""
        self._offset = 0  # of the held text
        self._told: list[Finding] = []  # those that reach into the held text
        self.blocked = False

    def push(self, piece: str) -> Released:
        """Take the next piece, of any length. After a block nothing leaves."""
        if self.blocked:
            return Released(blocked=True)
        self._held += piece
        return self._advance(final=False)

    def close(self) -> Released:
        """Return the rest: the text is complete."""
        if self.blocked:
            return Released(blocked=True)
        return self._advance(final=True)

    def _advance(self, *, final: bool) -> Released:
        reading = self._lexicon.read(self._held, self._before, offset=self._offset, final=final)
        end = self._end_of_settled(reading)
        found: list[Finding] = []
        for hit in reading.hits:
            if hit.letter > reading.settled or (hit.letter == reading.settled and hit.finding.action != "block"):
                break
            if any(is_inside(hit.finding, told) for told in (*self._told, *found)):
                continue
            found.append(hit.finding)
            if hit.finding.action == "block":
                self.blocked = True
                end = hit.finding.start - self._offset
                break
        return Released(self._release(end, found, reading), tuple(found), self.blocked)

    def _end_of_settled(self, reading: Reading) -> int:
        """Return up to where the held text may leave."""
        folded = reading.folded
        if reading.settled == len(folded.skeleton):
            return len(self._held)
        return folded.origin(folded.place(reading.settled))

    def _release(self, end: int, found: list[Finding], reading: Reading) -> str:
        text = self._held[:end]
        self._held = "" if self.blocked else self._held[end:]
        if self._told or found:
            told = [*self._told, *found]
            text = masked(text, [(one.start, one.end) for one in told if one.action == "mask"], self._offset)
            self._told = [one for one in told if one.end > self._offset + end]
        self._offset += end
        self._before = self._context(reading, end)
        return text

    def _context(self, reading: Reading, end: int) -> str:
        """Return what of the folded text has left: at least the letters that may decide, cut back when it grows."""
        left = reading.folded.aligned[: reading.folded.place_of(end)]
        reach = self._lexicon.reach
        if len(left) <= reach or min(left[-reach:]) > NEWLINE:
            return left[-reach:]
        if len(left) <= _MOST_CONTEXT * reach:
            return left
        kept: list[str] = []
        letters = 0
        for char in reversed(left):
            if char > NEWLINE:
                letters += 1
            elif char == HIDDEN or (kept and kept[-1] <= NEWLINE):
                continue  # one mark for each gap
            kept.append(char)
            if letters == reach:
                break
        return "".join(reversed(kept))
