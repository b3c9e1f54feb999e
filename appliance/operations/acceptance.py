"""The gate before traffic moves: golden questions and speed of a candidate against the version that serves.

Both are asked over HTTP as any caller would, by `ALIAS@stable` and `ALIAS@candidate`, while the appliance is at work.
"""

import json
import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import httpx
import yaml
from pydantic import Field, ValidationError, model_validator

from appliance.config.home import Home
from appliance.config.section import Section
from appliance.config.site import SiteConfig
from appliance.core.errors import Conflict, InvalidRequest, TooManyRequests, Unavailable
from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.operations.client import ApplianceClient, read_admin_key
from appliance.operations.gateway_trust import GatewayTrust, trust_of, verified_by
from appliance.operations.gateways import base_url

SHIPPED: Final = Path(__file__).with_name("acceptance_questions.yaml")
STREAMS: Final = 4
"""Callers at once while speed is measured."""
_ROUNDS: Final = ("stable", "candidate", "candidate", "stable")  # what else the machine does is shared out
_ANSWER_TOKENS: Final = 48
_MOST_TRIES: Final = 10
_SPEED_PROMPT: Final = "Explain in several sentences what a bank does with deposits, and why. Part {number}."

FEWER_RIGHT: Final = 0.05
"""Part of the questions that a candidate may answer worse."""
SLOWER_FIRST: Final = 1.5
"""How many times as long its first token may take, and `FIRST_MARGIN_S` more."""
FIRST_MARGIN_S: Final = 0.1
FEWER_TOKENS: Final = 0.7
"""Part of the tokens a second that it must reach."""


class Check(Section):
    """What an answer must be; exactly one of them."""

    exact: str | None = None
    regex: str | None = None
    json_: dict[str, Any] | None = Field(default=None, alias="json")

    @model_validator(mode="after")
    def _one(self) -> "Check":
        if sum(one is not None for one in (self.exact, self.regex, self.json_)) != 1:
            raise ValueError("one of exact, regex, json")
        re.compile(self.regex or "")
        return self

    def passes(self, answer: str) -> bool:
        """Tell whether an answer is right."""
        if self.exact is not None:
            return answer.strip().rstrip(".。").casefold() == self.exact.casefold()
        if self.regex is not None:
            return re.search(self.regex, answer.strip()) is not None
        found = _object_in(answer)
        return found is not None and self.json_ is not None and self.json_.items() <= found.items()


class Question(Section):
    """One golden question."""

    id: str
    ask: str
    check: Check
    max_tokens: int = Field(default=32, ge=1, le=1024)


@dataclass(frozen=True)
class Figures:
    """What was measured of one version. Times in seconds."""

    questions: int
    passed: int
    failed: tuple[str, ...]
    ttft_p50_s: float
    tokens_per_s: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {**asdict(self), "failed": list(self.failed)}


@dataclass(frozen=True)
class Acceptance:
    """Both versions side by side."""

    alias: str
    stable: Figures
    candidate: Figures

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {"stable": self.stable.to_dict(), "candidate": self.candidate.to_dict()}

    def faults(self) -> list[Message]:
        """Return in what the candidate is worse than it may be."""
        old, new, found = self.stable, self.candidate, []
        if new.passed < old.passed - FEWER_RIGHT * max(1, new.questions):
            found.append(
                _(
                    "it answers {new} of {count} questions, not {old}",
                    new=new.passed,
                    count=new.questions,
                    old=old.passed,
                )
            )
        if new.ttft_p50_s > old.ttft_p50_s * SLOWER_FIRST + FIRST_MARGIN_S:
            found.append(
                _(
                    "its first token takes {new} s, not {old} s",
                    new=round(new.ttft_p50_s, 2),
                    old=round(old.ttft_p50_s, 2),
                )
            )
        if new.tokens_per_s < old.tokens_per_s * FEWER_TOKENS:
            found.append(
                _(
                    "it writes {new} tokens a second, not {old}",
                    new=round(new.tokens_per_s, 2),
                    old=round(old.tokens_per_s, 2),
                )
            )
        return found

    def check(self) -> None:
        """Raise `Conflict` where the candidate is worse than it may be."""
        faults = self.faults()
        if not faults:
            return
        told = faults[0]
        for fault in faults[1:]:
            told = _("{first}; {second}", first=told, second=fault)
        raise Conflict(
            _("The candidate of {alias} is worse than what serves: {faults}.", alias=self.alias, faults=told),
            _("Nothing was switched. `appliance model drop {alias}`, or promote with --no-gate.", alias=self.alias),
            code="acceptance_failed",
            details=self.to_dict(),
        )


class Asking(Protocol):
    """A model behind the gateway."""

    def answer(self, model: str, question: str, max_tokens: int) -> str:
        """Return the whole answer at temperature 0."""
        ...

    def stream(self, model: str, question: str, max_tokens: int) -> tuple[float, int]:
        """Return the seconds to the first token, and how many tokens came."""
        ...


def read_questions(file: Path) -> tuple[Question, ...]:
    """Read a file of golden questions. Raises `InvalidRequest`."""
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
        questions = tuple(Question.model_validate(one) for one in raw)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError, TypeError, re.error) as error:
        reason = " ".join(str(error).split())[:300]
        raise InvalidRequest(
            _("The golden questions {file} cannot be used: {reason}", file=file, reason=reason),
            _("docs/models.md shows their form."),
            param="questions",
        ) from error
    if not questions:
        raise InvalidRequest(_("The file {file} holds no question.", file=file), param="questions")
    return questions


