#!/usr/bin/env bash
# Brings the real etcd that the checks compare with: 3.4 from the distribution's packages, 3.7 built from its published
# Go modules. Takes what is there already. Prints the place of each program.
set -euo pipefail

version=3.7.3
cache=$HOME/.cache/quorate/etcd-$version

if ! [ -x /usr/bin/etcd ] || ! [ -x /usr/bin/etcdctl ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    # The package would start a server of its own otherwise.
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d.quorate
    chmod +x /usr/sbin/policy-rc.d.quorate
    [ -e /usr/sbin/policy-rc.d ] || ln -s policy-rc.d.quorate /usr/sbin/policy-rc.d
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y etcd-server etcd-client >/dev/null
    [ "$(readlink /usr/sbin/policy-rc.d)" = policy-rc.d.quorate ] && rm /usr/sbin/policy-rc.d
    rm -f /usr/sbin/policy-rc.d.quorate
  else
    echo "real-etcd.sh: no etcd 3.4 here; install the packages etcd-server and etcd-client" >&2
  fi
fi

if ! [ -x "$cache/etcd" ] || ! [ -x "$cache/etcdctl" ] || ! [ -x "$cache/etcdutl" ]; then
  if command -v go >/dev/null; then
    # `go install module@version` refuses modules with replace directives; a module that requires them does not.
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    cd "$work"
    go mod init real-etcd >/dev/null 2>&1
    for part in server etcdctl etcdutl; do go get "go.etcd.io/etcd/$part/v3@v$version" >/dev/null 2>&1; done
    mkdir -p "$cache"
    go build -o "$cache/etcd" go.etcd.io/etcd/server/v3
    go build -o "$cache/etcdctl" go.etcd.io/etcd/etcdctl/v3
    go build -o "$cache/etcdutl" go.etcd.io/etcd/etcdutl/v3
  else
    echo "real-etcd.sh: no Go here, so no etcd $version can be built" >&2
  fi
fi

for program in /usr/bin/etcd /usr/bin/etcdctl "$cache/etcd" "$cache/etcdctl" "$cache/etcdutl"; do
  [ -x "$program" ] && echo "$program"
done
