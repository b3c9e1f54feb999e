"""Keys that are pressed on the governance screen, and what is on the screen then."""

from appliance.tui.screens.governance_parts import PARTS
from tests.tui.recorded import screen_text, settled

NAMES = [part.name for part in PARTS]


async def press(pilot, *keys):
    for key in keys:
        await pilot.press(key)
        await settled(pilot)
    return " ".join(screen_text(pilot.app).replace("│", " ").split())


async def write(pilot, text):
    for letter in text:
        await pilot.press({" ": "space", "-": "minus", "_": "underscore", ".": "full_stop"}.get(letter, letter))
    await settled(pilot)


def opened(part, *keys):
    return ("6", *("down",) * NAMES.index(part), "enter", *keys)


def offered(app):
    return {entry.binding.id for entry in app.screen.active_bindings.values()}
