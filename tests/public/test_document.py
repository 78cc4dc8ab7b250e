"""Is a document drawn word for word, and is nothing in it obeyed?"""

from nexus.public.document import draw_document, quote_in

TEXT = """# Title

> Seen: **0** twice,
> 0 lost.

| a | b |
|---|---|
| `one` | <script>alert(1)</script> |

```
make prove
```
"""


def test_headings_tables_and_code_are_drawn() -> None:
    page = draw_document(TEXT)
    assert "<h1>Title</h1>" in page
    assert page.count("<td>") == 2
    assert "<code>one</code>" in page
    assert '<pre tabindex="0"><code>make prove' in page


def test_a_wide_table_is_moved_by_itself_and_with_the_keyboard() -> None:
    page = draw_document(TEXT)
    start = '<div class="table-scroll" role="region" aria-label="Table 1" tabindex="0"><table'
    assert start in page
    assert 'aria-label="Table 2"' in draw_document(TEXT + TEXT), "each has a name of its own"
    assert page.count("<div") == page.count("</div>") == 1


def test_markup_and_dangerous_links_are_shown_and_not_obeyed() -> None:
    page = draw_document(TEXT + "[x](javascript:alert(1))")
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<a" not in page


def test_the_quote_is_given_alone() -> None:
    assert quote_in(TEXT) == "Seen: <strong>0</strong> twice, 0 lost."
    assert quote_in("# Nothing quoted") == ""
