#!/usr/bin/env bash
# Installs the appliance into .venv from the lock files: images/install.sh [--dev]
#
#   ACCELERATOR=auto|cpu|gpu   which lock file (default auto: gpu where an NVIDIA driver is loaded)
#   PYTHON=python3.12          which Python makes the environment (default: python3, or a newer one on PATH)
#
# A second run with the same lock files does nothing. Everything pip says is in .venv/install.log.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
VENV=.venv
LOG=$VENV/install.log
TORCH_INDEX=https://download.pytorch.org/whl/cpu
LOG_TAIL_LINES=25

# Nothing is installed yet, so the message catalogues cannot be read: both languages stand here.
text() {
    case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in
    zh*) printf '%s' "$2" ;;
    *) printf '%s' "$1" ;;
    esac
}
say() { printf '%s\n' "$(text "$1" "$2")"; }
fail() {
    say "$1" "$2" >&2
    exit 1
}

# try COMMAND…: run it with its words in the log.
try() {
    printf '\n$ %s\n' "$*" >>"$LOG"
    "$@" >>"$LOG" 2>&1
}

# step TITLE-EN TITLE-ZH COMMAND…: run it, print the title and the seconds it took; on failure show the log's end.
step() {
    local title started=$SECONDS
    title=$(text "$1" "$2")
    shift 2
    printf '  %s … ' "$title"
    if try "$@"; then
        printf '%s\n' "$(text "done" "完成") ($((SECONDS - started)) s)"
    else
        printf '%s\n' "$(text "failed" "失败")"
        tail -n "$LOG_TAIL_LINES" "$LOG" >&2
        fail "The step above failed. The whole log is in $LOG." "上述步骤失败。完整日志见 $LOG。"
    fi
}

pip() { "$VENV/bin/python" -m pip --disable-pip-version-check --no-input --quiet "$@"; }
locked() { pip install --no-deps --require-hashes "$@"; }

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if command -v "$candidate" >/dev/null && is_new_enough "$candidate"; then
            printf '%s' "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed and was not found. On Debian 12 or Ubuntu 24.04: apt install python3 python3-venv" \
        "需要 Python 3.11 或更高版本，但没有找到。Debian 12 或 Ubuntu 24.04 请执行：apt install python3 python3-venv"
}

require_tools() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        fail "This Python cannot make environments. Install: apt install python3-venv" \
            "该 Python 无法创建虚拟环境。请执行：apt install python3-venv"
    command -v cc >/dev/null || command -v gcc >/dev/null ||
        fail "A C compiler is needed and was not found. Install: apt install build-essential" \
            "需要 C 编译器，但没有找到。请执行：apt install build-essential"
}

choose_accelerator() {
    case "${ACCELERATOR:-auto}" in
    cpu | gpu) printf '%s' "$ACCELERATOR" ;;
    auto) if [ -e /proc/driver/nvidia/version ]; then printf gpu; else printf cpu; fi ;;
    *) fail "ACCELERATOR is auto, cpu or gpu, not ${ACCELERATOR}." "ACCELERATOR 只能是 auto、cpu 或 gpu，不能是 ${ACCELERATOR}。" ;;
    esac
}

# The CPU build of torch is on no general index: where this machine's pip looks first, then PyTorch's own index.
install_torch() {
    local requirement wheel started=$SECONDS
    requirement=$(sed -n 's/ *\\$//; 1p' locks/torch-cpu.txt)
    wheel=(-r locks/torch-cpu.txt --require-hashes)
    if [ "$("$VENV/bin/python" -c 'import platform, sys; print(*sys.version_info[:2], platform.machine())')" != "3 11 x86_64" ]; then
        wheel=("$requirement")
        say "  torch: the lock file holds the checksum for Python 3.11 on x86_64 only; here $requirement is installed by version alone." \
            "  torch：锁定文件只含 Python 3.11（x86_64）的校验和；本机仅按版本 $requirement 安装。"
    fi
    printf '  %s … ' "$requirement"
    if try pip install --no-deps "${wheel[@]}"; then
        say "from where pip is set to look ($((SECONDS - started)) s)" "来自 pip 已配置的来源（$((SECONDS - started)) s）"
    elif try pip install --no-deps --index-url "$TORCH_INDEX" "${wheel[@]}"; then
        say "from $TORCH_INDEX ($((SECONDS - started)) s)" "来自 $TORCH_INDEX（$((SECONDS - started)) s）"
    else
        printf '%s\n' "$(text "failed" "失败")"
        tail -n "$LOG_TAIL_LINES" "$LOG" >&2
        fail "Neither pip's configured places nor $TORCH_INDEX gave $requirement. Put its wheel into a folder and set PIP_FIND_LINKS to it." \
            "pip 已配置的来源和 $TORCH_INDEX 都没有提供 $requirement。请把对应的 wheel 文件放入某个文件夹，并将 PIP_FIND_LINKS 指向该文件夹。"
    fi
}

# once STAMP KEY FUNCTION: run it unless the last run with the same key ended well.
once() {
    local stamp=$VENV/.$1 key=$2
    shift 2
    [ "$(cat "$stamp" 2>/dev/null || true)" = "$key" ] && return
    rm -f "$stamp"
    "$@"
    printf '%s\n' "$key" >"$stamp"
}

install_locked() {
    say "Installing for ${accelerator} into $VENV" "正在安装到 $VENV（${accelerator}）"
    if [ "$accelerator" = cpu ]; then install_torch; fi
    step "locked packages (a few minutes the first time)" "锁定版本的软件包（首次需要几分钟）" locked -r "locks/$accelerator.txt"
}
install_dev() { step "packages for development" "开发用软件包" locked -r locks/dev.txt; }
install_project() { step "the appliance" "一体机程序" pip install --no-deps --no-build-isolation -e .; }

checksum() { cat "$@" | sha256sum | cut -c 1-64; }

accelerator=$(choose_accelerator)
if ! is_new_enough "$VENV/bin/python"; then
    python=$(find_python)
    require_tools "$python"
    "$python" -m venv --clear "$VENV"
fi
: >"$LOG"
identity="$accelerator $("$VENV/bin/python" -c 'import sys; print(sys.version_info[:3], sys.prefix)')"
once locked "$identity $(checksum "locks/$accelerator.txt" locks/torch-cpu.txt)" install_locked
if [ "${1:-}" = --dev ]; then once locked-dev "$identity $(checksum locks/dev.txt)" install_dev; fi
once project "$identity $(checksum pyproject.toml)" install_project
