"""Callers that tests ask as, and a quick way to read a document."""

import importlib

from appliance.core.principal import PLATFORM_TENANT, Principal
from appliance.knowledge.intake.indexing import prepare
from appliance.knowledge.readers.formats import format_of

PLATFORM = Principal(PLATFORM_TENANT, "admin", "lma-platform")
A_ADMIN = Principal("a", "admin", "lma-a-admin")
A_CALLER = Principal("a", "caller", "lma-a-caller")
B_ADMIN = Principal("b", "admin", "lma-b-admin")
B_CALLER = Principal("b", "caller", "lma-b-caller")


def prepare_here(path, name, limits):
    """Prepare a document by the real reader, without the child process that costs half a second."""
    reader = importlib.import_module(f"appliance.knowledge.readers.{format_of(name).reader}")
    return prepare(reader.read(path.read_bytes(), name, limits), name)


def index_all(store, base=None):
    """Index what is pending; return the last state told of each document, in the order they were done."""
    return [news.state for news in store.index_pending(base) if news.state != "running"]
