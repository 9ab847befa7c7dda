"""What every room that is handed an evaluation refuses: what is none, and several series where one is meant."""

from __future__ import annotations

from slokit.errors import WrongType
from slokit.evaluation.evaluation import Evaluation

__all__ = ["check_evaluation", "one_series"]


def check_evaluation(value: Evaluation, what: str = "ev") -> Evaluation:
    """Return what is an evaluation, and refuse all else.

    Parameters
    ----------
    value
        Whatever the caller brought.
    what
        What an error message calls it.

    Raises
    ------
    WrongType
        If it is none.
    """
    if not isinstance(value, Evaluation):
        raise WrongType(
            f"{what} must be an Evaluation, got {type(value).__name__}: {value!r:.100}; slo.evaluate(…) makes it"
        )
    return value


def one_series(value: Evaluation, what: str = "ev") -> Evaluation:
    """Return an evaluation of one series.

    Raises
    ------
    WrongType
        If it is none, or of several.
    """
    check_evaluation(value, what)._sums.check_single(what)
    return value
