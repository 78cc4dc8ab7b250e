"""Why a bot could not be made or changed."""


class BotRefusedError(Exception):
    """A sentence for the person, and the form's field it belongs to (empty: the whole form)."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence
