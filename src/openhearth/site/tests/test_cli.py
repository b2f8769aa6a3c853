"""The command line as its users meet it; what opens a database is in tests/test_serve.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from openhearth import __version__
from openhearth.site import cli

SOURCE = Path(__file__).resolve().parents[3]


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "openhearth.site.cli", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "LANG": "C.UTF-8", **environ},
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["serve", "--help"], ["repo", "add", "-h"]])
def test_help_and_version_load_no_django(arguments: list[str]) -> None:
    code = (
        "import sys; from openhearth.site.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code\n"
        "found = [name for name in sys.modules if name.partition('.')[0] in {'django', 'uvicorn', 'msgspec'}]\n"
        "assert not found, found"
    )
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)}
    subprocess.run([sys.executable, "-c", code, *arguments], env=environ, check=True, stdout=subprocess.DEVNULL)


def test_the_version_is_told() -> None:
    assert run("--version").stdout == f"OpenHearth {__version__}\n"


def test_help_lists_the_commands_in_the_order_of_use() -> None:
    said = run("--help").stdout
    places = [said.index(f"\n  {name} ") for name in ("serve", "test", "user", "token", "key", "repo")]
    assert places == sorted(places)
    assert "./hearth serve" in said
    assert "manage" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["serve", "--port", "70000"],
        ["serve", "--port", "x"],
        ["serve", "extra"],
        ["user", "add", "lin"],
        ["repo", "add", "lin/x", "--visibility", "secret"],
        ["key", "add", "lin", "/no/such/file"],
    ],
)
def test_wrong_arguments_end_with_2_and_a_reason(arguments: list[str]) -> None:
    ended = run(*arguments)
    assert ended.returncode == 2
    assert "Error:" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("line", ["--data D probe", "probe --data D", "--data X probe --data D"])
def test_the_data_directory_may_stand_before_or_after(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []

    @click.command()
    @cli.data_option
    @click.pass_context
    def probe(context: click.Context) -> None:
        seen.append(cli._data(context))

    monkeypatch.setitem(cli.main.commands, "probe", probe)
    assert CliRunner().invoke(cli.main, line).exit_code == 0
    assert seen == [Path("D").absolute()]


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-hans"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LANGUAGE": "zh_CN:en"}, "zh-hans"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_terminal_says_the_language(environ: dict[str, str], language: str) -> None:
    assert cli.language(environ) == language


def test_arguments_of_test_go_to_pytest() -> None:
    ended = run("test", "--version", "-q")
    assert ended.returncode == 0
    assert "pytest" in ended.stdout
