"""Does the time of a refusal, or the work behind it, tell whether somebody has an account?"""

import pytest
from argon2 import PasswordHasher
from sqlalchemy import update

from nexus.accounts import passwords, sign_in
from nexus.accounts.models import User
from nexus.core.clock import now
from nexus.core.throttle import Rule, Throttle
from tests.accounts.timing import medians
from tests.feed.watching import queries
from tests.website import PASSWORD, Website

ADA, NOBODY = "ada@example.com", "nobody@example.com"
CLOSE = 0.05
TRIES = 200
ROUNDS = 3
"""Where others use the machine too, one round may be unlucky; what really tells tells each time."""


@pytest.fixture
def without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PER_NETWORK", "PER_ACCOUNT_AND_NETWORK", "STRANGERS_PER_ACCOUNT"):
        monkeypatch.setattr(sign_in, name, Rule(name, limit=100_000, seconds=600))


@pytest.fixture
async def people(website: Website) -> dict[str, dict[str, object]]:
    """Make people who are refused for different reasons."""
    reasons: dict[str, dict[str, object]] = {
        ADA: {},
        "disabled@example.com": {"disabled_at": now()},
        "unverified@example.com": {"email_verified_at": None},
        "elsewhere@example.com": {"password_hash": None},
    }
    for email, values in reasons.items():
        user_id = await website.add_person(email)
        if values:
            async with website.database.transaction() as tx:
                await tx.execute(update(User).where(User.id == user_id).values(**values))
    return reasons


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the hash that each password is checked against."""
    checked: list[str] = []
    matches = passwords._matches

    def note(stored: str, password: str) -> bool:
        checked.append(stored)
        return matches(stored, password)

    monkeypatch.setattr(passwords, "_matches", note)
    return checked


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what is asked of the throttle."""
    names: list[str] = []
    take = Throttle.take

    async def note(self: Throttle, rule: Rule, *key: str) -> int:
        names.append(rule.name)
        return await take(self, rule, *key)

    monkeypatch.setattr(Throttle, "take", note)
    return names


async def test_each_refusal_is_the_same_work(
    website: Website,
    people: dict[str, dict[str, object]],
    hashes: list[str],
    counted: list[str],
) -> None:
    """The same statements, hashes and counts, before the answer leaves: nothing is left to time."""

    async def later() -> None:
        """Do nothing: what the process writes besides would be mixed in."""

    website.app.state.refusals.write = later
    works = {}
    async with website.browser() as browser:
        token = await browser.token()
        for email in (NOBODY, *people):
            password = "a guess" if email == ADA else PASSWORD
            with queries(website.database) as sent:
                answer = await browser.send("/sign-in", token, email=email, password=password)
            assert answer.status_code == 422
            works[email] = ([*sent], len(hashes), [*counted])
            hashes.clear()
            counted.clear()
    statements, hashed, counts = works[NOBODY]
    assert statements
    assert (hashed, len(counts)) == (1, 3)
    assert [email for email, work in works.items() if work != works[NOBODY]] == []


@pytest.mark.usefixtures("without_limits")
async def test_medians_of_unknown_and_known_are_within_five_percent(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    measurable = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", measurable)
    monkeypatch.setattr(passwords, "DUMMY_HASH", measurable.hash("nobody's password"))
    await website.add_person(ADA)
    differences = []
    async with website.browser() as browser:
        for _ in range(ROUNDS):
            found = await medians(browser, (ADA, NOBODY), TRIES)
            differences.append(abs(found[ADA] / found[NOBODY] - 1))
            if differences[-1] < CLOSE:
                return
    pytest.fail(f"the medians differ by {differences}")
