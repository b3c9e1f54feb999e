"""Which models and scenarios there are. The gateway gets it as `user_config`: a change restarts nothing."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from appliance.core.errors import NotFound
from appliance.core.messages import _
from appliance.serving.gateway.errors import unknown_model, wrong_kind

Kind = Literal["chat", "embedding"]


class ModelEntry(BaseModel):
    """A model as `GET /v1/models` shows it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    alias: str
    kind: Kind
    package: str
    context_length: int
    languages: tuple[str, ...]
    created: int
    owned_by: str = "appliance"

    def to_openai(self) -> dict[str, Any]:
        """Return OpenAI's model object with further facts."""
        return {
            "id": self.alias,
            "object": "model",
            "created": self.created,
            "owned_by": self.owned_by,
            "kind": self.kind,
            "package": self.package,
            "context_length": self.context_length,
            "languages": list(self.languages),
        }


class ScenarioEntry(BaseModel):
    """A scenario as `GET /v1/scenarios` shows it. `actions` maps a name to its request and response schemas."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    title: dict[str, str]
    description: dict[str, str]
    actions: dict[str, dict[str, Any]]


class Directory(BaseModel):
    """Everything callers can address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[ModelEntry, ...] = ()
    scenarios: tuple[ScenarioEntry, ...] = ()

    def model(self, alias: str, kind: Kind) -> ModelEntry:
        """Return the model. Raises `NotFound`, which lists the models, or `InvalidRequest` for the wrong kind."""
        for entry in self.models:
            if entry.alias == alias:
                if entry.kind != kind:
                    raise wrong_kind(alias, [other.alias for other in self.models if other.kind == kind])
                return entry
        raise unknown_model(alias, [entry.alias for entry in self.models])

    def scenario(self, name: str, action: str) -> ScenarioEntry:
        """Return the scenario that has `action`. Raises `NotFound`, which lists what there is."""
        for entry in self.scenarios:
            if entry.name == name:
                if action not in entry.actions:
                    raise NotFound(
                        _("The scenario {name} has no action {action}.", name=name, action=action),
                        _("Actions: {actions}.", actions=", ".join(entry.actions)),
                        code="action_not_found",
                    )
                return entry
        raise NotFound(
            _("There is no scenario {name} here.", name=name),
            _("Scenarios: {names}.", names=", ".join(entry.name for entry in self.scenarios) or "–"),
            code="scenario_not_found",
        )
