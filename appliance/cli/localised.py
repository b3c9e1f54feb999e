"""Typer's own texts in the reader's language: help headings, the help option, and what is wrong with a command line."""

import difflib
from typing import Any

import typer
from typer import rich_utils
from typer.core import TyperCommand, TyperGroup

from appliance.core.errors import ConfigError
from appliance.core.messages import Message, _


def speak_in_help() -> None:
    """Put the headings of help pages into the current language."""
    rich_utils.ARGUMENTS_PANEL_TITLE = str(_("Arguments"))
    rich_utils.OPTIONS_PANEL_TITLE = str(_("Options"))
    rich_utils.COMMANDS_PANEL_TITLE = str(_("Commands"))
    rich_utils.REQUIRED_LONG_STRING = str(_("[required]"))
    rich_utils.DEFAULT_STRING = str(_("[default: {value}]", value="{}"))
    rich_utils.ENVVAR_STRING = str(_("[env var: {name}]", name="{}"))


class LocalisedCommand(TyperCommand):
    """A command whose help page speaks the reader's language."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - types that Typer keeps private
        """Write the usage line."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), f"{_('Usage:')} ")

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401 - as above
        """Return `--help` with a translated text."""
        return _translated(super().get_help_option(ctx))


class LocalisedGroup(TyperGroup):
    """A group of commands whose help page speaks the reader's language."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as above
        """Write the usage line."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), f"{_('Usage:')} ")

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401 - as above
        """Return `--help` with a translated text."""
        return _translated(super().get_help_option(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - as above
        """Find the command that `args` names. Raises `ConfigError`, which suggests the nearest one."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), 1)
            hint = (
                _("Did you mean `{command}`?", command=f"{ctx.command_path} {near[0]}")
                if near
                else _("`{command} --help` lists what there is.", command=ctx.command_path)
            )
            raise ConfigError(_("There is no command {name}.", name=f"{ctx.command_path} {args[0]}"), hint)
        return super().resolve_command(ctx, args)


def usage_error(error: typer.TyperException) -> ConfigError:
    """Say in the reader's language what Typer found wrong with the command line."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "appliance"
    return ConfigError(_what_is_wrong(error), _("`{command} --help` shows what it takes.", command=command))


def _what_is_wrong(error: typer.TyperException) -> Message:
    if isinstance(error, typer.BadParameter) and error.param is not None:
        spelled = error.param.opts[0]
        name = spelled if spelled.startswith("-") else spelled.upper()
        if not error.message:
            return _("{name} is missing.", name=name)
        return _("{name} cannot be used: {reason}", name=name, reason=error.message.removeprefix("Value error, "))
    option = getattr(error, "option_name", None)
    if isinstance(option, str) and getattr(error, "possibilities", False) is not False:
        return _("There is no option {option}.", option=option)
    return _("The command line cannot be read: {reason}", reason=error.format_message())


def _translated(option: Any) -> Any:  # noqa: ANN401 - as above
    if option is not None:
        option.help = str(_("Show this help and exit."))
    return option
