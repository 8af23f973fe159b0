#!/bin/sh
# The end-to-end suite: the built product against real and hostile programs, over both gates. Arguments are passed to
# the tests: ./test-e2e.sh races::
set -eu
cd "$(dirname "$0")"

missing=
need() {
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

need gcc gcc
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
need curl curl
need wget wget
need dig dnsutils
need openssl openssl
need nc netcat-openbsd
need socat socat
[ -x /usr/bin/python3 ] || missing="$missing python3"
need node nodejs
[ -x /usr/sbin/nginx ] || need nginx nginx-light
need git git
need bash bash
need tar tar
need find findutils
need awk mawk
need unshare util-linux

if [ -n "$missing" ]; then
    if [ "$(id -u)" -ne 0 ]; then
        echo "test-e2e: these packages are missing, and only root can install them:$missing" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # a list of words
    apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 || {
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends $missing >/dev/null
    }
fi

exec cargo test --quiet --test e2e -- "$@"
