"""What another drug does to exposure: the mechanistic static model against a study in people."""

from vitruvian.pharmacology.interactions import clearance_ratio

predicted = clearance_ratio("midazolam", ["ketoconazole"], basis="mechanistic", seed=1)
seen = clearance_ratio("apixaban", ["ketoconazole"], seed=1)
for effect in (predicted, seen):
    low, high = (1 / effect.quantiles[q] for q in (0.95, 0.05))
    print(f"{effect.victim}: AUC x {effect.auc_ratio:.1f} ({low:.1f} to {high:.1f}), {effect.strength}")
    print(*(f"- {reason}" for reason in effect.reasons), sep="\n")

assert abs(seen.auc_ratio - 2.0) < 0.1  # apixaban's label: ketoconazole doubles the AUC
assert predicted.auc_ratio > 5  # midazolam is the probe: a strong inhibitor raises it at least 5-fold
