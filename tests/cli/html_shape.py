#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Is every HTML report one file that does nothing, can be read by everybody, and holds its promises?

Well-formed nesting, no script, no address outside the file, nothing inline but the one <style> whose hash the page's
policy names, one <h1>, headings in order, every id once and every link to one that is there, tables with captions and
scopes, pictures hidden from those who hear the page (the words beside them say the same), and text that stands out
from its ground as WCAG AA asks, in light and in dark. Standard library only.
Arguments: the files, or folders of them. Writes TAP."""
import base64
import glob
import hashlib
import html.parser
import os
import re
import sys

VOID = {"meta", "br", "hr", "img", "input", "link"}
KNOWN = {
    "html", "head", "meta", "title", "style", "body", "a", "div", "header", "main", "footer", "nav", "section",
    "article", "p", "h1", "h2", "h3", "ul", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th",
    "td", "span", "small", "b", "strong", "i", "em", "code", "pre", "mark", "var", "time", "details", "summary",
    "svg", "path", "circle", "rect", "figure", "figcaption", "ol",
}
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "scope", "datetime", "aria-label",
    "aria-labelledby", "aria-hidden", "focusable", "width", "height", "viewbox", "preserveaspectratio", "d", "fill",
    "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "cx", "cy", "r", "x", "y", "rx",
    "stroke-dasharray", "open",
}
# text on ground, and the ratio that WCAG asks of them; drawn things 3.
PAIRS = [(ink, ground, 4.5) for ground in ("paper", "card") for ink in ("ink", "soft", "good", "bad", "open", "calm")]
PAIRS += [(c, c + "-bg", 4.5) for c in ("good", "bad", "open", "calm")]
PAIRS += [("ink", c + "-bg", 4.5) for c in ("good", "bad", "open", "calm")] + [("markink", "mark", 4.5)]


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.wrong, self.open, self.ids, self.links, self.headings = [], [], [], [], []
        self.style, self.policy, self.tables, self.labels = "", "", [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in KNOWN:
            self.wrong.append(f"<{tag}>")
        for name in attrs:
            if name not in ATTRIBUTES:
                self.wrong.append(f"the attribute {name} of <{tag}>")
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if "aria-labelledby" in attrs:
            self.labels.append(attrs["aria-labelledby"])
        if tag == "a":
            self.links.append(attrs.get("href", ""))
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy":
            self.policy = attrs["content"]
        if tag == "table":
            self.tables.append(False)
        if tag == "caption":
            self.tables[-1] = True
        if tag == "th" and "scope" not in attrs:
            self.wrong.append("<th> without a scope")
        if tag == "svg" and attrs.get("aria-hidden") != "true":
            self.wrong.append("<svg> that is read aloud without a name")
        if tag == "html" and not attrs.get("lang"):
            self.wrong.append("no language")
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.get_starttag_text() and self.get_starttag_text().endswith("/>") and tag in ("path", "circle", "rect"):
            return  # the parser's own end of an element that closes itself
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> that closes something else")

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data
        if re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]", data):
            self.wrong.append(f"a control character in {data[:40]!r}")


def luminance(color):
    channels = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def wrong_in_colors(style):
    schemes = [dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", rule)) for rule in re.findall(r":root\{([^}]*)\}", style)]
    if len(schemes) != 3:
        yield f"{len(schemes)} colour schemes, and not light, dark and print"
        return
    light = schemes[0]
    for name, scheme in zip(("light", "dark", "print"), schemes):
        colors = {**light, **scheme}
        for ink, ground, least in PAIRS:
            ratio = contrast(colors[ink], colors[ground])
            if ratio < least:
                yield f"{name}: {ink} on {ground} is {ratio:.2f}:1"
        if contrast("#5b7db1", colors["paper"]) < 3:
            yield f"{name}: the bars do not stand out"


def wrong_in_page(text):
    page = Page()
    page.feed(text)
    page.close()
    yield from page.wrong
    if page.open:
        yield f"never closed: {page.open}"
    if not text.startswith("<!DOCTYPE html>"):
        yield "no document type"
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    if f"style-src 'sha256-{digest}'" not in page.policy or "default-src 'none'" not in page.policy:
        yield "the policy does not name the style"
    if re.search(r"url\(|@import|expression", page.style):
        yield "the style loads something"
    if page.headings.count(1) != 1:
        yield f"{page.headings.count(1)} main headings"
    for before, after in zip(page.headings, page.headings[1:]):
        if after > before + 1:
            yield f"a heading of level {after} below one of level {before}"
    for name in {i for i in page.ids if page.ids.count(i) > 1}:
        yield f"the id {name} twice"
    for link in page.links:
        if not link.startswith("#") or link[1:] not in page.ids:
            yield f"a link to {link}"
    for label in page.labels:
        if label not in page.ids:
            yield f"a label {label} that is not there"
    if not all(page.tables):
        yield "a table without a caption"
    if len(text) > 5_000_000:
        yield "larger than 5 MB"
    yield from wrong_in_colors(page.style)


def main():
    paths = []
    for arg in sys.argv[1:]:
        paths += sorted(glob.glob(os.path.join(arg, "*.html"))) if os.path.isdir(arg) else [arg]
    failed = 0 if paths else 1
    for n, path in enumerate(paths, 1):
        with open(path, encoding="utf-8") as f:
            wrong = list(wrong_in_page(f.read()))
        print("not ok" if wrong else "ok", n, "-", os.path.basename(path))
        for sentence in wrong:
            print("#", sentence)
        failed += bool(wrong)
    print(f"1..{len(paths)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
