# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every preset, so that a new one is data and nothing else."""

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import PARTS, Preset
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_words import FILE_KINDS, SERVICE_KINDS
from ansible_collections.certwright.tls.plugins.plugin_utils._core.services import load_services
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS

COMPLETE = tuple(preset for preset in PRESETS.values() if preset.files)


def test_there_are_these_presets() -> None:
    assert {"custom", "nginx"} == set(PRESETS)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_a_preset_is_sound_data(preset: Preset) -> None:
    assert preset is PRESETS[preset.name]
    assert set(preset.words) <= set(SERVICE_KINDS)
    assert {name for name, _value in preset.defaults} <= set(preset.words)
    assert preset.method in ("", "reload", "restart", "none")
    assert preset.method or {"reload", "restart_command", "watches_files"} <= set(preset.words)
    for file in preset.files:
        assert file.name == FILE_KINDS["name"](file.name)
        assert set(file.parts) <= set(PARTS)


@pytest.mark.parametrize("preset", COMPLETE, ids=lambda preset: preset.name)
def test_a_preset_with_files_needs_no_words(preset: Preset) -> None:
    services, problems = load_services(
        [preset.name], certificate="web", names=("a.example",), attributes={}, presets=PRESETS
    )

    assert problems == ()
    assert preset.name == services[0].name
    assert list(preset.ports) == [probe.port for probe in services[0].probes]


@pytest.mark.parametrize("preset", COMPLETE, ids=lambda preset: preset.name)
def test_the_hint_names_every_file(preset: Preset) -> None:
    assert all(f"{{{file.name}}}" in preset.hint for file in preset.files)
