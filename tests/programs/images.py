"""Images of one program each, as archives that every container engine loads; nothing is pulled, no engine needed."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def write_image(
    archive: Path, reference: str, files: Mapping[str, Path], entrypoint: Sequence[str], user: str = "", **more: Any
) -> None:
    """An image from scratch, in the form of `docker save`; `files` by their absolute path inside.

    Every file may be read and run by all, and `/tmp` written; `more` are further settings, such as `Cmd`.
    """
    layer = archive.with_suffix(".layer")
    with tarfile.open(layer, "w") as tar:
        tar.addfile(_folder("tmp", 0o1777))
        for path, source in files.items():
            member = tar.gettarinfo(source, path.lstrip("/"))
            member.mode, member.uid, member.gid, member.mtime = 0o755, 0, 0, 0
            with source.open("rb") as content:
                tar.addfile(member, content)
    digest = hashlib.sha256(layer.read_bytes()).hexdigest()
    settings = {"Entrypoint": [*entrypoint], "User": user, "WorkingDir": "/", "Env": ["PATH=/"], **more}
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    text = json.dumps(config).encode()
    name = f"{hashlib.sha256(text).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [reference], "Layers": ["layer.tar"]}]
    with tarfile.open(archive, "w") as tar:
        tar.add(layer, "layer.tar")
        _text(tar, name, text)
        _text(tar, "manifest.json", json.dumps(manifest).encode())
    layer.unlink()


def _folder(name: str, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode = tarfile.DIRTYPE, mode
    return member


def _text(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))
