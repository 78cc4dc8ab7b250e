"""Should a source that failed be asked again yet? Rests it, longer each time, and probes it.

Pure, and by the time of the look it is given: a replay runs years in minutes, and a breaker with
a clock of its own would rest through all of them (docs/decisions/0013).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_REST = timedelta(seconds=10)
LONGEST_REST = timedelta(minutes=5)


@dataclass(slots=True)
class Breaker:
    """One question to one source: closed as long as it answers.

    Open, it rests: the source is not asked. When its rest is over, the next question is a probe:
    an answer closes it, a failure sends it to rest for twice as long.
    """

    rests_until: datetime | None = None
    rest: timedelta = FIRST_REST

    def may_ask(self, at: datetime) -> bool:
        """Say whether it is closed, or has rested long enough for a probe."""
        return self.rests_until is None or at >= self.rests_until

    def failed(self, at: datetime) -> bool:
        """Send it to rest; say whether it was closed before."""
        opens = self.rests_until is None
        self.rest = FIRST_REST if opens else min(self.rest * 2, LONGEST_REST)
        self.rests_until = at + self.rest
        return opens

    def answered(self) -> bool:
        """Close it; say whether it was open before."""
        was_open, self.rests_until = self.rests_until is not None, None
        return was_open
