#!/bin/sh
# Make sure that the system has what the Makefile needs: Python with venv, and for tests ("browser") a Chromium.
# As root on Debian it installs what is missing; as anyone else it says what to install and fails.
set -eu

python=${PYTHON:-python3}
missing=""
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
if [ "${1:-}" = browser ]; then
    command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || missing="$missing chromium"
fi
if [ -n "$missing" ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        echo "Larrey needs these system packages first:$missing (for instance: sudo apt-get install$missing)." >&2
        exit 1
    fi
    echo "Installing system packages:$missing" >&2
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  # a list of words on purpose
    apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null; } ||
        { echo "These system packages could not be installed:$missing" >&2; exit 1; }
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Larrey needs Python 3.11 or newer; $python is $("$python" -V 2>&1). Set PYTHON to another." >&2
    exit 1
}
