"""What do we say when Nexus cannot run here?"""


class LocalError(Exception):
    """Nexus cannot run on this machine as asked; the message is the sentence the user reads."""
