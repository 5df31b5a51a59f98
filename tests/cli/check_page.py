"""A report's page is well-formed, stands alone, and what it refers to is there. Usage:
check_page.py PAGE; prints its text without tags."""
import html.parser
import re
import sys

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.refs, self.links, self.text, self.wrong = [], [], [], [], [], []
        self.figures = self.drawings = self.tables = 0

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if len(given) != len(attrs):
            self.wrong.append(f"<{tag}> has an attribute twice")
        if "id" in given:
            self.ids.append(given["id"])
        self.refs += (given.get("aria-labelledby") or "").split()
        for name in ("href", "src", "xlink:href"):
            if name in given:
                self.links.append(given[name])
        for name in given:
            if name.startswith("on"):
                self.wrong.append(f"<{tag}> has {name}")
        self.figures += tag == "figure"
        self.drawings += tag == "svg"
        self.tables += tag == "table"
        if tag == "svg" and given.get("role") != "img":
            self.wrong.append("a drawing without its role")
        if tag == "th" and given.get("scope") not in ("col", "row"):
            self.wrong.append("a heading cell without its scope")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> at line {self.getpos()[0]} closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.text.append(data)


with open(sys.argv[1], encoding="utf-8") as file:
    source = file.read()
page = Page()
page.feed(source)
page.close()
wrong = page.wrong + [f"<{tag}> stays open" for tag in page.open]
wrong += [f"the id {i} stands twice" for i in set(page.ids) if page.ids.count(i) > 1]
wrong += [f"{r} is referred to and not there" for r in page.refs if r not in page.ids]
for link in page.links:
    if link.startswith("#"):
        if link[1:] not in page.ids:
            wrong.append(f"{link} leads nowhere")
    elif not link.startswith("data:"):
        wrong.append(f"{link[:80]} lies elsewhere")
if not source.startswith("<!DOCTYPE html>"):
    wrong.append("no document type")
if page.drawings < page.figures or page.figures < 4:
    wrong.append(f"{page.figures} figures, {page.drawings} drawings")
if re.search(r"url\((?!#)|@import", source):
    wrong.append("the style sheet looks elsewhere")
if re.search(r"\b(nan|inf|NaN|Infinity)\b", re.sub(r"<pre.*?</pre>", "", source, flags=re.S)):
    wrong.append("a number that is none")
print(re.sub(r"\s+", " ", "".join(page.text)))
for line in wrong:
    print(line, file=sys.stderr)
sys.exit(len(wrong) > 0)
