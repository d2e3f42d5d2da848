"""Text burned into pixels: where it is to be feared, and blanking what a person points at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vitruvian.core import DataError, UnsupportedError

if TYPE_CHECKING:
    from pydicom import Dataset

Rectangle = tuple[int, int, int, int]
_OFTEN = {
    "US": "ultrasound", "SC": "secondary capture", "OT": "other", "XC": "photography", "ES": "endoscopy",
    "RF": "fluoroscopy", "DOC": "document", "GM": "microscopy",
}  # fmt: skip
_CAPTURES = "1.2.840.10008.5.1.4.1.1.7"


def pixel_warnings(data: Dataset, blanked: bool) -> tuple[str, ...]:
    """Why a person must look at the pixels before they leave the house; () where nothing speaks for text in them."""
    if "PixelData" not in data:
        return ()
    said = str(data.get("BurnedInAnnotation") or "").upper()
    kind = str(data.get("ConversionType") or "")
    found = []
    if said == "YES":
        found.append("the header says that text is burned into the pixels")
    if data.get("Modality") in _OFTEN and said != "NO":
        found.append(f"{_OFTEN[data.Modality]} images often show the name in their pixels")
    if str(data.get("SOPClassUID")).startswith(_CAPTURES) or kind in ("SD", "SI", "DF"):
        found.append("a secondary capture may show a whole screen, with the name")
    if "SequenceOfUltrasoundRegions" in data:
        found.append("outside its ultrasound regions the frame shows text")
    if data.get("RecognizableVisualFeatures") == "YES":
        found.append("the face can be recognised")
    if found and blanked:
        found.append("only the rectangles that were named are blank")
    return tuple(found)


def blanked(data: Dataset, rectangles: Sequence[Rectangle]) -> None:
    """Set rectangles (left, top, right, bottom; pixels, right and bottom excluded) to zero in every frame, in place.

    The pixels are kept uncompressed afterwards. Raises `DataError` for a rectangle outside the image.
    """
    rows, columns = int(data.get("Rows") or 0), int(data.get("Columns") or 0)
    for left, top, right, bottom in rectangles:
        if not (0 <= left < right <= columns and 0 <= top < bottom <= rows):
            raise DataError(
                "the rectangle is not within the image",
                got=(left, top, right, bottom),
                allowed=f"0 ≤ left < right ≤ {columns}, 0 ≤ top < bottom ≤ {rows}",
            )
    try:
        if data.file_meta.TransferSyntaxUID.is_compressed:
            data.decompress(generate_instance_uid=False)
        frames = data.pixel_array.copy()
    except (AttributeError, NotImplementedError, RuntimeError, ValueError) as error:
        raise UnsupportedError(
            "the pixels cannot be decoded to blank a part of them", got=str(error)[:200], todo="Decompress them first."
        ) from error
    at = 1 if int(data.get("NumberOfFrames") or 1) > 1 else 0
    for left, top, right, bottom in rectangles:
        frames[(slice(None),) * at + (slice(top, bottom), slice(left, right))] = 0
    if int(data.get("SamplesPerPixel") or 1) > 1:
        data.PlanarConfiguration = 0
    raw = frames.astype(frames.dtype.newbyteorder("<")).tobytes()
    data.PixelData = raw + b"\0" * (len(raw) % 2)
