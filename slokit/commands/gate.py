"""``slokit gate``: ask a policy whether an activity may begin, and tell a pipeline by the exit status."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

import attrs

from slokit.commands.evidence import Asked, asked, count, read, source
from slokit.commands.exits import Exit
from slokit.commands.options import Commands, add_columns, add_command, add_evidence, add_objective
from slokit.commands.streams import print_json
from slokit.errors import InvalidPolicy
from slokit.policy import Decision, Policy
from slokit.report.decisions import Answer, answer_dict, render_answers
from slokit.report.terminal import style_for
from slokit.slo import SLO

__all__ = ["add_gate"]

_EXAMPLES = """\
examples:
  python -m slokit gate docs/data/checkout.csv --target 99.9%
  python -m slokit gate requests.csv --slo slos.toml --policy release --change security --end now
  python -m slokit gate requests.csv --slo slos.toml --override "rollback of 4711" --who ann --json

exit status:
  0 allowed, 1 blocked, 2 if options or file are wrong, 3 if nobody can tell; 70 for a fault of slokit itself
"""


def add_gate(commands: Commands) -> None:
    """Add the command ``gate``."""
    gate = add_command(
        commands,
        "gate",
        _gate,
        summary="ask a policy whether a deployment may begin",
        description="Hold a policy against a CSV of events or buckets, and say whether an activity may begin.",
        usage="%(prog)s FILE (--target SHARE | --slo FILE) [options]",
        epilog=_EXAMPLES,
    )
    add_columns(gate)
    add_objective(gate)
    add_evidence(gate)
    question = gate.add_argument_group("question")
    question.add_argument("--activity", default="deploy", help="what is about to begin (default deploy)")
    question.add_argument("--change", metavar="CLASS", help="class of the change, which may be exempt: security, ...")
    question.add_argument(
        "--policy", metavar="NAME", help="a policy of the --slo file (default: its only one, or ours)"
    )
    question.add_argument(
        "--on-unknown", choices=("allow", "block"), help="decide this where nobody can tell, instead of exit status 3"
    )
    question.add_argument("--override", metavar="REASON", help="allow it whatever the policy says, and say why")
    question.add_argument("--who", metavar="NAME", help="who overrides")
    output = gate.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="print data instead of text")
    output.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="(default auto)")


def _gate(options: argparse.Namespace) -> int:
    """Read, evaluate, decide and print."""
    if (options.override is None) != (options.who is None):
        raise InvalidPolicy("--override and --who belong together: why, and who")
    wanted = asked(options)
    policies = [_policy(wanted, slo, options) for slo in wanted.slos]
    for policy in policies:
        # Asked before anything is read: a misspelt activity is a mistake whatever the state.
        policy.blocks(policy.states[0], options.activity, options.change)
    table = read(options)
    answers = [
        _answer(decision, options)
        for slo, policy in zip(wanted.slos, policies, strict=True)
        for decision in policy.evaluate(
            slo.evaluate(
                count(table, slo, options),
                wanted.exclusions,
                settle=options.settle,
                expected_total=options.expected_total,
            )
        ).decisions(options.at)
    ]
    if options.json:
        print_json({"version": 1, "allowed": _together(answers), "decisions": [answer_dict(one) for one in answers]})
    else:
        print(render_answers(answers, source(options), style_for(sys.stdout, options.color)), end="")
    return {True: Exit.DONE, False: Exit.BLOCKED, None: Exit.UNKNOWN}[_together(answers)]


def _policy(wanted: Asked, slo: SLO, options: argparse.Namespace) -> Policy:
    """Return the policy that is named, or the only one of the file, or the default one for an objective."""
    defined = () if wanted.definitions is None else wanted.definitions.policies
    if options.policy is not None:
        found = [policy for policy in defined if policy.name == options.policy]
        if not found:
            known = ", ".join(repr(policy.name) for policy in defined) or "none"
            raise InvalidPolicy(f"--policy {options.policy!r} is not defined in the --slo file; there are {known}")
        policy = found[0]
    elif len(defined) > 1:
        names = ", ".join(repr(policy.name) for policy in defined)
        raise InvalidPolicy(f"--policy must say which policy decides: {names}")
    else:
        # Google's burn rates are scaled to the objective's own window.
        policy = defined[0] if defined else Policy.default(slo.window)
    return policy if options.on_unknown is None else attrs.evolve(policy, on_unknown=options.on_unknown)


def _answer(decision: Decision, options: argparse.Namespace) -> Answer:
    allowed: bool | None
    if options.override is not None:
        decision = decision.overridden(
            allow=True, reason=options.override, by=options.who, activities=(options.activity,)
        )
    if decision.is_known or decision.override is not None or options.on_unknown is not None or not decision.enforced:
        allowed = decision.allows(options.activity, change=options.change)
    else:
        # It may be any state; where none of them blocks, it does not matter which.
        policy = decision.policy
        states = (*policy.states, policy.unknown)
        blocking = any(policy.blocks(state, options.activity, options.change) for state in states)
        allowed = None if blocking else True
    return Answer(decision=decision, activity=options.activity, change=options.change, allowed=allowed)


def _together(answers: Iterable[Answer]) -> bool | None:
    """Return one answer for all: blocked by any, else unknown by any, else allowed."""
    found = {answer.allowed for answer in answers}
    return False if False in found else None if None in found else True
