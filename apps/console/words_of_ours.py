"""Words that are kept to be used again: cleaned when they are stored."""

import html as entities
import re

from apps.core.html import safe_html

_TAG = re.compile(r"<[a-zA-Z][^>]*>")


def stored_words(written: str) -> str:
    """Clean HTML; somebody who wrote plain lines gets paragraphs. Pictures of files are left out,
    since there is no mail yet that carries them.
    """
    written = written.replace("\0", "").replace("\r\n", "\n").strip()
    html = written if _TAG.search(written) else _paragraphs(written)
    return safe_html(html, cid_url=lambda _content_id: None, remote_url=str).strip()


def _paragraphs(text: str) -> str:
    parts = [entities.escape(part, quote=False) for part in re.split(r"\n\s*\n", text) if part]
    return "".join(f"<p>{part}</p>" for part in parts).replace("\n", "<br>")
