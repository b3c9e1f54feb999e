"""`appliance backup create | list | verify | restore | schedule | key create`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from appliance.cli.drawing import follow, print_table
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import json_option, key_password_option, new_key_password_option, read_password
from appliance.cli.session import Session, session_of
from appliance.core.messages import Message, _
from appliance.core.units import human_bytes

if TYPE_CHECKING:
    from appliance.operations.backups import BackupManifest, Restored


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(
        group, name="backup", help=str(_("Encrypted backups of the head node: make, check, restore, schedule."))
    )
    for add in (_create, _list, _verify, _restore, _schedule, _key):
        add(group)


def _file_argument() -> Any:  # noqa: ANN401 - typer's own type is private
    return typer.Argument(metavar="FILE", help=str(_("The backup.")))


def _identity_option() -> Any:  # noqa: ANN401 - as above
    return typer.Option(
        "--identity", metavar="FILE", help=str(_("The secret key that `appliance backup key create` wrote."))
    )


def _create(group: typer.Typer) -> None:
    @group.command("create", cls=LocalisedCommand, help=str(_("Make a backup, also while the appliance runs.")))
    def create(
        context: typer.Context,
        folder: Annotated[
            Path | None, typer.Option("--to", metavar="FOLDER", help=str(_("Where to; by default backup.folder.")))
        ] = None,
        recipient: Annotated[
            list[str] | None,
            typer.Option(
                "--recipient", metavar="KEY", help=str(_("Public key to encrypt to; by default backup.recipients."))
            ),
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.backups import create_backup

        session = session_of(context)
        (made,) = follow(create_backup(session.home, session.site, folder, tuple(recipient or ())), session.err)
        if as_json:
            session.print_json({
                "file": str(made.file), "size_bytes": made.size_bytes, "sha256": made.sha256,
                "removed": [str(path) for path in made.removed], "manifest": made.manifest.summary(),
            })  # fmt: skip
            return
        session.out.print(Text(str(made.file)), soft_wrap=True)
        _say(session, [_("{file} was removed: there are newer ones.", file=path.name) for path in made.removed])
        _warn_of_faults(session, made.manifest)


def _list(group: typer.Typer) -> None:
    @group.command("list", cls=LocalisedCommand, help=str(_("List the backups in a folder, newest first.")))
    def list_(
        context: typer.Context,
        folder: Annotated[
            Path | None, typer.Option("--in", metavar="FOLDER", help=str(_("Which; by default backup.folder.")))
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.backups import backups_in, folder_of

        session = session_of(context)
        found = backups_in(folder_of(session.site, folder))
        if as_json:
            rows = [
                {"file": str(one.file), "origin": one.origin, "created": one.created, "size_bytes": one.size_bytes}
                for one in found
            ]
            session.print_json({"backups": rows})
            return
        print_table(
            session.out,
            (_("Made (UTC)"), _("Size"), _("File")),
            ((one.created[:19].replace("T", " "), human_bytes(one.size_bytes), one.file.name) for one in found),
            whole=(0, 1, 2),
        )


def _verify(group: typer.Typer) -> None:
    @group.command(
        "verify", cls=LocalisedCommand, help=str(_("Read a whole backup and check it; nothing is restored."))
    )
    def verify(
        context: typer.Context,
        file: Annotated[Path, _file_argument()],
        identity: Annotated[Path, _identity_option()],
        password_file: Annotated[Path | None, key_password_option()] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.backups import read_identity, verify_backup

        session = session_of(context)
        key = read_identity(identity, read_password(password_file))
        (manifest,) = follow(verify_backup(file, key), session.err)
        if as_json:
            session.print_json(manifest.summary())
            return
        told = _(
            "Whole: {created}, version {version}; documents: {documents}, files of batches: {files}, rows: {rows}.",
            created=manifest.created, version=manifest.appliance, documents=manifest.documents, files=manifest.files,
            rows=sum(manifest.rows.values()),
        )  # fmt: skip
        session.out.print(Text(str(told), style="green"), soft_wrap=True)
        _warn_of_faults(session, manifest)


def _restore(group: typer.Typer) -> None:
    @group.command(
        "restore", cls=LocalisedCommand, help=str(_("Put a backup in place of this home's state, all or nothing."))
    )
    def restore(
        context: typer.Context,
        file: Annotated[Path, _file_argument()],
        identity: Annotated[Path, _identity_option()],
        password_file: Annotated[Path | None, key_password_option()] = None,
        replace: Annotated[
            bool, typer.Option("--replace", help=str(_("The home need not be empty: what is there is kept aside.")))
        ] = False,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.backups import read_identity, restore_backup

        session = session_of(context)
        key = read_identity(identity, read_password(password_file))
        (done,) = follow(restore_backup(session.home, file.absolute(), key, replace=replace), session.err)
        if as_json:
            session.print_json({
                "manifest": done.manifest.summary(), "aside": None if done.aside is None else str(done.aside),
                "lost": done.lost, "missing_packages": [one.model_dump(mode="json") for one in done.missing],
                "outside": [{"place": place, "copy": str(copy)} for place, copy in done.outside],
            })  # fmt: skip
            return
        session.out.print(
            Text(str(_("The state of {created} is in place.", created=done.manifest.created)), style="green")
        )
        _say(session, _what_is_left(done))
        _warn_of_faults(session, done.manifest)


def _schedule(group: typer.Typer) -> None:
    @group.command(
        "schedule", cls=LocalisedCommand, help=str(_("Back up every day: write systemd's units, or tell cron's line."))
    )
    def schedule(
        context: typer.Context,
        folder: Annotated[
            Path | None,
            typer.Option("--write", metavar="FOLDER", help=str(_("Where to; by default systemd's own folder."))),
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.backups import UNIT, UNIT_FOLDER, make_schedule, systemd_runs, write_units

        session = session_of(context)
        made = make_schedule(session.home, session.site)
        to_cron = folder is None and not systemd_runs()
        written = () if to_cron else write_units(made, folder or UNIT_FOLDER)
        if as_json:
            session.print_json({"written": [str(path) for path in written], "cron": made.cron})
            return
        if to_cron:
            _say(session, [_("systemd does not run here. Add this line with `crontab -e`:")])
            typer.echo(made.cron)
            return
        for path in written:
            typer.echo(str(path))
        command = f"systemctl daemon-reload && systemctl enable --now {UNIT}.timer"
        _say(session, [_("Switch it on: {command}", command=command)])


def _key(group: typer.Typer) -> None:
    keys = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    group.add_typer(keys, name="key", help=str(_("The key that backups are encrypted to.")))

    @keys.command("create", cls=LocalisedCommand, help=str(_("Make a key; its secret half goes to one file only.")))
    def create(
        context: typer.Context,
        file: Annotated[Path, typer.Argument(metavar="FILE", help=str(_("Where the secret key is written.")))],
        password_file: Annotated[Path | None, new_key_password_option()] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.backups import create_backup_key

        session = session_of(context)
        recipient = create_backup_key(session.home, session.site, file.absolute(), read_password(password_file))
        if as_json:
            session.print_json({"recipient": recipient, "file": str(file.absolute())})
            return
        typer.echo(recipient)
        _say(session, [
            _("Put this public key into backup.recipients in {file}.", file=session.home.site_file),
            _("Take {file} away from this machine and keep it twice: without it no backup can be opened.", file=file),
        ])  # fmt: skip


def _what_is_left(done: "Restored") -> Iterable[Message]:
    if done.aside is not None:
        yield _("What was there before is in {folder}; delete it when it is not needed.", folder=done.aside)
    yield _(
        "Keys and tokens that were revoked after {created} are good again: revoke them again.",
        created=done.manifest.created,
    )
    if done.lost:
        rows = ", ".join(f"{table} {count}" for table, count in done.lost.items())
        yield _("Rows that were there and are not in the backup: {rows}.", rows=rows)
    for one in done.missing:
        yield _("Install again: {kind} {name} {version}", kind=one.kind, name=one.name, version=one.version)
    for place, copy in done.outside:
        yield _("Outside the home: put {copy} to {place}, or name it in the site file.", copy=copy, place=place)
    yield _("Start with `appliance up`: the search indexes are made again from the documents.")


def _warn_of_faults(session: Session, manifest: "BackupManifest") -> None:
    for name in manifest.faults:
        told = _("The database names the file {file}, which was missing or altered already.", file=name)
        session.err.print(Text(str(told), style="bold red"), soft_wrap=True)


def _say(session: Session, told: Iterable[Message]) -> None:
    for message in told:
        session.err.print(Text(str(message)), soft_wrap=True)
