# shellcheck shell=bash disable=SC1091,SC2034
# Sourced by ./run, ./test and bench/run: what they share on a Debian machine. Needs
# `set -euo pipefail`, and the repository's root as the current folder for build_preset.

say() { printf '%s\n' "$*" >&2; }
fail() { say "${0##*/}: $*"; exit 1; }

# Runs a command with root's rights; with sudo only where we are not root already.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# Prints the system's name and release, such as "debian 12".
system_name() {
  (. /etc/os-release && printf '%s %s' "${ID:-unknown}" "${VERSION_ID:-}") 2>/dev/null || true
}

# Weir is built with the compilers of Debian 12. On another system the packages have other
# names or do not exist.
require_debian() {
  command -v apt-get >/dev/null || fail "needs Debian 12, and found no apt-get here."
  local system
  system=$(system_name)
  case "$system" in
    "debian 12") ;;
    *) fail "needs Debian 12, and this is ${system:-an unknown system}." ;;
  esac
  local machine
  machine=$(dpkg --print-architecture)
  [ "$machine" = amd64 ] || fail "needs a machine of amd64, and this is $machine."
}

. "${BASH_SOURCE[0]%/*}/packages.sh"

build_packages=(clang-19 lld-19 cmake ninja-build pkg-config ccache libc6-dev libstdc++-12-dev
  libc-ares-dev libcrypt-dev libtomlplusplus-dev libcli11-dev)

# build_preset NAME [TARGET...]: configures once (ninja sees to later changes) and builds.
build_preset() {
  local preset=$1
  shift
  if [ ! -e "build/$preset/build.ninja" ]; then
    say "Configuring the $preset build."
    cmake --preset "$preset" >&2 || fail "the $preset build could not be configured."
  fi
  say "Building ($preset)."
  cmake --build --preset "$preset" ${1:+--target "$@"} >&2 || fail "the $preset build failed."
}
