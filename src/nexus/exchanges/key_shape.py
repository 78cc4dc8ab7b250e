"""Does what was pasted look like a key? Said before anything is stored, with a sentence that helps.

The sentences never repeat what was pasted.
"""

import re

from nexus.exchanges.errors import KeyRefusedError

TOKEN = re.compile(r"[A-Za-z0-9]{64}")
WORDS_OF_A_WALLET = range(12, 25)
WORD = re.compile(r"[a-z]{3,8}")
LONGEST = 4000

KEY, SECRET, LABEL = "key", "secret", "label"
LONGEST_LABEL = 40


class ShapeError(KeyRefusedError):
    """What was pasted into `field` is no key."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence, "shape")
        self.field = field


def read_token(field: str, pasted: str) -> str:
    """Read a key or a secret of Binance's: 64 letters and digits. Raises ShapeError."""
    text = pasted.strip()
    name, article = ("API key", "An") if field == KEY else ("secret key", "A")
    if not text:
        raise ShapeError(field, f"Paste the {name} that Binance shows.")
    _refuse_strangers(field, text, name)
    if any(letter.isspace() for letter in text):
        raise ShapeError(field, f"There is a space in it. Copy the {name} alone, in one piece.")
    if not TOKEN.fullmatch(text):
        raise ShapeError(
            field,
            f"{article} {name} of Binance has 64 letters and digits, and this has {len(text)}"
            " characters. Copy it with the button beside it.",
        )
    return text


def read_label(typed: str) -> str:
    """Read what somebody calls their account. Raises ShapeError."""
    text = " ".join(typed.split())
    if not text:
        return "Binance"
    if len(text) > LONGEST_LABEL:
        raise ShapeError(LABEL, f"Choose a name of at most {LONGEST_LABEL} characters.")
    if TOKEN.search(text):
        raise ShapeError(LABEL, "That looks like a key. Choose a name you will recognise.")
    return text


def _refuse_strangers(field: str, text: str, name: str) -> None:
    """Recognise what people paste by mistake, some of it more precious than the key."""
    words = text.split()
    if len(words) in WORDS_OF_A_WALLET and all(WORD.fullmatch(word) for word in words):
        raise ShapeError(
            field,
            "This looks like the recovery phrase of a wallet. Nothing of it was stored. Never"
            " type it anywhere but into that wallet; whoever has it has everything in it."
            f" Here only the {name} of Binance belongs.",
        )
    if "PRIVATE KEY" in text:
        raise ShapeError(
            field,
            "This is a private key. Nothing of it was stored, and nobody should be given it."
            " Remove that key at Binance, and use the public key shown here.",
        )
    if "PUBLIC KEY" in text:
        raise ShapeError(
            field,
            "This is the public key that belongs at Binance. Register it there; Binance then"
            f" shows the {name}, which belongs here.",
        )


def refuse_twins(key: str, secret: str) -> None:
    """Refuse one text pasted into both fields. Raises ShapeError."""
    if key == secret:
        raise ShapeError(SECRET, "This is the API key again. Paste the secret key here.")
