"""How does a document of the source look as a page? Its Markdown drawn, its words unchanged."""

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

SCROLLED = '<div class="table-scroll" role="region" aria-label="Table {}" tabindex="0">'
"""What is wide is moved by itself, by a thumb or the arrow keys, and not with the whole page."""


class _Pages(RendererHTML):
    """Draws as this house does."""

    def table_open(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        number = sum(token.type == "table_open" for token in tokens[: idx + 1])
        return f'{SCROLLED.format(number)}<table class="table">'

    def table_close(self, *_: object) -> str:
        return "</table></div>"

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        drawn = super().fence(tokens, idx, options, env)
        return drawn.replace("<pre>", '<pre tabindex="0">', 1)


_READER = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Pages).enable("table")


def draw_document(text: str) -> Markup:
    """Draw Markdown as HTML; markup that stands in it is shown, never obeyed."""
    return Markup(_READER.render(text))  # noqa: S704  drawn with HTML switched off


def quote_in(text: str) -> Markup:
    """Give the first quoted paragraph of a document, drawn; empty where it has none."""
    lines = [line.removeprefix(">").strip() for line in text.splitlines() if line.startswith(">")]
    return Markup(_READER.renderInline(" ".join(lines)))  # noqa: S704  as above
