// Copyright (c) 2026 the certwright.tls authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The list. Only rows within sight are in the document, whatever their number; the one with the focus stays.

const COLUMNS = [
  ["urgency", "State"],
  ["certificate", "Certificate"],
  ["host", "Host"],
  ["issuer", "Issuer"],
  ["engine", "Engine"],
  ["ends", "Ends"],
  ["left", "Life left"],
];
const MARGIN_ROWS = 6;
// A line has no room for more characters.
const LINE = 300;
// More than anybody wants on paper.
const MOST_PRINTED = 2000;

class Table {
  constructor(element, { now, onSort, onOpen }) {
    Object.assign(this, { now, onOpen, rows: [], placed: new Map(), current: 0, isWhole: false });
    this.head = create("div", { class: "row head", role: "row", "aria-rowindex": "1" });
    this.sorters = COLUMNS.map(([id, label]) => createSorter(id, label, onSort));
    this.head.append(...this.sorters);
    this.body = create("div", { class: "body", role: "rowgroup" });
    this.grid = create(
      "div",
      { class: "grid", role: "grid", "aria-label": "Certificates and hosts", "aria-colcount": String(COLUMNS.length) },
      create("div", { class: "heads", role: "rowgroup" }, this.head), this.body,
    );
    this.probe = create("div", { class: "probe", "aria-hidden": "true" });
    this.rest = create("p", { class: "empty", hidden: true }, `The first ${numbers.format(MOST_PRINTED)} only; narrow the list to print others.`);
    this.empty = create("p", { class: "empty", hidden: true }, "Nothing matches.");
    element.append(this.grid, this.rest, this.empty, this.probe);
    this.body.addEventListener("keydown", (event) => this.move(event));
    this.listen();
  }

  listen() {
    addEventListener("scroll", () => this.draw(), { passive: true });
    addEventListener("resize", () => this.reset());
    addEventListener("beforeprint", () => { this.isWhole = true; this.reset(); });
    addEventListener("afterprint", () => { this.isWhole = false; this.reset(); });
  }

  render(rows, view) {
    this.rows = rows;
    this.current = 0;
    this.grid.setAttribute("aria-rowcount", String(rows.length + 1));
    this.grid.hidden = rows.length === 0;
    this.empty.hidden = rows.length !== 0;
    COLUMNS.forEach(([id], place) => {
      const order = view.descending ? "descending" : "ascending";
      this.sorters[place].setAttribute("aria-sort", id === view.sort ? order : "none");
    });
    this.reset();
    // A list that has become shorter begins at its top, not somewhere below it.
    if (this.grid.getBoundingClientRect().top < 0) this.grid.scrollIntoView();
  }

  reset() {
    this.placed.forEach((element) => element.remove());
    this.placed.clear();
    this.height = this.probe.offsetHeight || 1;
    this.body.classList.toggle("whole", this.isWhole);
    this.rest.hidden = !this.isWhole || this.rows.length <= MOST_PRINTED;
    this.body.style.height = this.isWhole ? "auto" : `${this.rows.length * this.height}px`;
    this.draw();
  }

  draw() {
    const [first, last] = this.isWhole ? [0, Math.min(this.rows.length, MOST_PRINTED)] : this.findSight();
    for (const [place, element] of this.placed) {
      if ((place < first || place >= last) && !element.contains(document.activeElement)) {
        element.remove();
        this.placed.delete(place);
      }
    }
    for (let place = first; place < last; place += 1) if (!this.placed.has(place)) this.place(place);
    this.setEntry(first, last);
  }

  findSight() {
    const top = this.body.getBoundingClientRect().top;
    const first = Math.floor(-top / this.height) - MARGIN_ROWS;
    const last = Math.ceil((innerHeight - top) / this.height) + MARGIN_ROWS;
    return [Math.max(0, first), Math.min(this.rows.length, Math.max(0, last))];
  }

  // In the order of the list, which readers of the document follow.
  place(place) {
    const element = createRow(this.rows[place], place, this.now);
    element.addEventListener("click", () => this.open(place));
    element.addEventListener("focus", () => this.setCurrent(place));
    if (!this.isWhole) element.style.top = `${place * this.height}px`;
    const next = [...this.placed.keys()].filter((other) => other > place).sort((one, other) => one - other)[0];
    this.body.insertBefore(element, next === undefined ? null : this.placed.get(next));
    this.placed.set(place, element);
  }

  // Tab enters the list at the current row, or where one is in sight.
  setEntry(first, last) {
    const entry = this.placed.has(this.current) ? this.current : Math.min(first + MARGIN_ROWS, last - 1);
    this.placed.forEach((element, place) => { element.tabIndex = place === entry ? 0 : -1; });
  }

  setCurrent(place) {
    this.current = place;
    this.placed.forEach((element, other) => { element.tabIndex = other === place ? 0 : -1; });
  }

  open(place) {
    this.setCurrent(place);
    this.onOpen(this.rows[place]);
  }

  move(event) {
    const page = Math.max(1, Math.floor(innerHeight / this.height) - 3);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key === "Enter" || event.key === " ") this.open(this.current);
    else if (event.key in steps) this.focus(this.current + steps[event.key]);
    else return;
    event.preventDefault();
  }

  focus(wanted) {
    if (this.rows.length === 0) return;
    const place = Math.max(0, Math.min(this.rows.length - 1, wanted));
    const head = this.head.offsetHeight;
    const top = this.body.getBoundingClientRect().top + place * this.height;
    if (top < head) scrollBy(0, top - head - this.height);
    else if (top + this.height > innerHeight) scrollBy(0, top + this.height * 2 - innerHeight);
    this.draw();
    this.setCurrent(place);
    this.placed.get(place)?.focus({ preventScroll: true });
  }
}

function createSorter(id, label, onSort) {
  const button = create("button", { type: "button", onclick: () => onSort(id) }, label);
  return create("div", { role: "columnheader", class: `c-${id}` }, button);
}

function createRow(row, place, now) {
  const cell = (id, ...children) => create("div", { class: `c-${id}`, role: "gridcell" }, ...children);
  const two = (first, second) => [create("span", { class: "first" }, first), create("span", { class: "second" }, second)];
  const ends = row.ends === null ? ["", ""] : [showDate(row.ends), showDistance(row.ends, now)];
  return create(
    "div",
    { class: `row is-${row.urgency.id}`, role: "row", tabindex: "-1", "aria-rowindex": String(place + 2) },
    cell("urgency", createBadge(row.urgency)),
    cell("certificate", ...two(createForeign(cut(row.name, LINE)), createForeign(cut(row.why, LINE)))),
    cell("host", createForeign(cut(row.host, LINE))),
    cell("issuer", createForeign(cut(row.issuer, LINE))),
    cell("engine", showEngine(row.engine)),
    cell("ends", ...two(...ends)),
    cell("left", ...(row.lifeLeft === null ? [] : [createLifeBar(row.lifeLeft, row.urgency), showShare(row.lifeLeft)])),
  );
}
