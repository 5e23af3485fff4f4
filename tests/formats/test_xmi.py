"""INCEpTION's UIMA CAS XMI: its layouts, its layers, and offsets in UTF-16 units."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import assume, given, settings

from annotate.errors import FormatError
from annotate.formats import Marked
from annotate.formats.document import Document, Losses
from annotate.formats.xmi import read_xmi
from annotate.spans import Relation, Span, reading_order
from annotate.text import to_utf16
from tests.strategies import marked_texts

CORE = "de.tudarmstadt.ukp.dkpro.core.api"
STRING = "uima.cas.String"
ENTITY = f"{CORE}.ner.type.NamedEntity"
TEXT = "👮🏽 Lê An 🇻🇳 ở xã Tân Lập.\nHết."
# The same, counted in UTF-16 units.
AN, PLACE = 'begin="5" end="10"', 'begin="18" end="28"'


def make_type(name: str, parent: str = "uima.tcas.Annotation", /, **features: str) -> str:
    described = "".join(
        f"<featureDescription><name>{feature}</name><description/>"
        f"<rangeTypeName>{kind}</rangeTypeName></featureDescription>"
        for feature, kind in features.items()
    )
    return (
        f"<typeDescription><name>{name}</name><description/>"
        f"<supertypeName>{parent}</supertypeName><features>{described}</features>"
        "</typeDescription>"
    )


TYPES = (
    make_type(f"{CORE}.segmentation.type.Token", order="uima.cas.Integer"),
    make_type(f"{CORE}.segmentation.type.Sentence"),
    make_type(f"{CORE}.metadata.type.TagsetDescription", layer=STRING, name=STRING),
    make_type(
        f"{CORE}.metadata.type.DocumentMetaData",
        "uima.tcas.DocumentAnnotation",
        documentTitle=STRING,
        documentId=STRING,
    ),
    make_type(f"{CORE}.lexmorph.type.pos.POS", PosValue=STRING),
    make_type(ENTITY, value=STRING, identifier=STRING),
    make_type(
        "webanno.custom.Event",
        kind=STRING,
        sure="uima.cas.Boolean",
        weight="uima.cas.Integer",
        hints="uima.cas.StringArray",
        type=STRING,
        label=STRING,
        roles="uima.cas.FSArray",
    ),
    make_type("webanno.custom.EventRolesLink", "uima.cas.TOP", role=STRING, target=ENTITY),
    make_type("webanno.custom.Dubious"),
    make_type(
        "webanno.custom.Arrow", Dependent=ENTITY, Governor=ENTITY, kind=STRING, note="uima.cas.Long"
    ),
    make_type("custom.Span", label=STRING),
    make_type("custom.Metadata", "uima.cas.AnnotationBase", label=STRING),
    make_type("webanno.custom.CorefLink", next="webanno.custom.CorefLink", referenceType=STRING),
)
SYSTEM = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<typeSystemDescription xmlns="http://uima.apache.org/resourceSpecifier">'
    f"<types>{''.join(TYPES)}</types></typeSystemDescription>"
)
NAMES = {
    "ner": f"{CORE}.ner.type",
    "seg": f"{CORE}.segmentation.type",
    "meta": f"{CORE}.metadata.type",
    "pos": f"{CORE}.lexmorph.type.pos",
    "custom": "webanno.custom",
    "basic": "custom",
}


def make_xmi(*marks: str, text: str = TEXT, title: str = "bai.txt", free: str = "") -> str:
    """Return a file as INCEpTION writes it; marks are elements without id and sofa.

    They get ids from 11 upwards. `free` are elements that only others refer to.
    """
    spaces = "".join(
        f' xmlns:{short}="http:///{name.replace(".", "/")}.ecore"' for short, name in NAMES.items()
    )
    about = (
        f'<meta:DocumentMetaData begin="0" end="{to_utf16(text, len(text))}" '
        f'language="x-unspecified" documentTitle="{title}" documentId="mai"/>'
    )
    marks = (about, *marks)
    placed = [
        mark.replace(" ", f' xmi:id="{number}" sofa="1" ', 1)
        for number, mark in enumerate(marks, start=10)
    ]
    members = " ".join(str(number) for number in range(10, 10 + len(marks)))
    written = quoteattr(text, {"\n": "&#10;"})
    return (
        '<?xml version="1.0" encoding="UTF-8"?><xmi:XMI xmlns:xmi="http://www.omg.org/XMI" '
        f'xmlns:cas="http:///uima/cas.ecore"{spaces} xmi:version="2.0"><cas:NULL xmi:id="0"/>'
        f"{''.join(placed)}{free}"
        '<cas:Sofa xmi:id="1" sofaNum="1" sofaID="_InitialView" mimeType="text" '
        f"sofaString={written}/>"
        f'<cas:View sofa="1" members="{members}"/></xmi:XMI>'
    )


def put(folder: Path, xmi: str, name: str = "mai.xmi", system: str = SYSTEM) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "TypeSystem.xml").write_text(system, encoding="utf-8")
    (folder / name).write_text(xmi, encoding="utf-8")
    return folder / name


def zipped(**files: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def export(user: str, *marks: str) -> bytes:
    """Return what INCEpTION exports for one annotator of a document."""
    return zipped(**{f"{user}.xmi": make_xmi(*marks), "TypeSystem.xml": SYSTEM})


def project() -> dict[str, bytes]:
    """Return the files of a project's export."""
    person = f'<ner:NamedEntity {AN} value="PERSON"/>'
    return {
        "exportedproject123.json": b"{}",
        "source/bai 1.txt": TEXT.encode(),
        "annotation_ser/bai 1.txt/mai.ser": b"\0",
        "annotation/bai 1.txt/INITIAL_CAS.zip": export("INITIAL_CAS"),
        "annotation/bai 1.txt/mai.zip": export("mai", person),
        "annotation/bai 2.txt/webanno615export.zip": export("tu.anh", person, person),
        "curation/bai 1.txt/CURATION_USER.zip": export("CURATION_USER"),
        "__MACOSX/annotation/bai 1.txt/._mai.zip": b"\0",
    }


