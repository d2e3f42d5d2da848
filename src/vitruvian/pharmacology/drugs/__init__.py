"""One folder per drug: `DRUG` in its `__init__`, one file per published model, and `golden.toml`."""
