# shellcheck shell=bash
# Sourced by scripts/debian.sh: installs missing Debian packages.

# Prints those of the named packages that are not installed.
missing_packages() {
  local installed package
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}|${Package}\n' "$@" 2>/dev/null |
    sed -n 's/^.i *|//p') || true
  for package in "$@"; do
    grep -qxF -- "$package" <<<"$installed" || printf '%s\n' "$package"
  done
}

policy_file=/usr/sbin/policy-rc.d
policy_placed=no

# No service may start while packages are installed. If the machine has no policy for this, we add
# one for that time.
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

# Fails with a message if this user can't install packages.
require_root_rights() {
  [ "$(id -u)" != 0 ] || return 0
  command -v sudo >/dev/null ||
    fail "must install $1and is neither root nor finds sudo: run it as root once."
  sudo true ||
    fail "must install $1and sudo does not let this user do that: run it as root once."
}

# How long we wait for another program that installs packages, such as a new machine's updates.
lock_seconds=600

# Brings apt's lists up to date. apt does not wait for the lock of the lists, so we do.
update_lists() {
  local until=$((SECONDS + lock_seconds)) told=no said
  say "Asking the mirrors what they have."
  while true; do
    said=$(as_root env LC_ALL=C apt-get -q update 2>&1) && { say "$said"; return; }
    if ! grep -q 'Could not get lock' <<<"$said" || [ "$SECONDS" -ge "$until" ]; then
      say "$said"
      return 1
    fi
    [ "$told" = yes ] || say "Another program is installing packages: waiting for it to end."
    told=yes
    sleep 2
  done
}

# install_packages PURPOSE PACKAGE...: installs missing packages; quick and silent if none is
# missing. If a list can't be updated (another repository's, for instance), it only says so, since
# the packages may be known all the same.
install_packages() {
  local purpose=$1 missing hint=
  shift
  missing=$(missing_packages "$@" | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  require_debian
  require_root_rights "$missing"
  say "Installing $purpose: $missing"
  trap allow_services EXIT
  trap 'exit 130' INT TERM HUP
  forbid_services
  if ! update_lists; then
    hint=" Before that, apt-get update failed: is there a network, and is /etc/apt right?"
    say "apt-get update failed. Trying with the lists that are there."
  fi
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=$lock_seconds \
    --no-install-recommends install $missing >&2 ||
    fail "apt-get could not install ${missing% }: its reason is above.$hint"
  allow_services
  trap - EXIT INT TERM HUP
}
