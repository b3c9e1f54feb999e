"""The diagnosis of a client's account: what is held, its risk, what would happen to it, and what changed."""

from .answer import AccountDiagnosis
from .batch import Brief, diagnose_many
from .diagnosis import diagnose
from .stress import StressBook

__all__ = ["AccountDiagnosis", "Brief", "StressBook", "diagnose", "diagnose_many"]
