# How the scripts of this folder start Java. They set
#
# home    the folder that the tarball was unpacked to
# tool    the script's name, also that of its start-up cache, lib/$tool.aot
# jvm     options of the JVM, in words
# warmup  module/class whose run the cache is recorded from; empty for no cache
#
# and, having sourced this, call start with what follows java's options. From the environment:
#
# JAVA_HOME          the JDK to use, before any other
# QUORATE_JAVA_OPTS  further options of the JVM, such as -Xmx4g
# QUORATE_AOT        "off" neither uses nor makes the cache
#
# The usual start forks nothing: some processes more would take as long as the JVM itself.

jvm="$jvm -XX:-UsePerfData -Xlog:disable -Xlog:all=error:stderr"
stamp=$home/lib/$tool.aot.stamp

java_major() {
  "$1" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.specification\.version = //p'
}

find_java() {
  for candidate in "${JAVA_HOME:-/nonexistent}/bin/java" "$home/runtime/bin/java" "$(command -v java || echo /nonexistent)" \
      /usr/lib/jvm/*25*/bin/java /usr/lib/jvm/*/bin/java /opt/java/*/bin/java; do
    [ -x "$candidate" ] || continue
    real=$(readlink -f "$candidate")
    major=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "${real%/bin/java}/release" 2>/dev/null || true)
    [ -n "$major" ] || major=$(java_major "$candidate")
    [ "${major:-0}" -ge 25 ] 2>/dev/null && { echo "$real"; return 0; }
  done
  echo "$tool: no JDK 25 or newer found; install one and set JAVA_HOME to it, or use the tarball with the runtime inside" >&2
  return 1
}

# What the cache holds for: the JDK that was asked for and the one that was found, this place, these jars.
describe() {
  asked=${JAVA_HOME-}
  [ -z "$asked" ] || [ ! "$asked/bin/java" -ef "$java" ] || asked="this one"
  build=
  if [ -r "${java%/bin/java}/release" ]; then
    while IFS= read -r line; do
      case $line in JAVA_RUNTIME_VERSION=*) build=$line ;; esac
    done <"${java%/bin/java}/release"
  fi
  set -- "$home"/lib/*.jar
  described="$asked $build $*"
}

is_stamped() {
  { IFS= read -r java && IFS= read -r stamped; } 2>/dev/null <"$stamp" || return 1
  [ -x "$java" ] || return 1
  describe
  [ "$stamped" = "$described" ] || return 1
  for jar in "$home"/lib/*.jar; do
    [ ! "$jar" -nt "$stamp" ] || return 1
  done
}

# Once in a new place, where the folder may be written to.
record() {
  [ -n "$warmup" ] && [ -z "${QUORATE_AOT-}" ] && [ -w "$home/lib" ] || return 0
  cache=$home/lib/$tool.aot
  # A start that was killed while it recorded leaves its lock behind.
  find "$cache.lock" -maxdepth 0 -mmin +5 -exec rmdir {} \; 2>/dev/null || true
  mkdir "$cache.lock" 2>/dev/null || return 0
  echo "$tool: recording the start-up cache for this place and JDK, once (QUORATE_AOT=off skips it)" >&2
  rm -f "$cache" "$stamp"
  if "$java" $jvm -XX:AOTCacheOutput="$cache" -p "$home/lib" -m "$warmup" >"$cache.log" 2>&1; then
    rm -f "$cache.log"
  else
    rm -f "$cache"
    echo "$tool: no start-up cache could be recorded ($cache.log says why); starting without it" >&2
  fi
  # After a failure too: another try would end the same and cost as much.
  describe
  printf '%s\n' "$java" "$described" >"$stamp"
  rmdir "$cache.lock"
}

start() {
  if ! is_stamped; then
    java=$(find_java) || exit 1
    record
  fi
  if [ -z "${QUORATE_AOT-}" ] && [ -f "$home/lib/$tool.aot" ] && [ -f "$stamp" ]; then
    exec "$java" "-XX:AOTCache=$home/lib/$tool.aot" $jvm ${QUORATE_JAVA_OPTS-} -p "$home/lib" "$@"
  fi
  exec "$java" $jvm ${QUORATE_JAVA_OPTS-} -p "$home/lib" "$@"
}
