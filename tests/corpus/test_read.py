"""Reading articles: what a file may hold, and what is refused with the file's name."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from annotate.corpus import Article, read_article, read_articles
from annotate.corpus.read import read_files
from annotate.errors import CorpusError
from annotate.text import UNCHANGED, Changes, digest

FULL = """\
---
id: bai-1
title: "Tin: sáng"
source: Báo A
url: https://example.org/1
author: Lê An
published_at: 2024-06-15
language: vi
tags: [a, b]
---

Trung tá Lê An.
"""


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, content: str | bytes, name: str = "bai.md") -> Article:
    return read_article(write(folder / name, content))


def refusal(*paths: Path) -> str:
    with pytest.raises(CorpusError) as caught:
        read_articles(paths)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return caught.value.problem


def with_head(head: str, text: str = "Chữ.") -> str:
    return f"---\n{head}\n---\n{text}"


def test_front_matter_becomes_metadata_and_other_keys_are_left_alone(tmp_path: Path) -> None:
    assert read(tmp_path, FULL) == Article(
        id="bai-1",
        text="Trung tá Lê An.",
        title="Tin: sáng",
        source="Báo A",
        url="https://example.org/1",
        author="Lê An",
        published_at="2024-06-15",
        language="vi",
    )


@pytest.mark.parametrize("name", ["bai.md", "bai.txt"])
def test_without_front_matter_the_id_is_the_stem(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, "  Chữ.\n", name) == Article(id="bai", text="Chữ.")


def test_the_digest_of_an_article_is_that_of_its_text(tmp_path: Path) -> None:
    assert read(tmp_path, FULL).sha256 == digest("Trung tá Lê An.")


@pytest.mark.parametrize(
    "variant",
    [
        FULL.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + FULL.encode(),
        unicodedata.normalize("NFD", FULL).encode(),
        FULL.replace("---\n", "---  \n").encode(),
        FULL.replace("An.", "An.\u200b").encode(),
    ],
    ids=["CRLF", "BOM", "NFD", "spaces after the rule", "zero-width space"],
)
def test_the_text_does_not_depend_on_how_the_file_was_saved(tmp_path: Path, variant: bytes) -> None:
    article, plain = read(tmp_path, variant), read(tmp_path, FULL, "plain.md")
    assert (article.id, article.text, article.url) == (plain.id, plain.text, plain.url)


def test_in_a_text_file_front_matter_is_text(tmp_path: Path) -> None:
    article = read(tmp_path, with_head("id: x"), "bai.txt")
    assert (article.id, article.text) == ("bai", "---\nid: x\n---\nChữ.")


@pytest.mark.parametrize("head", ["", "# only a comment", "title:", "id:", "id: ' '"])
def test_front_matter_may_say_nothing(tmp_path: Path, head: str) -> None:
    assert read(tmp_path, with_head(head)) == Article(id="bai", text="Chữ.")


def test_empty_front_matter_ends_at_the_next_line(tmp_path: Path) -> None:
    assert read(tmp_path, "---\n---\nMột\n\n---\nHai").text == "Một\n\n---\nHai"


def test_three_hyphens_within_a_line_do_not_end_the_front_matter(tmp_path: Path) -> None:
    article = read(tmp_path, with_head("title: Tin ---\nsource: A --- B\nurl: x"))
    assert (article.title, article.source, article.url) == ("Tin ---", "A --- B", "x")


def test_a_rule_within_the_text_is_text(tmp_path: Path) -> None:
    assert read(tmp_path, with_head("id: x", "Một\n---\nHai")).text == "Một\n---\nHai"
    assert read(tmp_path, "Một\n---\nHai").text == "Một\n---\nHai"


@pytest.mark.parametrize(
    ("value", "published_at"),
    [
        ("2024-06-15", "2024-06-15"),
        ("'2024-06-15'", "2024-06-15"),
        ("2024-06-15 08:30:00", "2024-06-15T08:30:00"),
        ("2024-06-15T08:30:00+07:00", "2024-06-15T08:30:00+07:00"),
        ("hôm qua", "hôm qua"),
        ("2024", "2024"),
    ],
)
def test_a_date_is_kept_as_iso_8601_and_else_as_given(
    tmp_path: Path, value: str, published_at: str
) -> None:
    assert read(tmp_path, with_head(f"published_at: {value}")).published_at == published_at


@pytest.mark.parametrize("value", ["138", "007", "2024_01", "0x1F", "no", "1:30"])
def test_an_id_is_taken_as_it_is_written(tmp_path: Path, value: str) -> None:
    assert read(tmp_path, with_head(f"id: {value}\nlanguage: {value}")) == Article(
        id=value, text="Chữ.", language=value
    )


def test_a_list_of_names_is_joined(tmp_path: Path) -> None:
    assert read(tmp_path, with_head("author: [Lê An, Trần Bình]")).author == "Lê An, Trần Bình"


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_of_unicode_are_read(tmp_path: Path, codec: str) -> None:
    assert read(tmp_path, FULL.encode(codec)) == read(tmp_path, FULL, "plain.md")


def test_windows_1258_is_read(tmp_path: Path) -> None:
    # It has these letters with the tone apart.
    toned = "Công an xa\u0303 Ba\u0309n Lầm ơ\u0309 ti\u0309nh Sơn La đa\u0303 bắt đối tươ\u0323ng."
    apart = toned.replace("ầ", "â\u0300").replace("ắ", "ă\u0301").replace("ố", "ô\u0301")
    assert read(tmp_path, apart.encode("cp1258")).text == unicodedata.normalize("NFC", toned)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "has no text"),
        (" \n\t\u200b\ufeff\n", "has no text"),
        (with_head("id: x", ""), "has no text"),
        (b"PK\x03\x04\x00\x00", "is a ZIP archive"),
        (bytes(range(256)), "is a binary file"),
        ("Chữ là à".encode()[:-1], "is in UTF-8, but broken at byte 11"),
        (b"\x81\x8d\x8f\x90\x9d", "is in no encoding that is recognised"),
        (
            "C«ng an x· ®· b¾t ®èi t­îng, thu gi÷ nhiÒu tang vËt vµ lµm viÖc víi nh÷ng ng­êi.",
            "is in the legacy Vietnamese font encoding TCVN3",
        ),
        (with_head("title: a: b"), "front matter is not YAML: mapping values are not"),
        (with_head("title: [a"), "front matter is not YAML"),
        (with_head("title: \x07"), "front matter is not YAML: unacceptable character"),
        (with_head("published_at: 2024-02-30"), "front matter is not YAML: day is out of range"),
        (with_head("- a\n- b"), "front matter is not a list of keys and values"),
        (with_head("just text"), "front matter is not a list of keys and values"),
        (with_head("id: x\n---\n").rstrip("-\nChữ."), "the front matter has no closing ---"),
        (with_head("title: [a, [b]]"), "`title` is a list, not text"),
        (with_head("author: {name: An}"), "`author` is an object, not text"),
        (with_head("id: [a, b]"), "`id` is a list, not text"),
        (with_head(r'id: "a\tb"'), "has an id that is empty or not printable"),
        (with_head("id: a/b"), "has an id with a slash, or a path as id: 'a/b'"),
        (with_head("id: .."), "has an id with a slash, or a path as id: '..'"),
        (with_head(f"id: {'x' * 201}"), "has an id of more than 200 bytes"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(
    tmp_path: Path, content: str | bytes, expected: str
) -> None:
    path = write(tmp_path / "bai.md", content)
    assert refusal(path).startswith(f"{path} {expected}")


@pytest.mark.parametrize("name", ["a\x01b.txt", "a\x01b.md"])
def test_a_file_name_that_makes_no_id_is_refused(tmp_path: Path, name: str) -> None:
    assert "has an id that is empty or not printable" in refusal(write(tmp_path / name, "Chữ."))


def test_a_file_name_that_is_decomposed_makes_the_composed_id(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "bài số một")
    assert read(tmp_path, "Chữ.", f"{name}.txt").id == "bài số một"


def test_what_canonicalising_changed_is_told_with_each_article(tmp_path: Path) -> None:
    write(tmp_path / "b.txt", "Một\thai\r\n")
    write(tmp_path / "a.txt", "Ba.\n")
    assert [made.changes for made in read_files([tmp_path])] == [
        UNCHANGED,
        Changes(tabs=1, line_ends=1),
    ]


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    assert "none.md cannot be read: No such file" in refusal(tmp_path / "none.md")


@pytest.mark.parametrize("name", ["none", "table.csv"])
def test_what_is_neither_folder_nor_article_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a,b", encoding="utf-8")
    assert f"{name} is neither a folder nor a .md or .txt file" in refusal(tmp_path / name)


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "corpus does not exist" in refusal(tmp_path / "corpus")


def test_front_matter_that_is_never_closed_is_no_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.md", "---\nid: a\n\nChữ.")
    assert "no closing ---" in refusal(path)


def test_a_rule_at_the_top_is_no_front_matter(tmp_path: Path) -> None:
    assert read_article(write(tmp_path / "a.md", "---\nChữ.")).text == "---\nChữ."


def test_endings_in_capitals_are_endings(tmp_path: Path) -> None:
    write(tmp_path / "A.TXT", "Một.")
    write(tmp_path / "B.MD", with_head("id: b", "Hai."))
    assert [article.id for article in read_articles([tmp_path])] == ["A", "b"]


def test_a_folder_stands_for_its_articles_at_any_depth_sorted_by_id(tmp_path: Path) -> None:
    write(tmp_path / "z.md", with_head("id: a"))
    write(tmp_path / "2024" / "06" / "b.txt", "Hai.")
    write(tmp_path / "c.md", "Ba.")
    write(tmp_path / "notes.csv", "not,an,article")
    (tmp_path / "folder.md").mkdir()
    assert [article.id for article in read_articles([tmp_path])] == ["a", "b", "c"]


def test_an_empty_folder_has_no_articles(tmp_path: Path) -> None:
    assert read_articles([tmp_path]) == []


def test_one_unusable_file_in_a_folder_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.md", "Một.")
    bad = write(tmp_path / "deep" / "b.md", b"\xff")
    assert str(bad) in refusal(tmp_path)


def test_two_articles_with_one_id_name_both_files(tmp_path: Path) -> None:
    first = write(tmp_path / "a" / "bai.md", "Một.")
    second = write(tmp_path / "b" / "khac.txt", "Hai.").rename(tmp_path / "b" / "bai.txt")
    third = write(tmp_path / "c" / "x.md", with_head("id: bai"))
    for other in (second, third):
        problem = refusal(first, other)
        assert str(first) in problem
        assert str(other) in problem
        assert "'bai'" in problem


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "bai.md", "Một.")
    (tmp_path / "link.md").symlink_to(path)
    twice = [path, tmp_path, path.parent / "." / "bai.md", path]
    assert [article.id for article in read_articles(twice)] == ["bai"]
