#!/bin/sh
# Fuzzing led by coverage: run.sh TREE [TARGET [SECONDS]]
#
# Builds the targets in the folder TREE with clang, libFuzzer, AddressSanitizer and UBSan, and runs one of them, for a minute where
# nobody says otherwise. Without TARGET lists them. What it learns stays in TREE/corpus for the next run; an input that goes
# wrong is kept in TREE/found, and belongs, once it is mended, with the seeds.
#
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
project=${here%/tests/fuzz}
seeds=$here/seeds
tree=$1
target=${2:-}
seconds=${3:-60}

# A target of several kinds of file has a folder for each.
targets () {
  for folder in "$seeds"/*; do
    kinds=$(find "$folder" -mindepth 1 -maxdepth 1 -type d -printf "${folder##*/}/%f\n" | sort)
    echo "${kinds:-${folder##*/}}"
  done
}

if [ -z "$target" ]; then
  targets
  exit
fi
targets | grep -qxF -e "$target" || { echo "fuzz: there is no target $target; ./run fuzz lists them" >&2; exit 2; }
case $seconds in
  '' | *[!0-9]*) echo "fuzz: $seconds is not a number of seconds" >&2; exit 2 ;;
esac

# Optimised a little only: what leads is the code as it is written.
mkdir -p "$tree"
{
  [ -e "$tree/build.ninja" ] ||
    CC=clang meson setup "$tree" "$project" -Doptimization=1 -Db_lundef=false \
      -Dc_args="-fsanitize=fuzzer-no-link -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
        -fsanitize-ignorelist='$here/ignore.txt' -fsanitize-coverage-ignorelist='$here/ignore.txt'" \
      -Dc_link_args='-fsanitize=address,undefined'
  ninja -C "$tree" fuzz-programs
} </dev/null >"$tree/run.log" 2>&1 || {
  tail -n 40 "$tree/run.log" >&2
  echo "fuzz: the build failed, see above (log: $tree/run.log)" >&2
  exit 1
}

name=${target#*/}
corpus=$tree/corpus/$target
found=$tree/found/$target
mkdir -p "$corpus" "$found"
# The target's files live in memory, and go when it ends, however it ends.
room=$(mktemp -d /dev/shm/unclip-fuzz.XXXXXX 2>/dev/null || mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 130' INT TERM HUP
export TMPDIR="$room" XDG_RUNTIME_DIR="$room" LC_ALL=C.UTF-8 OMP_NUM_THREADS=1
# Most of a run is small allocations: where each was made is not worth noting thirty calls deep.
export ASAN_OPTIONS="allocator_may_return_null=1:malloc_context_size=6:quarantine_size_mb=16:${ASAN_OPTIONS:-}"
# The loader of JPEG XL keeps 56 bytes of each file that it refuses.
[ "$target" != picture ] || export ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS"
unset UNCLIP_MODEL_PATH UNCLIP_MEMORY_LIMIT
status=0
# A second of CPU time is the limit (allowance.c); libFuzzer's clock runs on while others have the processor. Inputs are
# kept short: what is wrong with a file is mostly wrong with a few kilobytes of it.
"$tree/tests/fuzz/fuzz-${target%%/*}" "$name" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=3000 -max_len=4096 \
  -print_final_stats=1 -artifact_prefix="$found/" "$corpus" "$seeds/$target" || status=$?
exit "$status"
