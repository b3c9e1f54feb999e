"""`appliance package …`: signed packages of models, scenarios and lexicons."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from appliance.cli.commands.models import no_gate_option, questions_option, replace_option
from appliance.cli.commands.platform import add_build_platform, database_saved_option, roll_back_platform
from appliance.cli.drawing import follow, print_table
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import (
    approval_option,
    json_option,
    key_password_option,
    new_key_password_option,
    read_password,
)
from appliance.cli.session import Session, session_of
from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _
from appliance.core.units import human_bytes

if TYPE_CHECKING:
    from appliance.operations.packages import Inspected
    from appliance.packages.signed.manifest import Manifest
    from appliance.packages.signed.store import Release


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(
        group, name="package", help=str(_("Signed packages: build, look into, install, go back, remove, export."))
    )
    for add in (_build, _inspect, _verify, _install, _list, _rollback, _remove, _export, _keygen, _trust, _distrust):
        add(group)
    add_build_platform(group)


def _build(group: typer.Typer) -> None:
    @group.command("build", cls=LocalisedCommand, help=str(_("Make a signed package of the files in a folder.")))
    def build(
        context: typer.Context,
        kind: Annotated[str, typer.Argument(metavar="KIND", help=str(_("model, scenario, lexicon or platform.")))],
        folder: Annotated[Path, typer.Argument(metavar="FOLDER", help=str(_("The folder that is packed.")))],
        key: Annotated[Path, typer.Option("--key", metavar="FILE", help=str(_("The secret key that signs it.")))],
        name: Annotated[str, typer.Option(help=str(_("Name of what is in it.")))],
        version: Annotated[str, typer.Option(help=str(_("Version, as people read it.")))],
        release: Annotated[int, typer.Option(help=str(_("Number that grows with each release.")))],
        output: Annotated[Path, typer.Option("--output", metavar="FILE", help=str(_("The file that is written.")))],
        licence: Annotated[str, typer.Option(help=str(_("SPDX name of the licence.")))] = "LicenseRef-Proprietary",
        source: Annotated[str, typer.Option(help=str(_("Where the content comes from.")))] = "-",
        expires: Annotated[
            str | None, typer.Option(metavar="DATE", help=str(_("Last day on which it may be installed.")))
        ] = None,
        alias: Annotated[
            str | None, typer.Option(metavar="ALIAS", help=str(_("Alias that a model is meant for, such as finance.")))
        ] = None,
        password_file: Annotated[Path | None, key_password_option()] = None,
    ) -> None:
        from appliance.operations import packages as operation
        from appliance.packages.signed.building import Wish

        session = session_of(context)
        wish = Wish(
            operation.kind_of(kind), name, version, release, licence, source,
            None if expires is None else operation.parse_day(expires), alias=alias,
        )  # fmt: skip
        follow(operation.build(wish, folder, key, read_password(password_file), output.absolute()), session.err)
        _say(session, _("{file} is built and signed.", file=output))


def _inspect(group: typer.Typer) -> None:
    @group.command(
        "inspect", cls=LocalisedCommand, help=str(_("Show what a package says of itself, and who signed it."))
    )
    def inspect(
        context: typer.Context,
        file: Annotated[Path, typer.Argument(metavar="FILE", help=str(_("Package, or file of several.")))],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        _look(session_of(context), file, whole=False, as_json=as_json)


def _verify(group: typer.Typer) -> None:
    @group.command("verify", cls=LocalisedCommand, help=str(_("Check every byte of a package; nothing is installed.")))
    def verify(
        context: typer.Context,
        file: Annotated[Path, typer.Argument(metavar="FILE", help=str(_("Package, or file of several.")))],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        _look(session_of(context), file, whole=True, as_json=as_json)


def _look(session: Session, file: Path, *, whole: bool, as_json: bool) -> None:
    from appliance.operations import packages as operation

    found = follow(operation.inspect(session.home, session.site, file, whole), session.err)
    if as_json:
        session.print_json({"packages": [_inspected(one, session.language) for one in found]})
        return
    for one in found:
        for heading, value in _facts(one):
            session.out.print(Text.assemble((f"{heading}: ", "bold"), str(value)))
        session.out.print()


def _install(group: typer.Typer) -> None:
    @group.command("install", cls=LocalisedCommand, help=str(_("Check a package and put it in use.")))
    def install(
        context: typer.Context,
        file: Annotated[Path, typer.Argument(metavar="FILE", help=str(_("Package, or file of several.")))],
        stage_only: Annotated[bool, _stage_only_option()] = False,
        no_gate: Annotated[bool, no_gate_option()] = False,
        replace: Annotated[bool, replace_option()] = False,
        questions: Annotated[Path | None, questions_option()] = None,
        database_saved: Annotated[bool, database_saved_option()] = False,
        approval: Annotated[str, approval_option()] = "",
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations import packages as operation
        from appliance.operations.going_live import Going

        session = session_of(context)
        going = Going(stage_only, not no_gate, replace, questions, approval)
        news = operation.install(session.home, session.site, file, going, database_saved=database_saved)
        releases = _releases(follow(news, session.err))
        if as_json:
            session.print_json({"packages": [_release(one) for one in releases]})
        for one in releases if not as_json else ():
            _say(session, _("{title} is installed.", title=one.manifest.title))


def _stage_only_option() -> Any:  # noqa: ANN401 - typer's own type is private
    told = _("Start a model that is served beside the version that serves, and send it nothing yet.")
    return typer.Option("--stage-only", help=str(told))


def _releases(results: Iterable[object]) -> "list[Release]":
    from appliance.packages.signed.store import Release

    return [one for one in results if isinstance(one, Release)]


def _list(group: typer.Typer) -> None:
    @group.command(
        "list", cls=LocalisedCommand, help=str(_("List the packages that are installed, and the one before."))
    )
    def list_(context: typer.Context, as_json: Annotated[bool, json_option()] = False) -> None:
        from appliance.operations.packages import installed

        session = session_of(context)
        releases = installed(session.home)
        if as_json:
            session.print_json({"packages": [_release(one) for one in releases]})
            return
        headings = (_("Kind"), _("Name"), _("Version"), _("Release"), _("State"), _("Size"), _("Licence"))
        print_table(session.out, headings, map(_row, releases), whole=(0, 1, 2, 3, 4))


def _rollback(group: typer.Typer) -> None:
    @group.command("rollback", cls=LocalisedCommand, help=str(_("Go back to the release before, or forward again.")))
    def rollback(
        context: typer.Context,
        kind: Annotated[str, typer.Argument(metavar="KIND", help=str(_("model, scenario, lexicon or platform.")))],
        name: Annotated[str, typer.Argument(metavar="NAME", help=str(_("Name of the package.")))],
        replace: Annotated[bool, replace_option()] = False,
        yes: Annotated[bool, typer.Option("--yes", help=str(_("Do not ask before data is lost.")))] = False,
        database_saved: Annotated[bool, database_saved_option()] = False,
        approval: Annotated[str, approval_option()] = "",
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations import packages as operation
        from appliance.operations.going_live import Going

        session = session_of(context)
        going = Going(gate=False, replace=replace, approval=approval)
        if kind == "platform":
            release = roll_back_platform(session, yes=yes, database_saved=database_saved)
        else:
            news = operation.rollback(session.home, session.site, operation.kind_of(kind), name, going)
            (release,) = _releases(follow(news, session.err))
        if as_json:
            session.print_json(_release(release))
        else:
            _say(session, _("{title} is in use.", title=release.manifest.title))


def _remove(group: typer.Typer) -> None:
    @group.command("remove", cls=LocalisedCommand, help=str(_("Remove a package with every release of it.")))
    def remove(
        context: typer.Context,
        kind: Annotated[str, typer.Argument(metavar="KIND", help=str(_("model, scenario, lexicon or platform.")))],
        name: Annotated[str, typer.Argument(metavar="NAME", help=str(_("Name of the package.")))],
    ) -> None:
        from appliance.operations import packages as operation

        session = session_of(context)
        operation.remove(session.home, session.site, operation.kind_of(kind), name)
        _say(session, _("The package {kind} {name} is removed.", kind=kind, name=name))


def _export(group: typer.Typer) -> None:
    @group.command("export", cls=LocalisedCommand, help=str(_("Write packages to one file, for a USB stick.")))
    def export(
        context: typer.Context,
        packages: Annotated[list[str], typer.Argument(metavar="KIND/NAME...", help=str(_("For example model/base.")))],
        output: Annotated[
            Path, typer.Option("--output", metavar="FILE", help=str(_(".lmab for one package, .lmabs for several.")))
        ],
    ) -> None:
        from appliance.operations import packages as operation

        session = session_of(context)
        names = []
        for text in packages:
            kind, _slash, name = text.partition("/")
            if not name:
                raise InvalidRequest(
                    _("{text} is not the name of a package.", text=ascii(text)), _("Write KIND/NAME, as model/base.")
                )
            names.append((operation.kind_of(kind), name))
        follow(operation.export(session.home, names, output.absolute()), session.err)
        _say(session, _("{file} is written.", file=output))


def _keygen(group: typer.Typer) -> None:
    @group.command("keygen", cls=LocalisedCommand, help=str(_("Make a pair of keys to sign packages with, elsewhere.")))
    def keygen(
        context: typer.Context,
        target: Annotated[Path, typer.Argument(metavar="FILE", help=str(_("Becomes FILE.key and FILE.pub.")))],
        password_file: Annotated[Path | None, new_key_password_option()] = None,
    ) -> None:
        from appliance.operations.packages import make_key

        session = session_of(context)
        key = make_key(target.absolute(), read_password(password_file))
        _say(session, _("The key {key} is made. Keep {file}.key away from appliances.", key=key.key_id, file=target))


def _trust(group: typer.Typer) -> None:
    @group.command("trust", cls=LocalisedCommand, help=str(_("Take packages signed with this key from now on.")))
    def trust(
        context: typer.Context,
        file: Annotated[Path, typer.Argument(metavar="FILE", help=str(_("The key's .pub file.")))],
    ) -> None:
        from appliance.operations import packages as operation

        session = session_of(context)
        key = operation.trust(session.home, session.site, file)
        _say(session, _("Packages signed with {key} are taken from now on.", key=key.key_id))

    @group.command("keys", cls=LocalisedCommand, help=str(_("List the keys whose packages are taken.")))
    def keys(context: typer.Context, as_json: Annotated[bool, json_option()] = False) -> None:
        from appliance.operations.packages import trusted

        session = session_of(context)
        found = trusted(session.home)
        if as_json:
            session.print_json({"keys": found})
        else:
            print_table(session.out, (_("Key"),), ((key,) for key in found))


def _distrust(group: typer.Typer) -> None:
    @group.command("distrust", cls=LocalisedCommand, help=str(_("Take no more packages signed with this key.")))
    def distrust(
        context: typer.Context,
        key_id: Annotated[str, typer.Argument(metavar="KEY", help=str(_("Id of the key.")))],
    ) -> None:
        from appliance.operations import packages as operation

        session = session_of(context)
        operation.distrust(session.home, session.site, key_id)
        _say(session, _("Packages signed with {key} are not taken any more.", key=key_id))


def _say(session: Session, message: Message) -> None:
    session.err.print(Text(str(message)))


def _row(release: "Release") -> tuple[object, ...]:
    manifest = release.manifest
    state = _("in use") if release.current else _("kept")
    size = human_bytes(manifest.total_unpacked)
    return (
        manifest.kind, manifest.name, manifest.version, manifest.release_counter, state, size, manifest.licence,
    )  # fmt: skip


def _facts(one: "Inspected") -> Iterable[tuple[Message, object]]:
    manifest = one.manifest
    yield _("Package"), manifest.title
    yield _("Release"), manifest.release_counter
    yield _("Signed with"), one.signed_by
    yield _("Made"), manifest.created.isoformat()
    yield _("To be installed before"), manifest.expires.isoformat() if manifest.expires else "–"
    yield _("Licence"), manifest.licence
    yield _("Source"), manifest.source
    yield _("Files"), f"{len(manifest.files)}, {human_bytes(manifest.total_unpacked)}"
    yield _("Fits this machine"), _("yes") if one.fault is None else one.fault


def _manifest(manifest: "Manifest") -> dict[str, Any]:
    return manifest.model_dump(mode="json", by_alias=True, exclude={"files"}) | {"files": len(manifest.files)}


def _release(release: "Release") -> dict[str, Any]:
    return {**_manifest(release.manifest), "current": release.current}


def _inspected(one: "Inspected", language: str) -> dict[str, Any]:
    fault = None if one.fault is None else one.fault.render(language)
    return {"file": one.file, **_manifest(one.manifest), "signed_by": one.signed_by, "fault": fault}
