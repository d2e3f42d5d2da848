"""Which system an id of a gene, protein, metabolite or probe is of, by its form.

Sources: Ensembl stable ids (ensembl.org/info/genome/stable_ids), UniProt accession numbers
(uniprot.org/help/accession_numbers), HGNC (genenames.org/about/guidelines), and for HMDB, ChEBI, KEGG COMPOUND and NCBI
Gene the patterns of identifiers.org; Illumina probe names as in the Infinium manifests.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class IdSystem:
    """A system of ids: its URI, the form of an id, and the kind of assay that it belongs to ("" where to several)."""

    name: str
    uri: str
    pattern: re.Pattern[str]
    assay: str
    headers: tuple[str, ...]


def _system(name: str, uri: str, pattern: str, assay: str, headers: str) -> IdSystem:
    return IdSystem(name, uri, re.compile(pattern), assay, tuple(headers.split()))


EXPRESSION, PROTEOMICS, METABOLOMICS, METHYLATION = "gene_expression", "proteomics", "metabolomics", "methylation"
_UNIPROT = r"(?:[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2})"
SYSTEMS = (
    _system("ensembl_gene", "http://www.ensembl.org", r"ENSG\d{11}(\.\d+)?(_PAR_Y)?", EXPRESSION,
            "ensembl_gene_id ensembl gene_id geneid ensg"),
    _system("ensembl_transcript", "http://www.ensembl.org", r"ENST\d{11}(\.\d+)?(_PAR_Y)?(\|.*)?", EXPRESSION,
            "ensembl_transcript_id transcript_id target_id name"),
    _system("ensembl_protein", "http://www.ensembl.org", r"ENSP\d{11}(\.\d+)?", PROTEOMICS, "ensembl_protein_id"),
    _system("hgnc", "http://www.genenames.org", r"HGNC:\d{1,6}", "", "hgnc_id hgnc"),
    _system("uniprot", "http://www.uniprot.org", rf"{_UNIPROT}(-\d+)?(;{_UNIPROT}(-\d+)?)*", PROTEOMICS,
            "uniprot uniprot_id uniprotkb accession protein protein_id protein_ids protein_group majority_protein_ids"),
    _system("hmdb", "http://www.hmdb.ca", r"HMDB(\d{5}|\d{7})", METABOLOMICS, "hmdb hmdb_id metabolite"),
    _system("chebi", "http://www.ebi.ac.uk/chebi", r"CHEBI:\d{1,7}", METABOLOMICS, "chebi chebi_id"),
    _system("kegg", "http://www.kegg.jp/compound", r"C\d{5}", METABOLOMICS, "kegg kegg_id compound"),
    _system("probe", "http://www.illumina.com/infinium", r"(cg\d{8}|ch\.\d+\.\d+[FR])(_[TB][CO]\d{2})?", METHYLATION,
            "cpg probe probe_id ilmnid targetid id_ref"),
    _system("ncbi_gene", "http://www.ncbi.nlm.nih.gov/gene", r"(?:GeneID:|ENTREZ:)?\d{1,9}", EXPRESSION,
            "entrez entrez_id entrezid entrezgene ncbi_gene_id entrez_gene_id"),
    _system("hgnc_symbol", "http://www.genenames.org", r"[A-Z][A-Z0-9]*(orf\d+)?[A-Z0-9\-]*(@)?", "",
            "gene symbol gene_symbol hgnc_symbol gene_name genes assay target hugo_symbol"),
)  # fmt: skip
BY_NAME = {one.name: one for one in SYSTEMS}

# genes that nearly every table of genes has, so that a bare list of symbols is known for one
ANCHORS = frozenset(
    [
        "ACTB",
        "GAPDH",
        "B2M",
        "TP53",
        "BRCA1",
        "BRCA2",
        "EGFR",
        "KRAS",
        "MYC",
        "PTEN",
        "RB1",
        "CDK4",
        "CCND1",
        "HPRT1",
        "TBP",
        "RPLP0",
        "ALB",
        "INS",
        "IL6",
        "TNF",
        "VEGFA",
        "CYP2D6",
        "CYP2C9",
        "CYP3A4",
        "ABCB1",
        "APOE",
        "LDLR",
        "CFTR",
        "HBB",
        "HBA1",
        "MTOR",
        "PIK3CA",
        "BRAF",
        "ERBB2",
        "ESR1",
        "CD4",
        "CD8A",
        "CD19",
        "MS4A1",
        "PTPRC",
        "STAT3",
        "JAK2",
        "NOTCH1",
        "FLT3",
        "KIT",
        "MET",
        "ALK",
        "RET",
        "TERT",
        "ATM",
        "MLH1",
        "MSH2",
        "A1BG",
        "A2M",
        "AAAS",
        "AACS",
        "TSPAN6",
        "TNMD",
        "DPM1",
        "SCYL3",
        "FGR",
        "CFH",
        "FUCA2",
    ]
)
_MANGLED = re.compile(
    r"\d{1,2}-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)(?:-\d{2,4})?"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)-\d{1,2}"
    r"|\d{4}[-/]\d{1,2}[-/]\d{1,2}(?: 00:00:00)?|\d\.\d+E\+\d{2}",
    re.IGNORECASE,
)
FIRST = 5
MOST = 5_000_000  # ids remembered


def mangled(name: str) -> bool:
    """Whether a spreadsheet made a date or a number of a gene's name (1-Mar of MARCHF1 or MTARC1, 2-Sep of SEPTIN2)."""
    return _MANGLED.fullmatch(name) is not None


