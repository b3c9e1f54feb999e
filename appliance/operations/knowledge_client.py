"""Knowledge bases over the HTTP API: their documents, versions, searches and answers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import quote

import httpx

from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.messages import _
from appliance.knowledge.models import Details, Selection

Json = dict[str, Any]
_ROOT = "/v1/knowledge-bases"
_SCENARIO = "/v1/scenarios/knowledge-qa"


class Caller(Protocol):
    """What `ApplianceClient` offers; its methods raise the error tree."""

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Json | None = None,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str | list[str]] | None = None,
        files: Mapping[str, tuple[str, IO[bytes]]] | None = None,
    ) -> Json:
        """Return a route's JSON object."""
        ...

    def fetch(self, method: str, path: str, *, params: Mapping[str, str] | None = None) -> httpx.Response:
        """Return a route's whole answer."""
        ...

    def rows(self, path: str, *, body: Json | None = None, params: Mapping[str, str] | None = None) -> list[Json]:
        """Return the entries of a list."""
        ...


class KnowledgeClient:
    """The knowledge routes with one key. Methods raise as `ApplianceClient` does."""

    def __init__(self, client: Caller) -> None:
        self._client = client

    def ensure_base(self, name: str, title: str, shared_with: Sequence[str] = ()) -> Json:
        """Make a knowledge base, or return the one that has this name."""
        return self._client.call(
            "POST", _ROOT, body={"name": name, "title": title, "shared_with": list(shared_with)}
        )  # fmt: skip

    def bases(self) -> list[Json]:
        """Return the knowledge bases that the key may read."""
        return self._client.rows(_ROOT)

    def choose_base(self, wanted: str | None) -> str:
        """Return `wanted`, or the only knowledge base there is. Raises `InvalidRequest` where one must be named."""
        if wanted is not None:
            return wanted
        names = [str(row.get("name")) for row in self.bases()]
        if len(names) == 1:
            return names[0]
        raise InvalidRequest(
            _("The appliance has {count} knowledge bases, so one must be named.", count=len(names)),
            _("Name it with --kb; `appliance kb list` shows them."),
            param="kb",
        )

    def share(self, base: str, tenants: Sequence[str]) -> Json:
        """Let these tenants read the base, and no others beside its owner; `*` is every tenant."""
        return self._client.call("PATCH", _base(base), body={"shared_with": list(tenants)})

    def delete_base(self, base: str) -> None:
        """Delete a base with all its documents."""
        self._client.call("DELETE", _base(base))

    def rebuild(self, base: str) -> Json:
        """Throw the index away and make it again from the documents."""
        return self._client.call("POST", f"{_base(base)}/rebuild")

    def glossary(self, base: str) -> str:
        """Return the bank's own terms, one `中文,别名|english,other` a line."""
        return str(self._client.call("GET", f"{_base(base)}/glossary")["text"])

    def set_glossary(self, base: str, text: str) -> None:
        """Replace the bank's own terms."""
        self._client.call("PUT", f"{_base(base)}/glossary", body={"text": text})

    def documents(self, base: str) -> list[Json]:
        """Return the documents of one knowledge base."""
        return self._client.rows(f"{_base(base)}/documents")

    def find_document(self, base: str, wanted: str) -> Json:
        """Return the document with this id or file name. Raises `NotFound`, `InvalidRequest` for a name held twice."""
        found = [row for row in self.documents(base) if wanted in (row["id"], row["name"])]
        if not found:
            raise NotFound(
                _("There is no document {name} in {base}.", name=wanted, base=base),
                _("`appliance kb list {base}` shows them.", base=base),
            )
        if len(found) > 1:
            raise InvalidRequest(
                _("{base} holds {count} documents named {name}.", base=base, count=len(found), name=wanted),
                _("Name one by its id: {ids}.", ids=", ".join(str(row["id"]) for row in found)),
            )
        return found[0]

    def add_document(
        self, base: str, path: Path, *, wait: bool = True, details: Details | None = None, version_of: str | None = None
    ) -> Json:
        """Upload a file as a document, or as a new version of the document with id `version_of`; return its row.

        With `wait`, once it is indexed or set aside.
        """
        try:
            file = path.open("rb")
        except OSError as error:
            raise InvalidRequest(
                _("The file {path} cannot be read: {reason}.", path=path, reason=error.strerror or error),
                _("Check the path and its permissions."),
            ) from error
        told = (details or Details()).model_dump(mode="json", exclude_none=True)
        address = f"{_base(base)}/documents"
        if version_of is not None:
            address += f"/{quote(version_of, safe='')}/versions"
        with file:
            return self._client.call(
                "POST",
                address,
                params={"wait": "true" if wait else "false"},
                form=told,
                files={"file": (path.name, file)},
            )

    def versions(self, base: str, document_id: str) -> list[Json]:
        """Return a document's versions, oldest first."""
        return self._client.rows(f"{_document(base, document_id)}/versions")

    def change_document(self, base: str, document_id: str, details: Details) -> Json:
        """Change what is told of a document; what is None in `details` stays."""
        body = details.model_dump(mode="json", exclude_none=True)
        return self._client.call("PATCH", _document(base, document_id), body=body)

    def delete_document(self, base: str, document_id: str) -> None:
        """Delete a document with all its versions."""
        self._client.call("DELETE", _document(base, document_id))

    def original(self, base: str, document_id: str, version: int | None = None) -> bytes:
        """Return the original file."""
        params = {} if version is None else {"version": str(version)}
        return self._client.fetch("GET", f"{_document(base, document_id)}/file", params=params).content

    def search(self, base: str, query: str, k: int = 5, selection: Selection | None = None) -> list[Json]:
        """Return the `k` best passages: `document`, `version`, `page`, `section`, `text`, `score`."""
        body = {"query": query, "k": k, **_selected(selection)}
        return self._client.rows(f"{_base(base)}/search", body=body)

    def ask(
        self,
        question: str,
        base: str | None = None,
        language: str | None = None,
        selection: Selection | None = None,
        max_citations: int | None = None,
        min_confidence: float | None = None,
    ) -> Json:
        """Ask the knowledge scenario; return `answer`, `answered`, `confidence` (0..1), `citations` and more."""
        wanted = {
            "question": question, "knowledge_base": base, "language": language, "max_citations": max_citations,
            "min_confidence": min_confidence,
            **_selected(selection),
        }  # fmt: skip
        body = {name: value for name, value in wanted.items() if value is not None}
        return self._client.call("POST", f"{_SCENARIO}/ask", body=body)

    def golden(self, base: str) -> list[Json]:
        """Return the golden questions that reviewers of feedback made for a base."""
        answer = self._client.call("GET", f"{_SCENARIO}/golden", params={"knowledge_base": base})
        return list(answer["questions"])


def _base(name: str) -> str:
    return f"{_ROOT}/{quote(name, safe='')}"


def _document(base: str, document_id: str) -> str:
    return f"{_base(base)}/documents/{quote(document_id, safe='')}"


def _selected(selection: Selection | None) -> Json:
    return {} if selection is None else selection.model_dump(mode="json", exclude_none=True)
