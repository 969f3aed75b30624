#!/usr/bin/env bash
# fuzz_minimise.sh BUILD_DIR [TARGET...]: what fuzzing has found since is merged
# into tests/fuzz/corpus, and what the rest covers as well is taken out of it.
# An input with a name that somebody gave it stays.
cd "$(dirname "$0")/../.." || exit 1
. tests/check/fuzz_lib.sh "$1"
shift

# By content, as libFuzzer names what it keeps.
digests() {
	find "$1" -type f -regextype posix-extended -regex '.*/[0-9a-f]{40}'
}

minimise() {
	local name=$1 corpus=tests/fuzz/corpus/$1 found=$build/corpus/$1
	local log=$build/$1.merge.log before small

	small=$(mktemp -d) || return 1
	before=$(find "$corpus" -type f | wc -l)
	mkdir -p "$found"
	cp "$corpus"/* "$small/"
	digests "$small" | xargs -r rm
	if ! ZSOCK_LOG=off "$build/tests/fuzz_$name" -merge=1 -max_len=8192 \
		-artifact_prefix="$build/finding-$name-" \
		"$small" "$corpus" "$found" >"$log" 2>&1; then
		tail -n 40 "$log"
		rm -rf "$small"
		return 1
	fi
	digests "$corpus" | xargs -r rm
	digests "$small" | xargs -r cp -t "$corpus"
	rm -rf "$small"
	printf '%-13s %d inputs, %d before; %s edges\n' "$name:" \
		"$(find "$corpus" -type f | wc -l)" "$before" \
		"$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1 | cut -c 6-)"
}

targets=$(say_targets "$@") || exit
for target in $targets; do
	minimise "$target" || exit 1
done