def questions_of(home: Home, named: Path | None) -> tuple[Question, ...]:
    """Return the questions of the file that is named, of the site's own, or the shipped ones. Raises as above."""
    return read_questions(named or (home.acceptance_file if home.acceptance_file.exists() else SHIPPED))


def examine(home: Home, site: SiteConfig, alias: str, named: Path | None) -> Iterator[Progress | Acceptance]:
    """Measure the candidate of an alias and the version that serves; yield both at the end. Raises as `Asking`."""
    questions = questions_of(home, named)
    with Callers(base_url(site), read_admin_key(home), trust=trust_of(home, site)) as asking:
        yield from compare(asking, alias, questions)


def compare(
    asking: Asking, alias: str, questions: Sequence[Question], clock: Callable[[], float] = time.monotonic
) -> Iterator[Progress | Acceptance]:
    """As `examine`, by `asking`."""
    failed: dict[str, list[str]] = {"stable": [], "candidate": []}
    title = _("Ask golden questions")
    for number, question in enumerate(questions):
        yield Progress("model.questions", title, fraction=number / len(questions))
        for slot, wrong in failed.items():
            if not question.check.passes(asking.answer(f"{alias}@{slot}", question.ask, question.max_tokens)):
                wrong.append(question.id)
    yield Progress("model.questions", title, "done")
    title = _("Measure speed")
    first: dict[str, list[float]] = {"stable": [], "candidate": []}
    rates: dict[str, list[float]] = {"stable": [], "candidate": []}
    for number, slot in enumerate(_ROUNDS):
        yield Progress("model.speed", title, fraction=number / len(_ROUNDS))
        begun = clock()
        with ThreadPoolExecutor(STREAMS) as pool:
            prompts = [_SPEED_PROMPT.format(number=STREAMS * number + stream) for stream in range(STREAMS)]
            calls = [pool.submit(asking.stream, f"{alias}@{slot}", prompt, _ANSWER_TOKENS) for prompt in prompts]
            found = [call.result() for call in calls]
        first[slot] += [seconds for seconds, _tokens in found]
        rates[slot].append(sum(tokens for _seconds, tokens in found) / max(1e-6, clock() - begun))
    yield Progress("model.speed", title, "done")
    measured = {
        slot: Figures(
            len(questions), len(questions) - len(failed[slot]), tuple(failed[slot]),
            round(statistics.median(first[slot]), 4), round(statistics.mean(rates[slot]), 2),
        )
        for slot in failed
    }  # fmt: skip
    yield Acceptance(alias, measured["stable"], measured["candidate"])


class Callers:
    """`Asking` over HTTP with the admin key; a full queue is waited for. A context manager."""

    def __init__(
        self, url: str, key: str, transport: httpx.BaseTransport | None = None, trust: GatewayTrust | None = None
    ) -> None:
        self._client = ApplianceClient(url, key, trust=trust, transport=transport)
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=600.0,
            trust_env=False,
            transport=transport,
            verify=verified_by(trust),
        )

    def __enter__(self) -> "Callers":
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()
        self._client.__exit__(None, None, None)

    def answer(self, model: str, question: str, max_tokens: int) -> str:
        """Return the whole answer at temperature 0. Raises the error tree."""
        body = _body(model, question, max_tokens)
        for left in reversed(range(_MOST_TRIES)):
            try:
                answer = self._client.call("POST", "/v1/chat/completions", body=body)
                break
            except TooManyRequests:
                if not left:
                    raise
                time.sleep(1.0)
        choices = answer.get("choices") or [{}]  # an answer that is held for a person has none
        return str(choices[0].get("message", {}).get("content") or "")

    def stream(self, model: str, question: str, max_tokens: int) -> tuple[float, int]:
        """Return the seconds to the first token, and how many came. Raises `Unavailable`."""
        body = {**_body(model, question, max_tokens), "stream": True, "stream_options": {"include_usage": True}}
        begun = time.monotonic()
        first, tokens = 0.0, 0
        try:
            with self._http.stream("POST", "/v1/chat/completions", json=body) as response:
                if response.is_error:
                    raise Unavailable(_("The speed cannot be measured: HTTP {status}.", status=response.status_code))
                for line in response.iter_lines():
                    data = _event(line)
                    if data.get("choices") and not first:
                        first = time.monotonic() - begun
                    tokens = int((data.get("usage") or {}).get("completion_tokens") or tokens)
        except httpx.HTTPError as error:
            raise Unavailable(_("The speed cannot be measured: {reason}", reason=error)) from error
        return first, tokens


def _body(model: str, question: str, max_tokens: int) -> dict[str, Any]:
    messages = [{"role": "user", "content": question}]
    return {"model": model, "messages": messages, "max_tokens": max_tokens, "temperature": 0.0}


def _event(line: str) -> Mapping[str, Any]:
    if not line.startswith("data: {"):
        return {}
    data: dict[str, Any] = json.loads(line.removeprefix("data: "))
    return data


def _object_in(answer: str) -> dict[str, Any] | None:
    """Return the first JSON object in a text; models like to put a fence around it."""
    start = answer.find("{")
    if start < 0:
        return None
    try:
        found, _end = json.JSONDecoder().raw_decode(answer[start:])
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
