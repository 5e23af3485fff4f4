"""Finding, or getting, the browser that the browser tests drive.

`python -m tests.browser` gets one before the tests run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

# The first two so that it runs as root and without a graphics card, the others so that it
# asks no host outside this machine.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_browser() -> Path | None:
    """Return the Chromium or Chrome that is there, None when there is none."""
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return own if own.exists() else None


def get_browser() -> Path | None:
    """Return a browser, installed by Playwright or, as root on Debian, as a package."""
    attempts: list[list[list[str]]] = [
        [[sys.executable, "-m", "playwright", "install", "chromium"]]
    ]
    if shutil.which("apt-get") and os.geteuid() == 0:
        fonts = ["fonts-noto-core", "fonts-noto-color-emoji"]
        install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends"]
        attempts.append([["apt-get", "update", "--quiet"], [*install, "chromium", *fonts]])
    for commands in attempts:
        if found := find_browser():
            return found
        for command in commands:
            print(f"Getting a browser: {' '.join(command)}", flush=True)
            # Failing is one of the expected outcomes; what counts is what is there after.
            subprocess.run(command, check=False, timeout=600, stdout=subprocess.DEVNULL)
    return find_browser()


def main() -> int:
    """Say which browser the tests will use; fail in CI when there is none."""
    browser = get_browser()
    if browser is None:
        print("*** NO BROWSER: the browser tests will be skipped. Install Chromium. ***")
        return int(os.environ.get("CI") == "true")
    print(f"Browser: {browser}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
