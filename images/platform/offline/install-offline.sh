#!/bin/sh
# Installs the appliance from one signed file on a machine without a network:
#
#   sh install-offline.sh PLATFORM.lmab MAKER.pub [--home DIR] [--prefix DIR]
#
# Compare this script's and the key's SHA-256 with what you have on paper before you run it: everything else is checked
# by it. It needs sh, tar's format only (no tar), and Python 3.11 or newer with venv. PYTHON names another Python.
set -eu

text() {
    case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in
    zh*) printf '%s\n' "$2" ;;
    *) printf '%s\n' "$1" ;;
    esac
}

is_usable() { "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

python=
for candidate in ${PYTHON:-python3.11 python3 python3.12 python3.13}; do
    if is_usable "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    text "Python 3.11 or newer is needed and was not found. On Debian 12 or Ubuntu 24.04: apt install python3 python3-venv" \
        "需要 Python 3.11 或更高版本，但没有找到。Debian 12 或 Ubuntu 24.04 请执行：apt install python3 python3-venv" >&2
    exit 1
fi
exec "$python" -I - "$@" <<'__END_OF_PROGRAM__'
@PROGRAM@
__END_OF_PROGRAM__
