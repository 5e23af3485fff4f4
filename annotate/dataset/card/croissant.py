"""croissant.json: the dataset as other tools of machine learning read its description.

Croissant 1.1 (https://docs.mlcommons.org/croissant/). Each file is there with its digest; each
config is a set of records, read from the files beside the description.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from datasets import ClassLabel, Features, List, Value

from annotate.dataset.card.citing import citation
from annotate.dataset.card.facts import Facts
from annotate.dataset.card.markdown import one_line, plural
from annotate.dataset.digests import digest_of

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
_PARQUET = "application/x-parquet"
_TYPES = {
    "string": "sc:Text", "bool": "sc:Boolean", "int32": "cr:Int32", "float64": "cr:Float64",
}  # fmt: skip
_SCHEMA = "https://schema.org/"
_CROISSANT = "http://mlcommons.org/croissant/"
# The terms of the specification; its readers expect the context as it stands there.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": _SCHEMA,
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": _CROISSANT,
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": _SCHEMA,
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(folder: Path, facts: Facts) -> str:
    """Return the description of the dataset in `folder`, whose Parquet files are there."""
    settings, schema = facts.settings, facts.schema
    about: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": one_line(facts.title),
        "description": _description(facts),
        "conformsTo": CONFORMS_TO,
        "citeAs": citation(facts),
        **_version(facts),
        "inLanguage": schema.language,
    }
    if facts.date:
        about["dateModified"] = facts.date
    if settings.license != "unknown":
        about["license"] = settings.license
    if settings.homepage:
        about["url"] = settings.homepage
    if settings.authors:
        about["creator"] = [{"@type": "sc:Person", "name": name} for name in settings.authors]
    about["distribution"] = [*_files(folder, facts), *map(_file_set, facts.configs)]
    about["recordSet"] = [_records(name, facts.features[name]) for name in facts.configs]
    return msgspec.json.format(msgspec.json.encode(about)).decode() + "\n"


def _version(facts: Facts) -> dict[str, str]:
    """Return the schema's version and the build, where the two make one (semver.org)."""
    if not re.fullmatch(r"\d+(\.\d+){0,2}", facts.schema.version, re.ASCII):
        return {}
    parts = [str(int(part)) for part in facts.schema.version.split(".")]
    return {"version": f"{'.'.join([*parts, '0', '0'][:3])}+{facts.short}"}


def _description(facts: Facts) -> str:
    built = facts.built
    made = (
        f"{plural(built.articles, 'annotated article')} with "
        f"{plural(built.entities, 'entity', 'entities')} and "
        f"{plural(built.relations, 'relation')}, under version {facts.schema.version} of the "
        f"schema {facts.schema.name}."
    )
    return f"{facts.settings.description.strip()}\n\n{made}".strip()


def _files(folder: Path, facts: Facts) -> Iterator[dict[str, Any]]:
    for config in facts.configs:
        for path in sorted((folder / config).glob("*.parquet")):
            name = path.relative_to(folder).as_posix()
            yield {
                "@type": "cr:FileObject",
                "@id": name,
                "name": name,
                "contentUrl": name,
                "contentSize": f"{path.stat().st_size} B",
                "encodingFormat": _PARQUET,
                "sha256": digest_of(path),
            }


def _file_set(config: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{config}-files",
        "name": f"{config}-files",
        "description": f"The files of the config {config}.",
        "encodingFormat": _PARQUET,
        "includes": f"{config}/*.parquet",
    }


def _records(config: str, features: Features) -> dict[str, Any]:
    split = {
        "@type": "cr:Field",
        "@id": f"{config}/split",
        "name": f"{config}/split",
        "description": "The split that the row is in.",
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": f"{config}-files"},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": f"^{config}/([a-z]+)-.*$"},
        },
    }
    ids = Names({"split"})
    fields = [_field(config, column, ids.of(column), features[column]) for column in features]
    return {
        "@type": "cr:RecordSet",
        "@id": config,
        "name": config,
        "description": f"The rows of the config {config}.",
        "field": [split, *fields],
    }


class Names:
    """Gives names of columns in letters that an id may have, each once."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken

    def of(self, name: str) -> str:
        """Return the name, in other letters where it has to be."""
        plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
        while plain in self._taken:
            plain += "_"
        self._taken.add(plain)
        return plain


def _field(config: str, column: str, name: str, feature: Any) -> dict[str, Any]:
    """Return the field of a column."""
    source: dict[str, Any] = {
        "fileSet": {"@id": f"{config}-files"}, "extract": {"column": column},
    }  # fmt: skip
    described = _typed(f"{config}/{name}", feature, source)
    inner = feature.feature if isinstance(feature, List) else feature
    if isinstance(inner, Mapping):
        ids = Names(set())
        described["subField"] = [
            _typed(
                f"{config}/{name}/{ids.of(key)}", inner[key],
                {**source, "transform": {"jsonPath": _path(key)}},
            )
            for key in inner
        ]  # fmt: skip
    return described


def _typed(name: str, feature: Any, source: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"@type": "cr:Field", "@id": name, "name": name}
    while isinstance(feature, List):
        described |= {"isArray": True, "arrayShape": "-1"}
        feature = feature.feature
    if isinstance(feature, ClassLabel):
        numbered = (f"{number} {label}" for number, label in enumerate(feature.names))
        described["description"] = f"One of {', '.join(numbered)}."
        described["dataType"] = "sc:Integer"
    elif isinstance(feature, Value):
        described["dataType"] = _TYPES[feature.dtype]
    else:
        return described
    return {**described, "source": source}


def _path(key: str) -> str:
    """Return the JSONPath of a key."""
    if re.fullmatch(r"[A-Za-z_]\w*", key, re.ASCII):
        return key
    quoted = key.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{quoted}'"
