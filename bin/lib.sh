# What the scripts beside this file and .ci/run share: the packages, and one way to build.
#
# The rule of this file: nothing goes to stdout, which belongs to whatever the caller runs in the
# end. Sourced by bash, never run.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# A checkout that belongs to another user is as good as one's own.
export GIT_CONFIG_COUNT=$((${GIT_CONFIG_COUNT:-0} + 1))
export "GIT_CONFIG_KEY_$((GIT_CONFIG_COUNT - 1))=safe.directory"
export "GIT_CONFIG_VALUE_$((GIT_CONFIG_COUNT - 1))=$PWD"

# For the tool, the libraries and the examples.
kBuildPackages=(g++ cmake ninja-build ccache pkg-config
  libcurl4-openssl-dev libdeflate-dev libbrotli-dev libzstd-dev zlib1g-dev
  nlohmann-json3-dev libsimdjson-dev libtomlplusplus-dev libyaml-cpp-dev libcpp-httplib-dev
  libcli11-dev libfmt-dev
  libhowardhinnant-date-dev libgoogle-perftools-dev)
# For the tests, on top of them.
kTestPackages=(git python3 python3-dev python3-pytest python3-pytest-xdist python3-pytest-bdd
  python3-hypothesis python3-matplotlib python3-pandas python3-distributed python3-venv mypy
  pybind11-dev libgtest-dev libgmock-dev libboost-test-dev
  libtrompeloeil-cpp-dev libbenchmark-dev libssl-dev)
# A browser for the timeline page's test. Ubuntu has it as a snap only; the test is skipped there.
if grep -qs '^ID=debian' /etc/os-release; then
  kTestPackages+=(chromium chromium-driver python3-selenium)
fi
# What `pip install .` fetches while it builds, and Debian has not.
kPythonPackages=(scikit-build-core pybind11)
# For .ci/run, on top of both.
kCiPackages=(clang clang-format clang-tidy)

say() { printf '%s\n' "$*" >&2; }

# Installs those of the named packages that are not there. Touches neither the network nor apt when
# none is missing. A machine without dpkg is left alone: CMake will name what it lacks.
need_packages() {
  command -v dpkg-query >/dev/null || return 0
  local missing
  missing=$(comm -23 <(printf '%s\n' "$@" | LC_ALL=C sort) \
    <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
      sed -n 's/^installed //p' | LC_ALL=C sort -u))
  [[ -z $missing ]] && return 0

  local -a root=()
  ((EUID == 0)) || root=(sudo)
  say "lockstep: installing" $missing
  logged packages install_packages "${root[*]}" $missing
}

install_packages() {
  local root=$1
  shift
  export DEBIAN_FRONTEND=noninteractive
  $root apt-get update -qq || return
  $root apt-get install -y -qq --no-install-recommends "$@"
}

# Fetches once, into build/python-packages, what `pip install .` needs to build, so that its test
# needs no network. Where it cannot be fetched that test is skipped.
need_python_packages() {
  local folder=build/python-packages
  [[ -f $folder/complete && $(<"$folder/complete") == "${kPythonPackages[*]}" ]] && return 0
  say "lockstep: fetching ${kPythonPackages[*]}"
  if logged python-packages fetch_python_packages "$folder"; then
    printf '%s\n' "${kPythonPackages[*]}" >"$folder/complete"
  else
    say "lockstep: not to be had; the test of pip install is skipped"
  fi
}

fetch_python_packages() {
  mkdir -p "$1"
  /usr/bin/python3 -m venv "$1/venv" || return
  "$1/venv/bin/pip" download --quiet --dest "$1" "${kPythonPackages[@]}"
}

# logged NAME COMMAND...: runs the command with its output in build/log/NAME.log, and shows that
# output only when the command fails.
logged() {
  local log=build/log/$1.log
  shift
  mkdir -p build/log
  if "$@" >"$log" 2>&1 </dev/null; then return 0; fi
  cat "$log" >&2
  return 1
}

# build PRESET [TARGET...]: configures where needed and builds; all targets unless some are named.
# Two calls for one preset take turns.
build() {
  local preset=$1
  local dir=build/$preset
  shift
  mkdir -p "$dir"
  (
    flock 9
    if [[ ! -f $dir/build.ninja || CMakePresets.json -nt $dir/build.ninja ]]; then
      if [[ ! -f $dir/build.ninja ]]; then
        say "lockstep: building $dir, which takes minutes the first time"
        # What a configuration that was interrupted found out is not to be trusted.
        rm -rf "$dir/CMakeCache.txt" "$dir/CMakeFiles"
      fi
      logged "configure-$preset" cmake --preset "$preset" || exit
    fi
    logged "build-$preset" ninja -C "$dir" "$@"
  ) 9>"$dir/.lock"
}

# Runs the tests of a preset that is built; the arguments go to ctest.
run_tests() {
  local preset=$1
  shift
  ctest --preset "$preset" --parallel "$(nproc)" "$@"
}

# The C++ files of the repository, those that git does not know yet included.
cpp_files() {
  git ls-files --cached --others --exclude-standard -- '*.h' '*.cpp' | while read -r file; do
    if [[ -f $file ]]; then printf '%s\n' "$file"; fi
  done
}
