"""A labelling config as tags that know their lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.parsers.expat import ErrorString, ExpatError, ParserCreate

import msgspec

from annotate.errors import SchemaError

# Nobody nests tags as deep; what reads them calls itself for every level.
_DEEPEST = 100


class Tag(msgspec.Struct, frozen=True):
    """A tag of a labelling config, as it is written there on `line`.

    The editor tells neither tags nor attributes apart by case, so `kind` and the keys of
    `attributes` are in lower case.
    """

    written: str
    line: int
    attributes: dict[str, str]
    spelt: dict[str, str]
    inner: list[Tag]

    @property
    def kind(self) -> str:
        """The tag's name in lower case."""
        return self.written.lower()

    @property
    def name(self) -> str:
        """The name that results refer to, without blanks around it."""
        return self.get("name").strip()

    def get(self, key: str) -> str:
        """Return an attribute, "" where the tag has none."""
        return self.attributes.get(key, "")

    def says(self, key: str) -> bool:
        """Whether the attribute is true."""
        return self.get(key).strip().lower() == "true"

    def below(self) -> Iterator[Tag]:
        """Yield the tags within this one, at any depth, in their order."""
        for tag in self.inner:
            yield tag
            yield from tag.below()

    def __str__(self) -> str:
        told = self.name or self.get("value")
        return f"<{self.written} {told!r}>" if told else f"<{self.written}>"


def read_tags(config: str) -> Tag:
    """Return the outermost tag of a labelling config.

    Raises `SchemaError` when it is not XML, and when it declares a document type: that is
    where entities that grow without end, or fetch files, are defined.
    """
    parser = ParserCreate("utf-8")
    top = Tag("", 0, {}, {}, [])
    around = [top]

    def begin(written: str, attributes: dict[str, str]) -> None:
        """Take a tag that begins into the one that it lies in."""
        line = parser.CurrentLineNumber
        if len(around) > _DEEPEST:
            raise SchemaError(
                f"the config, line {line}: tags lie in each other more than {_DEEPEST} deep",
                "Take out those that only arrange the page.",
            )
        values = {key.lower(): value for key, value in attributes.items()}
        tag = Tag(written, line, values, {key.lower(): key for key in attributes}, [])
        around[-1].inner.append(tag)
        around.append(tag)

    def refuse(*_: Any) -> None:
        raise SchemaError(
            f"the config, line {parser.CurrentLineNumber}: it declares a document type",
            "Take out <!DOCTYPE …>; Label Studio needs none.",
        )

    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda _: around.pop()
    parser.StartDoctypeDeclHandler = refuse
    try:
        # A lone surrogate is a fault of the XML like others.
        parser.Parse(config.encode(errors="surrogatepass"), True)
    except ExpatError as error:
        raise SchemaError(
            f"the config is not XML: {ErrorString(error.code)},"
            f" line {error.lineno}, column {error.offset + 1}",
            "Correct it there, or copy it again from the project's settings in Label Studio.",
        ) from error
    return top.inner[0]
