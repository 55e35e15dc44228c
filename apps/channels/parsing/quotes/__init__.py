"""What a mail's writer says anew, and what is quoted or a signature.

Where the public libraries for reading replies differ, we do what most of them do: a quote that is
answered below it is left out, with its attribution; quotes that are answered one by one stay, as
context, without the attribution, up to the last answer; so does a quote without attribution among
words. A forward below own words is left out, and shown where it is all; a signature ends the words
(below `--`, a drawn line or `Sent from my …`), while `Regards, Ann` stays; a mail that says
nothing else is shown whole; blank lines at both ends go.
"""

from apps.channels.parsing.quotes.pieces import Kind, Piece, pieces
from apps.core.html import clean_html, html_to_text
from apps.core.html_quotes import without_quotes

__all__ = ["Kind", "Piece", "pieces", "visible_reply"]

LONGEST_HTML = 500_000  # characters; of a longer page the text alone is looked at


def visible_reply(text: str | None, html: str | None = None) -> str:
    """What the writer of TEXT, or of HTML without a text beside it, wrote newly."""
    if not text or not text.strip():
        text = _own_text(html or "")
    text = text.replace("\r\n", "\n")
    shown = [one.text for one in pieces(text) if one.kind in (Kind.OWN, Kind.CONTEXT)]
    return "".join(shown).strip()


def _own_text(html: str) -> str:
    """The signs that mail programs set in HTML tell more than its words do."""
    if len(html) <= LONGEST_HTML and (own := without_quotes(_marked(html))) is not None:
        return html_to_text(own)
    return html_to_text(html)


def _marked(html: str) -> str:
    return clean_html(html, cid_url=lambda _one: None).marked
