"""The methods as skfolio's own estimators, and their settings."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from ..data.targets import View
from ..models import AssetClass
from .request import Covariance, Method, Objective
from .returns import PERIODS, Floats

MARKET_AVERSION: Final = 2.5
"""Risk aversion of the market as a whole, from which equilibrium returns follow."""
SOLVER: Final = "CLARABEL"
SOLVER_PARAMS: Final[Mapping[str, float]] = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}
SCALE_OBJECTIVE: Final = 1e4
"""Daily variances are of the order of 1e-5: without it the solver's tolerance would be coarse."""


@dataclass(frozen=True)
class Settings:
    """How weights are to be found. Shares, costs and aversion are of a year."""

    method: Method
    objective: Objective
    covariance: Covariance = "ledoit_wolf"
    risk_aversion: float = 10.0
    target_volatility: float | None = None
    cvar_confidence: float = 0.95
    classes: tuple[AssetClass, ...] = ()
    """Of each asset, for the views."""
    views: tuple[View, ...] = ()
    reference: Floats | None = field(default=None, repr=False)
    """Weights of the market for the equilibrium; None: equal."""
    risk_free: float = 0.0
    costs: tuple[Floats, Floats] | None = field(default=None, repr=False)
    """What buying and selling costs, as shares of a year's return; None: nothing."""


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what the libraries warn of and we check ourselves."""
    with warnings.catch_warnings():
        # Every solution is held against the limits afterwards, and mended or refused.
        warnings.filterwarnings("ignore", message="Solution may be inaccurate", category=UserWarning)
        # A point of the frontier that is out of reach is left out.
        warnings.filterwarnings("ignore", message="Solver '", category=UserWarning)
        # Constant series: their correlations are not used, covariances are shrunk first.
        warnings.filterwarnings("ignore", message="invalid value encountered", category=RuntimeWarning)
        # Deprecations within scikit-learn, SciPy and cvxpy that skfolio sets off.
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"(sklearn|skfolio|cvxpy|scipy|pandas)\.")
        yield


def covariance_of(name: Covariance) -> Any:  # noqa: ANN401 - an estimator of skfolio
    """Return skfolio's estimator of a covariance."""
    from skfolio import moments

    return {
        "ledoit_wolf": moments.LedoitWolf,
        "oas": moments.OAS,
        "denoise": moments.DenoiseCovariance,
        "empirical": moments.EmpiricalCovariance,
    }[name]()


def prior_of(settings: Settings, count: int) -> Any:  # noqa: ANN401 - an estimator of skfolio
    """Return skfolio's prior: expected returns and covariance as the method takes them."""
    from skfolio import moments, prior

    if settings.method == "black_litterman":
        groups, texts, confidences = views_for(settings.views, settings.classes, settings.risk_free)
        equilibrium = prior.EmpiricalPrior(
            mu_estimator=moments.EquilibriumMu(
                risk_aversion=MARKET_AVERSION,
                weights=settings.reference,
                covariance_estimator=covariance_of(settings.covariance),
            ),
            covariance_estimator=covariance_of(settings.covariance),
        )
        if not texts:
            return equilibrium
        return prior.BlackLitterman(
            views=texts, groups=[groups], prior_estimator=equilibrium, view_confidences=confidences,
            risk_free_rate=settings.risk_free / PERIODS,
        )  # fmt: skip
    if settings.method == "mean_variance" and count > 2:
        mu: Any = moments.ShrunkMu(
            covariance_estimator=moments.LedoitWolf(),
            vol_weighted_target=True,
            method=moments.ShrunkMuMethods.BAYES_STEIN,
        )
    else:
        mu = moments.EmpiricalMu()
    return prior.EmpiricalPrior(mu_estimator=mu, covariance_estimator=covariance_of(settings.covariance))


def views_for(
    views: Sequence[View], classes: Sequence[AssetClass], risk_free: float
) -> tuple[list[str], list[str], list[float]]:
    """Return the group of each asset, and views and confidences in skfolio's terms: daily and above the risk-free rate.

    Views about a class without an asset are left out.
    """
    present = set(classes)
    kept = [one for one in views if one.asset in present and (one.against is None or one.against in present)]
    texts = []
    for one in kept:
        if one.against is not None:
            texts.append(f"{one.asset} - {one.against} == {one.expected / PERIODS:.12f}")
        else:
            texts.append(f"{one.asset} == {(one.expected - risk_free) / PERIODS:.12f}")
    return list(classes), texts, [one.confidence for one in kept]


def estimator_of(settings: Settings, count: int, **limits: Any) -> Any:  # noqa: ANN401 - an estimator of skfolio
    """Return the estimator of a method. `limits` are arguments of skfolio's convex estimators."""
    from skfolio import RiskMeasure, optimization
    from skfolio.distance import CovarianceDistance

    prior = prior_of(settings, count)
    solver = {
        "solver": SOLVER, "solver_params": dict(SOLVER_PARAMS), "scale_objective": SCALE_OBJECTIVE,
    }  # fmt: skip
    if settings.method == "hierarchical_risk_parity":
        # The distance is taken of the shrunk correlations, which exist for constant series, too.
        return optimization.HierarchicalRiskParity(
            prior_estimator=prior,
            distance_estimator=CovarianceDistance(covariance_estimator=covariance_of(settings.covariance)),
        )
    if settings.method == "risk_parity":
        return optimization.RiskBudgeting(risk_measure=RiskMeasure.VARIANCE, prior_estimator=prior, **solver, **limits)
    if settings.method == "cvar":
        solver.pop("scale_objective")
        return optimization.MeanRisk(
            risk_measure=RiskMeasure.CVAR, cvar_beta=settings.cvar_confidence, prior_estimator=prior, **solver, **limits
        )
    goal = optimization.ObjectiveFunction
    objective = {
        "minimum_risk": goal.MINIMIZE_RISK,
        "utility": goal.MAXIMIZE_UTILITY,
        "target_volatility": goal.MAXIMIZE_RETURN,
    }[settings.objective]
    if settings.objective == "target_volatility":
        assert settings.target_volatility is not None, "the request checks it"
        limits["max_variance"] = settings.target_volatility**2 / PERIODS
    return optimization.MeanRisk(
        objective_function=objective, risk_measure=RiskMeasure.VARIANCE,
        risk_aversion=settings.risk_aversion / 2.0,  # skfolio's utility has no half before the variance
        prior_estimator=prior, **solver, **limits,
    )  # fmt: skip
