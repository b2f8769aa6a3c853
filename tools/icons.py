"""Make `web/static/icons.svg` from GitHub's Octicons (MIT): only the icons that pages use.

    python tools/icons.py                      write the sprite again (same icons, version below)
    python tools/icons.py star-16 law-24       add icons
    python tools/icons.py --drop star-16       take icons away
    python tools/icons.py --from DIR …         read DIR/NAME-SIZE.svg instead of asking npm

The sprite itself is the list of what is vendored. Without `--from` the pinned package is unpacked by
`npm pack` in a folder that is removed afterwards; nothing of npm is needed to run OpenHearth.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@primer/octicons@19.42.0"
SPRITE = Path(__file__).resolve().parent.parent / "src/openhearth/web/static/icons.svg"
NOTICE = "Octicons, Copyright (c) 2026 GitHub Inc., MIT License; its text is in icons.LICENSE beside this file."
SYMBOL = re.compile(r'<symbol id="([a-z0-9-]+)"')


def vendored() -> set[str]:
    """Return the ids (`repo-16`) that the sprite holds now."""
    return set(SYMBOL.findall(SPRITE.read_text())) if SPRITE.exists() else set()


def symbol(folder: Path, name: str) -> str:
    """Return one `<symbol>`; exits naming the nearest icons when Octicons has none of that name."""
    file = folder / f"{name}.svg"
    if not file.exists():
        stem = name.rsplit("-", 1)[0]
        near = sorted(p.stem for p in folder.glob(f"*{stem}*.svg"))
        sys.exit(f"{PACKAGE} has no icon {name}. Near it: {', '.join(near) or 'nothing'}")
    text = file.read_text()
    box = re.search(r'viewBox="([^"]+)"', text)
    body = re.search(r"<svg[^>]*>(.*)</svg>", text, re.DOTALL)
    if box is None or body is None:
        sys.exit(f"{file} is not an SVG that this script understands")
    return f'<symbol id="{name}" viewBox="{box[1]}">{body[1].strip()}</symbol>'


def unpack(target: Path) -> Path:
    """Unpack the pinned package into `target` and return the folder of its SVG files."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit(f"npm is missing. Unpack {PACKAGE} yourself and pass --from DIR/build/svg")
    subprocess.run([npm, "pack", "--silent", PACKAGE], cwd=target, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(target.glob("*.tgz"))) as archive:
        archive.extractall(target, filter="data")
    return target / "package" / "build" / "svg"


def write(folder: Path, names: set[str]) -> None:
    """Write the sprite, sorted by name, one symbol a line."""
    symbols = "\n".join(symbol(folder, name) for name in sorted(names))
    SPRITE.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">\n<!-- {NOTICE} -->\n{symbols}\n</svg>\n')
    print(f"{SPRITE.name}: {len(names)} icons, {SPRITE.stat().st_size} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="folder", type=Path, help="folder with NAME-SIZE.svg files")
    parser.add_argument("--drop", action="store_true", help="remove the named icons instead of adding them")
    parser.add_argument("names", nargs="*", help="NAME-SIZE, for example repo-16")
    args = parser.parse_args()
    names = vendored() - set(args.names) if args.drop else vendored() | set(args.names)
    if args.folder:
        write(args.folder, names)
        return
    with tempfile.TemporaryDirectory() as temporary:
        write(unpack(Path(temporary)), names)


if __name__ == "__main__":
    main()
