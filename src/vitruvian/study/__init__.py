"""Many virtual people."""

from vitruvian.study.population import simulate_population as simulate_population
