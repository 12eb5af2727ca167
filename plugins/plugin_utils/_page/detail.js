// Copyright (c) 2026 the certwright.tls authors
// SPDX-License-Identifier: GPL-3.0-or-later

// One row in full, in a dialog: the browser keeps the focus in it, closes it by Esc and gives the focus back.

const STATES = {
  __proto__: null, live: "live", pending: "stored and not active", disabled: "its services have another one instead", adopted: "somebody else renews it",
};
const SOURCES = {
  __proto__: null, store: "the store", file: "a file", port: "a port, and nowhere else", inventory: "the inventory, and nowhere else",
};
const FIRST_NAMES = 24;

class Detail {
  constructor(dialog, { now, onClose, onStep, onHost }) {
    Object.assign(this, { dialog, now, onStep, onHost });
    dialog.addEventListener("close", onClose);
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("keydown", (event) => this.move(event));
  }

  // `place` is where it stands in the list, { number, of }; null when the list does not have it.
  show(row, place) {
    const held = this.dialog.contains(document.activeElement) ? document.activeElement.dataset.step : undefined;
    const body = create("div", { class: "sheet" }, this.createHead(row, place), ...createSections(row, this.now));
    if (row.host) {
      body.append(create("p", {}, create("button", { type: "button", onclick: () => this.onHost(row.host) }, "Everything on this host")));
    }
    this.dialog.replaceChildren(body);
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.scrollTop = 0;
    const again = held && this.dialog.querySelector(`[data-step="${held}"]:not([disabled])`);
    (again || this.dialog.querySelector("[data-step=close]")).focus();
  }

  hide() {
    if (this.dialog.open) this.dialog.close();
  }

  createHead(row, place) {
    const step = (by, label, sign, isOff) =>
      create("button", { type: "button", "data-step": String(by), "aria-label": label, disabled: isOff, onclick: () => this.onStep(by) }, sign);
    return create(
      "header", {},
      create(
        "div", { class: "tools" },
        create("span", { class: "place" }, place ? `${numbers.format(place.number)} of ${numbers.format(place.of)}` : ""),
        step(-1, "The one before", "↑", !place || place.number === 1),
        step(1, "The next one", "↓", !place || place.number === place.of),
        create("button", { type: "button", "data-step": "close", onclick: () => this.dialog.close() }, "Close"),
      ),
      createBadge(row.urgency),
      create("h2", { id: "detail-title" }, createForeign(row.name || row.host)),
      row.name && row.host ? create("p", { class: "where" }, "on ", createForeign(row.host)) : null,
    );
  }

  move(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 };
    if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    const isPressed = event.key.length === 1 || event.target.dataset.step !== undefined;
    if (!isPressed) return;
    event.preventDefault();
    this.onStep(steps[event.key]);
  }
}

function createSections(row, now) {
  return [
    createProblems(row),
    createLife(row, now),
    createRenewal(row.item, now),
    createNames(row.names),
    createFacts("Certificate", [
      ["Issuer", row.item.issuer_name],
      [row.item.issuer_name ? "Issuer's name" : "Issuer", row.item.issuer],
      ["Subject", row.item.subject],
      ["Serial", row.item.serial, "code"],
      ["SHA-256", row.item.fingerprint_sha256, "code"],
      ["Key", row.item.key_type],
      ["Kind", row.item.is_ca ? "of a CA" : ""],
    ]),
    createFacts("Place", [
      ["Engine", row.engine === null ? "" : showEngine(row.engine)],
      ["Found in", SOURCES[row.item.source] ?? row.item.source],
      ["State", STATES[row.item.state] ?? row.item.state],
      ["Path", row.item.path, "code"],
      ["Services", (row.item.services ?? []).join(", ")],
    ]),
    createPorts(row.item.ports ?? []),
  ].filter(Boolean);
}

function createSection(title, ...children) {
  return create("section", {}, create("h3", {}, title), ...children);
}

