"""Make `docs/images/repository.png`: a repository's page as the README shows it.

    python tools/shots.py [FILE]

Starts an instance in a folder that is removed afterwards, makes a small invented project in it, with Chinese and
English files, and takes its picture with Chromium (1280 wide, light). Needs the development requirements.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs/images/repository.png"
CHROMIUM = "/usr/bin/chromium"
HEARTH = [sys.executable, "-m", "openhearth.site.cli"]
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "LC_ALL": "C.UTF-8", "GIT_CONFIG_GLOBAL": os.devnull}
MOST_BYTES = 200_000

README = """# lantern

lantern keeps a small light on the shelf: a clock for greenhouses that still tells the time after the power comes
back. It counts what it missed, says so, and goes on.

## Two lines

```python
lamp = Lantern("shelf-3")
lamp.light(until="sunrise")
```

## What it promises

| When | Then |
|---|---|
| the power goes | the last minute is kept |
| the clock jumps | nothing is counted twice |
"""
README_ZH = """# 灯

灯是放在架子上的一盏小灯：给温室用的时钟，断电之后再来电，时间照样准。它数清自己错过了多少，如实说明，然后继续走。

## 两行代码

```python
lamp = Lantern("shelf-3")
lamp.light(until="sunrise")
```
"""
LANTERN = """\"\"\"A lamp that knows how long it was dark.\"\"\"


class Lantern:
    def __init__(self, shelf: str) -> None:
        self.shelf = shelf
        self.minutes = 0

    def light(self, until: str) -> str:
        return f"{self.shelf} is lit until {until}"
"""
SHELL = '#!/bin/sh\n# Counts the minutes in the log.\ngrep -c minute "$1"\n'

LIN, AMARA, ZHOU = ("林玥", "linyue"), ("Amara Obi", "amara"), ("周岚", "zhoulan")
HOUR = 3600
COMMITS = (
    (LIN, 200 * 24 * HOUR, "Begin with a clock and a promise", {"README.md": "# lantern\n", "src/lantern.py": "\n"}),
    (AMARA, 90 * 24 * HOUR, "Say under which terms it is given", {"LICENSE": "Apache License\nVersion 2.0\n"}),
    (ZHOU, 40 * 24 * HOUR, "加入中文说明", {"README.zh-Hans.md": README_ZH}),
    (AMARA, 20 * 24 * HOUR, "Pull the plug two hundred times", {"tests/test_dark.py": "def test_dark(): ...\n"}),
    (ZHOU, 9 * 24 * HOUR, "文档：断电之后会发生什么", {"docs/断电之后.md": "# 断电之后\n\n先数一数。\n"}),
    (LIN, 2 * 24 * HOUR, "Count the minutes from the log", {"tools/minutes.sh": SHELL}),
    (
        LIN,
        3 * HOUR,
        "lantern: keep the last minute when the power goes",
        {"src/lantern.py": LANTERN, "README.md": README},
    ),
)


def git(folder: Path, *arguments: str, who: tuple[str, str] = LIN, ago: int = 0) -> None:
    name, mail = who[0], f"{who[1]}@example.org"
    when = f"@{int(time.time()) - ago} +0800"
    persons = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", name), ("EMAIL", mail), ("DATE", when))
    }
    subprocess.run(["git", "-C", str(folder), *arguments], env={**ENVIRON, **persons}, check=True)


def make_project(folder: Path) -> None:
    """Make the project's repository in an empty folder."""
    git(folder, "init", "-q", "-b", "main")
    for who, ago, message, files in COMMITS:
        for path, content in files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, "utf-8")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", message, who=who, ago=ago)
    for name in ("steady-clock", "断电测试"):
        git(folder, "branch", name)
    git(folder, "tag", "v0.1.0", "HEAD~2")


def hearth(data: Path, *arguments: str) -> None:
    subprocess.run([*HEARTH, *arguments, "--data", str(data)], env=ENVIRON, check=True)


def furnish(data: Path, project: Path) -> None:
    for _name, login in (LIN, AMARA, ZHOU):
        hearth(data, "user", "add", login, "--email", f"{login}@example.org", "--password", "a lantern over cold ash")
    hearth(data, "import", str(project), "linyue/lantern", "--visibility", "public")


def take(address: str, file: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="light", locale="en")
        page.goto(f"{address}/-/sign-in?next=/linyue/lantern")
        page.fill("[name=login]", "linyue")
        page.fill("[name=password]", "a lantern over cold ash")
        page.click("main form button[type=submit]")
        page.goto(f"{address}/linyue/lantern/settings")
        page.fill("[name=description]", "A clock for greenhouses that survives the dark")
        page.click("form:has([name=description]) button[type=submit]")
        page.goto(f"{address}/linyue/lantern")
        page.screenshot(path=str(file))
        browser.close()


def main() -> None:
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        project, data = Path(folder, "lantern"), Path(folder, "data")
        project.mkdir()
        make_project(project)
        furnish(data, project)
        server = subprocess.Popen(
            [*HEARTH, "serve", "--port", "0", "--ssh-port", "0", "--data", str(data)],
            env=ENVIRON,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            take(f"http://127.0.0.1:{port_of(data)}", file)
        finally:
            server.terminate()
            server.wait()
    size = file.stat().st_size
    print(f"{file}: {size:,} bytes")
    if size > MOST_BYTES:
        raise SystemExit(f"The picture may have at most {MOST_BYTES:,} bytes.")


def port_of(data: Path) -> int:
    """Wait until the server answers, and return where."""
    for _try in range(300):
        state = data / "run.json"
        if state.exists():
            found = json.loads(state.read_text("utf-8"))
            if "port" in found.get("web", {}):
                return int(found["web"]["port"])
        time.sleep(0.1)
    raise SystemExit("The instance did not start.")


if __name__ == "__main__":
    main()
