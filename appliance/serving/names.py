"""Names of Serve applications and deployments: one application a model and a scenario."""

GATEWAY_APPLICATION = "gateway"
GATEWAY_DEPLOYMENT = "Gateway"
EMBEDDER_APPLICATION = "embedding-embedder"
EMBEDDER_DEPLOYMENT = "Embedding"
KNOWLEDGE_APPLICATION = "knowledge"
KNOWLEDGE_DEPLOYMENT = "Knowledge"
BATCH_APPLICATION = "batch"
BATCH_DEPLOYMENT = "Batch"
SCENARIO_DEPLOYMENT = "Scenario"
MODEL_DEPLOYMENT = "Model"
EMBEDDER_ALIAS = "embedder"
HEAD_NODE = "node:__internal_head__"
"""A resource that Ray gives its head node, where the home folder is."""

NOT_ADMITTED = "node_not_admitted"
"""Code of the error that a node hears which is not, or no longer, one of the appliance's."""
HEAD_AWAY = "head_unavailable"
"""Code of the error that a worker's gateway answers while it does not reach the head: nothing was done."""


def model_application(alias: str, revision: int | None = None) -> str:
    """Return the application of the chat model behind `alias` that every start begins with.

    With the directory's `revision`, that of a version put beside it: no name comes twice, as handles are kept by it.
    """
    return f"model-{alias}" if revision is None else f"model-{alias}@{revision}"


def model_alias(application: str) -> str:
    """Return the alias behind which a chat model's application was started."""
    return application.removeprefix("model-").partition("@")[0]


def scenario_application(name: str) -> str:
    """Return the application of the scenario `name`."""
    return f"scenario-{name}"
