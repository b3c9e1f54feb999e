"""Reviewers for a context that was given none."""

from appliance.core.principal import Principal
from appliance.scenario.services import ReviewState, Submission


class NoReviews:
    """`services.Reviews` where there is no queue: to leave something for nobody to decide is a fault."""

    async def submit(self, who: Principal, request_id: str, submission: Submission) -> str:
        """Raise `RuntimeError`."""
        raise RuntimeError(f"this context has no reviewers to submit {submission.route} to")

    async def state(self, who: Principal, review_id: str) -> ReviewState:
        """Raise `RuntimeError`."""
        raise RuntimeError(f"this context has no reviewers to ask about {review_id}")
