# How the command line tools start: fast, so the usual way forks nothing. Sourced by the tools' scripts.
#
# tool    the tool's name, also its start-up cache's: lib/$tool.aot
# module  its module
# warmup  the class there whose run the cache is recorded from
#
# JAVA_HOME, QUORATE_JAVA_OPTS and QUORATE_AOT as in java.sh

CLI_OPTIONS="-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Xlog:disable -Xlog:all=error:stderr"

# The cache holds for one JDK and for these jars in this place.
cached_java() {
  [ -z "${QUORATE_AOT-}" ] || return 1
  { read -r cached_home && read -r cached_choice && read -r java; } 2>/dev/null <"$home/lib/$tool.aot.stamp" || return 1
  [ "$cached_home" = "$home" ] && [ "$cached_choice" = "JAVA_HOME=${JAVA_HOME-}" ] && [ -x "$java" ] || return 1
  for jar in "$home"/lib/*.jar; do
    [ ! "$jar" -nt "$home/lib/$tool.aot.stamp" ] || return 1
  done
}

record_cache() {
  [ -z "${QUORATE_AOT-}" ] && [ -w "$home/lib" ] || return 0
  mkdir "$home/lib/$tool.aot.lock" 2>/dev/null || return 0
  rm -f "$home/lib/$tool.aot" "$home/lib/$tool.aot.stamp"
  if "$java" $CLI_OPTIONS -XX:AOTCacheOutput="$home/lib/$tool.aot" -p "$home/lib" -m "$module/$warmup" >"$home/lib/$tool.aot.log" 2>&1; then
    rm -f "$home/lib/$tool.aot.log"
  else
    rm -f "$home/lib/$tool.aot"
    echo "$tool: no start-up cache could be recorded ($home/lib/$tool.aot.log says why); starting without it" >&2
  fi
  # After a failure too: another try would end the same and cost as much.
  printf '%s\n' "$home" "JAVA_HOME=${JAVA_HOME-}" "$java" >"$home/lib/$tool.aot.stamp"
  rmdir "$home/lib/$tool.aot.lock"
}

if ! cached_java; then
  . "$home/bin/java.sh"
  record_cache
fi
