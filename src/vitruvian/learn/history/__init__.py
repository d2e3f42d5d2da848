"""Whole histories as tokens; a transformer over them; masked pre-training and fine-tuning."""

from vitruvian.learn.history.histories import Events as Events
from vitruvian.learn.history.histories import Histories as Histories
from vitruvian.learn.history.histories import Vocabulary as Vocabulary
from vitruvian.learn.history.histories import histories as histories
from vitruvian.learn.history.made_up import KINDS as KINDS
from vitruvian.learn.history.made_up import MadeUp as MadeUp
from vitruvian.learn.history.made_up import made_up_histories as made_up_histories
from vitruvian.learn.history.model import HISTORY as HISTORY
from vitruvian.learn.history.model import HistoryModel as HistoryModel
from vitruvian.learn.history.model import HistoryShape as HistoryShape
from vitruvian.learn.history.model import fit_history as fit_history
from vitruvian.learn.history.model import untrained as untrained
from vitruvian.learn.history.network import HistoryNetwork as HistoryNetwork
from vitruvian.learn.history.pretraining import hidden_codes_told as hidden_codes_told
from vitruvian.learn.history.pretraining import pretrain as pretrain
