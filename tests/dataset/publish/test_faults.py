"""What goes wrong while a dataset is published: what people get is one version, whole.

Each fault is one run here; `benchmarks/publish_faults.py` runs the same ones many times by seed.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from tests.dataset.publish.faulting import FAULTS, befall
from tests.dataset.publish.stages import STAGES

EVERY = [(target, name) for target, listed in FAULTS.items() for name in listed]


@pytest.mark.parametrize(("target", "name"), EVERY)
def test_after_a_fault_people_get_one_whole_version_and_publishing_again_completes_it(
    tmp_path: Path, target: str, name: str
) -> None:
    trouble = FAULTS[target][name]
    dice = random.Random(name)  # noqa: S311 - the same run every time
    with STAGES[target](tmp_path, dice) as stage:
        outcome = befall(stage, trouble)
    assert (outcome.end, outcome.there) == (trouble.end, trouble.there), outcome.line
    assert re.search(trouble.says, outcome.line)
    assert len(outcome.line.splitlines()) == (trouble.end == "failed")
    assert outcome.again
    assert outcome.strays == ()


def test_every_target_has_its_faults() -> None:
    assert FAULTS.keys() == STAGES.keys()
