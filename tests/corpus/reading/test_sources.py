"""What a SOURCE stands for, and opening it as a stream of bytes."""

from __future__ import annotations

import gzip
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import fsspec
import pyarrow as pa
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from pyarrow import parquet

from annotate.corpus.reading.sources import DatasetFolder, File, Found, find_sources
from annotate.errors import CorpusError

NFD_NAME = "ba\u0300i so\u0302\u0301.txt"


def write(path: Path, content: bytes | str = "Chữ.") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def find(*names: str | Path) -> Found:
    return find_sources([str(name) for name in names])


def names(*given: str | Path) -> list[str]:
    return [source.name for source in find(*given).sources]


def below(folder: Path, *given: str | Path) -> list[str]:
    return [name.removeprefix(f"{folder}/") for name in names(*(given or (folder,)))]


def only(*given: str | Path) -> File:
    [source] = find(*given).sources
    assert isinstance(source, File)
    return source


def content(file: File) -> bytes:
    with file.open() as stream:
        return stream.read()


def refusal(*given: str | Path) -> str:
    with pytest.raises(CorpusError) as caught:
        find(*given)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return caught.value.problem


def until_failure(stream: IO[bytes], size: int) -> tuple[bytes, str]:
    """Return what can be read of a stream, and what the error says that ends it."""
    read = b""
    try:
        while part := stream.read(size):
            read += part
    except OSError as error:
        return read, str(error)
    return read, ""


def failure(file: File, size: int = -1) -> str:
    """Return what the error says that opening a file or reading it ends with."""
    try:
        with file.open() as stream:
            return until_failure(stream, size)[1]
    except OSError as error:
        return str(error)


@pytest.fixture
def memory() -> Iterator[MemoryFileSystem]:
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()


# Files.


@pytest.mark.parametrize(
    ("name", "stem", "suffix", "compression"),
    [
        ("tin.txt", "tin", ".txt", ""),
        ("TIN.TXT", "TIN", ".txt", ""),
        ("tin.v2.md", "tin.v2", ".md", ""),
        ("tin.JSONL.Gz", "tin", ".jsonl", ".gz"),
        ("tin.parquet.zst", "tin", ".parquet", ".zst"),
        ("tin.html", "tin", ".html", ""),
        ("tin.htm", "tin", ".htm", ""),
        ("tin.ndjson", "tin", ".ndjson", ""),
        ("tin.csv", "tin", ".csv", ""),
        ("tin.tsv.gz", "tin", ".tsv", ".gz"),
    ],
)
def test_a_file_s_name_says_how_it_is_read(
    tmp_path: Path, name: str, stem: str, suffix: str, compression: str
) -> None:
    path = write(tmp_path / name)
    file = only(path)
    assert file[:4] == (str(path), stem, suffix, compression)


@pytest.mark.parametrize(
    "name",
    [
        "a b.txt", "a#b.txt", "a?b.txt", "a*b.txt", "a[b].txt", "a%20b.txt", "a::b.txt", "a:b.txt",
        "zip:b.txt", "a\nb.txt", "-a.txt", "~.txt", "a;b&c.txt", "{a,b}.txt", "'a\".txt",
        "a\\b.txt", NFD_NAME, "😀.txt", "x" * 251 + ".txt",
    ],
    ids=lambda name: ascii(name[:20]),
)  # fmt: skip
def test_a_file_of_any_name_is_found_and_opened(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "in" / name, name)
    monkeypatch.chdir(tmp_path / "in")
    for given in (path, name):
        file = only(given)
        assert (file.name, file.stem) == (str(given), name[:-4])
        assert content(file) == name.encode()
    [inner] = find(tmp_path / "in").sources
    assert isinstance(inner, File)
    assert content(inner) == name.encode()
    assert inner.name == str(path)


