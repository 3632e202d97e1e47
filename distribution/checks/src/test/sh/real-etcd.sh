#!/usr/bin/env bash
# Finds or builds the real etcd programs that the tests compare with, and prints where they are,
# one NAME=FILE a line, by the environment variables that the tests read:
#
#   eval "$(distribution/checks/src/test/sh/real-etcd.sh)"; export ETCD37 ETCDCTL37 ...
#
# 3.4: Debian's packages, installed by apt-get when run as root. 3.7: built with Go, when there is
# one, into ~/.cache/quorate. What cannot be had is said on standard error and left out.
set -euo pipefail

version=3.7.3
cache=$HOME/.cache/quorate/etcd-$version

install_34() {
    if [ -x /usr/bin/etcd ] && [ -x /usr/bin/etcdctl ]; then return; fi
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "real-etcd: no etcd 3.4; install the packages etcd-server and etcd-client" >&2
        return
    fi
    apt-get update -q >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y etcd-server etcd-client >&2
}

build_37() {
    if [ -x "$cache/etcd" ] && [ -x "$cache/etcdctl" ] && [ -x "$cache/etcdutl" ]; then return; fi
    if ! command -v go >/dev/null; then
        echo "real-etcd: no Go to build etcd $version with; name your own by ETCD37, ETCDCTL37" >&2
        return
    fi
    # `go install PACKAGE@VERSION` refuses modules with replace directives, a module that requires
    # them does not.
    local module
    module=$(mktemp -d)
    mkdir -p "$cache"
    (
        cd "$module"
        go mod init real-etcd
        go get "go.etcd.io/etcd/server/v3@v$version" "go.etcd.io/etcd/etcdctl/v3@v$version" \
            "go.etcd.io/etcd/etcdutl/v3@v$version"
        go build -o "$cache/etcdctl" go.etcd.io/etcd/etcdctl/v3
        go build -o "$cache/etcdutl" go.etcd.io/etcd/etcdutl/v3
        go build -o "$cache/etcd" go.etcd.io/etcd/server/v3
    ) >&2
    chmod -R u+w "$module"
    rm -rf "$module"
}

show() {
    if [ -x "$2" ]; then echo "$1=$2"; fi
}

install_34
build_37
show ETCD34 /usr/bin/etcd
show ETCDCTL34 /usr/bin/etcdctl
show ETCD37 "$cache/etcd"
show ETCDCTL37 "$cache/etcdctl"
show ETCDUTL37 "$cache/etcdutl"
