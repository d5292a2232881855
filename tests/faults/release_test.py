"""The shipped binary holds no fault point, and the other all of them: release_test.py WABOT SOURCE_FOLDER"""
import pathlib
import re
import sys

shipped = pathlib.Path(sys.argv[1]).read_bytes()
faulty = pathlib.Path(sys.argv[1] + "-faults").read_bytes()
points = {point for path in pathlib.Path(sys.argv[2]).rglob("*.cpp") for point in re.findall(r'WABOT_FAULT\("([a-z_.]+)"', path.read_text())}
marks = {point for point in points if "." in point} | {"fault_point", "WABOT_FAULT"}
if len(points) < 10:
    sys.exit(f"only {len(points)} points in the source")
for mark in sorted(marks):
    if mark.encode() in shipped:
        sys.exit(f"the shipped binary holds {mark}")
    if mark.encode() not in faulty:
        sys.exit(f"the binary with faults lacks {mark}: its file is found when CMake configures, run cmake --preset release")
