"""Where the numbers come from: sources are complete, a DOI names one paper, and the page of counts is current."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from vitruvian.core import STATUSES, Source
from vitruvian.pharmacology.sources import library_sources, status_counts, status_table, table_rows

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
DOI = re.compile(r"10\.\d{4,9}/[^\s\"'<>]+")
CITED = re.compile(
    r"((?:(?:de|van|von|Du|De|Van) )?[A-ZÀ-Þ][\w'’-]+)(?: and [A-Z][\w-]+)?(?: et al\.?)?,? (\d{4}),? "
    r"\(?doi:(10\.[^\s;,\]\"]+)"
)


def every_source() -> list[Source]:
    return [source for _, _, source in library_sources()]


def first_author(citation: str) -> str | None:
    """Surname before initials ("de Jonge H, …" or "Cockcroft DW and Gault MH"); None for labels and bodies."""
    found = re.match(r"((?:[a-z]+ )*[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)*?) [A-Z]{1,3}(?:,|$| and )", citation)
    return found[1] if found else None


def cited_in_text() -> list[tuple[str, str, str]]:
    """(DOI, author, file) wherever code, tables or pages write "Author 2010, doi:…"."""
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "src").rglob("*.tsv"), *(ROOT / "docs").rglob("*.md")]
    return [
        (found[3].rstrip(".)"), found[1], file.name)
        for file in files
        for found in CITED.finditer(file.read_text(encoding="utf-8"))
    ]


def test_every_source_says_what_it_is_and_how_it_was_read() -> None:
    for area, what, source in library_sources():
        assert len(source.citation.strip()) > 5, (area, what)
        assert source.status in STATUSES, (area, what)
        assert source.doi is None or DOI.fullmatch(source.doi), (area, what, source.doi)
    for area, row in table_rows():
        assert row["source"].strip(), (area, row)
        assert row["status"] in STATUSES, (area, row)


def test_dois_in_tables_are_well_formed() -> None:
    dois = [found for _, row in table_rows() for found in re.findall(r"doi:(\S+)", row["source"])]
    assert len(dois) > 50
    assert all(DOI.match(doi) for doi in dois)


def test_no_doi_is_two_papers() -> None:
    authors: dict[str, set[str]] = {}
    for source in every_source():
        author = first_author(source.citation)
        if source.doi and author:
            authors.setdefault(source.doi.lower(), set()).add(author)
    for doi, author, _ in cited_in_text():
        authors.setdefault(doi.lower(), set()).add(author)
    assert len(authors) > 60
    assert {doi: names for doi, names in authors.items() if len(names) > 1} == {}


def test_no_paper_has_two_dois() -> None:
    dois: dict[str, set[str]] = {}
    for source in every_source():
        if source.doi:
            dois.setdefault(source.citation, set()).add(source.doi)
    assert {paper: found for paper, found in dois.items() if len(found) > 1} == {}


def test_a_model_is_never_unverified() -> None:
    assert not status_counts()["models"]["unverified"]


def test_assumed_sources_have_no_doi() -> None:
    assert not [s.citation for s in every_source() if s.status == "assumption" and s.doi]


def test_the_page_of_evidence_is_current() -> None:
    """`status_table()` prints what belongs there."""
    assert status_table() in PAGE
    assert sum(status_counts().values(), Counter())["primary"] > 0
