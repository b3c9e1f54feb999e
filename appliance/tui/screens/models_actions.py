"""What can be done to models: each with the question that names the thing, and the same command."""

from collections.abc import Sequence

from appliance.core.messages import Message, _
from appliance.tui import figures
from appliance.tui.acting import Task, Tell
from appliance.tui.drawing import one_line
from appliance.tui.models_source import Here, ModelsSource, ServedModel, Version
from appliance.tui.screens.models_doing import at_once, followed, followed_news, word


def roll_back(source: ModelsSource, model: ServedModel, here: Here | None, language: str) -> Task:
    """Return the task that lets the version before serve again."""
    now, then = model.get("stable"), model.get("previous")
    assert then is not None, "the key is there only where a version before is"
    warning = None
    if here is not None and here.facts.of(model.id, then.label).folder is None:
        warning = _("The files of {version} are not kept here any more: this will be refused.", version=then.label)
    return Task(
        title=_("Roll back {alias}", alias=model.id),
        named=_(
            "Now {now} serves. The change needs no pause: requests that have begun end where they are.",
            now=_label(now),
        ),
        question=_("Let {version} serve {alias} again?", version=_label(then), alias=model.id),
        warning=warning,
        command=f"appliance model rollback {word(model.id)}",
        work=followed(source, lambda work: work.roll_back(model.id), _serves(model.id, then, here), language),
    )


def promote(source: ModelsSource, model: ServedModel, here: Here | None, language: str) -> Task:
    """Return the task that lets the candidate serve everybody, behind the gate."""
    now, then = model.get("stable"), model.get("candidate")
    assert then is not None, "the key is there only where a candidate is"

    async def do(tell: Tell) -> Message:
        others = await followed_news(source, lambda work: work.promote(model.id), tell, language)
        return _measured(others, _serves(model.id, then, here))

    return Task(
        title=_("Promote {alias}", alias=model.id),
        named=_(
            "Both versions answer test questions first, and their speed is measured (some minutes). Where {version} is "
            "worse than {now}, nothing is changed.",
            version=_label(then), now=_label(now),
        ),
        question=_("Let {version} serve everybody who asks for {alias}?", version=_label(then), alias=model.id),
        command=f"appliance model promote {word(model.id)}",
        work=do,
    )  # fmt: skip


def stage(source: ModelsSource, alias: str, name: str, label: str, language: str, *, replace: bool) -> Task:
    """Return the task that starts a version beside what serves, or in its place."""
    question = _("Start {version} as the candidate of {alias}?", version=label, alias=alias)
    named, warning = _("What serves goes on. Nobody is sent to the candidate before you say so."), None
    said = _("{version} is the candidate of {alias}. Send it a part of the requests, or promote it.",
             version=label, alias=alias)  # fmt: skip
    if replace:
        question = _("Stop what serves {alias}, and start {version} in its place?", version=label, alias=alias)
        named = _("Where {version} does not start, what served before is started again.", version=label)
        warning = _("Until it has started, callers of {alias} are told to come back later (503).", alias=alias)
        said = _("{version} serves {alias}.", version=label, alias=alias)
    return Task(
        title=_("New version of {alias}", alias=alias),
        named=named,
        question=question,
        warning=warning,
        command=f"appliance model stage {word(alias)} {word(name)}" + (" --replace" if replace else ""),
        work=followed(source, lambda work: work.stage(alias, name, replace=replace), said, language),
    )


def split(source: ModelsSource, model: ServedModel, percent: int, tenants: Sequence[str], language: str) -> Task:
    """Return the task that sends a part of the requests to the candidate."""
    candidate = model.get("candidate")
    assert candidate is not None, "the key is there only where a candidate is"
    named = None
    if tenants:
        named = _("Besides, all requests of {tenants} and of those below.", tenants=one_line(", ".join(tenants)))
    said = _("{version} gets {percent} % of the requests for {alias}.",
             version=_label(candidate), percent=percent, alias=model.id)  # fmt: skip
    return Task(
        title=_("A/B split of {alias}", alias=model.id),
        named=named,
        question=_(
            "Send {percent} % of the requests for {alias} to {version}?",
            percent=percent, alias=model.id, version=_label(candidate),
        ),
        command=split_command(model.id, str(percent), tenants),
        work=at_once(source, lambda work: work.split(model.id, percent, tenants), said, language),
    )  # fmt: skip


def split_command(alias: str, percent: str, tenants: Sequence[str]) -> str:
    """Return the command that splits."""
    named = "".join(f" --tenant {word(tenant)}" for tenant in tenants)
    return f"appliance model split {word(alias)} {percent}{named}"


def drop(source: ModelsSource, model: ServedModel, language: str) -> Task:
    """Return the task that stops the candidate."""
    candidate = model.get("candidate")
    assert candidate is not None, "the key is there only where a candidate is"
    said = _("{version} is stopped.", version=_label(candidate))
    return Task(
        title=_("Drop the candidate of {alias}", alias=model.id),
        named=_("{version} goes on serving.", version=_label(model.get("stable"))),
        question=_("Stop {version}, the candidate of {alias}?", version=_label(candidate), alias=model.id),
        command=f"appliance model drop {word(model.id)}",
        work=followed(source, lambda work: work.drop(model.id), said, language),
    )


def _measured(others: Sequence[object], said: Message) -> Message:
    from appliance.operations.acceptance import Acceptance

    found = next((one for one in others if isinstance(one, Acceptance)), None)
    if found is None:
        return said
    new, old = found.candidate, found.stable
    return _(
        "{said} {new} of {count} test questions right, before {old}; {rate} tokens/s, before {slower}.",
        said=said, new=new.passed, count=new.questions, old=old.passed,
        rate=figures.per_second(new.tokens_per_s), slower=figures.per_second(old.tokens_per_s),
    )  # fmt: skip


def _serves(alias: str, version: Version, here: Here | None) -> Message:
    """Say what serves now; where the site file names another package, that the next start takes that one."""
    declared = None if here is None else here.facts.declared.get(alias)
    if declared is None or declared == version.package:
        return _("{version} serves {alias}.", version=_label(version), alias=alias)
    return _(
        "{version} serves {alias}. site.yaml names the package {declared}: write {package} there, or the next start "
        "takes {declared}.",
        version=_label(version), alias=alias, declared=declared, package=version.package,
    )  # fmt: skip


def _label(version: Version | None) -> str:
    return figures.UNKNOWN if version is None else one_line(version.label)
