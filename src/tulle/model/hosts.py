"""Host names: short names, wildcards, and which of two is more specific."""


def resolve_short_name(name: str, namespace: str, domain: str) -> str:
    """The full name of a host as written in a resource of `namespace`; names with a dot and wildcards stay."""
    if "." in name or name == "*" or name.startswith("*"):
        return name
    return f"{name}.{namespace}.svc.{domain}"


def matches(pattern: str, hostname: str) -> bool:
    """Whether a host or wildcard (`*.example.com`, `*`) covers a host or narrower wildcard."""
    if pattern.startswith("*"):
        return hostname.removeprefix("*").endswith(pattern[1:]) and (
            pattern == "*" or len(hostname) >= len(pattern) or hostname.startswith("*")
        )
    return pattern == hostname


def overlaps(left: str, right: str) -> bool:
    """Whether some host is covered by both."""
    return matches(left, right) or matches(right, left)


def specificity(pattern: str) -> tuple[bool, int]:
    """A key that sorts the more specific host later: exact before wildcard, longer before shorter."""
    return (not pattern.startswith("*"), len(pattern))
