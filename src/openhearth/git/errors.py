"""What can go wrong in the plumbing, as codes with parameters.

The plumbing writes no sentence for people: a caller turns `code` and `params` into a translated text.
"""


class GitError(Exception):
    """A failure of git or of the disk; `code` is a stable word, `params` the facts around it."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params: dict[str, object] = params

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.code} ({facts})" if facts else self.code


class Refused(GitError):
    """Hostile or invalid input of a client; the code names the rule that refused it."""


class ObjectMissing(GitError):
    """An object or path that was asked for does not exist."""


class TooLarge(GitError):
    """A cap on bytes or counts was reached."""


class TimedOut(GitError):
    """A child of git was ended because its time was over."""
