"""The entry point `appliance`: pick the language, build the commands, turn failures into exit codes."""

import io
import os
import sys
import traceback
from collections.abc import Mapping, Sequence

import typer
from rich.console import Console
from rich.text import Text

from appliance.cli.app import build_app
from appliance.cli.exit_codes import ExitCode, exit_code_for
from appliance.cli.localised import usage_error
from appliance.core.errors import ApplianceError
from appliance.core.messages import LANGUAGES, _, negotiate, set_language


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (`sys.argv` by default); return its exit code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    language = choose_language(arguments, os.environ)
    set_language(language)
    _never_fail_on_a_character()
    app = build_app(language)
    try:
        result = app(args=arguments, prog_name="appliance", standalone_mode=False)
    except ApplianceError as error:
        return _fail(error)
    except typer.TyperException as error:
        if not error.format_message():  # a bare group: its help page is printed already
            return ExitCode.USAGE
        return _fail(usage_error(error))
    except typer.Abort:
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the process boundary: a defect becomes exit code 1 and a sentence
        traceback.print_exc()
        _print_error(
            str(_("The command failed unexpectedly: {reason}", reason=f"{type(error).__name__}: {error}")),
            str(_("This is a defect: report it with the lines above.")),
        )
        return ExitCode.UNEXPECTED
    return result if isinstance(result, int) else ExitCode.OK


def choose_language(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the language of help and messages: `--language`, else that of the locale, else English.

    It is needed before the command line can be parsed, because the parser's help texts are in that language.
    """
    for position, argument in enumerate(arguments):
        if argument == "--":
            break
        name, equals, value = argument.partition("=")
        if name != "--language":
            continue
        wanted = value if equals else next(iter(arguments[position + 1 :]), "")
        if wanted in LANGUAGES:
            return wanted
    # The first one that is set decides (POSIX), whether or not the appliance speaks it.
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return negotiate(locale)


def _never_fail_on_a_character() -> None:
    """Print what the terminal's encoding lacks as a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _fail(error: ApplianceError) -> ExitCode:
    _print_error(str(error.message), str(error.hint) if error.hint is not None else "")
    return exit_code_for(error)


def _print_error(message: str, hint: str) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text.assemble((f"{_('Error:')} ", "bold red"), message))
    if hint:
        console.print(Text.assemble(("→ ", "bold"), hint))


if __name__ == "__main__":
    sys.exit(main())
