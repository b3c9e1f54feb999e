"""What can be done to packages: each with the question that names the thing, and the same command."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.core.messages import Message, _
from appliance.core.units import human_bytes
from appliance.tui.acting import Task
from appliance.tui.drawing import one_line
from appliance.tui.models_source import ModelsSource
from appliance.tui.screens.models_cells import KINDS, release_text
from appliance.tui.screens.models_doing import at_once, followed, word

if TYPE_CHECKING:
    from appliance.operations.package_facts import InstalledPackage
    from appliance.operations.setup.finding import FoundPackage
    from appliance.packages.signed.minisign import PublicKey


def install(
    source: ModelsSource, found: "FoundPackage", users: Sequence[str], language: str, *, stage_only: bool
) -> Task:
    """Return the task that checks a package and puts it in use; `users` are the aliases that it serves."""
    manifest, file = found.manifest, found.file
    title = title_of(found, language)
    warning = None
    if manifest is not None and manifest.kind == "platform":
        warning = _("The appliance stops and starts again. Where the new release fails, the one before comes back.")
    elif manifest is not None and manifest.kind == "scenario":
        warning = _("A scenario is a program: its maker's code runs on this machine.")
    named = _(
        "{file}, {size}: several packages, each checked by itself.",
        file=one_line(str(file)),
        size=human_bytes(found.size),
    )
    if manifest is not None:
        named = _(
            "Release {release}, {size}, licence {licence}, signed by {key}.",
            release=manifest.release_counter, size=human_bytes(manifest.total_unpacked),
            licence=one_line(manifest.licence), key=found.signed_by,
        )  # fmt: skip
    question = _("Install {title}?", title=title)
    if users:
        aliases = one_line(", ".join(users))
        question = _("Install {title}, and let it serve {aliases} once it has passed the test?",
                     title=title, aliases=aliases)  # fmt: skip
        if stage_only:
            question = _("Install {title}, and start it as the candidate of {aliases}?",
                         title=title, aliases=aliases)  # fmt: skip
    return Task(
        title=_("Install"),
        named=named,
        question=question,
        warning=warning,
        command=install_command(file, stage_only=stage_only),
        work=followed(
            source,
            lambda work: work.install(file, manifest, stage_only=stage_only),
            _("{title} is installed.", title=title),
            language,
        ),
    )


def title_of(found: "FoundPackage", language: str) -> str:
    """Return kind, name and version of a package, or the name of a file of several."""
    manifest = found.manifest
    if manifest is None:
        return one_line(found.file.name)
    return one_line(f"{KINDS[manifest.kind].render(language)} {manifest.name} {manifest.version}")


def install_command(file: Path, *, stage_only: bool) -> str:
    """Return the command that installs."""
    return f"appliance package install {'--stage-only ' if stage_only else ''}{word(str(file))}"


def roll_back_package(source: ModelsSource, package: "InstalledPackage", lost: Message | None, language: str) -> Task:
    """Return the task that puts the other release in use; `lost` is what goes away with that."""
    kind, name = KINDS[package.kind], one_line(package.name)
    return Task(
        title=_("Roll back {kind} {name}", kind=kind, name=name),
        named=_("Now release {now} is in use; it is kept.", now=release_text(package.used)),
        question=_(
            "Put release {then} of {kind} {name} in use?", then=release_text(package.kept), kind=kind, name=name
        ),
        warning=lost,
        command=f"appliance package rollback {package.kind} {word(package.name)}",
        work=followed(
            source,
            lambda work: work.roll_back_package(package),
            _("Release {then} of {name} is in use.", then=release_text(package.kept), name=name),
            language,
        ),
    )


def remove(source: ModelsSource, package: "InstalledPackage", language: str) -> Task:
    """Return the task that removes a package."""
    kind, name = KINDS[package.kind], one_line(package.name)
    return Task(
        title=_("Remove {kind} {name}", kind=kind, name=name),
        question=_("Remove {kind} {name} with every release of it?", kind=kind, name=name),
        warning=_(
            "Its files are deleted. It can be installed again only from its file, in this release or a newer one."
        ),
        command=f"appliance package remove {package.kind} {word(package.name)}",
        work=at_once(
            source,
            lambda work: work.remove(package.kind, package.name),
            _("The package {kind} {name} is removed.", kind=kind, name=name),
            language,
        ),
    )


def trust(source: ModelsSource, file: Path, key: "PublicKey", language: str) -> Task:
    """Return the task that takes packages of a maker from now on."""
    line = one_line(key.to_text().splitlines()[1])
    return Task(
        title=_("Trust the key {key}", key=key.key_id),
        named=_("The key in {file} is\n{line}", file=one_line(str(file)), line=line),
        question=_("Take every package that is signed with {key} from now on?", key=key.key_id),
        warning=_("Compare the key first with what its maker tells you by another way, for example by telephone."),
        command=f"appliance package trust {word(str(file))}",
        work=at_once(
            source,
            lambda work: work.trust(file, key.key_id),
            _("Packages signed with {key} are taken from now on.", key=key.key_id),
            language,
        ),
    )
