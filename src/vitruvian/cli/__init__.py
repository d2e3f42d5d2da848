"""The command line: thin; one file per verb group; rooms are imported inside the commands."""

from vitruvian.cli.main import main as main
