"""The site file (`site.yaml`): what one bank sets. Every field has a default that works on one CPU box."""

import difflib
from collections.abc import Mapping
from functools import reduce
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import UnionType
from typing import Annotated, Final, Literal, Self, TypeVar, get_args, get_origin
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError, model_validator

from appliance.config.backups import BackupSettings
from appliance.config.governing import ApprovalSettings, BatchSettings, ReviewSettings
from appliance.config.scaling import Label, PlacementSettings, Routing, ScalingSettings
from appliance.config.section import Section
from appliance.config.sign_in import SignInSettings
from appliance.config.tls import TlsSettings
from appliance.core.errors import ConfigError
from appliance.core.messages import Message, _
from appliance.core.units import MIB
from appliance.core.validation import Fault, reason_for

_Settings = TypeVar("_Settings", bound=Section)


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise Fault(_("must be a network such as 10.20.0.0/16, without bits behind the prefix")) from error


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError as error:
        raise Fault(_("must be an address such as 10.20.0.11, not a name")) from error


Port = Annotated[int, Field(ge=1, le=65535)]
_OFF = BeforeValidator(lambda value: "off" if value is False else value)  # YAML reads a plain off as false
Network = Annotated[str, AfterValidator(_network)]
Address = Annotated[str, AfterValidator(_address)]
CheckMode = Annotated[Literal["off", "warn", "block"], _OFF]
PersonalMode = Annotated[Literal["off", "warn", "mask", "block"], _OFF]


class GatewaySettings(Section):
    """The only door: where it listens and what it lets through."""

    host: str = "127.0.0.1"
    """Address the gateway listens on."""
    port: Port = 8080
    """Port the gateway listens on."""
    tls: TlsSettings | None = None
    """Speak HTTPS to callers; null is plain HTTP."""
    replicas: int = Field(default=1, ge=1, le=64)
    """Gateway processes on the head, which share its port; one fills about a processor. Each has its own /metrics."""
    trusted_proxies: tuple[Network, ...] = ()
    """Proxies (networks, as 10.0.0.5/32) whose X-Forwarded-For says where a request comes from."""
    max_body_bytes: int = Field(default=8 * MIB, ge=1024)
    """Largest JSON request body; more is refused with 413."""
    max_upload_bytes: int = Field(default=64 * MIB, ge=1024)
    """Largest document that may be uploaded to a knowledge base."""
    max_ongoing_requests: int = Field(default=1024, ge=1)
    """Requests one gateway replica holds at once, those that wait for a model among them; more wait their turn."""
    max_queued_requests: int = Field(default=4096, ge=1)
    """Requests that may wait their turn; more are refused with 503 and Retry-After."""
    generation_timeout_s: float = Field(default=600.0, gt=0)
    """Longest time one generation may take; also how long a stopping replica waits for running ones."""


class EngineSettings(Section):
    """vLLM settings of one chat model."""

    max_model_len: int | None = Field(default=None, ge=64)
    """Context length in tokens; null takes the model's own."""
    max_num_seqs: int = Field(default=64, ge=1)
    """Sequences the engine decodes together."""
    max_queued_requests: int = Field(default=256, ge=0)
    """Requests that may wait for this model; more are refused with 429 and Retry-After."""
    kv_cache_gib: int = Field(default=1, ge=1)
    """KV cache on CPU, in GiB; on GPU `gpu_memory_utilization` decides."""
    gpu_memory_utilization: float = Field(default=0.9, gt=0, le=1)
    """Part of the GPU's memory that the engine may take."""
    tensor_parallel_size: int = Field(default=1, ge=1)
    """GPUs one replica spans inside a node."""
    pipeline_parallel_size: int = Field(default=1, ge=1)
    """Stages of `tensor_parallel_size` GPUs each that one replica spans, on several nodes where one is too small."""
    dtype: Literal["bfloat16", "float16", "float32"] | None = None
    """Numbers of weights and cache; null takes the package's. `float32` is for processors without AVX-512, where 16
    bits are several times as slow; it takes twice the memory. `float16` is for cards without bfloat16."""
    compile: bool = False
    """Compile the model at start. On CPU: slower start (about 2 minutes), faster decoding."""
    tool_call_parser: str | None = "hermes"
    """vLLM's parser for tool calls in the model's text; null switches automatic tool choice off."""


