"""Models joined through ports."""
