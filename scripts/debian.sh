# shellcheck shell=bash disable=SC1091,SC2034
# Sourced by ./run, ./test and bench/run: the functions that they share on a Debian machine. Needs
# `set -euo pipefail`, and the repository's root as the current folder for build_preset.

say() { printf '%s\n' "$*" >&2; }
fail() { say "${0##*/}: $*"; exit 1; }

# Runs a command with root's rights; with sudo only if we are not root already.
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

# Weir is built with the compilers of Debian 12 and 13. On another system the packages have other
# names or do not exist.
require_debian() {
  command -v apt-get >/dev/null || fail "needs Debian 12 or 13, and found no apt-get here."
  local system
  system=$(system_name)
  case "$system" in
    "debian 12" | "debian 13") ;;
    *) fail "needs Debian 12 or 13, and this is ${system:-an unknown system}." ;;
  esac
  local machine
  machine=$(dpkg --print-architecture)
  [ "$machine" = amd64 ] || fail "needs a machine of amd64, and this is $machine."
}

# Every program that a build uses is a file of one of these packages; cmake/debian.cmake names the
# programs, and tests/architecture/test_tools.py checks this with dpkg.
build_packages=(clang-19 llvm-19 lld-19 cmake ninja-build pkgconf pkgconf-bin ccache
  libc6-dev libc-ares-dev libcrypt-dev libtomlplusplus-dev libcli11-dev
  libcctz-dev libmaxminddb-dev libssl-dev tzdata nlohmann-json3-dev)
# clang takes the newest libstdc++ of the system.
case "$(system_name)" in
  "debian 13") build_packages+=(libstdc++-14-dev) ;;
  *) build_packages+=(libstdc++-12-dev) ;;
esac
# What the tests need in addition.
test_packages=(libclang-rt-19-dev clang-format-19 libgtest-dev python3 python3-pytest curl wget git iproute2
  procps util-linux openssl libnss3-tools)
. "${BASH_SOURCE[0]%/*}/packages.sh"
. "${BASH_SOURCE[0]%/*}/building.sh"