function createProblems(row) {
  if (row.problems.length === 0) return null;
  const lines = row.problems.map((problem) =>
    create("li", {}, createForeign(problem.message, { class: "message" }), create("code", {}, showUnseen(problem.code))));
  return createSection(row.problems.length === 1 ? "What is wrong" : "What is wrong, and the way out", create("ul", { class: `problems is-${row.urgency.id}` }, lines));
}

function createLife(row, now) {
  if (row.ends === null) return null;
  const begins = readInstant(row.item.not_before);
  const told = create("p", {}, create("strong", {}, showDistance(row.ends, now)), ` (${showInstant(row.ends)})`);
  const share = row.lifeLeft === null ? null : create("p", { class: "share" }, createLifeBar(row.lifeLeft, row.urgency), `${showShare(row.lifeLeft)} of its life left`);
  const began = begins === null ? null : create("p", { class: "quiet" }, `It began on ${showInstant(begins)}.`);
  return createSection(row.ends > now ? "Ends" : "Has ended", told, share, began);
}

function createRenewal(item, now) {
  const when = (text) => {
    const instant = readInstant(text);
    return instant === null ? text : `${showInstant(instant)}, ${showDistance(instant, now)}`;
  };
  const failure = item.last_failure ?? null;
  return createFacts("Renewal", [
    ["Next renewal", when(item.next_renewal)],
    ["Last failure", failure && when(failure.at)],
    ["Tries", failure && failure.tries > 1 ? `${numbers.format(failure.tries)} in a row` : ""],
    ["Why", failure && failure.message, "message"],
    ["Code", failure && failure.code, "code"],
    ["Next try", when(item.next_try)],
  ]);
}

function createNames(names) {
  if (names.length === 0) return null;
  const list = (some) => create("ul", { class: "names" }, some.map((name) => create("li", {}, createForeign(name))));
  const rest = names.slice(FIRST_NAMES);
  const more = rest.length
    ? create("details", {}, create("summary", {}, `${numbers.format(rest.length)} more`), list(rest))
    : null;
  return createSection(names.length === 1 ? "Name" : `${numbers.format(names.length)} names`, list(names.slice(0, FIRST_NAMES)), more);
}

// What has no value has no line; what has no line has no section.
function createFacts(title, facts) {
  const told = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (told.length === 0) return null;
  const lines = told.flatMap(([label, value, kind]) => [
    create("dt", {}, label),
    create("dd", {}, createForeign(value, { class: kind ?? "" })),
  ]);
  return createSection(title, create("dl", {}, lines));
}

function createPorts(ports) {
  if (ports.length === 0) return null;
  const heads = ["Port", "Name asked for", "What it shows"].map((label) => create("th", { scope: "col" }, label));
  const rows = ports.map((port) => create(
    "tr", {},
    create("td", {}, createForeign(port.address ? `${showAddress(port.address)}:${port.port}` : port.port), port.starttls ? create("span", { class: "quiet" }, ` ${showUnseen(port.starttls)}`) : null),
    create("td", {}, createForeign(port.server_name)),
    create("td", { class: isWellServed(port) ? "" : "wrong" }, showServed(port)),
  ));
  return createSection("Ports", create("table", {}, create("thead", {}, create("tr", {}, heads)), create("tbody", {}, rows)));
}

function showAddress(address) {
  return address.includes(":") ? `[${address}]` : address;
}

function isWellServed(port) {
  return port.state === "served" && port.is_live !== false;
}

function showServed(port) {
  const states = { __proto__: null, silent: "nothing answers", no_tls: "no TLS", unproved: "a certificate that could not be read" };
  if (port.state !== "served") return states[port.state] ?? showUnseen(port.state);
  if (port.is_live === false) return `another certificate (${showUnseen(port.fingerprint_sha256).slice(0, 16)}…)`;
  return port.is_live ? "this certificate" : "a certificate";
}
