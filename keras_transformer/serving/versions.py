"""Folders of versions: each version appears whole, by one rename."""

import contextlib
import fcntl
import os
import re
import shutil
import uuid

# What is being written, or was when its process died. A model server reads
# folders whose names are numbers, and no others.
_BESIDE = re.compile(r"\.(.+)-(new|old)-[0-9a-f]{32}")


def versions_in(path):
    """Numbers of the versions in a folder, in order; none if it is missing."""
    if not path.is_dir():
        return []
    return sorted(int(p.name) for p in path.iterdir() if p.name.isdecimal())


def next_version(path):
    """The lowest number above all versions in a folder, 1 if there is none."""
    return max(versions_in(path), default=0) + 1


def version_folder(path, version, overwrite=False):
    """The folder of a version that is to be written.

    Raises:
        ValueError: If `version` is not an integer of at least 1.
        FileExistsError: If it is there and may not be replaced, or `path` is
            not a folder of versions.
    """
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ValueError(
            "`version` must be an integer of at least 1, since a model server "
            f"serves the highest one. Received: version={version!r}."
        )
    if path.exists() and not path.is_dir():
        raise FileExistsError(
            f"{path} is a file. Expected a folder for the versions of a model."
        )
    if (path / "saved_model.pb").exists():
        raise FileExistsError(
            f"{path} is a SavedModel itself. Expected the folder above it, in "
            "which each version has a folder with a number."
        )
    folder = path / str(version)
    if folder.exists() and not overwrite:
        raise FileExistsError(
            f"Version {version} is there already: {folder}. Leave `version` "
            f"out to write version {next_version(path)}, or pass "
            "`overwrite=True` to replace it."
        )
    return folder


@contextlib.contextmanager
def written_beside(folder):
    """Give an empty folder that takes the place of a version when it is done.

    If the block fails, nothing of it stays. If the process dies, what it
    wrote has a name that no server loads, and goes with the next version that
    is written here: while a process lives, it holds a lock on its folder.

    Args:
        folder: The version. One that is there is replaced.

    Yields:
        The folder to write to.
    """
    path = folder.parent
    made = [p for p in (path, *path.parents) if not p.exists()]
    path.mkdir(parents=True, exist_ok=True)
    beside = _name_beside(folder, "new")
    with contextlib.ExitStack() as locks:
        with _locked(path):  # so that no other process takes it for dead
            clear_dead(path)
            beside.mkdir()
            locks.enter_context(_locked(beside))
        try:
            yield beside
            _sync(beside)
            put_in_place(beside, folder)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            for empty in made:  # innermost first; those with files stay
                with contextlib.suppress(OSError):
                    empty.rmdir()
            raise


def clear_dead(path):
    """Remove what exports that died left in a folder of versions."""
    for folder in path.iterdir():
        found = _BESIDE.fullmatch(folder.name)
        if not found:
            continue
        # A lock that cannot be had: it is being written, or has gone.
        with contextlib.suppress(OSError), _locked(folder, wait=False):
            version = path / found[1]
            if found[2] == "old" and not version.exists():
                os.rename(folder, version)  # it died between two renames
            else:
                shutil.rmtree(folder, ignore_errors=True)


def put_in_place(beside, folder):
    """Rename a folder that is complete, instead of an earlier one."""
    if not folder.exists():
        os.rename(beside, folder)
        return
    old = _name_beside(folder, "old")
    os.rename(folder, old)
    try:
        os.rename(beside, folder)
    except OSError:
        os.rename(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def write_whole(file, text):
    """Write a text file that is never seen half written."""
    beside = file.with_name(f".{file.name}-{uuid.uuid4().hex}")
    try:
        beside.write_text(text, "utf-8")
        os.replace(beside, file)
    finally:
        beside.unlink(missing_ok=True)


def _name_beside(folder, kind):
    return folder.with_name(f".{folder.name}-{kind}-{uuid.uuid4().hex}")


@contextlib.contextmanager
def _locked(folder, wait=True):
    """Hold the lock of a folder; the system frees it if the process dies."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(
                descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB)
            )
        except OSError:
            if not wait:
                raise  # on a disk without locks too, where none is dead
        yield
    finally:
        os.close(descriptor)


def _sync(folder):
    """Have the disk hold all files, before their folder gets its name."""
    for path in (*folder.rglob("*"), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
