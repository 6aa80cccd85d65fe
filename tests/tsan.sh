#!/bin/sh
# The thread sanitizer on sixteen jobs at once: ./run exec sh tests/tsan.sh
#
# clang builds it, as GNU OpenMP's barriers are futexes that the sanitizer does not see; LLVM's OpenMP tells it of them through archer.
# What GLib locks jobs.c tells it itself. The CPU level is the machine's; ignore_noninstrumented_modules is for what archer asks for.
#
# SPDX-License-Identifier: GPL-3.0-or-later
set -e
cd "$(dirname "$0")/.."
archer=$(ls /usr/lib/llvm-*/lib/libarcher.so 2>/dev/null | tail -n 1)
command -v clang > /dev/null && [ -n "$archer" ] || { echo "tsan.sh: install clang and libomp-dev"; exit 1; }
[ -d build-tsan ] || CC=clang meson setup build-tsan -Db_sanitize=thread -Db_lundef=false
ninja -C build-tsan tests/unit/unit-jobs
OMP_TOOL_LIBRARIES=$archer TSAN_OPTIONS=ignore_noninstrumented_modules=1 UNCLIP_MODEL_PATH=$PWD/data/models \
  exec build-tsan/tests/unit/unit-jobs "$@"
