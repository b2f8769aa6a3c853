"""What a person does in a browser and at a prompt. Parts are found by data and addresses, so in any language."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page

PASSWORD = "a lantern over cold ash"


def submit(page: Page, action: str = "", **values: str) -> None:
    """Fill in a form, found by its address or as the page's only one with such fields, and send it."""
    form = form_of(page, action, next(iter(values), ""))
    for name, value in values.items():
        field = form.locator(f"[name={name}]")
        kind = field.first.get_attribute("type")
        if kind in {"radio", "checkbox"}:
            form.locator(f"[name={name}][value='{value}']").check()
        elif field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    form.locator("button[type=submit]").click()


def form_of(page: Page, action: str, name: str) -> Locator:
    if action:
        return page.locator(f"form[action$='{action}']")
    return page.locator("main form", has=page.locator(f"[name={name}]"))


def account_menu(page: Page, target: str) -> None:
    """Open the menu behind one's picture and choose an entry by the end of its address."""
    page.locator("details.me > summary").click()
    page.locator(f"details.me [href$='{target}'], details.me form[action$='{target}'] button").click()


def sign_out(page: Page) -> None:
    account_menu(page, "/-/sign-out")


def sign_in(page: Page, name: str) -> None:
    page.goto("/-/sign-in")
    submit(page, "/-/sign-in", login=name, password=PASSWORD)


def path_of(page: Page) -> str:
    return "/" + page.url.split("/", 3)[3]


def commands(page: Page, number: int) -> list[str]:
    """Return the lines of the n-th block of commands that the page tells people to paste."""
    block = page.locator("pre.term").nth(number)
    lines = block.evaluate(
        "b => { const c = b.cloneNode(true); c.querySelectorAll('.ps').forEach(p => p.remove()); return c.textContent }"
    )
    return [line for line in lines.splitlines() if line.strip()]


@dataclass
class Shell:
    """A person's machine: a home of its own, git with a name, a password helper, an SSH key."""

    home: Path

    def __post_init__(self) -> None:
        (self.home / ".ssh").mkdir(parents=True, mode=0o700)
        (self.home / ".gitconfig").write_text(
            "[user]\n\tname = Lin Mu\n\temail = linmu@example.org\n[init]\n\tdefaultBranch = main\n"
        )

    def password(self, name: str, secret: str) -> None:
        """Answer what git asks for: the name, then the token."""
        helper = self.home / "askpass"
        helper.write_text(f"#!/bin/sh\ncase $1 in Username*) echo {name} ;; *) echo {secret} ;; esac\n")
        helper.chmod(0o700)

    def key(self) -> str:
        file = self.home / ".ssh" / "id_ed25519"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "linmu@desk", "-f", str(file)], check=True)
        return file.with_suffix(".pub").read_text().strip()

    def know(self, lines: str) -> None:
        (self.home / ".ssh" / "known_hosts").write_text(lines.strip() + "\n")

    def run(self, *lines: str, folder: str = ".", fails: bool = False) -> str:
        """Run lines as pasted at a prompt, stopping at the first that fails; return what they print."""
        ssh = f"ssh -F none -i {self.home}/.ssh/id_ed25519 -o UserKnownHostsFile={self.home}/.ssh/known_hosts"
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": str(self.home / "askpass"),
            "GIT_SSH_COMMAND": f"{ssh} -o StrictHostKeyChecking=yes -o BatchMode=yes",
        }
        done = subprocess.run(
            ["sh", "-e", "-c", "\n".join(lines)],
            cwd=self.home / folder,
            env=env,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr
