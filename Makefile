# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

# The front door: `make` alone lists the verbs. Each installs what it needs into .venv, .cache and .build, nowhere else.
.DEFAULT_GOAL := help
VERBS := demo test format lint unit sanity integration page awx image fleet molecule chaos docs build bench lock clean
.PHONY: help $(VERBS)

help:
	@awk -F '## ' '/^[a-z]+:.*## /{split($$1, v, ":"); printf "  make %-12s %s\n", v[1], $$2}' $(MAKEFILE_LIST)

demo: ## the main job on this machine, any user: install, refuse, roll back, show, remove, order, renew
	@tools/demo
test: ## every check and test below, then the counts and what was left out
	@tools/test
format: ## format the Python code and repair what ruff can
	@tools/format
lint: ## ruff, mypy --strict, ansible-lint, yamllint, licences, changelog
	@tools/lint
unit: ## the pure core (branch coverage 100 %) and the host code on the oldest and newest Python
	@tools/unit
sanity: ## ansible-test sanity, no exceptions: all of it on the newest ansible-core, what loads plugins on each
	@tools/sanity
integration: ## real services with the newest ansible-core, and our ways through Ansible with each
	@tools/integration
matrix: ## every sanity and integration test with every supported ansible-core
	@tools/matrix
page: ## the report's page in a real browser, without a network
	@tools/page
awx: ## the needs of an execution environment, and the objects of a controller
	@tools/awx
image: ## an execution environment, built by podman and run (root)
	@tools/image
fleet: ## tests over twenty hosts with systemd and sshd, made and ended here (root)
	@tools/fleet
molecule: ## the roles on Debian 12 and 13 hosts with systemd and sshd, by Molecule (root)
	@tools/molecule
chaos: ## kill -9 at every operation of a transaction, all scenarios (integration runs the essential ones)
	@tools/chaos
docs: ## the documentation of every plugin and role is complete and its links lead somewhere
	@tools/docs
build: ## the collection's tarball, in .build, as Galaxy would import it
	@tools/build
bench: ## what a run costs, as ratios
	@tools/bench
lock: ## newer versions into the lock files, tools/lock/*.txt
	@tools/lock-versions
clean: ## remove what the verbs made (.build, .cache, .venv)
	@tools/clean
