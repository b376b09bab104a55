"""A remote file to fetch, what became of it, and why an attempt failed."""

from __future__ import annotations

from dataclasses import dataclass

_MAX_NAME_BYTES = 255 - len(".part.version")
_OWN_SUFFIXES = (".part", ".part.version")
LOCK_NAME = ".lock"
DISK_REMEDY = "what came is kept: see to it and its free space, then run it again"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A remote file to fetch; all that is known of it is verified before it appears."""

    url: str
    name: str
    """Its path below the folder, with "/" between parts; unique."""
    size_bytes: int | None = None
    sha256: str | None = None
    """Lower-case hex."""
    md5: str | None = None
    pixel_md5: str | None = None
    """Of ``np.array(image)`` as Pillow opens it; either this or ``md5`` suffices."""
    is_image: bool = True
    """Whether the bytes must be a whole image."""

    @property
    def has_hash(self) -> bool:
        """Whether a mixture of two versions' bytes would be noticed."""
        return bool(self.sha256 or self.md5 or self.pixel_md5)

    @property
    def is_named_safely(self) -> bool:
        """Whether the name stays below its folder and clear of a transfer's own files."""
        parts = self.name.split("/")
        return (
            not any(part in ("", ".", "..") for part in parts)
            and not any(sign in self.name for sign in ("\0", "\\"))
            and not self.name.endswith(_OWN_SUFFIXES)
            and self.name != LOCK_NAME
            and max(len(part.encode("utf-8", "replace")) for part in parts) <= _MAX_NAME_BYTES
        )


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What became of one remote file."""

    file: RemoteFile
    status: str
    """"fetched", "resumed", "present", "missing" (404 or 410) or "refused"."""
    reason: str
    """Why it is not there, in a word or two that many files share; empty if it is."""
    sha256: str = ""
    md5: str = ""
    """Empty where nobody said what it should be."""
    size_bytes: int = 0
    detail: str = ""
    """The reason in one line, with what was expected and got."""

    @property
    def is_stored(self) -> bool:
        """Whether the file is in the folder, verified."""
        return self.status not in ("missing", "refused")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one attempt to fetch a file failed."""

    reason: str
    detail: str = ""
    is_final: bool = False
    """Whether another attempt is useless."""
    is_content: bool = False
    """Whether bytes came, but wrong ones."""
    retry_after_s: float | None = None
    """How long the server asks to be left alone."""


class BrokenRequestError(Exception):
    """A request that got no answer, or not the whole of one."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault
