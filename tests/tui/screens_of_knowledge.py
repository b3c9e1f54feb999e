"""An app with the screens of scenarios and knowledge in front, whatever number they have."""

from dataclasses import replace

from appliance.core.status import ApplicationStatus, TrafficStatus
from appliance.tui import commands, knowledge_keys, scenarios_keys
from appliance.tui.screens.knowledge import KnowledgeScreen
from appliance.tui.screens.scenarios import ScenariosScreen
from tests.tui.recorded import ADMIN, load, recorded_app, screen_text, settled

commands.COMMANDS.update({one.id: one for one in (*scenarios_keys.KEYS, *knowledge_keys.KEYS)})


MODES = {"scenarios": ScenariosScreen, "knowledge": KnowledgeScreen}


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


def app_with(*, scenarios=None, knowledge=None, language="en", who=ADMIN, local=None, refused=None):
    status = load("three-gpu-nodes")
    status = status.model_copy(update={"applications": (*status.applications, *MORE)})
    app = recorded_app(refused or status, language=language, who=who, local=local)
    for mode, screen in MODES.items():
        if mode not in app.MODES:
            app.add_mode(mode, screen)
    app.sources = replace(app.sources, scenarios=scenarios, knowledge=knowledge)
    return app


async def press(pilot, *keys):
    for key in keys:
        await pilot.press(key)
        await settled(pilot)
    return screen_text(pilot.app)


async def go(pilot, mode, *keys):
    await settled(pilot)
    await pilot.app.switch_mode(mode)
    await settled(pilot)
    return await press(pilot, *keys)


async def write(pilot, text):
    for char in text:
        await pilot.press("space" if char == " " else char)
    await settled(pilot)
