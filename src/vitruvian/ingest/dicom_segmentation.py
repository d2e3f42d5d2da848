"""The masks of a DICOM segmentation (PS3.3 A.51) on their grid of voxels; by highdicom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitruvian.core import DataError, UnsupportedError
from vitruvian.ingest.dicom_read import open_dicom, reading
from vitruvian.ingest.dicom_values import coded, count, items, text
from vitruvian.record import RawFile

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Bool

MOST_VOXELS = 1 << 29


@dataclass(frozen=True)
class Segment:
    """One structure: `mask` (slice, row, column), `spacing` in mm along the same axes, and what it is.

    `system` and `code` are of its property type; `algorithm` is empty for one drawn by hand.
    """

    number: int
    label: str
    system: str
    code: str
    algorithm: str
    mask: Bool[np.ndarray, "Z Y X"]
    spacing: tuple[float, float, float]


def read_segmentation(path: str | Path) -> tuple[Segment, ...]:
    """All segments of a file. Raises `DataError` for a file that is no segmentation, or whose slices are no regular
    grid, `UnsupportedError` without the extra imaging."""
    try:
        import highdicom
    except ImportError as error:
        todo = "pip install 'vitruvian[imaging]'"
        raise UnsupportedError("the masks of a segmentation need the extra imaging", todo=todo) from error
    data = open_dicom(RawFile(Path(path))).data
    if text(data, "Modality") != "SEG":
        raise DataError("the file is no segmentation", got=text(data, "Modality") or "no modality")
    size = (count(data, "Rows") or 0) * (count(data, "Columns") or 0) * (count(data, "NumberOfFrames") or 1)
    if size > MOST_VOXELS:
        raise DataError("the segmentation is too large", got=f"{size} voxels", allowed=f"{MOST_VOXELS} voxels")
    with reading():
        whole = highdicom.seg.segread(str(path))
        return tuple(_segment(whole, one) for one in items(data, "SegmentSequence"))


def _segment(whole: Any, item: Any) -> Segment:
    number = count(item, "SegmentNumber")
    system, code, meaning = coded(item, "SegmentedPropertyTypeCodeSequence")
    volume = whole.get_volume(segment_numbers=[number], combine_segments=True)
    spacing = tuple(float(one) for one in volume.spacing)
    return Segment(
        number or 0, text(item, "SegmentLabel") or meaning, system, code, text(item, "SegmentAlgorithmName"),
        volume.array > 0, (spacing[0], spacing[1], spacing[2]),
    )  # fmt: skip
