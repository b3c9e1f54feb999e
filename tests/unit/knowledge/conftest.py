from pathlib import Path

import pytest

from appliance.knowledge.e5 import LocalEmbedder
from appliance.knowledge.evaluate import ingest
from appliance.knowledge.store import KnowledgeStore
from appliance.state.database import Database, sqlite_url
from tests.unit.knowledge.principals import PLATFORM, prepare_here

PACK = Path(__file__).resolve().parents[3] / "scenarios" / "knowledge_qa"


def open_store(folder, embedder, **more):
    """Open the store that lives in `folder`, as a restarted process would."""
    database = Database.open(sqlite_url(folder / "state.db"))
    database.migrate()
    return KnowledgeStore(database, folder / "documents", folder / "indexes", embedder, **more)


@pytest.fixture(scope="session")
def embedder():
    """The real multilingual embedder."""
    return LocalEmbedder(threads=2)


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
    """A store with all sample documents in the base `samples`; tests only read it."""
    opened = open_store(tmp_path_factory.mktemp("samples"), embedder)
    ingest(opened, "samples", PACK / "documents")
    return opened
