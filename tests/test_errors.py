"""The tree of errors, and what an error says."""

from __future__ import annotations

import re

import pytest

from annotate import errors
from annotate.errors import AnnotateError, RequestRefused, SchemaError


def drawn_tree() -> dict[str, str]:
    """Return each class of the docstring's drawing with its parent."""
    parents: dict[str, str] = {}
    branch: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ([│ ]*(?:[├└]── )?)([A-Z]\w+)(?:\s|$)", line)
        if found:
            depth = len(found[1]) // 4
            branch[depth] = found[2]
            parents[found[2]] = branch.get(depth - 1, "Exception")
    return parents


def real_tree() -> dict[str, str]:
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return {kind.__name__: kind.__bases__[0].__name__ for kind in classes}


def subclasses(kind: type[AnnotateError]) -> list[type[AnnotateError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in subclasses(child))]


def test_the_drawing_of_the_tree_is_the_tree() -> None:
    assert drawn_tree() == real_tree()


@pytest.mark.parametrize("kind", subclasses(AnnotateError))
def test_an_error_joins_what_is_wrong_to_what_to_do_next(kind: type[AnnotateError]) -> None:
    error = kind("the disk is full", "Free some space.")
    assert str(error) == "the disk is full. Free some space."
    assert (error.problem, error.remedy) == ("the disk is full", "Free some space.")


def test_an_error_without_a_remedy_is_its_problem() -> None:
    assert str(AnnotateError("the disk is full")) == "the disk is full"


def test_a_schema_error_lists_its_faults_below_the_message() -> None:
    error = SchemaError("two faults", "Correct the file:", ("line 1: a", "line 2: b"))
    assert str(error) == "two faults. Correct the file:\n  line 1: a\n  line 2: b"


def test_a_refused_request_tells_its_status() -> None:
    assert RequestRefused("no", status=403).status == 403
