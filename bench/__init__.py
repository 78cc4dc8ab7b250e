"""What does it cost? Scenarios that measure us beside a named peer, in the same run."""
