"""What happened at the door that is no order? Bans, blocked regions, streams, injected faults.

Kept apart from the order journal, so that a judge who counts orders never counts these.
"""

from collections import Counter

from nexus.simulator.journal import Journal, Line


class Record:
    """Numbered from 1 and kept on disk like the journal; every kind is counted, too."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.entries: list[Line] = []
        self.counts: Counter[str] = Counter()

    def note(self, event: str, at: int, **facts: object) -> None:
        entry = {"seq": len(self.entries) + 1, "at": at, "event": event, **facts}
        self._journal.note("door", entry)
        self.recall(entry)

    def recall(self, entry: Line) -> None:
        """Take back an entry that is already on disk."""
        self.entries.append(entry)
        self.counts[entry["event"]] += 1
