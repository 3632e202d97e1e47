# Finds a JDK 25 or newer and says how the member's JVM is run. Sourced by the scripts of this folder.
#
# JAVA_HOME          the JDK to use, before any other
# QUORATE_JAVA_OPTS  further options of the JVM, such as -Xmx4g
# QUORATE_AOT        "off" neither uses nor makes the AOT cache

java_major() {
  "$1" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.specification\.version = //p'
}

find_java() {
  for candidate in "${JAVA_HOME:-/nonexistent}/bin/java" "$1/runtime/bin/java" "$(command -v java || echo /nonexistent)" \
      /usr/lib/jvm/*25*/bin/java /usr/lib/jvm/*/bin/java /opt/java/*/bin/java; do
    [ -x "$candidate" ] || continue
    release=$(dirname "$(dirname "$(readlink -f "$candidate")")")/release
    major=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$release" 2>/dev/null || true)
    [ -n "$major" ] || major=$(java_major "$candidate")
    [ "${major:-0}" -ge 25 ] 2>/dev/null && { echo "$candidate"; return 0; }
  done
  echo "etcd: no JDK 25 or newer found; install one and set JAVA_HOME to it, or use the tarball with the runtime inside" >&2
  return 1
}

java=$(find_java "$home") || exit 1
JAVA_OPTIONS="-XX:+UseG1GC -XX:+ExitOnOutOfMemoryError -XX:-UsePerfData -Xlog:disable -Xlog:all=error:stderr"

# The AOT cache holds for one JDK and for these jars in this place: this text names all three.
aot_stamp() {
  stat -c '%n %s %Y' "$1"/lib/*.jar | cksum
  echo "$1 $(readlink -f "$2") $(sed -n 's/^JAVA_RUNTIME_VERSION=//p' "$(dirname "$(dirname "$(readlink -f "$2")")")/release")"
}

# Records the AOT cache once in a new place, where the folder may be written to.
prepare_aot() {
  cache=$1/lib/etcd.aot
  stamp=$(aot_stamp "$1" "$2")
  [ -f "$cache" ] && [ "$(cat "$cache.stamp" 2>/dev/null)" = "$stamp" ] && return 0
  [ -w "$1/lib" ] || return 0
  # A start that was killed while it recorded leaves its lock behind.
  find "$cache.lock" -maxdepth 0 -mmin +5 -exec rmdir {} \; 2>/dev/null || true
  mkdir "$cache.lock" 2>/dev/null || return 0
  echo "etcd: recording the start-up cache for this place and JDK, once (QUORATE_AOT=off skips it)" >&2
  rm -f "$cache" "$cache.stamp"
  if "$2" $JAVA_OPTIONS -XX:AOTCacheOutput="$cache" --enable-native-access=io.quorate.engine.server \
      -p "$1/lib" -m io.quorate.launcher/io.quorate.launcher.Warmup >"$cache.log" 2>&1; then
    echo "$stamp" >"$cache.stamp"
    rm -f "$cache.log"
  else
    echo "etcd: no start-up cache could be recorded ($cache.log says why); the member starts without it" >&2
  fi
  rmdir "$cache.lock"
}

aot_options() {
  if [ -z "${QUORATE_AOT-}" ] && [ -f "$1/lib/etcd.aot" ] && [ "$(cat "$1/lib/etcd.aot.stamp" 2>/dev/null)" = "$(aot_stamp "$1" "$2")" ]; then
    echo "-XX:AOTCache=$1/lib/etcd.aot"
  fi
}
