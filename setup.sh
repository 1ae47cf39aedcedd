#!/usr/bin/env bash
# From a bare Debian 12 or 13 to a trained network: installs what is missing, builds, installs rxrun, runs an experiment.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: ./setup.sh COMMAND [--prefix DIR] [OVERRIDE...]

  run       build, install, and run experiments/resnext50_breast.yaml (overrides such as training.epochs=2 may follow)
  test      build with the tests and run them
  build     build into build/
  install   build, and install to --prefix (~/.local)
  checks    install what the checks of .ci/run need beside that

Missing Debian packages are installed with apt-get, as root or through sudo; if neither is possible, they are listed. If
CMAKE_PREFIX_PATH names the folder of an official LibTorch archive, that is used instead of Debian's. Each command does only
what is left to do.
Exit codes: 0 done, 1 the build, a test or the run failed, 2 something is missing that you must provide.
TEXT
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
experiment=experiments/resnext50_breast.yaml

# The same names in Debian 12 and 13; plugins/sdk/cmake/Dependencies.cmake looks for what they hold.
build_packages="g++ cmake make ninja-build ccache mold libyaml-cpp-dev libboost-dev libsqlite3-dev
  libspdlog-dev libfmt-dev nlohmann-json3-dev libcli11-dev libssl-dev zlib1g-dev libjpeg62-turbo-dev libpng-dev libdeflate-dev libtiff-dev libwebp-dev libzip-dev
  libutf8proc-dev libgtest-dev"  # make and the last: for a plugin that "rxrun plugins new" writes, and its test
torch_packages="libtorch-dev libopenblas0-pthread libdnnl-dev"  # OpenBLAS: the reference BLAS is several times slower
run_packages="sqlite3"
test_packages="libgmock-dev libvalijson-dev sqlite3 python3"
check_packages="git clang clang-tidy libclang-rt-dev llvm"  # the last: names in the sanitizers' reports

say() { printf '\n==> %s\n' "$*"; }
fail() { printf 'setup.sh: %s\n' "$1" >&2; shift; [ $# -eq 0 ] || printf '%s\n' "$@" >&2; exit 2; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}
# May apt-get be run: by root, or through a sudo that needs no password or can ask for it?
may_be_root() {
  [ "$(id -u)" -eq 0 ] && return
  command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }
}

# The folder of an official LibTorch's TorchConfig.cmake, if CMAKE_PREFIX_PATH leads to one.
torch_of_prefix_path() {
  local folder folders
  IFS=':;' read -r -a folders <<<"${CMAKE_PREFIX_PATH:-}"
  for folder in ${folders[@]+"${folders[@]}"}; do
    if [ -f "$folder/share/cmake/Torch/TorchConfig.cmake" ]; then
      (cd "$folder/share/cmake/Torch" && pwd)
      return
    fi
  done
}

install_missing() {
  local package missing=()
  command -v dpkg-query >/dev/null || fail "this is not a Debian system; rxrun supports Debian 12 and 13." \
    "Install what these packages provide, then use cmake --preset release:" "  $*"
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! may_be_root; then
    local sudo="sudo " who= count=
    command -v sudo >/dev/null || sudo="" who=" as root"
    [ ${#missing[@]} -eq 1 ] && count="1 package is missing" || count="${#missing[@]} packages are missing"
    fail "$count, and installing requires root. Type$who:" \
      "  ${sudo}apt-get update && ${sudo}apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "Installing packages: ${missing[*]}"
  as_root apt-get update -q || fail "apt-get update failed; is there a network connection?"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" ||
    fail "apt-get could not install: ${missing[*]}"
}

# LibTorch computes with whatever libblas.so.3 is; a system may have been told to take the slow reference one.
choose_openblas() {
  local name best
  name=libblas.so.3-$(uname -m)-linux-gnu
  update-alternatives --query "$name" 2>/dev/null | grep -q '^Value:.*openblas' && return 0
  best=$(update-alternatives --list "$name" 2>/dev/null | grep openblas-pthread | head -n 1 || true)
  [ -n "$best" ] || return 0
  if may_be_root; then
    say "Making OpenBLAS the system's BLAS"
    as_root update-alternatives --set "$name" "$best"
  else
    say "Note: libblas.so.3 is not OpenBLAS, so training will be slow. Type: sudo update-alternatives --set $name $best"
  fi
}

prepare() {
  local torch=
  official=$(torch_of_prefix_path)
  [ -n "$official" ] || torch=$torch_packages
  # shellcheck disable=SC2086  # lists of words
  install_missing $build_packages $torch "$@"
  [ -n "$official" ] || choose_openblas
}

# As many compilers as there are cores, and 1.5 GB of memory for each.
jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1572864) }' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  echo $((cores < memory ? cores : memory))
}

