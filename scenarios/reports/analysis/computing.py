"""Computes the figures of one dossier: every value with the items that went into it, or with why there is none."""

from datetime import date
from typing import Final

from ..models import Dossier, Figure, Input
from ..showing import shown
from .expressions import Call, Name, Node, NoValueError, Number, compute, facts, names, recompute, symbol, walk
from .formulas import Formulas, Prepared
from .ledger import Frame, Ledger, days_of, fact_of, payments_of

_AND: Final = {"zh": "、", "en": ", "}


class Computing:
    """The figures of one dossier, each computed once."""

    def __init__(self, dossier: Dossier, formulas: Formulas, ledger: Ledger) -> None:
        self.dossier = dossier
        self.formulas = formulas
        self.ledger = ledger
        self.language = dossier.language
        self.done: dict[str, Figure] = {}
        """By id, in the order in which they were computed."""
        self.mixed = len({frame.scope for frame in ledger.emitted()}) > 1
        self._balances: dict[str, bool] = {}

    def figure(self, name: str, frame: Frame) -> Figure:
        """Return a figure by the name of its formula. Raises `KeyError` for an unknown one."""
        figure_id = f"{name}@{frame.period}"
        if figure_id not in self.done:
            self.done[figure_id] = self._made(self.formulas.prepared[name], frame, figure_id)
        return self.done[figure_id]

    def applies(self, one: Prepared, frame: Frame) -> bool:
        """Whether a formula has a figure in a frame at all, be it one without a value."""
        if not one.formula.interim and not frame.year:
            return False
        if one.account is not None and one.account.code not in self.ledger.accounts(frame):
            return False
        years = self.ledger.years()
        if one.formula.at == "last" and (not years or frame.period != years[-1]):
            return False
        below = self._below(one.node)
        if one.account is not None and _looks_back(one.node) and frame.period == min(self.ledger.frames):
            return False
        if any(uses(node, "inflow") for node in below) and not payments_of(self.dossier, frame):
            return False
        stated = {fact.name for fact in self.dossier.facts}
        return all(facts(node) <= stated for node in below)

    def _below(self, node: Node) -> list[Node]:
        """Return an expression and those of the figures that it names."""
        prepared = self.formulas.prepared
        return [node, *(two for one in names(node) if one in prepared for two in self._below(prepared[one].node))]

    def describe(self, node: Node) -> str:
        """Return what a part of an expression is called, such as the mean of total equity."""
        if isinstance(node, Name):
            return self.formulas.title(node.name, self.language)
        if isinstance(node, Number):
            return f"{node.value:g}"
        if isinstance(node, Call):
            inner = _AND[self.language[:2]].join(self.describe(one) for one in node.arguments)
            wording = f"function_{node.function}"
            if wording not in self.formulas.notes:
                return inner
            return self.formulas.note(wording, self.language, inner=inner)
        # A side that is a bare number says nothing of what is below zero.
        sides: list[Node] = [one for one in (node.left, node.right) if not isinstance(one, Number)]
        return f" {node.sign} ".join(self.describe(one) for one in sides)

    def _made(self, one: Prepared, frame: Frame, figure_id: str) -> Figure:
        reader = _Reading(self, frame)
        value: float | None = None
        try:
            value = compute(one.node, reader.look, signed=one.formula.signed)
            if not reader.inputs:
                raise NoValueError("nothing_stated", one.node)
        except NoValueError as error:
            value = None
            said = [self._reason(error, frame)]
        else:
            said = [one.formula.note.within(self.language)] if one.formula.note else []
            said += reader.notes(one.node)
        unit = frame.currency if one.formula.unit == "money" else one.formula.unit
        return Figure(
            id=figure_id,
            name=one.name,
            title=self.scoped(one.title(self.language), frame),
            period=frame.period,
            value=value,
            unit=unit,
            shown=shown(value, unit, self.language),
            formula=one.written(self.language),
            inputs=tuple(reader.inputs.values()) if value is not None else (),
            note=" ".join(said) or None,
        )

    def scoped(self, title: str, frame: Frame) -> str:
        """Return a title with the scope where the periods have not all the same."""
        if not self.mixed:
            return title
        scope = self.formulas.note(f"scope_{frame.scope}", self.language)
        return f"{title}（{scope}）" if self.language.startswith("zh") else f"{title} ({scope})"

    def _reason(self, error: NoValueError, frame: Frame) -> str:
        about = self.describe(error.about) if error.about is not None else ""
        scope = self.formulas.note(f"scope_{frame.scope}", self.language)
        said = self.formulas.note(error.reason, self.language, about=about, scope=scope)
        return error.detail or said  # of a figure that rests on another: why that one has none

    def of_balances(self, name: str) -> bool:
        """Whether a figure is made of balances only, so that its period before is the opening one."""
        if name not in self._balances:
            account = self.formulas.accounts.get(name)
            if account is not None:
                return account.statement == "balance"
            below = names(self.formulas.prepared[name].node)
            self._balances[name] = bool(below) and all(self.of_balances(one) for one in below)
        return self._balances[name]


