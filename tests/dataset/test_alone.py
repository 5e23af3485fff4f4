"""A dataset loads, in memory and streamed, where there is nothing but `datasets`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from annotate.dataset.built import Built
from annotate.dataset.features import annotation_features, span_features, token_features
from annotate.settings import Tagging
from tests.factories import sample_schema

# Nothing of the project can be imported by the program.
_BLOCKED = "import sys; sys.modules['annotate'] = None; import runpy; "
_RUN = "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"


def test_every_config_loads_and_streams_with_the_features_declared(
    sample: tuple[Path, Built], tmp_path: Path
) -> None:
    folder, built = sample
    program = (Path(__file__).with_name("alone.py"), folder)
    told = subprocess.run(
        [sys.executable, "-c", _BLOCKED + _RUN, *map(str, program)],
        cwd=tmp_path, env={**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = json.loads(told)
    schema = sample_schema()
    declared = {
        "spans": span_features(schema),
        "tokens": token_features(schema, Tagging()),
        "annotations": annotation_features(schema),
    }
    assert found.keys() == {*declared, "default"}
    assert found["default"]["columns"] == list(declared["spans"])
    for name, features in declared.items():
        expected = dict.fromkeys(built.splits, repr(features))
        assert found[name]["features"] == found[name]["streamed features"] == expected
        assert found[name]["rows"] == found[name]["streamed rows"]
    assert {split: count for split, (count, _) in found["spans"]["rows"].items()} == built.splits
