"""What the guide says, as a tree of HTML that every form of it is drawn from."""

from __future__ import annotations

from itertools import groupby
from xml.etree.ElementTree import Element

from annotate.schema.guide.examples import ARROWS, Drawing
from annotate.schema.guide.tree import add, join, say, say_keys
from annotate.schema.guide.words import words_of
from annotate.schema.model import (
    Attribute,
    Choice,
    Decision,
    Entity,
    Option,
    RelationType,
    Schema,
)

SCOPE = "annotate-guide"

# Languages that are written from right to left.
_LEFTWARD = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def guide_content(schema: Schema, top: int = 1) -> Element:
    """Return the guide as a tree of HTML whose title is a heading of the level `top`."""
    drawing = Drawing(schema, words_of(schema))
    root = Element("div", {"class": SCOPE, "lang": schema.language})
    if schema.language.partition("-")[0].lower() in _LEFTWARD:
        root.set("dir", "rtl")
    _add_head(root, drawing, top)
    _add_rules(root, drawing, top + 1)
    _add_marking(root, drawing, top + 1)
    _add_labels(root, drawing, top + 1)
    _add_relations(root, drawing, top + 1)
    _add_questions(root, drawing, top + 1)
    _add_decisions(root, drawing, top + 1)
    return root


def _add_head(root: Element, drawing: Drawing, level: int) -> None:
    schema = drawing.schema
    add(root, f"h{level}", schema.title, "title")
    about = add(root, "p", css="about")
    add(about, "code", schema.name)
    say(about, f" · {drawing.words.version} {schema.version}")


def _heading(root: Element, level: int, text: str, css: str = "section") -> None:
    add(root, f"h{level}", text, css)


def _add_rules(root: Element, drawing: Drawing, level: int) -> None:
    _heading(root, level, drawing.words.rules)
    rules = add(root, "ul")
    for rule in (*drawing.schema.guidelines, drawing.words.reload):
        add(rules, "li", rule)


def _add_marking(root: Element, drawing: Drawing, level: int) -> None:
    """Say how the labelling page is used, as far as the schema needs it."""
    schema, words = drawing.schema, drawing.words
    steps = [words.drag]
    if schema.granularity == "word":
        steps.append(f"{words.whole_words} {words.part_of_word}")
    steps += [words.relate] * bool(schema.relations) + [words.answer] * bool(schema.attributes)
    _heading(root, level, words.marking)
    listed = add(root, "ul")
    for step in steps:
        say_keys(add(listed, "li"), step)


def _add_labels(root: Element, drawing: Drawing, level: int) -> None:
    _heading(root, level, drawing.words.labels)
    groups = groupby(drawing.schema.entities, key=lambda entity: entity.group)
    for number, (group, entities) in enumerate(groups):
        # Labels without a group need a heading only below the labels of another.
        titled = bool(group or number)
        if titled:
            _heading(root, level + 1, group or drawing.words.other_labels, "group")
        for entity in entities:
            _add_entity(root, drawing, entity, level + 1 + titled)


def _add_entity(root: Element, drawing: Drawing, entity: Entity, level: int) -> None:
    words = drawing.words
    card = add(root, "div", css=f"label {drawing.css(entity.name)}")
    heading = add(card, f"h{level}", css="name")
    drawing.chips(heading, (entity.name,))
    if entity.hotkey:
        say(heading, f" · {words.key} ")
        add(heading, "kbd", entity.hotkey)
    say(heading, " · ")
    add(heading, "code", entity.name)
    if entity.definition:
        add(card, "p", entity.definition)
    for name, sources, draw in (
        (words.examples, entity.examples, drawing.example),
        (words.not_this, entity.counter_examples, drawing.counter_example),
    ):
        if sources:
            line = _titled(add(card, "p", css="examples"), name)
            for source in sources:
                if line[-1].tag == "bdi":
                    add(line[-1], "span", " · ", "dot")
                draw(add(line, "bdi"), source, entity.name)
    _add_within(card, drawing, entity)
    _add_attributes(card, drawing, entity)


def _titled(line: Element, title: str) -> Element:
    add(line, "b", f"{title}:")
    say(line, " ")
    return line


def _add_within(card: Element, drawing: Drawing, entity: Entity) -> None:
    """Say which labels may lie within; nothing where all may."""
    if entity.contains:
        drawing.chips(_titled(add(card, "p"), drawing.words.only_within), entity.contains)
    elif entity.contains is not None:
        add(card, "p", drawing.words.nothing_within)


def _add_attributes(card: Element, drawing: Drawing, entity: Entity) -> None:
    asked = [one for one in drawing.schema.attributes if entity.name in one.labels]
    if asked:
        _titled(add(card, "p"), drawing.words.asked)
        listed = add(card, "ul")
        for attribute in asked:
            _add_question(listed, drawing, attribute)
            if attribute.definition:
                add(listed[-1], "br")
                say(listed[-1], attribute.definition)


def _add_question(listed: Element, drawing: Drawing, question: Attribute | Choice) -> None:
    """Add a question with the options of its answer, a list item."""
    words = drawing.words
    item = add(listed, "li")
    add(item, "b", question.title)
    if not question.options:
        say(item, f" ({words.fill_in})")
        return
    say(item, f" ({words.choose_some if question.multiple else words.choose_one}): ")
    join(item, " · ", map(_option, question.options))


def _option(option: Option) -> Element:
    drawn = Element("span", {"class": "option"})
    drawn.text = option.title
    return drawn


def _add_relations(root: Element, drawing: Drawing, level: int) -> None:
    if drawing.schema.relations:
        _heading(root, level, drawing.words.relations)
        listed = add(root, "ul", css="relations")
        for relation in drawing.schema.relations:
            _add_relation(listed, drawing, relation)


def _add_relation(listed: Element, drawing: Drawing, relation: RelationType) -> None:
    item = add(listed, "li")
    add(item, "b", relation.title)
    say(item, " ")
    add(item, "code", relation.name)
    add(item, "br")
    drawing.chips(item, relation.head)
    say(item, f" {ARROWS[relation.directed]} ")
    drawing.chips(item, relation.tail)
    if not relation.directed:
        say(item, " ")
        add(item, "small", f"({drawing.words.either_way})")
    if relation.definition:
        add(item, "br")
        say(item, relation.definition)


def _add_questions(root: Element, drawing: Drawing, level: int) -> None:
    if drawing.schema.choices:
        _heading(root, level, drawing.words.questions)
        add(root, "p", drawing.words.answer_below)
        listed = add(root, "ul")
        for choice in drawing.schema.choices:
            _add_question(listed, drawing, choice)


def _add_decisions(root: Element, drawing: Drawing, level: int) -> None:
    if drawing.schema.decisions:
        _heading(root, level, drawing.words.decisions)
        add(root, "p", drawing.words.first_fits)
        listed = add(root, "ol", css="decisions")
        for decision in drawing.schema.decisions:
            _add_decision(listed, drawing, decision)


def _add_decision(listed: Element, drawing: Drawing, decision: Decision) -> None:
    item = add(listed, "li")
    add(add(item, "p", css="case"), "b", decision.case)
    add(item, "p", decision.rule)
    if decision.examples:
        examples = add(item, "ul", css="examples")
        for source in decision.examples:
            drawing.case(add(examples, "li"), source)
