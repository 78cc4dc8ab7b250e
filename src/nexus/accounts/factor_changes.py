"""What follows when somebody adds or removes a factor? Wherever else they were in, they are out.

The person is told by mail, because it may not have been them; the change is written down; the
other sessions end, and this one goes on under a new token.
"""

from nexus.accounts.audit import write_audit
from nexus.accounts.events import SecondFactorLost
from nexus.accounts.prove import Asker, note_proof
from nexus.accounts.recovery import count_recovery_codes, forget_recovery_codes, make_recovery_codes
from nexus.accounts.sessions import end_other_sessions, rotate_session
from nexus.accounts.step_up import FACTORS
from nexus.core.db import Transaction
from nexus.core.site import Site
from nexus.mail.outbox import post


async def after_added(
    tx: Transaction, site: Site, asker: Asker, act: str, what: str, *, how: str
) -> tuple[str, list[str]]:
    """Give this session's new token, and recovery codes to show when there were none.

    Whoever adds a factor uses it once, so this is a proof by it: `totp` or `passkey`.
    """
    codes: list[str] = []
    if not await count_recovery_codes(tx, asker.user_id):
        codes = await make_recovery_codes(tx, asker.user_id)
    await _tell(tx, site, asker, "factor_added", what)
    await note_proof(tx, asker, how)
    token = await _end_others(tx, asker)
    await _write(tx, asker, act)
    if codes:
        await _write(tx, asker, "recovery_codes_made")
    return token, codes


async def after_removed(
    tx: Transaction, site: Site, asker: Asker, act: str, what: str, *, last: bool
) -> str:
    """Give this session's new token; with the `last` factor the recovery codes go too."""
    if last:
        await forget_recovery_codes(tx, asker.user_id)
        tx.announce(SecondFactorLost(asker.user_id))
    await _tell(tx, site, asker, "factor_removed", what)
    token = await _end_others(tx, asker)
    await _write(tx, asker, act)
    return token


async def remake_recovery_codes(tx: Transaction, site: Site, asker: Asker) -> tuple[str, list[str]]:
    """Give this session's new token and ten codes to show; the ones before are void."""
    codes = await make_recovery_codes(tx, asker.user_id)
    await _tell(tx, site, asker, "factor_added", "New recovery codes")
    token = await _end_others(tx, asker)
    await _write(tx, asker, "recovery_codes_made")
    return token, codes


async def _end_others(tx: Transaction, asker: Asker) -> str:
    await end_other_sessions(tx, asker.user_id, keep=asker.session_id)
    return await rotate_session(tx, asker.session_id)


async def _tell(tx: Transaction, site: Site, asker: Asker, kind: str, what: str) -> None:
    await post(
        tx, kind, asker.email,
        what=what, network=asker.network, address=f"{site.base_url}{FACTORS}",
    )  # fmt: skip


async def _write(tx: Transaction, asker: Asker, act: str) -> None:
    await write_audit(tx, act, user_id=asker.user_id, actor_id=asker.user_id, network=asker.network)
