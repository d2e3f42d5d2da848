"""Text out of attachments and files: plain text and HTML are read, everything else is kept unread."""

from __future__ import annotations

from html.parser import HTMLParser

_BLOCKS = frozenset({"p", "br", "div", "li", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"})


def readable(raw: bytes, content_type: str) -> str | None:
    """The text of a document; None where it is no text (PDF, image, RTF) or not in the character set it says."""
    kind, _, rest = content_type.lower().partition(";")
    kind = kind.strip()
    if kind not in ("text/plain", "text/html", "application/xhtml+xml", "text/markdown", ""):
        return None
    charset = rest.partition("charset=")[2].strip() or "utf-8"
    try:
        text = raw.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return None
    if not kind and not is_text(text):
        return None
    return _plain(text) if "html" in kind else text


def is_text(text: str) -> bool:
    """Whether it reads as text: no control characters but line ends and tabs."""
    return not any(ord(letter) < 32 and letter not in "\t\n\r\f" for letter in text)


def _plain(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.found)


class _Reader(HTMLParser):
    """Collects what a page says, a line a block."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")
        if tag in _BLOCKS:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(data)
