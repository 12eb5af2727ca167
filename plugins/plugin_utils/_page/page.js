// Copyright (c) 2026 the certwright.tls authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The page: the report is read once, and every change goes through the view and the address.

const NARROW = matchMedia("(max-width: 760px)");
const OLD_REPORT = 2 * DAY;

class Page {
  constructor(report) {
    this.now = Date.now();
    this.rows = readRows(report);
    this.generated = readInstant(report.generated);
    this.hosts = report.hosts ?? 0;
    const { now } = this;
    this.timeline = new Timeline(find("timeline"), find("readout"), { now, onChoose: (from, until) => this.change({ from, until }) });
    this.table = new Table(find("table"), { now, onSort: (sort) => this.sort(sort), onOpen: (row) => this.change({ open: row.key }) });
    this.detail = new Detail(find("detail"), {
      now,
      onClose: () => this.close(),
      onStep: (by) => this.step(by),
      onHost: (host) => this.showHost(host),
    });
    this.controls = new Controls(this.rows, { onChange: (words) => this.change(words) });
    this.tell();
    this.listen();
    this.timeline.setRows(this.rows, this.findRoom());
    find("list").hidden = this.rows.length === 0;
    this.read();
  }

  listen() {
    addEventListener("hashchange", () => this.read());
    addEventListener("keydown", (event) => this.hear(event));
    find("reset").addEventListener("click", () => this.clear());
    NARROW.addEventListener("change", () => {
      this.timeline.setRows(this.rows, this.findRoom());
      this.render();
    });
  }

  findRoom() {
    return NARROW.matches ? { bars: 16, labels: 6 } : { bars: 64, labels: 17 };
  }

  read() {
    this.view = readView(location.hash);
    this.render();
    this.renderDetail();
  }

  // A change of what is open leaves the list alone.
  change(words) {
    const isOpening = Object.keys(words).every((word) => word === "open");
    this.view = { ...this.view, ...words };
    const fragment = writeView(this.view);
    history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
    if (!isOpening) this.render();
    if ("open" in words) this.renderDetail();
  }

  render() {
    const { shown, forCounts, forTimeline } = selectRows(this.rows, this.view);
    this.shown = shown;
    this.controls.render(this.view, forCounts);
    this.timeline.render(forTimeline, this.view);
    this.table.render(shown, this.view);
    const all = numbers.format(this.rows.length);
    find("shown").textContent = shown.length === this.rows.length ? `${all} shown` : `${numbers.format(shown.length)} of ${all} shown`;
    find("reset").hidden = !isNarrowed(this.view);
  }

  renderDetail() {
    const row = this.view.open && this.rows.find((other) => other.key === this.view.open);
    if (!row) {
      this.detail.hide();
      return;
    }
    const place = this.shown.indexOf(row);
    this.detail.show(row, place < 0 ? null : { number: place + 1, of: this.shown.length });
  }

  close() {
    const place = this.shown.findIndex((row) => row.key === this.view.open);
    if (this.view.open) this.change({ open: "" });
    if (place >= 0) this.table.focus(place);
  }

  step(by) {
    const next = this.shown[this.shown.findIndex((row) => row.key === this.view.open) + by];
    if (next) this.change({ open: next.key });
  }

  sort(sort) {
    this.change({ sort, descending: this.view.sort === sort && !this.view.descending });
  }

  showHost(host) {
    this.change({ ...readView(""), host, open: "" });
    find("host").focus();
  }

  clear() {
    const { sort, descending } = this.view;
    this.change({ ...readView(""), sort, descending });
    find("search").focus();
  }

  hear(event) {
    const isTyping = event.target.matches?.("input, select, textarea");
    if (find("detail").open || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && !isTyping) {
      event.preventDefault();
      find("search").focus();
      find("search").select();
    } else if (event.key === "Escape" && isTyping) this.table.focus(0);
  }

  tell() {
    const certificates = this.rows.filter((row) => row.engine !== null).length;
    const made = this.generated === null ? "" : `, as of ${showInstant(this.generated)} (${showDistance(this.generated, this.now)})`;
    find("told").textContent = `${count(certificates, "certificate", "certificates")} on ${count(this.hosts, "host", "hosts")}${made}`;
    const isOld = this.generated !== null && this.now - this.generated > OLD_REPORT;
    const waiting = this.rows.filter((row) => row.urgency.id !== CALM).length;
    document.title = waiting ? `${numbers.format(waiting)} need attention - Certificates` : "Certificates";
    find("verdict").textContent = `${this.judge(certificates, waiting)}${isOld ? " This report is old; make a new one." : ""}`;
  }

  judge(certificates, waiting) {
    if (waiting) return `${numbers.format(waiting)} of ${numbers.format(this.rows.length)} ${waiting === 1 ? "needs" : "need"} attention.`;
    if (certificates === 0) return "No certificate was found, and none is wanted.";
    const [next] = this.rows.filter((row) => row.ends !== null).sort((one, other) => one.ends - other.ends);
    return next ? `All is well. The next one ends ${showDistance(next.ends, this.now)}.` : "All is well.";
  }
}

try {
  new Page(JSON.parse(find("data").textContent));
} catch (error) {
  find("verdict").textContent = `This report cannot be shown here: ${error.message}`;
  throw error;
}