class ModelSettings(Section):
    """One model behind an alias."""

    package: str
    """Name of the model package below `models/` in the home folder."""
    replicas: int = Field(default=1, ge=1)
    """Engine replicas, where `scaling` is not set."""
    scaling: ScalingSettings | None = None
    """Let the number of replicas follow the load, in place of `replicas`; null keeps it as it is."""
    placement: PlacementSettings = PlacementSettings()
    """Machines that the replicas run on."""
    routing: Routing = "balanced"
    """Replica that a request goes to: balanced takes a free one; prefix the one that has read its beginning before."""
    engine: EngineSettings = EngineSettings()
    """vLLM settings."""

    @property
    def most_replicas(self) -> int:
        """Replicas that there can be at once."""
        return self.replicas if self.scaling is None else self.scaling.max_replicas

    @property
    def first_replicas(self) -> int:
        """Replicas that need room at once: those without load, and the one that a sleeping model wakes with."""
        return self.replicas if self.scaling is None else max(1, self.scaling.min_replicas)

    @property
    def sleeps(self) -> bool:
        """Whether there may be no replica at all."""
        return self.scaling is not None and self.scaling.min_replicas == 0

    @property
    def cards(self) -> int:
        """GPUs that one replica spans."""
        return self.engine.tensor_parallel_size * self.engine.pipeline_parallel_size


class EmbedderSettings(Section):
    """The embedding model behind the alias `embedder`."""

    replicas: int = Field(default=1, ge=1)
    """Embedder replicas."""
    threads: int = Field(default=2, ge=1)
    """CPU threads one replica computes with."""


NODE_PORTS: Final = 12
"""Ports in a row that a node's control services take, from `cluster.port` on."""


class ClusterSettings(Section):
    """Ray, on one node or many."""

    address: Address = "127.0.0.1"
    """This node's address, by which other nodes reach it; loopback: no other node can join."""
    port: Port = 6380
    """First of twelve ports in a row that the node's control services take; the same on every node."""
    labels: dict[Label, Label] = Field(default_factory=dict)
    """Labels of this node, which models can ask for (models.NAME.placement)."""
    logical_cpus: int | None = Field(default=None, ge=4)
    """CPU slots that Ray is told of; null takes max(16, physical cores): replicas wait more than they compute."""
    object_store_mib: int = Field(default=256, ge=80)
    """Memory of Ray's object store, in MiB."""
    worker_port_min: Port = 20000
    """First of the ports that Ray workers use."""
    worker_port_max: Port = 20999
    """Last of the ports that Ray workers use."""
    dashboard: bool = False
    """Start Ray's dashboard on 127.0.0.1. Off: one process and one port less to defend."""

    @model_validator(mode="after")
    def _ports_in_order(self) -> Self:
        if self.worker_port_max <= self.worker_port_min:
            raise Fault(_("worker_port_max must be greater than worker_port_min"))
        return self

    @property
    def alone(self) -> bool:
        """Whether this node can have no others beside it: it listens on loopback only."""
        return ip_address(self.address).is_loopback


class StateSettings(Section):
    """The database."""

    url: str | None = None
    """SQLAlchemy URL, e.g. postgresql+psycopg://user@host/appliance; null is SQLite in the home folder."""


class GuardrailOverride(Section):
    """What differs for one tenant; null: as for all."""

    enabled: bool | None = None
    """Check at all."""
    lexicon: str | None = None
    """Lexicon file."""
    personal: PersonalMode | None = None
    """Personal data."""
    reversible: bool | None = None
    """Put masked values back into the answer."""
    injection: CheckMode | None = None
    """Prompt injection, by written rules."""
    classifier: CheckMode | None = None
    """Prompt injection, by the classifier."""
    topics: CheckMode | None = None
    """Forbidden topics."""
    review: tuple[str, ...] | None = None
    """What holds an answer for a person."""


