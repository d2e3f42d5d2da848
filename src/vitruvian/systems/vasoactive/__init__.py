"""Vasoactive drugs on the closed circulation, through its ports."""

from vitruvian.systems.vasoactive.acting import DRUGS as DRUGS
from vitruvian.systems.vasoactive.acting import courses as courses
from vitruvian.systems.vasoactive.acting import respond_to as respond_to
from vitruvian.systems.vasoactive.acting import vasoactive as vasoactive
from vitruvian.systems.vasoactive.vasoactive import Action as Action
from vitruvian.systems.vasoactive.vasoactive import Vasoactive as Vasoactive
