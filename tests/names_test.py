"""Every test case reaches ctest: a name with one of these characters would melt into its neighbours in CMake's lists."""

import re
import subprocess
import sys

names = subprocess.run([sys.argv[1], "--list-test-names-only"], capture_output=True, text=True).stdout.splitlines()
assert names, "the test program lists no tests"
for name in names:
    assert not re.search(r"[][;\\]", name), f"rename this test, CMake cannot hold it: {name}"
assert len(names) == len(set(names)), "two tests have one name"
