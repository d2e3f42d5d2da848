"""Arrays → geometry → features that twins use: numbers only, no files and no people."""

from vitruvian.imaging.feature import Feature as Feature
from vitruvian.imaging.feature import check_mask as check_mask
from vitruvian.imaging.lesion import axes_in_plane as axes_in_plane
from vitruvian.imaging.lesion import lesion_features as lesion_features
from vitruvian.imaging.lesion import maximum_diameter as maximum_diameter
from vitruvian.imaging.surface import sphericity as sphericity
from vitruvian.imaging.surface import surface_area as surface_area
from vitruvian.imaging.surface import volume as volume
from vitruvian.imaging.ventricle import LeftVentricle as LeftVentricle
from vitruvian.imaging.ventricle import biplane_volume as biplane_volume
from vitruvian.imaging.ventricle import ventricle_from_masks as ventricle_from_masks
