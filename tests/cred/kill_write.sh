#!/usr/bin/env bash
# T18: a writer that is killed at any of its system calls leaves the bundle old
# or new, and the next writer removes what else it left.
build=$1
writer=$build/tests/cred_kill_writer
example=$(dirname "$0")/../fuzz/corpus/bundle/worked_example
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
status=0

fail() {
	echo "FAILED $1: $2"
	status=1
}

strace -o /dev/null true 2>"$dir/why" || {
	echo "skipped: strace cannot trace here: $(head -n 1 "$dir/why")"
	exit 77
}

# Everything in the directory of the bundle, so that nothing hidden is missed.
names() {
	(cd "$dir/d" && ls -A | tr '\n' ' ')
}

# The old text is there, or with "" no file at all.
reset() {
	rm -rf "$dir/d"
	mkdir -m 700 "$dir/d"
	[ -z "$1" ] || install -m 644 "$1" "$dir/d/a.zcred"
}

is_old() {
	if [ -z "$1" ]; then
		[ ! -e "$dir/d/a.zcred" ]
	else
		cmp -s "$1" "$dir/d/a.zcred"
	fi
}

# What the writer makes of it, when nobody kills it.
make_new() {
	reset "$1"
	"$writer" "$dir/d/a.zcred" || fail "$2" 'it does not write'
	cp "$dir/d/a.zcred" "$dir/new"
}

# Under strace, with the arguments given; LeakSanitizer would not run there.  A
# shell of its own keeps to itself that it was killed.
traced() {
	(
		export ASAN_OPTIONS=detect_leaks=0
		strace -qq -f -o "$dir/trace" "$@" "$writer" "$dir/d/a.zcred"
		exit $?
	) >/dev/null 2>&1
}

# Each of its calls, and how many of the same there were by then; without those
# that load the program, before it first names the bundle.
calls() {
	traced -e signal=none
	awk '$2 ~ /^[a-z0-9_]+\(/ {
		name = substr($2, 1, index($2, "(") - 1)
		n[name]++
		if (name != "execve" && /a\.zcred/)
			begun = 1
		if (begun)
			print name ":" n[name]
	}' "$dir/trace"
}

try_call() {
	local old=$1 name=$2 call=$3
	reset "$old"
	if traced -e "inject=${call%:*}:signal=KILL:when=${call#*:}"; then
		fail "$name" "the call $call did not come"
	fi
	if is_old "$old"; then
		states+=o
	elif cmp -s "$dir/new" "$dir/d/a.zcred"; then
		states+=n
	else
		fail "$name" "neither old nor new after $call"
	fi
	[[ $(names) != *.zsock-* ]] || left=$((left + 1))
	# If the credential is there by now, the next one says so, and ends.
	"$writer" "$dir/d/a.zcred" 2>/dev/null
	[ "$(names)" = 'a.zcred ' ] ||
		fail "$name" "after $call there is left: $(names)"
	cmp -s "$dir/new" "$dir/d/a.zcred" ||
		fail "$name" "the next writer fails after $call"
}

try_all() {
	local old=$1 name=$2 states='' left=0 list call
	make_new "$old" "$name"
	reset "$old"
	mapfile -t list < <(calls)
	for call in "${list[@]}"; do
		try_call "$old" "$name" "$call"
	done
	# A test that never saw both, nor a temporary file, has seen nothing.
	[[ $states == *o*n* && $states != *n*o* && $left -gt 0 ]] ||
		fail "$name" "what it was each time: $states, left: $left"
	[ $status -ne 0 ] ||
		echo "ok $name: ${#list[@]} calls, $left temporary files"
}

try_all "$example" 'a bundle that is there'
try_all '' 'a bundle that is made'
exit $status
