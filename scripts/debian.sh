# shellcheck shell=bash disable=SC1091,SC2034
# Sourced by ./run, ./test and bench/run: what they share on a Debian machine. Needs `set -euo pipefail`.

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

# Weir is built with the compilers of Debian 12; on another system the packages have other names or are not there.
require_debian() {
  command -v apt-get >/dev/null || fail "needs Debian 12, and found no apt-get here."
  local version
  version=$(. /etc/os-release 2>/dev/null && printf '%s %s' "${ID:-unknown}" "${VERSION_ID:-}") || true
  [ "$version" = "debian 12" ] || fail "needs Debian 12, and this is ${version:-an unknown system}."
}

# Prints those of the named packages that are not installed.
missing_packages() {
  local installed package
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}|${Package}\n' "$@" 2>/dev/null | sed -n 's/^ii *|//p') || true
  for package in "$@"; do
    grep -qxF -- "$package" <<<"$installed" || printf '%s\n' "$package"
  done
}

policy_file=/usr/sbin/policy-rc.d
policy_placed=no

# While packages are installed no service may start. Where the machine has no say of its own in this, we put one in place.
forbid_services() {
  [ -e "$policy_file" ] && return
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy_file" >/dev/null
  policy_placed=yes
  as_root chmod 755 "$policy_file"
}

allow_services() {
  [ "$policy_placed" = yes ] || return 0
  policy_placed=no
  as_root rm -f "$policy_file"
}

# install_packages PURPOSE PACKAGE...: installs what is missing, and is quick and silent where nothing is.
install_packages() {
  local purpose=$1 missing
  shift
  missing=$(missing_packages "$@" | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  require_debian
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    fail "must install ${missing}and is neither root nor finds sudo: run it as root once."
  fi
  say "Installing $purpose: $missing"
  trap allow_services EXIT
  trap 'exit 130' INT TERM HUP
  forbid_services
  as_root apt-get -q update >&2 || fail "apt-get update failed: is there a network, and is /etc/apt/sources.list right?"
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $missing >&2 ||
    fail "apt-get could not install: $missing"
  allow_services
  trap - EXIT INT TERM HUP
}

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
