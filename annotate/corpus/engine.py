"""Where Daft runs: in this process, or on Ray."""

from __future__ import annotations

import os
from types import ModuleType

from annotate.errors import CorpusError
from annotate.workspace import DuplicateSettings

# None of these may tell anyone what is done here, or draw on a terminal that is ours.
_QUIET = {
    "DAFT_ANALYTICS_ENABLED": "0",
    "DAFT_PROGRESS_BAR": "0",
    "DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "1",
    "SCARF_NO_ANALYTICS": "true",
}


def start_engine(settings: DuplicateSettings) -> None:
    """Make Daft run where the settings say; a process stays with its first choice.

    Raises `CorpusError` when Ray is not installed, or does not answer at its address.
    """
    os.environ.update(_QUIET)
    import daft

    if settings.engine == "native":
        daft.set_runner_native()
        return
    try:
        import ray
    except ImportError as error:
        raise CorpusError(
            "Ray is not installed", "Run `pip install 'annotate-corpus[ray]'`."
        ) from error
    try:
        _connect(ray, settings.ray_address)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        where = f" at {settings.ray_address}" if settings.ray_address else ""
        raise CorpusError(
            f"no Ray{where}: {str(error).splitlines()[0]}",
            "Check `ray-address` under [duplicates], or use `--engine native`.",
        ) from error
    daft.set_runner_ray(noop_if_initialized=True)


def _connect(ray: ModuleType, address: str) -> None:
    if ray.is_initialized():
        return
    quiet = {"configure_logging": True, "logging_level": "ERROR", "log_to_driver": False}
    if address:
        ray.init(address=address, **quiet)
    else:
        # One of our own, seen from this machine only, that ends with this process.
        ray.init(address="local", include_dashboard=False, _node_ip_address="127.0.0.1", **quiet)
