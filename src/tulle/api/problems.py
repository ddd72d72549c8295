"""What is wrong with a resource: a code with a page, a severity, the field, the place, and what to do."""

from dataclasses import dataclass
from typing import Literal

from tulle.foundation.errors import Place

Severity = Literal["error", "warning", "info"]

# code → (default severity, title); docs/reference/problems.md has an anchor for each
CODES: dict[str, tuple[Severity, str]] = {
    "TUL0001": ("error", "The file is not YAML"),
    "TUL0002": ("error", "The document is not a resource"),
    "TUL0003": ("error", "A field is unknown or has a wrong value"),
    "TUL0004": ("info", "The kind is not for the mesh"),
    "TUL0005": ("warning", "The kind is not supported yet"),
    "TUL0006": ("error", "Two objects have the same name"),
    "TUL0101": ("error", "A rule of the kind is broken"),
    "TUL0102": ("warning", "The field is not honoured yet"),
    "TUL0201": ("error", "A route leads to an unknown host"),
    "TUL0202": ("error", "A route leads to an unknown subset"),
    "TUL0203": ("warning", "No gateway with this name"),
    "TUL0204": ("warning", "Two VirtualServices claim one host"),
    "TUL0205": ("warning", "A subset selects no endpoint"),
    "TUL0206": ("warning", "The host of a rule is unknown"),
    "TUL0207": ("error", "Two servers of a gateway claim one port with different protocols"),
    "TUL0208": ("warning", "A route can never be reached"),
    "TUL0209": ("warning", "A VirtualService is for a host that no service has"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about one field of one object."""

    code: str
    severity: Severity
    resource: str  # key of the object, or the file when there is none
    path: str
    message: str
    place: Place | None = None
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        path = f"{self.path}: " if self.path else ""
        return f"{where}{self.severity} {self.code} {self.resource}: {path}{self.message}"

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        place = self.place
        return {
            "code": self.code,
            "severity": self.severity,
            "resource": self.resource,
            "path": self.path,
            "message": self.message,
            "file": place.file if place else "",
            "line": place.line if place else 0,
            "column": place.column if place else 0,
            "hint": self.hint,
        }
