"""What every rule in `rules.yaml` has: its texts, whom it concerns, what a breach leads to, and what loosens it."""

from abc import abstractmethod
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from appliance.core.messages import _
from appliance.scenario.words import Words

from ..models import ProductLevel
from .case import Case, Judged, grade
from .decision import RuleKind

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=64)]
Kinds = Literal["fund", "wealth", "deposit", "insurance", "metal", "stock", "bond"]
SEVERITY: Final[tuple[RuleKind, ...]] = ("disclose", "confirm", "prohibit")


class Section(BaseModel):
    """A part of the file: unknown fields and wrong types are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Scope(Section):
    """Whom and what a rule concerns; what is left out is not asked for."""

    clients: Literal["ordinary", "professional"] | None = None
    kinds: tuple[Kinds, ...] | None = Field(default=None, min_length=1)
    private: bool | None = None
    above: ProductLevel | None = None
    """Products of a higher level than this."""
    peer_groups: tuple[str, ...] | None = Field(default=None, min_length=1)
    asset_classes: tuple[str, ...] | None = Field(default=None, min_length=1)

    def holds(self, case: Case) -> bool:
        """Tell whether a case is concerned."""
        product = case.product
        return (
            self.clients in (None, case.client.kind)
            and (self.kinds is None or product.kind in self.kinds)
            and self.private in (None, product.private)
            and (self.above is None or grade(case.level) > grade(self.above))
            and (self.peer_groups is None or product.peer_group in self.peer_groups)
            and (self.asset_classes is None or product.asset_class in self.asset_classes)
        )

    def narrower(self, than: "Scope") -> str | None:
        """Return the field by which this leaves out what `than` concerns; None: it leaves out nothing."""
        for name in ("clients", "private"):
            if getattr(self, name) not in (None, getattr(than, name)):
                return name
        for name in ("kinds", "peer_groups", "asset_classes"):
            mine, floor = getattr(self, name), getattr(than, name)
            if mine is not None and (floor is None or not set(floor) <= set(mine)):
                return name
        if self.above is not None and (than.above is None or self.above > than.above):
            return "above"
        return None


class Rule(Section):
    """One rule. `test` names what is measured; the fields beside these are its parameters."""

    name: Name
    test: str
    title: Words
    source: Words
    """The regulation, or that it is the bank's own rule."""
    kind: RuleKind
    """What a breach leads to: prohibit, confirm (special written confirmation, recorded) or disclose."""
    statutory: bool = False
    """Set in the shipped file alone: the bank's own file cannot loosen this rule."""
    scope: Scope = Scope()
    says: Words | None = None
    """What the client has to confirm or to be told; needed with disclose."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "disclose" and self.says is None:
            raise ValueError(_("a rule that discloses needs its text under says"))
        return self

    def check(self, case: Case) -> Judged:
        """Judge a case, or say that it is not concerned."""
        if not self.scope.holds(case):
            return case.not_applicable(self.required(case))
        return self.judge(case)

    @abstractmethod
    def judge(self, case: Case) -> Judged:
        """Judge a case that is concerned."""

    @abstractmethod
    def required(self, case: Case) -> str:
        """Return what the rule asks for, in the reader's language."""

    def looser(self, floor: Self) -> str | None:
        """Return the field by which this allows what `floor` does not; None: it is at least as strict."""
        if SEVERITY.index(self.kind) < SEVERITY.index(floor.kind):
            return "kind"
        narrower = self.scope.narrower(floor.scope)
        return f"scope.{narrower}" if narrower else self.looser_parameter(floor)

    @abstractmethod
    def looser_parameter(self, floor: Self) -> str | None:
        """Return the parameter by which this allows what `floor` does not."""