class GuardrailSettings(Section):
    """What is checked in requests, retrieved passages and answers, and what is done about what is found."""

    enabled: bool = True
    """Check at all; false lets everything pass."""
    lexicon: str | None = None
    """Path of the site's lexicon file; null takes the shipped one."""
    personal: PersonalMode = "mask"
    """Personal data in requests, and in answers where the asker did not give it; mask: the model reads placeholders."""
    reversible: bool = True
    """Put masked values of the request back into its answer in place of their placeholders."""
    injection: CheckMode = "block"
    """Attempts to take over the assistant, in requests and retrieved passages; block drops such a passage."""
    classifier: CheckMode = "off"
    """The same by a classifier, in requests: finds more, is wrong more often, and takes 40 to 120 ms of a core."""
    topics: CheckMode = "warn"
    """Promises about investments, inside information and defamation of regulators, in answers."""
    review: tuple[str, ...] = ()
    """What holds an answer until a person has released it: names of rules (topic:*), model:ALIAS, scenario:NAME."""
    tenants: dict[str, GuardrailOverride] = Field(default_factory=dict)
    """What differs, by tenant."""


class QuotaLimits(Section):
    """Limits of one key, tenant or model; null is no limit. Days and months are those of UTC."""

    requests_per_minute: int | None = Field(default=None, ge=0)
    """Requests in any 60 seconds."""
    tokens_per_minute: int | None = Field(default=None, ge=0)
    """Tokens of prompts and answers in any 60 seconds."""
    concurrent_requests: int | None = Field(default=None, ge=0)
    """Requests being worked on at once."""
    tokens_per_day: int | None = Field(default=None, ge=0)
    """Tokens a day."""
    tokens_per_month: int | None = Field(default=None, ge=0)
    """Tokens a calendar month."""


class QuotaSettings(Section):
    """How much may be used; every limit that applies counts. `appliance quota set` goes before what is written here."""

    default: QuotaLimits = QuotaLimits()
    """What each key, and each person, may use."""
    tenants: dict[str, QuotaLimits] = Field(default_factory=dict)
    """What a tenant and those below it may use together, by tenant."""
    models: dict[str, QuotaLimits] = Field(default_factory=dict)
    """What all callers together may use of a model, by alias."""


class AuditSettings(Section):
    """The audit log."""

    content: Literal["none", "masked", "full"] = "none"
    """What is kept of prompts and answers, encrypted; masked: personal data are replaced."""
    syslog: str | None = None
    """Server that records are sent on to, udp://HOST:PORT or tcp://HOST:PORT; null sends none."""
    suite: Literal["international", "chinese"] = "international"
    """Algorithms: SHA-256, Ed25519 and AES, or SM3, SM2 and SM4."""

    @model_validator(mode="after")
    def _syslog_named(self) -> Self:
        if self.syslog is not None and self.syslog_server is None:
            raise Fault(_("syslog must be udp://HOST:PORT or tcp://HOST:PORT"))
        return self

    @property
    def syslog_server(self) -> tuple[Literal["udp", "tcp"], str, int] | None:
        """Transport, host and port of `syslog`."""
        parts = urlsplit(self.syslog or "")
        try:
            host, port = parts.hostname, parts.port
        except ValueError:  # no port number
            return None
        transport: Literal["udp", "tcp"] = "tcp" if parts.scheme == "tcp" else "udp"
        if parts.scheme not in ("udp", "tcp") or not host or not port or parts.path.strip("/"):
            return None
        return transport, host, port


class LabelSettings(Section):
    """Labels of what models have written (GB 45438-2025)."""

    producer: str | None = Field(default=None, pattern=r"^0011[0-9A-HJ-NPQRTUWXY]{18}(00000|[12][0-9A-Za-z]{4})$")
    """Provider code of 27 characters; null: answers carry the visible notice only, and no implicit label."""


_SHIPPED_MODELS: Final = {"general": "base", "finance": "finance"}


