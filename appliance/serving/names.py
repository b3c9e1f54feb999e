"""Names of Serve applications and deployments: one application a model and a scenario."""

GATEWAY_APPLICATION = "gateway"
GATEWAY_DEPLOYMENT = "Gateway"
EMBEDDER_APPLICATION = "embedding-embedder"
EMBEDDER_DEPLOYMENT = "Embedding"
KNOWLEDGE_APPLICATION = "knowledge"
KNOWLEDGE_DEPLOYMENT = "Knowledge"
SCENARIO_DEPLOYMENT = "Scenario"
MODEL_DEPLOYMENT = "Model"
EMBEDDER_ALIAS = "embedder"


def model_application(alias: str) -> str:
    """Return the application of the chat model behind `alias`."""
    return f"model-{alias}"


def scenario_application(name: str) -> str:
    """Return the application of the scenario `name`."""
    return f"scenario-{name}"
