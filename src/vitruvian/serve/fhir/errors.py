"""What a FHIR request may get wrong."""

from __future__ import annotations

from vitruvian.serve.problems import HttpError


class SearchError(HttpError):
    """A search that cannot be understood: a value, a modifier, or (where asked to be strict) a name."""

    status = 400


class UnknownType(HttpError):
    """A type of resource that is not served."""

    status = 404


class NotSpoken(HttpError):
    """Another format than JSON is wanted."""

    status = 406


class Several(HttpError):
    """An id that several sources use."""

    status = 409
