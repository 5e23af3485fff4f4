"""The public face of the package."""

from __future__ import annotations

import subprocess
import sys

import pytest

import annotate

SLOW = {"datasets", "label_studio_sdk", "rich", "click", "pyarrow"}


def test_the_public_names_are_those_that_have_a_home() -> None:
    assert sorted(annotate.__all__) == sorted(annotate._HOMES)  # noqa: SLF001


@pytest.mark.parametrize("name", annotate.__all__)
def test_every_public_name_resolves_to_what_its_home_has(name: str) -> None:
    assert getattr(annotate, name).__name__ == name


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = annotate.nonsense


def test_importing_the_package_imports_nothing_slow() -> None:
    code = "import sys, annotate; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not SLOW & set(done.stdout.split())