FOUND = [
    ("bai 1.txt", "mai", 1),
    ("bai 2.txt", "tu.anh", 2),
    ("bai 1.txt", "CURATION_USER", 0),
]


def read(path: Path) -> tuple[list[Document], Losses]:
    losses: Losses = Counter()
    return list(read_xmi(path, losses)), losses


def told(documents: Iterable[Document]) -> list[tuple[str, str, int]]:
    return [(one.id, one.annotator, len(one.spans)) for one in documents]


def test_a_file_is_read_with_offsets_in_code_points(tmp_path: Path) -> None:
    xmi = make_xmi(
        '<seg:Sentence begin="0" end="29"/>',
        '<seg:Token begin="0" end="4" order="0"/>',
        f'<ner:NamedEntity {AN} value="PERSON"/>',
        f'<ner:NamedEntity {PLACE} value="PLACE" identifier="http://example.org/Q1"/>',
        f'<custom:Arrow {PLACE} Governor="13" Dependent="14" kind="lives_in"/>',
        '<meta:TagsetDescription begin="0" end="0" layer="x" name="Tags"/>',
    )
    (document,), losses = read(put(tmp_path, xmi))
    person, place = document.spans
    assert TEXT[person.start : person.end] == "Lê An"
    assert TEXT[place.start : place.end] == "xã Tân Lập"
    assert document == Document(
        id="bai.txt",
        text=TEXT,
        spans=(
            Span(id="13", start=3, end=8, label="PERSON"),
            Span(
                id="14",
                start=14,
                end=24,
                label="PLACE",
                attributes={"identifier": ("http://example.org/Q1",)},
            ),
        ),
        relations=(Relation(head="13", tail="14", label="lives_in"),),
        annotator="mai",
        metadata={"title": "bai.txt"},
    )
    assert losses == Counter()


@settings(max_examples=60)
@given(marked_texts())
def test_any_text_with_any_marks_is_read(marked: Marked) -> None:
    # XML has no place for these two.
    assume(not {"\ufffe", "\uffff"} & set(marked.text))
    text = marked.text
    spans = [
        f'<ner:NamedEntity begin="{to_utf16(text, span.start)}" end="{to_utf16(text, span.end)}" '
        f'value="{span.label}"/>'
        for span in marked.spans
    ]
    ids = {span.id: str(number) for number, span in enumerate(marked.spans, start=11)}
    arrows = [
        f'<custom:Arrow begin="0" end="0" Governor="{ids[arrow.head]}" '
        f'Dependent="{ids[arrow.tail]}" kind="{arrow.label}"/>'
        for arrow in marked.relations
    ]
    with TemporaryDirectory() as folder:
        (document,), losses = read(put(Path(folder), make_xmi(*spans, *arrows, text=text)))
    expected = [
        Span(id=ids[span.id], start=span.start, end=span.end, label=span.label)
        for span in marked.spans
    ]
    assert document.text == text
    assert document.spans == tuple(sorted(expected, key=reading_order))
    assert Counter(document.relations) == Counter(
        Relation(head=ids[arrow.head], tail=ids[arrow.tail], label=arrow.label)
        for arrow in marked.relations
    )
    assert losses == Counter()


