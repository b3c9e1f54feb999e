"""How models, versions and packages are put into columns and facts."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from appliance.core.messages import Message, _
from appliance.core.status import ApplianceStatus
from appliance.core.units import human_bytes
from appliance.tui import figures
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.models_source import Here, ServedModel, Slot, Version
from appliance.tui.widgets.listing import Column
from appliance.tui.words import STATES, StateMark

if TYPE_CHECKING:
    from appliance.operations.model_facts import Measured, VersionFacts
    from appliance.operations.package_facts import InstalledPackage
    from appliance.packages.signed.store import Release

SLOTS: dict[Slot, StateMark] = {
    "stable": StateMark("●", _("serves"), "$text-success"),
    "candidate": StateMark("◐", _("candidate"), "$text-warning"),
    "previous": StateMark("○", _("before"), MUTED),
}
VERSION_STATES: dict[str, Message] = {
    "ready": _("ready"),
    "starting": _("starting"),
    "stopped": _("stopped"),
}
KINDS: dict[str, Message] = {
    "model": _("model"),
    "scenario": _("scenario"),
    "lexicon": _("lexicon"),
    "platform": _("platform"),
}
MODEL_KINDS: dict[str, Message] = {"chat": _("chat model"), "embedding": _("embedding model")}


@dataclass(frozen=True)
class ModelRow:
    """A model with its state and with what is known of its version here."""

    model: ServedModel
    state: StateMark | None
    facts: "VersionFacts | None"


@dataclass(frozen=True)
class VersionRow:
    """One version of a model."""

    version: Version
    facts: "VersionFacts | None"
    others: int | None = None
    """Percent of all requests that go to the candidate instead; None for who is not told of candidates."""


def model_row(model: ServedModel, status: ApplianceStatus | None, here: Here | None) -> ModelRow:
    """Return the row of a model."""
    applications = () if status is None else status.applications
    states = [one.state for one in applications if one.name == model.id and one.kind in ("model", "embedding")]
    return ModelRow(model, STATES[states[0]] if states else None, facts_of(here, model.id, model.label))


def version_rows(model: ServedModel, here: Here | None) -> dict[str, VersionRow]:
    """Return the versions of a model by slot: what serves, the candidate, the one before."""
    found = [(slot, model.get(slot)) for slot in SLOTS]
    candidate = model.get("candidate")
    others = 0 if candidate is None else candidate.share
    rows: dict[str, VersionRow] = {
        slot: VersionRow(one, facts_of(here, model.id, one.label), others) for slot, one in found if one is not None
    }
    if not rows and model.version is not None:  # those who may not manage models are told of what serves alone
        alone = Version(
            slot="stable", package=model.package, version=model.version,
            context_length=model.context_length, languages=model.languages,
        )  # fmt: skip
        rows["stable"] = VersionRow(alone, facts_of(here, model.id, alone.label))
    return rows


def facts_of(here: Here | None, alias: str, label: str) -> "VersionFacts | None":
    """Return what the machine knows of a version; None where the terminal runs elsewhere."""
    return None if here is None else here.facts.of(alias, label)


def right(measured: "Measured | None") -> str:
    """Return how many test questions were answered right."""
    return figures.UNKNOWN if measured is None else f"{measured.passed}/{measured.questions}"


def _measured(facts: "VersionFacts | None") -> "Measured | None":
    return None if facts is None else facts.figures


def _licence(facts: "VersionFacts | None") -> str:
    return figures.UNKNOWN if facts is None or facts.card is None else one_line(facts.card.licence)


def _short(model: ServedModel, version: Version | None) -> str:
    """Return a version without the package's name where that is the one that serves."""
    if version is None:
        return figures.UNKNOWN
    return one_line(version.version if version.package == model.package else version.label)


def _candidate(row: ModelRow) -> str:
    version = row.model.get("candidate")
    if version is None:
        return figures.UNKNOWN
    return f"{version.share} % {_short(row.model, version)}"


def share(row: VersionRow) -> str:
    """Return the part of the requests that goes to a version, with the tenants that all go there."""
    version = row.version
    if version.slot == "stable" and row.others is not None:
        return f"{100 - row.others} %"
    if version.slot != "candidate":
        return figures.UNKNOWN
    return one_line(", ".join((f"{version.share} %", *version.tenants)))


def since(version: Version) -> str:
    """Return from when on it stands in its slot."""
    try:
        return figures.day_and_time(datetime.fromisoformat(version.since))
    except ValueError:
        return figures.UNKNOWN


def _state(row: ModelRow, language: str) -> str:
    return figures.UNKNOWN if row.state is None else f"{row.state.shape} {row.state.word.render(language)}"


