#!/bin/sh
# Makes .venv and installs pinned requirements and the project itself (editable) into it.
#
# usage: tools/install.sh REQUIREMENTS...     files in the repository, fully pinned
#   PYTHON     interpreter that .venv is made with (default python3), 3.11 or newer
#   INSTALLER  "pip" for plain pip; by default uv from PATH, else uv put into .venv, else pip
set -eu
cd "$(dirname "$0")/.."

uv_pin=uv==0.13.9
python=${PYTHON:-python3}
in_venv=.venv/bin/python

say() { printf 'install: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

make_venv() {
    new_enough "$in_venv" && return
    command -v "$python" >/dev/null ||
        fail "no '$python' on PATH; Python 3.11 or newer is needed (Debian, Ubuntu: python3 and python3-venv)"
    new_enough "$python" ||
        fail "$("$python" -V 2>&1) is too old, 3.11 or newer is needed; name another one: make install PYTHON=python3.12"
    say "making .venv with $("$python" -V)"
    "$python" -m venv --clear "$@" .venv >&2 || {
        rm -rf .venv
        fail "'$python -m venv' does not work; on Debian and Ubuntu the package python$("$python" -c \
            'import sys; print("%d.%d" % sys.version_info[:2])')-venv (or python3-venv) holds it"
    }
}

ensure_pip() {
    "$in_venv" -m pip --version >/dev/null 2>&1 || "$in_venv" -m ensurepip >/dev/null ||
        fail "no pip in .venv; remove .venv and try again"
}

choose_installer() {
    if [ "${INSTALLER:-}" != pip ] && command -v uv >/dev/null; then
        make_venv --without-pip
        uv=uv
        return
    fi
    make_venv
    ensure_pip
    if [ "${INSTALLER:-}" != pip ] && "$in_venv" -m pip install --quiet --quiet --disable-pip-version-check "$uv_pin" >&2; then
        uv=.venv/bin/uv
        return
    fi
    uv=
}

choose_installer

for file in "$@"; do # each FILE becomes -r FILE
    set -- "$@" -r "$file"
    shift
done

# --no-deps: the requirement files are complete, so nothing has to be resolved again.
# --compile-bytecode, as pip does: it costs 10 s once and saves up to 6 s at each start.
if [ -n "$uv" ]; then
    say "installing with $("$uv" --version) ($uv)"
    "$uv" pip install --quiet --compile-bytecode --python "$in_venv" --no-deps "$@" --editable .
else
    say "installing with $("$in_venv" -m pip --version | cut -d' ' -f1,2), which takes longer than uv would"
    "$in_venv" -m pip install --quiet --quiet --disable-pip-version-check --no-deps "$@" --editable .
fi
