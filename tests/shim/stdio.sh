#!/usr/bin/env bash
# stdio: libc's own calls, and the fortified ones.
# shellcheck source=tests/shim/lib.sh
. "$(dirname "$0")/lib.sh" "$1"

for form in '' _fortified; do
	both "P13_a_stream$form" "prog_stdio$form" stream
	both "P13_two_streams$form" "prog_stdio$form" two_streams
	both "P13_standard_output$form" "prog_stdio$form" standard_output
	both "P13_standard_input$form" "prog_stdio$form" standard_input
	both "P14_dprintf$form" "prog_stdio$form" printed
	both "P15_checked_calls$form" "prog_stdio$form" checked

	begin "P13_what_is_buffered_leaves_at_exit$form"
	want 0 tls -- "$bin/prog_stdio$form" at_exit
	has "$facts" ' in=1000 ' ' strange=0 ' ' bad=0 '
	ok
done

begin P15_the_program_is_fortified
nm -D --undefined-only "$bin/prog_stdio_fortified" >"$out"
has "$out" __recv_chk __read_chk __recvfrom_chk __dprintf_chk __vdprintf_chk
nm -D --undefined-only "$bin/prog_stdio" >"$out"
hasnt "$out" __recv_chk __dprintf_chk
ok
code=134
both P15_an_overflow_still_aborts prog_stdio_fortified overflow
finish
