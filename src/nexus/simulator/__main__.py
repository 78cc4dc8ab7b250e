"""`python -m nexus.simulator`: the same as `nexus simulator`."""

from nexus.simulator.command import simulator

simulator()
