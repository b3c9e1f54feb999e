#!/bin/sh
# The package's own part of an installation; who runs it has checked every file of the package before.
#
#   install.sh prepare RELEASE PYTHON        makes RELEASE/venv from the wheels; no network, nothing outside RELEASE
#   install.sh activate RELEASE PREFIX HOME  lets PREFIX/current point to it, by one rename
#
# Both may be interrupted and run again. RELEASE holds the package's files/; RELEASE/complete says that it can be used.
set -eu
umask 022

text() {
    case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in
    zh*) printf '%s' "$2" ;;
    *) printf '%s' "$1" ;;
    esac
}

# step TITLE-EN TITLE-ZH COMMAND…: run it with its words in the log; on failure show the log's end.
step() {
    title=$(text "$1" "$2")
    shift 2
    printf '… %s\n' "$title"
    if "$@" >>"$log" 2>&1; then
        printf '✓ %s\n' "$title"
    else
        printf '✗ %s\n' "$title"
        tail -n 25 "$log" >&2
        printf '%s %s\n' "$(text "The whole log:" "完整日志：")" "$log" >&2
        exit 1
    fi
}

# pip as it comes with Python, with no settings of this machine.
pip() {
    env -u PYTHONPATH -u PYTHONHOME PIP_CONFIG_FILE=/dev/null \
        "$release/venv/bin/python" -m pip --isolated --disable-pip-version-check --no-input "$@"
}

prepare() {
    if [ -f "$release/complete" ]; then
        rm -rf "$release/files/wheels"
        return
    fi
    log=$release/install.log
    : >"$log"
    rm -rf "$release/venv"
    step "Make the environment" "创建运行环境" env -u PYTHONPATH -u PYTHONHOME "$python" -I -m venv "$release/venv"
    step "Install the wheels (some minutes)" "安装程序包（需要几分钟）" pip install --no-index --no-deps \
        --require-hashes --no-cache-dir --find-links "$release/files/wheels" -r "$release/files/locks/install.txt"
    step "Try the program" "试运行程序" "$release/venv/bin/appliance" --version
    sync
    : >"$release/complete.part"
    mv "$release/complete.part" "$release/complete"
    sync
    rm -rf "$release/files/wheels"
}

# in_place TEXT-FILE FINAL-NAME: rename over what is there.
in_place() {
    sync
    mv -f -T "$1" "$2"
}

activate() {
    mkdir -p "$prefix/bin" "$home"
    chmod 700 "$home"
    mkdir -p "$home/models"
    # A model of the site's own under that name stays; the link follows every switch.
    if [ ! -e "$home/models/base" ] || [ -L "$home/models/base" ]; then
        rm -f "$home/models/.base.part"
        ln -s "$prefix/current/files/models/base" "$home/models/.base.part"
        in_place "$home/models/.base.part" "$home/models/base"
    fi
    printf '%s\n' "$home" >"$prefix/.home.part"
    in_place "$prefix/.home.part" "$prefix/home"
    cat >"$prefix/bin/.appliance.part" <<'LAUNCHER'
#!/bin/sh
# Runs the release in use, on the home folder that it was installed for unless another is named.
prefix=$(dirname "$(dirname "$(readlink -f "$0")")")
: "${APPLIANCE_HOME:=$(cat "$prefix/home")}"
export APPLIANCE_HOME
exec "$(readlink -f "$prefix/current")/venv/bin/appliance" "$@"
LAUNCHER
    chmod 755 "$prefix/bin/.appliance.part"
    in_place "$prefix/bin/.appliance.part" "$prefix/bin/appliance"
    counter=$(basename "$release" | sed 's/-.*//; s/^0*//')
    highest=$(cat "$prefix/highest-release" 2>/dev/null || printf 0)
    if [ "$counter" -gt "$highest" ]; then
        printf '%s\n' "$counter" >"$prefix/.highest-release.part"
        in_place "$prefix/.highest-release.part" "$prefix/highest-release"
    fi
    rm -f "$prefix/.current.part"
    ln -s "releases/$(basename "$release")" "$prefix/.current.part"
    in_place "$prefix/.current.part" "$prefix/current"
    sync
}

release=$2
case $1 in
prepare)
    python=$3
    prepare
    ;;
activate)
    prefix=$3 home=$4
    [ -f "$release/complete" ]
    activate
    ;;
esac
