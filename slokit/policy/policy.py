"""Policies: what an error budget has a team do.

A policy maps budget and burn to states, each with what is to be done and what is blocked. The rules are conditions over
whole arrays, so that one policy judges years of history, a test and the running service alike;
:mod:`slokit.policy.transitions` has the table of how one state follows another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, Literal, get_args

import attrs
import numpy as np
import numpy.typing as npt

from slokit._display import clean, html_table
from slokit.errors import InvalidPolicy, RoundedWindows, UnknownActivity, WrongType, warn
from slokit.evaluation import Evaluation
from slokit.evaluation.checks import check_evaluation
from slokit.policy import default
from slokit.policy.history import PolicyHistory
from slokit.policy.reviews import Reviews
from slokit.policy.state import UNKNOWN, Rule, State, names_of
from slokit.policy.transitions import UNKNOWN_CODE, Carry, step
from slokit.texts import check_text
from slokit.timeline import UNITS, DurationLike, duration_text, parse_length
from slokit.windows import Window

__all__ = ["OnUnknown", "Policy"]

OnUnknown = Literal["allow", "block"]
"""What becomes of activities while nobody can tell the state."""

# Codes are kept in int8 and lifted by 16 a run.
_MOST_STATES = 15


def _several(values: Iterable[Any], field: str, of: str) -> tuple[Any, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise WrongType(f"{field} must be several {of}, got {values!r:.100}; write them in a list")
    return tuple(values)


def _states(values: Iterable[State]) -> tuple[State, ...]:
    return _several(values, "states", "states")


def _rules(values: Iterable[Rule]) -> tuple[Rule, ...]:
    return _several(values, "rules", "rules")


def _stale_after(value: DurationLike | int) -> int:
    return parse_length(value, "stale_after")


def _activities(values: Iterable[str]) -> tuple[str, ...]:
    return names_of(values, "activities")


def _changes(values: Iterable[str]) -> tuple[str, ...]:
    return names_of(values, "changes")


@attrs.frozen(repr=False)
class Policy:
    """States in order of severity, and the rules that enter and leave them.

    Parameters
    ----------
    name
        What people call it.
    states
        The mildest first: no rule names it, it is there when no other is.
    rules
        When each of the others is entered and left; several may name the same.
    unknown
        What to do while nobody can tell; its name is ``"unknown"``, and it stands outside the order of severity.
    stale_after
        So long after the last data the state is unknown; until then the last one is held.
    on_unknown
        ``"allow"``, or ``"block"`` for what the most severe state blocks.
    activities, changes
        The activities and the classes of changes that decisions are asked about. Whatever else is asked about is an
        error: a misspelt activity that is always allowed would be the worst of answers.
    round_windows
        Whether alert windows that are no whole number of buckets are lengthened, with a warning, instead of refused.
    reviews
        When an incident review, a post-mortem or a planning item is due.

    Raises
    ------
    InvalidPolicy
        If names repeat, or a rule or a state names what the policy does not have.

    Examples
    --------
    >>> from slokit import SLI, SLO, Counts
    >>> from slokit.conditions import Exhausted
    >>> policy = Policy(
    ...     "careful",
    ...     states=[State("calm"), State("frozen", blocks=["deploy"], exempt=["security"])],
    ...     rules=[Rule("frozen", Exhausted(), hold="2h")],
    ... )
    >>> counts = Counts.from_buckets(start="2026-01-01T00:00Z", step="1h", total=[100] * 5, bad=[0, 3, 0, 0, 0])
    >>> ev = SLO("checkout", sli=SLI.ratio("up"), target="99%", window="1h").evaluate(counts)
    >>> policy.evaluate(ev).states.tolist()
    ['calm', 'frozen', 'frozen', 'calm', 'calm']
    """

    name: str
    states: tuple[State, ...] = attrs.field(kw_only=True, converter=_states)
    rules: tuple[Rule, ...] = attrs.field(kw_only=True, converter=_rules)
    unknown: State = attrs.field(kw_only=True, default=default.UNKNOWN_STATE)
    stale_after: int = attrs.field(kw_only=True, default=UNITS["h"], converter=_stale_after)
    on_unknown: OnUnknown = attrs.field(kw_only=True, default="allow")
    activities: tuple[str, ...] = attrs.field(kw_only=True, default=default.ACTIVITIES, converter=_activities)
    changes: tuple[str, ...] = attrs.field(kw_only=True, default=default.CHANGES, converter=_changes)
    round_windows: bool = attrs.field(kw_only=True, default=False)
    reviews: Reviews = attrs.field(kw_only=True, factory=Reviews)

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name, InvalidPolicy)
        self._check_types()
        names = [state.name for state in self.states]
        if not 1 <= len(names) <= _MOST_STATES:
            raise InvalidPolicy(f"states must be 1 to {_MOST_STATES}, got {len(names)}")
        if len(set(names)) < len(names) or UNKNOWN in names:
            raise InvalidPolicy(f"states must have names of their own, none of them {UNKNOWN!r}, got {names}")
        if self.unknown.name != UNKNOWN:
            raise InvalidPolicy(f"unknown must be a state called {UNKNOWN!r}, got {self.unknown.name!r}")
        for i, rule in enumerate(self.rules):
            if rule.state not in names[1:]:
                listed = ", ".join(map(repr, names[1:])) or "none"
                raise InvalidPolicy(
                    f"rules[{i}] must name a state but the mildest, one of {listed}, got {rule.state!r}"
                )
        for state in (*self.states, self.unknown):
            for field, known in (("blocks", self.activities), ("exempt", self.changes)):
                if strange := [name for name in getattr(state, field) if name not in known]:
                    raise InvalidPolicy(
                        f"{field} of state {state.name!r} must be among the policy's {', '.join(known) or 'none'}, got "
                        f"{strange[0]!r}"
                    )
        if strange := [name for name in self.reviews.incident_review if name not in names]:
            raise InvalidPolicy(
                f"incident_review must name states of the policy, {', '.join(names)}, got {strange[0]!r}"
            )

    def _check_types(self) -> None:
        held: list[tuple[str, object, type]] = [
            *((f"states[{i}]", state, State) for i, state in enumerate(self.states)),
            *((f"rules[{i}]", rule, Rule) for i, rule in enumerate(self.rules)),
            ("unknown", self.unknown, State),
            ("reviews", self.reviews, Reviews),
            ("round_windows", self.round_windows, bool),
        ]
        for field, value, cls in held:
            if not isinstance(value, cls):
                raise WrongType(f"{field} must be a {cls.__name__}, got {type(value).__name__}: {value!r:.100}")
        if self.on_unknown not in get_args(OnUnknown):
            raise InvalidPolicy(f'on_unknown must be "allow" or "block", got {self.on_unknown!r}')

    @classmethod
    def default(cls, window: DurationLike | Window = "30d", **changed: Any) -> Policy:
        """Return what the field's error-budget policies say, with numbers; see the page on policies.

        Healthy, warning (fast burn, or under a quarter of the budget left; blocks nothing) and critical (the budget is
        exhausted; freezes changes that are not essential). Alert windows are lengthened to whole buckets.

        Parameters
        ----------
        window
            The objective's window, which Google's burn rates are scaled to; ``slo.window`` will do.
        **changed
            Fields of the policy to have otherwise, such as ``on_unknown="block"``.

        Examples
        --------
        >>> Policy.default()
        Policy('default': healthy < warning < critical; 3 rules)
        """
        known = [field.name for field in attrs.fields(cls)]
        for name in changed:
            _check_known("a field of the policy", name, tuple(known))
        fields: dict[str, Any] = {
            "name": "default",
            "states": default.STATES,
            "rules": default.rules(window),
            "round_windows": True,
            "reviews": Reviews(incident_review=["critical"]),
        }
        return cls(**(fields | changed))

    def evaluate(
        self,
        evaluation: Evaluation,
        *,
        initial: str | npt.ArrayLike | Carry | None = None,
        suspicious: npt.NDArray[np.bool_] | None = None,
    ) -> PolicyHistory:
        """Return the states at the end of every bucket, for all series.

        Parameters
        ----------
        evaluation
            What the policy is held against.
        initial
            The state just before the first bucket, where it is known: a name, or one a series; or the ``carry`` of a
            history that ended there, which also knows for how long each rule has been clear. By default nothing is
            known before the first data.
        suspicious
            Where traffic is suspiciously low, as :meth:`slokit.traffic.UsualTraffic.suspicious` says: bool, shape
            ``(..., n)``. The mildest state is not believed there.

        Raises
        ------
        InvalidPolicy
            If ``initial`` is no state of the policy.
        InvalidWindow
            If a window is no whole number of buckets, and the policy does not round.

        Warns
        -----
        RoundedWindows
            If windows were lengthened to whole buckets.
        """
        check_evaluation(evaluation, "evaluation")
        rules, notes = self.fitted(evaluation.timeline.step)
        if notes:
            warn(f"{'; '.join(notes)}. Choose a step that fits, or alerts that fit the step", RoundedWindows)
        coded = self.coded(rules)
        carry = (
            initial
            if isinstance(initial, Carry)
            else Carry.of(coded, self.initial_codes(initial, evaluation.excluded.shape[:-1]))
        )
        if carry.ago.shape != (len(rules), *evaluation.excluded.shape[:-1]):
            raise WrongType(
                f"initial must be of {len(rules)} rules and series of shape {evaluation.excluded.shape[:-1]}, got one "
                f"of shape {carry.ago.shape}; it is another policy's, or of other series"
            )
        doubts = None if suspicious is None else _read_only(suspicious, evaluation)
        codes, handed_on = step(evaluation, coded, self.stale_after, carry, suspicious=doubts)
        return PolicyHistory(
            policy=self,
            evaluation=evaluation,
            codes=codes,
            rules=rules,
            initial=carry,
            carry=handed_on,
            suspicious=doubts,
            notes=notes,
        )

    def coded(self, rules: Iterable[Rule]) -> list[tuple[Rule, int]]:
        """Return rules with the codes of their states."""
        codes = {state.name: code for code, state in enumerate(self.states)}
        return [(rule, codes[rule.state]) for rule in rules]

    def fitted(self, step: int) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
        """Return the rules as they fit the buckets, and what was changed."""
        if not self.round_windows:
            return self.rules, ()
        # One by one: two alerts of a composite may be the same once they are lengthened, and then it has one of them.
        leaves = [leaf for rule in self.rules for leaf in rule.leaves()]
        pairs = [(leaf, fitted) for leaf in leaves if (fitted := leaf.fitted(step)) != leaf]
        if not pairs:
            return self.rules, ()
        fitted_rules = tuple(rule.fitted(step) for rule in self.rules)
        changed = dict.fromkeys(f"{old!r} as {new!r}" for old, new in pairs)
        return fitted_rules, (f"windows lengthened to whole buckets of {duration_text(step)}: {', '.join(changed)}",)

    def initial_codes(self, initial: str | npt.ArrayLike | None, lead: tuple[int, ...] = ()) -> npt.NDArray[np.int8]:
        """Read the states before the first bucket as codes, shape of the leading axes.

        Raises
        ------
        InvalidPolicy
            If one is no state of the policy.
        """
        codes = {state.name: code for code, state in enumerate(self.states)} | {UNKNOWN: UNKNOWN_CODE}
        names = np.asarray(UNKNOWN if initial is None else initial)
        if names.dtype.kind != "U" or names.shape not in ((), lead):
            raise WrongType(
                f"initial must be the name of a state, or one a series (shape {lead}), got {initial!r:.100}"
            )
        if strange := [str(name) for name in names.flat if str(name) not in codes]:
            raise InvalidPolicy(f"initial must be one of {', '.join(codes)}, got {strange[0]!r}")
        known = np.array([codes[str(name)] for name in names.flat], dtype=np.int8).reshape(names.shape)
        return np.array(np.broadcast_to(known, lead))

    def state(self, code: int) -> State:
        """Return the state of a code; -1 is the unknown one."""
        return self.unknown if code == UNKNOWN_CODE else self.states[code]

    def blocks(self, state: State, activity: str, change: str | None = None) -> bool:
        """Say whether a state blocks an activity, for a class of changes if one is named.

        Raises
        ------
        UnknownActivity
            If the policy does not know the activity, or the class of changes.

        Examples
        --------
        >>> policy = Policy.default()
        >>> critical = policy.states[-1]
        >>> policy.blocks(critical, "deploy"), policy.blocks(critical, "deploy", change="security")
        (True, False)
        """
        _check_known("activity", activity, self.activities)
        if change is not None:
            _check_known("change", change, self.changes)
        if activity in state.blocks and change not in state.exempt:
            return True
        # Nobody can tell, so it may be the worst.
        doubtful = state.name == UNKNOWN and self.on_unknown == "block"
        return doubtful and self.blocks(self.states[-1], activity, change)

    def table(self) -> list[tuple[str, str, str, str]]:
        """Return what the policy says as rows of state, entered when, left when, and what it means.

        Examples
        --------
        >>> for row in Policy("x", states=[State("calm"), State("busy")], rules=[]).table():
        ...     print(row)
        ('calm', 'nothing below holds', '', '')
        ('busy', 'never: no rule names it', '', '')
        ('unknown', 'no data for 1h, or none yet', 'data', 'nobody can tell how the service fares')
        """
        rows = []
        for code, state in enumerate(self.states):
            rules = [rule for rule in self.rules if rule.state == state.name]
            entered = "; or ".join(text for rule in rules for text in rule.entering)
            left = "; ".join(dict.fromkeys(rule.leaving for rule in rules))
            never = "never: no rule names it" if code else "nothing below holds"
            rows.append((state.name, entered or never, left, _meaning(state)))
        silence = f"no data for {duration_text(self.stale_after)}, or none yet"
        return [*rows, (UNKNOWN, silence, "data", _meaning(self.unknown))]

    def __repr__(self) -> str:
        order = " < ".join(clean(state.name, 40) for state in self.states)
        return f"Policy({clean(self.name, 60)!r}: {order}; {len(self.rules)} rule{'s' * (len(self.rules) != 1)})"

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        yield "name", clean(self.name)
        for state, entered, left, _ in self.table():
            yield clean(state), f"{entered}{f', until {left}' if left else ''}"

    def _repr_html_(self) -> str:
        return html_table(self.table(), ("state", "entered when", "left when", "means"), f"Policy {self.name}")


def _read_only(suspicious: npt.ArrayLike, evaluation: Evaluation) -> npt.NDArray[np.bool_]:
    """Copy a mask of the evaluation's shape."""
    mask = np.array(suspicious)
    if mask.dtype != np.bool_ or mask.shape != evaluation.excluded.shape:
        raise WrongType(
            f"suspicious must be a bool array of shape {evaluation.excluded.shape}, got dtype {mask.dtype} and shape "
            f"{mask.shape}; ask about counts with the evaluation's own buckets"
        )
    mask.setflags(write=False)
    return mask


def _meaning(state: State) -> str:
    return "; ".join(filter(None, (state.means, *state.actions)))


def _check_known(field: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        close = get_close_matches(str(name), known, n=1)
        hint = f'; did you mean "{close[0]}"?' if close else ""
        raise UnknownActivity(f"{field} must be one of {', '.join(known) or 'none'}, got {name!r:.100}{hint}")
