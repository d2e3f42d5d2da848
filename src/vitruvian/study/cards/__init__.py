"""Model cards and data sheets, written by the run from what was measured and recorded."""

from vitruvian.study.cards.data_sheet import data_sheet as data_sheet
from vitruvian.study.cards.model_card import model_card as model_card
