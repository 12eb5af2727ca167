# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of words that an inventory does not have, and of values in a wrong shape."""

from __future__ import annotations

from datetime import date

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import (
    DOMAIN_WORDS,
    NAMED_WORDS,
    find_choice_fault,
    find_list_fault,
    find_mapping_fault,
    find_text_fault,
    find_unknown_words,
    locate,
    say_known,
    show_word,
)

PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQ\n"


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        *(
            pytest.param(said, NAMED_WORDS, meant, id=f"{said} is called {meant}")
            for said, meant in (
                ("privatekey_path", "private_key_src"),
                ("privatekey_content", "private_key_content"),
                ("privatekey_passphrase", "private_key_passphrase"),
                ("fullchain", "certificate_src"),
                ("cert", "certificate_src"),
                ("key", "private_key_src"),
                ("p12", "pkcs12_src"),
                ("external_url", "names"),
                ("other_urls", "names"),
            )
        ),
        pytest.param("certifcate_src", NAMED_WORDS, "certificate_src", id="a slip of the pen"),
        pytest.param("Services", NAMED_WORDS, "services", id="another case"),
        pytest.param("names", DOMAIN_WORDS, "external_url", id="names in the words of the consoles"),
        pytest.param("name", DOMAIN_WORDS, None, id="a word that only the other kind has is not proposed"),
        pytest.param("remaining_days", NAMED_WORDS, None, id="nothing like it"),
        pytest.param(PEM, NAMED_WORDS, None, id="no word at all"),
        pytest.param(7, NAMED_WORDS, None, id="a number"),
    ],
)
def test_what_was_probably_meant_is_proposed(word: object, known: tuple[str, ...], expected: str | None) -> None:
    listed = ", ".join(sorted(known))
    said = f"did you mean `{expected}`? Known are {listed}" if expected else f"known are {listed}"
    assert said == say_known(word, known)


def test_every_unknown_word_is_told() -> None:
    told = list(find_unknown_words({"b": 1, "typ": 2, "type": 3, PEM: 4}, ["type"]))
    assert told == [
        "`b` is unknown; known are type",
        "`typ` is unknown; did you mean `type`? Known are type",
        "something that is no word is unknown; known are type",
    ]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("lets-encrypt_2.0", "`lets-encrypt_2.0`", id="a word"),
        pytest.param(12, "`12`", id="a number"),
        pytest.param("x" * 41, "something that is no word", id="too long for one"),
        pytest.param("two words", "something that is no word", id="two words"),
        pytest.param(PEM, "something that is no word", id="a key that went astray"),
        pytest.param(["a"], "something that is no word", id="a list"),
        pytest.param(None, "something that is no word", id="nothing"),
    ],
)
def test_only_words_are_repeated(word: object, expected: str) -> None:
    assert expected == show_word(word)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("mail", "tls_certificates.mail", id="a name"),
        pytest.param("a\x1b[2J", "tls_certificates.a\\x1b[2J", id="a name that would write on the terminal"),
        pytest.param("x" * 81, f"tls_certificates.{'x' * 80}", id="a long one"),
    ],
)
def test_a_place_is_printable(name: str, expected: str) -> None:
    assert expected == locate("tls_certificates", name)


@pytest.mark.parametrize(
    ("value", "mapping_fault", "list_fault"),
    [
        pytest.param(None, None, None, id="nothing"),
        pytest.param({}, None, "must be WANTED", id="a mapping"),
        pytest.param([], "must be WANTED", None, id="a list"),
        pytest.param((), "must be WANTED", None, id="a tuple"),
        pytest.param(5, "must be WANTED", "must be WANTED", id="a number"),
        *(
            pytest.param(text, f"is text and must be WANTED{way_out}", f"is text and must be WANTED{way_out}", id=name)
            for text, way_out, name in (
                ("", "", "an empty text"),
                ("a.example", "", "a text"),
                (' {"a": 1}', "; add `| from_json`", "a JSON mapping"),
                ('\n["a"]', "; add `| from_json`", "a JSON list"),
                ("- a", "; add `| from_yaml`", "a YAML list"),
                ("a: 1\nb: 2", "; add `| from_yaml`", "a YAML mapping"),
            )
        ),
    ],
)
def test_a_wrong_shape_is_told_with_the_way_out(
    value: object, mapping_fault: str | None, list_fault: str | None
) -> None:
    assert (mapping_fault, list_fault) == (find_mapping_fault(value, "WANTED"), find_list_fault(value, "WANTED"))


@pytest.mark.parametrize("value", ["text", "", 12, date(2026, 11, 21), None], ids=repr)
def test_what_yaml_took_for_something_else_is_a_text(value: object) -> None:
    assert find_text_fault(value) is None


@pytest.mark.parametrize("value", [True, False, [], (), {}, b"bytes"], ids=repr)
def test_what_may_have_been_anything_is_no_text(value: object) -> None:
    assert find_text_fault(value) == "must be a text; quote it when YAML takes it for something else"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, None, id="nothing"),
        pytest.param("files", None, id="one of them"),
        pytest.param("filse", "must be one of files, acme; `filse` is not; did you mean `files`?", id="nearly one"),
        pytest.param("zerossl", "must be one of files, acme; `zerossl` is not", id="none"),
        pytest.param(["files"], "must be one of files, acme; something that is no word is not", id="a list"),
    ],
)
def test_a_choice_is_one_of_the_words(value: object, expected: str | None) -> None:
    assert expected == find_choice_fault(value, ("files", "acme"))