def test_a_name_that_is_no_utf8_is_told_with_the_numbers_of_its_bytes(tmp_path: Path) -> None:
    path = os.fsdecode(bytes(tmp_path) + b"/caf\xe9.txt")
    write(Path(path), "Chữ.")
    for given in (path, str(tmp_path), f"{tmp_path}/*"):
        file = only(given)
        assert file.name == file.place == f"{tmp_path}/caf\\udce9.txt"
        assert content(file) == "Chữ.".encode()
        assert file.name.encode()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("none.txt", "none.txt does not exist"),
        ("none/", "none/ does not exist"),
        ("none/*.txt", "none/*.txt matches no file"),
        ("*.jsonl", "*.jsonl matches no file"),
        ("[", "[ matches no file"),
        ("**x", "**x cannot be looked at: Invalid pattern"),
        ("", "a SOURCE is empty"),
        (" ", "a SOURCE is empty"),
        ("a\0b.txt", "a\0b.txt does not exist"),
        ("dangling.txt", "dangling.txt does not exist"),
        ("foo://bar", "foo://bar cannot be looked at: Protocol not known: foo"),
        ("memory://none.txt", "memory://none.txt does not exist"),
        ("zip://a.txt::none.zip", "zip://a.txt::none.zip cannot be looked at: No such file"),
        ("zip://a.txt::a.pdf", "zip://a.txt::a.pdf cannot be looked at: File is not a zip file"),
        ("a.pdf", "a.pdf is of a kind that is not read"),
        ("a.pdf.gz", "a.pdf.gz is of a kind that is not read"),
        ("noun", "noun is of a kind that is not read"),
    ],
)
def test_a_source_that_is_not_there_or_not_read_is_refused_by_its_name(
    tmp_path: Path, given: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.pdf", "a.pdf.gz", "noun"):
        write(tmp_path / name)
    (tmp_path / "dangling.txt").symlink_to("nowhere")
    assert refusal(given).startswith(problem)


@pytest.mark.parametrize(
    "name", ["none.txt", "*.jsonl", "a.pdf", "zip://a.txt::none.zip", "foo://none", "a.fifo"]
)
def test_a_name_that_is_no_utf8_is_refused_in_words_that_can_be_written(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named = name.replace("none", "caf\udce9").replace("a.", "caf\udce9.").replace("*", "caf\udce9*")
    if name == "a.fifo":
        os.mkfifo(named)
    elif name == "a.pdf":
        write(tmp_path / named)
    assert "caf\\udce9" in refusal(named)
    assert refusal(named).encode()


def test_a_name_that_is_too_long_for_a_file_is_refused() -> None:
    assert refusal("x" * 300 + ".txt").endswith(".txt cannot be looked at: File name too long")


def test_a_protocol_whose_package_is_missing_says_which_it_is() -> None:
    try:
        import adlfs  # type: ignore[import-not-found] # noqa: F401
    except ImportError:
        assert "adlfs" in refusal("abfs://x/y.txt")


# Folders.


def test_a_folder_stands_for_its_files_at_any_depth(tmp_path: Path) -> None:
    for name in ("b.txt", "a.jsonl.gz", "deep/er/c.MD", "deep/d.parquet"):
        write(tmp_path / name)
    expected = ["a.jsonl.gz", "b.txt", "deep/d.parquet", "deep/er/c.MD"]
    assert below(tmp_path) == expected
    assert names(f"{tmp_path}/") == [f"{tmp_path}/{name}" for name in expected]


def test_a_folder_is_named_as_people_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in" / "a.txt")
    monkeypatch.chdir(tmp_path / "in")
    assert names("../in") == ["../in/a.txt"]
    assert names(".") == ["./a.txt"]
    assert names("../in/") == ["../in/a.txt"]


@pytest.mark.parametrize(
    "name", ["a b", "a::b", "a#b", "a?b", "a*b", "a[b]", "a%20b", "a.txt", "~"]
)
def test_a_folder_of_any_name_is_gone_into(tmp_path: Path, name: str) -> None:
    write(tmp_path / name / "x.txt")
    assert below(tmp_path, tmp_path / name) == [f"{name}/x.txt"]


def test_files_of_other_kinds_in_a_folder_are_counted(tmp_path: Path) -> None:
    for name in ("a.txt", "b.pdf", "c.PDF", "d.docx", "LICENSE", "e.pdf.gz", "f.gz"):
        write(tmp_path / name)
    found = find(tmp_path)
    assert len(found.sources) == 1
    assert list(found.skipped.items()) == [(".docx", 1), (".pdf", 3), ("no suffix", 2)]


def test_hidden_files_in_a_folder_are_left_out(tmp_path: Path) -> None:
    for name in (".a.txt", ".git/b.txt", "c/.d/e.txt", "f.txt"):
        write(tmp_path / name)
    found = find(tmp_path)
    assert [source.name for source in found.sources] == [f"{tmp_path}/f.txt"]
    assert not found.skipped
    assert names(tmp_path / ".a.txt") == [f"{tmp_path}/.a.txt"]
    assert names(tmp_path / ".git") == [f"{tmp_path}/.git/b.txt"]


def test_a_folder_without_files_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    assert find(tmp_path) == Found([], {})


def test_a_folder_with_the_suffix_of_a_file_is_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "x.jsonl" / "a.txt")
    assert below(tmp_path, tmp_path / "x.jsonl") == ["x.jsonl/a.txt"]
    assert below(tmp_path) == ["x.jsonl/a.txt"]
    assert refusal(tmp_path / "*.jsonl").endswith("*.jsonl matches no file")


def test_linked_folders_are_gone_into_once_even_in_loops(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder / "a" / "x.txt")
    write(tmp_path / "elsewhere" / "y.txt")
    (folder / "a" / "up").symlink_to("..")
    (folder / "a" / "up2").symlink_to("..")
    (folder / "b").symlink_to("a")
    (folder / "self").symlink_to("self")
    (folder / "c").symlink_to(tmp_path / "elsewhere")
    assert below(folder) == ["a/x.txt", "c/y.txt"]


def test_a_link_to_nothing_is_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to("nowhere")
    with pytest.raises(FileNotFoundError), only(tmp_path).open():
        pass


def test_a_pipe_in_a_folder_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    assert find(tmp_path) == Found([], {"special": 1})


def test_a_pipe_that_is_named_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jsonl")
    assert refusal(tmp_path / "a.jsonl").endswith("a.jsonl is neither a file nor a folder")


def test_a_folder_that_cannot_be_listed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    listed = os.scandir

    def scan(path: str) -> Any:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    # Permissions do not bind who runs the tests as root.
    monkeypatch.setattr(os, "scandir", scan)
    assert refusal(tmp_path) == f"{tmp_path} cannot be looked at: Permission denied"


# Globs.


def test_a_glob_stands_for_the_files_that_match(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a1.txt", "a2.txt", "b.txt", "deep/a3.txt", "a.bak/x.txt", "deep/er/a4.txt"):
        write(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert names("a?.txt") == ["a1.txt", "a2.txt"]
    assert names("[ab]*.txt") == ["a1.txt", "a2.txt", "b.txt"]
    assert names("./a*.txt") == ["./a1.txt", "./a2.txt"]
    assert names("a*") == ["a1.txt", "a2.txt"]
    assert names("a*/*.txt") == ["a.bak/x.txt"]
    assert names("deep/**/*.txt") == ["deep/a3.txt", "deep/er/a4.txt"]
    assert below(tmp_path, f"{tmp_path}/*/a*.txt") == ["deep/a3.txt"]


def test_hidden_files_match_only_what_names_the_dot(tmp_path: Path) -> None:
    for name in (".a.txt", ".git/b.txt", ".git/.d.txt", "c.txt"):
        write(tmp_path / name)
    assert below(tmp_path, tmp_path / "*.txt") == ["c.txt"]
    assert below(tmp_path, tmp_path / "**") == ["c.txt"]
    assert below(tmp_path, tmp_path / ".*.txt") == [".a.txt"]
    assert below(tmp_path, tmp_path / ".git" / "*") == [".git/b.txt"]


def test_a_name_is_no_glob_because_of_the_folder_that_it_is_looked_for_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x[1]").mkdir()
    monkeypatch.chdir(tmp_path / "x[1]")
    assert refusal("none.txt") == "none.txt does not exist"


def test_files_of_other_kinds_that_match_are_counted(tmp_path: Path) -> None:
    for name in ("a.txt", "a.pdf"):
        write(tmp_path / name)
    found = find(tmp_path / "a.*")
    assert (len(found.sources), found.skipped) == (1, {".pdf": 1})


# Several names.


def test_a_file_that_several_names_stand_for_is_taken_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt")
    (tmp_path / "b.txt").symlink_to(path)
    assert names(path, tmp_path, f"{tmp_path}/*.txt", path.as_uri(), tmp_path / "." / "a.txt") == [
        str(path)
    ]


def test_a_source_has_one_place_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "in" / "a.txt")
    (tmp_path / "b.txt").symlink_to(path)
    monkeypatch.chdir(tmp_path)
    for name in ("in/a.txt", "in", "in/*", "b.txt", str(path), path.as_uri()):
        assert only(name).place == str(path)
    assert only("http://127.0.0.1/a.txt").place == "http://127.0.0.1/a.txt"
    write(tmp_path / "caf\udce9" / "dataset_dict.json")
    assert find("caf\udce9").sources[0].place == f"{tmp_path}/caf\\udce9"


def test_sources_are_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        write(tmp_path / name)
    assert below(tmp_path, tmp_path / "c.txt", tmp_path) == ["c.txt", "a.txt", "b.txt"]


def test_one_name_that_is_not_there_refuses_them_all(tmp_path: Path) -> None:
    assert "none.txt does not exist" in refusal(write(tmp_path / "a.txt"), "none.txt")


# URLs.


def test_a_file_url_is_a_file(tmp_path: Path) -> None:
    write(tmp_path / "a b#c.txt")
    assert content(only(f"file://{tmp_path}/a b#c.txt")) == "Chữ.".encode()
    assert names(f"file://{tmp_path}") == [f"file://{tmp_path}/a b#c.txt"]
    assert names(f"file://{tmp_path}/*.txt") == [f"file://{tmp_path}/a b#c.txt"]


def test_files_in_memory_are_found_by_name_folder_and_glob(memory: MemoryFileSystem) -> None:
    for name in ("/in/a.txt", "/in/deep/b.txt", "/in/.c.txt", "/d.pdf"):
        memory.pipe(name, name.encode())
    assert names("memory://in/a.txt") == ["memory://in/a.txt"]
    assert names("memory://in") == ["memory://in/a.txt", "memory://in/deep/b.txt"]
    assert names("memory://in/*.txt") == ["memory://in/a.txt"]
    found = find("memory://")
    assert [source.name for source in found.sources] == names("memory://in")
    assert found.skipped == {".pdf": 1}
    assert content(only("memory://in/deep/*")) == b"/in/deep/b.txt"


def test_what_lies_on_disk_under_the_same_path_does_not_matter(
    tmp_path: Path, memory: MemoryFileSystem
) -> None:
    write(tmp_path / "dataset_dict.json")
    os.mkfifo(tmp_path / "a.txt")
    memory.pipe(f"{tmp_path}/a.txt", b"x")
    assert content(only(f"memory://{tmp_path}")) == b"x"


def zipped(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + ".txt", text)
    return path


def test_files_in_archives_are_found_by_name_folder_and_glob(tmp_path: Path) -> None:
    path = zipped(tmp_path / "f.zip", a="một", deep__b="hai")
    assert content(only(f"zip://a.txt::{path}")).decode() == "một"
    assert names(f"zip://::{path}") == [f"zip://a.txt::{path}", f"zip://deep/b.txt::{path}"]
    assert names(f"zip://deep::{path}") == [f"zip://deep/b.txt::{path}"]
    assert names(f"zip://*.txt::{path}") == [f"zip://a.txt::{path}"]
    assert content(only(names(f"zip://deep/*::{path}")[0])).decode() == "hai"


def test_files_of_one_name_in_two_archives_are_two(tmp_path: Path) -> None:
    paths = [zipped(tmp_path / name, a=name) for name in ("1.zip", "2.zip")]
    found = find(*(f"zip://a.txt::{path}" for path in paths)).sources
    assert [content(file) for file in found if isinstance(file, File)] == [b"1.zip", b"2.zip"]


def test_a_damaged_archive_fails_as_a_stream_does(tmp_path: Path) -> None:
    path = zipped(tmp_path / "f.zip", a="một hai ba")
    path.write_bytes(path.read_bytes().replace(b"hai", b"xyz"))
    assert failure(only(f"zip://a.txt::{path}")) == "Bad CRC-32 for file 'a.txt'"


# The web.


class Site(BaseHTTPRequestHandler):
    """Serves what is at a path; breaks off where the path says so."""

    pages: dict[str, bytes] = {}  # noqa: RUF012
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = self.pages.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if "broken" in self.path else body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def site(pages: dict[str, bytes]) -> Iterator[str]:
    Site.pages, Site.asked = pages, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_file_on_the_web_is_read_as_its_name_says() -> None:
    with site({"/in/a.jsonl.gz?x=1.txt": gzip.compress(b"{}"), "/a.txt": b"x"}) as url:
        file = only(f"{url}/in/a.jsonl.gz?x=1.txt#y")
        assert (file.stem, file.suffix, file.compression) == ("a", ".jsonl", ".gz")
        assert content(file) == b"{}"
        assert content(only(f"{url}/a.txt")) == b"x"


@pytest.mark.parametrize("path", ["/", "", "/tin/1", "/tin.php?id=1", "/tin.1", "/a.gz"])
def test_what_has_no_known_suffix_on_the_web_is_a_page(path: str) -> None:
    with site({path or "/": b"<html>"}) as url:
        file = only(url + path)
        assert (file.name, file.suffix, file.compression) == (url + path, ".html", "")
        assert content(file) == b"<html>"


def test_letters_in_a_url_are_quoted_unless_they_are_already() -> None:
    with site({"/b%C3%A0i%20m%E1%BB%9Bi.txt": b"x"}) as url:
        assert content(only(f"{url}/bài mới.txt")) == b"x"
        assert content(only(f"{url}/b%C3%A0i%20mới.txt")) == b"x"


def test_nothing_is_asked_of_a_site_before_reading() -> None:
    with site({"/a.txt": b"x"}) as url:
        file = only(f"{url}/a.txt", f"{url}/a.txt")
        assert Site.asked == []
        content(file)
        assert Site.asked == ["/a.txt"]


def test_parquet_on_the_web_can_be_sought_in() -> None:
    out = io.BytesIO()
    parquet.write_table(pa.table({"text": ["một"]}), out)
    with site({"/a.parquet": out.getvalue()}) as url, only(f"{url}/a.parquet").open() as stream:
        assert parquet.read_table(stream).to_pylist() == [{"text": "một"}]


@pytest.mark.parametrize("size", [-1, 7, 100, 1 << 20])
def test_a_download_that_breaks_off_is_an_error(size: int) -> None:
    with site({"/broken.txt": b"x" * 1000}) as url:
        assert failure(only(f"{url}/broken.txt"), size) == "the connection broke off"


def test_what_a_site_does_not_have_is_told_when_it_is_read() -> None:
    with site({}) as url:
        assert failure(only(f"{url}/none.txt")) == "the server answers 404 Not Found"


def test_a_site_that_does_not_answer_is_told_when_it_is_read() -> None:
    assert failure(only("http://127.0.0.1:1/")) == "Connection refused"


@pytest.mark.parametrize("url", ["http://[bad/a.txt", "http:///a.txt", "http://x:y/a.txt"])
def test_a_url_that_is_none_is_told_when_it_is_read(url: str) -> None:
    assert failure(only(url))


# Compression.


def zst(data: bytes) -> bytes:
    compressed: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return compressed


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zst)])
def test_a_compressed_file_is_unpacked_all_its_parts(
    tmp_path: Path, suffix: str, pack: Any
) -> None:
    data = b"Tin. " * 300_000
    path = write(tmp_path / f"a.txt{suffix}", pack(data) + pack(b"end"))
    assert content(only(path)) == data + b"end"
    assert content(only(write(tmp_path / f"b.txt{suffix}", b""))) == b""


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zst)])
@pytest.mark.parametrize("damage", ["cut", "none of it", "junk behind", "amid"])
def test_a_damaged_compressed_file_is_an_error(
    tmp_path: Path, suffix: str, pack: Any, damage: str
) -> None:
    # What zstd cannot compress it keeps as it is, without a check.
    packed = pack("".join(f"{n * n} ạ" for n in range(50_000)).encode())
    data = {
        "cut": packed[:-5],
        "none of it": b'{"text": "x"}\n' * 9,
        "junk behind": packed + b"junk junk junk",
        "amid": packed[:20_000] + b"\xff\0" * 20 + packed[20_040:],
    }[damage]
    file = only(write(tmp_path / f"a.txt{suffix}", data))
    assert failure(file, 1000)
    assert failure(file) == failure(file, 1 << 20)


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zst)])
@pytest.mark.parametrize("size", [-1, 1000, 1 << 20])
def test_what_stands_before_a_damage_is_given_first(
    tmp_path: Path, suffix: str, pack: Any, size: int
) -> None:
    data = "".join(f"{n * n} ạ" for n in range(50_000)).encode()
    with only(write(tmp_path / f"a.txt{suffix}", pack(data)[:-5])).open() as stream:
        read, error = until_failure(stream, size)
        # Once it has failed, it fails.
        assert until_failure(stream, size) == (b"", error)
    assert error
    assert len(read) > len(data) / 2
    assert data.startswith(read)


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zst)])
@pytest.mark.parametrize("size", [-1, 1, 1000, 1 << 20])
def test_a_stream_gives_no_more_than_it_is_asked_for(
    tmp_path: Path, suffix: str, pack: Any, size: int
) -> None:
    data = b"Tin. " * 1000
    with only(write(tmp_path / f"a.txt{suffix}", pack(data))).open() as stream:
        assert stream.read(size) == (data if size < 0 else data[:size])


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zst)])
def test_compressed_parquet_can_be_sought_in(tmp_path: Path, suffix: str, pack: Any) -> None:
    out = io.BytesIO()
    parquet.write_table(pa.table({"text": ["một"]}), out)
    path = write(tmp_path / f"a.parquet{suffix}", pack(out.getvalue()))
    with only(path).open() as stream:
        assert stream.read(4) == b"PAR1"
        assert parquet.read_table(stream).to_pylist() == [{"text": "một"}]


