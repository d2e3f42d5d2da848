"""Flower carries the questions and answers of a training between hospitals: TLS, and only nodes that are known."""

from typing import TYPE_CHECKING

from vitruvian.core import late

if TYPE_CHECKING:
    from vitruvian.study.federated.flower.center import Center as Center
    from vitruvian.study.federated.flower.center import coordinate as coordinate
    from vitruvian.study.federated.flower.certificates import make_certificates as make_certificates
    from vitruvian.study.federated.flower.hospital import Hospital as Hospital
    from vitruvian.study.federated.flower.hospital import take_part as take_part
else:
    __getattr__ = late(__name__)
