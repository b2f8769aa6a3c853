"""Begins a capability: python tools/new_capability.py AREA NAME ["What it is. Nouns: a, b."]

Writes src/openhearth/AREA/NAME with the least that works, and its line in site/capabilities.py. Files that the
capability turns out to need (policy, web, urls, jobs, ...) are added under their fixed names; see .importlinter.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AREAS = (  # lowest first, as in .importlinter
    "people",
    "code",
    "collab",
    "delivery",
    "observatory",
    "foundation",
    "federation",
    "reach",
    "operate",
)

FILES = {
    "__init__.py": '''"""{about}"""
''',
    "apps.py": '''"""The {name} capability."""

from __future__ import annotations

from django.apps import AppConfig


class {Name}Config(AppConfig):
    """Connects {name} with the layers below: rights, subscriptions, jobs, slots."""

    name = "openhearth.{area}.{name}"
    label = "{name}"
''',
    "models.py": '''"""Tables of {name}."""
''',
    "queries.py": '''"""Reading {name}."""
''',
    "actions.py": '''"""Every write to {name}: keyword-only, `actor` first; the first statement asks policy."""
''',
    "migrations/__init__.py": "",
    "tests/__init__.py": "",
    "tests/test_{name}.py": """from django.apps import apps


def test_the_capability_is_installed() -> None:
    assert apps.get_app_config("{name}").name == "openhearth.{area}.{name}"
""",
}


def write(root: Path, area: str, name: str, about: str) -> list[Path]:
    """Write the folder and the line; returns the new files. Raises ValueError for what cannot be."""
    if area not in AREAS:
        raise ValueError(f"{area} is no area; they are {', '.join(AREAS)}")
    if not re.fullmatch(r"[a-z][a-z0-9]*", name):
        raise ValueError(f"{name}: a capability's name is one English plural in lower case, such as polls")
    package = root / "src" / "openhearth"
    folder = package / area / name
    if folder.exists():
        raise ValueError(f"{folder} is there already")
    words = {"area": area, "name": name, "Name": name.capitalize(), "about": about}
    written = []
    if not (package / area / "__init__.py").exists():
        (package / area).mkdir()
        (package / area / "__init__.py").write_text(f'"""The capabilities of {area}."""\n', "utf-8")
        written.append(package / area / "__init__.py")
    for pattern, text in FILES.items():
        path = folder / pattern.format(**words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**words), "utf-8")
        written.append(path)
    enlist(package / "site" / "capabilities.py", f"openhearth.{area}.{name}")
    return written


def enlist(path: Path, capability: str) -> None:
    """Add a line to CAPABILITIES: after the last one of its own or a lower area."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    begin = next(n for n, line in enumerate(lines) if line.startswith("CAPABILITIES"))
    end = next(n for n in range(begin, len(lines)) if lines[n].startswith(")"))
    place = begin + 1
    for number in range(begin + 1, end):
        if rank(lines[number].strip().strip('",')) <= rank(capability):
            place = number + 1
    lines.insert(place, f'    "{capability}",\n')
    path.write_text("".join(lines), "utf-8")


def rank(capability: str) -> int:
    """Return the height of a capability's area."""
    return AREAS.index(capability.split(".")[1])


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("area", choices=AREAS)
    parser.add_argument("name")
    parser.add_argument("about", nargs="?", default="")
    given = parser.parse_args()
    about = given.about or f"{given.name.capitalize()}: say in one line what they are. Nouns: ..."
    try:
        for path in write(ROOT, given.area, given.name, about):
            print(path.relative_to(ROOT))
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
