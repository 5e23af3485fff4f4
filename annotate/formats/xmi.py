"""UIMA CAS XMI, as INCEpTION exports it: a `.xmi` for each annotator beside its type system.

The format is OASIS' XMI as Apache UIMA's reference describes it ("XMI CAS Serialization"); its
offsets count UTF-16 units, which dkpro-cassis turns into code points. Read are:

- a `.xmi` with `TypeSystem.xml` in the same folder;
- the zip of one document, which holds these two;
- the zip of a project that was exported with UIMA CAS XMI as its secondary format, or the
  folder it was unpacked to: `annotation/DOCUMENT/USER.zip`, and `curation/DOCUMENT/` with
  what was curated, by `CURATION_USER`. Older versions name the inner zip at random.

The annotator is the name of the `.xmi`. `INITIAL_CAS` is the text before anybody marked it and
is left out. The document's name is that of its folder, else its title in the file.

Spans are the annotations of the layer for named entities and of custom layers; relations those
of custom layers with Governor (the head) and Dependent (the tail). Their label is the feature
`value` or `label`, else the only text feature; a layer without one is itself the label. Other
features of spans become attributes. A span whose offsets are no place in the text is unproved.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

from annotate.errors import FormatError
from annotate.formats.document import Document, Losses, Unproved
from annotate.formats.files import Faults, unreadable
from annotate.formats.losses import Loss, lose
from annotate.formats.xmi_files import Source, find_sources
from annotate.spans import Relation, Span, reading_order

INITIAL = "INITIAL_CAS"

Place = tuple[int, int]

_NAMED_ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type."
_CUSTOM = ("webanno.custom.", "custom.")
# What every file has: the text's units, the project's settings, the source's own structure.
_FRAME = (
    "uima.",
    "de.tudarmstadt.ukp.clarin.webanno.api.type.",
    "de.tudarmstadt.ukp.dkpro.core.api.metadata.type.",
    "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Sentence",
    "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token",
    "org.dkpro.core.api.pdf.type.",
    "org.dkpro.core.api.xml.type.",
)
_METADATA = "de.tudarmstadt.ukp.dkpro.core.api.metadata.type.DocumentMetaData"
_ID = "{http://www.omg.org/XMI}id"
_STRING = "uima.cas.String"
_PRIMITIVE = {
    f"uima.cas.{name}"
    for name in ("String", "Boolean", "Byte", "Short", "Integer", "Long", "Float", "Double")
}
_MANY = {f"{name}Array" for name in _PRIMITIVE}
# What INCEpTION writes when nobody told the language.
_UNKNOWN = {"", "x-unspecified"}
_BASE = {"sofa", "begin", "end"}
_HEAD, _TAIL = "Governor", "Dependent"
# dkpro-cassis calls these two differently, as Python has the names itself.
_RENAMED = {"self_": "self", "type_": "type"}
# What lxml and dkpro-cassis raise for XML that is not what they expect.
_DAMAGED = (SyntaxError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, Warning)


def read_xmi(path: Path, losses: Losses) -> Iterator[Document]:
    """Read what INCEpTION exported: a `.xmi`, a zip or a folder, one document an annotator.

    Counted are annotations of other layers, spans without a label or without text, links,
    parts of chains, relations without a label, those with an end that is no span and their
    attributes, and marks of whole documents. Raises `FormatError` for what does not hold, once
    all was read.
    """
    found = False
    faults = Faults()
    try:
        for source in find_sources(path):
            found = True
            if source.annotator != INITIAL:
                with faults.kept():
                    yield _read(source, losses)
    except OSError as error:
        raise unreadable(path, error) from error
    faults.tell()
    if not found:
        raise FormatError(
            f"{path} has no .xmi in it",
            "Export the project with UIMA CAS XMI (XML 1.0) as its secondary format.",
        )


def _read(source: Source, losses: Losses) -> Document:
    from cassis import load_cas_from_xmi
    from cassis.typesystem import TypeNotFoundError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # An offset outside the text, or between the halves of a character, is kept as it
            # was, in UTF-16 units, with no more than a warning.
            cas = load_cas_from_xmi(io.BytesIO(source.xmi), _typesystem(source.system))
            return _document(cas, source, losses)
    except (*_DAMAGED, TypeNotFoundError) as error:
        raise FormatError(
            f"{source.where} does not hold: {' '.join(str(error).split())[:200]}",
            "Export it again as UIMA CAS XMI (XML 1.0), with its TypeSystem.xml.",
        ) from error


# Every annotator's zip has its own copy of the project's type system.
@lru_cache(maxsize=1)
def _typesystem(xml: bytes) -> Any:
    from cassis import load_typesystem

    return load_typesystem(io.BytesIO(xml))


def _document(cas: Any, source: Source, losses: Losses) -> Document:
    text = cas.sofa_string
    if not isinstance(text, str):
        raise TypeError("it has no text")  # told with where, as all that does not hold
    spans: dict[int, Span | Unproved] = {}
    stray = _stray(source.xmi, text)
    arrows: list[Any] = []
    metadata: dict[str, str] = {}
    for mark in cas.select_all_fs():
        kind = _kind(mark.type)
        if kind == "relation":
            arrows.append(mark)
        elif kind == "span":
            for span in _span(mark, losses, stray.get(mark.xmiID)):
                spans[mark.xmiID] = span
        elif kind != "frame":
            lose(losses, kind)
        elif mark.type.name == _METADATA:
            metadata = {"title": mark.documentTitle or "", "language": mark.language or ""}
    proved = [one for one in spans.values() if isinstance(one, Span)]
    return Document(
        id=source.document or metadata.get("title", ""),
        text=text,
        spans=tuple(sorted(proved, key=reading_order)),
        relations=tuple(made for arrow in arrows for made in _relation(arrow, spans, losses)),
        annotator=source.annotator,
        metadata={name: value for name, value in metadata.items() if value not in _UNKNOWN},
        unproved=tuple(one for one in spans.values() if isinstance(one, Unproved)),
    )


def _stray(xmi: bytes, text: str) -> dict[int, Place]:
    """Return the offsets of elements that are no place in the text, by their ids.

    Read from the file itself: once it is loaded, nothing tells them from code points.
    """
    from lxml import etree  # type: ignore[import-untyped]

    places = set(accumulate((1 + (char > "\uffff") for char in text), initial=0))
    stray: dict[int, Place] = {}
    for _, element in etree.iterparse(io.BytesIO(xmi), huge_tree=True, resolve_entities=False):
        told = [element.get(name) for name in (_ID, "begin", "end")]
        if None not in told:
            number, begin, end = map(int, told)
            if not {begin, end} <= places:
                stray[number] = begin, end
        element.clear()
    return stray


def _kind(layer: Any) -> Loss | Literal["span", "relation", "frame"]:
    """Return span, relation, frame for what is no mark, or as what it is lost."""
    if layer.name.startswith(_FRAME):
        return "frame"
    if not layer.name.startswith((_NAMED_ENTITY, *_CUSTOM)):
        return "annotations of other layers"
    names = {feature.name for feature in layer.all_features}
    if names & {"first", "next"}:
        return "parts of chains"
    if not names >= {"begin", "end"}:
        return "marks of whole documents"
    return "relation" if names >= {_HEAD, _TAIL} else "span"


def _label_feature(layer: Any) -> str:
    """Return the feature that has the label, empty when the layer itself is the label."""
    texts = [feature.name for feature in layer.all_features if feature.rangeType.name == _STRING]
    usual = [name for name in ("value", "label") if name in texts]
    return usual[0] if usual else texts[0] if len(texts) == 1 else ""


def _label(mark: Any) -> str:
    feature = _label_feature(mark.type)
    return (mark[feature] or "") if feature else mark.type.name.rpartition(".")[2]


def _span(mark: Any, losses: Losses, stray: Place | None) -> Iterator[Span | Unproved]:
    label = _label(mark)
    if stray is None and mark.begin >= mark.end:
        lose(losses, "spans without text")
    elif not label:
        lose(losses, "spans without a label")
    else:
        attributes = _attributes(mark, {_label_feature(mark.type)}, losses)
        known: dict[str, Any] = {"id": str(mark.xmiID), "label": label, "attributes": attributes}
        if stray is None:
            yield Span(start=mark.begin, end=mark.end, **known)
            return
        start, end = stray
        reason = f"{start}:{end} is no stretch of the text in UTF-16 units"
        yield Unproved(start=start, end=end, reason=reason, **known)


def _attributes(mark: Any, known: set[str], losses: Losses) -> dict[str, tuple[str, ...]]:
    """Return the values of a mark's other features as texts; references are counted."""
    found: dict[str, tuple[str, ...]] = {}
    for feature in mark.type.all_features:
        value = mark[feature.name]
        if feature.name in known | _BASE or value in (None, ""):
            continue
        kind = feature.rangeType.name
        values = [value] if not hasattr(value, "elements") else value.elements or []
        if kind not in _PRIMITIVE | _MANY:
            lose(losses, "links", len(values))
        elif values:
            found[_RENAMED.get(feature.name, feature.name)] = tuple(map(_shown, values))
    return found


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _relation(
    mark: Any, spans: Mapping[int, Span | Unproved], losses: Losses
) -> Iterator[Relation]:
    head, tail = (spans.get(getattr(mark[end], "xmiID", -1)) for end in (_HEAD, _TAIL))
    label = _label(mark)
    if head is None or tail is None:
        lose(losses, "relations")
    elif not label:
        lose(losses, "relations without a label")
    else:
        rest = _attributes(mark, {_label_feature(mark.type), _HEAD, _TAIL}, losses)
        lose(losses, "attributes", len(rest))
        yield Relation(head=head.id, label=label, tail=tail.id)
