"""An app with the screens of scenarios and knowledge in front, whatever number they have."""

from dataclasses import replace
from pathlib import Path

from appliance.core.status import ApplicationStatus, TrafficStatus
from appliance.tui import app as terminal
from appliance.tui.app import TerminalApp
from tests.tui.recorded import ADMIN, load, recorded_app, screen_text, settled


def application(name, state="running", message="", running=1, **traffic):
    return ApplicationStatus(
        name=name, kind="scenario", state=state, replicas_running=running, replicas_target=1, message=message,
        traffic=TrafficStatus(**traffic),
    )  # fmt: skip


MORE = (
    application("advisor", requests_total=318, errors_total=0),
    application("agent-assist", requests_total=2214, errors_total=3, in_flight=4),
    application("front-desk", "asleep", running=0),
    application(
        "reports", "unhealthy", "The replica was restarted twice in the last hour: out of memory.",
        requests_total=41, errors_total=6,
    ),
)  # fmt: skip


def app_with(*, scenarios=None, knowledge=None, language="en", who=ADMIN, local=None, refused=None, mode="scenarios"):
    status = load("three-gpu-nodes")
    status = status.model_copy(update={"applications": (*status.applications, *MORE)})
    own = {  # other screens have tests of their own
        "DEFAULT_MODE": mode,
        "CSS_PATH": Path(terminal.__file__).with_name("appliance.tcss"),
    }
    kind = type("TerminalApp", (TerminalApp,), own)
    app = recorded_app(refused or status, language=language, who=who, local=local, kind=kind)
    app.sources = replace(app.sources, scenarios=scenarios, knowledge=knowledge)
    return app


async def press(pilot, *keys):
    for key in keys:
        await pilot.press(key)
        await settled(pilot)
    return screen_text(pilot.app)


async def opened(pilot, *keys):
    """Press keys on the first screen, once it is there."""
    await settled(pilot)
    return await press(pilot, *keys)


async def write(pilot, text):
    for char in text:
        await pilot.press("space" if char == " " else char)
    await settled(pilot)
