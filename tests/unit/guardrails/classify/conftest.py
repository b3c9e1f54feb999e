import pytest

from appliance.knowledge.e5 import LocalEmbedder


@pytest.fixture(scope="session")
def embedder():
    """The real multilingual embedder."""
    return LocalEmbedder(threads=1)
