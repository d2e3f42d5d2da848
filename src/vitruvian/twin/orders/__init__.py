"""What the twins say of an order before it is signed: its dose, allergies, interactions with their size, genes."""

from typing import TYPE_CHECKING

from vitruvian.core import late

if TYPE_CHECKING:
    from vitruvian.twin.orders.allergy import allergies_of as allergies_of
    from vitruvian.twin.orders.allergy import allergy_notes as allergy_notes
    from vitruvian.twin.orders.dose import dose_notes as dose_notes
    from vitruvian.twin.orders.genotype import genotype_notes as genotype_notes
    from vitruvian.twin.orders.interaction import interaction_notes as interaction_notes
    from vitruvian.twin.orders.note import LONGEST as LONGEST
    from vitruvian.twin.orders.note import Note as Note
    from vitruvian.twin.orders.order import Order as Order
    from vitruvian.twin.orders.order import orders_of as orders_of
else:
    __getattr__ = late(__name__)
