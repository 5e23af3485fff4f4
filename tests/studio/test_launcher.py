"""What Label Studio is spared when the project starts it, and that nothing else changes."""

from __future__ import annotations

import subprocess
import sys

STARTED = """
import importlib.resources, json, sys
from annotate.studio.launcher import prepare

prepare()
import yaml
from label_studio_sdk.converter import Converter
from nltk.metrics import association

assert yaml.SafeLoader is yaml.CSafeLoader
assert not [name for name in sys.modules if name.startswith("scipy.")]
flags = importlib.resources.files("label_studio").joinpath("feature_flags.json").read_text()
assert yaml.safe_load(flags) == json.loads(flags)
"""


def test_it_starts_without_what_it_does_not_need_and_reads_its_features_as_ever() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTED], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
