# Completion of zsock-cred(1) for bash.

_zsock_cred_stores() {
	local pid

	mapfile -t COMPREPLY < <(compgen -f -- "$1")
	case $1 in
	'' | @*)
		for pid in $(zsock-cred ps -q 2>/dev/null); do
			[[ @$pid == "$1"* ]] && COMPREPLY+=("@$pid")
		done
		;;
	esac
}

# The tags, or the types of one tag, that the store in hand has.
_zsock_cred_tags() {
	zsock-cred list "$1" -q 2>/dev/null | cut -d ' ' -f 1 | sort -un
}

_zsock_cred_types() {
	zsock-cred list "$1" "$2" -q 2>/dev/null | cut -d ' ' -f 2 | sort -u
}

_zsock_cred_options() {
	case $1 in
	ps) echo '--json -q' ;;
	list) echo '--format -q' ;;
	show) echo '--json' ;;
	get) echo '-o --as' ;;
	add) echo '--as --replace --note' ;;
	delete) echo '--missing-ok' ;;
	dump) echo '--secrets -o' ;;
	load) echo '--replace --dry-run' ;;
	sync) echo '--dry-run --keep-others' ;;
	import)
		echo '--from --tag --split --one --type --symbol --select' \
			'--anchor-of --pass-file --pass-env --pass-fd --raw' \
			'--nul --replace --dry-run'
		;;
	export)
		echo '--to -o --secrets --eol --pass-file --legacy --as --nul'
		;;
	check)
		echo '--target --host --at --days --tags --max --strict --json'
		;;
	compare) echo '--list' ;;
	generate)
		echo '--host --client --psk --key --tags --chain --from --until' \
			'--bad --ca --ca-key --format --force'
		;;
	shell) echo '--pty' ;;
	*) echo '-q --timeout --wait --version --help' ;;
	esac
}

# What an option takes; nothing for those that take a text of one's own.
_zsock_cred_values() {
	case $1 in
	--format)
		[ "$2" = generate ] && echo 'zcred pem der inc' ||
			echo 'table zephyr csv cmng json'
		;;
	--as)
		case $2 in
		add) echo 'raw pem der' ;;
		export) echo 'pem der' ;;
		*) echo 'raw pem der hex base64' ;;
		esac
		;;
	--from | --to)
		[ "$2" = generate ] ||
			echo 'pem der p12 inc c cstr hex base64 cmng' \
				'zephyr-shell dir'
		;;
	--type) echo 'CA SERV PK PSK PSK_ID PK_PSA' ;;
	--eol) echo 'lf crlf escaped' ;;
	--target) echo 'zephyr nrf91 openssl' ;;
	--key) echo 'p256 p384 rsa2048 rsa3072' ;;
	--bad) echo 'all none' ;;
	esac
}

# Is the next word the option's?  Which is a file, if it says so.
_zsock_cred_takes() {
	case $1 in
	-o | --pass-file | --anchor-of | --list | --ca | --ca-key) echo file ;;
	--timeout | --wait | --format | --as | --note | --from | --to | --tag | \
		--type | --symbol | --select | --pass-env | --pass-fd | --eol | \
		--target | --host | --at | --days | --tags | --max | --client | \
		--psk | --key | --chain | --until | --bad) echo text ;;
	esac
}

_zsock_cred() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local verbs='ps list show get add delete dump load sync import export
		check compare generate shell help'
	local verb='' words=() word i values takes

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-) words+=("$word") ;; # a store
		-*) [ -z "$(_zsock_cred_takes "$word")" ] || ((i++)) ;;
		*)
			if [ -z "$verb" ]; then verb=$word; else words+=("$word"); fi
			;;
		esac
	done
	COMPREPLY=()
	values=$(_zsock_cred_values "$prev" "$verb")
	takes=$(_zsock_cred_takes "$prev")
	if [ -n "$values" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
	elif [ "$takes" = file ]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	elif [ "$takes" = text ]; then
		return
	elif [[ $cur == -* && $cur != - ]]; then
		mapfile -t COMPREPLY < <(compgen \
			-W "$(_zsock_cred_options "$verb")" -- "$cur")
	elif [ -z "$verb" ] || [ "$verb" = help ]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur")
	elif [ ${#words[@]} -eq 0 ]; then
		_zsock_cred_stores "$cur"
	else
		case $verb:${#words[@]} in
		list:1 | show:1 | dump:1 | export:1)
			values="any $(_zsock_cred_tags "${words[0]}")"
			;;
		get:1 | delete:1) values=$(_zsock_cred_tags "${words[0]}") ;;
		list:2 | show:2 | dump:2 | export:2 | delete:2)
			values="any $(_zsock_cred_types "${words[0]}" "${words[1]}")"
			;;
		get:2)
			values=$(_zsock_cred_types "${words[0]}" "${words[1]}")
			;;
		add:2) values='CA SERV PK PSK PSK_ID PK_PSA' ;;
		*) _zsock_cred_stores "$cur" ;;
		esac
		[ -z "$values" ] ||
			mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
	fi
}

complete -o filenames -F _zsock_cred zsock-cred
