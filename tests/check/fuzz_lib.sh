# fuzz_lib.sh BUILD_DIR: sets $build, and has say_targets.
# shellcheck shell=bash disable=SC2034
build=$(cd "$1" && pwd) || exit 1

# say_targets [TARGET...]: these, or all that there are, one a line.
say_targets() {
	local name

	local all=()

	for name in "$build"/tests/fuzz_*; do
		[ ! -f "$name" ] || [ ! -x "$name" ] ||
			all+=("${name##*/fuzz_}")
	done
	[ $# -gt 0 ] || set -- "${all[@]}"
	for name; do
		[ -x "$build/tests/fuzz_$name" ] || {
			echo "no fuzz target $name; there are: ${all[*]}" >&2
			return 2
		}
		printf '%s\n' "$name"
	done
}
