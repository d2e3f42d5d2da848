"""Revisions of the record's tables, run by Alembic when an older record is opened."""
