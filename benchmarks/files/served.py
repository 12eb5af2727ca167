# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""Unchanged runs beside a real nginx that names the stable paths: without ports, and with one for every name."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import proof
from material import Supplied, list_domains, word_servers, write_variables
from pairs import FULLCHAIN, PRIVATE_KEY, BySize, collect_pairs, word_first_use, word_ours, word_pair
from playbooks import NO_OP, Bench, TaskTime
from tls_server import serving

KINDS = ("silent", "probed")


def measure_served(bench: Bench, supplied: tuple[Supplied, ...], sizes: Sequence[int]) -> dict[str, BySize]:
    """By kind; each size has an nginx of its own, which serves its names and no others."""
    pairs: dict[str, BySize] = {kind: {size: [] for size in sizes} for kind in KINDS}
    for size in sizes:
        times = _measure_size(bench, supplied[:size])
        for kind, by_size in pairs.items():
            collect_pairs(times, kind, by_size)
    return pairs


def _measure_size(bench: Bench, supplied: tuple[Supplied, ...]) -> list[TaskTime]:
    """Asking the ports is proven first: they alone show that nginx serves another certificate for every name."""
    size, store = len(supplied), bench.store(len(supplied))
    place = bench.work / f"nginx-{size}"
    place.mkdir()
    stopgap = supplied[0].certificate.parent / "stopgap"
    with serving(place, certificate=stopgap.with_suffix(".pem"), key=stopgap.with_suffix(".key")) as (port, _server):
        services = {"silent": _nginx_service(place, []), "probed": _nginx_service(place, [port])}
        write_variables(bench.work, {kind: list_domains(supplied, service) for kind, service in services.items()})
        ours = {kind: word_ours("prepare", domains=kind, store=store) for kind in KINDS}
        bench.play([ours["silent"], proof.ours(size, "activated")])
        _name_stable_paths(place / "nginx.conf", word_servers(supplied, store, port=port))
        silent = _measure_rounds(bench, supplied, "silent")
        bench.play([ours["probed"], proof.ours(size, "activated"), proof.not_served(size)])
        probed = _measure_rounds(bench, supplied, "probed")
    shutil.rmtree(store)
    return [*silent, *probed]


def _measure_rounds(bench: Bench, supplied: tuple[Supplied, ...], kind: str) -> list[TaskTime]:
    size, store = len(supplied), bench.store(len(supplied))
    before = proof.find_shape(store)
    once = [*word_pair(f"{kind} {size}", domains=kind, store=store), proof.ours(size, "unchanged")]
    times = bench.play([NO_OP, word_first_use(store), *once * bench.rounds])
    proof.require_placed(supplied, store, FULLCHAIN, PRIVATE_KEY)
    proof.require_untouched(before, store)
    return times


def _nginx_service(place: Path, ports: list[int]) -> dict[str, Any]:
    instance = {"config": str(place / "nginx.conf"), "prefix": str(place), "pid_file": str(place / "nginx.pid")}
    return {"nginx": {**instance, "binary": shutil.which("nginx"), "unit": "", "ports": ports}}


def _name_stable_paths(configuration: Path, servers: str) -> None:
    """Further servers beside the one that answers all other names; nginx is not told, so that ours has to."""
    text = configuration.read_text(encoding="utf-8").rstrip().removesuffix("}")
    configuration.write_text(f"{text}server_names_hash_max_size 4096;\n{servers}}}\n", encoding="utf-8")
