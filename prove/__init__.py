"""Break everything, many times, by a seed; then ask the exchange what really happened.

`make prove` starts Nexus beside the simulated exchange, with a proxy before each server, and
disturbs it while hundreds of bots trade: it kills workers at the worst moments, empties Redis,
cuts connections, lets the exchange lie, and stops bots in mid-flight. Then it heals everything,
waits for quiet, and judges by the exchange's own journal.
"""
