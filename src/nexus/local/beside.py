"""Which environment does an operator's command get beside a running `nexus up`?

`nexus up` brings its own database and secrets, which no variable names. A command that is typed
in another terminal of the same folder means that database: it is found here, not started.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from nexus.local.postgres import running_postgres
from nexus.local.remember import remembered_secrets

FOLDER: Final = Path(".nexus")


def environment_beside(given: Mapping[str, str], folder: Path = FOLDER) -> dict[str, str]:
    """Give what is missing from `given`; nothing when it names a database or none runs here.

    Never in production: what lies in a folder must not be taken for the database of the pages.
    """
    if given.get("DATABASE_URL") or given.get("ENVIRONMENT") == "production":
        return {}
    folder = folder.resolve()
    url = running_postgres(folder) if (folder / "id").exists() else None
    if url is None:
        return {}
    found = {"DATABASE_URL": url, **remembered_secrets(folder)}
    return {name: value for name, value in found.items() if not given.get(name)}
