"""How long does a refusal take? Tries over HTTP, in turns: whatever else goes on hits all."""

import random
import statistics
import time
from collections.abc import Sequence

from tests.website import Browser


async def medians(browser: Browser, emails: Sequence[str], tries: int) -> dict[str, float]:
    """Give the median seconds of a wrong password, for each of these addresses."""
    times: dict[str, list[float]] = {email: [] for email in emails}
    token = await browser.token()
    for _ in range(tries):
        for email in random.sample(emails, len(emails)):
            began = time.perf_counter()
            answer = await browser.send("/sign-in", token, email=email, password="a guess")
            times[email].append(time.perf_counter() - began)
            assert answer.status_code == 422
    return {email: statistics.median(taken) for email, taken in times.items()}
