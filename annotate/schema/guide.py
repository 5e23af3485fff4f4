"""The annotators' guide of a schema: Markdown to read, HTML for Label Studio's instructions."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from annotate.schema.model import Schema


@dataclass(frozen=True)
class Words:
    """The guide's own few words in one language."""

    entities: str
    relations: str
    label: str
    definition: str
    examples: str
    not_this: str
    hotkey: str
    head: str
    tail: str
    reload: str


WORDS = {
    "en": Words(
        entities="Entities",
        relations="Relations",
        label="Label",
        definition="What it is",
        examples="Examples",
        not_this="Not",
        hotkey="Key",
        head="From",
        tail="To",
        reload="Does an article open without its suggestions, or without what you marked?"
        " Reload the page before you go on.",
    ),
    "vi": Words(
        entities="Thực thể",
        relations="Quan hệ",
        label="Nhãn",
        definition="Là gì",
        examples="Ví dụ",
        not_this="Không phải",
        hotkey="Phím",
        head="Từ",
        tail="Đến",
        reload="Bài mở ra mà không thấy gợi ý, hoặc không thấy phần bạn đã đánh dấu?"
        " Hãy tải lại trang rồi mới làm tiếp.",
    ),
}


def guide_markdown(schema: Schema) -> str:
    """Return the guide as Markdown; in English words where the schema's language has none."""
    words = WORDS.get(schema.language, WORDS["en"])
    lines = [f"# {schema.title}", "", f"`{schema.name}` {schema.version}", ""]
    lines += [f"- {rule}" for rule in (*schema.guidelines, words.reload)]
    lines += ["", f"## {words.entities}"]
    for entity in schema.entities:
        key = f" · {words.hotkey} `{entity.hotkey}`" if entity.hotkey else ""
        lines += ["", f"### {entity.title} (`{entity.name}`){key}", "", entity.definition, ""]
        lines.append(f"- {words.examples}: {'; '.join(entity.examples)}")
        if entity.counter_examples:
            lines.append(f"- {words.not_this}: {'; '.join(entity.counter_examples)}")
    if schema.relations:
        lines += ["", f"## {words.relations}", ""]
        lines += [f"| {words.label} | {words.head} | {words.tail} | {words.definition} |"]
        lines += ["| --- | --- | --- | --- |"]
        for relation in schema.relations:
            head, tail = (_titles(schema, labels) for labels in (relation.head, relation.tail))
            row = (f"{relation.title} (`{relation.name}`)", head, tail, relation.definition)
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |")
    return "\n".join(lines) + "\n"


def guide_html(schema: Schema) -> str:
    """Return the guide as the HTML that Label Studio keeps in a project's instructions.

    The server removes `style` attributes and its page has neither bullets nor margins, so
    both are made of text and line breaks.
    """
    words = WORDS.get(schema.language, WORDS["en"])
    root = Element("div")
    SubElement(root, "h2").text = schema.title
    # The server's editor sometimes opens an empty annotation when it loads slowly.
    for rule in (*schema.guidelines, words.reload):
        SubElement(root, "p").text = f"• {rule}"
    _heading(root, words.entities)
    table = SubElement(root, "table")
    for entity in schema.entities:
        notes = [(words.examples, entity.examples), (words.not_this, entity.counter_examples)]
        _row(table, entity.title, entity.hotkey, entity.definition, notes)
    if schema.relations:
        _heading(root, words.relations)
        table = SubElement(root, "table")
        for relation in schema.relations:
            arrow = f"{_titles(schema, relation.head)} → {_titles(schema, relation.tail)}"
            _row(table, relation.title, "", relation.definition, [("", (arrow,))])
    return tostring(root, encoding="unicode", method="html")


def _heading(root: Element, text: str) -> None:
    SubElement(root, "br")
    SubElement(root, "h3").text = text


def _row(
    table: Element, title: str, key: str, text: str, notes: list[tuple[str, tuple[str, ...]]]
) -> None:
    """Add a row: the title and its key at the left, the text and the notes at the right."""
    row = SubElement(table, "tr")
    left, right = SubElement(row, "td"), SubElement(row, "td")
    name = SubElement(left, "b")
    name.text, name.tail = title, f" [{key}] " if key else " "
    right.text = text
    for heading, items in notes:
        if items:
            SubElement(right, "br")
            label = SubElement(right, "i")
            label.text = f"{heading}: " if heading else ""
            label.tail = "; ".join(items)
    SubElement(right, "br")
    SubElement(right, "br")


def _titles(schema: Schema, labels: tuple[str, ...]) -> str:
    titles = {entity.name: entity.title for entity in schema.entities}
    return ", ".join(titles[label] for label in labels)
