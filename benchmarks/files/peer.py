# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The playbook that copies and reloads, with the checks of community.crypto: against it, both from the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import proof
from material import Supplied, list_domains, write_variables
from pairs import FULLCHAIN, PRIVATE_KEY, word_ours
from playbooks import Bench

# The collection is published on PyPI inside of this one only.
REQUIREMENT = "ansible==14.5.0 --hash=sha256:245623ccc2d31d0f6f4bdb63168d550cad305fb032cc43d96e8f61ce8ab0ba84"
FOLDER = "ansible_collections/community/crypto/"
HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".build" / REQUIREMENT.split(" ", maxsplit=1)[0].replace("==", "-")
AIM, AIM_SIZE = 50, 100


@dataclass(frozen=True)
class Duel:
    """The seconds of two whole playbooks that ended with the same files on the host, one right after the other."""

    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours


def fetch_collection() -> tuple[str, str]:
    """The version of community.crypto that playbooks find from now on, or why they find none."""
    if not CACHE.exists():
        with tempfile.TemporaryDirectory(dir=CACHE.parent) as scratch:
            fetched = _download(Path(scratch))
            if fetched.returncode:
                return "", _explain(fetched)
            _unpack(Path(scratch))
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = f"{os.environ['ANSIBLE_COLLECTIONS_PATH']}:{CACHE}"
    manifest = json.loads((CACHE / FOLDER / "MANIFEST.json").read_text(encoding="utf-8"))
    return str(manifest["collection_info"]["version"]), ""


def _download(scratch: Path) -> subprocess.CompletedProcess[str]:
    words = ["--quiet", "--no-cache-dir", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command = [sys.executable, "-m", "pip", "download", *words, "--requirement=/dev/stdin", f"--dest={scratch}"]
    return subprocess.run(command, input=REQUIREMENT, text=True, capture_output=True, check=False)


def _explain(fetched: subprocess.CompletedProcess[str]) -> str:
    said = [line.strip() for line in fetched.stderr.splitlines() if not line.startswith("WARNING")]
    return " ".join(said) or f"pip ended with {fetched.returncode}"


def _unpack(scratch: Path) -> None:
    (wheel,) = scratch.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(scratch / "unpacked", [name for name in archive.namelist() if name.startswith(FOLDER)])
    (scratch / "unpacked").rename(CACHE)


def measure_copying(
    bench: Bench, supplied: tuple[Supplied, ...], service: dict[str, Any], sizes: Sequence[int]
) -> dict[str, dict[int, list[Duel]]]:
    """By kind of run and size. Everything that both wrote goes before the next round, so that every first is one."""
    _install_role(bench.work)
    duels: dict[str, dict[int, list[Duel]]] = {kind: {size: [] for size in sizes} for kind in ("first", "unchanged")}
    for _round in range(bench.rounds):
        for size in sizes:
            chosen = supplied[:size]
            files = {"root_src": str(chosen[0].ca.parent / "root.pem"), "place": str(bench.work / "copied")}
            write_variables(bench.work, {"domains": list_domains(chosen, service), **files})
            for kind, by_size in duels.items():
                by_size[size].append(_measure_duel(bench, chosen, changed=kind == "first"))
            for written in (bench.work / "copied", bench.store(0)):
                shutil.rmtree(written)
    return duels


def _install_role(work: Path) -> None:
    for part in ("tasks", "handlers"):
        place = work / "roles" / "copy_and_reload" / part
        place.mkdir(parents=True)
        shutil.copy(HERE / "copy_and_reload" / f"{part}.yml", place / "main.yml")


def _measure_duel(bench: Bench, supplied: tuple[Supplied, ...], *, changed: bool) -> Duel:
    store, copied, size = bench.store(0), bench.work / "copied", len(supplied)
    before = {place: proof.find_shape(place) for place in (store, copied)}
    ours = word_ours("ours", domains="domains", store=store)
    mine = bench.run([ours, proof.ours(size, "activated" if changed else "unchanged")])
    role = {"ansible.builtin.import_role": {"name": "copy_and_reload"}}
    flush = {"ansible.builtin.meta": "flush_handlers"}
    theirs = bench.run([role, flush, proof.copied(size, changed=changed)])
    proof.require_placed(supplied, store, FULLCHAIN, PRIVATE_KEY)
    proof.require_placed(supplied, copied, "{name}.fullchain.pem", "{name}.privkey.pem")
    for place, shape in before.items():
        if not changed:
            proof.require_untouched(shape, place)
    return Duel(mine, theirs)


def print_duels(title: str, by_size: dict[int, list[Duel]], *, aim: bool = False) -> None:
    print(f"{title}\n{'n':>33}  slower  (least to most)    theirs s   ours s")
    for size, duels in by_size.items():
        ratios = [duel.ratio for duel in duels]
        reached = "met" if median(ratios) >= AIM else "missed"
        row = (
            f"{size:33d}  {median(ratios):6.1f}  ({min(ratios):.1f} to {max(ratios):.1f})".ljust(58),
            f"{median(duel.theirs for duel in duels):10.1f} {median(duel.ours for duel in duels):8.1f}",
            f"  aim {AIM} {reached}" if aim and size == AIM_SIZE else "",
        )
        print("".join(row))
    if aim and AIM_SIZE not in by_size:
        print(f"{AIM_SIZE:33d}  not measured (--peer-sizes 1,10,{AIM_SIZE}); aim {AIM} neither met nor missed")
    print(flush=True)
