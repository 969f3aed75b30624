#!/usr/bin/env bash
# completion.sh BUILD_DIR: what the shells offer for a zsock-cred at hand (T64),
# and for zsock-run.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh" "$1"
scripts=$here/../../tools/completion
PATH=$build/tools:$PATH

# bash_offers WORD...: what it offers for the last one.
bash_offers() {
	bash --norc -c '
		. "$1/zsock-cred.bash"
		shift
		COMP_WORDS=(zsock-cred "$@") COMP_CWORD=$#
		_zsock_cred
		printf "%s\n" "${COMPREPLY[@]}"' bash "$scripts" "$@" >"$out"
}

begin bash_offers_commands
bash_offers li && is "$(cat "$out")" list
ok

begin bash_offers_options_of_the_command_at_hand
bash_offers load b.zcred --d && is "$(cat "$out")" --dry-run
ok

begin bash_offers_the_tags_of_the_store
bash_offers list "$EX" '' && is "$(tr '\n' ' ' <"$out")" 'any 1 2 3 '
ok

begin bash_offers_the_types_of_the_tag
bash_offers get "$EX" 3 '' && is "$(tr '\n' ' ' <"$out")" 'PSK PSK_ID '
ok

begin bash_offers_values_of_options
bash_offers list "$EX" --format z && is "$(cat "$out")" zephyr
ok

begin bash_takes_what_is_an_option_s_for_no_word
bash_offers list --format csv "$EX" '' &&
	is "$(tr '\n' ' ' <"$out")" 'any 1 2 3 '
bash_offers --timeout 3 get -o a.pem "$EX" 3 '' &&
	is "$(tr '\n' ' ' <"$out")" 'PSK PSK_ID '
bash_offers export "$EX" --to pem --as '' && is "$(xargs <"$out")" 'pem der'
bash_offers import "$EX" --tag '' && is "$(xargs <"$out")" ''
ok

begin bash_offers_files
cd "$work" || exit 1
bash_offers list exa && is "$(cat "$out")" example.zcred
ok

begin bash_offers_processes_T64
mkfifo "$work/hold" || exit 1
exec 9<>"$work/hold" # so that it has a writer
run env ZSOCK_CTL=load "$build/tests/tools/fw" get=1,1 wait <"$work/hold" >/dev/null
pid=$!
until_true "$Z" list "@$pid" || fail 'no process answers'
bash_offers list @ && is "$(cat "$out")" "@$pid"
kill "$pid"
ok

begin every_command_is_offered
"$Z" --help 2>/dev/null | sed -n 's/^zsock-cred \([a-z]*\) .*/\1/p' |
	sort -u >"$work/verbs"
[ "$(wc -l <"$work/verbs")" -ge 15 ] || fail 'help has no commands'
bash_offers '' && sort "$out" | comm -23 "$work/verbs" - >"$work/missing"
is "$(cat "$work/missing")" ''
while read -r verb; do
	has "$scripts/_zsock-cred" "'$verb:"
	has "$scripts/zsock-cred.fish" "-a $verb "
done <"$work/verbs"
ok

begin every_option_is_offered
while read -r verb; do
	"$Z" help "$verb" 2>&1 | sed -n '/^usage/,/^$/p' | grep -oE -e '--[a-z-]+' |
		sort -u >"$work/options"
	bash_offers "$verb" -- && sort "$out" |
		comm -23 "$work/options" - >"$work/missing"
	is "$(cat "$work/missing")" ''
	while read -r option; do
		has "$scripts/_zsock-cred" "$option"
		has "$scripts/zsock-cred.fish" "${option#--}"
	done <"$work/options"
done <"$work/verbs"
ok

begin every_option_that_takes_a_word_is_known_to
while read -r verb; do
	"$Z" help "$verb" 2>&1 | sed -n '/^usage/,/^$/p' |
		grep -oE -e '[[ ]--?[a-z-]+ [A-Za-z]' | cut -c 2- | cut -d ' ' -f 1
done <"$work/verbs" | sort -u >"$work/takers"
[ "$(wc -l <"$work/takers")" -ge 20 ] || fail 'help has no such options'
while read -r option; do
	sed -n '/^_zsock_cred_takes/,/^}/p' "$scripts/zsock-cred.bash" |
		grep -qe "${option}[ )]" || fail "bash: $option"
	sed -n '/set -l takes/,/[^\\]$/p' "$scripts/zsock-cred.fish" |
		grep -qe "$option\( \|$\)" || fail "fish: $option"
done <"$work/takers"
ok