class Broken(MemoryFileSystem):  # type: ignore[misc]
    """A file system that fails as none has before."""

    protocol = "broken"

    def open(self, path: str, *_arguments: Any, **_options: Any) -> Any:
        if "opening" in path:
            raise KeyError(path)
        if "silent" in path:
            raise LookupError
        stream = io.BytesIO(b"x")
        stream.read = self.fail  # type: ignore[method-assign,assignment]
        return stream

    @staticmethod
    def fail(_size: int = -1) -> bytes:
        raise RuntimeError("the moon\nis in the way")


def test_whatever_a_file_system_raises_is_an_os_error() -> None:
    reasons = {"opening.txt": "'opening.txt'", "silent.txt": "LookupError", "a.txt": "the moon"}
    for path, reason in reasons.items():
        assert failure(File(path, "a", ".txt", "", Broken(), path)) == reason


# Datasets.


@pytest.mark.parametrize(
    "files",
    [
        {"dataset_dict.json": "{}"},
        {"state.json": "{}", "dataset_info.json": "{}"},
        {"README.md": "---\nlicense: mit\nconfigs:\n- config_name: a\n---\n# Tin"},
        {"README.md": "---\r\nconfigs:\r\n- config_name: a\r\n---\r\n# Tin"},
        {"README.md": "---\ndataset_info:\n  features: []\n---\n"},
    ],
)
def test_a_folder_in_a_layout_of_hugging_face_is_a_dataset(
    tmp_path: Path, files: dict[str, str]
) -> None:
    folder = tmp_path / "in"
    for name, text in {**files, "a.txt": "Chữ."}.items():
        write(folder / name, text)
    assert find(folder, f"{folder}/").sources == [DatasetFolder(str(folder), folder)]
    assert find(folder.as_uri()).sources == [DatasetFolder(folder.as_uri(), folder)]
    (tmp_path / "caf\udce9").symlink_to(folder)
    assert names(tmp_path / "caf\udce9") == [f"{tmp_path}/caf\\udce9"]
    assert [source.place for source in find(tmp_path / "caf\udce9").sources] == [str(folder)]


@pytest.mark.parametrize(
    "files",
    [
        {"state.json": "{}"},
        {"dataset_info.json": "{}"},
        {"README.md": "# Tin"},
        {"README.md": "---\nlicense: mit\n---\nconfigs: none"},
        {"README.md": "Tin\n---\nconfigs: none\n---\n"},
        {"README.md": "---\nother_configs: 1\n---\n"},
        {"README.md": "---\nid: a"},
        {"readme.txt": "---\nconfigs: 1\n---\n"},
    ],
)
def test_a_folder_that_only_resembles_one_is_a_folder(
    tmp_path: Path, files: dict[str, str]
) -> None:
    for name, text in {**files, "a.txt": "Chữ."}.items():
        write(tmp_path / name, text)
    assert f"{tmp_path}/a.txt" in names(tmp_path)