def test_other_features_of_a_span_are_its_attributes(tmp_path: Path) -> None:
    xmi = make_xmi(
        f'<custom:Event {AN} label="MEETING" kind="" sure="true" weight="7" type="odd">'
        "<hints>mới &amp; cũ</hints><hints>hai</hints></custom:Event>",
    )
    (document,), losses = read(put(tmp_path, xmi))
    (span,) = document.spans
    assert span.label == "MEETING"
    assert span.attributes == {
        "sure": ("true",),
        "weight": ("7",),
        "type": ("odd",),
        "hints": ("mới & cũ", "hai"),
    }
    assert losses == Counter()


def test_the_label_of_a_layer_without_text_features_is_its_name(tmp_path: Path) -> None:
    xmi = make_xmi(f"<custom:Dubious {AN}/>", f'<basic:Span {PLACE} label="PLACE"/>')
    (document,), losses = read(put(tmp_path, xmi))
    assert [span.label for span in document.spans] == ["Dubious", "PLACE"]
    assert losses == Counter()


def test_what_a_document_cannot_hold_is_counted(tmp_path: Path) -> None:
    xmi = make_xmi(
        f'<ner:NamedEntity {AN} value="PERSON"/>',
        f"<ner:NamedEntity {PLACE}/>",
        '<ner:NamedEntity begin="5" end="5" value="PERSON"/>',
        f'<pos:POS {AN} PosValue="N"/>',
        f'<custom:Arrow {AN} Governor="11" Dependent="12" kind="r"/>',
        f'<custom:Arrow {AN} Governor="11" kind="r"/>',
        f'<custom:Arrow {AN} Governor="11" Dependent="11"/>',
        f'<custom:Arrow {AN} Governor="11" Dependent="11" kind="r" note="3"/>',
        f'<custom:CorefLink {AN} referenceType="x"/>',
        '<basic:Metadata label="news"/>',
        f'<custom:Event {AN} label="MEETING" roles="90 91"/>',
        free=(
            '<custom:EventRolesLink xmi:id="90" role="who" target="11"/>'
            '<custom:EventRolesLink xmi:id="91" role="whom" target="11"/>'
        ),
    )
    (document,), losses = read(put(tmp_path, xmi))
    assert [span.label for span in document.spans] == ["MEETING", "PERSON"]
    assert document.relations == (Relation(head="11", tail="11", label="r"),)
    assert losses == {
        "spans without a label": 1,
        "spans without text": 1,
        "annotations of other layers": 1,
        "relations": 2,
        "relations without a label": 1,
        "attributes": 1,
        "parts of chains": 1,
        "marks of whole documents": 1,
        "links": 2,
    }


def test_a_project_is_read_from_its_zip(tmp_path: Path) -> None:
    path = tmp_path / "project.zip"
    path.write_bytes(zipped(**project()))
    documents, losses = read(path)
    assert told(documents) == FOUND
    assert losses == Counter()


def test_older_zips_with_a_slash_before_each_name_are_read(tmp_path: Path) -> None:
    path = tmp_path / "project.zip"
    path.write_bytes(zipped(**{f"/{name}": content for name, content in project().items()}))
    assert sorted(told(read(path)[0])) == sorted(FOUND)


@pytest.mark.parametrize("unpacked", [False, True])
def test_a_project_is_read_from_a_folder(tmp_path: Path, *, unpacked: bool) -> None:
    for name, content in project().items():
        path = tmp_path / "export" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if unpacked and name.endswith("n.zip"):
            zipfile.ZipFile(io.BytesIO(content)).extractall(path.with_suffix(""))
        else:
            path.write_bytes(content)
    assert told(read(tmp_path / "export")[0]) == FOUND


def test_the_zip_of_one_document_is_read(tmp_path: Path) -> None:
    path = tmp_path / "anything.zip"
    path.write_bytes(export("mai", f'<ner:NamedEntity {AN} value="PERSON"/>'))
    assert told(read(path)[0]) == [("bai.txt", "mai", 1)]


