#!/bin/sh
# pytest-xdist 3.8.0 under pytest 9.2.0: tests of one xdist_group are spread over processes, without a word.
#
# One would guess: with --dist loadgroup all tests of one @pytest.mark.xdist_group run in one process, as its help says;
# or, if a version of pytest is not supported, that pip or pytest-xdist refuses it.
# So it is: pytest-xdist writes the group into Item._nodeid, which pytest 9.2 no longer reads. The scheduler sees tests
# without groups and hands them out one by one: fixtures of a module are made in each process, and tests that share a
# port or a file by their group meet. Under pytest 9.1.1 the group is kept together.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cat > "$place/test_group.py" <<'PYTHON'
import os

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(20))
def test_of_the_group(number):
    with open("processes", "a") as file:
        print(os.environ["PYTEST_XDIST_WORKER"], file=file)
PYTHON
cd "$place"
for pytest in 9.1.1 9.2.0; do
    rm -f processes
    python3 -m venv "$place/$pytest"
    "$place/$pytest/bin/pip" install --quiet "pytest==$pytest" pytest-xdist==3.8.0
    "$place/$pytest/bin/python" -m pytest -q -n 2 --dist loadgroup test_group.py > said || { cat said; exit 1; }
    grep -qi "warn" said && { cat said; exit 1; }
    echo "pytest $pytest, pytest-xdist 3.8.0: one group of 20 tests ran in $(sort -u processes | wc -l) process(es)"
    sort -u processes | wc -l | tr -d ' ' > "ran-$pytest"
done
[ "$(cat ran-9.1.1)" = 1 ] && [ "$(cat ran-9.2.0)" = 2 ]
