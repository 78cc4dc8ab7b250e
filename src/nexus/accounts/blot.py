"""What in a mail lets somebody in? Its links' tokens and its codes, which no copy may show.

A download lies about: in a folder, in a cloud, in a mail to somebody else. A link in it that has
not been used yet would open the account to whoever finds the file.
"""

import re
from typing import Any, Final

BLOTTED: Final = "(left out)"
TOKEN: Final = re.compile(r"(?<=token=)[^\s&#]+")
# As `sign_up.spaced` writes them; with or without the space, because a wording may change.
CODE: Final = re.compile(r"(?<!\d)\d{4} ?\d{4}(?!\d)")


def blot(value: Any) -> Any:
    """Leave tokens and codes out of a text; anything else stays what it is."""
    if not isinstance(value, str):
        return value
    return CODE.sub(BLOTTED, TOKEN.sub(BLOTTED, value))
