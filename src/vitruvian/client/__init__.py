"""A typed client of a Vitruvian server, for programs and agents."""
