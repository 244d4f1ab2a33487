# shellcheck shell=bash
# Sourced by .ci/run: adds up the closing lines of several runs, "N passed, N failed, N skipped".

passed=0 failed=0 skipped=0 status=0

# step COMMAND...: runs the command, shows its output except for the closing line, and adds that up.
# A command without a closing line, or with a bad status after a good line, counts as a failure.
step() {
  local printed closing code=0
  say "== $*"
  printed=$("$@" </dev/null) || code=$?
  closing=${printed##*$'\n'}
  if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    printed=${printed%"$closing"}
    say "== $*: $closing"
    passed=$((passed + BASH_REMATCH[1]))
    skipped=$((skipped + BASH_REMATCH[3]))
    failed=$((failed + BASH_REMATCH[2]))
    [ "$code" = 0 ] || [ "${BASH_REMATCH[2]}" != 0 ] || failed=$((failed + 1))
  else
    printed+=$'\n'"FAILED $*: ended with status $code and without a closing line"$'\n'
    failed=$((failed + 1)) code=1
  fi
  printf '%s' "${printed#$'\n'}"
  [ "$code" = 0 ] || status=1
}

# Prints the total as a closing line, and ends with the status for all steps.
close_steps() {
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  exit "$status"
}
