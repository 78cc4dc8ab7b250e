"""Why an act of our people was refused."""


class ActRefusedError(Exception):
    """A sentence for who wanted it, and the form's field it belongs to."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence
