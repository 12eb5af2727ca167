// Copyright (c) 2026 the certwright.tls authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The filters: a button for each count, the search and the choices. They write into the view and say so.

const NONE = "none";
const ALL = "";

class Controls {
  constructor(rows, { onChange }) {
    this.onChange = onChange;
    this.counts = URGENCIES.map((urgency) => this.createCount(urgency, rows.filter((row) => row.urgency === urgency).length));
    find("counts").append(...this.counts.map(({ button }) => button));
    this.fillChoices(rows);
    for (const id of ["search", "host"]) find(id).addEventListener("input", () => onChange({ [id]: find(id).value }));
    for (const id of ["issuer", "engine"]) find(id).addEventListener("change", () => onChange({ [id]: readChoice(find(id)) }));
    find("sort").addEventListener("change", () => onChange({ sort: find("sort").value, descending: false }));
    find("filters").addEventListener("submit", (event) => event.preventDefault());
  }

  createCount(urgency, total) {
    const number = create("span", { class: "number" }, numbers.format(total));
    const words = create("span", { class: "words" }, createIcon(urgency.id), total === 1 && urgency.id === "problem" ? urgency.one : urgency.many);
    const button = create(
      "button",
      { type: "button", class: `count u-${urgency.id}`, "aria-pressed": "false", disabled: total === 0, title: urgency.fact, onclick: () => this.toggle(urgency) },
      number, words,
    );
    // Nobody has to look at what never is.
    if (total === 0 && ["host", "unreachable"].includes(urgency.id)) button.hidden = true;
    return { urgency, total, number, button };
  }

  toggle(urgency) {
    const urgencies = new Set(this.view.urgencies);
    if (!urgencies.delete(urgency.id)) urgencies.add(urgency.id);
    this.onChange({ urgencies });
  }

  fillChoices(rows) {
    const certificates = rows.filter((row) => row.engine !== null);
    fillSelect(find("issuer"), tally(certificates.map((row) => row.issuer)), (issuer) => showUnseen(issuer) || "unknown");
    fillSelect(find("engine"), tally(certificates.map((row) => row.engine)), showEngine);
    find("hosts").append(...tally(rows.map((row) => row.host)).slice(0, 500).map(([host]) => create("option", { value: host })));
    find("sort").append(...COLUMNS.map(([id, label]) => create("option", { value: id }, label)));
  }

  render(view, forCounts) {
    this.view = view;
    // What somebody types is not to be written over.
    for (const id of ["search", "host"]) if (find(id).value !== view[id]) find(id).value = view[id];
    for (const id of ["issuer", "engine"]) find(id).value = view[id] === null ? ALL : view[id] || NONE;
    find("sort").value = view.sort;
    const matching = new Map(tally(forCounts.map((row) => row.urgency.id)));
    for (const { urgency, total, number, button } of this.counts) {
      button.setAttribute("aria-pressed", String(view.urgencies.has(urgency.id)));
      const left = matching.get(urgency.id) ?? 0;
      number.replaceChildren(numbers.format(left), ...(left === total ? [] : [create("small", {}, ` of ${numbers.format(total)}`)]));
    }
  }
}

function tally(words) {
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1] || collator.compare(one[0], other[0]));
}

function fillSelect(select, counts, show) {
  const options = counts.map(([word, number]) => create("option", { value: word || NONE }, `${show(word)} (${numbers.format(number)})`));
  select.append(create("option", { value: ALL }, "all"), ...options);
}

function readChoice(select) {
  if (select.value === ALL) return null;
  return select.value === NONE ? "" : select.value;
}
