# shellcheck shell=bash
# Sourced by ./test, after scripts/debian.sh: functions that run tests and collect their results.

results=$PWD/build/test-results
rm -rf "$results"
mkdir -p "$results/asan/unit"

# The scenarios must not reach other machines: if it is permitted, they run in a network namespace.
enclosure=()
for flags in -n -rn; do
  if unshare "$flags" ip link set lo up 2>/dev/null; then
    enclosure=(unshare "$flags" sh -c 'ip link set lo up && exec "$@"' sh)
    break
  fi
done
[ ${#enclosure[@]} -gt 0 ] ||
  say "Network namespaces are not permitted here: the tests that need one will be skipped."

asan=detect_leaks=1:detect_stack_use_after_return=1:abort_on_error=0
export ASAN_OPTIONS="$asan${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
# Debian's default llvm has an older symbolizer, so ours is named.
ASAN_SYMBOLIZER_PATH=$(program_of asan WEIR_SYMBOLIZER)
export ASAN_SYMBOLIZER_PATH UBSAN_SYMBOLIZER_PATH=$ASAN_SYMBOLIZER_PATH \
  TSAN_SYMBOLIZER_PATH=$ASAN_SYMBOLIZER_PATH

# unit_tests BUILD [OPTION...]: runs the build's unit tests, or those that ctest's options choose.
unit_tests() {
  local build=$1
  shift
  GTEST_OUTPUT="xml:$results/$build/unit/" /usr/bin/ctest --test-dir "build/$build" \
    --output-on-failure --timeout 300 --no-tests=error --output-junit "$results/$build/ctest.xml" \
    "$@" >&2
}

# scenarios BUILD SECONDS [ARGUMENT...]: runs pytest with that build's program, for SECONDS at most.
scenarios() {
  local build=$1 seconds=$2 program=$PWD/build/$1/weir
  shift 2
  [ "$build" = tsan ] || program=${WEIR_BINARY:-$program}
  WEIR_BINARY=$program timeout --kill-after=20 "$seconds" "${enclosure[@]}" \
    /usr/bin/python3 -m pytest -q -p no:cacheprovider --basetemp="$results/tmp" \
    --junitxml="$results/$build/scenarios.xml" "$@" ${pattern:+-k "$pattern"} >&2
}

# Begins to build the programs for ThreadSanitizer, with one compiler that steps back for whatever
# else runs: the scenarios wait for clocks and for each other most of the time.
threads_builder=
begin_threads() {
  mkdir -p "$results/tsan/unit"
  # A group of its own, so that ninja and the compiler end with it.
  setsid nice -n 19 bash -c '. scripts/debian.sh && WEIR_JOBS=1 build_preset tsan weir threads' \
    >"$results/tsan/build.log" 2>&1 </dev/null &
  threads_builder=$!
  trap 'kill -- -"$threads_builder" 2>/dev/null || true' EXIT
}

# Has them built, and uses four workers from here on.
build_threads() {
  mkdir -p "$results/tsan/unit"
  # If that failed, the build below says why.
  [ -z "$threads_builder" ] || wait "$threads_builder" || true
  (build_preset tsan weir threads) || return 1
  export WEIR_WORKERS=4
}
