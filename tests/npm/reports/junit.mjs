// SPDX-License-Identifier: MIT
// usage: node junit.mjs FILE.xml...: a line of JSON for each file: what two readers of JUnit make of it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import process from "node:process";

const require = createRequire(process.cwd() + "/");
const { parse } = await import(pathToFileURL(process.cwd() + "/node_modules/junit2json/dist/esm/index.js"));
const results = require("test-results-parser");

function counted(cases, outcome) {
	const of = { total: 0, failure: 0, error: 0, skipped: 0, names: new Set() };
	for (const c of cases) {
		of.total++;
		of.names.add(c.name);
		for (const kind of ["failure", "error", "skipped"]) of[kind] += outcome(c, kind) ? 1 : 0;
	}
	return { ...of, names: of.names.size };
}

for (const file of process.argv.slice(2)) {
	const read = await parse(readFileSync(file, "utf8"));
	const cases = read.testsuite.flatMap((s) => s.testcase ?? []);
	const junit2json = counted(cases, (c, kind) => (c[kind] ?? []).length > 0);
	const summary = results.parse({ type: "junit", files: [file] });
	const all = summary.suites.flatMap((s) => s.cases);
	const parser = {
		total: summary.total,
		// This one makes no difference between a failure and an error.
		failed: summary.failed + (summary.errors ?? 0),
		skipped: summary.skipped,
		names: new Set(all.map((c) => c.name)).size,
	};
	console.log(JSON.stringify({ file, junit2json, "test-results-parser": parser }));
}
