# Completion of zsock-run(1) for bash.

# What an option takes: file, or words, or a text of one's own.
_zsock_run_takes() {
	case $1 in
	--creds | --limits | --hosts | --keylog) echo file ;;
	--profile) echo zephyr zephyr-3.3 linux ;;
	--log) echo off error warn info debug ;;
	--ctl) echo off list load full ;;
	--tls-connect | --tls-listen | --fd-base) echo text ;;
	esac
}

# Where the program is among the words; 0: it is not yet there.
_zsock_run_program() {
	local i

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--)
			((i++))
			break
			;;
		--*=*) ;;
		-*)
			[ -z "$(_zsock_run_takes "${COMP_WORDS[i]}")" ] || ((i++))
			# bash makes words of its own of "=" and what follows.
			[[ ${COMP_WORDS[i]} != = ]] || ((i++))
			;;
		=) ((i++)) ;;
		*) break ;;
		esac
	done
	((i < COMP_CWORD)) && echo "$i" || echo 0
}

_zsock_run() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local at takes options='--creds --tls-connect --tls-listen --profile
		--limits --hosts --log --ctl --keylog --fd-base --no-follow
		--allow-io-uring --help --version'

	COMPREPLY=()
	at=$(_zsock_run_program)
	if [ "$at" -gt 0 ]; then
		if declare -F _command_offset >/dev/null; then
			_command_offset "$at"
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		return
	fi
	[[ $cur != = ]] || cur=''
	[[ $prev != = ]] || prev=${COMP_WORDS[COMP_CWORD - 2]}
	takes=$(_zsock_run_takes "$prev")
	case $takes in
	file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	text) ;;
	?*) mapfile -t COMPREPLY < <(compgen -W "$takes" -- "$cur") ;;
	*)
		if [[ $cur == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		fi
		;;
	esac
}

complete -o filenames -F _zsock_run zsock-run
