// Copyright (c) 2026 the certwright.tls authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Elements of the page. Text gets in as text: nothing here reads markup, and the policy of the page forbids it.

// create("p", { class: "calm", onclick: act }, "text", other, null)
function create(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [word, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(word.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(word, value);
    else if (value !== null && value !== undefined) element.setAttribute(word, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function find(id) {
  return document.getElementById(id);
}

function createIcon(id) {
  const space = "http://www.w3.org/2000/svg";
  const icon = document.createElementNS(space, "svg");
  icon.setAttribute("class", "icon");
  icon.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${id}`);
  icon.append(use);
  return icon;
}

function createBadge(urgency) {
  return create("span", { class: `badge u-${urgency.id}` }, createIcon(urgency.id), create("span", {}, urgency.one));
}

// Nobody reads more, and a browser lays out no name of a megabyte.
const LONGEST = 3000;

// The text of somebody else: what it says about its direction stays within, and names are read from the left.
function createForeign(text, attributes = {}) {
  return create("bdi", { dir: "ltr", ...attributes }, showUnseen(cut(String(text ?? ""), LONGEST)));
}

function cut(text, length) {
  return text.length > length ? `${text.slice(0, length)}… (${count(text.length, "character", "characters")})` : text;
}

// How much of the whole life is left; the number beside it says the same.
function createLifeBar(share, urgency) {
  const left = create("span", { class: `u-${urgency.id}` });
  left.style.width = `${Math.min(1, Math.max(0, share)) * 100}%`;
  return create("span", { class: "life", "aria-hidden": "true" }, left);
}
