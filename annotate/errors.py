"""Every failure that a user can mend.

    AnnotateError
    ├── WorkspaceError         annotate.toml is missing, unreadable or wrong
    ├── SchemaError            a schema file does not hold
    ├── CorpusError            an article cannot be read, or two share an id
    ├── MarkupError            inline gold markup does not parse
    ├── LedgerError            the local record of annotations cannot be used
    ├── FormatError            a file of another tool's format does not hold
    ├── TaggingError           a span has no place among the tokens
    ├── DatasetError           a dataset cannot be built or written
    └── StudioError            anything about Label Studio
        ├── LocalServerError   the server of this workspace does not start, or is busy
        ├── ServerUnreachable  nothing answers at the URL, or the connection broke
        │   └── ServerTimeout  no answer in time; the server may still be at work
        ├── AccessDenied       the server does not accept the token
        └── RequestRefused     the server answered, and said no

An error says what is wrong and where, then what to do next.
"""

from __future__ import annotations


class AnnotateError(Exception):
    """A failure with its remedy.

    `problem` is a clause that says what is wrong and where; `remedy` is a sentence that
    says what to do next. `str(error)` joins the two on one line.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}. {self.remedy}" if self.remedy else self.problem


class WorkspaceError(AnnotateError):
    """annotate.toml is missing, unreadable or wrong."""


class SchemaError(AnnotateError):
    """A schema file does not hold; `problems` lists every fault found, one line each."""

    def __init__(self, problem: str, remedy: str = "", problems: tuple[str, ...] = ()) -> None:
        super().__init__(problem, remedy)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {line}" for line in self.problems)])


class CorpusError(AnnotateError):
    """An article cannot be read, or two articles share an id."""


class MarkupError(AnnotateError):
    """Inline gold markup does not parse."""


class LedgerError(AnnotateError):
    """The local record of annotations cannot be used."""


class FormatError(AnnotateError):
    """A file of another tool's format does not hold."""


class TaggingError(AnnotateError):
    """A span has no place among the tokens, and the settings refuse such spans."""


class DatasetError(AnnotateError):
    """A dataset cannot be built or written."""


class StudioError(AnnotateError):
    """Anything about Label Studio."""


class LocalServerError(StudioError):
    """The server of this workspace does not start, or is busy."""


class ServerUnreachable(StudioError):
    """Nothing answers at the URL, or the connection broke."""


class ServerTimeout(ServerUnreachable):
    """No answer in time; the server may still be at work."""


class AccessDenied(StudioError):
    """The server does not accept the token."""


class RequestRefused(StudioError):
    """The server answered, and said no; `status` is the HTTP status."""

    def __init__(self, problem: str, remedy: str = "", status: int = 0) -> None:
        super().__init__(problem, remedy)
        self.status = status
