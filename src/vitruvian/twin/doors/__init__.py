"""Twins as others see them: state, questions and answers of one shape, by entry point."""

from vitruvian.twin.doors.alive import after_death as after_death
from vitruvian.twin.doors.asking import ask as ask
from vitruvian.twin.doors.asking import checked as checked
from vitruvian.twin.doors.asking import twin_door as twin_door
from vitruvian.twin.doors.asking import twin_doors as twin_doors
from vitruvian.twin.doors.door import Field as Field
from vitruvian.twin.doors.door import FieldError as FieldError
from vitruvian.twin.doors.door import Line as Line
from vitruvian.twin.doors.door import Missing as Missing
from vitruvian.twin.doors.door import Picture as Picture
from vitruvian.twin.doors.door import Question as Question
from vitruvian.twin.doors.door import Status as Status
from vitruvian.twin.doors.door import Table as Table
from vitruvian.twin.doors.door import Told as Told
from vitruvian.twin.doors.door import TwinDoor as TwinDoor
from vitruvian.twin.doors.fitting import fields_for as fields_for
from vitruvian.twin.doors.fitting import slow_to_compare as slow_to_compare
from vitruvian.twin.doors.own_drugs import drugs_of as drugs_of
from vitruvian.twin.doors.warm import Warm as Warm
from vitruvian.twin.doors.warm import seen_now as seen_now