def system_of(ids: Sequence[str], header: str = "") -> IdSystem | None:
    """The system that most of `ids` are of; None where none fits.

    Bare numbers and bare symbols have too little form: they count where the `header` of their column names them, and
    symbols also where a few genes that every table has are among them.
    """
    plain_header = header.casefold().replace(" ", "_").replace(".", "_")
    counts: Counter[str] = Counter()
    for one in ids:
        for system in SYSTEMS:
            if system.pattern.fullmatch(one):
                counts[system.name] += 1
                break
    if not ids or not counts:
        return None
    name, count = counts.most_common(1)[0]
    found = BY_NAME[name]
    told = plain_header in found.headers or (name == "hgnc_symbol" and plain_header in BY_NAME["ensembl_gene"].headers)
    known = len(ANCHORS.intersection(ids)) >= 3
    weak = name in ("ncbi_gene", "hgnc_symbol") and not (told or (known and name == "hgnc_symbol"))
    return None if weak or 2 * count < len(ids) else found


@dataclass
class IdCheck:
    """Counts the ids of a table that are, are not, or were made unreadable by a spreadsheet."""

    system: IdSystem
    known: int = 0
    unknown: int = 0
    repeated: int = 0
    first_unknown: list[str] = field(default_factory=list)
    mangled: list[str] = field(default_factory=list)
    mangled_count: int = 0
    _seen: set[int] = field(default_factory=set)

    def see(self, ids: Iterable[str], again: bool = False) -> None:
        """Count these ids, each once; `again`: they may come again (once per sample of a long table)."""
        for one in ids:
            key = hash(one)
            if key in self._seen:
                self.repeated += not again
                continue
            if len(self._seen) < MOST:
                self._seen.add(key)
            if mangled(one):
                self.mangled_count += 1
                self.mangled += [one] if len(self.mangled) < FIRST else []
            elif self.system.pattern.fullmatch(one):
                self.known += 1
            else:
                self.unknown += 1
                self.first_unknown += [one[:80]] if len(self.first_unknown) < FIRST else []

    @property
    def flags(self) -> tuple[str, ...]:
        """What is doubtful about the ids."""
        named = {"unknown_ids": self.unknown, "mangled_ids": self.mangled_count, "repeated_ids": self.repeated}
        return tuple(name for name, count in named.items() if count)

    def detail(self) -> dict[str, object]:
        """What a fact tells of the ids."""
        told: dict[str, object] = {"id_system": self.system.name, "ids": self.known}
        if self.unknown:
            told |= {"unknown_ids": self.unknown, "first_unknown": self.first_unknown}
        if self.mangled_count:
            told |= {"mangled_ids": self.mangled_count, "first_mangled": self.mangled}
        return told | ({"repeated_ids": self.repeated} if self.repeated else {})