def test_a_text_that_nobody_marked_is_no_annotation(tmp_path: Path) -> None:
    path = put(tmp_path, make_xmi(f'<ner:NamedEntity {AN} value="A"/>'), "INITIAL_CAS.xmi")
    assert read(path) == ([], Counter())


@pytest.mark.parametrize(
    ("extent", "told_as"),
    [
        ('begin="1" end="10"', "1:10"),
        ('begin="5" end="400"', "5:400"),
        ('begin="400" end="1"', "400:1"),
    ],
)
def test_a_span_whose_offsets_fit_no_character_is_unproved_and_the_others_are_read(
    tmp_path: Path, extent: str, told_as: str
) -> None:
    bad = f'<ner:NamedEntity {extent} value="PERSON" identifier="x"/>'
    arrow = f'<custom:Arrow {AN} Governor="11" Dependent="12" kind="near"/>'
    good = f'<ner:NamedEntity {AN} value="PERSON"/>'
    (found,), losses = read(put(tmp_path, make_xmi(bad, good, arrow)))
    assert [TEXT[span.start : span.end] for span in found.spans] == ["Lê An"]
    (left,) = found.unproved
    assert left.reason == f"{told_as} is no stretch of the text in UTF-16 units"
    assert (left.label, left.attributes) == ("PERSON", {"identifier": ("x",)})
    assert [(one.head, one.tail) for one in found.relations] == [("11", "12")]
    assert not losses


def test_an_offset_that_is_no_number_is_told(tmp_path: Path) -> None:
    path = put(tmp_path, make_xmi('<ner:NamedEntity begin="five" end="10" value="PERSON"/>'))
    with pytest.raises(FormatError, match=r"mai\.xmi does not hold: .*invalid literal"):
        read(path)


def test_a_damaged_file_is_told_with_its_place(tmp_path: Path) -> None:
    fine = make_xmi()
    for wrong in ("", "no XML", fine[:400], fine.replace("meta:D", "ner:D"), "<a/>"):
        with pytest.raises(FormatError, match=r"mai\.xmi does not hold: \S"):
            read(put(tmp_path, wrong))
    with pytest.raises(FormatError, match=r"mai\.xmi does not hold: it has no text"):
        read(put(tmp_path, fine.replace("sofaString=", "sofaURI=")))
    with pytest.raises(FormatError, match=r"mai\.xmi does not hold: \S"):
        read(put(tmp_path, fine, system="<types>"))


def test_a_missing_type_system_is_told(tmp_path: Path) -> None:
    path = put(tmp_path, make_xmi())
    (tmp_path / "TypeSystem.xml").rename(tmp_path / "typesystem.xml")
    assert told(read(path)[0]) == [("bai.txt", "mai", 0)]
    (tmp_path / "typesystem.xml").unlink()
    with pytest.raises(FormatError, match=r"mai\.xmi has no TypeSystem\.xml beside it"):
        read(path)


def test_zips_that_are_none_or_hold_none_are_told(tmp_path: Path) -> None:
    path = tmp_path / "project.zip"
    with pytest.raises(FormatError, match="cannot be read: No such file"):
        read(path)
    path.write_bytes(b"PK no zip")
    with pytest.raises(FormatError, match=r"project\.zip cannot be unpacked"):
        read(path)
    path.write_bytes(zipped(**{"annotation/a/mai.zip": b"none"}))
    with pytest.raises(FormatError, match=r"project\.zip/annotation/a/mai\.zip cannot be unp"):
        read(path)
    whole = bytearray(export("mai"))
    whole[60] ^= 255
    path.write_bytes(whole)
    with pytest.raises(FormatError, match=r"project\.zip/mai\.xmi cannot be unpacked"):
        read(path)
    path.write_bytes(zipped(**{"source/a.txt": "An"}))
    with pytest.raises(FormatError, match=r"project\.zip has no \.xmi in it"):
        read(path)


def test_a_zip_with_a_password_is_told(tmp_path: Path) -> None:
    content = bytearray(export("mai"))
    for entry in re.finditer(rb"PK\x01\x02", bytes(content)):
        content[entry.start() + 8] |= 1  # the bit for an encrypted file
    (tmp_path / "mai.zip").write_bytes(content)
    with pytest.raises(FormatError, match=r"mai\.zip/TypeSystem\.xml is encrypted.*password"):
        read(tmp_path / "mai.zip")
