"""Training across hospitals without moving their data."""
