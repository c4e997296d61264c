"""The folder of a site: built beside its place and put there whole, in place of an earlier site of ours alone."""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.core.errors import Unavailable, UsageError

MARKER = "skede-site.json"
"""The file by which a folder is known as a site of ours."""


def check_place(folder: Path) -> None:
    """See that a site may be put at a path.

    Raises:
        UsageError: Something else stands there, or the folder it would lie in is missing.
    """
    if not folder.absolute().parent.is_dir():
        raise UsageError(f"{folder}: name a folder in one that exists", says="folder_missing", path=str(folder))
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{folder} is no folder: name a new one", says="site_no_folder", path=str(folder))
    if folder.is_dir() and any(folder.iterdir()) and not is_site(folder):
        raise UsageError(
            f"{folder} holds other files: name a new folder, or an earlier site", says="site_in_the_way",
            path=str(folder),
        )  # fmt: skip


def is_site(folder: Path) -> bool:
    """Whether the folder is one that a site was written into."""
    try:
        told = json.loads((folder / MARKER).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and told.get("made_by") == "skede export site"


class SiteFolder:
    """A draft of the folder; `with` puts it in its place at the end, or takes it away if anything goes wrong.

    Attributes:
        pages: How many HTML pages have been written.
        size: How many bytes, of all files.
    """

    def __init__(self, folder: Path) -> None:
        check_place(folder)
        self.folder = folder
        self._draft = folder.absolute().with_name(f".{folder.absolute().name}.{os.getpid()}")
        self.pages, self.size = 0, 0

    def write(self, name: str, parts: Iterable[str]) -> None:
        """Write one file of the site, part by part."""
        path = self._draft / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            for part in parts:
                file.write(part)
        self.pages += name.endswith(".html")
        self.size += path.stat().st_size

    def mark(self, told: dict[str, Any]) -> None:
        """Write the marker, with what a later reader may want to know."""
        self.write(MARKER, [json.dumps({"made_by": "skede export site", **told}, ensure_ascii=False, indent=2) + "\n"])

    def __enter__(self) -> "SiteFolder":
        try:
            self._draft.mkdir()
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if kind is None:
                self._put()
        finally:
            shutil.rmtree(self._draft, ignore_errors=True)
        if isinstance(error, OSError):
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> Unavailable:
        why = error.strerror
        return Unavailable(f"{self.folder} cannot be written: {why}", says="file_unwritable", path=self.folder, why=why)

    def _put(self) -> None:
        """The draft to its place; what stood there is set aside first, and comes back if that fails."""
        place, old = self.folder.absolute(), self._draft.with_name(f"{self._draft.name}.old")
        try:
            if not place.exists():
                self._draft.rename(place)
                return
            place.rename(old)
            try:
                self._draft.rename(place)
            except OSError:
                old.rename(place)
                raise
        except OSError as error:
            raise self._unwritable(error) from error
        shutil.rmtree(old, ignore_errors=True)
