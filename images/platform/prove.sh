#!/usr/bin/env bash
# Proves, on a machine with root and 25 GB of disk, that the platform's package does what docs/offline.md says: built,
# installed and asked without a network from a bare home, upgraded, rolled back with a key that stays valid. Too big for
# continuous integration: two packages of 1.6 GB, two environments of 4.5 GB, the real stack three times.
#
#   images/platform/prove.sh FOLDER      FOLDER is made and stays; PYTHON names a Python 3.11 that is no shim
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=$(mkdir -p "$1" && cd "$1" && pwd)
python=${PYTHON:-$(.venv/bin/python -c 'import os, sys; print(os.path.realpath(sys.executable))')}

if [ -z "${PROVE_INSIDE:-}" ]; then
    [ -f "$folder/maker.key" ] || .venv/bin/appliance package keygen "$folder/maker"
    for release in 1 2; do
        [ -f "$folder/$release/appliance.lmab" ] || .venv/bin/appliance package build-platform --key "$folder/maker.key" \
            --release "$release" --wheels "$folder/wheels" --output "$folder/$release/appliance.lmab"
    done
    PROVE_INSIDE=1 PYTHON=$python exec unshare -n "$0" "$folder"
fi

ip link set lo up
[ -z "$(ip -o link show up | grep -v ': lo:')" ] || { echo "There is more than loopback here." >&2; exit 1; }
bare() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$folder/bare" LANG=C.UTF-8 PYTHON="$python" "$@"; }
appliance() { bare "$folder/bare/opt/bin/appliance" "$@"; }
ask() { appliance ask "How long can a payment holiday on a mortgage last?" | tee "$folder/answer.txt"; grep -q '\[1\]' "$folder/answer.txt"; }
says() { bare "$python" -c 'import sys, urllib.request as w; w.urlopen(w.Request(sys.argv[1] + "/v1/models", headers={"Authorization": "Bearer " + sys.argv[2]})).read()' "$@"; }

rm -rf "$folder/bare"
mkdir -p "$folder/bare/home"
printf 'gateway: {port: %s}\ncluster: {port: 30380, worker_port_min: 30400, worker_port_max: 30900}\n' \
    "${PROVE_PORT:-8590}" >"$folder/bare/home/site.yaml"
trap 'appliance down || true' EXIT
time bare sh "$folder/1/install-offline.sh" "$folder/1/appliance.lmab" "$folder/maker.pub" \
    --home "$folder/bare/home" --prefix "$folder/bare/opt"
time appliance up
ask
key=$(appliance key create before --json | "$python" -c 'import json, sys; print(json.load(sys.stdin)["key"])')
time appliance package install "$folder/2/appliance.lmab"
says "http://127.0.0.1:${PROVE_PORT:-8590}" "$key"
ask
time appliance package rollback platform appliance --yes
says "http://127.0.0.1:${PROVE_PORT:-8590}" "$key"
ask
appliance package list
