"""Prints the line coverage of each file below SOURCE, from the gcov data in BUILD: coverage.py BUILD SOURCE"""
import json
import pathlib
import subprocess
import sys
from collections import defaultdict

build, source = (pathlib.Path(arg).resolve() for arg in sys.argv[1:])
hits = defaultdict(lambda: defaultdict(int))  # file -> line -> executions, summed over the units that include the file
for data in build.rglob("*.gcda"):
    documents = subprocess.run(["gcov", "--json-format", "--stdout", data], cwd=build, capture_output=True, text=True).stdout
    for document in filter(None, documents.splitlines()):
        for entry in json.loads(document)["files"]:
            file = (build / entry["file"]).resolve()
            if file.is_relative_to(source):
                for line in entry["lines"]:
                    hits[file][line["line_number"]] += line["count"]
if not hits:
    sys.exit("no coverage data: configure with `cmake --preset coverage` and build there")


def row(name, lines):
    reached = sum(1 for count in lines if count)
    return f"{100 * reached / max(1, len(lines)):6.1f} %  {reached:5} of {len(lines):5}  {name}"


for file in sorted(hits):
    print(row(file.relative_to(source), hits[file].values()))
print(row("all", [count for lines in hits.values() for count in lines.values()]))
