#!/usr/bin/env bash
# fuzz.sh BUILD_DIR SECONDS [TARGET...]: these targets, or all of them, for that
# long each, as many at once as there are processors.  A target works on a copy
# of its corpus; what it finds is kept in the build folder.
cd "$(dirname "$0")/../.." || exit 1
. tests/check/fuzz_lib.sh "$1"
seconds=$2
shift 2

# The last figure after a word in the log of a target.
figure() {
	grep -oE "$1:? *[0-9]+" "$log" | tail -n 1 | grep -oE '[0-9]+$'
}

fuzz_one() {
	local name=$1 log=$build/$1.log kept=$build/corpus/$1 status=0 before

	mkdir -p "$kept" && cp tests/fuzz/corpus/"$name"/* "$kept/" || return 1
	before=$(find "$kept" -type f | wc -l)
	ZSOCK_LOG=off "$build/tests/fuzz_$name" -max_total_time="$seconds" \
		-max_len=8192 -artifact_prefix="$build/finding-$name-" \
		-print_final_stats=1 "$kept" >"$log" 2>&1 || status=1
	printf '%-13s %s units, %s edges, %s features, %d new inputs\n' "$name:" \
		"$(figure number_of_executed_units)" "$(figure cov)" \
		"$(figure ft)" $(($(find "$kept" -type f | wc -l) - before))
	[ "$status" = 0 ] || { tail -n 40 "$log"; echo "FAILED $name"; }
	return "$status"
}

export -f fuzz_one figure
export build seconds
targets=$(say_targets "$@") || exit
# shellcheck disable=SC2016 # that is the inner one's
xargs -P "$(nproc)" -I '{}' bash -c 'fuzz_one "$1"' - '{}' <<<"$targets"
