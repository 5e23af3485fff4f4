"""Where faults befall, by the target's name; importing this lists all of the faults."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from tests.dataset.publish.faulting import Stage
from tests.dataset.publish.folder_faults import FOLDER, folder_stage
from tests.dataset.publish.hub_faults import HUB, hub_stage
from tests.dataset.publish.store_faults import S3, store_stage

STAGES: dict[str, Callable[[Path, random.Random], AbstractContextManager[Stage]]] = {
    HUB: hub_stage,
    S3: store_stage,
    FOLDER: folder_stage,
}
