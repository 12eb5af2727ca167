# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each kind of object of the controller's API has, as its published description (24.6) lists it.

A field has a type, or a choice of values, or names an object of another kind by its number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Field:
    type: type = str
    choices: tuple[Any, ...] = ()
    of: str = ""
    """The kind of object that it names by number, or none."""
    needed: bool = False
    default: Any = None
    is_nullable: bool = False
    """Whether null stands for what nobody has set."""

    def show(self) -> Any:
        """What the controller shows of one that nobody has set."""
        if self.default is not None:
            return self.default
        return None if self.of or self.type is dict else self.type()


def is_of(value: object, kind: type) -> bool:
    """A switch is no number, although Python has it so."""
    return isinstance(value, kind) and isinstance(value, bool) == (kind is bool)


def one_of(*choices: Any) -> Field:
    return Field(type(choices[0]), choices, default=choices[0])


TEXT, NUMBER, SWITCH, WORDS = Field(), Field(int), Field(bool), Field(dict)
NAME = Field(needed=True)


def at(kind: str, *, needed: bool = False) -> Field:
    return Field(int, of=kind, needed=needed)


def needed(field: Field) -> Field:
    return Field(field.type, field.choices, field.of, needed=True)


# What a launch, a schedule or a node of a workflow may say over a template that asks for it.
PROMPTS: dict[str, Field] = {
    "inventory": at("inventories"),
    "execution_environment": at("execution_environments"),
    **dict.fromkeys(("scm_branch", "job_tags", "skip_tags", "limit"), TEXT),
    "job_type": one_of("", "run", "check"),
    "verbosity": NUMBER,
    "diff_mode": SWITCH,
    **dict.fromkeys(("forks", "job_slice_count", "timeout"), NUMBER),
}
_SCM = one_of("", "git", "svn", "insights", "archive")
_SOURCES = ("scm", "ec2", "gce", "azure_rm", "vmware", "satellite6", "openstack", "rhv", "controller", "insights")
_NOTIFIERS = (
    "awssns",
    "email",
    "grafana",
    "irc",
    "mattermost",
    "pagerduty",
    "rocketchat",
    "slack",
    "twilio",
    "webhook",
)
_ASKED = ("scm_branch", "diff_mode", "variables", "limit", "tags", "skip_tags", "job_type", "verbosity", "inventory")
_ASKED_MORE = (
    "credential",
    "execution_environment",
    "labels",
    "forks",
    "job_slice_count",
    "timeout",
    "instance_groups",
)
COMMON = {"name": NAME, "description": TEXT}