class _Reading:
    """Looks the names of one expression up, and keeps what was read."""

    def __init__(self, computing: Computing, frame: Frame) -> None:
        self._computing = computing
        self._frame = frame
        self._followed = False
        self.inputs: dict[str, Input] = {}

    def look(self, name: str, function: str) -> float:
        key = symbol(name, function)
        if key in self.inputs:
            return self.inputs[key].value
        found = self._found(name, function, key)
        if found is None:
            return 12.0  # months of a whole year: nothing is scaled, so it is no input
        self.inputs[key] = found
        return found.value

    def notes(self, node: Node) -> list[str]:
        computing, language = self._computing, self._computing.language
        said = []
        if "months" in self.inputs:
            said.append(computing.formulas.note("annualised", language))
        absent = []
        for call in walk(node):
            if not isinstance(call, Call) or call.function not in ("or_zero", "either"):
                continue
            among = [one.name for one in call.arguments if isinstance(one, Name)]
            used = [one for one in among if one in self.inputs or symbol(one, "prior") in self.inputs]
            if call.function == "or_zero":
                absent += among if not used else []
            elif used and used[0] != among[0]:
                about, instead = (computing.formulas.title(one, language) for one in (among[0], used[0]))
                said.append(computing.formulas.note("used_instead", language, about=about, instead=instead))
        if absent:
            about = _AND[language[:2]].join(computing.formulas.title(one, language) for one in dict.fromkeys(absent))
            said.append(computing.formulas.note("taken_as_nothing", language, about=about))
        if "inflow" in self.inputs:
            said.append(computing.formulas.note("inflow_after" if self._followed else "inflow_within", language))
        return said

    def _found(self, name: str, function: str, key: str) -> Input | None:
        frame = self._frame
        if function == "fact":
            fact = fact_of(self._computing.dossier, name, frame.period)
            if fact.unit not in ("share", "days", "count", "", frame.currency):
                raise NoValueError("other_currency", Name(name))
            return Input(symbol=key, value=fact.number or 0.0, shown=fact.shown, place=fact.place)
        if name in ("days", "months"):
            if frame.months == 0:
                raise NoValueError("no_flows")
            if name == "months" and frame.months == 12:
                return None
            value = float(days_of(frame.period, frame.months) if name == "days" else frame.months)
            return Input(symbol=key, value=value, shown=self._shown(value, "days" if name == "days" else "count"))
        if name in ("inflow", "flow_months"):
            return self._flow(name, key)
        if function in ("first", "years"):
            return self._since_first(name, function, key)
        return self._stated(name, frame, before=function == "prior", key=key)

    def _stated(self, name: str, frame: Frame, *, before: bool, key: str) -> Input:
        computing = self._computing
        period = frame.period
        if before:
            period = frame.opening if computing.of_balances(name) else frame.before
        account = computing.formulas.accounts.get(name)
        if account is None:
            return self._computed(name, period, key)
        try:
            item = computing.ledger.item(name, account.statement, period, frame.months, frame)
        except NoValueError as error:
            if before and error.reason in ("missing", "no_statement"):
                raise NoValueError(error.reason, Call("prior", (Name(name),))) from error
            raise
        return Input(symbol=key, value=item.value, shown=self._shown(item.value, item.currency), place=item.place)

    def _computed(self, name: str, period: str, key: str) -> Input:
        computing, frame = self._computing, self._frame
        other = computing.ledger.frames.get(period)
        if other is None or (period != frame.period and other.months not in (0, frame.months)):
            raise NoValueError("no_statement", Call("prior", (Name(name),)))
        if (other.scope, other.currency) != (frame.scope, frame.currency):
            raise NoValueError("other_scope", Name(name))
        figure = computing.figure(name, other)
        if figure.value is None:
            raise NoValueError("not_computed", Name(name), figure.note)
        return Input(symbol=key, value=figure.value, shown=figure.shown, figure=figure.id)

    def _since_first(self, name: str, function: str, key: str) -> Input:
        computing, frame = self._computing, self._frame
        account = computing.formulas.accounts.get(name)
        if account is None:
            raise NoValueError("missing", Name(name))
        last = date.fromisoformat(frame.period)
        for period in computing.ledger.years():
            day = date.fromisoformat(period)
            if day.year >= last.year - 1 or (day.month, day.day) != (last.month, last.day):
                break
            try:
                item = computing.ledger.item(name, account.statement, period, 12, frame)
            except NoValueError:
                continue
            if function == "years":
                years = float(last.year - day.year)
                return Input(symbol=key, value=years, shown=self._shown(years, "count"))
            return Input(symbol=key, value=item.value, shown=self._shown(item.value, item.currency), place=item.place)
        raise NoValueError("too_few_years", Name(name))

    def _flow(self, name: str, key: str) -> Input:
        payments = payments_of(self._computing.dossier, self._frame)
        if not payments:
            raise NoValueError("missing", Name("inflow"))
        self._followed = payments[0].day > self._frame.period
        if name == "flow_months":
            months = float(len({one.day[:7] for one in payments}))
            return Input(symbol=key, value=months, shown=self._shown(months, "count"))
        received = [one for one in payments if one.amount > 0.0]
        total = sum(one.amount for one in received)
        # One line stands for all: a figure that lists thousands of places would help nobody.
        place = received[0].place if received else payments[0].place
        return Input(symbol=key, value=total, shown=self._shown(total, self._frame.currency), place=place)

    def _shown(self, value: float, unit: str) -> str:
        return shown(value, unit, self._computing.language)


def _looks_back(node: Node) -> bool:
    return any(isinstance(one, Call) and one.function in ("prior", "avg", "cagr") for one in walk(node))


def uses(node: Node, name: str) -> bool:
    """Whether an expression names something."""
    return any(isinstance(one, Name) and one.name == name for one in walk(node))


def recomputed(figure: Figure, formulas: Formulas) -> float | None:
    """Return the value of a figure from its inputs alone; None where they give none.

    The evidence check and the tests compute every figure again with it.
    """
    prepared = formulas.prepared[figure.name]
    inputs = {one.symbol: one.value for one in figure.inputs}
    try:
        return recompute(prepared.node, inputs, signed=prepared.formula.signed)
    except NoValueError:
        return None