begin fish_offers_commands_tags_and_types
if command -v fish >/dev/null; then
	fish_offers() {
		# shellcheck disable=SC2016 # those are fish's
		HOME=$work XDG_CONFIG_HOME=$work fish --no-config -c '
			source $argv[1]/zsock-cred.fish
			complete -C "zsock-cred $argv[2]"' "$scripts" "$1" |
			cut -f 1 >"$out"
	}
	fish_offers 'li' && is "$(cat "$out")" list
	fish_offers "list $EX " && is "$(tr '\n' ' ' <"$out")" '1 2 3 any '
	fish_offers "get $EX 3 P" && is "$(tr '\n' ' ' <"$out")" 'PSK PSK_ID '
	fish_offers "list --format csv $EX " &&
		is "$(tr '\n' ' ' <"$out")" '1 2 3 any '
	fish_offers "list $EX --format z" && is "$(cat "$out")" zephyr
	ok
else
	skip 'there is no fish here'
fi
begin zsh_reads_its_completion
if command -v zsh >/dev/null; then
	# shellcheck disable=SC2016 # those are zsh's
	want 0 zsh -f -c 'autoload -U compinit && compinit -u -D &&
		fpath=($1 $fpath) && autoload -U _zsock-cred &&
		autoload +X _zsock-cred && compdef _zsock-cred zsock-cred &&
		[[ $_comps[zsock-cred] = _zsock-cred ]]' zsh "$scripts"
	is "$(cat "$err")" ''
	ok
else
	skip 'there is no zsh here'
fi

# The same of zsock-run.
run_offers() {
	bash --norc -c '
		. "$1/zsock-run.bash"
		shift
		COMP_WORDS=(zsock-run "$@") COMP_CWORD=$#
		_zsock_run
		printf "%s\n" "${COMPREPLY[@]}"' bash "$scripts" "$@" >"$out"
}

begin bash_offers_programs_and_their_files_to_zsock_run
run_offers prin && has "$out" printf
run_offers --creds x.zcred --no-follow prin && has "$out" printf
run_offers --creds = x.zcred -- prin && has "$out" printf
run_offers --log=debug prin && has "$out" printf
run_offers -- cat exa && is "$(cat "$out")" example.zcred
run_offers cat --he && is "$(xargs <"$out")" ''
ok

begin bash_offers_options_and_values_to_zsock_run
run_offers --allow && is "$(cat "$out")" --allow-io-uring
run_offers --creds exa && is "$(cat "$out")" example.zcred
run_offers --profile z && is "$(xargs <"$out")" 'zephyr zephyr-3.3'
run_offers --profile = lin && is "$(cat "$out")" linux
run_offers --tls-connect '' && is "$(xargs <"$out")" ''
ok

begin every_option_of_zsock_run_is_offered
"$build/tools/zsock-run" --help | sed -n '/^Options/,/^HOST/p' |
	grep -oE '^  --[a-z-]+( [A-Z])?' >"$work/options"
[ "$(wc -l <"$work/options")" -ge 14 ] || fail 'help has no options'
run_offers - && cp "$out" "$work/offered"
while read -r option value; do
	has "$work/offered" "$option"
	has "$scripts/_zsock-run" "$option"
	has "$scripts/zsock-run.fish" "-l ${option#--} "
	[ -z "$value" ] || grep -qE -e "$option( \||\))" "$scripts/zsock-run.bash" ||
		fail "bash: $option"
	[ -z "$value" ] || grep -qF -e "$option=" "$scripts/_zsock-run" ||
		fail "zsh: $option"
	[ -z "$value" ] || sed -n '/set -l takes/,/[^\\]$/p' \
		"$scripts/zsock-run.fish" | grep -qE -e "$option( |$)" ||
		fail "fish: $option"
done <"$work/options"
ok

begin fish_offers_options_and_programs_to_zsock_run
if command -v fish >/dev/null; then
	fish_runs() {
		# shellcheck disable=SC2016 # those are fish's
		HOME=$work XDG_CONFIG_HOME=$work fish --no-config -c '
			source $argv[1]/zsock-run.fish
			complete -C "zsock-run $argv[2]"' "$scripts" "$1" |
			cut -f 1 >"$out"
	}
	fish_runs '--profile z' && is "$(xargs <"$out")" 'zephyr zephyr-3.3'
	fish_runs '--allow' && is "$(cat "$out")" --allow-io-uring
	fish_runs '--creds exa' && has "$out" example.zcred
	fish_runs '--no-follow prin' && has "$out" printf
	fish_runs '-- cat exa' && has "$out" example.zcred
	ok
else
	skip 'there is no fish here'
fi
begin zsh_reads_its_completion_of_zsock_run
if command -v zsh >/dev/null; then
	# shellcheck disable=SC2016 # those are zsh's
	want 0 zsh -f -c 'autoload -U compinit && compinit -u -D &&
		fpath=($1 $fpath) && autoload -U _zsock-run &&
		autoload +X _zsock-run && compdef _zsock-run zsock-run &&
		[[ $_comps[zsock-run] = _zsock-run ]]' zsh "$scripts"
	is "$(cat "$err")" ''
	ok
else
	skip 'there is no zsh here'
fi
finish
