"""Where Daft runs, in this process or on Ray, and how such a process ends."""

from __future__ import annotations

import atexit
import os
import sys
import warnings
from typing import Any, NoReturn

from annotate.errors import CorpusError
from annotate.settings import DuplicateSettings

# None of these may tell anyone what is done here, or draw on a terminal that is ours.
_QUIET = {
    "DAFT_ANALYTICS_ENABLED": "0",
    "DAFT_PROGRESS_BAR": "0",
    "DAFT_SHOW_QUERY_ID": "0",
    "DO_NOT_TRACK": "1",
    "GRPC_VERBOSITY": "NONE",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "1",
    "SCARF_NO_ANALYTICS": "true",
}
_RAY_QUIET: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}

# Left to itself Ray tries for a minute and a half, and says so line by line.
_PING_SECONDS = 5
_PING_HEAD = "/ray.rpc.NodeInfoGcsService/GetClusterId"
_PING_CLIENT_PORT = "/ray.rpc.RayletDriver/ClusterInfo"


def start_engine(settings: DuplicateSettings) -> None:
    """Make Daft run where the settings say; a process stays with its first choice.

    Raises `CorpusError` when Ray is not installed, or does not answer at its address.
    """
    os.environ.update(_QUIET)
    import daft
    from daft.daft import get_runner

    if get_runner() is not None:
        return
    if settings.engine == "ray":
        _start_ray(settings.ray_address)
        daft.set_runner_ray(noop_if_initialized=True)
    else:
        daft.set_runner_native()


def _start_ray(address: str) -> None:
    try:
        import ray
    except ImportError as error:
        raise CorpusError(
            "Ray is not installed", "Run `pip install 'annotate-corpus[ray]'`."
        ) from error
    try:
        _connect(address)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        where = f" at {address}" if address else ""
        raise CorpusError(
            f"no Ray{where}: {str(error).splitlines()[0]}",
            "Check `ray-address` under [duplicates], or use `--engine native`.",
        ) from error


def _connect(address: str) -> None:
    import ray

    if ray.is_initialized():
        return
    if not address:
        # One of our own, seen from this machine only, that ends with this process.
        ray.init(
            address="local", include_dashboard=False, _node_ip_address="127.0.0.1", **_RAY_QUIET
        )
        return
    if ":" in address and "RAY_USE_TLS" not in os.environ:
        _ping(address)
    with warnings.catch_warnings(action="ignore"):
        ray.init(address=address, **_RAY_QUIET)


def leave(status: object) -> NoReturn:
    """End a process in which Daft ran, with its exit status.

    The interpreter is not taken apart: threads of Daft and Ray are still there, and now and then
    one of them crashes on what is gone already (Daft's own in about one process of a hundred).
    """
    if "ray" in sys.modules:
        import ray

        ray.shutdown()
    # What others left to do at the end, such as removing temporary folders.
    atexit._run_exitfuncs()  # noqa: SLF001
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else status is not None)


def _ping(address: str) -> None:
    """Raise `ConnectionError` with a reason when no Ray answers within some seconds."""
    import grpc  # type: ignore[import-untyped]

    scheme, _, target = address.rpartition("://")
    method = _PING_CLIENT_PORT if scheme else _PING_HEAD
    options = [("grpc.enable_http_proxy", 0)]
    try:
        with grpc.insecure_channel(target, options) as channel:
            channel.unary_unary(method)(b"", timeout=_PING_SECONDS)
    except grpc.RpcError as error:
        code = error.code()
        if code is grpc.StatusCode.UNAUTHENTICATED and "RAY_AUTH_MODE" in os.environ:
            return
        reasons = {
            grpc.StatusCode.UNAUTHENTICATED: "it wants a token, see RAY_AUTH_MODE of Ray",
            grpc.StatusCode.UNIMPLEMENTED: "what answers there is another service",
            grpc.StatusCode.DEADLINE_EXCEEDED: f"no answer within {_PING_SECONDS} seconds",
        }
        # The reason proper is at the end of what failed on the way.
        reason = reasons.get(code) or str(error.details()).rpartition(": ")[2].rstrip("]")
        raise ConnectionError(reason) from error
