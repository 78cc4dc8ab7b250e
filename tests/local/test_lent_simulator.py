"""Is an exchange lent that stands still until it is moved, and taken back without a trace?"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import psutil  # type: ignore[import-untyped]
import pytest

from nexus.local.errors import LocalError
from nexus.local.lent_simulator import LentSimulator, lend_simulator
from tests.local.recordings import START, lines, write
from tests.simulator.client import Client

OPENS = datetime.fromtimestamp(START / 1000, UTC)
