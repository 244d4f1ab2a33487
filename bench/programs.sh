# shellcheck shell=bash
# Sourced by bench/run and bench/train: their own programs. Needs scripts/debian.sh.

# build_program NAME SOURCE... [-lLIBRARY...]: when a source is newer.
build_program() {
  local name=$1 output=build/bench/$1
  shift
  if [ -e "$output" ] && [ -z "$(find bench -name '*.cc' -newer "$output" -o -name '*.h' -newer "$output")" ]; then return; fi
  /usr/bin/clang++-19 -std=c++23 -O2 -g1 -Wall -Wextra -Wpedantic -Werror \
    -Wno-missing-field-initializers -fuse-ld=lld --ld-path=/usr/bin/ld.lld-19 -o "$output" "$@" ||
    fail "bench/$name could not be built."
}

build_programs() {
  mkdir -p build/bench
  build_program origin bench/origin.cc bench/channel.cc bench/sockets.cc -lssl -lcrypto
  build_program relay bench/relay.cc bench/sockets.cc
  build_program load bench/load.cc bench/client.cc bench/plan.cc bench/channel.cc bench/sockets.cc \
    -lssl -lcrypto
}
