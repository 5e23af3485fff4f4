"""Commands that would change the machine, done to a folder instead; the rest is run for real.

Linked to by each command's name. MACHINE is the folder that stands for the machine's root.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(os.environ.get("MACHINE", "/nowhere"))
UNIT = ROOT / "etc/systemd/system/annotate.service"
PID = ROOT / "run/annotate.pid"


def real(name: str) -> str:
    """Return the command that this one stands for."""
    others = [place for place in os.environ["PATH"].split(":") if place != str(ROOT / "bin")]
    found = shutil.which(name, path=":".join(others))
    assert found is not None, f"{name} is not installed"
    return found


def sudo(arguments: list[str]) -> int:
    """Run the command as whoever runs the test; PostgreSQL takes them for the user named."""
    environ = dict(os.environ)
    if arguments[0] == "-u":
        environ["PGUSER"] = arguments[1]
        arguments = arguments[2:]
    if os.geteuid() != 0 and "--owner" in arguments and arguments[0] == "install":
        at = arguments.index("--owner")
        del arguments[at : at + 2]
    return subprocess.call(arguments, env=environ)


def apt_get(arguments: list[str]) -> int:
    """Say whether the packages could be installed."""
    if arguments == ["update"]:
        return 0
    return subprocess.call([real("apt-get"), "--simulate", "--quiet", *arguments])


def adduser(arguments: list[str]) -> int:
    """Make the person's home."""
    Path(arguments[arguments.index("--home") + 1]).mkdir(parents=True)
    return 0


def python3(arguments: list[str]) -> int:
    """Make no new environment: the tests' own stands for it, with annotate in it."""
    assert arguments[:2] == ["-m", "venv"]
    Path(arguments[2]).symlink_to(os.environ["TESTS_VENV"])
    return 0


def nginx(arguments: list[str]) -> int:
    """Run nginx with the folder's settings."""
    own = ["-c", str(ROOT / "etc/nginx/nginx.conf"), "-e", str(ROOT / "log/nginx-error.log")]
    return subprocess.call([real("nginx"), *own, *arguments])


def nginx_runs(root: Path) -> bool:
    """Whether it was started; `nginx -t` leaves an empty file."""
    path = root / "run/nginx.pid"
    return path.exists() and path.stat().st_size > 0


def systemctl(arguments: list[str]) -> int:
    """Do by hand what systemd would do with the unit, which is checked first."""
    match arguments:
        case ["daemon-reload"]:
            return subprocess.call([real("systemd-analyze"), "verify", "--man=no", str(UNIT)])
        case ["enable", "--now", "annotate"] | ["start", "annotate"]:
            return start()
        case ["stop", "annotate"]:
            return stop()
        case ["reload", "nginx"]:
            return nginx(["-s", "reload"] if nginx_runs(ROOT) else [])
    return 1


def settings() -> dict[str, str]:
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    return {name: value for name, is_, value in (line.partition("=") for line in lines) if is_}


def start() -> int:
    said = settings()
    with (ROOT / "log/annotate.log").open("ab") as log:
        child = subprocess.Popen(
            said["ExecStart"].split(),
            cwd=said["WorkingDirectory"],
            env={**os.environ, "PGUSER": said["User"]},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    PID.write_text(str(child.pid), encoding="utf-8")
    return 0


def stop() -> int:
    """End the first process alone, as KillMode=mixed does, and wait for the others."""
    pid = int(PID.read_text(encoding="utf-8"))
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + float(settings()["TimeoutStopSec"])
    while alive(pid):
        if time.monotonic() > deadline:
            return 1
        time.sleep(0.1)
    PID.unlink()
    return 0


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


COMMANDS = {
    "sudo": sudo,
    "apt-get": apt_get,
    "adduser": adduser,
    "python3": python3,
    "nginx": nginx,
    "systemctl": systemctl,
}

if __name__ == "__main__":
    sys.exit(COMMANDS[Path(sys.argv[0]).name](sys.argv[1:]))
