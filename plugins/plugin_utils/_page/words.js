// Copyright (c) 2026 the certwright.tls authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Words, numbers and instants as people read them.

const URGENCIES = [
  { id: "expired", one: "Expired", many: "Expired", fact: "its end has passed" },
  { id: "problem", one: "Problem", many: "Problems", fact: "something is wrong with it" },
  { id: "unreachable", one: "Unreachable", many: "Unreachable", fact: "nothing is known of the host" },
  { id: "host", one: "Host", many: "Host faults", fact: "what belongs to no certificate" },
  { id: "missing", one: "Missing", many: "Missing", fact: "the inventory wants it and it is not there" },
  { id: "due", one: "Due", many: "Due", fact: "it is to be renewed" },
  { id: "unmanaged", one: "Unmanaged", many: "Unmanaged", fact: "the inventory does not know it" },
  { id: "ok", one: "OK", many: "OK", fact: "nothing is wrong" },
];
const CALM = "ok";
const DAY = 86400000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
// What nobody sees, and what turns the letters around it: a name must not look like another one.
const UNSEEN = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/gu;
const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z)?$/;
const numbers = new Intl.NumberFormat("en");

function findUrgency(id) {
  return URGENCIES.find((urgency) => urgency.id === id) ?? URGENCIES[1];
}

function showUnseen(text) {
  return String(text ?? "").replace(UNSEEN, (char) => `\\u{${char.codePointAt(0).toString(16)}}`);
}

function count(number, one, many) {
  return `${numbers.format(number)} ${number === 1 ? one : many}`;
}

// Null where there is none, or where it is not an instant.
function readInstant(text) {
  // Date.parse alone finds a year in any text.
  const instant = INSTANT.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(instant) ? null : instant;
}

function showDate(instant) {
  return instant === null ? "" : new Date(instant).toISOString().slice(0, 10);
}

function showInstant(instant) {
  return instant === null ? "" : `${new Date(instant).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function showShortDate(instant) {
  const date = new Date(instant);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

// "in 3 days", "5 h ago": whole units, the coarser the further away.
function showDistance(instant, now) {
  const far = Math.abs(instant - now);
  const units = [[DAY * 730, DAY * 365.25, "year", "years"], [DAY * 2, DAY, "day", "days"], [7200000, 3600000, "h", "h"]];
  const [, size, one, many] = units.find(([least]) => far >= least) ?? [0, 60000, "min", "min"];
  const number = Math.floor(far / size);
  if (number === 0) return "now";
  const words = `${numbers.format(number)} ${number === 1 ? one : many}`;
  return instant > now ? `in ${words}` : `${words} ago`;
}

function showShare(share) {
  return share === null ? "" : `${Math.round(share * 100)} %`;
}

// The common name of a distinguished name (RFC 4514), else all of it.
function findCommonName(distinguished) {
  const found = /(?:^|[,+])CN=((?:\\.|[^\\,+])*)/.exec(distinguished || "");
  return found ? found[1].replace(/\\(.)/g, "$1") : distinguished || "";
}
