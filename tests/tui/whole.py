"""One terminal in which every screen has recorded data, as on an appliance that is in use."""

from dataclasses import replace
from pathlib import Path

from appliance.tui import app as terminal
from appliance.tui.app import TerminalApp
from tests.tui.calls_double import CallsDouble
from tests.tui.capacity_double import CapacityDouble
from tests.tui.governance_double import GovernanceDouble, RecordsDouble
from tests.tui.knowledge_double import KnowledgeDouble
from tests.tui.models_double import RecordedModels
from tests.tui.recorded import load, recorded_app
from tests.tui.reviews_double import ReviewsDouble
from tests.tui.scenarios_double import ScenariosDouble

SHOWN = {
    "overview": "gpu-01",
    "capacity": "head",
    "models": "general",
    "scenarios": "─ 5 ─",
    "knowledge": "bank",
    "governance": "3",
    "reviews": "11-24",
    "calls": "1024",
}
"""Something of the data of each screen that is seen also where there is hardly any room."""


class WholeApp(TerminalApp):
    """Reads nothing by itself."""

    CSS_PATH = Path(terminal.__file__).with_name("appliance.tcss")


def whole_app(folder, status="sixty-four-nodes", **more):
    """Return the app, and what its models come from: end its threads with `machine.go_on.set()`."""
    key_file = folder / "a.key"
    key_file.write_text("key-1")
    models = RecordedModels(key_file)
    app = recorded_app(
        load(status),
        reviews=ReviewsDouble().source(key_file),
        calls=CallsDouble().source(key_file),
        kind=WholeApp,
        **more,
    )
    app.sources = replace(
        app.sources,
        models=models,
        scenarios=ScenariosDouble().source(key_file),
        knowledge=KnowledgeDouble().source(key_file),
        capacity=CapacityDouble(),
        governance=GovernanceDouble().source(key_file, RecordsDouble()),
    )
    return app, models
