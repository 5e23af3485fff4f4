"""Packages that only some tokenisers need."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from annotate.errors import DatasetError


def load_extra(module: str, extra: str) -> Any:
    """Import a module that comes with an extra; `DatasetError` tells how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise _missing(module.partition(".")[0], extra) from error


def version_of(package: str, extra: str = "") -> str:
    """Return the version of a package that is installed; `DatasetError` when it is not."""
    try:
        return version(package)
    except PackageNotFoundError as error:
        raise _missing(package, extra) from error


def _missing(package: str, extra: str) -> DatasetError:
    wanted = f"'annotate-corpus[{extra}]'" if extra else package
    return DatasetError(f"{package} is not installed", f"Run `pip install {wanted}`.")
