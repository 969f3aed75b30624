#!/usr/bin/env bash
# Every C file is as clang-format 14 would write it (another version differs).
cd "$(dirname "$0")/../.." || exit 1
tool=$(command -v clang-format-14) || {
	echo 'skipped: there is no clang-format-14 here'
	exit 77
}
mapfile -t files < <(find include lib shim tools examples tests -name '*.[ch]' | sort)
[ ${#files[@]} -gt 50 ] || { echo 'no files found'; exit 1; }
"$tool" --dry-run -Werror "${files[@]}"
