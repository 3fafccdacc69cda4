// SPDX-License-Identifier: MIT
// usage: node html.mjs [--axe] PAGE...: a line of JSON for each page: {page, findings: [...]}. Everything that html-validate
// finds; with --axe what axe-core finds in jsdom, too, which draws nothing: contrast is not among it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";

// The packages are installed where the test runs, and not beside this file.
const require = createRequire(process.cwd() + "/");
const { HtmlValidate } = require("html-validate");
const { JSDOM } = require("jsdom");

const rules = new HtmlValidate({
	extends: ["html-validate:recommended", "html-validate:document", "html-validate:a11y"],
	rules: {
		// Matters of taste: the document type in lower case, and lines that end in a blank inside <pre>.
		"doctype-style": "off",
		"no-trailing-whitespace": "off",
		"void-style": "off",
	},
});

async function axe(text) {
	const { window } = new JSDOM(text.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, ""), {
		runScripts: "outside-only",
		pretendToBeVisual: true,
	});
	window.eval(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
	const result = await window.axe.run(window.document, { rules: { "color-contrast": { enabled: false } } });
	window.close();
	return result.violations.map((v) => `axe: ${v.id}: ${v.help}: ${v.nodes[0].html.slice(0, 160)}`);
}

const withAxe = process.argv[2] === "--axe";
for (const page of process.argv.slice(withAxe ? 3 : 2)) {
	const text = readFileSync(page, "utf8");
	const report = await rules.validateString(text, page);
	const findings = report.results.flatMap((r) =>
		r.messages.map((m) => `html-validate: ${m.ruleId}: line ${m.line}: ${m.message}`),
	);
	console.log(JSON.stringify({ page, findings: findings.concat(withAxe ? await axe(text) : []) }));
}
