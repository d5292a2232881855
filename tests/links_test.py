"""Every link of the Markdown files leads somewhere, and the paths that they name are there: links_test.py SOURCE_FOLDER

README.md and docs/ are installed without the rest of the tree: their links lead only to what is installed with them.
"""
import pathlib
import re
import sys

SOURCE = pathlib.Path(sys.argv[1]).resolve()
OTHERS = {"build", ".git"}
INSTALLED = {"README.md", "CHANGELOG.md", ".env.example", "docs"}
FOLDERS = "src|tests|scripts|docs|man|packaging|bench|cmake|completions"


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S))


def anchor(heading):
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", "")).replace(" ", "-")


def anchors(page):
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.M | re.S), re.M)}


def problem_of_link(page, link):
    if re.match(r"https?://", link):
        return None
    path, _, part = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    name = page.relative_to(SOURCE)
    if not target.exists():
        return f"{name}: {link} leads nowhere"
    if part and part not in anchors(target):
        return f"{name}: {link}: {target.relative_to(SOURCE)} has no such heading"
    if name.parts[0] in INSTALLED and target.relative_to(SOURCE).parts[:1] and target.relative_to(SOURCE).parts[0] not in INSTALLED:
        return f"{name}: {link} is not installed with it"
    return None


def problems_of(page):
    text = page.read_text()
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(text)):
        if problem := problem_of_link(page, link):
            yield problem
    for path in re.findall(rf"`((?:{FOLDERS})/[\w./-]*\w/?)`", text):
        if not (SOURCE / path).exists():
            yield f"{page.relative_to(SOURCE)}: there is no {path}"


pages = sorted(page for page in SOURCE.rglob("*.md") if page.relative_to(SOURCE).parts[0] not in OTHERS)
problems = [problem for page in pages for problem in problems_of(page)]
print(*problems or [f"the links of {len(pages)} pages lead somewhere"], sep="\n")
sys.exit(1 if problems else 0)
