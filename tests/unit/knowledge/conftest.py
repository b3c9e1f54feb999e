from pathlib import Path

import pytest

from appliance.knowledge.bases.store import KnowledgeStore
from appliance.knowledge.e5 import LocalEmbedder
from appliance.knowledge.evaluation.evaluate import ingest
from appliance.knowledge.evaluation.golden import load_questions
from appliance.state.database import Database, sqlite_url
from tests.unit.knowledge.principals import PLATFORM, prepare_here

PACK = Path(__file__).resolve().parents[3] / "scenarios" / "knowledge_qa"
EARLY = [PACK / "evaluation" / name for name in ("questions.yaml", "fresh_questions.yaml")]


def open_store(folder, embedder, **more):
    """Open the store that lives in `folder`, as a restarted process would."""
    database = Database.open(sqlite_url(folder / "state.db"))
    database.migrate()
    return KnowledgeStore(database, folder / "documents", folder / "indexes", embedder, **more)


@pytest.fixture(scope="session")
def embedder():
    """The real multilingual embedder."""
    return LocalEmbedder(threads=1)


@pytest.fixture
def store(tmp_path, embedder):
    """An empty store with the base `rules`."""
    opened = open_store(tmp_path, embedder)
    opened.ensure_base(PLATFORM, "rules", "Rules")
    return opened


@pytest.fixture
def quick(tmp_path, embedder):
    """An empty store without bases that reads documents in this process."""
    return open_store(tmp_path, embedder, prepare=prepare_here)


@pytest.fixture(scope="session")
def samples(tmp_path_factory, embedder):
    """A store with the sample documents that `EARLY` asks about in the base `samples`; tests only read it.

    The golden questions about all of them are asked of the running appliance: `tests/gateway`.
    """
    folder = tmp_path_factory.mktemp("samples")
    (folder / "some").mkdir()
    for name in {golden.document for path in EARLY for golden in load_questions(path) if golden.document}:
        (folder / "some" / name).symlink_to(PACK / "documents" / name)
    opened = open_store(folder, embedder)
    ingest(opened, "samples", folder / "some")
    return opened
