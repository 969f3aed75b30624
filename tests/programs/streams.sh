#!/usr/bin/env bash
# streams.sh BUILD_DIR: nc, socat, bash, perl, busybox and git, as they are and
# made secure.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh" "$1"
printf 'hello\n' >hello

# Ends when its input does, with what has come until then.  With TLS 1.3 it may
# leave tickets unread, which breaks the connection with what is on its way.
s_client() {
	cap sent openssl s_client -quiet -nocommands -no_ign_eof -tls1_2 \
		-verify_quiet -verify_return_error -verify_hostname localhost \
		-CAfile "$pki/ca.pem" -connect "127.0.0.1:$port"
}

plain_nc() {
	serve "$port" nc.openbsd -l 127.0.0.1 "$port"
	cap sent nc.openbsd -N 127.0.0.1 "$port" <"$work/www/big"
	await "$pid"
	echo "$status" >server.rc
	same server.out "$work/www/big"
	cap refused nc.openbsd -z 127.0.0.1 "$port"
}

plain_socat() {
	serve "$port" socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" \
		EXEC:cat
	cap echoed socat -t5 - "TCP:127.0.0.1:$port" <"$work/www/big"
	cap again socat -t5 - "TCP:127.0.0.1:$port" <"$work/hello"
	stop "$pid"
	same echoed.out "$work/www/big"
	rm server.err
}

# The request line and the answer of a server that is not HTTP's.
bash_asks='exec 3<>"/dev/tcp/127.0.0.1/$0" || exit 9
printf "first\nsecond\n" >&3
IFS= read -r one <&3 && IFS= read -r two <&3 && echo "$one,$two"'

plain_bash() {
	serve "$port" socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" \
		EXEC:cat
	cap built_in bash -c "$bash_asks" "$port"
	cap cat bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"
		printf "GET\n" >&3; head -n 1 <&3' "$port"
	stop "$pid"
	cap refused bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"' "$port"
	is "$(cat cat.out)" GET
	sed -i "s/$port/PORT/g" refused.err
	rm server.err
}

plain_perl() {
	serve "$port" perl "$here/echo.pl" server "$port"
	cap client perl "$here/echo.pl" client "$port" <"$work/www/px"
	stop "$pid"
	same client.out "$work/www/px"
}

# A shell that forks, moves descriptors about and calls programs.
plain_busybox() {
	cap shell busybox sh -c 'exec 5>five 6<"$0"; cat <&6 >&5; exec 5>&- 6<&-
		(echo inside; exit 3) | tr a-z A-Z; echo "$?"
		busybox wc -c <five; busybox md5sum <five' "$work/www/px"
	serve "$port" "$python" -m http.server "$port" --bind 127.0.0.1 \
		-d "$work/www"
	cap fetched busybox sh -c 'busybox wget -q -O- "http://127.0.0.1:$0/px" |
		(read -r line; echo "$line"; cat) >page 3<&0; echo $?' "$port"
	stop "$pid"
	same page "$work/www/px"
	good shell
	good fetched
	rm server.err server.out
}

a_repository() {
	[ -d "$work/git/r.git" ] && return
	mkdir "$work/git"
	git init -q -b main "$work/git/made"
	cp "$work/www/big" "$work/www/px" "$work/git/made"
	git -C "$work/git/made" add .
	git -C "$work/git/made" -c user.name=n -c user.email=e commit -q -m both
	git clone -q --bare "$work/git/made" "$work/git/r.git"
}

git_daemon() {
	serve "$1" git daemon --listen=127.0.0.1 --port="$1" --export-all \
		--reuseaddr --base-path="$work/git" "$work/git"
}

plain_git() {
	a_repository
	git_daemon "$port"
	cap clone git clone -q "git://127.0.0.1:$port/r.git" c
	cap none git clone -q "git://127.0.0.1:$port/none.git" d
	stop "$pid"
	git -C c rev-parse HEAD >revision
	same c/big "$work/www/big"
	good clone
	rm -rf c server.out server.err
	sed -i "s/$port/PORT/g" none.err
}

