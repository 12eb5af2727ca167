# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only door to a host: executions of the internal module, always pipelined, and files read on the controller."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._preload import preload_filters

MODULE = "certwright.tls.deployment"
OPT_OUT = "tls_pipelining"
_EXPLANATION_LIMIT = 300
_TEXTS = ("msg", "module_stderr", "module_stdout")
_KEY = re.compile(r"PRIVATE KEY-----(.*?)-----END")
_PIECE = 16
# Four times what any loader takes: a vault doubles a file, and more.
_MAXIMUM_FILE = 4 * 1024 * 1024

preload_filters()


class HostRefusal(TlsError):
    """The host said no, or could not be asked: what it said, and where."""


class PipelinedAction(ActionBase):  # type: ignore[misc]
    """An action whose executions are pipelined whatever the configuration says.

    Without it private keys lie in the host's temporary files, and the terminal that ssh then allocates hands a Ctrl-C
    to the transaction. `tls_pipelining: false` gives the configured way back, with a warning.
    """

    def _is_pipelining_enabled(self, module_style: str, wrap_async: bool = False) -> bool:
        configured = bool(super()._is_pipelining_enabled(module_style, wrap_async))
        if configured or self._pipelining_refused():
            return configured
        become = self._connection.become
        return bool(
            getattr(self._connection, "has_pipelining", False)
            and not wrap_async
            and module_style == "new"
            and os.environ.get("ANSIBLE_KEEP_REMOTE_FILES", "").lower() not in ("1", "true", "yes", "on")
            and (become is None or become.name != "su")
        )

    def _pipelining_refused(self) -> bool:
        wanted = (self._task_vars or {}).get(OPT_OUT, True)
        return str(wanted).lower() in ("false", "no", "0", "off")

    _task_vars: dict[str, Any] | None = None


@dataclass(frozen=True)
class Host:
    """One managed host, seen from its action. Each method is one execution."""

    action: PipelinedAction
    task_vars: dict[str, Any]
    store: str | None
    run: str
    limits: dict[str, Any]

    def observe(
        self,
        certificates: list[dict[str, Any]],
        *,
        baseline: bool,
        everything: bool = False,
        names: Sequence[str] = (),
        leaving: bool = False,
    ) -> dict[str, Any]:
        """`names` are those that other renewers are looked for with; `leaving` is everything that is to be removed."""
        request = {"action": "observe", "baseline": baseline, "everything": everything, "names": list(names)}
        return self._ask(dict(request, certificates=certificates, leaving=leaving))

    def prepare(self, certificates: list[dict[str, Any]], *, listen_seconds: int) -> dict[str, Any]:
        """Keys, requests and challenges for orders that were placed; no generation and no service is touched."""
        return self._ask({"action": "prepare", "certificates": certificates, "listen_seconds": listen_seconds})

    def apply(
        self, certificates: list[dict[str, Any]], *, refuse_all: bool = False, dissolve: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """`dissolve` ends the store as well, when nothing is left in it, and says why."""
        request = {"action": "apply", "certificates": certificates, "refuse_all": refuse_all}
        return self._ask(request if dissolve is None else {**request, "dissolve": dissolve})

    def survey(self, question: dict[str, Any]) -> dict[str, Any]:
        return self._ask({"action": "survey", **question})

    def look_at_products(self, questions: list[dict[str, str]]) -> list[dict[str, Any]]:
        """What products say of themselves; nothing of a certificate is looked at."""
        return list(self._ask({"action": "products", "questions": questions})["products"])

    def read_ca(self, path: str, ask: dict[str, Any]) -> dict[str, Any]:
        """The directory of a CA as it is; nothing is changed."""
        return self._ask({"action": "ca_read", "path": path, "ask": ask})

    def append_ca(self, path: str, words: dict[str, Any]) -> dict[str, Any]:
        """Entries for its ledger, unless that is not at its expected end any more."""
        return self._ask({"action": "ca_append", "path": path, **words})

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(dict(request, store=self.store, run=self.run, limits=self.limits))
        result = self.action._execute_module(
            module_name=MODULE, module_args={"request": text}, task_vars=self.task_vars, wrap_async=False
        )
        if not isinstance(result.get("answer"), str):
            raise HostRefusal(_explain(result, text))
        answer = json.loads(result["answer"])
        if "refused" in answer:
            raise HostRefusal(str(answer["refused"]))
        if "crashed" in answer:
            raise HostRefusal(
                f"The host's side failed with {answer['crashed']}; this is a fault of the collection. "
                "What was begun is finished or undone by the next run"
            )
        return dict(answer)


def _explain(result: dict[str, Any], request: str) -> str:
    """Why the execution gave no answer, without anything of a key: a traceback of a wrapper may quote the request."""
    # From ansible-core 2.19 on a traceback arrives as an object, and nothing in the texts.
    raised = getattr(getattr(result.get("exception"), "event", None), "msg", "")
    texts = [str(text or "") for text in (raised, *(result.get(key) for key in _TEXTS))]
    lines = [text.strip().splitlines()[-1] for text in texts if text.strip()]
    safe = [line[:_EXPLANATION_LIMIT] for line in lines if not _quotes_key(line, request)]
    return "The host could not be asked: " + ("; ".join(dict.fromkeys(safe)) or "it gave no reason")


def _quotes_key(line: str, request: str) -> bool:
    """Whether any piece of a private key is in the line; both may spell a line end as JSON does."""
    keys = "".join(_KEY.findall(request)).replace("\\n", "")
    said = line.replace("\\n", "")
    pieces = (said[start : start + _PIECE] for start in range(len(said) - _PIECE + 1))
    return "PRIVATE KEY" in line or any(piece in keys for piece in pieces)


def read_file(action: PipelinedAction, path: str) -> bytes:
    """A file of the controller, decrypted in memory when it is vaulted.

    Found where Ansible looks for files, else beside the inventory that names it: the playbooks of a collection have no
    place of the operator's.
    """
    if "\n" in path:
        raise HostRefusal(
            "An option that names a file on the controller holds text; PEM text goes into _content options"
        )
    try:
        found = _find_file(action, path)
        _require_readable(path, found)
        content, _show = action._loader._get_file_contents(found)
    except AnsibleError as error:
        fact = f"The file {path} cannot be read on the controller: {str(error).splitlines()[0].rstrip('.')}"
        raise HostRefusal(f"{fact}; it is looked for where Ansible looks for files, and beside the inventory") from None
    return bytes(content)


def _require_readable(path: str, found: str) -> None:
    """Nothing that never ends, and nothing that would fill the memory: it is read as a whole."""
    status = os.stat(found)
    if not stat.S_ISREG(status.st_mode):
        raise HostRefusal(
            f"The file {path} cannot be read on the controller: it is no regular file; pass the file itself"
        )
    if status.st_size > _MAXIMUM_FILE:
        size = f"{status.st_size} bytes long, more than {_MAXIMUM_FILE}"
        raise HostRefusal(f"The file {path} is {size}; is it the right file?")


def _find_file(action: PipelinedAction, path: str) -> str:
    beside = os.path.join(str((action._task_vars or {}).get("inventory_dir") or ""), os.path.expanduser(path))
    try:
        return str(action._find_needle("files", path))
    except AnsibleError:
        if not os.path.isabs(beside) or not os.path.exists(beside):
            raise
    return beside
