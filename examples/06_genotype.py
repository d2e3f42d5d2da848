"""From a genome (VCF) to diplotypes, phenotypes and advice."""

from vitruvian.ingest import read_calls, samples
from vitruvian.person import advice, genotype

vcf = next(path for path in samples()["sample-a"] if path.suffix == ".vcf")
calls = genotype(read_calls(vcf).calls)
for gene in ("CYP2C9", "VKORC1", "CYP3A4"):
    call = calls[gene]
    print(f"{gene}: {call.diplotype}, {call.phenotype or 'no phenotype'}, {len(call.missing)} positions missing")
for item in advice("warfarin", calls):
    print(f"- {item.text} ({item.guideline}, {item.strength})")

assert calls["CYP2C9"].diplotype == "*1/*3"
assert calls["CYP2C9"].activity_score == 1.0
