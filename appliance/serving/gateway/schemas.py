"""What callers may send. Unknown fields are refused by name: the engine has fields that would kill it or leak."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from appliance.serving.gateway.json_schema import check_schema, check_together

_MAX_N = 8
_MAX_STOP = 16
_MAX_TOP_LOGPROBS = 20
_MAX_MESSAGES = 2048
_MAX_TOOLS = 64
_MAX_INPUTS = 256

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/-]{1,200}$")]
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/-]{1,200}(@[a-z]{1,20})?$")]
"""An alias; administrators may name one of its versions behind an @."""
FunctionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
StopText = Annotated[str, StringConstraints(min_length=1, max_length=256)]
JsonSchema = Annotated[dict[str, Any], AfterValidator(check_schema)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TextPart(_Strict):
    """One part of a message."""

    type: Literal["text"]
    text: str


class FunctionCall(_Strict):
    """The function that an earlier answer asked for."""

    name: FunctionName
    arguments: str


class ToolCall(_Strict):
    """A tool call of an earlier answer."""

    id: Annotated[str, StringConstraints(max_length=200)]
    type: Literal["function"] = "function"
    function: FunctionCall
    index: int | None = None


class SystemMessage(_Strict):
    """Instructions."""

    role: Literal["system", "developer"]
    content: str | list[TextPart]
    name: str | None = None


class UserMessage(_Strict):
    """What the user says."""

    role: Literal["user"]
    content: str | list[TextPart]
    name: str | None = None


class AssistantMessage(_Strict):
    """An earlier answer. Clients send back what they got, so empty fields of answers are taken."""

    role: Literal["assistant"]
    content: str | list[TextPart] | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    refusal: None = None
    annotations: None = None
    audio: None = None
    function_call: None = None
    reasoning: str | None = None


class ToolMessage(_Strict):
    """The result of a tool call."""

    role: Literal["tool"]
    content: str | list[TextPart]
    tool_call_id: Annotated[str, StringConstraints(max_length=200)]


Message = Annotated[SystemMessage | UserMessage | AssistantMessage | ToolMessage, Field(discriminator="role")]


class Function(_Strict):
    """A function that the model may ask for."""

    name: FunctionName
    description: str | None = None
    parameters: JsonSchema | None = None
    strict: bool | None = None


class Tool(_Strict):
    """A tool that the model may ask for."""

    type: Literal["function"]
    function: Function


Tools = Annotated[list[Tool], Field(min_length=1, max_length=_MAX_TOOLS), BeforeValidator(check_together)]


class _FunctionChoice(_Strict):
    name: FunctionName


class ToolChoice(_Strict):
    """The one function that the model must ask for."""

    type: Literal["function"]
    function: _FunctionChoice


class TextFormat(_Strict):
    """Free text."""

    type: Literal["text"]


class JsonObjectFormat(_Strict):
    """Any JSON object."""

    type: Literal["json_object"]


class NamedSchema(_Strict):
    """A JSON schema with a name."""

    model_config = ConfigDict(extra="forbid", strict=True, serialize_by_alias=True)

    name: FunctionName
    description: str | None = None
    json_schema: Annotated[JsonSchema, Field(alias="schema")]
    strict: bool | None = None


class JsonSchemaFormat(_Strict):
    """JSON that a schema describes."""

    type: Literal["json_schema"]
    json_schema: NamedSchema


ResponseFormat = Annotated[TextFormat | JsonObjectFormat | JsonSchemaFormat, Field(discriminator="type")]


class StreamOptions(_Strict):
    """Options of a stream."""

    include_usage: bool = False


class _Generation(_Strict):
    model: ModelName
    """Alias of a chat model, as `GET /v1/models` lists it."""
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    n: Annotated[int, Field(ge=1, le=_MAX_N)] = 1
    stop: StopText | Annotated[list[StopText], Field(max_length=_MAX_STOP)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), le=2**63 - 1)] | None = None
    user: Annotated[str, StringConstraints(max_length=256)] | None = None
    top_k: Annotated[int, Field(ge=-1, le=1000)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    repetition_penalty: Annotated[float, Field(gt=0, le=2)] | None = None


class ChatCompletionRequest(_Generation):
    """Body of `POST /v1/chat/completions`."""

    messages: Annotated[list[Message], Field(min_length=1, max_length=_MAX_MESSAGES)]
    max_completion_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=_MAX_TOP_LOGPROBS)] | None = None
    response_format: ResponseFormat | None = None
    tools: Tools | None = None
    tool_choice: Literal["none", "auto", "required"] | ToolChoice | None = None
    parallel_tool_calls: bool | None = None


class CompletionRequest(_Generation):
    """Body of `POST /v1/completions`."""

    prompt: str | Annotated[list[str], Field(min_length=1, max_length=16)]
    logprobs: Annotated[int, Field(ge=0, le=5)] | None = None


class EmbeddingRequest(_Strict):
    """Body of `POST /v1/embeddings`."""

    model: ModelName
    """Alias of an embedding model."""
    input: str | Annotated[list[str], Field(min_length=1, max_length=_MAX_INPUTS)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    user: Annotated[str, StringConstraints(max_length=256)] | None = None
    input_type: Literal["query", "passage"] = "query"
    """The model embeds a question and a passage differently; leave it out to compare like with like."""