build() {  # build ON|OFF: with the tests or without
  local options=(-S "$root" -B "$root/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_LIBDIR=lib -DRXRUN_TESTS="$1")
  local cached
  cached=$(sed -n 's/^Torch_DIR:[A-Z]*=//p' "$root/build/CMakeCache.txt" 2>/dev/null || true)
  [ -z "$official" ] || options+=("-DTorch_DIR=$official")
  # Another LibTorch than last time: what CMake remembers of the old one is void.
  case $cached in
    "" | "$official") ;;
    */share/cmake/Torch) options+=(--fresh) ;;
    *) [ -z "$official" ] || options+=(--fresh) ;;
  esac
  say "Building with $(jobs) jobs${official:+, LibTorch from $official}"
  cmake "${options[@]}" || exit 1
  cmake --build "$root/build" --parallel "$(jobs)" || exit 1
}

install_to() {
  cmake --install "$root/build" --prefix "$1" > /dev/null || exit 1
  say "rxrun is installed: $1/bin/rxrun"
}

# Told last, where it is read.
tell_path() {
  case ":$PATH:" in
    *":$1/bin:"*) ;;
    *) say "$1/bin is not on your PATH yet; type: export PATH=\"$1/bin:\$PATH\"" ;;
  esac
}

command=${1:-}
[ $# -eq 0 ] || shift
prefix=${HOME:-/root}/.local
overrides=()
while [ $# -gt 0 ]; do
  case $1 in
    --prefix) [ $# -ge 2 ] || fail "--prefix takes a folder"; prefix=$2; shift 2 ;;
    --prefix=*) prefix=${1#*=}; shift ;;
    -h | --help) usage; exit 0 ;;
    -*) fail "unknown option $1; see ./setup.sh --help" ;;
    *) overrides+=("$1"); shift ;;
  esac
done
[ "$command" = run ] || [ ${#overrides[@]} -eq 0 ] || fail "unknown argument ${overrides[0]}; see ./setup.sh --help"
prefix=$(realpath -ms "$prefix")

case $command in
  run)
    # shellcheck disable=SC2086
    prepare $run_packages
    build OFF
    install_to "$prefix"
    cd "$root"
    say "rxrun $experiment ${overrides[*]-}"
    "$prefix/bin/rxrun" "$experiment" ${overrides[@]+"${overrides[@]}"} || exit $?
    tell_path "$prefix"
    ;;
  test)
    # shellcheck disable=SC2086
    prepare $test_packages
    build ON
    say "Testing"
    ctest --test-dir "$root/build" --output-on-failure --label-exclude slow --parallel "$(jobs)" || exit 1
    ;;
  build)
    prepare
    build OFF
    ;;
  install)
    prepare
    build OFF
    install_to "$prefix"
    tell_path "$prefix"
    ;;
  checks)
    # shellcheck disable=SC2086
    install_missing $build_packages $test_packages $check_packages
    ;;
  -h | --help | help) usage ;;
  "") usage >&2; exit 2 ;;
  *) fail "unknown command $command; see ./setup.sh --help" ;;
esac
