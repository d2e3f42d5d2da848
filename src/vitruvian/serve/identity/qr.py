"""A text as a picture that a phone's camera reads (QR code, ISO/IEC 18004)."""

from __future__ import annotations


def qr_picture(text: str) -> str:
    """The picture as the address of an image (SVG), dark on light whatever the page's colours are."""
    import segno

    address: str = segno.make(text, error="m", micro=False).svg_data_uri(omitsize=True, light="#fff")
    return address
