# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.naming import Configuration
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store with a live certificate `shop`, a folder of nginx with a link of ours, and links made by hand."""
    home = tmp_path / "store/certificates/shop/000001/nginx"
    home.mkdir(parents=True)
    (home / "tls.pem").write_text("x", encoding="ascii")
    (tmp_path / "store/live").mkdir()
    (tmp_path / "store/live/shop").symlink_to("../certificates/shop/000001")
    (tmp_path / "etc/certs").mkdir(parents=True)
    (tmp_path / "etc/certs/f.pem").symlink_to(tmp_path / "store/live/shop/nginx/tls.pem")
    (tmp_path / "etc/by-hand.pem").symlink_to(tmp_path / "store/live/shop/nginx/tls.pem")
    (tmp_path / "etc/folder").symlink_to(tmp_path / "store/live/shop")
    (tmp_path / "etc/twice.pem").symlink_to("by-hand.pem")
    (tmp_path / "alias").symlink_to("store")
    return tmp_path


def find(root: Path, dump: str, certificate: str = "shop") -> list[str]:
    store = Store(str(root / "store"))
    configuration = Configuration.from_dump(dump.replace("ROOT", str(root)), store)
    named = configuration.find_named(store, certificate, (str(root / "etc/certs/f.pem"),))
    return [word.replace(str(root), "ROOT") for word in dict.fromkeys(named)]


@pytest.mark.parametrize(
    ("dump", "expected"),
    [
        pytest.param("ssl_certificate ROOT/store/live/shop/nginx/tls.pem;", None, id="as it is"),
        pytest.param('cert="ROOT/store/live/shop/nginx/tls.pem"', None, id="in quotes, after an equals sign"),
        pytest.param("ssl_certificate ROOT/store//live/./shop/nginx/tls.pem;", None, id="spelled otherwise"),
        pytest.param("ssl_certificate ROOT/store/certificates/shop/000001/nginx/tls.pem;", None, id="by generation"),
        pytest.param("ssl_certificate ROOT/store/live/shop/privkey.pem;", None, id="one of certbot's names"),
        pytest.param("ca ROOT/store/live/shop", None, id="its folder"),
        pytest.param("crt ROOT/store/live/", None, id="the folder of all"),
        pytest.param("crt ROOT/alias/live/shop/nginx/tls.pem", None, id="by a link to the store"),
        pytest.param("ssl_certificate ROOT/etc/certs/f.pem;", None, id="the foreign path"),
        pytest.param("crt ROOT/etc/certs/", None, id="the folder of the foreign path"),
        pytest.param("ssl_certificate ROOT/etc/by-hand.pem;", None, id="a link made by hand"),
        pytest.param("ssl_certificate ROOT/etc/twice.pem;", None, id="a link to a link"),
        pytest.param("ssl_certificate ROOT/etc/folder/nginx/tls.pem;", None, id="a link to the folder"),
        pytest.param("ssl_certificate certs/f.pem;", ["certs/f.pem"], id="relative"),
        pytest.param("ssl_certificate ../etc/certs/f.pem;", ["../etc/certs/f.pem"], id="relative, upwards"),
        pytest.param("ssl_certificate f.pem;", ["f.pem"], id="a name only"),
        pytest.param(
            "# configuration file ROOT/etc/nginx.conf:\nssl_certificate by-hand.pem;", ["by-hand.pem"], id="beside it"
        ),
        pytest.param("c ROOT/store/live/$ssl_server_name/nginx/tls.pem;", ["ROOT/store/live/…"], id="up to a variable"),
        pytest.param("crt ROOT/store/live/*/nginx/tls.pem", ["ROOT/store/live/…"], id="a pattern"),
        pytest.param("c ROOT/etc/certs/${name}.pem", ["ROOT/etc/certs/…"], id="a variable in place of its name"),
    ],
)
def test_what_names_a_file(root: Path, dump: str, expected: list[str] | None) -> None:
    named = find(root, dump)
    if expected is None:
        assert len(named) == 1
    else:
        assert {word.lstrip("./") for word in expected} == {word.lstrip("./") for word in named}


@pytest.mark.parametrize(
    "dump",
    [
        pytest.param("", id="nothing"),
        pytest.param("  # ssl_certificate ROOT/store/live/shop/nginx/tls.pem;", id="a comment"),
        pytest.param("ssl_certificate ROOT/store/live/shop2/nginx/tls.pem;", id="another certificate"),
        pytest.param("ssl_certificate ROOT/store/live/my-shop/nginx/tls.pem;", id="one that ends like it"),
        pytest.param("rewrite ^/(.*)$ /$1 permanent; try_files $uri /index.php?$args;", id="addresses"),
        pytest.param("root ROOT/etc; include ROOT/etc/*.conf;", id="a folder above"),
        pytest.param("ssl_certificate certs/other.pem;", id="another file"),
    ],
)
def test_what_names_none(root: Path, dump: str) -> None:
    assert find(root, dump) == []


def test_links_that_go_round_come_to_an_end(root: Path) -> None:
    (root / "etc/a").symlink_to("b")
    (root / "etc/b").symlink_to("a")
    assert find(root, "c ROOT/etc/a;") == []
