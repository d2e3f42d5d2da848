"""A typed client of a Vitruvian server, for programs and agents."""

from vitruvian.client.client import Client as Client
from vitruvian.client.job import Job as Job
from vitruvian.client.job import Step as Step
from vitruvian.client.patient import Patient as Patient
from vitruvian.client.told import Account as Account
from vitruvian.client.told import Answer as Answer
from vitruvian.client.told import Fact as Fact
from vitruvian.client.told import Field as Field
from vitruvian.client.told import Message as Message
from vitruvian.client.told import Person as Person
from vitruvian.client.told import Question as Question
from vitruvian.client.told import Sample as Sample
from vitruvian.client.told import Scenario as Scenario
from vitruvian.client.told import Status as Status
from vitruvian.client.told import Table as Table
