"""Reads the rules: the shipped file, and over it the bank's own, which may add and be stricter."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError

from appliance.core.messages import _
from appliance.scenario.words import Words
from appliance.scenario.yaml_files import checked, nearest, read_yaml, refuse, refuse_first

from ..models import ProductLevel
from .client_rules import Age, Assessments, LeastTolerant, Match, Professional, Validity
from .disclosing_rules import Always, ForeignCurrency, LevelsDiffer
from .forms import Rule, Section
from .money_rules import PRODUCT_LEVELS, CashNeed, ClassMinimum, Concentration, Horizon, Minimum

SHIPPED: Final = Path(__file__).with_name("rules.yaml")
OWN_NAME: Final = "suitability.yaml"
"""Name of the bank's own file in its folder of this pack."""
MAX_RULES: Final = 200
_OFF: Final = ("off", "False")
"""What YAML makes of a field `off`, in quotation marks and without."""
_ENGINE = "1"
"""Changes when the same rules come to judge differently."""

AnyRule = Annotated[
    Match | LeastTolerant | Age | Professional | Validity | Assessments | Concentration | Horizon | CashNeed | Minimum
    | ClassMinimum | Always | ForeignCurrency | LevelsDiffer,
    Field(discriminator="test"),
]  # fmt: skip
_FORM: Final[TypeAdapter[Rule]] = TypeAdapter(AnyRule)


class _File(Section):
    """A file without its rules."""

    version: str = Field(default="", max_length=100)
    disabled: tuple[str, ...] = ()
    """Names of shipped rules that do not hold here; statutory ones cannot be named."""
    disclosures: dict[ProductLevel, Words] = Field(default_factory=dict)


@dataclass(frozen=True)
class RuleBook:
    """The rules in force, the risk disclosure of each level, and the SHA-256 of both."""

    rules: tuple[Rule, ...]
    disclosures: Mapping[ProductLevel, Words]
    version: str

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "RuleBook":
        """Read both files; `own` may be missing. Raises `ConfigError`, which names file, rule, field and fix."""
        base, entries = _read(shipped)
        rules = _unique(shipped, [_form(shipped, number, entry) for number, entry in enumerate(entries, 1)])
        disclosures = dict(base.disclosures)
        if own is not None and own.exists():
            more, changes = _read(own)
            raw = {entry["name"]: entry for entry in entries if isinstance(entry, dict)}
            changed = _unique(own, [_own(own, number, entry, raw, rules) for number, entry in enumerate(changes, 1)])
            rules = _without(own, rules, more.disabled) | changed
            disclosures |= more.disclosures
        missing = [level for level in PRODUCT_LEVELS if level not in disclosures]
        if missing:
            refuse(shipped, "disclosures", _("there is no text for {levels}", levels=", ".join(missing)))
        if len(rules) > MAX_RULES:
            refuse(own or shipped, "rules", _("there are more than {count}", count=MAX_RULES))
        return cls(tuple(rules.values()), disclosures, _version(rules, disclosures))

    def rule(self, name: str) -> Rule | None:
        """Return the rule of a name; None: there is none."""
        return next((rule for rule in self.rules if rule.name == name), None)

    @property
    def valid_days(self) -> int | None:
        """For how long an assessment is valid, by the strictest rule; None: no rule limits it."""
        return min((rule.days for rule in self.rules if isinstance(rule, Validity)), default=None)


def _version(rules: Mapping[str, Rule], disclosures: Mapping[ProductLevel, Words]) -> str:
    parts = [_ENGINE, *(rule.model_dump_json() for rule in rules.values())]
    parts += [f"{level}:{words.model_dump_json()}" for level, words in sorted(disclosures.items())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _read(file: Path) -> tuple[_File, list[Any]]:
    raw = read_yaml(file)
    if not raw.keys().isdisjoint(_OFF):
        refuse(file, "off", _("there is no such field"), _("Name the field disabled."))
    entries = raw.pop("rules", None) or []
    if not isinstance(entries, list):
        refuse(file, "rules", _("it must hold fields such as rules: with a list under it"))
    return checked(file, _File, raw), entries


def _fields(test: str) -> Mapping[str, Any]:
    kinds = (Match, LeastTolerant, Age, Professional, Validity, Assessments, Concentration, Horizon, CashNeed, Minimum,
             ClassMinimum, Always, ForeignCurrency, LevelsDiffer)  # fmt: skip
    named = {str(kind.model_fields["test"].annotation.__args__[0]): kind for kind in kinds}  # type: ignore[union-attr]
    return named[test].model_fields if test in named else Rule.model_fields


def _form(file: Path, number: int, entry: object) -> Rule:
    name = entry.get("name") if isinstance(entry, dict) else None
    where = name if isinstance(name, str) else f"rules[{number}]"
    if not isinstance(entry, dict):
        refuse(file, where, _("a rule has fields such as name: and test:"))
    try:
        return _FORM.validate_python(entry)
    except ValidationError as error:
        # The first step of a rule's place is its test, which tells the forms apart; nobody wrote it there.
        place = error.errors()[0]["loc"]
        refuse_first(file, error, within=where, unwritten=1, known=_fields(str(place[0])) if place else ())


def _unique(file: Path, rules: list[Rule]) -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for rule in rules:
        if rule.name in found:
            refuse(file, rule.name, _("the name stands there twice"))
        found[rule.name] = rule
    return found


def _own(file: Path, number: int, entry: object, raw: Mapping[str, Any], rules: Mapping[str, Rule]) -> Rule:
    """Return a rule of the bank's own file: a new one, or a shipped one with some fields changed."""
    name = str(entry.get("name")) if isinstance(entry, dict) else ""
    if isinstance(entry, dict) and "statutory" in entry:
        refuse(file, f"{name}: statutory", _("the shipped rules alone say what is statutory"))
    if not isinstance(entry, dict) or name not in rules:
        return _form(file, number, entry)
    shipped = rules[name]
    if entry.get("test", shipped.test) != shipped.test:
        refuse(file, f"{name}: test", _("a shipped rule keeps its test {test}", test=shipped.test),
               _("Give the new rule a name of its own."))  # fmt: skip
    changed = _form(file, number, {**raw[name], **entry})
    looser = changed.looser(shipped) if shipped.statutory else None
    if looser is not None:
        refuse(
            file, f"{name}: {looser}",
            _("it would allow what the shipped rule does not, and that is the statutory minimum"),
            _("Make {field} as strict as the shipped rule or stricter, or take it out.", field=looser),
        )  # fmt: skip
    return changed


def _without(file: Path, rules: Mapping[str, Rule], disabled: tuple[str, ...]) -> dict[str, Rule]:
    for name in disabled:
        if name not in rules:
            refuse(file, "disabled", _("there is no rule {name}", name=name), nearest(name, rules))
        if rules[name].statutory:
            refuse(file, "disabled", _("{name} is the statutory minimum and stays", name=name),
                   _("Take it out of disabled; a rule of the same name can make it stricter."))  # fmt: skip
    return {name: rule for name, rule in rules.items() if name not in disabled}
