# shellcheck shell=bash disable=SC2154,SC2015
# Sourced by scripts/debian.sh: configures and builds a preset with Debian's programs alone.

# Variables by which a user's shell may configure compilers and cmake. None is meant for Weir, and
# some (conda's, for instance) would change the program.
strangers=(CC CXX CPPFLAGS CFLAGS CXXFLAGS LDFLAGS CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH
  LIBRARY_PATH LD_LIBRARY_PATH LD_PRELOAD PKG_CONFIG_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
  CMAKE_PREFIX_PATH CMAKE_GENERATOR CMAKE_TOOLCHAIN_FILE CMAKE_BUILD_TYPE DESTDIR
  CCC_OVERRIDE_OPTIONS)

# debian_cmake ARGUMENT...: Debian's cmake, which sees Debian's programs and nothing else.
debian_cmake() {
  env "${strangers[@]/#/--unset=}" PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/bin/cmake "$@"
}

# A fingerprint of everything that configures a build folder: its place, the packages, and the files
# that name the programs. ninja handles all other changes.
configuration() {
  {
    pwd
    dpkg-query -W "${build_packages[@]}" || true
    cat CMakePresets.json cmake/debian.cmake
  } 2>/dev/null | sha256sum
}

# Fails with a message if the folder has files that this user can't write, as after a build by root.
require_own_folder() {
  local folder=$1 alien
  while [ ! -e "$folder" ]; do folder=$(dirname "$folder"); done
  if [ "$folder" = "$1" ]; then
    alien=$(find "$folder" ! -type l ! -writable -print -quit)
  else
    alien=$([ -w "$folder" ] || printf '%s' "$folder")
  fi
  [ -n "$alien" ] || return 0
  alien=$(realpath "$alien")
  fail "can't write $alien, which belongs to $(stat -c %U "$alien").
Build as that user, or make the folder yours: sudo chown -R $(id -un) '$PWD'"
}

# If ccache can't write its folder, it makes each compilation fail.
use_ccache() {
  local folder
  folder=$(ccache --get-config cache_dir 2>/dev/null) && mkdir -p "$folder" 2>/dev/null &&
    [ -w "$folder" ] || export CCACHE_DISABLE=1
}

# How many compilers run at once: as many as ninja would start, or WEIR_JOBS, but fewer if memory is
# short.
# Measured on 29 November: up to 250 MB for a file of Weir's, 380 MB for the link.
kilobytes_a_job=524288
jobs() {
  local most free limit=max
  most=${WEIR_JOBS:-$(($(nproc) + 2))}
  free=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)
  [ ! -r /sys/fs/cgroup/memory.max ] || limit=$(cat /sys/fs/cgroup/memory.max)
  [ "$limit" = max ] || [ "$((limit / 1024))" -ge "$free" ] || free=$((limit / 1024))
  free=$((free / kilobytes_a_job))
  [ "$free" -ge 1 ] || free=1
  printf '%d' $((free < most ? free : most))
}

# build_preset NAME [TARGET...]: configures if necessary, and builds.
build_preset() {
  local preset=$1 folder=build/$1 now
  shift
  require_own_folder "$folder"
  use_ccache
  now=$(configuration)
  if [ "$now" != "$(cat "$folder/configured-by" 2>/dev/null)" ]; then
    say "Configuring the $preset build."
    # CMake keeps the programs that it found first, and the place; --fresh drops both.
    debian_cmake --fresh --preset "$preset" >&2 ||
      fail "the $preset build could not be configured."
    printf '%s\n' "$now" >"$folder/configured-by"
  fi
  say "Building ($preset)."
  debian_cmake --build --preset "$preset" --parallel "$(jobs)" ${1:+--target "$@"} >&2 ||
    fail "the $preset build failed."
}

# program_of PRESET VARIABLE: the program that a configured build folder has in VARIABLE.
program_of() { sed -n "s/^$2:FILEPATH=//p" "build/$1/CMakeCache.txt"; }
