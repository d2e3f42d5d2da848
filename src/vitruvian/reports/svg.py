"""A figure as an SVG element to stand inside a page."""

from __future__ import annotations

import io
import re
from html import escape

import matplotlib
from matplotlib.figure import Figure

from vitruvian.reports.style import STYLE, VARIABLES

_IDENTIFIER = re.compile(r'(\bid="|"#|url\(#)')
_SIZE = re.compile(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>')
_PICTURE = re.compile(r"<svg .*?</svg>", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)


def inline(figure: Figure, name: str, title: str, description: str) -> str:
    """The figure as SVG text: the same figure gives the same text.

    Identifiers begin with `name`, so that figures on one page do not collide; colours are variables of the page;
    `title` and `description` are what a screen reader says.
    """
    text = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    body = _METADATA.sub("", text.getvalue()[text.getvalue().index("<svg") :], count=1)
    body = _IDENTIFIER.sub(rf"\g<1>{name}-", body)
    for colour, variable in VARIABLES.items():
        body = body.replace(colour, f"var({variable})")
    opening = (
        rf'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" \1 role="img" '
        f'aria-labelledby="{name}-title {name}-words">'
    )
    body = _SIZE.sub(opening, body, count=1)
    words = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-words">{escape(description)}</desc>'
    end = body.index(">") + 1
    return body[:end] + words + body[end:]


def with_plain_colours(page: str) -> str:
    """A page whose pictures name their colours themselves: for programs that know no variables inside a picture."""
    return _PICTURE.sub(lambda found: _plain(found[0]), page)


def _plain(picture: str) -> str:
    for colour, variable in VARIABLES.items():
        picture = picture.replace(f"var({variable})", colour)
    return picture
