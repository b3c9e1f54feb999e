"""The guardrails of one request: its texts in, the passages it retrieves, its answers out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from appliance.guardrails.guarded import Guarded, Together
from appliance.guardrails.joined import Run, add_pieces, by_lines, without_gaps
from appliance.guardrails.lexicon import Lexicon
from appliance.guardrails.lexicon.compiled import masked
from appliance.guardrails.outcome import Verdict, in_order, strongest
from appliance.guardrails.output_stream import OutputChecks, OutputStream
from appliance.guardrails.own_data import ForeignData, KnownTexts
from appliance.guardrails.personal.check import PersonalData
from appliance.guardrails.personal.sentence_gate import NUMBERS
from appliance.guardrails.personal.vault import Vault
from appliance.guardrails.policy import Policy
from appliance.guardrails.repeated import repeated, values_of
from appliance.guardrails.verdict import Finding


@dataclass(frozen=True)
class Checks:
    """The checks that one policy asks for, shared by its requests; what is None is off."""

    personal: PersonalData | None = None
    foreign: PersonalData | None = None
    """Personal data in answers."""
    rules: Guarded | None = None
    classifier: Guarded | None = None
    retrieved: tuple[Guarded, ...] = ()
    topics: Guarded | None = None


class RequestGuard:
    """What one request asks of the chain. It keeps to the lexicon it began with and holds the values it masked.

    `check_input` comes before `output`. `check_input_slow` and `check_retrieved` may run in another thread.
    """

    def __init__(self, policy: Policy, checks: Checks, lexicon: Lexicon | None) -> None:
        self.policy = policy
        self._checks = checks
        self._lexicon = lexicon
        self._vault = Vault()
        self._values: dict[str, Finding] = {}  # masked ones of all texts
        self._given = KnownTexts()

    @property
    def review(self) -> tuple[str, ...]:
        """What holds an answer for a person, also where the checks themselves are off."""
        return self.policy.review

    def check_input(self, texts: Sequence[str], runs: Sequence[Run] = ()) -> list[Verdict]:
        """Check texts of the request without an embedding; mask what the model is not to see.

        Those of `runs` are read one after another too; what is found then is masked or blocked in each that it touches.
        """
        if not self.policy.enabled:
            return _passed(texts)
        self._given.add(texts)
        check = Together(self._guarded(self._lexicon, self._checks.personal, self._checks.rules))
        found = [check.find(text) for text in texts]
        for text, findings in zip(texts, found, strict=True):
            self._values |= values_of(text, findings)
        for run in runs:
            self._read_on(run, texts, found, check)
        return [
            self._judge_input(text, [*findings, *repeated(text, findings, self._values)])
            for text, findings in zip(texts, found, strict=True)
        ]

    def check_input_slow(self, texts: Sequence[str]) -> list[Verdict]:
        """Check texts as they were given, unmasked, with the classifier of injections: one embedding a window."""
        if self._checks.classifier is None:
            return _passed(texts)
        return [_judged(text, self._checks.classifier.find(text)) for text in texts]

    def check_retrieved(self, texts: Sequence[str]) -> list[Verdict]:
        """Check passages for the model; those of action "block" are not to be used. One embedding a window."""
        if not self.policy.enabled:
            return _passed(texts)
        return [_judged(text, self._in_retrieved(text)) for text in texts]

    def check_output(self, text: str, allowed: Sequence[str] = ()) -> Verdict:
        """Check a whole answer as its stream would; `allowed` as in `output`."""
        stream = self.output(allowed)
        released = (stream.push(text), stream.close())
        findings = in_order(one for part in released for one in part.findings)
        return Verdict(findings, strongest(findings), "".join(part.text for part in released))

    def output(self, allowed: Sequence[str] = ()) -> OutputStream:
        """Begin one choice or channel of the answer.

        Personal data is let pass where the request or one of `allowed`, such as retrieved passages, says it.
        """
        if not self.policy.enabled:
            return OutputStream(OutputChecks())
        by_sentence: list[Guarded] = []
        at_end: list[Guarded] = []
        if self._checks.foreign:
            by_sentence.append(Guarded(ForeignData(self._checks.foreign, (self._given, KnownTexts(allowed)))))
        if self._checks.topics:
            (by_sentence if self.policy.topics == "block" else at_end).append(self._checks.topics)
        return OutputStream(
            OutputChecks(
                self._lexicon,
                Together(by_sentence) if by_sentence else None,
                Together(at_end) if at_end else None,
                self._vault if self.policy.reversible and len(self._vault) else None,
                watch=None if self.policy.topics == "block" else NUMBERS,
            )
        )

    def _read_on(self, run: Run, texts: Sequence[str], found: list[list[Finding]], check: Together) -> None:
        """Add what only shows where texts are read one after another."""
        lines = by_lines(run, texts)
        add_pieces(found, lines, check.find(lines.text))
        closed = without_gaps(run, texts)
        self._given.add([closed.text])
        add_pieces(found, closed, filter(closed.crosses, check.find(closed.text)))
        letters = without_gaps(run, texts, letters=True)
        if self._checks.rules is not None and letters.text != closed.text:
            add_pieces(found, letters, filter(letters.crosses, self._checks.rules.find(letters.text)))

    def _guarded(self, *checks: Lexicon | PersonalData | Guarded | None) -> list[Guarded]:
        return [check if isinstance(check, Guarded) else Guarded(check) for check in checks if check is not None]

    def _judge_input(self, text: str, findings: list[Finding]) -> Verdict:
        action = strongest(findings)
        if action == "block":
            return Verdict(in_order(findings), action, "")
        # Characters that the lexicon masks keep their places, so that the vault may cut the text after it.
        words = [(one.start, one.end) for one in findings if one.action == "mask" and one.rule.startswith("lexicon:")]
        shown = masked(text, words)
        if self.policy.personal == "mask":
            shown = self._vault.mask(shown, findings)
        return Verdict(in_order(findings), action, shown)

    def _in_retrieved(self, text: str) -> list[Finding]:
        found = [one for one in Together(self._guarded(self._lexicon)).find(text) if one.action == "block"]
        for check in self._checks.retrieved:
            if strongest(found) != "block":
                found += check.find(text)
        return found


def _judged(text: str, findings: Iterable[Finding]) -> Verdict:
    found = in_order(findings)
    action = strongest(found)
    return Verdict(found, action, "" if action == "block" else text)


def _passed(texts: Iterable[str]) -> list[Verdict]:
    return [Verdict((), "pass", text) for text in texts]
