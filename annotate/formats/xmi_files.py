"""Where INCEpTION puts `.xmi` files: in a folder, in a zip, in zips within."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from annotate.errors import FormatError

# What zipfile raises for bytes that are not what they should be, or packed in a new way.
_BAD_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError)
_ENCRYPTED = 1
_AGAIN = "Export it again, without password."

_Files = Mapping[str, Callable[[], bytes]]


class Source(NamedTuple):
    """A `.xmi`: where it is, the document's name if its folder tells it, and its bytes."""

    where: str
    document: str
    annotator: str
    xmi: bytes
    system: bytes


def find_sources(path: Path) -> Iterator[Source]:
    """Yield every `.xmi` of a file, a zip or a folder, by name."""
    with _opened(path) as files:
        yield from _sources(files, path if path.suffix.lower() != ".xmi" else path.parent)


@contextmanager
def _opened(path: Path) -> Iterator[_Files]:
    """Open a folder, a zip, or a `.xmi` with the type system beside it."""
    if path.is_dir():
        paths = sorted(found for found in path.rglob("*") if found.is_file())
        yield {found.relative_to(path).as_posix(): found.read_bytes for found in paths}
    elif path.suffix.lower() == ".xmi":
        beside = [found for found in path.parent.iterdir() if _is_system(found.name)]
        yield {found.name: found.read_bytes for found in [path, *beside]}
    else:
        with _unzipped(path, str(path)) as files:
            yield files


@contextmanager
def _unzipped(file: Path | IO[bytes], where: str) -> Iterator[_Files]:
    try:
        archive = zipfile.ZipFile(file)
    except _BAD_ZIP as error:
        raise FormatError(f"{where} cannot be unpacked: {error}", _AGAIN) from error
    with archive:
        infos = archive.infolist()
        yield {info.filename: partial(_unpacked, archive, info, where) for info in infos}


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> bytes:
    name = f"{where}/{info.filename}"
    if info.flag_bits & _ENCRYPTED:
        raise FormatError(f"{name} is encrypted", _AGAIN)
    try:
        return archive.read(info)
    except _BAD_ZIP as error:
        raise FormatError(f"{name} cannot be unpacked: {error}", _AGAIN) from error


def _sources(files: _Files, where: Path, around: str = "") -> Iterator[Source]:
    """Find every `.xmi`, also in zips within; `around` is the path of such a zip."""
    for name in sorted(files):
        path = PurePosixPath(around, name.lstrip("/"))
        # What macOS adds to a zip has the same names.
        if any(part.startswith(("._", "__MACOSX")) for part in path.parts):
            continue
        here = str(where / path)
        if path.suffix.lower() == ".xmi":
            system = _system(files, name, here)
            yield Source(here, _document_name(path), path.stem, files[name](), system)
        elif path.suffix.lower() == ".zip" and not around:
            with _unzipped(io.BytesIO(files[name]()), here) as inner:
                yield from _sources(inner, where, str(path))


def _is_system(name: str) -> bool:
    return name.lower() == "typesystem.xml"


def _system(files: _Files, name: str, where: str) -> bytes:
    """Return the type system in the folder of a `.xmi`."""
    folder = PurePosixPath(name).parent
    for other, read in files.items():
        path = PurePosixPath(other)
        if path.parent == folder and _is_system(path.name):
            return read()
    raise FormatError(
        f"{where} has no TypeSystem.xml beside it",
        "Put the one there that INCEpTION exported with it.",
    )


def _document_name(path: PurePosixPath) -> str:
    """Return the folder below `annotation` or `curation`, empty when there is none."""
    for folder, below in zip(path.parts, path.parts[1:-1], strict=False):
        if folder in {"annotation", "curation"}:
            return below
    return ""
