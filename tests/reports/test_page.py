"""The page of an answer: whole, escaped, self-contained, the same each time, written whole or not at all."""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from math import nan
from pathlib import Path

import pytest

from vitruvian.core import InputError, SolveError
from vitruvian.reports import Paper, page, report, with_plain_colours
from vitruvian.reports.files import write_whole
from vitruvian.twin import Answer

VOID = {"meta", "br", "link", "img", "input", "hr"}
EVIL = '<script>alert("x")</script>'


class Reader(HTMLParser):
    """Checks that tags nest, and gathers identifiers, references, tags and visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.headings: list[int] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self._attributes(attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self._attributes(attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)

    def _attributes(self, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name in ("href", "xlink:href", "src") and value:
                self.references.append(value)
            if name == "aria-labelledby" and value:
                self.references += [f"#{part}" for part in value.split()]
            self.references += [f"#{x}" for x in re.findall(r"url\(#([^)]*)\)", value or "")]


def read(answer: Answer) -> Reader:
    return Reader(page(answer))


def test_the_page_is_whole_and_every_identifier_is_its_own(answer: Answer) -> None:
    found = read(answer)
    assert found.open == []
    assert [name for name, n in Counter(found.ids).items() if n > 1] == []
    assert found.tags["svg"] == 3
    assert found.tags["table"] == found.tags["caption"]
    assert found.headings[0] == 1
    assert set(found.headings[1:]) == {2}


def test_the_page_refers_to_nothing_outside_itself(answer: Answer) -> None:
    found = read(answer)
    assert found.references
    assert {r for r in found.references if not r.startswith("#")} == set()
    assert {r[1:] for r in found.references} <= set(found.ids)
    assert found.tags["script"] == found.tags["link"] == found.tags["img"] == 0
    assert "@import" not in page(answer)
    assert "default-src 'none'" in page(answer)


def test_the_page_opens_with_the_sentence_and_holds_every_part(answer: Answer) -> None:
    text = " ".join(read(answer).text)
    parts = [
        answer.sentence,
        answer.asked_at,
        "AUC24 400–600 mg·h/L",
        "64 %",
        "19 %",
        "Measure it again.",
        answer.spread,
        "A source apart",
        answer.exact_dose_text,
        "54–74 %",
        "clearance (CL)",
        "does not fit",
        "body weight",
        "71 kg",
        "2 d",
        "CYP3A5",
        "*1/*3",
        answer.reasons[0],
        answer.would_be_wrong_if[0],
        "above the absolute daily maximum",
        "2025-05-13 11:00 1000 mg",
        "teaches most",
        "twice a week",
        *answer.citations,
        "seed 7",
        "9.9",
    ]
    parts += [o.regimen for o in answer.options] + [m.title for m in answer.models] + [v.when for v in answer.levels]
    assert [p for p in parts if p not in text] == []
    assert "auc24_high" not in text
    assert text.index(answer.sentence) < text.index("Goal:") < text.index("Checks before dosing")


def test_every_regimen_is_on_the_page_however_many(answer: Answer) -> None:
    many = tuple(replace(answer.options[2], regimen=f"{k} mg every 24 h") for k in range(100, 140))
    whole = page(replace(answer, options=answer.options + many))
    assert all(o.regimen in whole for o in many)
    assert len(whole) < 400_000


def test_a_refusal_is_red_and_has_no_empty_part(refused: Answer) -> None:
    found, text = read(refused), page(refused)
    assert f'<h1 class="refused">{refused.sentence}</h1>' in text
    assert found.tags["svg"] == 0
    assert "Regimens compared" not in text
    assert 'class="refusal"' in text


def test_no_name_of_the_record_becomes_markup(answer: Answer) -> None:
    bad = replace(
        answer,
        patient=EVIL,
        sentence=f"Give {EVIL}",
        levels=(replace(answer.levels[1], remark=EVIL, when=EVIL),),
        data_used=(replace(answer.data_used[0], value=EVIL, origin=EVIL),),
        messages=(replace(answer.messages[0], text=EVIL, todo=EVIL, source=EVIL),),
        reasons=(EVIL,),
        options=tuple(replace(o, regimen=EVIL, why=EVIL) for o in answer.options),
    )
    text = page(bad)
    assert EVIL not in text
    assert "<script" not in text
    assert html.escape(EVIL, quote=False).replace('"', "&#34;") in text
    assert Reader(text).open == []


def test_the_same_answer_gives_the_same_page(answer: Answer) -> None:
    assert page(answer) == page(answer)


def test_a_number_that_is_not_finite_is_refused(answer: Answer, tmp_path: Path) -> None:
    bad = replace(answer, exact_dose=nan)
    with pytest.raises(SolveError, match="exact_dose"):
        report(bad, tmp_path / "x.html")
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_written_whole_or_not_at_all(answer: Answer, tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.html"
    assert report(answer, path) == path
    assert path.read_text(encoding="utf-8") == page(answer)
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half\ud800")
    assert path.read_text(encoding="utf-8") == page(answer)
    assert [p.name for p in path.parent.iterdir()] == ["x.html"]
    with pytest.raises(InputError, match="folder"):
        report(answer, tmp_path)


def test_a_standard_that_is_the_best_stands_there_once(answer: Answer) -> None:
    text = page(replace(answer, recommended=0))
    table = text[text.index("<tbody") : text.index("</tbody>")]
    assert table.count("2000 mg IV over 1 h every 24 h") == 1
    assert "recommended</span>" in table
    assert "standard</span>" in table


def test_a_sheet_says_whose_it_is_when_it_was_made_and_what_was_tried(answer: Answer) -> None:
    own = replace(answer.options[0], regimen="1750 mg once")
    text = page(answer, Paper("Ada Sum · born 1950-02-03 · id p1", "01 May 2025, 08:00 UTC", "1750 mg: 60 %.", own))
    assert "<b>Ada Sum · born 1950-02-03 · id p1</b> · printed 01 May 2025, 08:00 UTC" in text
    assert text.count('tag own">tried') == 1
    assert "tried: 1750 mg once" in text
    assert text.index("not a recommendation") < text.index("<h1")
    assert "var(--violet)" in text
    assert "not a recommendation" not in page(answer)


def test_pictures_can_name_their_colours_themselves(answer: Answer) -> None:
    plain = with_plain_colours(page(answer))
    assert all("var(" not in picture for picture in re.findall(r"<svg .*?</svg>", plain, re.DOTALL))
    assert plain.count("#009e73") >= 1  # the goal is green
