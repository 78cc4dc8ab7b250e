"""How do we get a database and a doorbell without root and without installing anything?

The one door to both: `start_postgres(folder)` and `start_redis(folder)` give URLs and attach to
what already runs; `stop_...` end it; `..._pid` say whether it runs. `folder` is one that
`prepare_folder` gave.
"""

from nexus.local.place import prepare_folder
from nexus.local.postgres import postgres_data, postgres_pid, start_postgres, stop_postgres
from nexus.local.valkey import redis_pid, start_redis, stop_redis

__all__ = [
    "postgres_data",
    "postgres_pid",
    "prepare_folder",
    "redis_pid",
    "start_postgres",
    "start_redis",
    "stop_postgres",
    "stop_redis",
]
