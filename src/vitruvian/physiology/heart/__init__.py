"""The heart: cells."""