lacks nc.openbsd netcat-openbsd || {
	alike nc_is_as_ever plain_nc

	secure nc_is_a_tls_client
	peer echo
	tls_client
	cap echoed nc.openbsd -N 127.0.0.1 "$port" <"$work/hello"
	good echoed
	same echoed.out "$work/hello"
	cap long nc.openbsd -N 127.0.0.1 "$port" <"$work/www/big"
	good long
	same long.out "$work/www/big"
	stop "$peer"
	hasnt server.out bad:
	quiet
	ok

	secure nc_is_a_tls_server
	tls_server
	serve "$port" nc.openbsd -l 127.0.0.1 "$port"
	natively
	s_client <"$work/www/px"
	good sent
	await "$pid"
	is "$status" 0
	same server.out "$work/www/px"
	ok

	secure nc_and_nc_both_secure
	tls_server
	serve "$port" nc.openbsd -l 127.0.0.1 "$port"
	tls_client
	cap sent nc.openbsd -N 127.0.0.1 "$port" <"$work/www/big"
	good sent
	await "$pid"
	same server.out "$work/www/big"
	quiet
	ok
}

lacks socat socat || {
	alike socat_is_as_ever plain_socat

	secure socat_is_a_tls_client
	peer echo
	tls_client
	cap echoed socat -t5 - "TCP:127.0.0.1:$port" <"$work/www/px"
	good echoed
	same echoed.out "$work/www/px"
	stop "$peer"
	hasnt server.out bad:
	quiet
	ok

	# Each connection is a process of its own, and cat has a pipe.
	secure socat_is_a_tls_server_that_forks
	tls_server
	serve "$port" socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" \
		EXEC:cat
	tls_client
	for i in 1 2 3; do
		cap "echoed$i" socat -t5 - "TCP:127.0.0.1:$port" <"$work/www/px"
		good "echoed$i"
		same "echoed$i.out" "$work/www/px"
	done
	stop "$pid"
	ok

	# Not secure, the child would have the connection as its standard input.
	secure what_socat_hands_to_a_child_is_refused
	tls_server
	serve "$port" socat \
		"TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" EXEC:cat,nofork
	natively
	s_client <"$work/hello"
	hasnt sent.out hello
	stop "$pid"
	has server.err 'Bad file descriptor'
	said 'withheld'
	ok

	alike bash_is_as_ever plain_bash

	secure bash_is_a_tls_client
	peer echo
	tls_client
	cap asked bash -c "$bash_asks" "$port"
	good asked
	is "$(cat asked.out)" first,second
	stop "$peer"
	hasnt server.out bad:
	quiet
	ok

	# cat gets neither what came nor what is on the wire, and bash goes on.
	secure P12_a_cat_that_bash_calls_is_refused
	peer echo
	tls_client
	cap asked bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" || exit 9
		printf "first\n" >&3
		cat <&3; echo "cat: $?"
		echo second >&3
		IFS= read -r one <&3 && IFS= read -r two <&3 && echo "$one,$two"' \
		"$port"
	good asked
	printf 'cat: 1\nfirst,second\n' >expected
	same asked.out expected
	has asked.err 'cat: ' 'Bad file descriptor'
	said 'withheld'
	is "$(grep -c . "$ZSOCK_LOG_FILE")" 1
	stop "$peer"
	hasnt server.out bad:
	ok
}

lacks perl perl || {
	alike perl_is_as_ever plain_perl

	secure perl_is_a_tls_client
	peer echo
	tls_client
	cap client perl "$here/echo.pl" client "$port" <"$work/www/px"
	good client
	same client.out "$work/www/px"
	stop "$peer"
	hasnt server.out bad:
	quiet
	ok

	# Each connection is a process of its own here, too.
	secure perl_is_a_tls_server_that_forks
	tls_server
	serve "$port" perl "$here/echo.pl" server "$port"
	tls_client
	for i in 1 2 3; do
		cap "client$i" perl "$here/echo.pl" client "$port" <"$work/www/px"
		good "client$i"
		same "client$i.out" "$work/www/px"
	done
	stop "$pid"
	ok
}

lacks busybox busybox || alike busybox_is_as_ever plain_busybox

lacks git git || {
	alike git_is_as_ever plain_git

	# git speaks TLS itself; its daemon gives connections to children, and
	# so has socat in front of it.
	lacks socat socat || {
		secure git_clones_through_tls
		a_repository
		git_daemon "$port"
		daemon=$pid inner=$port
		free_port
		tls_server
		serve "$port" socat \
			"TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" \
			"TCP:127.0.0.1:$inner"
		tls_client
		cap clone git clone -q "git://127.0.0.1:$port/r.git" c
		good clone
		same c/big "$work/www/big"
		stop "$pid"
		stop "$daemon"
		ok
	}

	secure git_daemon_hands_nothing_secure_to_a_child
	a_repository
	tls_server
	git_daemon "$port"
	tls_client
	cap clone timeout 20 git clone -q "git://127.0.0.1:$port/r.git" c
	is "$(cat clone.rc)" 128
	stop "$pid"
	said 'withheld'
	ok
}

done_here
