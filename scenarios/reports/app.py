"""Report generation: a folder of papers becomes a report in which every number has its source, and a person signs."""

from collections.abc import Sequence

from appliance.scenario.pack import Action, ScenarioContext

from .api import folders, jobs, leaving, samples, sections, templates
from .jobs.desk import Desk
from .jobs.running import Runner


def create(context: ScenarioContext) -> Sequence[Action]:
    """Return the actions of this pack."""
    desk = Desk(context)
    runner = Runner(desk)
    papers = folders.Folders(desk)
    made = jobs.Jobs(desk, runner, papers)
    read = sections.Sections(desk, made)
    return [
        *jobs.actions(made),
        *sections.actions(read),
        *leaving.actions(leaving.Leaving(desk, made, read)),
        *folders.actions(papers),
        *templates.actions(templates.Catalogue(desk)),
        *samples.actions(samples.Samples(desk, runner, papers, made)),
    ]
