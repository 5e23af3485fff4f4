"""Building a tree of HTML, sentence by sentence."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement


def add(parent: Element, tag: str, text: str = "", css: str = "") -> Element:
    """Add an element with a text and a class, and return it."""
    element = SubElement(parent, tag, {"class": css} if css else {})
    element.text = text or None
    return element


def say(parent: Element, text: str) -> None:
    """Add text after all that the element has."""
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def say_keys(parent: Element, text: str) -> None:
    """Add text in which keys to press stand between backticks."""
    for number, part in enumerate(text.split("`")):
        if number % 2:
            add(parent, "kbd", part)
        else:
            say(parent, part)


def join(parent: Element, between: str, elements: Iterable[Element]) -> None:
    """Add elements with a text between each two."""
    for number, element in enumerate(elements):
        if number:
            say(parent, between)
        parent.append(element)
