// Copyright (c) 2026 the certwright.tls authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What the report has, as rows: certificates, problems of hosts, and hosts that were not reached.

const ENGINES = { __proto__: null, acme: "ACME", files: "Files", internal_ca: "Internal CA", adopted: "Adopted" };
const NO_ENGINE = "undeclared";

function readRows(report) {
  const rows = [
    ...(report.certificates ?? []).map(readCertificate),
    ...(report.problems ?? []).map(readHostProblem),
    ...(report.unreachable ?? []).map(readUnreachable),
  ];
  const ranks = new Map(URGENCIES.map((urgency, rank) => [urgency.id, rank]));
  const rank = (row) => ranks.get(row.urgency.id) * 10 + (row.lifeLeft ?? -1);
  rows.sort((one, other) => rank(one) - rank(other));
  rows.forEach((row, place) => { row.place = place; });
  return rows;
}

function readCertificate(item) {
  const names = item.names ?? [];
  const problems = [...(item.problems ?? [])].sort((one, other) => isMild(one) - isMild(other));
  const urgency = findUrgency(item.urgency);
  return {
    item,
    urgency,
    problems,
    names,
    host: item.host ?? "",
    name: item.certificate ?? "",
    engine: item.engine ?? "",
    issuer: item.issuer_name || findCommonName(item.issuer),
    ends: readInstant(item.not_after),
    lifeLeft: item.life_left ?? null,
    why: problems.length ? problems.map((problem) => problem.message).join("; ") : names.join(", "),
    key: [item.host, item.certificate, item.source, item.state, item.path, item.serial].map((word) => word ?? "").join("|"),
  };
}

// What holds beside something worse is told after it.
function isMild(problem) {
  return Number(problem.code === "due" || problem.code === "unmanaged");
}

function readHostProblem(problem) {
  return {
    ...readCertificate({ host: problem.host, certificate: problem.subject, problems: [problem] }),
    urgency: findUrgency("host"),
    engine: null,
    key: ["", problem.host, problem.subject, problem.code].join("|"),
  };
}

function readUnreachable(host) {
  const message = "The host was not reached; nothing is known of what is on it";
  return {
    ...readHostProblem({ host, subject: "", code: "unreachable", message }),
    urgency: findUrgency("unreachable"),
  };
}

function showEngine(engine) {
  return engine === null ? "" : ENGINES[engine] ?? (engine || NO_ENGINE);
}

// All that can be searched, once asked for; every word of a search has to be in it.
function findText(row) {
  row.text ??= [
    ...[row.host, row.name, row.issuer, showEngine(row.engine), row.urgency.one, ...row.names],
    ...[row.item.subject, row.item.issuer, row.item.serial, row.item.fingerprint_sha256, row.item.path, row.item.state],
    ...(row.item.services ?? []),
    ...row.problems.map((problem) => `${problem.code} ${problem.message}`),
  ].join("\n").toLowerCase();
  return row.text;
}
