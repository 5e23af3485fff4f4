from __future__ import annotations

from annotate.studio.ledger import Ledger
from annotate.studio.people import everybody
from tests.studio.ledgers import ELSEWHERE, HERE, entry


def test_everybody_is_found_who_was_on_a_server_annotated_or_was_to_annotate(
    ledger: Ledger,
) -> None:
    ledger.set_people(HERE.server, {1: "an@example.org", 2: "binh@example.org"})
    ledger.set_people("https://lost.example.org", {1: "chi@example.org"})
    ledger.append(HERE, [entry(1, annotator="dung@example.org")])
    ledger.append(ELSEWHERE[1], [entry(2, annotator="Vũ Thị Đào Lan")], "draft")
    ledger.assignments.add(HERE.server, {"a": ["an@example.org", "em@example.org"]})
    assert everybody(ledger) == {
        "an@example.org", "binh@example.org", "chi@example.org", "dung@example.org",
        "Vũ Thị Đào Lan", "em@example.org",
    }  # fmt: skip


def test_somebody_stays_known_whose_annotation_was_deleted_or_changed_hands(
    ledger: Ledger,
) -> None:
    ledger.append(HERE, [entry(1, annotator="an@example.org")])
    ledger.append(HERE, [entry(1, annotator="binh@example.org")])
    ledger.bury_these(HERE, [1])
    assert everybody(ledger) == {"an@example.org", "binh@example.org"}


def test_who_has_no_name_is_nobody(ledger: Ledger) -> None:
    names = ["user 3", "user 3 of export.json", "somebody of export.json", ""]
    ledger.append(HERE, [entry(n, annotator=name) for n, name in enumerate(names, start=1)])
    assert everybody(ledger) == frozenset()
