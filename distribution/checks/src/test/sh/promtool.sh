#!/usr/bin/env bash
# Finds or fetches Prometheus' own promtool, which judges our pages of metrics, and prints where it
# is, by the environment variable that the tests read:
#
#   eval "$(distribution/checks/src/test/sh/promtool.sh)"; export PROMTOOL
#
# It is unpacked from Debian's package "prometheus" into ~/.cache/quorate; nothing is installed and
# no service is started. What cannot be had is said on standard error and left out.
set -euo pipefail

cache=$HOME/.cache/quorate/prometheus

fetch() {
    if [ -x "$cache/promtool" ]; then return; fi
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
        echo "promtool: no apt-get to fetch it with; name your own by PROMTOOL" >&2
        return
    fi
    local package
    package=$(mktemp -d)
    (
        cd "$package"
        # As root, or where the lists are fresh, this is all it takes.
        if [ "$(id -u)" = 0 ]; then apt-get update -q; fi
        apt-get download -q prometheus
        dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool
        mkdir -p "$cache"
        mv usr/bin/promtool "$cache/promtool"
    ) >&2 || echo "promtool: Debian's package prometheus could not be had" >&2
    rm -rf "$package"
}

if [ -x /usr/bin/promtool ]; then
    echo PROMTOOL=/usr/bin/promtool
else
    fetch
    if [ -x "$cache/promtool" ]; then echo "PROMTOOL=$cache/promtool"; fi
fi
