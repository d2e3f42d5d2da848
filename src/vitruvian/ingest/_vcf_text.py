"""Lines of a VCF: plain, gzip or bgzip; by index where there is one. A broken file is refused, never half read.

Memory is bounded whatever the file says: a line longer than `MAX_LINE` and a header longer than `MAX_HEADER` are
refused as soon as they get there.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pysam

from vitruvian.core import DataError, UnsupportedError
from vitruvian.ingest._vcf_index import check_index, find_index

BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
CONVERT = "Convert it: bcftools view -O z -o FILE.vcf.gz FILE.bcf"
WHOLE = "Get the whole file again (compare its size or checksum with the sender's)."
MAX_LINE = 1 << 24
MAX_HEADER = 1 << 26
MAX_CONTIGS = 1_000_000
FIXED = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]

Regions = Mapping[str, Sequence[tuple[int, int]]]


@dataclass
class VcfText:
    """An opened VCF. `line_number` counts the lines read so far, for error messages; 0 while reading by index."""

    path: Path
    header: list[str]
    columns: list[str]
    index: Path | None
    line_number: int = 0
    records: int = 0
    contigs: set[str] = field(default_factory=set)

    @property
    def indexed(self) -> bool:
        """Whether look-ups go through an index."""
        return self.index is not None

    @property
    def samples(self) -> list[str]:
        """Names of the sample columns, in order."""
        return self.columns[9:]

    def lines(self, regions: Regions) -> Iterator[str]:
        """Record lines: those of the regions (by the names the file uses, 1-based, inclusive), or all in one pass."""
        return self._by_index(regions, self.index) if self.index else self.every_line()

    def _by_index(self, regions: Regions, index: Path) -> Iterator[str]:
        pysam.set_verbosity(0)
        try:
            with pysam.TabixFile(str(self.path), index=str(index)) as table:
                check_index(self.path, table)
                self.contigs = set(table.contigs)
                for name in sorted(self.contigs & set(regions)):
                    for start, end in regions[name]:
                        for line in table.fetch(name, max(start - 1, 0), end):
                            self.records += 1
                            yield self._checked(line)
        except (OSError, ValueError) as error:
            raise DataError(
                f"{self.path.name}: the index or the file is damaged",
                got=error,
                todo="Index it again (tabix -p vcf FILE).",
            ) from error

    def every_line(self) -> Iterator[str]:
        """All record lines, in one pass from end to end, without their line ends."""
        tabs, contig = len(self.columns) - 1, "\n"
        for number, line in enumerate(_text_lines(self.path), start=1):
            if line[0] == "#":
                continue
            self.line_number = number
            if line[-1] != "\n":
                raise DataError(
                    f"{self.path.name}, line {number}: the last line does not end; the file is cut off", todo=WHOLE
                )
            if line == "\n":
                continue
            self.records += 1
            if not line.startswith(contig):
                contig = self._contig(line)
            line = line.rstrip("\r\n")
            yield line if line.count("\t") == tabs else self._checked(line)

    def _contig(self, line: str) -> str:
        """Notes the contig of a line; gives the text with which all of its lines begin."""
        contig = line[: line.find("\t") + 1]
        self.contigs.add(contig[:-1])
        if len(self.contigs) > MAX_CONTIGS:
            raise DataError(f"{self.where}: too many contigs", got=f"> {MAX_CONTIGS}", allowed=MAX_CONTIGS)
        return contig

    def _checked(self, line: str) -> str:
        if line.count("\t") + 1 != len(self.columns):
            raise DataError(
                f"{self.where}: wrong number of columns",
                got=line.count("\t") + 1,
                allowed=len(self.columns),
                todo=WHOLE,
            )
        return line

    @property
    def where(self) -> str:
        """File and line, for messages."""
        return f"{self.path.name}, line {self.line_number}" if self.line_number else self.path.name


def _text_lines(path: Path) -> Iterator[str]:
    """Lines with their ends; raises `DataError` for one longer than `MAX_LINE` and for broken compression."""
    with path.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
    try:
        with path.open("rb") as raw, io.BufferedReader(gzip.GzipFile(fileobj=raw) if zipped else raw, 1 << 18) as data:  # type: ignore[type-var, arg-type]
            text = io.TextIOWrapper(data, encoding="utf-8", errors="replace", newline="\n")
            for line in iter(partial(text.readline, MAX_LINE), ""):
                if len(line) == MAX_LINE:
                    raise DataError(
                        f"{path.name}: a line is too long to be of a VCF",
                        got=f"{line[:40]!r}…",
                        allowed=f"{MAX_LINE} characters",
                        todo=WHOLE,
                    )
                yield line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path.name}: the compressed file is cut off or damaged", got=error, todo=WHOLE) from error


def _check_start(path: Path) -> bool:
    """Refuses what is not a VCF by its first bytes; True for bgzip."""
    if not path.is_file():
        raise DataError("no such file", got=path, todo="Give the path of a VCF file (.vcf, .vcf.gz).")
    size = path.stat().st_size
    if size == 0:
        raise DataError(f"{path.name}: the file is empty", todo=WHOLE)
    with path.open("rb") as raw:
        start = raw.read(18)
        raw.seek(max(size - len(BGZF_END), 0))
        end = raw.read()
    if start.startswith(b"BCF"):
        raise UnsupportedError(f"{path.name}: BCF is not read", todo=CONVERT)
    blocked = start.startswith(b"\x1f\x8b\x08\x04") and start[12:14] == b"BC"
    if blocked and end != BGZF_END:
        raise DataError(f"{path.name}: the bgzip file has no end marker, so it is cut off", todo=WHOLE)
    return blocked


def open_vcf(path: Path, index: Path | None = None) -> VcfText:
    """Opens a VCF and reads its header. `index`: where its index is, if not beside it under the same name.

    Raises DataError or UnsupportedError, saying what to do.
    """
    blocked = _check_start(path)
    header = _header(path)
    columns = header[-1].split("\t")
    if columns[:8] != FIXED:
        raise DataError(
            f"{path.name}: the #CHROM line is not that of a VCF", got=columns[:8], allowed="tab-separated VCF columns"
        )
    if len(set(columns)) < len(columns):
        twice = sorted({name for name in columns if columns.count(name) > 1})
        raise DataError(f"{path.name}: two columns have one name", got=", ".join(twice[:5]), todo="Rename the samples.")
    return VcfText(path, header, columns, find_index(path, index, blocked))


def _header(path: Path) -> list[str]:
    header: list[str] = []
    size = 0
    for line in _text_lines(path):
        if not header and not line.lstrip("\ufeff").startswith("##fileformat=VCF"):
            if line.startswith("BCF"):
                raise UnsupportedError(f"{path.name}: BCF is not read", todo=CONVERT)
            raise DataError(f"{path.name}: not a VCF", got=repr(line[:40]), allowed="a first line ##fileformat=VCFv4.x")
        if not line.startswith("#"):
            break
        size += len(line)
        if size > MAX_HEADER:
            raise DataError(
                f"{path.name}: the header is too long", got=f"> {MAX_HEADER} characters", allowed=MAX_HEADER, todo=WHOLE
            )
        header.append(line.rstrip("\r\n"))
        if line.startswith("#CHROM"):
            break
    if not header or not header[-1].startswith("#CHROM"):
        raise DataError(f"{path.name}: the header has no #CHROM line; the file is cut off or damaged", todo=WHOLE)
    return header
