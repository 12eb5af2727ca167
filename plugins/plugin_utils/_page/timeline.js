// Copyright (c) 2026 the certwright.tls authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The time line: a bar for each bin, a button where something ends. One of them is in the tab order, arrows reach the others.

class Timeline {
  constructor(element, readout, { now, onChoose }) {
    Object.assign(this, { element, readout, now, onChoose, plan: null, current: 0 });
    element.addEventListener("keydown", (event) => this.move(event));
    element.addEventListener("pointerleave", () => this.tell(null));
    element.addEventListener("focusout", () => this.tell(null));
  }

  setRows(rows, { bars, labels }) {
    this.labels = labels;
    this.plan = planBins(rows, this.now, bars);
    this.element.closest("section").hidden = this.plan === null;
  }

  render(rows, view) {
    if (this.plan === null) return;
    this.bins = fillBins(this.plan, rows);
    this.view = view;
    const closed = this.bins.filter((bin) => !isOpenEnded(bin)).map((bin) => bin.total);
    this.most = Math.max(1, ...closed);
    this.buttons = [];
    const held = this.element.contains(document.activeElement);
    const bars = create("div", { class: "bars", role: "group", "aria-label": "Certificates by the day they end" });
    bars.append(...this.bins.map((bin) => this.createBar(bin)));
    this.element.replaceChildren(this.createScale(), bars, this.createAxis());
    this.placeToday(bars);
    this.setCurrent(Math.min(this.current, this.buttons.length - 1), held);
    this.tell(null);
  }

  createScale() {
    return create("div", { class: "scale", "aria-hidden": "true" }, numbers.format(this.most));
  }

  createBar(bin) {
    const kind = isOpenEnded(bin) ? "bar open" : "bar";
    if (bin.total === 0) return create("span", { class: kind });
    const isChosen = this.isChosen(bin);
    const button = create(
      "button",
      {
        class: kind, type: "button", tabindex: "-1", "aria-pressed": String(isChosen), "aria-label": describeBin(bin),
        onclick: (event) => this.choose(bin, isChosen, event.shiftKey),
        onpointerenter: () => this.tell(bin),
        onfocus: () => { this.setCurrent(this.buttons.indexOf(button), false); this.tell(bin); },
      },
      this.createStack(bin),
    );
    this.buttons.push(button);
    return button;
  }

  // The worst stands on the ground, where it is seen first; even one among a thousand has its line.
  createStack(bin) {
    const stack = create("span", { class: "stack" });
    const share = Math.min(1, bin.total / this.most);
    stack.style.height = `${Math.max(share * 100, 3)}%`;
    for (const urgency of URGENCIES) {
      if (!bin.counts[urgency.id]) continue;
      const part = create("span", { class: `part u-${urgency.id}` });
      part.style.flexGrow = String(bin.counts[urgency.id]);
      stack.append(part);
    }
    if (isOpenEnded(bin)) stack.append(create("span", { class: "sum" }, numbers.format(bin.total)));
    return stack;
  }

  // Labels at the days they name, as many as there is room for, and none that runs into those at the two ends.
  createAxis() {
    const axis = create("div", { class: "axis", "aria-hidden": "true" });
    const add = (share, label, kind) => {
      const tick = create("span", { class: kind }, label);
      tick.style.left = `${share * 100}%`;
      axis.append(tick);
    };
    const room = 1 / this.labels;
    let free = this.plan.before ? room * 0.9 : 0;
    let last = "";
    for (const { instant, label, year } of listTicks(this.plan)) {
      const share = this.findShare(instant);
      if (share < free || share > (this.plan.behind ? 1 - room * 1.3 : 1 - room * 0.5)) continue;
      add(share, year === last ? label : `${label} ${year}`, "tick");
      [free, last] = [share + room, year];
    }
    if (this.plan.before) add(0, "earlier", "tick open");
    if (this.plan.behind) add(1, "later", "tick open last");
    return axis;
  }

  findShare(instant) {
    const units = (instant - this.plan.start) / (this.plan.unit * DAY) + (this.plan.before ? 1 : 0);
    return units / this.bins.length;
  }

  placeToday(bars) {
    const today = create("div", { class: "today", "aria-hidden": "true" }, create("span", {}, "today"));
    today.style.left = `${this.findShare(this.now) * 100}%`;
    bars.append(today);
  }

  isChosen(bin) {
    if (!hasWindow(this.view)) return false;
    return (this.view.from ?? -Infinity) <= (bin.from ?? -Infinity) && (this.view.until ?? Infinity) >= (bin.until ?? Infinity);
  }

  // With Shift the window reaches from what was chosen before to here.
  choose(bin, isChosen, isExtended) {
    if (isExtended && hasWindow(this.view)) {
      const { from, until } = this.view;
      this.onChoose(
        from === null || bin.from === null ? null : Math.min(from, bin.from),
        until === null || bin.until === null ? null : Math.max(until, bin.until),
      );
    } else if (isChosen) this.onChoose(null, null);
    else this.onChoose(bin.from, bin.until);
  }

  move(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.setCurrent(Math.max(0, Math.min(this.buttons.length - 1, this.current + steps[event.key])), true);
  }

  setCurrent(place, takesFocus) {
    this.current = Math.max(0, place);
    this.buttons.forEach((button, other) => { button.tabIndex = other === this.current ? 0 : -1; });
    if (takesFocus) this.buttons[this.current]?.focus();
  }

  // What is pointed at, else what is chosen.
  tell(bin) {
    const chosen = hasWindow(this.view) ? `Chosen: ${nameBin(this.view)}` : "A bar is a filter; Shift extends it";
    this.readout.textContent = bin ? describeBin(bin) : chosen;
    this.readout.classList.toggle("quiet", !bin && !hasWindow(this.view));
  }
}