MODEL_COLUMNS = (
    Column[ModelRow](_("Model"), 9, lambda r, _l: one_line(r.model.id), style=lambda _r: "bold", grows=True),
    Column[ModelRow](_("State"), 10, _state, style=lambda r: "" if r.state is None else r.state.style),
    Column[ModelRow](_("Serves"), 17, lambda r, _l: one_line(r.model.label), grows=True),
    Column[ModelRow](_("Candidate"), 11, lambda r, _l: _candidate(r), grows=True),
    Column[ModelRow](_("Previous"), 9, lambda r, _l: _short(r.model, r.model.get("previous")), grows=True),
    Column[ModelRow](_("Right"), 6, lambda r, _l: right(_measured(r.facts)), align="right", rank=1),
    Column[ModelRow](_("Languages"), 9, lambda r, _l: one_line(", ".join(r.model.languages)), rank=2),
    Column[ModelRow](_("Licence"), 12, lambda r, _l: _licence(r.facts), rank=2),
)
VERSION_COLUMNS = (
    Column[VersionRow](
        _("Slot"),
        11,
        lambda r, language: f"{SLOTS[r.version.slot].shape} {SLOTS[r.version.slot].word.render(language)}",
        style=lambda r: SLOTS[r.version.slot].style,
    ),
    Column[VersionRow](_("Version"), 18, lambda r, _l: one_line(r.version.label), style=lambda _r: "bold", grows=True),
    Column[VersionRow](_("State"), 8, lambda r, language: VERSION_STATES[r.version.state].render(language), rank=1),
    Column[VersionRow](_("Share"), 7, lambda r, _l: share(r), grows=True),
    Column[VersionRow](_("Since"), 11, lambda r, _l: since(r.version), style=lambda _r: MUTED, rank=2),
    Column[VersionRow](_("Right"), 6, lambda r, _l: right(_measured(r.facts)), align="right"),
    Column[VersionRow](
        _("TTFT"), 7, lambda r, _l: figures.latency(m.ttft_p50_s if (m := _measured(r.facts)) else None), align="right"
    ),
    Column[VersionRow](
        _("Tok/s"),
        6,
        lambda r, _l: figures.per_second(m.tokens_per_s if (m := _measured(r.facts)) else None),
        align="right",
    ),
    Column[VersionRow](_("Licence"), 12, lambda r, _l: _licence(r.facts), rank=3),
)


def release_text(release: "Release | None") -> str:
    """Return e.g. `2026.2 (2)`: the version, and the number that is compared."""
    if release is None:
        return figures.UNKNOWN
    return one_line(f"{release.manifest.version} ({release.manifest.release_counter})")


def is_doubtful(package: "InstalledPackage") -> bool:
    """Tell whether it was signed with a key that is not trusted any more."""
    return package.signed_by is not None and not package.trusted


def _package_name(package: "InstalledPackage") -> str:
    return one_line(f"▲ {package.name}" if is_doubtful(package) else package.name)


PACKAGE_COLUMNS = (
    Column["InstalledPackage"](_("Kind"), 8, lambda p, language: KINDS[p.kind].render(language)),
    Column["InstalledPackage"](_("Name"), 14, lambda p, _l: _package_name(p), style=lambda _p: "bold", grows=True),
    Column["InstalledPackage"](_("In use"), 12, lambda p, _l: release_text(p.used), grows=True),
    Column["InstalledPackage"](_("Kept beside"), 12, lambda p, _l: release_text(p.kept), grows=True),
    Column["InstalledPackage"](
        _("Size"), 10, lambda p, _l: human_bytes(p.shown.manifest.total_unpacked), align="right"
    ),
    Column["InstalledPackage"](_("Licence"), 11, lambda p, _l: one_line(p.shown.manifest.licence), rank=2),
    Column["InstalledPackage"](_("Signed by"), 16, lambda p, _l: p.signed_by or figures.UNKNOWN, rank=1),
)


def version_facts(row: VersionRow, language: str) -> list[tuple[Message, str]]:
    """Return what is known of a version, for somebody who has to decide about it."""
    version, facts = row.version, row.facts
    card = None if facts is None else facts.card
    measured = _measured(facts)
    rows: list[tuple[Message, str]] = [
        (_("Model"), "" if card is None else one_line(card.title)),
        (_("Weak at"), "" if card is None else one_line(dict[str, str](**card.weaknesses).get(language, ""))),
        (_("Languages"), one_line(", ".join(version.languages))),
        (_("Licence"), "" if card is None else one_line(card.licence)),
        (
            _("Longest request"),
            _("{count} tokens, with the answer", count=f"{version.context_length:,}").render(language),
        ),
    ]
    if card is not None:
        size = _("{parameters} million parameters, {size} of weights",
                 parameters=f"{card.parameters / 1e6:,.0f}", size=human_bytes(card.weights_bytes))  # fmt: skip
        rows.append((_("Size"), size.render(language)))
    if version.slot == "candidate":
        rows.append((_("Share"), _share_told(version).render(language)))
    if measured is not None:
        rows.append((_("Measured"), _measured_told(measured).render(language)))
        rows.append((_("Wrong answers"), one_line(", ".join(measured.failed))))
    elif facts is not None:
        rows.append((_("Measured"), _("not yet; promoting measures it first").render(language)))
    if facts is not None and facts.folder is None:
        rows.append((_("Files"), _("▲ not kept here any more: nobody can go back to it").render(language)))
    rows.append((_("Changed"), one_line(f"{since(version)}  {version.by}")))
    return rows


def _share_told(version: Version) -> Message:
    if version.tenants:
        return _(
            "{share} % of all, and all of {tenants}", share=version.share, tenants=one_line(", ".join(version.tenants))
        )
    return _("{share} % of all; the others go to the version that serves", share=version.share)


def _measured_told(measured: "Measured") -> Message:
    return _(
        "{passed} of {questions} test questions right; first token after {ttft}, {rate} tokens/s for four at once "
        "({day})",
        passed=measured.passed, questions=measured.questions, ttft=figures.latency(measured.ttft_p50_s),
        rate=figures.per_second(measured.tokens_per_s), day=measured.measured_at[:10],
    )  # fmt: skip