KINDS: dict[str, dict[str, Field]] = {
    "organizations": {
        **COMMON,
        "max_hosts": NUMBER,
        "custom_virtualenv": TEXT,
        "default_environment": at("execution_environments"),
    },
    "execution_environments": {
        **COMMON,
        "organization": at("organizations"),
        "image": needed(TEXT),
        "credential": at("credentials"),
        "pull": one_of("", "always", "missing", "never"),
    },
    "credential_types": {
        **COMMON,
        "kind": needed(one_of("cloud", "net")),
        "managed": SWITCH,
        "inputs": Field(dict, default={}),
        "injectors": Field(dict, default={}),
    },
    "credentials": {
        **COMMON,
        "organization": at("organizations"),
        "credential_type": at("credential_types", needed=True),
        "inputs": Field(dict, default={}),
    },
    "projects": {
        **COMMON,
        "organization": at("organizations"),
        "scm_type": _SCM,
        **dict.fromkeys(("scm_url", "scm_branch", "scm_refspec", "local_path", "custom_virtualenv"), TEXT),
        **dict.fromkeys(("scm_clean", "scm_track_submodules", "scm_delete_on_update", "scm_update_on_launch"), SWITCH),
        "credential": at("credentials"),
        "timeout": NUMBER,
        "scm_update_cache_timeout": NUMBER,
        "allow_override": SWITCH,
        "default_environment": at("execution_environments"),
        "signature_validation_credential": at("credentials"),
    },
    "inventories": {
        **COMMON,
        "organization": at("organizations", needed=True),
        "kind": Field(choices=("", "smart", "constructed"), is_nullable=True),
        "host_filter": Field(is_nullable=True),
        "variables": TEXT,
        "prevent_instance_group_fallback": SWITCH,
    },
    "inventory_sources": {
        **COMMON,
        "source": needed(one_of(*_SOURCES)),
        **dict.fromkeys(("source_path", "source_vars", "scm_branch", "enabled_var", "enabled_value"), TEXT),
        **dict.fromkeys(("host_filter", "limit", "custom_virtualenv"), TEXT),
        **dict.fromkeys(("overwrite", "overwrite_vars", "update_on_launch"), SWITCH),
        **dict.fromkeys(("timeout", "verbosity", "update_cache_timeout"), NUMBER),
        "credential": at("credentials"),
        "inventory": at("inventories", needed=True),
        "source_project": at("projects"),
        "execution_environment": at("execution_environments"),
    },
    "notification_templates": {
        **COMMON,
        "organization": at("organizations", needed=True),
        "notification_type": needed(one_of(*_NOTIFIERS)),
        "notification_configuration": Field(dict, default={}),
        "messages": WORDS,
    },
    "job_templates": {
        **COMMON,
        **PROMPTS,
        "job_type": one_of("run", "check"),
        "verbosity": one_of(0, 1, 2, 3, 4, 5),
        "job_slice_count": Field(int, default=1),
        # It is that of the project.
        "organization": at("organizations"),
        "project": at("projects", needed=True),
        "playbook": needed(TEXT),
        **dict.fromkeys(("extra_vars", "start_at_task", "host_config_key", "custom_virtualenv"), TEXT),
        **dict.fromkeys(("force_handlers", "use_fact_cache", "survey_enabled", "become_enabled"), SWITCH),
        **dict.fromkeys(("allow_simultaneous", "prevent_instance_group_fallback"), SWITCH),
        **{f"ask_{word}_on_launch": SWITCH for word in (*_ASKED, *_ASKED_MORE)},
        "webhook_service": one_of("", "github", "gitlab", "bitbucket_dc"),
        "webhook_credential": at("credentials"),
    },
    "workflow_job_templates": {
        **COMMON,
        "organization": at("organizations"),
        "inventory": at("inventories"),
        **dict.fromkeys(("extra_vars", "limit", "scm_branch", "job_tags", "skip_tags"), TEXT),
        **dict.fromkeys(("survey_enabled", "allow_simultaneous"), SWITCH),
        **{
            f"ask_{word}_on_launch": SWITCH
            for word in ("variables", "inventory", "scm_branch", "limit", "labels", "tags")
        },
        "ask_skip_tags_on_launch": SWITCH,
        "webhook_service": one_of("", "github", "gitlab", "bitbucket_dc"),
        "webhook_credential": at("credentials"),
    },
    "workflow_job_template_nodes": {
        "identifier": needed(TEXT),
        "workflow_job_template": at("workflow_job_templates", needed=True),
        "unified_job_template": at("unified_job_templates"),
        "extra_data": WORDS,
        "all_parents_must_converge": SWITCH,
        **PROMPTS,
    },
    "workflow_approval_templates": {**COMMON, "timeout": NUMBER},
    "schedules": {
        **COMMON,
        "rrule": needed(TEXT),
        "unified_job_template": at("unified_job_templates", needed=True),
        "enabled": Field(bool, default=True),
        "extra_data": WORDS,
        **PROMPTS,
    },
}
# What has jobs, by the name of its type.
UNIFIED = {
    "job_templates": "job_template",
    "projects": "project",
    "inventory_sources": "inventory_source",
    "workflow_job_templates": "workflow_job_template",
    "workflow_approval_templates": "workflow_approval_template",
}
_TOLD = {
    f"notification_templates_{event}": "notification_templates"
    for event in ("started", "success", "error", "approvals")
}
_JOBS_TOLD = {word: kind for word, kind in _TOLD.items() if not word.endswith("approvals")}
_EDGES = ("success_nodes", "failure_nodes", "always_nodes")
# What may be joined to what, and of which kind that is.
LINKS: dict[str, Mapping[str, str]] = {
    "organizations": {**_TOLD, "galaxy_credentials": "credentials"},
    "projects": _JOBS_TOLD,
    "inventory_sources": _JOBS_TOLD,
    "job_templates": {**_JOBS_TOLD, "credentials": "credentials"},
    "workflow_job_templates": _TOLD,
    "workflow_job_template_nodes": {
        **dict.fromkeys(_EDGES, "workflow_job_template_nodes"),
        "credentials": "credentials",
    },
    "schedules": {"credentials": "credentials"},
}
EDGES = frozenset(_EDGES)
