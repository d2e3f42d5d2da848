"""Subtypes of people: groups that their features form, and whether these come again."""

from vitruvian.learn.subtypes.clusters import Mark as Mark
from vitruvian.learn.subtypes.clusters import Subtype as Subtype
from vitruvian.learn.subtypes.clusters import Subtypes as Subtypes
from vitruvian.learn.subtypes.clusters import subtypes_of as subtypes_of
from vitruvian.learn.subtypes.embedding import Embedding as Embedding
from vitruvian.learn.subtypes.embedding import embedded as embedded
