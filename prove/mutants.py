"""Would anything notice if a safeguard were gone? Takes each one away, and runs what must go red.

`.venv/bin/python -m prove.mutants` copies the sources to a throwaway folder, takes one safeguard
out of the copy, and runs the tests that are named beside it. One that stays green is a survivor,
and the command ends with 1.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("src", "tests", "prove", "migrations", "templates", "static", "pyproject.toml")
CLAIM, WEIGH = "src/nexus/execution/claim.py", "src/nexus/execution/weigh.py"
STATES, SWEEP = "src/nexus/execution/states.py", "src/nexus/execution/sweep.py"
MACHINE = "tests/execution/test_ledger_machine.py"
CLAIMS, STOPS = "tests/execution/test_claim.py", "tests/execution/test_claim_stops.py"
WEIGHED = "tests/execution/test_weigh.py"
CLAIM_STOPS = "src/nexus/execution/claim_stops.py"
RESTING = "tests/execution/test_rest.py"
RESTING_LOCKS = "tests/execution/test_claim_stops_resting.py"
FIRST = "migrations/versions/0001_the_first_shape.py"
DATABASE = "tests/execution/test_once.py"
MINUTES = 5


@dataclass(frozen=True)
class Mutant:
    """One safeguard taken away: where, what, by what, and which tests must notice."""

    name: str
    path: str
    text: str
    instead: str
    tests: tuple[str, ...]
    also: tuple[str, str] = ("", "")
    """What else goes with it, and by what, where one safeguard stands behind another."""

    def taken_away(self, whole: str) -> str:
        """Give the file without the safeguard."""
        without = whole.replace(self.text, self.instead)
        return without.replace(*self.also) if self.also[0] else without


MUTANTS = (
    Mutant("plan too old", WEIGH, "if at > plan.not_after:", "if False:", (MACHINE,)),
    Mutant("everything stopped", WEIGH, "if EVERYTHING in stopped:", "if False:", (WEIGHED,)),
    Mutant(
        "strategy stopped",
        WEIGH,
        "switch = stop_of(stopped, plan.strategy, buys=plan.side is Side.BUY)",
        "switch = None",
        (WEIGHED,),
    ),
    Mutant(
        "account active", WEIGH, "if not may_trade(plan.account_status, plan.side):", "if False:",
        (WEIGHED,),
    ),
    Mutant(
        "bot running", WEIGH, "if plan.bot_status in allowed else _bot_refusal(plan)", "",
        (MACHINE,),
    ),
    Mutant("tier valid", WEIGH, "if not plan.entitled:", "if False:", (WEIGHED,)),
    Mutant("trade still open", WEIGH, "if not plan.trade_is_open:", "if False:", (WEIGHED,)),
    Mutant(
        "a last look before the signature", "src/nexus/exchanges/signed_venue.py",
        "if stopped := await last_look.refusal(intent):", "if stopped := None:",
        ("tests/execution/test_last_look.py",),
    ),
    Mutant(
        "a sale in part is not called whole", "src/nexus/execution/record.py",
        'if order.status == "FILLED" and not left:', 'if order.status == "FILLED":',
        ("tests/fanout/test_close_in_part.py",),
    ),
    Mutant(
        "an exit taken over passes no stop", "src/nexus/fanout/take_over.py",
        "Bot.strategy.not_in({one.removeprefix(OF_STRATEGY) for one in stopped}),", "",
        ("tests/fanout/test_take_over.py",),
    ),
    Mutant(
        "closes that wait hold up none", "src/nexus/fanout/close.py",
        "CloseRequest.not_before.asc().nulls_first(), CloseRequest.id", "CloseRequest.id",
        ("tests/fanout/test_close_in_part.py",),
    ),
    Mutant(
        "a sale waits until its stop is cancelled", WEIGH, "if plan.stop_rests:", "if False:",
        (RESTING,),
    ),
    Mutant(
        "a sale is lowered to what its stop left", CLAIM, 'if not row["stop_sold"] or',
        'if True or not row["stop_sold"] or', (RESTING,),
    ),
    Mutant(
        "a sale waits for a stop being claimed", CLAIM_STOPS,
        "accounts.order_by(ExchangeAccount.id).with_for_update(key_share=True)",
        "accounts.order_by(ExchangeAccount.id)", (RESTING_LOCKS,),
    ),
    Mutant(
        "a stop that rests waits for a switch", CLAIM_STOPS,
        'Switch.name == "everything").with_for_update(read=True)', 'Switch.name == "everything")',
        (RESTING_LOCKS,),
    ),
    Mutant(
        "unique: live stop of a bot", "migrations/versions/0013_stops_that_rest.py",
        '["bot_id"], unique=True', '["bot_id"], unique=False',
        ("tests/execution/test_rest_lost.py",),
    ),
    Mutant("not before its time", WEIGH, "if at < plan.not_before:", "if False:", (MACHINE,)),
    Mutant(
        "one live order a bot", WEIGH, "if plan.bot_busy or plan.account_busy:",
        "if plan.account_busy:", (MACHINE,),
    ),
    Mutant(
        "one writer an account", WEIGH, "if plan.bot_busy or plan.account_busy:",
        "if plan.bot_busy:", (WEIGHED,),
    ),
    Mutant(
        "fresh price", WEIGH, "or at - plan.price_at > limits.price_max_age:", "or False:",
        (MACHINE,),
    ),
    Mutant(
        "fresh verdict", WEIGH, "plan.gate_at is None or at - plan.gate_at > limits.gate_max_age",
        "False", (MACHINE,),
    ),
    Mutant("open verdict", WEIGH, "if not plan.entries_allowed:", "if False:", (MACHINE,)),
    Mutant(
        "slippage cap", WEIGH, "if moved > limits.slippage_cap_bps:", "if False:",
        (MACHINE, WEIGHED),
    ),
    Mutant(
        "the claim is of a waiting plan", CLAIM, 'one_of(PlanRow.status, "PLANNED")', "True",
        (CLAIMS,),
    ),
    Mutant(
        "a plan is claimed by one", CLAIM, ".with_for_update(skip_locked=True)", "",
        (CLAIMS,),
    ),
    Mutant(
        "a stop waits for claims, a claim for a stop", CLAIM,
        'Switch.name == "everything").with_for_update(read=True)', 'Switch.name == "everything")',
        (STOPS,),
    ),
    Mutant(
        "the fence", STATES, "return recv_window + VENUE_TIMEOUT + MARGIN",
        "return timedelta(0)", (CLAIMS, "tests/execution/test_broker.py"),
    ),
    Mutant(
        "more than one question", STATES, "if checks < len(CHECKS):", "if checks < 0:",
        ("tests/execution/test_resolve.py",),
    ),
    Mutant(
        "the fence, and more than one question", STATES, "if checks < len(CHECKS):",
        "if checks < 0:", (MACHINE,),
        also=("return recv_window + VENUE_TIMEOUT + MARGIN", "return timedelta(0)"),
    ),
    Mutant(
        "no second attempt unless it surely never started", STATES,
        "if again_in is None or used_up", "again_in = again_in or timedelta(0)\n    if used_up",
        (MACHINE, "tests/execution/test_record.py"),
    ),
    Mutant(
        "sweeper of plans", SWEEP, 'one_of(PlanRow.status, "PLANNED")', "PlanRow.id.is_(None)",
        ("tests/execution/test_sweep.py",),
    ),
    Mutant(
        "sweeper of stops", SWEEP, "return [*urgent, *calm]", "return []",
        ("tests/execution/test_rest_lost.py",),
    ),
    Mutant(
        "sweeper of orders", SWEEP, ".where(OrderRow.next_check_at <= now())",
        ".where(OrderRow.next_check_at.is_(None))", ("tests/execution/test_sweep.py",),
    ),
    Mutant(
        "unique: client id of an account", FIRST,
        '"account_id", "client_order_id", name=op.f("uq_orders_account_id_client_order_id")',
        '"id", name=op.f("uq_orders_account_id_client_order_id")', (DATABASE,),
    ),
    Mutant(
        "unique: attempt of a plan", FIRST,
        '"plan_id", "attempt", name=op.f("uq_orders_plan_id_attempt")',
        '"id", name=op.f("uq_orders_plan_id_attempt")', (DATABASE,),
    ),
    Mutant(
        "unique: plan of a decision and bot", FIRST,
        '"decision_id", "bot_id", name=op.f("uq_execution_plans_decision_id_bot_id")',
        '"id", name=op.f("uq_execution_plans_decision_id_bot_id")', (DATABASE,),
    ),
    Mutant(
        "unique: plan of a close request", FIRST,
        '"close_request_id", name=op.f("uq_execution_plans_close_request_id")',
        '"id", name=op.f("uq_execution_plans_close_request_id")', (DATABASE,),
    ),
    Mutant(
        "unique: decision of a candle", FIRST,
        '"strategy", "symbol", "candle", name=op.f("uq_decisions_strategy_symbol_candle")',
        '"id", name=op.f("uq_decisions_strategy_symbol_candle")', (DATABASE,),
    ),
    Mutant(
        "unique: fill", FIRST,
        '"account_id", "symbol", "trade_id", name=op.f("uq_fills_account_id_symbol_trade_id")',
        '"id", name=op.f("uq_fills_account_id_symbol_trade_id")', (DATABASE,),
    ),
    Mutant(
        "unique: live order of a bot", FIRST,
        'unique=True,\n        postgresql_where="status IN (\'SENDING\', \'UNKNOWN\', \'ACKED\')"',
        'unique=False,\n        postgresql_where="status IN (\'SENDING\', \'UNKNOWN\', \'ACKED\')"',
        (DATABASE,),
    ),
    Mutant(
        "unique: order being sent of an account", FIRST,
        'unique=True,\n        postgresql_where="status = \'SENDING\'"',
        'unique=False,\n        postgresql_where="status = \'SENDING\'"', (DATABASE,),
    ),
    Mutant(
        "stopped after a gap", "src/nexus/pipeline/gap.py", "stopped=True, reason=reason",
        "stopped=False, reason=reason", ("tests/pipeline/test_gap.py",),
    ),
)  # fmt: skip


@click.command()
@click.option("--only", multiple=True, help="Those whose name contains one of these.")
def main(only: tuple[str, ...]) -> None:
    """Take every safeguard away, one at a time; say which are missed."""
    survivors = 0
    with tempfile.TemporaryDirectory(prefix="nexus-mutants-", dir="/tmp") as folder:
        copy = _copied(Path(folder))
        for mutant in MUTANTS:
            if only and not any(part in mutant.name for part in only):
                continue
            verdict = _try(copy, mutant)
            survivors += verdict.startswith("SURVIVED")
            click.echo(f"{mutant.name:<50} {verdict}")
    sys.exit(1 if survivors else 0)


def _copied(folder: Path) -> Path:
    folder.chmod(0o711)  # Started by root, PostgreSQL's own account must pass through.
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def _try(copy: Path, mutant: Mutant) -> str:
    """Run the tests without the safeguard; give what came of it in a line."""
    path = copy / mutant.path
    whole = path.read_text()
    if whole.count(mutant.text) != 1:
        return "SURVIVED: its text is not there exactly once any more"
    path.write_text(mutant.taken_away(whole))
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and tests
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": f"{copy / 'src'}:{copy}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=MINUTES * 60,
        )
    except subprocess.TimeoutExpired:
        return f"noticed: the tests hung for {MINUTES} minutes"
    finally:
        path.write_text(whole)
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if done.returncode == 1 and failed:
        return f"noticed by {failed[0].split()[1].rpartition('/')[2]}"
    return f"SURVIVED (pytest ended with {done.returncode})"


if __name__ == "__main__":
    main()
