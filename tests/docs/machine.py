"""A machine to try a document's commands on: a folder, and stand-ins for what needs root."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from annotate.studio.system import free_port
from tests.docs.stand_in import COMMANDS, nginx_runs
from tests.postgres import Cluster

# Not 127.0.0.1, which is known to be this machine and needs no certificate of the person's.
HOST = "127.0.0.2"
_PLACES = ("/etc/systemd/system", "/etc/nginx", "/etc/ssl", "/srv", "/var/backups")
# What the commands need; .ci/run installs it.
NEEDED = ("apt-get", "curl", "nginx", "openssl", "systemd-analyze")
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Block(NamedTuple):
    """A fenced block of a document."""

    kind: str
    text: str


def blocks(document: str) -> list[Block]:
    """Return the fenced blocks in their order."""
    return [
        Block(*found)
        for found in re.findall(r"^```(\w*)\n(.*?)^```$", document, re.DOTALL | re.MULTILINE)
    ]


class Machine:
    """The machine; `url` is where its nginx answers."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.folder = folder
        self.port = free_port("127.0.0.1")
        tls, plain = free_port(HOST), free_port(HOST)
        self.url = f"https://{HOST}:{tls}"
        self.plain_url = f"http://{HOST}:{plain}"
        self.certificate = folder / "etc/ssl/certs/studio.pem"
        self._exchanged = {
            "https://studio.example.org": self.url,
            "DNS:studio.example.org": f"IP:{HOST}",
            "studio.example.org": HOST,
            "listen 443": f"listen {HOST}:{tls}",
            "listen 80": f"listen {HOST}:{plain}",
            "8080": str(self.port),
            **{place: f"{folder}{place}" for place in _PLACES},
        }
        programs = [folder / "bin", Path(sys.prefix) / "bin", cluster.programs]
        kept = {name: value for name, value in os.environ.items() if not _is_setting(name)}
        self.environ = {
            **kept,
            "PATH": ":".join([*map(str, programs), os.environ["PATH"], "/usr/sbin"]),
            "HOME": str(folder),
            "MACHINE": str(folder),
            "TESTS_VENV": sys.prefix,
            "NO_PROXY": "*",
            "PGHOST": str(cluster.folder),
            "PGPORT": str(cluster.port),
            # The environment has everything; nothing may be changed in it.
            "PIP_NO_INDEX": "1",
            "PIP_DRY_RUN": "1",
        }
        self._lay_out()

    def _lay_out(self) -> None:
        for name in (
            "bin", "log", "run", "temp", "var/backups", "etc/systemd/system", "etc/ssl/certs",
            "etc/ssl/private", "etc/nginx/sites-available", "etc/nginx/sites-enabled",
        ):  # fmt: skip
            (self.folder / name).mkdir(parents=True)
        for name in COMMANDS:
            path = self.folder / "bin" / name
            stand_in = Path(__file__).with_name("stand_in.py")
            path.write_text(f"#!{sys.executable}\n{stand_in.read_text(encoding='utf-8')}")
            path.chmod(0o755)
        # Debian's own settings of nginx, of which only the places are changed.
        text = Path("/etc/nginx/nginx.conf").read_text(encoding="utf-8")
        places = {
            "user www-data;": "user root;" if os.geteuid() == 0 else "",
            "/run/nginx.pid": f"{self.folder}/run/nginx.pid",
            "/var/log/nginx": f"{self.folder}/log",
            "/etc/nginx/sites-enabled": f"{self.folder}/etc/nginx/sites-enabled",
            "http {": "http {" + "".join(
                f" {name}_temp_path {self.folder}/temp/{name};" for name in _TEMPORARY
            ),
        }  # fmt: skip
        for old, new in places.items():
            text = text.replace(old, new)
        (self.folder / "etc/nginx/nginx.conf").write_text(text, encoding="utf-8")

    def here(self, text: str) -> str:
        """Return a text of the document with this machine's places, ports and name."""
        for old, new in self._exchanged.items():
            text = text.replace(old, new)
        return text

    def do(self, block: Block) -> str:
        """Run the commands of a block, or write the file that it is; return what was printed."""
        text = self.here(block.text)
        if block.kind == "sh":
            return self.run(text)
        path = Path(text.partition("\n")[0].removeprefix("# "))
        path.write_text(text, encoding="utf-8")
        return ""

    def run(self, commands: str) -> str:
        """Run commands as a person types them, but stop at the first that fails."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=500,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\nended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def end(self) -> None:
        """Stop what still runs."""
        if (self.folder / "run/annotate.pid").exists():
            self.run("systemctl stop annotate")
        if nginx_runs(self.folder):
            self.run("nginx -s quit")


def _is_setting(name: str) -> bool:
    """Whether a variable of whoever runs the tests would change what is tried here."""
    return name.startswith(("LABEL_STUDIO_", "PG", "PIP_", "SSL_")) or name.endswith("_proxy")
