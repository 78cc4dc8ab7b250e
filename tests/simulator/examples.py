"""How do an answer of ours and an official example of Binance's compare?"""

import json
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / ".." / "shared/data/binance/official_examples"
CODES = EXAMPLES.parent / "error_codes.json"


def official(name: str) -> Any:
    """Read the body of one official example, or skip where the examples are not."""
    path = EXAMPLES / f"{name}.json"
    if not path.exists():
        pytest.skip("the official examples are not here")
    return json.loads(path.read_text())["body"]


def differences(ours: object, theirs: object, at: str = "answer") -> list[str]:
    """Say where keys or types differ. The first row of a list stands for all its rows."""
    if isinstance(theirs, dict):
        if not isinstance(ours, dict):
            return [f"{at}: an object is expected"]
        lacking = [f"{at}.{key}: missing" for key in theirs if key not in ours]
        added = [f"{at}.{key}: not in the example" for key in ours if theirs and key not in theirs]
        inner = [
            line
            for key in theirs
            if key in ours
            for line in differences(ours[key], theirs[key], f"{at}.{key}")
        ]
        return lacking + added + inner
    if isinstance(theirs, list):
        if not isinstance(ours, list):
            return [f"{at}: a list is expected"]
        if not ours or not theirs:
            return []
        if not isinstance(theirs[0], dict | list):
            return [
                line
                for number, (one, other) in enumerate(zip(ours, theirs, strict=False))
                for line in differences(one, other, f"{at}[{number}]")
            ]
        return differences(ours[0], theirs[0], f"{at}[0]")
    if type(ours) is not type(theirs):
        return [f"{at}: {type(ours).__name__} instead of {type(theirs).__name__}"]
    return []
