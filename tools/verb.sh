# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

# shellcheck shell=sh
# What every verb begins with: . "$(dirname "$0")/verb.sh"
# Names used: check, check_pytest, left_out, leave_all_out, need_fleet, venv, default_venv, link_tree, copy_tree, build_tarball, finish; $root, $verb, $results.

set -eu
cd "$(dirname "$0")/.."
root=$(pwd -P)
verb=${0##*/}
results=$root/.build/results
mkdir -p "$results"
: >"$results/$verb.counts"
: >"$results/$verb.left-out"

# Nothing of ours is written outside the checkout, nothing of the user's Ansible configuration is read.
printf '' >.build/ansible.cfg
export ANSIBLE_CONFIG="$root/.build/ansible.cfg" ANSIBLE_HOME="$root/.cache/ansible" ANSIBLE_REMOTE_TMP="$root/.cache/ansible/tmp"
export ANSIBLE_COLLECTIONS_PATH="$root/.build" PYTHONPATH="$root/.build" PYTHONDONTWRITEBYTECODE=1
export PIP_CACHE_DIR="$root/.cache/pip" PIP_DISABLE_PIP_VERSION_CHECK=1 NO_COLOR=1 LC_ALL=C.UTF-8
unset VIRTUAL_ENV

# check NAME COMMAND…: one check; a failure is remembered and the next check goes on.
check() {
    check_name=$1
    shift
    echo "== $verb: $check_name"
    if "$@"; then count 1 0 0; else count 0 1 0; fi
}

# check_pytest NAME COMMAND…: pytest, counted by its tests.
check_pytest() {
    check_name=$1
    shift
    echo "== $verb: $check_name"
    xml="$results/$verb-$check_name.xml"
    rm -f "$xml"
    if "$@" --junit-xml="$xml"; then status=0; else status=$?; fi
    # shellcheck disable=SC2046  # three numbers
    count $(python3 tools/junit_counts.py "$xml" "$status")
}

# count PASSED FAILED SKIPPED
count() {
    echo "$1 $2 $3 $check_name" >>"$results/$verb.counts"
    [ "$2" = 0 ] || echo "FAILED: $verb: $check_name"
}

left_out() {
    echo "$*" >>"$results/$verb.left-out"
}

# leave_all_out REASON: the verb ends here, with nothing passed and nothing failed.
leave_all_out() {
    check_name=all
    count 0 0 1
    left_out "all of it: $*"
    printf '\n%s: 0 passed, 0 failed, 1 skipped\nleft out: %s\n' "$verb" "$*"
    exit 0
}

# need_fleet PYTHON: this machine can bring up a fleet of hosts afterwards, or the verb has ended.
need_fleet() {
    for program in systemd-nspawn:systemd-container mmdebstrap:mmdebstrap dnsmasq:dnsmasq-base ip:iproute2 ssh:openssh-client; do
        tools/need "${program%:*}" "${program#*:}" || leave_all_out "a fleet of hosts takes ${program%:*}, of the package ${program#*:}"
    done
    PATH=$PATH:/usr/sbin:/sbin
    obstacle=$("$1" tests/fleet/run.py obstacle 2>&1) || leave_all_out "$obstacle"
}

# venv NAME: its directory in $venv; false, and said as left out, where no Python for it is to be had.
venv() {
    venv=$(tools/venv "$1") && return
    [ $? = 3 ] || exit 1
    left_out "$1: no Python $(python_versions "$1"); install one, for example: uv python install $(python_versions "$1" | cut -d' ' -f1)"
    return 1
}

python_versions() {
    sed -n 's/^# python: //p' "tools/lock/$1.in"
}

# The environment of the newest ansible-core that runs here, in $venv.
default_venv() {
    for core in 2.21 2.19 2.16; do
        if venv "core-$core"; then
            echo "(ansible-core $core, $("$venv/bin/python" --version))"
            return
        fi
    done
    echo "No ansible-core runs here:"
    cat "$results/$verb.left-out"
    exit 1
}

# The checkout where Python and Ansible look for it.
link_tree() {
    mkdir -p .build/ansible_collections/certwright
    ln -sfn "$root" .build/ansible_collections/certwright/tls
}

# The files that would be committed, as a repository of their own: ansible-test and the builder take no links.
copy_tree() {
    copy=$root/.build/copy/ansible_collections/certwright/tls
    rm -rf "$copy"
    mkdir -p "$copy"
    { git ls-files --cached --others --exclude-standard && git ls-files --deleted; } | sort | uniq -u |
        tar --create --files-from=- | tar --extract --directory="$copy"
    git -C "$copy" init --quiet
    git -C "$copy" add --all
}

# build_tarball VENV: the collection as Galaxy gets it, from copy_tree's copy; its path is in $tarball.
build_tarball() {
    # shellcheck disable=SC2034  # for the caller
    tarball=$root/.build/certwright-tls-$(sed -n 's/^version: //p' galaxy.yml).tar.gz
    "$1/bin/ansible-galaxy" collection build --force --output-path .build "$copy"
}

# finish: the counts of the verb's checks, and its exit status.
finish() {
    awk -v verb="$verb" '{ p += $1; f += $2; s += $3 }
        END { printf "\n%s: %d passed, %d failed, %d skipped\n", verb, p, f, s; exit f > 0 || p == 0 }' "$results/$verb.counts" && status=0 || status=1
    sed 's/^/left out: /' "$results/$verb.left-out"
    exit "$status"
}
