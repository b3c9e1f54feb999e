"""`appliance calibrate`."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from appliance.cli.drawing import follow, print_table
from appliance.cli.localised import LocalisedCommand
from appliance.cli.options import json_option
from appliance.cli.session import Session, session_of
from appliance.core.messages import _
from appliance.core.units import human_bytes, human_seconds

if TYPE_CHECKING:
    from appliance.operations.calibration import Calibrated


def register(app: typer.Typer) -> None:
    """Add the command to `app`, with help in the current language."""

    @app.command(
        "calibrate",
        cls=LocalisedCommand,
        help=str(_("Measure this machine for at most a minute, so that plans rest on it and not on data sheets.")),
    )
    def calibrate(context: typer.Context, as_json: Annotated[bool, json_option()] = False) -> None:
        from appliance.operations import calibration

        session = session_of(context)
        for found in follow(calibration.calibrate(session.home, session.site), session.err):
            if as_json:
                session.print_json(found.to_dict(session.language))
            else:
                _print(session, found)


def _print(session: Session, found: "Calibrated") -> None:
    headings = (_("Device"), _("Memory read"), _("Arithmetic"), _("A layer adds"), _("An engine takes"))
    rows = [
        (
            device.device,
            None if device.memory_bytes_per_s is None else f"{device.memory_bytes_per_s / 1e9:.1f} GB/s",
            None if device.flops is None else f"{device.flops / 1e12:.2f} TFLOPS",
            None if device.layer_s is None else f"{device.layer_s * 1e3:.2f} ms",
            None if device.engine_bytes is None else human_bytes(device.engine_bytes),
        )
        for device in found.calibration.devices
    ]
    print_table(session.out, headings, rows)
    if found.engine is not None:
        session.out.print()
        told = _(
            "{alias}: {prompt} tokens of prompt in {ttft}, {single} tokens/s alone, {together} in {streams} streams",
            alias=found.engine.alias,
            prompt=found.engine.prompt_tokens,
            ttft=human_seconds(found.engine.ttft_s),
            single=f"{1 / found.engine.step_s:.1f}",
            together=f"{found.engine.tokens_per_s:.1f}",
            streams=found.engine.streams,
        )
        session.out.print(Text(str(told)), soft_wrap=True)
    session.out.print()
    for note in found.notes:
        session.out.print(Text(f"· {note}", style="dim"), soft_wrap=True)
    session.err.print(Text(str(_("Written to {file}.", file=session.home.calibration_file))), soft_wrap=True)
