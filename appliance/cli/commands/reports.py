"""`appliance reports start | sample | status | answer | submit | download | delete`; more is in `reports_papers`."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from appliance.cli.commands import reports_papers
from appliance.cli.commands.reports_papers import print_folder, print_lines, with_desk
from appliance.cli.drawing import print_table
from appliance.cli.exit_codes import ExitCode
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import json_option
from appliance.cli.session import Session, session_of
from appliance.core.messages import _

if TYPE_CHECKING:
    from appliance.operations.reports import ReportDesk

Json = dict[str, Any]


class Format(StrEnum):
    """What a report can be had as."""

    DOCX = "docx"
    PDF = "pdf"
    MD = "md"
    HTML = "html"
    EVIDENCE = "evidence"
    EVIDENCE_HTML = "evidence-html"


_ENDINGS = {"evidence": "evidence.json", "evidence-html": "evidence.html"}


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(group, name="reports", help=str(_("Reports from folders of papers, by the scenario reports.")))
    reports_papers.register(group)
    _register_start(group)
    _register_sample(group)
    _register_status(group)
    _register_answer(group)
    _register_submit(group)
    _register_download(group)
    _register_delete(group)


def _wait_option() -> Any:  # noqa: ANN401 - typer's own type is private
    return typer.Option("--wait", help=str(_("Wait until it is done, and show how far it is.")))


def _template_option() -> Any:  # noqa: ANN401
    return typer.Option("--template", help=str(_("Which report; `templates` lists them.")))


def _language_option() -> Any:  # noqa: ANN401
    return typer.Option("--report-language", help=str(_("zh_CN or en.")))


def _register_start(group: typer.Typer) -> None:
    @group.command("start", cls=LocalisedCommand, help=str(_("Start a report from a folder.")))
    def start(
        context: typer.Context,
        folder: Annotated[str, typer.Argument(metavar="FOLDER", help=str(_("Id of the folder.")))],
        template: Annotated[str, _template_option()],
        language: Annotated[str, _language_option()] = "zh_CN",
        subject: Annotated[str, typer.Option("--subject", help=str(_("Whom it is about.")))] = "",
        as_of: Annotated[
            datetime | None,
            typer.Option(
                "--as-of", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help=str(_("The day that it is made for."))
            ),
        ] = None,
        phrase: Annotated[
            bool, typer.Option("--phrase", help=str(_("Let the chat model phrase it, if it is capable.")))
        ] = False,
        wait: Annotated[bool, _wait_option()] = False,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        request: Json = {"folder": folder, "template": template, "language": language, "subject": subject}
        request |= {"phrase": phrase, **({"as_of": as_of.date().isoformat()} if as_of else {})}
        told = with_desk(context, lambda desk: desk.start(request))
        _tell(context, told, wait=wait, as_json=as_json)


def _register_sample(group: typer.Typer) -> None:
    @group.command("sample", cls=LocalisedCommand, help=str(_("A made-up company's papers; with a template a report.")))
    def sample(
        context: typer.Context,
        name: Annotated[
            str, typer.Argument(metavar="SAMPLE", help=str(_("company-1 to company-20, fund, market, aml …")))
        ] = "company-3",
        template: Annotated[str | None, _template_option()] = None,
        language: Annotated[str, _language_option()] = "zh_CN",
        wait: Annotated[bool, _wait_option()] = False,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        session = session_of(context)
        folder = with_desk(context, lambda desk: desk.sample_folder(name, language))
        if template is not None:
            request: Json = {"folder": folder["id"], "template": template, "language": language}
            _tell(context, with_desk(context, lambda desk: desk.start(request)), wait=wait, as_json=as_json)
        elif as_json:
            session.print_json(folder)
        else:
            print_folder(session, folder)


def _register_status(group: typer.Typer) -> None:
    @group.command("status", cls=LocalisedCommand, help=str(_("How far a report is; without an id all are listed.")))
    def status(
        context: typer.Context,
        job: Annotated[str | None, typer.Argument(metavar="JOB", help=str(_("Id of the job.")))] = None,
        wait: Annotated[bool, _wait_option()] = False,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        session = session_of(context)
        if job is not None:
            known = job
            _tell(context, with_desk(context, lambda desk: desk.job(known)), wait=wait, as_json=as_json)
            return
        rows = with_desk(context, lambda desk: desk.jobs())
        if as_json:
            session.print_json({"jobs": rows})
            return
        headings = (_("Job"), _("State"), _("Subject"), _("Since"), _("V."))
        print_table(session.out, headings, map(_job_cells, rows), whole=(0, 1, 3, 4))


def _register_answer(group: typer.Typer) -> None:
    @group.command(
        "answer", cls=LocalisedCommand, help=str(_("Answer what the papers do not say; the report is made again."))
    )
    def answer(
        context: typer.Context,
        job: Annotated[str, _job_argument()],
        answers: Annotated[
            list[str], typer.Argument(metavar="QUESTION=TEXT …", help=str(_("Answers by id of the question.")))
        ],
        wait: Annotated[bool, _wait_option()] = False,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.reports import read_answers

        given = read_answers(answers)
        _tell(context, with_desk(context, lambda desk: desk.answer(job, given)), wait=wait, as_json=as_json)


def _register_submit(group: typer.Typer) -> None:
    @group.command("submit", cls=LocalisedCommand, help=str(_("Submit the newest version to the reviewers.")))
    def submit(
        context: typer.Context, job: Annotated[str, _job_argument()], as_json: Annotated[bool, json_option()] = False
    ) -> None:
        session = session_of(context)
        told = with_desk(context, lambda desk: desk.submit(job))
        if as_json:
            session.print_json(told)
            return
        text = _(
            "Version {number} waits for a reviewer as {id}.", number=told["version"], id=told["sign_off"]["review"]
        )  # fmt: skip
        session.out.print(Text(str(text)), soft_wrap=True)


def _register_download(group: typer.Typer) -> None:
    @group.command("download", cls=LocalisedCommand, help=str(_("Get a report as a file.")))
    def download(
        context: typer.Context,
        job: Annotated[str, _job_argument()],
        form: Annotated[Format, typer.Option("--format", help=str(_("As what.")))] = Format.DOCX,
        file: Annotated[
            Path | None, typer.Option("--file", metavar="FILE", help=str(_("Where to; JOB.ENDING by default.")))
        ] = None,
        version: Annotated[int | None, typer.Option("--version", min=1, help=str(_("Not the newest one.")))] = None,
        draft: Annotated[
            bool, typer.Option("--draft", help=str(_("Also unsigned, marked on every page; for supervisors.")))
        ] = False,
        comments: Annotated[
            bool | None,
            typer.Option("--comments/--no-comments", help=str(_("With people's remarks; else unless it is signed."))),
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.reports import write_file

        session = session_of(context)
        path = file or Path(f"{job}.{_ENDINGS.get(form.value, form.value)}")
        content = with_desk(context, lambda desk: desk.file(job, form.value, version, draft=draft, comments=comments))
        write_file(path, content)
        if as_json:
            session.print_json({"file": str(path), "bytes": len(content)})
            return
        session.out.print(Text(str(_("Written: {path}", path=path)), style="cyan"), soft_wrap=True)


def _register_delete(group: typer.Typer) -> None:
    @group.command("delete", cls=LocalisedCommand, help=str(_("End a job and delete all that came of it.")))
    def delete(
        context: typer.Context, job: Annotated[str, _job_argument()], as_json: Annotated[bool, json_option()] = False
    ) -> None:
        session = session_of(context)
        told = with_desk(context, lambda desk: desk.delete(job))
        if as_json:
            session.print_json(told)
            return
        session.out.print(Text(str(_("{id} is deleted.", id=told["id"]))), soft_wrap=True)


def _job_argument() -> Any:  # noqa: ANN401 - typer's own type is private
    return typer.Argument(metavar="JOB", help=str(_("Id of the job.")))


def _tell(context: typer.Context, told: Json, *, wait: bool, as_json: bool) -> None:
    """Print a job, with `wait` once it has ended; the exit code tells of one that has failed."""
    session = session_of(context)
    if wait:
        told = with_desk(context, lambda desk: _followed(session, desk, str(told["id"])))
    if as_json:
        session.print_json(told)
    else:
        print_lines(session, _job_lines(told))
        print_lines(session, [told["error"]] if told.get("error") else [], "red")
    if told["state"] == "failed":
        raise typer.Exit(ExitCode.CHECKS_FAILED)


def _followed(session: Session, desk: "ReportDesk", job: str) -> Json:
    told: Json = {}
    shown = ""
    for told in desk.follow(job):
        line = ", ".join(f"{one['name']} {one['done']}/{one['total']}" for one in told["steps"])
        if line != shown:
            session.err.print(Text(line, style="dim"), soft_wrap=True)
            shown = line
    return told


def _job_lines(told: Json) -> Iterable[str]:
    yield str(
        _("Job {id}: {state}, version {version}", id=told["id"], state=told["state"], version=told["version"] or "—")
    )
    yield f"{told['title']} · {told['subject'] or '—'} · {told['as_of']}"
    for one in told["steps"]:
        yield f"  {one['name']}: {one['done']}/{one['total']}{_seconds(one['seconds'])}"
    for one in told["sections"]:
        yield f"  § {one['title']}: {one['state']}{_seconds(one['seconds'])}{_because(one['fault'])}"
    for one in told["documents"]:
        if one["fault"]:
            yield f"  ! {one['name']}{_because(one['fault'])}"
    for one in told["questions"]:
        choices = f" [{' / '.join(one['choices'])}]" if one["choices"] else ""
        yield f"  ? {one['id']}: {one['text']}{choices}"
    yield str(
        _("Contradictions {conflicts}, missing {gaps}, open questions {questions}",
          conflicts=len(told["conflicts"]), gaps=len(told["gaps"]), questions=len(told["questions"]))
    )  # fmt: skip
    if told["sign_off_required"]:
        status = told["sign_off"]["status"] if told["sign_off"] else "—"
        yield str(_("Signature: {status}", status=status))


def _seconds(value: float | None) -> str:
    return "" if value is None else f" · {value:.1f} s"


def _because(fault: str | None) -> str:
    return f" · {fault}" if fault else ""


def _job_cells(row: Json) -> tuple[object, ...]:
    about = " · ".join(filter(None, (row["template"], row["subject"])))
    return row["id"], row["state"], about, str(row["created_at"])[5:16].replace("T", " "), row["version"] or "—"
