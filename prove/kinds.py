"""What can go wrong, and what says that it did?"""

from collections.abc import Mapping

from prove.break_exchange import (
    LIES,
    ban,
    cut_streams,
    demand,
    halt,
    revoke_key,
    skew,
    spend_by_hand,
)
from prove.break_people import pause_some, remove_account, resume_some, stop_everything
from prove.break_servers import (
    TOLD_TO_END,
    age_redis,
    cut_exchange,
    deploy_worker,
    flush_redis,
    jump_clock,
    kill_backend,
    kill_worker,
    lose_commits,
    shut_redis,
)
from prove.campaign import Fault

KEY_REVOKED = "key revoked (37)"
BREAKS: dict[str, Fault] = {
    "worker killed at any moment (1-3, 5)": kill_worker,
    TOLD_TO_END: deploy_worker,
    "Redis flushed (6)": flush_redis,
    "Redis away (7)": shut_redis,
    "Redis back with old data (8)": age_redis,
    "PostgreSQL backend killed (9)": kill_backend,
    "commit reply lost (10)": lose_commits,
    "exchange connections cut": cut_exchange,
    "address banned (19)": ban,
    "user streams cut (24)": cut_streams,
    "filters change (25)": demand,
    "symbol halted (25)": halt,
    "money spent by hand (26)": spend_by_hand,
    "exchange's clock jumps 5 s (27)": skew,
    "a worker's clock jumps 5 s (27)": jump_clock,
    "bots paused (35)": pause_some,
    "everything stopped (35)": stop_everything,
    "account taken away (36)": remove_account,
    KEY_REVOKED: revoke_key,
    "bots resumed": resume_some,
}
FAULTS = (*BREAKS, *LIES)
POINTS: Mapping[str, str] = {
    "claimed:kill": "worker killed after a claim (1)",
    "sent:kill": "worker killed between send and record (2)",
    "recorded:kill": "worker killed after a record (3)",
    "swept:kill": "worker killed in a sweep (5)",
    "claimed:end": "worker told to end while sending (4)",
}
"""Where workers die by their own hand (`core/faults.py`), and what that is called."""
KINDS = (*FAULTS, *POINTS.values())
RARE = {KEY_REVOKED, "account taken away (36)", "address banned (19)"}
"""They cost bots for the rest of the run, so they come seldom."""
FULL_SECONDS = 240.0
"""In so long a run every kind must have been seen."""