class SiteConfig(Section):
    """The whole site file."""

    language: Literal["en", "zh_CN"] = "en"
    """Language of messages where the reader names none."""
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    """Where models run; auto asks the hardware and the installed engine."""
    gateway: GatewaySettings = GatewaySettings()
    """The HTTP gateway."""
    models: dict[str, ModelSettings] = Field(
        default_factory=lambda: {alias: ModelSettings(package=package) for alias, package in _SHIPPED_MODELS.items()}
    )
    """Chat models by alias."""
    embedder: EmbedderSettings = EmbedderSettings()
    """The embedding model."""
    scenarios: tuple[str, ...] = ("knowledge-qa", "agent-assist", "advisor", "reports")
    """Scenario apps that start."""
    cluster: ClusterSettings = ClusterSettings()
    """Ray."""
    state: StateSettings = StateSettings()
    """The database."""
    guardrails: GuardrailSettings = GuardrailSettings()
    """Checks of what goes into models and what comes out."""
    quotas: QuotaSettings = QuotaSettings()
    """How much may be used."""
    labels: LabelSettings = LabelSettings()
    """Labels of generated content."""
    audit: AuditSettings = AuditSettings()
    """The audit log."""
    batch: BatchSettings = BatchSettings()
    """Files of requests that run when nobody waits."""
    reviews: ReviewSettings = ReviewSettings()
    """Answers that wait for a person."""
    approvals: ApprovalSettings = ApprovalSettings()
    """Changes that need a second person."""
    sign_in: SignInSettings = SignInSettings()
    """How people sign in."""
    backup: BackupSettings = BackupSettings()
    """Encrypted backups."""
    load_samples: bool = True
    """Load each scenario's sample documents at the first start."""

    @model_validator(mode="after")
    def _ports_apart(self) -> Self:
        if self.cluster.port <= self.gateway.port < self.cluster.port + NODE_PORTS:
            raise Fault(
                _(
                    "gateway.port {port} is one of the twelve ports from cluster.port {first} on",
                    port=self.gateway.port,
                    first=self.cluster.port,
                )
            )
        return self


def _known_fields(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Names that are allowed at `location`, for a "did you mean"."""
    current: type[BaseModel] | None = model
    parts = iter(location[:-1])
    for part in parts:
        field = current.model_fields.get(str(part)) if current else None
        annotation = field.annotation if field else None
        if get_origin(annotation) is UnionType:
            annotation = get_args(annotation)[0]  # a section or null
        if get_origin(annotation) in (dict, tuple):
            annotation = get_args(annotation)[1 if get_origin(annotation) is dict else 0]
            next(parts, None)  # the name or number of the entry
        current = annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    return list(current.model_fields) if current else []


def parse_site(text: str, source: str) -> SiteConfig:
    """Parse the site file's text; `source` names it in messages. Raises `ConfigError`, which lists every fault."""
    return parse_as(SiteConfig, text, source, _("See docs/site-file.md for every setting."))


def parse_as(kind: type[_Settings], text: str, source: str, hint: Message) -> _Settings:
    """Parse a text of settings as `kind`. Raises `ConfigError`, which lists every fault, with `hint`."""
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(
            _("{source} is not valid YAML: {reason}", source=source, reason=str(error).replace("\n", " ")),
            _("Mend the line that it names."),
        ) from error
    if raw is None:
        raw = {}
    if not isinstance(raw, dict):
        raise ConfigError(
            _("{source} must hold names and values.", source=source),
            _("Write one setting a line, for example: language: en"),
        )
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        faults = [
            _fault(kind, fault["loc"], fault["type"], fault.get("ctx", {}), fault["msg"]) for fault in error.errors()
        ]
        together = reduce(lambda first, second: _("{first}; {second}", first=first, second=second), faults)
        raise ConfigError(
            _("{source} has settings that cannot be used: {faults}", source=source, faults=together),
            hint,
        ) from error


def _fault(
    settings: type[BaseModel], location: tuple[int | str, ...], kind: str, context: Mapping[str, object], text: str
) -> Message:
    """Say what is wrong with one setting, and which one was meant where its name is unknown."""
    where = ".".join(map(str, location))
    if kind == "missing":
        return _("{where}: must be given", where=where)
    if kind != "extra_forbidden":
        reason = reason_for(kind, context, text)
        return _("{where}: {reason}", where=where, reason=reason) if where else reason
    near = difflib.get_close_matches(str(location[-1]), _known_fields(settings, location), 1)
    if near:
        return _("{where}: unknown (did you mean {near}?)", where=where, near=near[0])
    return _("{where}: unknown", where=where)


def load_site(path: Path) -> SiteConfig:
    """Read the site file; a file that is absent means defaults. Raises `ConfigError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return SiteConfig()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            _("The site file {path} cannot be read: {reason}.", path=path, reason=error),
            _("Make it a text file in UTF-8 that this user may read."),
        ) from error
    return parse_site(text, str(path))
