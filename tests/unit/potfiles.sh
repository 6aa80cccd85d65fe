#!/bin/sh
# Every source file with text for people is in po/POTFILES.in, and no other: what is not listed stays English.
# $1: the project's folder
#
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
export LC_ALL=C
cd "$1"

marked=$( { grep -rlE '(^|[^A-Za-z0-9_])(N?C?_|ngettext|g_dn?gettext|g_dpgettext2?) ?\(' --include='*.c' --include='*.h' core cli plugin
  find data -name '*.metainfo.xml.in' -o -name '*.desktop.in'; } | sort)
listed=$(grep -v '^#' po/POTFILES.in)

echo 1..2
if [ "$marked" = "$listed" ]; then
  echo 'ok 1 /potfiles/complete'
else
  echo 'not ok 1 /potfiles/complete'
  echo "# po/POTFILES.in should be:"
  echo "$marked" | sed "s|^|# |"
fi

# A placeholder that a translation lost would crash a dialog.
if ! command -v msgfmt >/dev/null; then
  echo 'ok 2 /potfiles/translations # SKIP no msgfmt'
  exit
fi
wrong=
languages=$(grep -v '^#' po/LINGUAS) || :
for language in $languages; do
  msgfmt --check -o /dev/null "po/$language.po" 2>&1 | sed 's/^/# /' || :
  msgfmt --check -o /dev/null "po/$language.po" 2>/dev/null || wrong="$wrong $language"
done
if [ -z "$wrong" ]; then echo 'ok 2 /potfiles/translations'; else echo "not ok 2 /potfiles/translations -$wrong"; fi
