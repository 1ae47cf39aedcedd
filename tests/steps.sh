# For scripts of steps; sourced by .ci/run and tests/nightly, which declare `steps` ("name   what it does") and a
# function step_NAME for each.
#
# run_steps [--list | NAME...]: runs the steps named, or all, each whatever became of those before it, and ends with a
# table. The script ends with 1 if a step failed. A step that returns 77 has been left out, and has said why.
run_steps() {
  local step name known=() chosen=() table=() begin seconds code result failed=0
  for step in "${steps[@]}"; do known+=("${step%% *}"); done
  for name in "$@"; do
    case $name in
      --list) printf '%s\n' "${steps[@]}"; exit 0 ;;
      -*) printf 'Usage: %s [--list | STEP...]\n' "$0" >&2; exit 2 ;;
    esac
    [[ " ${known[*]} " == *" $name "* ]] || { echo "there is no step $name; --list names them" >&2; exit 2; }
    chosen+=("$name")
  done
  [ ${#chosen[@]} -gt 0 ] || chosen=("${known[@]}")
  for name in "${chosen[@]}"; do
    printf '\n======== %s ========\n' "$name"
    begin=$(date +%s)
    (set -euo pipefail; "step_$name") </dev/null
    code=$?
    seconds=$(($(date +%s) - begin))
    case $code in
      0) result=passed ;;
      77) result="left out" ;;
      *) result="FAILED ($code)" failed=1 ;;
    esac
    table+=("$(printf '%-12s %-12s %3d.%d' "$name" "$result" $((seconds / 60)) $((seconds % 60 / 6)))")
    printf '======== %s: %s ========\n' "$name" "$result"
  done
  printf '\n%-12s %-12s %s\n' step result minutes
  printf '%s\n' "${table[@]}"
  exit $failed
}
