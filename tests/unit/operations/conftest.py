import shutil

import pytest

from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.knowledge.e5 import LocalEmbedder
from tests.unit.operations.backup_homes import make_home


@pytest.fixture(scope="session")
def embedder():
    """The real embedder."""
    return LocalEmbedder(threads=1)


@pytest.fixture(scope="session")
def full_home(tmp_path_factory, embedder):
    """A home in which everything is; tests copy it."""
    return make_home(tmp_path_factory.mktemp("full") / "home", embedder)[0]


@pytest.fixture
def made(full_home, tmp_path):
    """Give a home in which everything is, and its site file."""
    home = Home(tmp_path / "home")
    shutil.copytree(full_home.root, home.root)
    return home, load_site(home.site_file)
